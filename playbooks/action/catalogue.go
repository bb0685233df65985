package action

import "slices"

// Kind names one of the eleven actions. Its text is what is stored.
type Kind string

// The eleven actions.
const (
	ActivateUser       Kind = "activate_user"
	SuspendUser        Kind = "suspend_user"
	DeprovisionUser    Kind = "deprovision_user"
	ResetPassword      Kind = "reset_password"
	ResetMultifactor   Kind = "reset_multifactor"
	RevokeSessions     Kind = "revoke_sessions"
	RestoreSessions    Kind = "restore_sessions"
	AddToGroup         Kind = "add_to_group"
	RemoveFromGroup    Kind = "remove_from_group"
	AddApplications    Kind = "add_applications"
	RemoveApplications Kind = "remove_applications"
)

// Object is what an action needs beside a person.
type Object string

// What an action takes.
const (
	NoObject     Object = ""
	Groups       Object = "groups"
	Applications Object = "applications"
)

// Risk is how much harm an action does in the wrong hands.
type Risk int

// The risks, in growing order.
const (
	Low Risk = iota + 1
	Medium
	High
	Critical
)

// String returns the risk as people read it.
func (r Risk) String() string {
	switch r {
	case Low:
		return "low"
	case Medium:
		return "medium"
	case High:
		return "high"
	case Critical:
		return "critical"
	default:
		return "unknown"
	}
}

// Spec is everything that is fixed about an action.
type Spec struct {
	Kind   Kind
	Phrase string // canonical, as typed after /okta
	Title  string // for a button or a heading
	About  string // one sentence for people
	Takes  Object
	// Self tells that the action makes sense for oneself: typed without a
	// person, it is about whoever typed it. The others must name somebody.
	Self bool
	// Ends tells that it may be given for a time: it takes "for" and "until".
	Ends bool
	// Temp tells that it may be done "with a temporary password".
	Temp bool
	Risk Risk
	// Inverse takes the action back, as far as Undo says; empty if nothing does.
	Inverse Kind
	Undo    string // what can and what cannot be undone
	// Scopes are the OAuth scopes that a service app needs to do and to check it.
	Scopes []string
	// Role is the standard Okta admin role with the fewest rights that suffices.
	Role string
	// Permissions are what a custom admin role needs instead of Role.
	Permissions []string
	Example     string // a whole command, as typed
}

// Catalogue returns the eleven actions in the order in which people see them.
// The caller may keep and change what it gets.
func Catalogue() []Spec {
	return []Spec{
		resetPassword(), resetMultifactor(), revokeSessions(), restoreSessions(),
		addToGroup(), removeFromGroup(), addApplications(), removeApplications(),
		activateUser(), suspendUser(), deprovisionUser(),
	}
}

// Of returns one action of the catalogue, and false for an unknown kind.
func Of(kind Kind) (Spec, bool) {
	all := Catalogue()
	i := slices.IndexFunc(all, func(s Spec) bool { return s.Kind == kind })
	if i < 0 {
		return Spec{}, false
	}
	return all[i], true
}

const (
	usersRead   = "okta.users.read"
	usersManage = "okta.users.manage"
)

func resetPassword() Spec {
	return Spec{
		Kind: ResetPassword, Phrase: "reset password", Title: "Reset password",
		About: "Okta emails a link to choose a new password, or gives out a temporary one.",
		Self:  true, Temp: true, Risk: High,
		Undo:   "A reset cannot be taken back: the old password is gone, and the person chooses a new one.",
		Scopes: []string{usersManage, usersRead}, Role: "HELP_DESK_ADMIN",
		Permissions: []string{usersRead, "okta.users.credentials.resetPassword", "okta.users.credentials.expirePassword"},
		Example:     "/okta reset password",
	}
}

func resetMultifactor() Spec {
	return Spec{
		Kind: ResetMultifactor, Phrase: "reset multi-factor", Title: "Reset multi-factor",
		About: "Clears every enrolled factor, so that the person enrols again at the next sign-in.",
		Self:  true, Risk: High,
		Undo:   "A reset cannot be taken back: the person enrols every factor again.",
		Scopes: []string{usersManage, usersRead}, Role: "HELP_DESK_ADMIN",
		Permissions: []string{usersRead, "okta.users.credentials.resetFactors"},
		Example:     "/okta reset multi-factor ada@acme.example because lost my phone",
	}
}

func revokeSessions() Spec {
	return Spec{
		Kind: RevokeSessions, Phrase: "revoke sessions", Title: "Revoke sessions",
		About: "Signs the person out of Okta everywhere, revokes OAuth tokens and forgets devices.",
		Self:  true, Risk: Low,
		Undo:   "A revoked session cannot be brought back: the person signs in again.",
		Scopes: []string{usersManage, usersRead}, Role: "HELP_DESK_ADMIN",
		Permissions: []string{usersRead, "okta.users.lifecycle.clearSessions"},
		Example:     "/okta revoke sessions",
	}
}

