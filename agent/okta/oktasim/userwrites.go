package oktasim

import (
	"maps"
	"net/http"
	"strings"
)

// userRequest is the body of user writes.
type userRequest struct {
	Profile     map[string]any `json:"profile"`
	Credentials *struct {
		Password *struct {
			Value string `json:"value"`
		} `json:"password"`
		RecoveryQuestion *struct {
			Question string `json:"question"`
			Answer   string `json:"answer"`
		} `json:"recovery_question"`
		Provider *struct {
			Type string `json:"type"`
		} `json:"provider"`
	} `json:"credentials"`
	GroupIDs []string `json:"groupIds"`
}

// credentials sets what the request brings.
func (r *userRequest) apply(t *Tenant, u *user) {
	if r.Credentials == nil {
		return
	}
	if p := r.Credentials.Password; p != nil && p.Value != "" {
		u.password, u.passwordSet = p.Value, t.now()
	}
	if q := r.Credentials.RecoveryQuestion; q != nil {
		u.question, u.answer = q.Question, q.Answer
	}
	if p := r.Credentials.Provider; p != nil && p.Type != "" {
		u.provider = p.Type
	}
}

func (t *Tenant) createUser(c *call) (reply, error) {
	var request userRequest
	if err := c.decode(&request); err != nil {
		return fail(err)
	}
	if err := t.checkProfile("newUser", request.Profile); err != nil {
		return fail(err)
	}
	if err := t.loginFree(text(request.Profile, "login"), nil); err != nil {
		return fail(err)
	}
	for _, id := range request.GroupIDs {
		g := t.groups[id]
		if g == nil {
			return fail(missing(id, "UserGroup"))
		}
		if err := t.memberRefusal(c, g); err != nil {
			return fail(err)
		}
	}
	now := t.now()
	u := &user{
		id: t.newID("00u"), status: Staged, profile: maps.Clone(request.Profile), provider: oktaProvider,
		created: now, lastUpdated: now, statusChanged: now,
	}
	request.apply(t, u)
	t.insertUser(u)
	for _, id := range request.GroupIDs {
		u.groups[id] = membership{since: now}
	}
	c.did(u.id)
	t.emit(c, eventSpec{kind: "user.lifecycle.create", targets: []eventTarget{u.target()}})
	if c.flag("activate", true) {
		t.activated(c, u)
	}
	return ok(c.fullUserBody(u))
}

// loginFree refuses a login that somebody else has.
func (t *Tenant) loginFree(login string, except *user) error {
	id, taken := t.logins[strings.ToLower(login)]
	if !taken && t.crowd != nil {
		if index, ours := t.crowd.byLogin(strings.ToLower(login)); ours {
			id = t.crowd.id(index)
			_, kept := t.users[id]
			taken = !kept
		}
	}
	if taken && (except == nil || id != except.id) {
		return invalid("login", "login: An object with this field already exists in the current organization")
	}
	return nil
}

// updateUser changes the attributes that are given; replaceUser sets all.
func (t *Tenant) updateUser(c *call) (reply, error) { return t.writeUser(c, false) }

func (t *Tenant) replaceUser(c *call) (reply, error) { return t.writeUser(c, true) }

func (t *Tenant) writeUser(c *call, whole bool) (reply, error) {
	u, err := c.target()
	if err != nil {
		return fail(err)
	}
	if err := inTransition(u); err != nil {
		return fail(err)
	}
	if err := t.outranked(c, u); err != nil {
		return fail(err)
	}
	var request userRequest
	if err := c.decode(&request); err != nil {
		return fail(err)
	}
	profile := map[string]any{}
	if !whole {
		maps.Copy(profile, u.profile)
	}
	for name, value := range request.Profile {
		profile[name] = value
		if value == nil {
			delete(profile, name)
		}
	}
	if err := t.checkProfile("user", profile); err != nil {
		return fail(err)
	}
	if err := t.loginFree(text(profile, "login"), u); err != nil {
		return fail(err)
	}
	t.edit(u)
	delete(t.logins, strings.ToLower(u.login()))
	u.profile = profile
	t.logins[strings.ToLower(u.login())] = u.id
	request.apply(t, u)
	c.did(u.id)
	t.emit(c, eventSpec{kind: "user.account.update_profile", targets: []eventTarget{u.target()}})
	t.applyRules(c, u)
	return ok(c.fullUserBody(u))
}

