package okta

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	sdk "github.com/okta/okta-sdk-golang/v5/okta"

	"frontdesk/agent"
	"frontdesk/playbooks/action"
)

// lookGroup: only groups of Okta's own kind can be changed, and out of them only
// those whom no rule puts in.
func (c *Client) lookGroup(ctx context.Context, act agent.Act, s subject, sight *agent.Sight) error {
	full, err := c.group(ctx, act.Object)
	if isNotFound(err) {
		sight.Refusal = problem("gone", "This group is no longer in Okta.")
		return nil
	}
	if err != nil {
		return err
	}
	g := asGroup(full)
	sight.Facts[factGroupType] = g.Type
	groups, err := c.GroupsOf(ctx, s.ID)
	if err != nil {
		return err
	}
	member := slices.ContainsFunc(groups, func(have agent.Group) bool { return have.ID == g.ID })
	sight.Facts[factMember] = yesNo(member)
	adding := act.Kind == action.AddToGroup
	switch {
	case adding && member:
		sight.Noop = fmt.Sprintf("%s is in “%s” already.", s.Name(), g.Name)
	case !adding && !member:
		sight.Noop = fmt.Sprintf("%s is not in “%s”.", s.Name(), g.Name)
	case g.Type == agent.GroupBuiltIn:
		sight.Refusal = problem("built_in_group", "“%s” is Okta's own group: it holds everybody, and nobody can be added or taken out. "+
			"Choose another group.", g.Name)
	case g.Type == agent.GroupApp:
		sight.Refusal = problem("app_group", "“%s” is filled by %s: change it there.", g.Name, c.fillerOf(ctx, full))
	case adding && s.Status == deprovisioned:
		sight.Refusal = wrongStatus(s, "use /okta activate user first.")
	case adding:
		sight.Call = callAddMember
		return c.refuseAdmins(ctx, g, sight)
	default:
		sight.Call = callRemoveMember
		return c.lookRules(ctx, s, g, groups, sight)
	}
	return nil
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// fillerOf names the application or directory that an app group comes from.
func (c *Client) fillerOf(ctx context.Context, g sdk.Group) string {
	if links := g.Links; links != nil && links.Source != nil {
		if a, err := c.App(ctx, lastOf(links.Source.Href)); err == nil {
			return "the application " + a.Label
		}
	}
	if slices.Contains(g.ObjectClass, "okta:windows_security_principal") {
		return "Active Directory"
	}
	return "an application or a directory outside Okta"
}

// refuseAdmins refuses to make somebody an Okta admin, where that can be seen.
func (c *Client) refuseAdmins(ctx context.Context, g agent.Group, sight *agent.Sight) error {
	if !c.auth.has(scopeRoles) {
		return nil
	}
	roles, err := c.groupRoles(ctx, g.ID)
	switch {
	case isDenied(err) || isNotFound(err):
		return nil // not for us to see; Okta lets only super admins add to such a group
	case err != nil:
		return err
	case len(roles) > 0:
		sight.Call = ""
		sight.Refusal = problem("admin_group", "“%s” makes its members Okta admins (%s), and I never make one. "+
			"A super admin must do it in Okta's own console.", g.Name, strings.Join(roles, ", "))
	}
	return nil
}

// lookApp: what is assigned directly can be taken away; what a group grants is
// taken away by leaving that group.
func (c *Client) lookApp(ctx context.Context, act agent.Act, s subject, sight *agent.Sight) error {
	app, err := c.App(ctx, act.Object)
	if isNotFound(err) || err == nil && app.Status == "DELETED" {
		sight.Refusal = problem("gone", "This application is no longer in Okta.")
		return nil
	}
	if err != nil {
		return err
	}
	sight.Facts[factAppStatus] = app.Status
	scope, err := c.assignment(ctx, app.ID, s.ID)
	if err != nil {
		return err
	}
	sight.Facts[factAssignment] = scope
	adding := act.Kind == action.AddApplications
	switch {
	case adding && scope == assignedDirectly:
		sight.Noop = fmt.Sprintf("%s has %s already.", s.Name(), app.Label)
	case !adding && scope == notAssigned:
		sight.Noop = fmt.Sprintf("%s does not have %s.", s.Name(), app.Label)
	case adding && scope == assignedByGroup:
		granting, err := c.granting(ctx, app.ID, s.ID)
		if err != nil {
			return err
		}
		sight.Noop = fmt.Sprintf("%s has %s already, by %s.", s.Name(), app.Label, named(granting))
	case scope == assignedByGroup:
		granting, err := c.granting(ctx, app.ID, s.ID)
		if err != nil {
			return err
		}
		sight.Refusal = inherited(s, app, granting)
	case app.Status != active:
		sight.Refusal = problem("inactive_app", "%s is switched off in Okta, so nobody can be added to it or taken out. "+
			"Switch it on in Okta first.", app.Label)
	case adding:
		lookAssign(s, sight)
	default:
		sight.Call = callUnassignApp
		granting, err := c.granting(ctx, app.ID, s.ID)
		if err != nil {
			return err
		}
		if len(granting) > 0 {
			sight.Warnings = append(sight.Warnings, fmt.Sprintf("%s also has %s by %s, and keeps that.", s.Name(), app.Label, named(granting)))
		}
	}
	return nil
}

func lookAssign(s subject, sight *agent.Sight) {
	switch s.Status {
	case deprovisioned:
		sight.Refusal = wrongStatus(s, "Okta gives applications to nobody who cannot come in. Use /okta activate user first.")
	case suspended:
		sight.Refusal = wrongStatus(s, "Okta gives applications to nobody who cannot come in. Use /okta restore sessions first.")
	default:
		sight.Call = callAssignApp
	}
}

// Who assigned an application, in Okta's words; notAssigned is ours.
const (
	assignedDirectly = "USER"
	assignedByGroup  = "GROUP"
	notAssigned      = "none"
)

// assignment tells how a person has an application.
func (c *Client) assignment(ctx context.Context, appID, userID string) (string, error) {
	u, err := one[sdk.AppUser](ctx, c, "read assignment of "+appID+" to "+userID, func(ctx context.Context) error {
		_, _, err := c.api.ApplicationUsersAPI.GetApplicationUser(ctx, appID, userID).Execute()
		return err
	})
	switch {
	case isNotFound(err):
		return notAssigned, nil
	case err != nil:
		return "", err
	case u.GetScope() == "":
		return "", &agent.OktaError{Op: "read assignment", Status: http.StatusOK, Summary: "the assignment has no scope"}
	}
	return u.GetScope(), nil
}

// granting lists the groups of a person that grant an application.
func (c *Client) granting(ctx context.Context, appID, userID string) ([]agent.Group, error) {
	assigned, err := all[sdk.ApplicationGroupAssignment](ctx, c, "list groups of application "+appID, func(ctx context.Context) error {
		_, _, err := c.api.ApplicationGroupsAPI.ListApplicationGroupAssignments(ctx, appID).Limit(pageSize).Execute()
		return err
	})
	if err != nil || len(assigned) == 0 {
		return nil, err
	}
	groups, err := c.GroupsOf(ctx, userID)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(groups, func(g agent.Group) bool {
		return !slices.ContainsFunc(assigned, func(a sdk.ApplicationGroupAssignment) bool { return a.GetId() == g.ID })
	}), nil
}

// named lists groups in a sentence.
func named(groups []agent.Group) string {
	names := make([]string, 0, len(groups))
	for _, g := range groups {
		names = append(names, "“"+g.Name+"”")
	}
	switch len(names) {
	case 0:
		return "a group"
	case 1:
		return "the group " + names[0]
	}
	return "the groups " + strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// inherited refuses to take away what a group gives, and names the way out.
func inherited(s subject, app agent.App, granting []agent.Group) *agent.Problem {
	var commands, fixed []string
	for _, g := range granting {
		if g.Type == agent.GroupOkta {
			commands = append(commands, `/okta remove from group "`+g.Name+`"`)
		} else {
			fixed = append(fixed, "“"+g.Name+"”")
		}
	}
	out := "Take them out of that group in Okta."
	switch {
	case len(commands) > 0 && len(fixed) == 0:
		out = "Use " + strings.Join(commands, " and ") + "."
	case len(fixed) > 0:
		out = fmt.Sprintf("Nobody can be taken out of %s by hand: in Okta, change which groups %s is assigned to.", strings.Join(fixed, ", "), app.Label)
	}
	return problem("inherited_app", "%s has %s by %s, so it cannot be taken away from them alone. %s", s.Name(), app.Label, named(granting), out)
}
