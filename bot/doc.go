// Package bot is the Slack edge. It turns envelopes into commands and decisions
// for the engine, and the engine's messages into Block Kit. It owns every word
// that Slack sends or is sent, and nothing else: it keeps no state beyond short
// caches, decides nothing, and refuses what it cannot read.
//
// Three rules hold everywhere. Commit, then acknowledge: an envelope that makes
// a request or a decision is acknowledged only after the engine has stored it.
// What people wrote reaches Slack as plain text, never as markup. A button
// carries an opaque id; who may press it is the engine's business.
package bot