// inTransition refuses changes while an activation or deactivation is at work.
func inTransition(u *user) error {
	if u.becoming == "" {
		return nil
	}
	return refuse(http.StatusConflict, "E0000112", "Unable to update the user, because the user is mid-activation")
}

// deleteUser deactivates a user, or removes a deactivated one for good.
func (t *Tenant) deleteUser(c *call) (reply, error) {
	u, err := c.target()
	if err != nil {
		return fail(err)
	}
	if err := t.outranked(c, u); err != nil {
		return fail(err)
	}
	c.did(u.id)
	if u.status != Deprovisioned {
		t.deactivated(c, u)
		return nothing()
	}
	target := u.target()
	t.remove(u)
	t.emit(c, eventSpec{kind: "user.lifecycle.delete.initiated", targets: []eventTarget{target}})
	t.emit(c, eventSpec{
		kind: "user.lifecycle.delete.completed", targets: []eventTarget{target}, actor: new(systemActor),
	})
	return nothing()
}

// forgotPassword starts the person's own way to a new password.
func (t *Tenant) forgotPassword(c *call) (reply, error) {
	u, err := c.target()
	if err != nil {
		return fail(err)
	}
	if u.provider == "FEDERATION" || u.provider == "SOCIAL" {
		return fail(forbidden())
	}
	if u.status != Active {
		return fail(wrongStatus())
	}
	t.turn(u, Recovery)
	c.did(u.id)
	t.emit(c, eventSpec{kind: "user.account.reset_password", targets: []eventTarget{u.target()}})
	return t.resetAnswer(c)
}

type passwordValue struct {
	Value string `json:"value"`
}

// changePassword sets a new password for one who gives the old one.
func (t *Tenant) changePassword(c *call) (reply, error) {
	var request struct {
		Old passwordValue `json:"oldPassword"`
		New passwordValue `json:"newPassword"`
	}
	u, err := c.target()
	if err == nil {
		err = c.decode(&request)
	}
	switch {
	case err != nil:
		return fail(err)
	case u.status != Active && u.status != PasswordExpired && u.status != Staged && u.status != Recovery:
		return fail(wrongStatus())
	case request.Old.Value != u.password || u.password == "":
		return fail(refuse(http.StatusForbidden, "E0000014", "Update of credentials failed",
			"oldPassword: The credentials provided were incorrect."))
	case len(request.New.Value) < 8:
		return fail(refuse(http.StatusForbidden, "E0000014", "Update of credentials failed",
			"newPassword: Password requirements were not met. Password requirements: at least 8 characters."))
	}
	t.edit(u)
	if u.status != Staged {
		t.turn(u, Active)
	}
	u.password, u.passwordSet = request.New.Value, t.now()
	c.did(u.id)
	t.emit(c, eventSpec{kind: "user.account.update_password", targets: []eventTarget{u.target()}})
	return ok(c.userBody(u).Credentials)
}

// changeQuestion sets a new recovery question for one who gives the password.
func (t *Tenant) changeQuestion(c *call) (reply, error) {
	var request struct {
		Password passwordValue `json:"password"`
		Question struct {
			Question string `json:"question"`
			Answer   string `json:"answer"`
		} `json:"recovery_question"`
	}
	u, err := c.target()
	if err == nil {
		err = c.decode(&request)
	}
	switch {
	case err != nil:
		return fail(err)
	case request.Password.Value != u.password || u.password == "":
		return fail(refuse(http.StatusForbidden, "E0000014", "Update of credentials failed",
			"password: The credentials provided were incorrect."))
	case request.Question.Question == "" || request.Question.Answer == "":
		return fail(invalid("recovery_question", "recovery_question: The field cannot be left blank"))
	}
	t.edit(u)
	u.question, u.answer = request.Question.Question, request.Question.Answer
	c.did(u.id)
	t.emit(c, eventSpec{kind: "user.account.update_profile", targets: []eventTarget{u.target()}})
	return ok(c.userBody(u).Credentials)
}
