// Package oktasim is an Okta tenant in the process: the Management API, the
// token endpoint and the System Log over real HTTP, for tests, for the demo and
// for `frontdesk sim okta`.
//
// It owns the state of one pretended organisation and answers as Okta answers:
// the same status codes, error codes and sentences, the same headers, the same
// refusals. It is written from documented and recorded behaviour, not from any
// one client, and imports nothing of the project it serves. Where Okta's
// behaviour is not known for certain, Quirks says what was chosen and lets a
// test choose otherwise.
//
// A tenant knows three kinds of callers: API tokens (SSWS), which act with the
// admin roles of the person who made them; OAuth service apps, which trade a
// signed assertion for a bearer token and need both a scope and an admin role;
// and nobody. Every call that would change something is written into a ledger
// that says whether it did. Faults can be ordered for any operation: refusals by
// rate, errors and cut connections before or after the effect, latency, hangs.
//
//	tenant := oktasim.New(oktasim.Config{})
//	company, err := tenant.LoadAcme()
//	server, err := tenant.Start()
//	defer server.Close()
//
// Another process steers a tenant over HTTP, in JSON, under /sim/:
//
//	GET    /sim/operations                  every operation with its path and scopes
//	GET    /sim/state                       people, groups, apps, rules, waiting pushes
//	GET    /sim/ledger?since=&kind=&effects=true&wait=5s
//	GET    /sim/logs?kind=                  the System Log, late events included
//	POST   /sim/logs                        {"delayMs":…,"jitterMs":…}
//	GET    /sim/faults                      those that are ordered
//	POST   /sim/faults                      {"kind":"500_after","operation":"suspend_user","count":1,…}
//	DELETE /sim/faults[/{id}]
//	GET    /sim/push                        the pushes that wait
//	POST   /sim/push                        {"user":"ada","approve":true,"number":…}
//	GET    /sim/totp?user=                  the code on somebody's phone
//	GET    /sim/code?user=&kind=sms         the code that was sent to them
//	GET    /sim/users/{id or login}
//	POST   /sim/users, /sim/groups, /sim/apps, /sim/rules, /sim/generate
//	POST   /sim/users/{user}/status         {"status":"LOCKED_OUT"}
//	POST   /sim/users/{user}/factors        {"kind":"push"}
//	POST   /sim/roles                       {"holder":…,"roles":["SUPER_ADMIN"]}
//	POST   /sim/tokens, DELETE /sim/tokens  {"token":…,"owner":…}
//	POST   /sim/clients                     {"id":…,"jwks":{"keys":[…]},"scopes":[…],"roles":[…],"dpop":false}
//	DELETE /sim/bearers                     every access token becomes worthless
//
// The bodies are those of the Go types User, Group, App, Rule, Factor, Crowd and
// Fault. A fault's latency is given as latencyMs.
//
// It refuses to be a real identity provider: nobody signs in here, nothing is
// kept on disk, and the control surface under /sim/ asks for no credentials. Bind
// it to a loopback address only.
package oktasim
