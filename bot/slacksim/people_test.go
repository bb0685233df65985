package slacksim

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Row N1: every flag that the identity gate looks at.
func TestUserObjectTellsKindsOfPeopleApart(t *testing.T) {
	t.Parallel()
	w := setup(t)
	flags := []string{
		"deleted", "is_admin", "is_owner", "is_primary_owner", "is_restricted", "is_ultra_restricted", "is_bot",
		"is_stranger", "is_invited_user", "is_email_confirmed",
	}
	member := object{
		"deleted": false, "is_admin": false, "is_owner": false, "is_primary_owner": false, "is_restricted": false,
		"is_ultra_restricted": false, "is_bot": false, "is_email_confirmed": true,
	}
	with := func(changes object) object {
		out := maps.Clone(member)
		maps.Copy(out, changes)
		return out
	}
	for _, c := range []struct {
		name   string
		person Person
		want   object
		email  any
		team   string
	}{
		{"member", Person{}, member, "x@acme.example", "T00SIM"},
		{"no email", Person{Email: "-"}, member, nil, "T00SIM"},
		{"admin", Person{Kind: Admin}, with(object{"is_admin": true}), "x@acme.example", "T00SIM"},
		{"owner", Person{Kind: Owner}, with(object{"is_admin": true, "is_owner": true}), "x@acme.example", "T00SIM"},
		{
			"primary owner",
			Person{Kind: PrimaryOwner},
			with(object{"is_admin": true, "is_owner": true, "is_primary_owner": true}), "x@acme.example", "T00SIM",
		},
		{"multi-channel guest", Person{Kind: MultiChannelGuest}, with(object{"is_restricted": true}), "x@acme.example", "T00SIM"},
		{
			"single-channel guest",
			Person{Kind: SingleChannelGuest},
			with(object{"is_restricted": true, "is_ultra_restricted": true}), "x@acme.example", "T00SIM",
		},
		{"unconfirmed", Person{Unconfirmed: true}, with(object{"is_email_confirmed": false}), "x@acme.example", "T00SIM"},
		{
			"invited",
			Person{Invited: true},
			with(object{"is_email_confirmed": false, "is_invited_user": true}), "x@acme.example", "T00SIM",
		},
		{"bot", Person{Kind: Bot}, with(object{"is_bot": true}), nil, "T00SIM"},
		{"external", Person{Kind: External}, object{"deleted": false, "is_bot": false, "is_stranger": false}, nil, "T00OTHER"},
		{"stranger", Person{Kind: Stranger}, object{"deleted": false, "is_bot": false, "is_stranger": true}, nil, "T00OTHER"},
		{"deactivated", Person{Deactivated: true}, object{"deleted": true}, "x@acme.example", "T00SIM"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.person.Name, c.person.RealName = "x", "X"
			if c.person.Email == "" {
				c.person.Email = "x@acme.example"
			} else {
				c.person.Email = ""
			}
			id := w.AddPerson(c.person).ID
			user := obj(w.form(t, "users.info", "user", id), "user")
			got := object{}
			for _, f := range flags {
				if v, ok := user[f]; ok {
					got[f] = v
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if user["team_id"] != c.team || obj(user, "profile")["email"] != c.email {
				t.Errorf("team %v, email %v", user["team_id"], obj(user, "profile")["email"])
			}
		})
	}
}

func TestLookupByEmailFindsTheActiveOnly(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.AddPerson(Person{ID: "U0GONE", Name: "gone", Email: "gone@acme.example", Deactivated: true})
	w.AddPerson(Person{ID: "U0EXT", Name: "ext", Email: "ext@other.example", Kind: External})
	if got := obj(w.form(t, "users.lookupByEmail", "email", "ADA@acme.example"), "user"); got["id"] != "U0ADA" {
		t.Errorf("%v", got)
	}
	for _, email := range []string{"gone@acme.example", "ext@other.example", "nobody@acme.example", ""} {
		if got := w.form(t, "users.lookupByEmail", "email", email); got["error"] != "users_not_found" {
			t.Errorf("%s: %v", email, got)
		}
	}
}

func TestUsersListPagesOverEverybodyIncludingTheDeactivatedAndBots(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.AddPerson(Person{ID: "U0GONE", Name: "gone", Deactivated: true})
	w.AddPerson(Person{ID: "U1DUP", Name: "ada2", RealName: "أدا 🎈 <!channel> *x*", Email: "ada@acme.example"})
	var ids []string
	cursor := ""
	for range 10 {
		page := w.form(t, "users.list", "limit", "2", "cursor", cursor)
		for _, m := range objects(page["members"]) {
			ids = append(ids, str(m, "id"))
		}
		if cursor = str(obj(page, "response_metadata"), "next_cursor"); cursor == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"U00BOT", "U0ADA", "U0BOB", "U0GONE", "U1DUP", "USLACKBOT"}, ids); diff != "" {
		t.Error(diff)
	}
	if got := w.form(t, "users.list", "cursor", "nonsense"); got["error"] != "invalid_cursor" {
		t.Errorf("%v", got)
	}
	if got := obj(w.form(t, "users.info", "user", "U1DUP"), "user"); got["real_name"] != "أدا 🎈 <!channel> *x*" {
		t.Errorf("%v", got)
	}
}

func TestChangedEmailIsToldByAnEvent(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.connect(t)
	if err := w.ChangeEmail("ada", "eve@acme.example"); err != nil {
		t.Fatal(err)
	}
	event := obj(obj(l.next(), "payload"), "event")
	if event["type"] != "user_change" || str(obj(obj(event, "user"), "profile"), "email") != "eve@acme.example" {
		t.Errorf("%v", event)
	}
	if got := w.form(t, "users.lookupByEmail", "email", "ada@acme.example"); got["error"] != "users_not_found" {
		t.Errorf("old address: %v", got)
	}
}

func TestPersonIsFoundByOneFittingNameOnly(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.AddPerson(Person{ID: "U1DUP", Name: "ada2", Email: "ada@acme.example"})
	for who, want := range map[string]string{"U0ADA": "U0ADA", "@ada": "U0ADA", "Bob Kahn": "U0BOB", "ada@acme.example": "", "zoe": "", "": ""} {
		if got := w.As(who).ID(); got != want {
			t.Errorf("%q is %q, want %q", who, got, want)
		}
	}
}

func TestDeactivatedPersonCannotAct(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if err := w.ChangePerson("ada", func(p *Person) { p.Deactivated = true }); err != nil {
		t.Fatal(err)
	}
	if _, err := w.As("ada").Slash(t.Context(), "", "/okta"); err == nil {
		t.Error("a deactivated person typed a command")
	}
}
