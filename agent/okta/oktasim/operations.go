package oktasim

import "net/http"

// operations is the whole API: what can be called, with which scope, by whom.
func operations() []operation {
	const (
		get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
		users, person       = "/api/v1/users", "/api/v1/users/{user}"
		groups, group       = "/api/v1/groups", "/api/v1/groups/{group}"
		rules, oneRule      = "/api/v1/groups/rules", "/api/v1/groups/rules/{rule}"
		apps, oneApp        = "/api/v1/apps", "/api/v1/apps/{app}"
		clientRoles         = "/oauth2/v1/clients/{client}/roles"
		schemas             = "/api/v1/meta/schemas/user"
	)
	scopes := func(names ...string) []string { return names }
	rights := func(names ...right) []right { return names }
	usersRead, usersManage := scopes("okta.users.read"), scopes("okta.users.manage")
	groupsRead, groupsManage := scopes("okta.groups.read"), scopes("okta.groups.manage")
	appsRead, appsManage := scopes("okta.apps.read"), scopes("okta.apps.manage")
	rolesRead, rolesManage := scopes("okta.roles.read"), scopes("okta.roles.manage")
	linkedRead, linkedManage := scopes("okta.linkedObjects.read"), scopes("okta.linkedObjects.manage")
	grantsRead, grantsManage := scopes("okta.appGrants.read"), scopes("okta.appGrants.manage")
	member := rights(manageMembers, changeMembership)
	assign := rights(assignApps, assignUsers)
	cycle := func(name, path string, want right, act func(*Tenant, *call, *user) (reply, error)) operation {
		return operation{name, post, person + "/lifecycle/" + path, usersManage, rights(want), lifecycle(act)}
	}
	return []operation{
		{"token", post, tokenPath, nil, nil, (*Tenant).token},

		{"list_users", get, users, usersRead, rights(seeUsers), (*Tenant).listUsers},
		{"create_user", post, users, usersManage, rights(createUsers), (*Tenant).createUser},
		{"get_user", get, person, usersRead, rights(seeUsers), (*Tenant).getUser},
		{"update_user", post, person, usersManage, rights(editProfiles), (*Tenant).updateUser},
		{"replace_user", put, person, usersManage, rights(editProfiles), (*Tenant).replaceUser},
		{"delete_user", del, person, usersManage, rights(deleteUsers), (*Tenant).deleteUser},
		{"list_user_groups", get, person + "/groups", usersRead, rights(seeUsers, seeGroups), (*Tenant).userGroups},
		{"list_app_links", get, person + "/appLinks", usersRead, rights(seeUsers), (*Tenant).appLinks},
		{"list_blocks", get, person + "/blocks", usersRead, rights(seeUsers), (*Tenant).blocks},
		{
			"clear_sessions", del, person + "/sessions", scopes("okta.users.manage", "okta.sessions.manage"), rights(clearSessions),
			lifecycle((*Tenant).clearUserSessions),
		},
		{"forgot_password", post, person + "/credentials/forgot_password", usersManage, rights(resetPasswords), (*Tenant).forgotPassword},
		{"change_password", post, person + "/credentials/change_password", usersManage, rights(manageUsers), (*Tenant).changePassword},
		{
			"change_recovery_question", post, person + "/credentials/change_recovery_question", usersManage, rights(manageUsers),
			(*Tenant).changeQuestion,
		},

		cycle("activate_user", "activate", activateUsers, (*Tenant).activate),
		cycle("reactivate_user", "reactivate", activateUsers, (*Tenant).reactivate),
		cycle("deactivate_user", "deactivate", deactivateUsers, (*Tenant).deactivate),
		cycle("suspend_user", "suspend", suspendUsers, (*Tenant).suspend),
		cycle("unsuspend_user", "unsuspend", unsuspendUsers, (*Tenant).unsuspend),
		cycle("unlock_user", "unlock", unlockUsers, (*Tenant).unlock),
		cycle("reset_password", "reset_password", resetPasswords, (*Tenant).resetPassword),
		cycle("expire_password", "expire_password", expirePasswords, (*Tenant).expirePassword),
		cycle("temporary_password", "expire_password_with_temp_password", expirePasswords, (*Tenant).temporaryPassword),
		cycle("reset_factors", "reset_factors", resetFactors, (*Tenant).resetFactors),

		{"list_factors", get, person + "/factors", usersRead, rights(seeUsers), (*Tenant).listFactors},
		{"get_factor", get, person + "/factors/{factor}", usersRead, rights(seeUsers), (*Tenant).getFactor},
		{"delete_factor", del, person + "/factors/{factor}", usersManage, rights(resetFactors), (*Tenant).deleteFactor},
		{"verify_factor", post, person + "/factors/{factor}/verify", usersManage, rights(seeUsers), (*Tenant).verifyFactor},
		{"poll_push", get, person + "/factors/{factor}/transactions/{transaction}", usersRead, rights(seeUsers), (*Tenant).pollPush},
		{"cancel_push", del, person + "/factors/{factor}/transactions/{transaction}", usersManage, rights(seeUsers), (*Tenant).cancelPush},

		{"list_linked_users", get, person + "/linkedObjects/{name}", usersRead, rights(seeUsers), (*Tenant).linkedUsers},
		{"link_user", put, person + "/linkedObjects/{name}/{primary}", usersManage, rights(editProfiles), (*Tenant).linkUser},
		{"unlink_user", del, person + "/linkedObjects/{name}", usersManage, rights(editProfiles), (*Tenant).unlinkUser},

		{"list_user_roles", get, person + "/roles", rolesRead, rights(seeRoles), (*Tenant).userRoles},
		{"assign_user_role", post, person + "/roles", rolesManage, rights(everything), (*Tenant).assignUserRole},
		{"unassign_user_role", del, person + "/roles/{role}", rolesManage, rights(everything), (*Tenant).unassignUserRole},
		{"list_group_roles", get, group + "/roles", rolesRead, rights(seeRoles), (*Tenant).groupRoles},
		{"assign_group_role", post, group + "/roles", rolesManage, rights(everything), (*Tenant).assignGroupRole},
		{"unassign_group_role", del, group + "/roles/{role}", rolesManage, rights(everything), (*Tenant).unassignGroupRole},
		{"list_admins", get, "/api/v1/iam/assignees/users", rolesRead, rights(seeRoles), (*Tenant).admins},

		{"list_groups", get, groups, groupsRead, rights(seeGroups), (*Tenant).listGroups},
		{"create_group", post, groups, groupsManage, rights(manageGroups), (*Tenant).createGroup},
		{"get_group", get, group, groupsRead, rights(seeGroups), (*Tenant).getGroup},
		{"replace_group", put, group, groupsManage, rights(manageGroups), (*Tenant).replaceGroup},
		{"delete_group", del, group, groupsManage, rights(manageGroups), (*Tenant).deleteGroup},
		{"list_members", get, group + "/users", groupsRead, rights(seeGroups), (*Tenant).listMembers},
		{"add_to_group", put, group + "/users/{user}", groupsManage, member, (*Tenant).addMember},
		{"remove_from_group", del, group + "/users/{user}", groupsManage, member, (*Tenant).removeMember},
		{"list_group_apps", get, group + "/apps", groupsRead, rights(seeGroups), (*Tenant).groupApps},
		{"list_owners", get, group + "/owners", groupsRead, rights(seeGroups), (*Tenant).listOwners},
		{"add_owner", post, group + "/owners", groupsManage, rights(manageGroups), (*Tenant).addOwner},
		{"remove_owner", del, group + "/owners/{owner}", groupsManage, rights(manageGroups), (*Tenant).removeOwner},

		{"list_rules", get, rules, groupsRead, rights(seeGroups), (*Tenant).listRules},
		{"create_rule", post, rules, groupsManage, rights(manageGroups), (*Tenant).createRule},
		{"get_rule", get, oneRule, groupsRead, rights(seeGroups), (*Tenant).getRule},
		{"replace_rule", put, oneRule, groupsManage, rights(manageGroups), (*Tenant).replaceRule},
		{"delete_rule", del, oneRule, groupsManage, rights(manageGroups), (*Tenant).deleteRule},
		{"activate_rule", post, oneRule + "/lifecycle/activate", groupsManage, rights(manageGroups), (*Tenant).activateRule},
		{"deactivate_rule", post, oneRule + "/lifecycle/deactivate", groupsManage, rights(manageGroups), (*Tenant).deactivateRule},

		{"list_apps", get, apps, appsRead, rights(seeApps), (*Tenant).listApps},
		{"create_app", post, apps, appsManage, rights(manageApps), (*Tenant).createApp},
		{"get_app", get, oneApp, appsRead, rights(seeApps), (*Tenant).getApp},
		{"delete_app", del, oneApp, appsManage, rights(manageApps), (*Tenant).deleteApp},
		{"activate_app", post, oneApp + "/lifecycle/activate", appsManage, rights(manageApps), turnApp("ACTIVE")},
		{"deactivate_app", post, oneApp + "/lifecycle/deactivate", appsManage, rights(manageApps), turnApp("INACTIVE")},
		{"list_app_users", get, oneApp + "/users", appsRead, rights(seeApps), (*Tenant).listAppUsers},
		{"assign_app", post, oneApp + "/users", appsManage, assign, (*Tenant).assignApp},
		{"get_app_user", get, oneApp + "/users/{user}", appsRead, rights(seeApps), (*Tenant).getAppUser},
		{"update_app_user", post, oneApp + "/users/{user}", appsManage, assign, (*Tenant).updateAppUser},
		{"unassign_app", del, oneApp + "/users/{user}", appsManage, assign, (*Tenant).unassignApp},
		{"list_app_groups", get, oneApp + "/groups", appsRead, rights(seeApps), (*Tenant).listAppGroups},
		{"get_app_group", get, oneApp + "/groups/{group}", appsRead, rights(seeApps), (*Tenant).getAppGroup},
		{"assign_app_group", put, oneApp + "/groups/{group}", appsManage, rights(assignApps, assignGroups), (*Tenant).assignAppGroup},
		{"unassign_app_group", del, oneApp + "/groups/{group}", appsManage, rights(assignApps, assignGroups), (*Tenant).unassignAppGroup},
		{"list_grants", get, oneApp + "/grants", grantsRead, rights(seeApps), (*Tenant).listGrants},
		{"add_grant", post, oneApp + "/grants", grantsManage, rights(everything), (*Tenant).addGrant},
		{"remove_grant", del, oneApp + "/grants/{grant}", grantsManage, rights(everything), (*Tenant).removeGrant},
		{"list_client_roles", get, clientRoles, rolesRead, rights(seeRoles), (*Tenant).listClientRoles},
		{"assign_client_role", post, clientRoles, rolesManage, rights(everything), (*Tenant).assignClientRole},
		{"unassign_client_role", del, clientRoles + "/{role}", rolesManage, rights(everything), (*Tenant).unassignClientRole},

		{"get_app_schema", get, "/api/v1/meta/schemas/apps/{app}/default", scopes("okta.schemas.read"), nil, (*Tenant).appSchema},
		{"list_relations", get, schemas + "/linkedObjects", linkedRead, nil, (*Tenant).listRelations},
		{"create_relation", post, schemas + "/linkedObjects", linkedManage, rights(everything), (*Tenant).createRelation},
		{"get_relation", get, schemas + "/linkedObjects/{name}", linkedRead, nil, (*Tenant).getRelation},
		{"get_user_schema", get, schemas + "/{schema}", scopes("okta.schemas.read"), nil, (*Tenant).userSchema},
		{"list_user_types", get, "/api/v1/meta/types/user", scopes("okta.userTypes.read"), nil, (*Tenant).userTypes},
		{"get_user_type", get, "/api/v1/meta/types/user/{type}", scopes("okta.userTypes.read"), nil, (*Tenant).userType},

		{"list_logs", get, "/api/v1/logs", scopes("okta.logs.read"), rights(seeLogs), (*Tenant).logs},
	}
}
