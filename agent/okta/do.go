package okta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	sdk "github.com/okta/okta-sdk-golang/v5/okta"

	"frontdesk/agent"
	"frontdesk/playbooks/action"
)

// The Okta operations that Do makes, as Look names them.
const (
	callActivate      = "activate"
	callReactivate    = "reactivate"
	callSuspend       = "suspend"
	callDeactivate    = "deactivate"
	callResetPassword = "reset_password"
	callTempPassword  = "expire_password_with_temp_password"
	callResetFactors  = "reset_factors"
	callClearSessions = "clear_sessions"
	callUnsuspend     = "unsuspend"
	callUnlock        = "unlock"
	callAddMember     = "add_member"
	callRemoveMember  = "remove_member"
	callAssignApp     = "assign_app"
	callUnassignApp   = "unassign_app"
)

// call is one Okta operation.
type call struct {
	kind  action.Kind // the action it belongs to
	verb  string      // for errors: verb and id
	event string      // what the System Log calls it
	note  string      // what to tell people besides
	build func(ctx context.Context, api *sdk.APIClient, act agent.Act) error
}

// callOf finds an operation by name. It is a switch and not a table, because what
// is called comes from a stored intent and must fit the act that it is stored with.
func callOf(act agent.Act, name string) (call, error) {
	var c call
	switch name {
	case callActivate:
		c = call{action.ActivateUser, "activate", "user.lifecycle.activate", "Okta sends a mail with the next step.", activate}
	case callReactivate:
		c = call{action.ActivateUser, "reactivate", "user.lifecycle.reactivate", "Okta sends a new activation mail.", reactivate}
	case callSuspend:
		c = call{action.SuspendUser, "suspend", "user.lifecycle.suspend", "", suspend}
	case callDeactivate:
		c = call{
			action.DeprovisionUser, "deactivate", "user.lifecycle.deactivate",
			"Okta may still be taking the applications away.", deactivate,
		}
	case callResetPassword:
		c = call{action.ResetPassword, "reset password of", "user.account.reset_password", "Okta sends a mail with a link.", resetPassword}
	case callTempPassword:
		c = call{action.ResetPassword, "set temporary password of", "user.account.expire_password", "", tempPassword}
	case callResetFactors:
		c = call{action.ResetMultifactor, "reset factors of", "user.mfa.factor.reset_all", "", resetFactors}
	case callClearSessions:
		c = call{
			action.RevokeSessions, "clear sessions of", "user.session.clear",
			"Sessions inside applications may last until they end by themselves.", clearSessions,
		}
	case callUnsuspend:
		c = call{action.RestoreSessions, "unsuspend", "user.lifecycle.unsuspend", "", unsuspend}
	case callUnlock:
		c = call{action.RestoreSessions, "unlock", "user.account.unlock_by_admin", "", unlock}
	case callAddMember:
		c = call{action.AddToGroup, "add to group", "group.user_membership.add", "", addMember}
	case callRemoveMember:
		c = call{action.RemoveFromGroup, "remove from group", "group.user_membership.remove", "", removeMember}
	case callAssignApp:
		c = call{action.AddApplications, "assign application to", "application.user_membership.add", "", assignApp}
	case callUnassignApp:
		c = call{action.RemoveApplications, "unassign application from", "application.user_membership.remove", "", unassignApp}
	default:
		return call{}, fmt.Errorf("okta: no such call: %q", name)
	}
	if c.kind != act.Kind || act.TempPassword != (name == callTempPassword) {
		return call{}, fmt.Errorf("okta: call %q does not belong to %q", name, act.Kind)
	}
	return c, nil
}

// Do makes the one call that sight names, at most once. Errors that are definite
// are an *agent.OktaError with NotExecuted(), in words where there are some.
func (c *Client) Do(ctx context.Context, act agent.Act, sight agent.Sight) (agent.Receipt, error) {
	todo, err := callOf(act, sight.Call)
	if err != nil {
		return agent.Receipt{}, &agent.OktaError{Op: string(act.Kind), NotSent: true, Err: err}
	}
	x := &exchange{op: todo.verb + " " + act.Target}
	if err := checkID(x.op, act.Target); err != nil {
		return agent.Receipt{}, err
	}
	if spec, ok := action.Of(act.Kind); ok && spec.Takes != action.NoObject {
		x.op += " (" + act.Object + ")"
		if err := checkID(x.op, act.Object); err != nil {
			return agent.Receipt{}, err
		}
	}
	if sight.Call == callClearSessions {
		// The SDK's builder does not know it; without it a stolen laptop stays trusted.
		x.query = map[string][]string{"forgetDevices": {"true"}}
	}
	a, err := c.send(ctx, x, func(ctx context.Context) error { return todo.build(ctx, c.api, act) })
	if err != nil {
		return agent.Receipt{}, c.inWords(ctx, err, act)
	}
	r := agent.Receipt{Status: a.status, RequestID: a.requestID(), Note: todo.note}
	if sight.Call == callTempPassword {
		if r.Secret = temporary(a); r.Secret.Empty() {
			r.Note = "Okta set a temporary password, but its answer was cut off and nobody has seen it. Ask for a new one."
		}
	}
	return r, nil
}

