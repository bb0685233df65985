// Package store says what Frontdesk keeps: the nouns, the interface that every
// engine offers, and the errors that callers test for.
//
// It owns the shape of what is durable and the hash chain over events. It
// refuses to know why anything is kept: whether a run may go on is the agent's
// business, and the JSON in Run.Data, Ask.Plan and Notice.Body is the agent's
// own.
//
// Engines live below: sqlite and postgres keep the durable rows and River's
// jobs (one SQL text, internal/rows), redis keeps the short-lived things. Every
// engine passes storetest.
package store
