package okta

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode"

	sdk "github.com/okta/okta-sdk-golang/v5/okta"
	"golang.org/x/sync/errgroup"

	"frontdesk/agent"
)

// pageSize is what Okta allows or advises for most lists.
const pageSize = 200

// User reads a person by id.
func (c *Client) User(ctx context.Context, id string) (agent.User, error) {
	s, err := c.subject(ctx, id)
	return s.User, err
}

// subject reads a person by id, with what only this package looks at.
func (c *Client) subject(ctx context.Context, id string) (subject, error) {
	op := "read user " + id
	if err := checkID(op, id); err != nil {
		return subject{}, err
	}
	w, err := one[wireUser](ctx, c, op, func(ctx context.Context) error {
		_, _, err := c.api.UserAPI.GetUser(ctx, id).Execute()
		return err
	})
	if err == nil && w.ID != id {
		return subject{}, &agent.OktaError{Op: op, Status: http.StatusNotFound, Code: codeNotFound, Summary: "Okta answered about somebody else"}
	}
	return w.subject(), err
}

// UsersByEmail looks twice. `filter` reads the primary store and sees what
// happened a moment ago, but compares letters exactly; `search` ignores case, but
// its index lags behind by a second or so. What only the index knows is read
// again by id before it counts.
// Source: Okta, "List all users": filter and search.
func (c *Client) UsersByEmail(ctx context.Context, email string) ([]agent.User, error) {
	email = strings.TrimSpace(email)
	if email == "" || strings.ContainsFunc(email, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return nil, nil
	}
	exact := eitherIs(email)
	if lower := strings.ToLower(email); lower != email {
		exact += " or " + eitherIs(lower)
	}
	var filtered, searched []wireUser
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		filtered, err = all[wireUser](gctx, c, "find users by email", func(ctx context.Context) error {
			_, _, err := c.api.UserAPI.ListUsers(ctx).Filter(exact).Limit(pageSize).Execute()
			return err
		})
		return err
	})
	g.Go(func() (err error) {
		searched, err = all[wireUser](gctx, c, "search users by email", func(ctx context.Context) error {
			_, _, err := c.api.UserAPI.ListUsers(ctx).Search(eitherIs(email)).Limit(pageSize).Execute()
			return err
		})
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var found []agent.User
	has := func(id string) bool {
		return slices.ContainsFunc(found, func(u agent.User) bool { return u.ID == id })
	}
	for _, w := range filtered {
		if u := w.subject().User; !has(u.ID) && isEmail(u, email) {
			found = append(found, u)
		}
	}
	for _, w := range searched {
		if has(w.ID) {
			continue
		}
		u, err := c.User(ctx, w.ID)
		if isNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if isEmail(u, email) {
			found = append(found, u)
		}
	}
	return found, nil
}

func eitherIs(email string) string {
	return "profile.email eq " + quoted(email) + " or profile.login eq " + quoted(email)
}

func isEmail(u agent.User, email string) bool {
	return strings.EqualFold(u.Email, email) || strings.EqualFold(u.Login, email)
}

// quoted writes a string of an Okta filter or search expression.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func isNotFound(err error) bool {
	var e *agent.OktaError
	return errors.As(err, &e) && e.NotFound()
}

// isDenied tells that the credentials lack a scope, a role or a licence for what
// was asked.
func isDenied(err error) bool {
	var e *agent.OktaError
	return errors.As(err, &e) && e.Status == http.StatusForbidden
}

// Manager resolves u's manager. A linked object is set by admins. managerId is
// taken only if the schema can be read and says that people do not write it
// themselves: without okta.schemas.read it counts for nothing. manager, free
// text, is never looked at.
func (c *Client) Manager(ctx context.Context, u agent.User) (*agent.User, error) {
	if err := checkID("read manager of "+u.ID, u.ID); err != nil {
		return nil, err
	}
	boss, err := c.linkedManager(ctx, u)
	if err != nil || boss != nil {
		return boss, err
	}
	name := strings.TrimSpace(u.ManagerID)
	if name == "" {
		return nil, nil //nolint:nilnil // nobody is named
	}
	trusted, err := c.managerIDTrusted(ctx, u)
	if err != nil || !trusted {
		return nil, err
	}
	boss, err = c.named(ctx, name)
	if err != nil || boss == nil || boss.ID == u.ID {
		return nil, err
	}
	return boss, nil
}

