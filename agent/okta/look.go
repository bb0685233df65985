package okta

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"frontdesk/agent"
	"frontdesk/playbooks/action"
)

// The keys of a sight's facts.
const (
	factStatus        = "status"
	factStatusChanged = "status_changed"
	factTransition    = "transition"
	factFactors       = "factors"     // ids, comma-separated
	factFactorKinds   = "factor_kind" // for people
	factBlocked       = "blocked"
	factGroupType     = "group_type"
	factMember        = "member" // yes, no
	factAppStatus     = "app_status"
	factAssignment    = "assignment" // USER, GROUP, none
)

// Look reads, live and by id, what act would meet.
func (c *Client) Look(ctx context.Context, act agent.Act) (agent.Sight, error) {
	sight := agent.Sight{Facts: map[string]string{}}
	s, err := c.subject(ctx, act.Target)
	if isNotFound(err) {
		sight.Refusal = problem("gone", "This person is no longer in Okta.")
		return sight, nil
	}
	if err != nil {
		return sight, c.explain(ctx, err, "")
	}
	sight.Facts[factStatus] = s.Status
	if !s.StatusChanged.IsZero() {
		sight.Facts[factStatusChanged] = s.StatusChanged.Format(time.RFC3339Nano)
	}
	if s.transition != "" {
		sight.Facts[factTransition] = s.transition
	}
	if err := c.look(ctx, act, s, &sight); err != nil {
		return sight, c.explain(ctx, err, "")
	}
	if sight.Refusal != nil || sight.Noop != "" {
		sight.Call = ""
	}
	return sight, nil
}

func (c *Client) look(ctx context.Context, act agent.Act, s subject, sight *agent.Sight) error {
	switch act.Kind {
	case action.ActivateUser:
		lookActivate(s, sight)
	case action.SuspendUser:
		return c.lookSuspend(ctx, s, sight)
	case action.DeprovisionUser:
		return c.lookDeprovision(ctx, s, sight)
	case action.ResetPassword:
		if act.TempPassword {
			lookTempPassword(s, sight)
		} else {
			lookResetPassword(s, sight)
		}
	case action.ResetMultifactor:
		return c.lookFactors(ctx, s, sight)
	case action.RevokeSessions:
		sight.Call = callClearSessions // what sessions there are cannot be seen, so it is never a no-op
	case action.RestoreSessions:
		return c.lookRestore(ctx, s, sight)
	case action.AddToGroup, action.RemoveFromGroup:
		return c.lookGroup(ctx, act, s, sight)
	case action.AddApplications, action.RemoveApplications:
		return c.lookApp(ctx, act, s, sight)
	default:
		return fmt.Errorf("okta: no such action: %q", act.Kind)
	}
	return nil
}

// lookActivate: STAGED and DEPROVISIONED are activated; PROVISIONED has been and
// gets the mail again.
func lookActivate(s subject, sight *agent.Sight) {
	name := s.Name()
	switch {
	case s.transition == active || s.transition == provisioned:
		sight.Noop = fmt.Sprintf("Okta is activating %s already.", name)
	case s.Status == staged:
		sight.Call = callActivate
	case s.Status == deprovisioned:
		sight.Call = callActivate
		sight.Warnings = append(sight.Warnings, name+" was deprovisioned: the applications assigned directly before do not come back by themselves.")
	case s.Status == provisioned:
		sight.Call = callReactivate
		sight.Warnings = append(sight.Warnings, name+" was activated before and never finished: Okta sends a new activation mail.")
	case s.Status == suspended:
		sight.Refusal = wrongStatus(s, "use /okta restore sessions, which lifts the suspension.")
	case s.Status == active:
		sight.Noop = name + " is active already."
	case s.Status == lockedOut:
		sight.Noop = name + " is active already, but locked out: /okta restore sessions unlocks."
	case s.Status == recovery:
		sight.Noop = name + " is active already and in the middle of a password reset: /okta reset password sends a new link."
	default:
		sight.Noop = fmt.Sprintf("%s is active already and %s.", name, is(s.Status))
	}
}

