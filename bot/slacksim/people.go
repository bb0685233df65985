package slacksim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind is what a person is to the workspace.
type Kind string

// The kinds of people that a bot meets.
const (
	Member             Kind = "member"
	Admin              Kind = "admin"
	Owner              Kind = "owner"
	PrimaryOwner       Kind = "primary_owner"
	MultiChannelGuest  Kind = "multi_channel_guest"
	SingleChannelGuest Kind = "single_channel_guest"
	External           Kind = "external" // of another team, sharing a channel
	Stranger           Kind = "stranger" // of another team, sharing none that the bot sees
	Bot                Kind = "bot"
)

// Person is an account in the workspace or, for external people and strangers,
// in another one.
type Person struct {
	ID          string `json:"id"`   // made up if empty
	Name        string `json:"name"` // the handle, without @
	RealName    string `json:"real_name"`
	DisplayName string `json:"display_name,omitempty"`
	Email       string `json:"email,omitempty"`
	Title       string `json:"title,omitempty"`
	TZ          string `json:"tz,omitempty"`
	Kind        Kind   `json:"kind"`              // Member if empty
	TeamID      string `json:"team_id,omitempty"` // the workspace's, or another for people from outside
	Deactivated bool   `json:"deactivated,omitempty"`
	// Unconfirmed means that nobody proved the email address.
	Unconfirmed bool `json:"unconfirmed,omitempty"`
	// Invited means that the account was never used.
	Invited bool `json:"invited,omitempty"`

	updated time.Time
}

// Errors that gestures and set-up answer with.
var (
	ErrNoPerson  = errors.New("no such person")
	ErrAmbiguous = errors.New("more than one fits")
)

const otherTeam = "T00OTHER"

// AddPerson puts a person into the workspace, or replaces the one with that
// id, and returns the person as completed. Full members join #general.
func (w *Workspace) AddPerson(p Person) Person {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.Kind == "" {
		p.Kind = Member
	}
	if p.ID == "" {
		p.ID = w.nextID("U")
	}
	if p.TeamID == "" {
		p.TeamID = w.cfg.Team.ID
		if p.outside() {
			p.TeamID = otherTeam
		}
	}
	orString(&p.RealName, p.Name)
	orString(&p.TZ, "Europe/London")
	p.updated = w.cfg.Now()
	w.people[p.ID] = &p
	switch p.Kind {
	case Member, Admin, Owner, PrimaryOwner:
		if !p.Deactivated {
			w.channels[generalID].join(p.ID)
		}
	case MultiChannelGuest, SingleChannelGuest, External, Stranger, Bot:
	}
	w.touch()
	return p
}

// ChangePerson edits a person and tells the app by a user_change event. The id
// cannot be changed.
func (w *Workspace) ChangePerson(who string, edit func(*Person)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, err := w.person(who)
	if err != nil {
		return err
	}
	changed := *p
	edit(&changed)
	changed.ID, changed.updated = p.ID, w.cfg.Now()
	*p = changed
	w.emit(object{"type": "user_change", "user": w.userJSON(p, true), "cache_ts": w.cfg.Now().Unix(), "event_ts": w.nextTS()})
	w.touch()
	return nil
}

// ChangeEmail gives a person another email address, as the person or an admin
// can do in Slack, and tells the app by a user_change event.
func (w *Workspace) ChangeEmail(who, email string) error {
	return w.ChangePerson(who, func(p *Person) { p.Email = email })
}

// People lists everybody, ordered by id.
func (w *Workspace) People() []Person {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []Person
	for _, p := range w.sortedPeople() {
		all = append(all, *p)
	}
	return all
}

