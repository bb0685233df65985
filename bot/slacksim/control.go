package slacksim

import "net/http"

// control is the JSON surface for humans in another process.
func (w *Workspace) control() http.Handler {
	mux := http.NewServeMux()
	return mux
}
