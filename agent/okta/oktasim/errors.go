package oktasim

import (
	"fmt"
	"net/http"
	"strings"
)

// refusal is an answer in Okta's error shape. Handlers return it as an error.
type refusal struct {
	status  int
	code    string
	summary string
	causes  []string
	header  http.Header
}

func (r *refusal) Error() string {
	return strings.Join(append([]string{fmt.Sprintf("%d %s: %s", r.status, r.code, r.summary)}, r.causes...), ": ")
}

// errorBody is the wire form of a refusal.
type errorBody struct {
	ErrorCode    string       `json:"errorCode"`
	ErrorSummary string       `json:"errorSummary"`
	ErrorLink    string       `json:"errorLink"`
	ErrorID      string       `json:"errorId"`
	ErrorCauses  []errorCause `json:"errorCauses"`
}

type errorCause struct {
	ErrorSummary string `json:"errorSummary"`
}

func (r *refusal) body(id string) errorBody {
	causes := make([]errorCause, 0, len(r.causes))
	for _, cause := range r.causes {
		causes = append(causes, errorCause{cause})
	}
	return errorBody{
		ErrorCode: r.code, ErrorSummary: r.summary, ErrorLink: r.code, ErrorID: id, ErrorCauses: causes,
	}
}

func refuse(status int, code, summary string, causes ...string) *refusal {
	return &refusal{status: status, code: code, summary: summary, causes: causes}
}

// invalid is a 400 about one field or operation.
func invalid(field string, causes ...string) *refusal {
	return refuse(http.StatusBadRequest, "E0000001", "Api validation failed: "+field, causes...)
}

func malformed() *refusal {
	return refuse(http.StatusBadRequest, "E0000003", "The request body was not well-formed.")
}

func forbidden() *refusal {
	return refuse(http.StatusForbidden, "E0000006", "You do not have permission to perform the requested action")
}

// missing is a 404 about an object, which Okta names with its kind.
func missing(id, kind string) *refusal {
	return refuse(http.StatusNotFound, "E0000007", fmt.Sprintf("Not found: Resource not found: %s (%s)", id, kind))
}

func noSuchPath() *refusal {
	return refuse(http.StatusNotFound, "E0000008", "The requested path was not found")
}

func wrongMethod() *refusal {
	return refuse(http.StatusMethodNotAllowed, "E0000022", "The endpoint does not support the provided HTTP method")
}

func badToken() *refusal {
	return refuse(http.StatusUnauthorized, "E0000011", "Invalid token provided")
}

func tooMany() *refusal {
	return refuse(http.StatusTooManyRequests, "E0000047", "API call exceeded rate limit due to too many requests.")
}

func broken() *refusal {
	return refuse(http.StatusInternalServerError, "E0000009", "Internal Server Error")
}

func badSearch(text string, err error) *refusal {
	return refuse(http.StatusBadRequest, "E0000031", "Invalid search criteria.", fmt.Sprintf("%s: %v", text, err))
}

func badPage(cause string) *refusal {
	return refuse(http.StatusBadRequest, "E0000029", "Invalid paging request.", cause)
}

func wrongStatus() *refusal {
	return refuse(http.StatusForbidden, "E0000038", "This operation is not allowed in the user's current status.")
}
