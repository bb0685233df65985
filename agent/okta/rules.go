package okta

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	sdk "github.com/okta/okta-sdk-golang/v5/okta"

	"frontdesk/agent"
)

// lookRules finds out whether a group rule put a person into a group. Taking such
// a member out succeeds, but silently adds them to the rule's exceptions, so that
// it never puts them back; that is refused. Okta does not say how a membership
// came about: the rules that fill the group are evaluated here as far as their
// expression is understood, and the System Log is asked about the rest. What
// remains unknown is a warning.
// Source: Okta, "Group rules": removing a user adds them to the exclude list.
func (c *Client) lookRules(ctx context.Context, s subject, g agent.Group, groups []agent.Group, sight *agent.Sight) error {
	rules, err := c.rules.get("", func() ([]sdk.GroupRule, error) {
		return all[sdk.GroupRule](ctx, c, "list group rules", func(ctx context.Context) error {
			_, _, err := c.api.GroupAPI.ListGroupRules(ctx).Limit(pageSize).Execute()
			return err
		})
	})
	if isDenied(err) {
		sight.Warnings = append(sight.Warnings, "I may not read Okta's group rules: if one of them put "+s.Name()+
			" into this group, taking them out also adds them to its exceptions.")
		return nil
	}
	if err != nil {
		return err
	}
	for _, r := range rules {
		if !fills(r, g.ID) || excepts(r, s.ID, groups) {
			continue
		}
		does := evaluate(expressionOf(r), s, groups)
		if does == unsure {
			if does, err = c.cameByRule(ctx, s.ID, g.ID); err != nil {
				return err
			}
		}
		switch does {
		case yes:
			sight.Refusal = problem("rule_member", "%s is in “%s” by the group rule “%s”. Taking them out by hand would quietly add "+
				"them to the rule's exceptions for good. In Okta, change what the rule looks at, or the rule itself.", s.Name(), g.Name, r.GetName())
			return nil
		case unsure:
			sight.Warnings = append(sight.Warnings, fmt.Sprintf("The group rule “%s” fills “%s”. If it put %s there, taking them out "+
				"also adds them to its exceptions.", r.GetName(), g.Name, s.Name()))
		case no:
		}
	}
	return nil
}

func fills(r sdk.GroupRule, groupID string) bool {
	if r.GetStatus() != active || r.Actions == nil || r.Actions.AssignUserToGroups == nil {
		return false
	}
	return slices.Contains(r.Actions.AssignUserToGroups.GroupIds, groupID)
}

// excepts tells whether a rule leaves a person alone.
func excepts(r sdk.GroupRule, userID string, groups []agent.Group) bool {
	if r.Conditions == nil || r.Conditions.People == nil {
		return false
	}
	if users := r.Conditions.People.Users; users != nil && slices.Contains(users.Exclude, userID) {
		return true
	}
	left := r.Conditions.People.Groups
	return left != nil && slices.ContainsFunc(groups, func(g agent.Group) bool { return slices.Contains(left.Exclude, g.ID) })
}

func expressionOf(r sdk.GroupRule) string {
	if r.Conditions == nil || r.Conditions.Expression == nil {
		return ""
	}
	return r.Conditions.Expression.GetValue()
}

// cameByRule asks the System Log who last added a person to a group. Rules act as
// the system; so do imports, which do not fill groups of Okta's own kind.
func (c *Client) cameByRule(ctx context.Context, userID, groupID string) (verdict, error) {
	since := c.now().Add(c.wire.gate.skew()).Add(-90 * 24 * time.Hour) // the log's retention
	events, err := c.events(ctx, "group.user_membership.add", userID, since)
	var e *agent.OktaError
	if errors.Is(err, errNoLog) || errors.As(err, &e) && e.Status == http.StatusBadRequest {
		return unsure, nil
	}
	if err != nil {
		return unsure, err
	}
	came := unsure
	for _, e := range events { // oldest first: the last one counts
		if !e.about(groupID) || e.Outcome.Result != "SUCCESS" {
			continue
		}
		came = no
		if e.Actor.Type == "SystemPrincipal" {
			came = yes
		}
	}
	return came, nil
}

// longestRule bounds the depth of an evaluation.
const longestRule = 4096

// verdict is an answer that may be missing.
type verdict int

const (
	unsure verdict = iota
	no
	yes
)

func (v verdict) not() verdict {
	switch v {
	case yes:
		return no
	case no:
		return yes
	case unsure:
	}
	return unsure
}

// evaluate applies a rule's expression to a person. It understands comparisons of
// profile attributes with texts, memberships by id, a few functions on texts, and
// what joins them; anything else is unsure, and unsure spreads only as far as it
// matters.
// Source: Okta, "Okta Expression Language", group rules.
func evaluate(expression string, s subject, groups []agent.Group) verdict {
	if len(expression) > longestRule {
		return unsure
	}
	e := &evaluation{words: lex(expression), subject: s, groups: groups}
	v := e.either()
	if e.failed || len(e.words) > 0 {
		return unsure
	}
	return v
}