// temporary reads the password of an answer; empty if it was cut off.
func temporary(a *answer) agent.Secret {
	var t sdk.TempPassword
	if json.Unmarshal(a.body, &t) != nil {
		return agent.Secret{}
	}
	return agent.NewSecret(t.GetTempPassword())
}

// inWords puts the refusals that can still come after a look into words: the
// state changed in between, or Okta knows better.
func (c *Client) inWords(ctx context.Context, err error, act agent.Act) error {
	var e *agent.OktaError
	if !errors.As(err, &e) || !e.NotExecuted() || e.NotSent {
		return err
	}
	say := func(code, text string) error { return &agent.Problem{Code: code, Text: text, Cause: err} }
	const meanwhile = "Something changed in Okta at this very moment, and it no longer allows this. Nothing was done; look again and ask anew."
	switch e.Code {
	case codeAlreadyActive, codeResetRefused, codeUnlockRefused, codeWrongStatus:
		return say("wrong_status", meanwhile)
	case codeNotFound:
		return say("gone", meanwhile)
	case codeInherited:
		return say("inherited_app", "Okta does not take this application away, because a group grants it. Take the person out of that group.")
	case codeReadOnly:
		return say("built_in_group", "This group is Okta's own, and nobody can be added to it or taken out.")
	case codeInactiveUser:
		return say("inactive_user", "Okta gives applications to nobody who cannot come in. Activate the person first.")
	case codeInvalid:
		if act.Kind == action.AddApplications {
			return say("app_profile", "Okta wants more about this person for that application than I can give. "+
				"Assign it in Okta's admin console, where the missing fields are shown.")
		}
		return say("wrong_status", meanwhile)
	}
	return c.explain(ctx, err, act.Target)
}

func activate(ctx context.Context, api *sdk.APIClient, act agent.Act) error {
	_, _, err := api.UserAPI.ActivateUser(ctx, act.Target).SendEmail(true).Execute()
	return err
}

func reactivate(ctx context.Context, api *sdk.APIClient, act agent.Act) error {
	_, _, err := api.UserAPI.ReactivateUser(ctx, act.Target).SendEmail(true).Execute()
	return err
}

func suspend(ctx context.Context, api *sdk.APIClient, act agent.Act) error {
	_, err := api.UserAPI.SuspendUser(ctx, act.Target).Execute()
	return err
}

func deactivate(ctx context.Context, api *sdk.APIClient, act agent.Act) error {
	_, err := api.UserAPI.DeactivateUser(ctx, act.Target).Execute()
	return err
}

func resetPassword(ctx context.Context, api *sdk.APIClient, act agent.Act) error {
	_, _, err := api.UserAPI.GenerateResetPasswordToken(ctx, act.Target).SendEmail(true).Execute()
	return err
}

func tempPassword(ctx context.Context, api *sdk.APIClient, act agent.Act) error {
	_, _, err := api.UserAPI.ExpirePasswordAndGetTemporaryPassword(ctx, act.Target).Execute()
	return err
}

func resetFactors(ctx context.Context, api *sdk.APIClient, act agent.Act) error {
	_, err := api.UserAPI.ResetFactors(ctx, act.Target).Execute()
	return err
}

func clearSessions(ctx context.Context, api *sdk.APIClient, act agent.Act) error {
	_, err := api.UserAPI.RevokeUserSessions(ctx, act.Target).OauthTokens(true).Execute()
	return err
}

func unsuspend(ctx context.Context, api *sdk.APIClient, act agent.Act) error {
	_, err := api.UserAPI.UnsuspendUser(ctx, act.Target).Execute()
	return err
}

func unlock(ctx context.Context, api *sdk.APIClient, act agent.Act) error {
	_, err := api.UserAPI.UnlockUser(ctx, act.Target).Execute()
	return err
}

func addMember(ctx context.Context, api *sdk.APIClient, act agent.Act) error {
	_, err := api.GroupAPI.AssignUserToGroup(ctx, act.Object, act.Target).Execute()
	return err
}

func removeMember(ctx context.Context, api *sdk.APIClient, act agent.Act) error {
	_, err := api.GroupAPI.UnassignUserFromGroup(ctx, act.Object, act.Target).Execute()
	return err
}

func assignApp(ctx context.Context, api *sdk.APIClient, act agent.Act) error {
	who := sdk.AppUserAssignRequest{Id: act.Target}
	who.SetScope(assignedDirectly)
	_, _, err := api.ApplicationUsersAPI.AssignUserToApplication(ctx, act.Object).AppUser(who).Execute()
	return err
}

func unassignApp(ctx context.Context, api *sdk.APIClient, act agent.Act) error {
	_, err := api.ApplicationUsersAPI.UnassignUserFromApplication(ctx, act.Object, act.Target).Execute()
	return err
}
