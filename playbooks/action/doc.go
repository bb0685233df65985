// Package action owns the eleven actions and the /okta grammar: the part of
// the language that people type, in Slack and as steps of a playbook. It knows
// what an action is called, takes, risks and needs, and turns a text into a
// Command and back. It looks nobody up, decides nothing, reads no clock, and
// never acts on a guess: what it does not understand it says, in words that can
// be shown.
//
// # The grammar
//
// Case, the kind of quotes, dashes and the amount of space do not matter.
// Commands begin with /okta in a playbook; in Slack that is gone already.
//
//	command   = [ action | desk ] .                       (nothing: the menu)
//	desk      = "help" [ words ] | "requests" | "verify"
//	          | ( "status" | "timeline" ) [ request ]
//	          | "cancel" [ request ] [ reason ] .
//	request   = "R-12" | "r12" | "#12" | "12" .
//
//	action    = phrase { names | person | clause } .      (in any order)
//	phrase    = "reset password" | "reset multi-factor"
//	          | "revoke sessions" | "restore sessions"
//	          | "add to group" | "remove from group"
//	          | "add applications" | "remove applications"
//	          | "activate user" | "suspend user" | "deprovision user"
//	          | … .                                       (and variants of each)
//	names     = name { "," name } .                       (of groups or applications)
//	name      = word { word } | `"` text `"` | "'" text "'" | hole .
//	person    = [ "for" | "to" | "from" | "of" | "on" ] [ "user" ] who .
//	who       = mention | email | "@" email | handle | "me" | hole .
//	mention   = "<@U012ABC>" | "<@U012ABC|ada>" .
//	handle    = "@ada" | `@"Ada Lovelace"` .              (asked back, never resolved)
//	clause    = "for" ( duration | hole )
//	          | "until" ( date | hole )
//	          | "with" [ "a" ] "temporary password"
//	          | reason .                                  (the last one)
//	duration  = number unit { [ "and" ] number unit } .   (90m, 8h, 2 days, 1 week)
//	date      = "2026-12-01" [ "18:00" ] .                (alone: to the end of that day)
//	reason    = "because" text .
//	hole      = "${" CEL "}" .                            (in playbooks only)
//
// A person may stand within the phrase: "add @ada to group Sales", "reset @ada's
// password". Groups and applications may be told apart at the end: "add @ada to
// the Sales group". Somebody who is not named is whoever typed the command.
//
// A name without quotes may hold anything but a comma, words that mean
// something else ("for", "until", "because") and somebody's @name or email.
// Within quotes everything is the name; \" is a quotation mark.
//
// What may be said depends on the action: groups and applications are given for
// a time, a password is reset with a temporary password. What does not fit is
// an error, never ignored.
//
// Examples:
//
//	reset mfa
//	reset password for ada@acme.example with a temporary password
//	add to group "Figma Editors", Sales for @ada for 8h because of the launch
//	remove ada@acme.example from group Sales
//	add applications Figma, GitHub until 2026-12-01
//	/okta add to group ${group} ${person} for ${duration}
//
// # What Slack does to a text
//
// Slack writes mentions as <@U012ABC|ada>, addresses as <mailto:a@b|a@b>, and
// makes links of names such as monday.com; & < > arrive as entities. All of
// that is undone, so that a name reads as it was typed. Only a mention that
// Slack itself wrote is taken for one. Control characters are refused; the
// invisible ones that could hide or turn around what a text says are dropped.
package action