type evaluation struct {
	words   []string
	subject subject
	groups  []agent.Group
	failed  bool
}

// lex splits an expression into names, signs and quoted texts, which keep their
// first quote as a mark. A word that it does not know makes the evaluation fail.
func lex(s string) []string {
	var words []string
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		var n int
		switch {
		case s[0] == '"' || s[0] == '\'':
			end := strings.IndexByte(s[1:], s[0])
			if end < 0 || strings.Contains(s[:end+1], `\`) {
				return []string{"?"}
			}
			words = append(words, `"`+s[1:end+1])
			s = s[end+2:]
			continue
		case strings.HasPrefix(s, "=="), strings.HasPrefix(s, "!="), strings.HasPrefix(s, "&&"), strings.HasPrefix(s, "||"):
			n = 2
		case strings.IndexByte("(),!", s[0]) >= 0:
			n = 1
		default:
			n = strings.IndexFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\r\n()\"',!=&|<>?:+", r) })
			if n < 0 {
				n = len(s)
			}
			if n == 0 {
				return []string{"?"}
			}
		}
		words = append(words, s[:n])
		s = s[n:]
	}
	return words
}

// next takes the next word if it is one of those.
func (e *evaluation) next(any ...string) bool {
	if len(e.words) == 0 {
		return false
	}
	for _, w := range any {
		if strings.EqualFold(e.words[0], w) {
			e.words = e.words[1:]
			return true
		}
	}
	return false
}

func (e *evaluation) want(word string) {
	if !e.next(word) {
		e.failed = true
	}
}

func (e *evaluation) either() verdict {
	v := e.both()
	for e.next("||", "or") {
		switch w := e.both(); {
		case v == yes || w == yes:
			v = yes
		case v == unsure || w == unsure:
			v = unsure
		}
	}
	return v
}

func (e *evaluation) both() verdict {
	v := e.single()
	for e.next("&&", "and") {
		switch w := e.single(); {
		case v == no || w == no:
			v = no
		case v == unsure || w == unsure:
			v = unsure
		}
	}
	return v
}

func (e *evaluation) single() verdict {
	switch {
	case e.failed || len(e.words) == 0:
		e.failed = true
		return unsure
	case e.next("!", "not"):
		return e.single().not()
	case e.next("("):
		v := e.either()
		e.want(")")
		return v
	case e.next("isMemberOfGroup", "isMemberOfAnyGroup"):
		return e.member()
	case e.next("String.startsWith"):
		return e.texts(strings.HasPrefix)
	case e.next("String.stringContains"):
		return e.texts(strings.Contains)
	}
	left := e.operand()
	switch {
	case e.next("==", "eq"):
		return same(left, e.operand())
	case e.next("!=", "ne"):
		return same(left, e.operand()).not()
	}
	switch left { // a bare flag
	case "true":
		return yes
	case "false", "":
		return no
	}
	e.failed = true
	return unsure
}

// operand reads a text, or an attribute of the person; null reads as empty.
func (e *evaluation) operand() string {
	if len(e.words) == 0 {
		e.failed = true
		return ""
	}
	word := e.words[0]
	e.words = e.words[1:]
	if text, quoted := strings.CutPrefix(word, `"`); quoted {
		return text
	}
	if name, isAttribute := strings.CutPrefix(word, "user."); isAttribute && !strings.ContainsAny(name, ".[]") {
		if len(e.words) > 0 && e.words[0] == "(" { // a method, such as user.isMemberOf({…})
			e.failed = true
		}
		return asText(e.subject.profile[name])
	}
	switch strings.ToLower(word) {
	case "true", "false":
		return strings.ToLower(word)
	case "null":
		return ""
	}
	e.failed = true
	return ""
}

// same compares two operands. Whether Okta minds upper and lower case is not
// documented, so texts that differ in that alone are unsure.
func same(a, b string) verdict {
	switch {
	case a == b:
		return yes
	case strings.EqualFold(a, b):
		return unsure
	}
	return no
}

// member reads ("00g…", "00g…").
func (e *evaluation) member() verdict {
	e.want("(")
	v := no
	for !e.failed {
		id := e.operand()
		if slices.ContainsFunc(e.groups, func(g agent.Group) bool { return g.ID == id }) {
			v = yes
		}
		if !e.next(",") {
			break
		}
	}
	e.want(")")
	return v
}

// texts reads (text, text).
func (e *evaluation) texts(holds func(s, part string) bool) verdict {
	e.want("(")
	a := e.operand()
	e.want(",")
	b := e.operand()
	e.want(")")
	switch {
	case holds(a, b):
		return yes
	case holds(strings.ToLower(a), strings.ToLower(b)):
		return unsure
	}
	return no
}
