package oktasim

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// link adds one Link header line; Okta sends one per relation.
func link(header http.Header, relation, href string) {
	header.Add("Link", fmt.Sprintf(`<%s>; rel="%s"`, href, relation))
}

// limitOf reads the page size: absent means standard, too much means the most
// there is. When most is zero every size is allowed.
func limitOf(c *call, standard, least, most int) (int, error) {
	text := c.query.Get("limit")
	if text == "" {
		return standard, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < least {
		return 0, badPage("The limit parameter is not a valid page size.")
	}
	if most > 0 && limit > most {
		return most, nil
	}
	return limit, nil
}

// afterOf reads the cursor; absent means the start.
func afterOf(c *call) (int, error) {
	token := c.query.Get("after")
	if token == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	text, ours := strings.CutPrefix(string(raw), "p")
	position, bad := strconv.Atoi(text)
	if err != nil || !ours || bad != nil || position < 0 {
		return 0, badPage("The after parameter is not a cursor.")
	}
	return position, nil
}

func cursorAt(position int) string {
	return base64.RawURLEncoding.EncodeToString([]byte("p" + strconv.Itoa(position)))
}

// page answers one page of a list with its links. next is the position the
// following page starts at, or zero when this is the last one.
func page[T any](c *call, items []T, limit, next int) (reply, error) {
	header := http.Header{}
	link(header, "self", c.base+c.r.URL.RequestURI())
	if next > 0 {
		link(header, "next", c.nextURL(limit, next))
	}
	if items == nil {
		items = []T{}
	}
	return reply{status: http.StatusOK, body: items, header: header}, nil
}

// nextURL is this call's address with a cursor.
func (c *call) nextURL(limit, next int) string {
	params := url.Values{}
	maps.Copy(params, c.query)
	params.Set("after", cursorAt(next))
	params.Set("limit", strconv.Itoa(limit))
	return c.base + c.r.URL.EscapedPath() + "?" + params.Encode()
}

// slicePage pages through a slice that is wholly at hand; positions are indexes.
func slicePage[T any](c *call, items []T, limit int) (reply, error) {
	from, err := afterOf(c)
	if err != nil {
		return fail(err)
	}
	from = min(from, len(items))
	to, next := min(from+limit, len(items)), 0
	if to < len(items) {
		next = to
	}
	return page(c, items[from:to], limit, next)
}
