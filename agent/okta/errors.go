package okta

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"frontdesk/agent"
)

// The error codes that this package tells apart.
// Source: Okta, "Error codes".
const (
	codeInvalid       = "E0000001"
	codeForbidden     = "E0000006"
	codeNotFound      = "E0000007"
	codeNoPath        = "E0000008"
	codeBadToken      = "E0000011"
	codeAlreadyActive = "E0000016"
	codeResetRefused  = "E0000017"
	codeUnlockRefused = "E0000032"
	codeWrongStatus   = "E0000038"
	codeInherited     = "E0000046"
	codeReadOnly      = "E0000060"
	codeWrongCode     = "E0000068"
	codeFactorLocked  = "E0000069"
	codeFactorRefused = "E0000073"
	codeReplayed      = "E0000082"
	codeOutsideWindow = "E0000083"
	codeInactiveUser  = "E0000117"
)

// refused makes a typed error of an answer that is none of the 2xx.
func refused(op string, a *answer) *agent.OktaError {
	e := &agent.OktaError{Op: op, Status: a.status, RequestID: a.header.Get("X-Okta-Request-Id")}
	var body struct {
		Code    string `json:"errorCode"`
		Summary string `json:"errorSummary"`
		Causes  []struct {
			Summary string `json:"errorSummary"`
		} `json:"errorCauses"`
		OAuth       string `json:"error"`
		Description string `json:"error_description"`
	}
	switch err := json.Unmarshal(a.body, &body); {
	case err != nil:
		e.Summary = http.StatusText(a.status) // a proxy's page, or nothing: not worth quoting
	case body.Code != "":
		e.Code, e.Summary = body.Code, body.Summary
	default:
		e.Code, e.Summary = body.OAuth, body.Description
	}
	for _, cause := range body.Causes {
		e.Causes = append(e.Causes, cause.Summary)
	}
	for _, challenge := range a.header.Values("Www-Authenticate") {
		if parameter(challenge, "error") == "insufficient_scope" {
			e.Scope = parameter(challenge, "scope")
			if e.Scope == "" {
				e.Scope = "unnamed"
			}
		}
	}
	return e
}

// parameter finds name="value" in a WWW-Authenticate header.
func parameter(header, name string) string {
	for rest := header; ; {
		_, after, found := strings.Cut(rest, name+`="`)
		if !found {
			return ""
		}
		before := rest[:len(rest)-len(after)-len(name)-2]
		if before == "" || strings.HasSuffix(before, " ") || strings.HasSuffix(before, ",") {
			value, _, _ := strings.Cut(after, `"`)
			return value
		}
		rest = after
	}
}

// malformedID is the error for an id that cannot be one, such as an empty one or
// "me": asking Okta would answer another question.
func malformedID(op string) error {
	return &agent.OktaError{Op: op, Status: http.StatusNotFound, Code: codeNotFound, Summary: "not an Okta id", NotSent: true}
}

// checkID tells whether id can be an Okta id: nothing that would change the path,
// and no login.
func checkID(op, id string) error {
	if len(id) < 10 || len(id) > 64 {
		return malformedID(op)
	}
	for _, r := range id {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return malformedID(op)
		}
	}
	return nil
}

func problem(code, format string, args ...any) *agent.Problem {
	return &agent.Problem{Code: code, Text: fmt.Sprintf(format, args...)}
}