// linkedManager follows the linked object "manager".
func (c *Client) linkedManager(ctx context.Context, u agent.User) (*agent.User, error) {
	if !c.auth.has(scopeLinked) {
		return nil, nil //nolint:nilnil // switched off, as Connect says
	}
	type link struct {
		Links struct {
			Self struct {
				Href string `json:"href"`
			} `json:"self"`
		} `json:"_links"`
	}
	found, err := all[link](ctx, c, "read linked manager of "+u.ID, func(ctx context.Context) error {
		_, _, err := c.api.UserAPI.ListLinkedObjectsForUser(ctx, u.ID, "manager").Execute()
		return err
	})
	switch {
	case isNotFound(err) || isDenied(err): // no such relation, or not for us to see
		return nil, nil //nolint:nilnil // there is no linked manager
	case err != nil:
		return nil, err
	case len(found) != 1:
		return nil, nil //nolint:nilnil // Okta allows one at most
	}
	id := lastOf(found[0].Links.Self.Href)
	if id == u.ID {
		return nil, nil //nolint:nilnil // nobody is their own manager
	}
	boss, err := c.User(ctx, id)
	if isNotFound(err) {
		return nil, nil //nolint:nilnil // gone
	}
	if err != nil {
		return nil, err
	}
	return &boss, nil
}

// managerIDTrusted tells whether the schema of u's type keeps managerId out of
// people's own hands.
func (c *Client) managerIDTrusted(ctx context.Context, u agent.User) (bool, error) {
	if !c.auth.has(scopeSchemas) {
		return false, nil
	}
	schema, err := c.byType.get(u.TypeID, func() (string, error) {
		s, err := c.subject(ctx, u.ID)
		if err == nil && s.schema == "" {
			s.schema = "default"
		}
		return s.schema, err
	})
	if err != nil {
		return false, err
	}
	trusted, err := c.schemas.get(schema, func() (bool, error) { return c.readTrust(ctx, schema) })
	if isDenied(err) {
		return false, nil
	}
	return trusted, err
}

// readTrust reads who may write managerId, according to a schema.
func (c *Client) readTrust(ctx context.Context, schema string) (bool, error) {
	type attribute struct {
		Permissions []struct {
			Principal string `json:"principal"`
			Action    string `json:"action"`
		} `json:"permissions"`
	}
	type definition struct {
		Properties map[string]attribute `json:"properties"`
	}
	type userSchema struct {
		Definitions map[string]definition `json:"definitions"`
	}
	s, err := one[userSchema](ctx, c, "read user schema "+schema, func(ctx context.Context) error {
		_, _, err := c.api.SchemaAPI.GetUserSchema(ctx, schema).Execute()
		return err
	})
	if err != nil {
		return false, err
	}
	trusted := false
	for _, d := range s.Definitions {
		a, known := d.Properties["managerId"]
		if !known {
			continue
		}
		trusted = true
		for _, p := range a.Permissions {
			if p.Principal == "SELF" && p.Action == "READ_WRITE" {
				return false, nil
			}
		}
	}
	return trusted, nil
}

// named finds the one person with that id, login or employee number. nil: none,
// or several.
func (c *Client) named(ctx context.Context, name string) (*agent.User, error) {
	if checkID("", name) == nil {
		u, err := c.User(ctx, name)
		if err == nil {
			return &u, nil
		}
		if !isNotFound(err) {
			return nil, err
		}
	}
	if strings.ContainsFunc(name, unicode.IsControl) {
		return nil, nil //nolint:nilnil // nobody is called that
	}
	lookups := []struct {
		op, search string
		same       func(agent.User) bool
	}{
		{"find user by login", "profile.login eq " + quoted(name), func(u agent.User) bool { return strings.EqualFold(u.Login, name) }},
		{
			"find user by employee number", "profile.employeeNumber eq " + quoted(name),
			func(u agent.User) bool { return u.EmployeeNumber == name },
		},
	}
	for _, l := range lookups {
		list, err := all[wireUser](ctx, c, l.op, func(ctx context.Context) error {
			_, _, err := c.api.UserAPI.ListUsers(ctx).Search(l.search).Limit(pageSize).Execute()
			return err
		})
		if err != nil {
			return nil, err
		}
		var found []agent.User
		for _, w := range list {
			u, err := c.User(ctx, w.ID) // the index may be behind
			if err != nil && !isNotFound(err) {
				return nil, err
			}
			if err == nil && l.same(u) {
				found = append(found, u)
			}
		}
		if len(found) > 0 {
			if len(found) > 1 {
				return nil, nil //nolint:nilnil // two people: neither can be trusted
			}
			return &found[0], nil
		}
	}
	return nil, nil //nolint:nilnil // nobody is called that
}