// lookSuspend: Okta suspends nobody who is not ACTIVE.
func (c *Client) lookSuspend(ctx context.Context, s subject, sight *agent.Sight) error {
	switch s.Status {
	case suspended:
		sight.Noop = s.Name() + " is suspended already."
	case active:
		sight.Call = callSuspend
		return c.refuseSelf(ctx, s, sight, "suspending")
	case lockedOut:
		sight.Refusal = wrongStatus(s, "Okta suspends only active people. Use /okta restore sessions first, or /okta deprovision user.")
	case recovery, passwordExpired:
		sight.Refusal = wrongStatus(s, "Okta suspends only active people. Use /okta revoke sessions to sign them out, or /okta deprovision user.")
	case deprovisioned:
		sight.Refusal = wrongStatus(s, "there is nothing to suspend, they cannot sign in.")
	default:
		sight.Refusal = wrongStatus(s, "Okta suspends only active people. Use /okta deprovision user to keep them from coming in.")
	}
	return nil
}

func (c *Client) lookDeprovision(ctx context.Context, s subject, sight *agent.Sight) error {
	switch {
	case s.Status == deprovisioned:
		sight.Noop = s.Name() + " is deprovisioned already."
		return nil
	case s.transition == deprovisioned:
		sight.Noop = fmt.Sprintf("Okta is deprovisioning %s already.", s.Name())
		return nil
	}
	sight.Call = callDeactivate
	sight.Warnings = append(sight.Warnings,
		"Okta takes all applications away. Activating again does not bring back those that were assigned directly.")
	return c.refuseSelf(ctx, s, sight, "deprovisioning")
}

// refuseSelf refuses to saw off the branch: an API token dies with its owner.
func (c *Client) refuseSelf(ctx context.Context, s subject, sight *agent.Sight, doing string) error {
	if c.auth.renews() {
		return nil
	}
	self, err := c.actorID(ctx)
	if err != nil {
		return err
	}
	if self == s.ID {
		sight.Refusal = problem("self_lockout", "%s owns the API token that I work with: %s them would lock me out of Okta. "+
			"Give me credentials of my own (an OAuth service app) first.", s.Name(), doing)
	}
	return nil
}

// lookResetPassword: a mail with a link.
// Source: Okta, "Reset a password"; STAGED and PROVISIONED have none to reset.
func lookResetPassword(s subject, sight *agent.Sight) {
	if refusePassword(s, sight) {
		return
	}
	sight.Call = callResetPassword
	if where := s.elsewhere(); where != "" {
		sight.Warnings = append(sight.Warnings,
			fmt.Sprintf("%s's password lives in %s: the reset works only if Okta may write there.", s.Name(), where))
	}
}

// lookTempPassword: Okta's own passwords only, and not while locked out.
func lookTempPassword(s subject, sight *agent.Sight) {
	switch where := s.elsewhere(); {
	case refusePassword(s, sight):
	case where != "":
		sight.Refusal = problem("password_elsewhere", "%s's password lives in %s, so Okta cannot set a temporary one. "+
			"Set it there, or use /okta reset password without one.", s.Name(), where)
	case s.Status == lockedOut:
		sight.Refusal = wrongStatus(s, "use /okta restore sessions first, or /okta reset password without a temporary password.")
	default:
		sight.Call = callTempPassword
	}
}

func refusePassword(s subject, sight *agent.Sight) bool {
	switch {
	case s.federated():
		sight.Refusal = problem("federated", "%s signs in through %s and has no password in Okta. Reset it there.", s.Name(), s.elsewhere())
	case s.Status == staged, s.Status == provisioned, s.Status == deprovisioned:
		sight.Refusal = wrongStatus(s, "use /okta activate user.")
	case s.Status == suspended:
		sight.Refusal = wrongStatus(s, "use /okta restore sessions first, which lifts the suspension.")
	}
	return sight.Refusal != nil
}

// lookFactors lists what would be cleared. Okta lists what its highest enrolment
// policy allows the caller to see; what it hides is cleared all the same.
func (c *Client) lookFactors(ctx context.Context, s subject, sight *agent.Sight) error {
	switch s.Status {
	case deprovisioned:
		sight.Refusal = wrongStatus(s, "there is nothing to reset.")
		return nil
	case suspended:
		sight.Refusal = wrongStatus(s, "use /okta restore sessions first, which lifts the suspension.")
		return nil
	}
	factors, err := c.factors(ctx, s.ID)
	if err != nil {
		return err
	}
	ids, kinds := describe(factors)
	sight.Facts[factFactors], sight.Facts[factFactorKinds] = ids, kinds
	if len(factors) == 0 {
		sight.Noop = s.Name() + " has no multi-factor enrolled, so there is nothing to reset: the next sign-in asks to enrol."
		return nil
	}
	sight.Call = callResetFactors
	return nil
}

