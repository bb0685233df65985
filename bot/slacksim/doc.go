// Package slacksim is a Slack workspace in the process, spoken to over real
// HTTP and WebSocket.
//
// It owns the people, channels, messages, modals and sockets of one workspace
// with one app installed, answers the Web API methods that a bot calls, and
// delivers slash commands, interactions and events over Socket Mode. Tests and
// demonstrations play the humans through [Workspace.As], or, from another
// process, through the JSON control surface under /sim/.
//
// It refuses what Slack refuses: wrong token kinds, missing scopes, Block Kit
// beyond its limits, stale view hashes, used trigger ids and response URLs. It
// knows nothing of the app it serves, keeps nothing on disk, and is meant for
// loopback only: the control surface has no authentication.
//
// # The control surface
//
// Another process plays the people with JSON over HTTP. Gestures are POSTs and
// answer with what came of them; "as" is an id, handle, email or name, and a
// channel of "" is the direct message with the app:
//
//	/sim/slash    {as, channel, text}            type a slash command
//	/sim/say      {as, channel, text, thread}    say something
//	/sim/press    {as, channel, ts | view, action}         press a button
//	/sim/select   {as, channel, ts | view, action, value}  choose from a menu
//	/sim/suggest  {as, channel, ts | view, action, query}  type into an external select
//	/sim/submit   {as, view, values}             fill in and submit a modal
//	/sim/close    {as, view, all}                close a modal, or the whole stack
//	/sim/home     {as, tab}                      open the app's page
//	/sim/shortcut {as, callback_id, channel, ts} use a shortcut
//
// What there is to see: GET /sim/messages?as=&channel= (channel=* for every
// ephemeral message), /sim/views?as=, /sim/calls?method=&since=, /sim/people,
// /sim/channels, /sim/problems; GET /sim/changes?since=N answers with the new
// {seq} once something changed. What can be changed: POST /sim/people,
// /sim/channels, /sim/events (any event object), /sim/double {on},
// /sim/disconnect {reason} (none cuts the sockets, "enable" ends link_disabled),
// /sim/faults (a [Fault] with durations in seconds; DELETE with ?id= or all).
//
// # Shape
//
// One mutex in [Workspace] guards all state. API handlers, gestures of people
// and acknowledgements change state while holding it and queue outgoing frames
// on the sockets, so what a client sees is in the order in which it happened.
// Every change wakes [Workspace.WaitFor]. Every goroutine is owned by the
// Workspace and waited for by [Workspace.Close].
package slacksim
