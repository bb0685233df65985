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
// It refuses to be a real identity provider: nobody signs in here, nothing is
// kept on disk, and the control surface under /sim/ asks for no credentials. Bind
// it to a loopback address only.
package oktasim
