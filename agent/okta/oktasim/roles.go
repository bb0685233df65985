package oktasim

import (
	"slices"
	"strings"
	"time"
)

// right is a permission, named as the custom-role catalogue names it. The two
// that no custom role can have carry names of our own.
type right string

const (
	seeUsers         right = "okta.users.read"
	manageUsers      right = "okta.users.manage"
	createUsers      right = "okta.users.create"
	editProfiles     right = "okta.users.userprofile.manage"
	activateUsers    right = "okta.users.lifecycle.activate"
	deactivateUsers  right = "okta.users.lifecycle.deactivate"
	deleteUsers      right = "okta.users.lifecycle.delete"
	suspendUsers     right = "okta.users.lifecycle.suspend"
	unsuspendUsers   right = "okta.users.lifecycle.unsuspend"
	unlockUsers      right = "okta.users.lifecycle.unlock"
	clearSessions    right = "okta.users.lifecycle.clearSessions"
	resetPasswords   right = "okta.users.credentials.resetPassword"  //nolint:gosec // a permission, no credential
	expirePasswords  right = "okta.users.credentials.expirePassword" //nolint:gosec // a permission, no credential
	resetFactors     right = "okta.users.credentials.resetFactors"
	changeMembership right = "okta.users.groupMembership.manage"
	assignUsers      right = "okta.users.appAssignment.manage"
	seeGroups        right = "okta.groups.read"
	manageGroups     right = "okta.groups.manage"
	manageMembers    right = "okta.groups.members.manage"
	assignGroups     right = "okta.groups.appAssignment.manage"
	seeApps          right = "okta.apps.read"
	manageApps       right = "okta.apps.manage"
	assignApps       right = "okta.apps.assignment.manage"
	seeRoles         right = "okta.iam.read"
	seeLogs          right = "logs"
	everything       right = "*"
)

// SuperAdmin and the others are the standard admin roles.
const (
	SuperAdmin           = "SUPER_ADMIN"
	OrgAdmin             = "ORG_ADMIN"
	UserAdmin            = "USER_ADMIN"
	HelpDeskAdmin        = "HELP_DESK_ADMIN"
	GroupMembershipAdmin = "GROUP_MEMBERSHIP_ADMIN"
	AppAdmin             = "APP_ADMIN"
	APIAccessAdmin       = "API_ACCESS_MANAGEMENT_ADMIN"
	ReadOnlyAdmin        = "READ_ONLY_ADMIN"
	ReportAdmin          = "REPORT_ADMIN"
	MobileAdmin          = "MOBILE_ADMIN"
	customRole           = "CUSTOM"
)

// standard is what each standard role may do, and its label.
func standard(kind string) (label string, rights []right) {
	switch kind {
	case SuperAdmin:
		return "Super Organization Administrator", []right{everything}
	case OrgAdmin:
		return "Organization Administrator", []right{manageUsers, manageGroups, seeApps, seeRoles, seeLogs}
	case UserAdmin:
		return "Group Administrator", []right{manageUsers, seeGroups, manageMembers}
	case HelpDeskAdmin:
		return "Help Desk Administrator", []right{
			seeUsers, seeGroups, unlockUsers, clearSessions, resetPasswords, expirePasswords, resetFactors,
		}
	case GroupMembershipAdmin:
		return "Group Membership Administrator", []right{seeUsers, seeGroups, manageMembers, changeMembership}
	case AppAdmin:
		return "Application Administrator", []right{seeUsers, seeGroups, manageApps, assignUsers, assignGroups}
	case ReadOnlyAdmin:
		return "Read Only Administrator", []right{seeUsers, seeGroups, seeApps, seeRoles, seeLogs}
	case ReportAdmin:
		return "Report Administrator", []right{seeUsers, seeGroups, seeApps, seeLogs}
	case APIAccessAdmin:
		return "API Access Management Administrator", []right{seeUsers, seeGroups, seeApps}
	case MobileAdmin:
		return "Mobile Administrator", []right{seeUsers, seeGroups}
	}
	return "", nil
}

// grants tells whether holding one right includes another: okta.users.manage
// includes everything under okta.users.
func (have right) grants(want right) bool {
	if have == everything || have == want {
		return true
	}
	family, manages := strings.CutSuffix(string(have), "manage")
	return manages && strings.HasPrefix(string(want), family)
}

// role is an admin role that somebody holds.
type role struct {
	id      string
	kind    string
	rights  []right // of a custom role
	created time.Time
}

func (r *role) label() string {
	if r.kind == customRole {
		return "Custom role"
	}
	label, _ := standard(r.kind)
	return label
}

func (r *role) may(want right) bool {
	rights := r.rights
	if r.kind != customRole {
		_, rights = standard(r.kind)
	}
	return slices.ContainsFunc(rights, func(have right) bool { return have.grants(want) })
}

// newRoles reads a list in which each entry is a standard role or a permission
// such as okta.users.lifecycle.suspend; the permissions make one custom role.
func (t *Tenant) newRoles(names []string) ([]*role, error) {
	var roles []*role
	custom := &role{kind: customRole, created: t.now()}
	for _, name := range names {
		label, _ := standard(name)
		switch {
		case label != "":
			roles = append(roles, &role{id: t.newID("ra1"), kind: name, created: t.now()})
		case strings.HasPrefix(name, "okta."):
			custom.rights = append(custom.rights, right(name))
		default:
			return nil, unknownRole(name)
		}
	}
	if custom.rights != nil {
		custom.id = t.newID("cr0")
		roles = append(roles, custom)
	}
	return roles, nil
}

func unknownRole(name string) error {
	return invalid("type", "The role specified is invalid: "+name)
}

// rolesOf lists the roles a user holds, by themselves and through groups.
func (t *Tenant) rolesOf(u *user) []*role {
	roles := slices.Clone(u.roles)
	for id := range u.groups {
		if g := t.groups[id]; g != nil {
			roles = append(roles, g.roles...)
		}
	}
	return roles
}

func holds(roles []*role, kinds ...string) bool {
	return slices.ContainsFunc(roles, func(r *role) bool { return slices.Contains(kinds, r.kind) })
}

func allowed(roles []*role, want right) bool {
	return slices.ContainsFunc(roles, func(r *role) bool { return r.may(want) })
}

// outranked refuses to let a lesser admin act on a greater one. A caller with
// custom roles only may act on no admin at all: its resource set leaves them out.
func (t *Tenant) outranked(c *call, target *user) error {
	theirs := t.rolesOf(target)
	ours := c.caller.roles(t)
	switch {
	case len(theirs) == 0 || holds(ours, SuperAdmin):
		return nil
	case holds(theirs, SuperAdmin):
		return forbidden()
	case holds(ours, OrgAdmin):
		return nil
	case holds(theirs, OrgAdmin):
		return forbidden()
	case !slices.ContainsFunc(ours, func(r *role) bool { return r.kind != customRole }):
		return forbidden()
	}
	return nil
}
