// Package okta does to Okta what agent.Directory, agent.Actor and agent.Prover
// promise, and is the only importer of Okta's SDK.
//
// The SDK builds requests and holds some of the models; nothing else of it is
// used. Every request goes through the transport of this package, which owns
//
//	credentials   an API token, or a service app's key: one token request however
//	              many callers wait for it, renewed before it ends and after a 401
//	the gate      nobody sends before Okta's rate limit allows it, on any replica
//	retries       of reads only, bounded; a write is put on the wire at most once
//	answers       the body, the status and the headers, for typed errors, complete
//	              lists and receipts: the SDK itself never sees an answer, because
//	              it hides errors, drops half a list and retries where it must not
//
// The package refuses to guess. A list is complete or an error. A state that Okta
// does not tell (who put somebody into a group, what became of a call without an
// answer) is looked up in another place or reported as unknown. Passwords, links
// and tokens are in no log and no error; a temporary password leaves in an
// agent.Secret.
package okta
