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
// # Shape
//
// One mutex in [Workspace] guards all state. API handlers, gestures of people
// and acknowledgements change state while holding it and queue outgoing frames
// on the sockets, so what a client sees is in the order in which it happened.
// Every change wakes [Workspace.WaitFor]. Every goroutine is owned by the
// Workspace and waited for by [Workspace.Close].
package slacksim
