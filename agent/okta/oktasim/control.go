package oktasim

import "net/http"

func (t *Tenant) control(w http.ResponseWriter, r *http.Request) {
	http.NotFound(w, r)
}