func (w *Workspace) sortedPeople() []*Person {
	all := make([]*Person, 0, len(w.people))
	for _, p := range w.people {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *Person) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// person finds somebody by id, handle (with or without @), email or name, in
// that order. It needs mu.
func (w *Workspace) person(who string) (*Person, error) {
	if p, ok := w.people[who]; ok {
		return p, nil
	}
	who = strings.TrimPrefix(who, "@")
	for _, of := range []func(*Person) string{
		func(p *Person) string { return p.Name },
		func(p *Person) string { return p.Email },
		func(p *Person) string { return p.DisplayName },
		func(p *Person) string { return p.RealName },
	} {
		var found *Person
		for _, p := range w.people {
			if who == "" || !strings.EqualFold(of(p), who) {
				continue
			}
			if found != nil {
				return nil, fmt.Errorf("person %q: %w", who, ErrAmbiguous)
			}
			found = p
		}
		if found != nil {
			return found, nil
		}
	}
	return nil, fmt.Errorf("person %q: %w", who, ErrNoPerson)
}

func (p *Person) outside() bool { return p.Kind == External || p.Kind == Stranger }

func (p *Person) display() string {
	if p.DisplayName != "" {
		return p.DisplayName
	}
	return p.RealName
}

// userJSON is the user object of users.info, with the email only if the caller
// may see it. It needs mu.
func (w *Workspace) userJSON(p *Person, withEmail bool) object {
	profile := object{
		"real_name": p.RealName, "real_name_normalized": p.RealName,
		"display_name": p.DisplayName, "display_name_normalized": p.DisplayName,
		"title": p.Title, "team": p.TeamID, "status_text": "", "status_emoji": "", "avatar_hash": "",
	}
	if withEmail && p.Email != "" && !p.outside() && p.Kind != Bot {
		profile["email"] = p.Email
	}
	user := object{
		"id": p.ID, "team_id": p.TeamID, "name": p.Name, "deleted": p.Deactivated,
		"profile": profile, "updated": p.updated.Unix(),
	}
	if p.Deactivated {
		return user // reduced: no flags, no time zone
	}
	user["real_name"] = p.RealName
	user["color"] = "4bbe2e"
	user["tz"], user["tz_label"], user["tz_offset"] = p.TZ, p.TZ, 0
	user["is_bot"] = p.Kind == Bot
	user["is_app_user"] = false
	if p.outside() {
		user["is_stranger"] = p.Kind == Stranger
		return user
	}
	user["is_primary_owner"] = p.Kind == PrimaryOwner
	user["is_owner"] = p.Kind == Owner || p.Kind == PrimaryOwner
	user["is_admin"] = p.Kind == Admin || p.Kind == Owner || p.Kind == PrimaryOwner
	user["is_restricted"] = p.Kind == MultiChannelGuest || p.Kind == SingleChannelGuest
	user["is_ultra_restricted"] = p.Kind == SingleChannelGuest
	user["is_email_confirmed"] = !p.Unconfirmed && !p.Invited
	user["who_can_share_contact_card"] = "EVERYONE"
	if p.Invited {
		user["is_invited_user"] = true
	}
	if p.Kind == Bot {
		profile["api_app_id"], profile["bot_id"], profile["always_active"] = w.cfg.App.ID, w.cfg.App.BotID, true
	}
	if w.cfg.Team.EnterpriseID != "" {
		user["enterprise_user"] = object{
			"id": p.ID, "enterprise_id": w.cfg.Team.EnterpriseID, "enterprise_name": w.cfg.Team.EnterpriseName,
			"is_admin": false, "is_owner": false, "is_primary_owner": false, "teams": []string{p.TeamID},
		}
	}
	return user
}

func usersInfo(w *Workspace, c *call) (object, error) {
	p, ok := w.people[c.args.str("user")]
	if !ok {
		return nil, refuse("user_not_found")
	}
	return object{"user": w.userJSON(p, c.granted("users:read.email"))}, nil
}

// usersLookupByEmail finds the first active account of this workspace with
// that address. Deactivated people cannot be found this way.
func usersLookupByEmail(w *Workspace, c *call) (object, error) {
	email := strings.TrimSpace(c.args.str("email"))
	for _, p := range w.sortedPeople() {
		if email != "" && strings.EqualFold(p.Email, email) && !p.Deactivated && !p.outside() && p.Kind != Bot {
			return object{"user": w.userJSON(p, true)}, nil
		}
	}
	return nil, refuse("users_not_found")
}

func usersList(w *Workspace, c *call) (object, error) {
	page, next, err := paged(w.sortedPeople(), c.args, 0)
	if err != nil {
		return nil, err
	}
	members := make([]object, 0, len(page))
	for _, p := range page {
		if p.Kind != Stranger {
			members = append(members, w.userJSON(p, c.granted("users:read.email")))
		}
	}
	return object{"members": members, "cache_ts": w.cfg.Now().Unix(), "response_metadata": object{"next_cursor": next}}, nil
}
