// Package agent is the engine: the only place that decides what happens next.
//
// It owns the life of a request: who may ask, which playbook answers, who must
// agree, what is done in Okta, how often, and what everybody is told. It refuses
// to know Slack's blocks, Okta's SDK or SQL: those stand behind Desk, Directory,
// Actor, Prover and store.Store.
//
// # Overview
//
// A request has one run, and a run is one stored row. Advancing it is one loop:
// load the row, do the one thing its state calls for, save it by compare-and-swap,
// again, until it waits or ends. Steps never call steps. Whatever wakes a run (a
// click, a job, the sweep) does no more than that: it says "look again".
//
// # States of a run
//
//	                 gate, playbook, guards, floor
//	received ──────────────┬──────────────────────► refused
//	   │                   │ no                        ▲
//	   │ apology           │ yes                       │ denied
//	   ▼                   ▼         ask               │
//	cancelled ◄──────── acting ◄─────────────► waiting ┤
//	   ▲ withdrawn         │        answered           │
//	   └───────────────────┼───────────────────────────┤ nobody in time
//	                       │                           ▼
//	          ┌────────────┼────────────┐           expired
//	          ▼            ▼            ▼
//	        done        failed       unknown ──► done | failed
//	                                        settled by a person
//
// An ask goes open → approved | denied | expired | void | cancelled (approvals),
// or open → answered (proof of person; settlement). Void means: what was shown is
// no longer what would happen; the run asks anew.
//
// An effect is one Okta call:
//
//	          second look              answered 2xx
//	(none) ───────────────► intent ─────────────────► done
//	   │                    ▲    │ 4xx for good
//	   │ already so         │    ├─────────────────► failed
//	   ▼                    │    │ 429, 401, not sent: definitely not executed
//	  noop            again │    ▼
//	                        └─ retry ◄───────────────┐
//	                             ▲                   │ it did not happen
//	                             │                   │
//	                          intent without answer ─┼─► done     (it happened)
//	                          (5xx, timeout, crash)  └─► unknown  (nobody can tell)
//
// # Invariants
//
//   - Acked means durable: Submit and Decide commit before bot acknowledges. A
//     request whose acknowledgement failed is withdrawn before it begins.
//   - No Okta write without identity gate, guards, approval (or autonomy auto
//     within the floor), second look, and an intent row that was saved by the
//     worker who holds the newest version of the run.
//   - An intent without outcome is settled from Okta's own state and log, never
//     sent again. "It did not happen" is believed only when the call can no longer
//     be on its way: SettleAfter exceeds CallWithin, the deadline of a write.
//   - An approval is of a sealed plan. Its digest covers acts, ids, playbook
//     version, reason, approvers and quorum; whatever differs voids it.
//   - Authority is read at the moment that counts: at the click from the store
//     (binding, approvers, digest, state, in one transaction), and at the act live
//     from Okta and Slack.
//   - What people are told is stored with the change it tells of and sent until
//     Slack has taken it; a message whose answer never came is looked for by its
//     key before it is sent again.
//
// # Workers
//
// A subject ("run/…", "request/…") is claimed by one worker at a time, who renews the
// claim while at work; a dead worker's claim lapses in seconds. Claims are a courtesy: a worker that lost its claim fails at the next compare-and-swap. A
// worker that finds a subject claimed leaves; the one who holds it looks once more
// after letting go, so no wake-up is lost. The same process takes a short way to
// what it has just committed; the job stored in the same transaction, and the sweep
// over what is due, are the net below.
package agent