func describe(factors []wireFactor) (ids, kinds string) {
	var is, ks []string
	for _, f := range factors {
		is = append(is, f.ID)
		if !slices.Contains(ks, f.Type) {
			ks = append(ks, f.Type)
		}
	}
	slices.Sort(is)
	slices.Sort(ks)
	return strings.Join(is, ","), strings.Join(ks, ", ")
}

// lookRestore lets a person sign in again: there is no call that brings a revoked
// session back. Suspended people are unsuspended, locked ones unlocked, and so are
// active ones whom Okta blocks from unknown devices.
func (c *Client) lookRestore(ctx context.Context, s subject, sight *agent.Sight) error {
	const newSession = "A revoked session cannot be brought back; signing in again opens a new one."
	name := s.Name()
	switch s.Status {
	case suspended:
		sight.Call, sight.More = callUnsuspend, true
	case lockedOut:
		if where := s.elsewhere(); where != "" {
			sight.Refusal = problem("password_elsewhere", "%s is locked out, but their password lives in %s: unlock them there.", name, where)
			return nil
		}
		sight.Call = callUnlock
	case active:
		blocked, err := c.blocked(ctx, s.ID)
		if err != nil {
			return err
		}
		sight.Facts[factBlocked] = blocked
		switch where := s.elsewhere(); {
		case blocked != "" && where != "":
			sight.Refusal = problem("password_elsewhere", "Okta blocks %s's devices, but their password lives in %s: unlock them there.", name, where)
		case blocked != "":
			sight.Call = callUnlock
		default:
			sight.Noop = fmt.Sprintf("%s is neither suspended nor locked out and can sign in. %s", name, newSession)
		}
	case passwordExpired:
		sight.Noop = fmt.Sprintf("%s can sign in and is then asked for a new password. %s", name, newSession)
	case recovery:
		sight.Noop = fmt.Sprintf("%s is in the middle of a password reset: the link in their mail lets them in, and /okta reset password sends a new one. %s",
			name, newSession)
	default:
		sight.Refusal = wrongStatus(s, "use /okta activate user.")
	}
	return nil
}

// blocked lists the device blocks of a person, comma-separated.
func (c *Client) blocked(ctx context.Context, id string) (string, error) {
	type block struct {
		AppliesTo string `json:"appliesTo"`
	}
	blocks, err := all[block](ctx, c, "list blocks of "+id, func(ctx context.Context) error {
		_, _, err := c.api.UserAPI.ListUserBlocks(ctx, id).Execute()
		return err
	})
	var kinds []string
	for _, b := range blocks {
		kinds = append(kinds, b.AppliesTo)
	}
	return strings.Join(kinds, ","), err
}

// explain puts a refusal that IT can do something about into words; whose is the
// person that the call was about, empty for a read. Other errors stay as they are.
func (c *Client) explain(ctx context.Context, err error, whose string) error {
	var e *agent.OktaError
	if _, worded := agent.AsProblem(err); worded || !errors.As(err, &e) {
		return err
	}
	switch {
	case e.MissingScope():
		return &agent.Problem{Code: "missing_scope", Cause: err, Text: fmt.Sprintf(
			"Okta lets me do this only with the scope %s, which my app was not granted. "+
				"An Okta super admin can grant it on the app's Okta API Scopes page.", e.Scope)}
	case e.Code == codeForbidden && whose != "":
		return &agent.Problem{Code: "not_permitted", Cause: err, Text: c.whyNot(ctx, whose)}
	case e.Code == codeForbidden:
		return &agent.Problem{Code: "not_permitted", Cause: err, Text: "Okta does not let me look at this: " +
			"my admin role does not reach that far. An Okta super admin can widen it."}
	}
	return err
}

// whyNot finds the likeliest reason of a 403 for a call about a person.
func (c *Client) whyNot(ctx context.Context, id string) string {
	if roles, err := c.AdminRoles(ctx, id); err == nil && len(roles) > 0 {
		return fmt.Sprintf("Okta protects this person, who is an Okta admin (%s), from my admin role. "+
			"An Okta super admin has to do it in Okta's admin console.", strings.Join(roles, ", "))
	}
	return "Okta does not let me do this: my admin role does not include it, or does not reach this person or thing. " +
		"An Okta super admin can widen the role."
}
