package oktasim

import (
	"net/http"
	"slices"
	"strings"
)

// lifecycle wraps what all lifecycle operations have in common: the target is
// there, not above the caller, not in transition.
func lifecycle(act func(*Tenant, *call, *user) (reply, error)) func(*Tenant, *call) (reply, error) {
	return func(t *Tenant, c *call) (reply, error) {
		u, err := c.target()
		if err != nil {
			return fail(err)
		}
		if err := t.outranked(c, u); err != nil {
			return fail(err)
		}
		if err := inTransition(u); err != nil {
			return fail(err)
		}
		return act(t, c, u)
	}
}

// happened records the effect of a lifecycle operation.
func (t *Tenant) happened(c *call, u *user, kind string) {
	c.did(u.id)
	t.emit(c, eventSpec{kind: kind, targets: []eventTarget{u.target()}})
}

type activationBody struct {
	URL   string `json:"activationUrl"`
	Token string `json:"activationToken"`
}

func (t *Tenant) activation(c *call) activationBody {
	token := t.newID("sim-activation-")
	return activationBody{URL: c.base + "/welcome/" + token, Token: token}
}

func (t *Tenant) activate(c *call, u *user) (reply, error) {
	if u.status != Staged && u.status != Deprovisioned {
		return fail(refuse(http.StatusForbidden, "E0000016", "Activation failed because the user is already active"))
	}
	t.activated(c, u)
	if c.flag("sendEmail", true) {
		return ok(empty{})
	}
	return ok(t.activation(c))
}

// activated makes a user ACTIVE, or PROVISIONED until they choose a password.
func (t *Tenant) activated(c *call, u *user) {
	to := Provisioned
	if u.password != "" || u.provider != oktaProvider {
		to = Active
	}
	t.move(u, to)
	u.activated = t.now()
	t.happened(c, u, "user.lifecycle.activate")
}

// move changes the status, at once or after the time that transitions take.
func (t *Tenant) move(u *user, to Status) {
	if delay := t.cfg.Quirks.TransitionTime; delay > 0 {
		t.edit(u)
		u.becoming, u.becomes = to, t.now().Add(delay)
		return
	}
	t.turn(u, to)
}

func (t *Tenant) reactivate(c *call, u *user) (reply, error) {
	if u.status != Provisioned && u.status != Recovery {
		return fail(wrongStatus())
	}
	t.turn(u, Provisioned)
	t.happened(c, u, "user.lifecycle.reactivate")
	if c.flag("sendEmail", false) {
		return ok(empty{})
	}
	return ok(t.activation(c))
}

func (t *Tenant) deactivate(c *call, u *user) (reply, error) {
	if u.status == Deprovisioned {
		return fail(missing(c.params["user"], "User"))
	}
	t.deactivated(c, u)
	return ok(empty{})
}

// deactivated takes a user's apps, sessions and password. Memberships of Okta
// groups stay.
func (t *Tenant) deactivated(c *call, u *user) {
	for _, id := range t.appOrder {
		if a := t.apps[id]; a != nil && t.assigned(a, u) != nil {
			t.emit(c, eventSpec{
				kind: "application.user_membership.remove", targets: []eventTarget{u.target(), a.target(), a.userTarget(u)},
			})
		}
	}
	t.move(u, Deprovisioned)
	u.apps = map[string]*assignment{}
	u.password = ""
	u.sessions, u.oauthTokens, u.devices = 0, 0, 0
	u.factors = nil
	t.happened(c, u, "user.lifecycle.deactivate")
}

func (t *Tenant) suspend(c *call, u *user) (reply, error) {
	if u.status != Active {
		return fail(invalid("suspendUser", "Cannot suspend a user that is not active"))
	}
	t.turn(u, Suspended)
	u.sessions = 0
	t.happened(c, u, "user.lifecycle.suspend")
	return ok(empty{})
}

func (t *Tenant) unsuspend(c *call, u *user) (reply, error) {
	if u.status != Suspended {
		return fail(invalid("suspendUser", "Cannot unsuspend a user that is not suspended"))
	}
	t.turn(u, Active)
	t.happened(c, u, "user.lifecycle.unsuspend")
	return ok(empty{})
}