func restoreSessions() Spec {
	return Spec{
		Kind: RestoreSessions, Phrase: "restore sessions", Title: "Restore sessions",
		About: "Lets the person sign in again: ends a suspension or a lock. Ended sessions do not come back.",
		Self:  true, Risk: High,
		Undo:   "A suspension that was lifted can be set again with “suspend user”. A lock that was opened cannot be put back.",
		Scopes: []string{usersManage, usersRead}, Role: "USER_ADMIN",
		Permissions: []string{usersRead, "okta.users.lifecycle.unsuspend", "okta.users.lifecycle.unlock"},
		Example:     "/okta restore sessions ada@acme.example",
	}
}

func addToGroup() Spec {
	return Spec{
		Kind: AddToGroup, Phrase: "add to group", Title: "Add to group",
		About: "Adds the person to one or more Okta groups, for good or for a time.",
		Takes: Groups, Self: true, Ends: true, Risk: Medium, Inverse: RemoveFromGroup,
		Undo:   "Can be undone by removing the person from the group. What they saw or did meanwhile stays.",
		Scopes: []string{"okta.groups.manage", "okta.groups.read", usersRead}, Role: "GROUP_MEMBERSHIP_ADMIN",
		Permissions: groupPermissions(),
		Example:     `/okta add to group "Figma Editors" ada@acme.example because new project`,
	}
}

func removeFromGroup() Spec {
	return Spec{
		Kind: RemoveFromGroup, Phrase: "remove from group", Title: "Remove from group",
		About: "Removes the person from one or more Okta groups.",
		Takes: Groups, Self: true, Risk: Medium, Inverse: AddToGroup,
		Undo: "Can be undone by adding the person to the group again. If a group rule had put them there, Okta has " +
			"excluded them from that rule, and an administrator has to lift that. What an app deleted meanwhile may be lost.",
		Scopes: []string{"okta.groups.manage", "okta.groups.read", usersRead}, Role: "GROUP_MEMBERSHIP_ADMIN",
		Permissions: groupPermissions(),
		Example:     "/okta remove from group Sales ada@acme.example",
	}
}

func addApplications() Spec {
	return Spec{
		Kind: AddApplications, Phrase: "add applications", Title: "Add applications",
		About: "Assigns one or more applications to the person, for good or for a time.",
		Takes: Applications, Self: true, Ends: true, Risk: Medium, Inverse: RemoveApplications,
		Undo:   "Can be undone by removing the application. What they saw or did meanwhile stays.",
		Scopes: []string{"okta.apps.manage", "okta.apps.read", usersRead}, Role: "APP_ADMIN",
		Permissions: appPermissions(),
		Example:     "/okta add applications Figma, GitHub because new project",
	}
}

func removeApplications() Spec {
	return Spec{
		Kind: RemoveApplications, Phrase: "remove applications", Title: "Remove applications",
		About: "Takes one or more applications away from the person.",
		Takes: Applications, Self: true, Risk: Medium, Inverse: AddApplications,
		Undo:   "The application can be added again, but the person's profile in it is lost, and what the app itself deleted stays deleted.",
		Scopes: []string{"okta.apps.manage", "okta.apps.read", usersRead}, Role: "APP_ADMIN",
		Permissions: appPermissions(),
		Example:     "/okta remove applications Figma ada@acme.example",
	}
}

func activateUser() Spec {
	return Spec{
		Kind: ActivateUser, Phrase: "activate user", Title: "Activate user",
		About:  "Makes a staged or deprovisioned person active; Okta emails them how to begin.",
		Risk:   Medium,
		Undo:   "An activation cannot be taken back. The person can be suspended or deprovisioned instead.",
		Scopes: []string{usersManage, usersRead}, Role: "USER_ADMIN",
		Permissions: []string{usersRead, "okta.users.lifecycle.activate"},
		Example:     "/okta activate user ada@acme.example",
	}
}

func suspendUser() Spec {
	return Spec{
		Kind: SuspendUser, Phrase: "suspend user", Title: "Suspend user",
		About: "Stops the person from signing in. Groups and applications stay.",
		Risk:  High, Inverse: RestoreSessions,
		Undo:   "Can be undone with “restore sessions”. Sessions that ended do not come back.",
		Scopes: []string{usersManage, usersRead}, Role: "USER_ADMIN",
		Permissions: []string{usersRead, "okta.users.lifecycle.suspend"},
		Example:     "/okta suspend user ada@acme.example",
	}
}

func deprovisionUser() Spec {
	return Spec{
		Kind: DeprovisionUser, Phrase: "deprovision user", Title: "Deprovision user",
		About: "Deactivates the person and takes every application away.",
		Risk:  Critical, Inverse: ActivateUser,
		Undo: "The person can be activated again, but directly assigned applications and the profiles in them do not come back, " +
			"and what the apps deleted stays deleted.",
		Scopes: []string{usersManage, usersRead}, Role: "USER_ADMIN",
		Permissions: []string{usersRead, "okta.users.lifecycle.deactivate"},
		Example:     "/okta deprovision user ada@acme.example because last day was yesterday",
	}
}

func groupPermissions() []string {
	return []string{usersRead, "okta.groups.read", "okta.groups.members.manage", "okta.users.groupMembership.manage"}
}

func appPermissions() []string {
	return []string{usersRead, "okta.apps.read", "okta.apps.assignment.manage", "okta.users.appAssignment.manage"}
}
