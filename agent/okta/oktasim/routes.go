package oktasim

import (
	"net/http"
	"net/url"
	"strings"
)

// operation is one thing the API can do. Its name is the ledger's kind and what
// faults are ordered for.
type operation struct {
	name   string
	method string
	path   string
	scopes []string // any one suffices; none: no scope is needed
	rights []right  // all are needed
	handle func(*Tenant, *call) (reply, error)
}

// router finds the operation for a request.
type router struct {
	root  *node
	names map[string]bool
	all   []listed
}

// listed is an operation as the control surface shows it.
type listed struct {
	Name   string   `json:"name"`
	Method string   `json:"method"`
	Path   string   `json:"path"`
	Scopes []string `json:"scopes,omitempty"`
}

type node struct {
	fixed map[string]*node
	param *node
	name  string // of the parameter
	ops   map[string]*operation
}

func newRouter(operations []operation) *router {
	r := &router{root: &node{}, names: map[string]bool{}}
	for _, op := range operations {
		r.names[op.name] = true
		r.all = append(r.all, listed{op.name, op.method, op.path, op.scopes})
		at := r.root
		for _, part := range strings.Split(op.path, "/")[1:] {
			at = at.child(part)
		}
		if at.ops == nil {
			at.ops = map[string]*operation{}
		}
		at.ops[op.method] = &op
	}
	return r
}

func (n *node) child(part string) *node {
	if name, isParam := strings.CutPrefix(part, "{"); isParam {
		if n.param == nil {
			n.param = &node{name: strings.TrimSuffix(name, "}")}
		}
		return n.param
	}
	if n.fixed == nil {
		n.fixed = map[string]*node{}
	}
	if n.fixed[part] == nil {
		n.fixed[part] = &node{}
	}
	return n.fixed[part]
}

// match finds the operation and its path parameters. A segment is unescaped after
// splitting, so that an escaped slash stays inside it.
func (r *router) match(method string, u *url.URL) (*operation, map[string]string, error) {
	at := r.root
	params := map[string]string{}
	for _, part := range strings.Split(u.EscapedPath(), "/")[1:] {
		segment, err := url.PathUnescape(part)
		if err != nil {
			return nil, nil, noSuchPath()
		}
		switch {
		case at.fixed[segment] != nil:
			at = at.fixed[segment]
		case at.param != nil && segment != "":
			at = at.param
			params[at.name] = segment
		default:
			return nil, nil, noSuchPath()
		}
	}
	if len(at.ops) == 0 {
		return nil, nil, noSuchPath()
	}
	if method == http.MethodHead {
		method = http.MethodGet
	}
	op := at.ops[method]
	if op == nil {
		return nil, nil, wrongMethod()
	}
	return op, params, nil
}

// knows tells whether there is an operation of that name.
func (r *router) knows(name string) bool { return r.names[name] }

// list describes every operation.
func (r *router) list() []listed { return r.all }
