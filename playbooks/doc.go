// Package playbooks reads the files that IT writes and answers what they say: who
// may, who must agree, and what happens. It owns the language (strict YAML, typed
// CEL) and the library that ships; README.md is the language as it is read here.
//
// Parsing has two halves. The YAML half walks nodes, so that unknown keys,
// duplicate keys, aliases and second documents are reported all at once, each with
// its place in the file. The CEL half compiles every expression against this
// playbook's own inputs, so that a typo is found when the file loads and points
// into the YAML.
//
// It refuses to act: it knows no Okta, no Slack and no store. What an expression
// asks about the world is asked through World, lazily, and an answer that cannot
// be had is an error, never a guess: a guard then says no, anything else fails.
package playbooks