func (t *Tenant) unlock(c *call, u *user) (reply, error) {
	blocked := u.status == Active && u.block != ""
	switch {
	case u.provider != oktaProvider:
		return fail(refuse(http.StatusForbidden, "E0000032", "Unlock is not allowed for this user.",
			"The user's credentials are not managed by Okta."))
	case u.status != LockedOut && !blocked:
		return fail(refuse(http.StatusForbidden, "E0000032", "Unlock is not allowed for this user.",
			"The user is not locked out."))
	case blocked:
		t.edit(u)
	default:
		t.turn(u, Active)
	}
	u.block = ""
	t.happened(c, u, "user.account.unlock_by_admin")
	return ok(empty{})
}

type resetBody struct {
	URL string `json:"resetPasswordUrl"`
}

func (t *Tenant) resetPassword(c *call, u *user) (reply, error) {
	allowed := []Status{Active, Recovery, PasswordExpired, LockedOut}
	if !slices.Contains(allowed, u.status) || u.provider == "SOCIAL" ||
		u.provider == "FEDERATION" && !strings.EqualFold(c.query.Get("provider"), "OKTA") {
		code := t.cfg.Quirks.ResetRefusalCode
		if code == "" {
			code = "E0000017"
		}
		return fail(refuse(http.StatusForbidden, code, "Password reset is not allowed in the user's current status"))
	}
	if strings.EqualFold(c.query.Get("provider"), "FEDERATION") {
		t.edit(u)
		u.provider, u.password = "FEDERATION", ""
	} else {
		t.turn(u, Recovery)
	}
	if c.flag("revokeSessions", false) {
		u.sessions = 0
	}
	t.happened(c, u, "user.account.reset_password")
	return t.resetAnswer(c)
}

// resetAnswer is the link, unless Okta mails it.
func (t *Tenant) resetAnswer(c *call) (reply, error) {
	if c.flag("sendEmail", true) {
		return ok(empty{})
	}
	path := "/signin/reset-password/"
	if t.cfg.Quirks.Classic {
		path = "/reset_password/"
	}
	return ok(resetBody{c.base + path + t.newID("sim-reset-")})
}

// expirable refuses to expire what is no usable password.
func expirable(u *user) error {
	if u.status != Active && u.status != PasswordExpired && u.status != Recovery || u.provider != oktaProvider {
		return wrongStatus()
	}
	return nil
}

func (t *Tenant) expirePassword(c *call, u *user) (reply, error) {
	if err := expirable(u); err != nil || u.status == Recovery {
		return fail(wrongStatus())
	}
	t.turn(u, PasswordExpired)
	t.happened(c, u, "user.account.expire_password")
	return ok(c.fullUserBody(u))
}

type temporaryBody struct {
	Password string `json:"tempPassword"`
}

func (t *Tenant) temporaryPassword(c *call, u *user) (reply, error) {
	if err := expirable(u); err != nil {
		return fail(err)
	}
	t.turn(u, PasswordExpired)
	u.password, u.passwordSet = t.newPassword(), t.now()
	if c.flag("revokeSessions", false) {
		u.sessions = 0
	}
	t.happened(c, u, "user.account.expire_password")
	return ok(temporaryBody{u.password})
}

// newPassword makes eight characters that nobody confuses.
func (t *Tenant) newPassword() string {
	const letters = "ABCDEFGHJKMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789"
	out := make([]byte, 8)
	for i := range out {
		out[i] = letters[t.rand.IntN(len(letters))]
	}
	return string(out)
}

func (t *Tenant) resetFactors(c *call, u *user) (reply, error) {
	if t.cfg.Quirks.FactorsNeedActive && !u.canSignIn() {
		return fail(wrongStatus())
	}
	t.edit(u)
	u.factors = nil
	t.dropPushes(u.id, "")
	t.happened(c, u, "user.mfa.factor.reset_all")
	return ok(empty{})
}

// clearUserSessions ends a user's sessions. The tokens and remembered devices go
// only if asked for.
func (t *Tenant) clearUserSessions(c *call, u *user) (reply, error) {
	t.keep(u)
	u.sessions = 0
	if c.flag("oauthTokens", false) {
		u.oauthTokens = 0
	}
	if c.flag("forgetDevices", !t.cfg.Quirks.Classic) {
		u.devices = 0
	}
	t.happened(c, u, "user.session.clear")
	return nothing()
}

type blockBody struct {
	Type      string `json:"type"`
	AppliesTo string `json:"appliesTo"`
}

// blocks says why an ACTIVE user may be stuck.
func (t *Tenant) blocks(c *call) (reply, error) {
	u, err := c.target()
	if err != nil {
		return fail(err)
	}
	bodies := []blockBody{}
	if u.block != "" {
		bodies = append(bodies, blockBody{"DEVICE_BASED", u.block})
	}
	return ok(bodies)
}
