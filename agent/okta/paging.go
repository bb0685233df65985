package okta

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// errForeignLink: a link that leads out of the organisation would carry our
// token there.
var errForeignLink = errors.New("link leads elsewhere")

// nextPage is where the list goes on; nil at its end.
// Source: Okta, "Pagination": one Link header per relation, no next on the last page.
func (c *Client) nextPage(a *answer) (*url.URL, error) {
	for _, header := range a.header.Values("Link") {
		for target, params := range links(header) {
			if params["rel"] != "next" {
				continue
			}
			next, err := a.from.Parse(target)
			if err != nil {
				return nil, fmt.Errorf("read next link: %w", err)
			}
			return next, c.ours(next)
		}
	}
	return nil, nil //nolint:nilnil // no next page is the ordinary end of a list
}

// ours refuses URLs outside the organisation's API.
func (c *Client) ours(u *url.URL) error {
	if u.Scheme != c.org.Scheme || u.Host != c.org.Host || u.User != nil || !strings.HasPrefix(u.Path, "/api/v1/") {
		return errForeignLink
	}
	return nil
}

// links walks over the links of one header: <target>; name="value", <target>…
// Source: RFC 8288, section 3.
func links(header string) func(yield func(string, map[string]string) bool) {
	return func(yield func(string, map[string]string) bool) {
		for rest := header; ; {
			_, after, ok := strings.Cut(rest, "<")
			if !ok {
				return
			}
			target, tail, ok := strings.Cut(after, ">")
			if !ok {
				return
			}
			params := map[string]string{}
			rest = parameters(tail, params)
			if !yield(target, params) {
				return
			}
		}
	}
}

// parameters reads ;name=value pairs up to the next link and gives what is left.
func parameters(tail string, into map[string]string) string {
	for {
		tail = strings.TrimLeft(tail, " \t")
		if !strings.HasPrefix(tail, ";") {
			return tail
		}
		name, after, ok := strings.Cut(tail[1:], "=")
		if !ok {
			return ""
		}
		after = strings.TrimLeft(after, " \t")
		var value string
		if quoted, isQuoted := strings.CutPrefix(after, `"`); isQuoted {
			value, tail, _ = strings.Cut(quoted, `"`)
		} else {
			end := strings.IndexAny(after, ";,")
			if end < 0 {
				end = len(after)
			}
			value, tail = strings.TrimSpace(after[:end]), after[end:]
		}
		into[strings.ToLower(strings.TrimSpace(name))] = value
	}
}