// AdminRoles lists a person's admin roles; Okta's list includes those that they
// hold by a group. It is remembered for a minute at most.
func (c *Client) AdminRoles(ctx context.Context, userID string) ([]string, error) {
	op := "read admin roles of " + userID
	if err := checkID(op, userID); err != nil {
		return nil, err
	}
	return c.roles.get("user/"+userID, func() ([]string, error) {
		return c.roleLabels(ctx, op, func(ctx context.Context) error {
			_, _, err := c.api.RoleAssignmentAPI.ListAssignedRolesForUser(ctx, userID).Execute()
			return err
		})
	})
}

// groupRoles lists the admin roles that a group's members hold by it.
func (c *Client) groupRoles(ctx context.Context, groupID string) ([]string, error) {
	return c.roles.get("group/"+groupID, func() ([]string, error) {
		return c.roleLabels(ctx, "read admin roles of group "+groupID, func(ctx context.Context) error {
			_, _, err := c.api.RoleAssignmentAPI.ListGroupAssignedRoles(ctx, groupID).Execute()
			return err
		})
	})
}

func (c *Client) roleLabels(ctx context.Context, op string, build func(context.Context) error) ([]string, error) {
	roles, err := all[sdk.Role](ctx, c, op, build)
	if err != nil {
		return nil, err
	}
	var labels []string
	for _, r := range roles {
		label := r.GetLabel()
		if label == "" {
			label = r.GetType()
		}
		if r.GetStatus() != "INACTIVE" && !slices.Contains(labels, label) {
			labels = append(labels, label)
		}
	}
	return labels, nil
}

// Members lists everybody in a group.
func (c *Client) Members(ctx context.Context, groupID string) ([]agent.User, error) {
	op := "list members of group " + groupID
	if err := checkID(op, groupID); err != nil {
		return nil, err
	}
	list, err := all[wireUser](ctx, c, op, func(ctx context.Context) error {
		_, _, err := c.api.GroupAPI.ListGroupUsers(ctx, groupID).Limit(pageSize).Execute()
		return err
	})
	if err != nil {
		return nil, err
	}
	users := make([]agent.User, 0, len(list))
	for _, w := range list {
		users = append(users, w.subject().User)
	}
	return users, nil
}

// Owners lists a group's owners; a group that owns stands for its members. An
// organisation without the licence answers as if it were not allowed: nobody.
func (c *Client) Owners(ctx context.Context, groupID string) ([]agent.User, error) {
	op := "list owners of group " + groupID
	if err := checkID(op, groupID); err != nil {
		return nil, err
	}
	owners, err := all[sdk.GroupOwner](ctx, c, op, func(ctx context.Context) error {
		_, _, err := c.api.GroupOwnerAPI.ListGroupOwners(ctx, groupID).Limit(pageSize).Execute()
		return err
	})
	var e *agent.OktaError
	switch {
	case errors.As(err, &e) && !e.MissingScope() && (e.Code == codeForbidden || e.Code == codeNoPath):
		c.log.DebugContext(ctx, "group owners cannot be read", "group", groupID, "error", err)
		return nil, nil
	case err != nil:
		return nil, err
	}
	var users []agent.User
	add := func(u agent.User) {
		if !slices.ContainsFunc(users, func(have agent.User) bool { return have.ID == u.ID }) {
			users = append(users, u)
		}
	}
	for _, o := range owners {
		if o.GetOriginType() == "APPLICATION" && !o.GetResolved() {
			continue // an application's owner that Okta could not match to anybody
		}
		if o.GetType() == "GROUP" {
			members, err := c.Members(ctx, o.GetId())
			if err != nil {
				return nil, err
			}
			for _, u := range members {
				add(u)
			}
			continue
		}
		u, err := c.User(ctx, o.GetId())
		if isNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		add(u)
	}
	return users, nil
}
