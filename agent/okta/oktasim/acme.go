package oktasim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

const acmeDomain = "@acme.example"

// Company is where Acme's people, groups and apps are found by name.
type Company struct {
	People map[string]string // by the login's local part, such as ada → id
	Groups map[string]string // by key: the name; "IT Support (app)" and "Contractors (2)" for namesakes
	Apps   map[string]string // by key: the label; "Box (2)" for the second one
	Rule   string            // the id of the rule that feeds Engineering
}

// LoadAcme fills the tenant with Acme, a sample company of about sixty people
// whom tests and the demo know by name.
func (t *Tenant) LoadAcme() (*Company, error) {
	c := &Company{People: map[string]string{}, Groups: map[string]string{}, Apps: map[string]string{}}
	load := errors.Join(
		t.AddAttribute(Attribute{Name: "startDate", Title: "Start date"}),
		t.AddAttribute(Attribute{Name: "endDate", Title: "End date"}),
		t.AddAttribute(Attribute{Name: "skills", Title: "Skills", Type: "array"}),
		t.AddAttribute(Attribute{Name: "pronouns", Title: "Pronouns", SelfService: true}),
		t.AddRelation(Relation{"manager", "Manager", "subordinate", "Subordinate"}),
	)
	if load != nil {
		return nil, load
	}
	for _, step := range []func(*Company) error{t.acmePeople, t.acmeGroups, t.acmeApps} {
		if err := step(c); err != nil {
			return nil, fmt.Errorf("load acme: %w", err)
		}
	}
	return c, nil
}

// readable makes an id of twenty characters that shows whose it is.
func readable(prefix, name string) string {
	slug := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, name)
	return (prefix + slug + strings.Repeat("0", 17))[:20]
}

// named is "Box" for the first of that name and "Box (2)" for the second.
func named(index map[string]string, name string) string {
	key := name
	for n := 2; index[key] != ""; n++ {
		key = fmt.Sprintf("%s (%d)", name, n)
	}
	return key
}

func (t *Tenant) acmePeople(c *Company) error {
	people := acmeStaff()
	for i, p := range people {
		c.People[p.login] = readable("00u", p.login)
		people[i].number = fmt.Sprintf("A%04d", 1001+i)
	}
	for _, p := range people {
		if _, err := t.AddUser(p.user(c, people)); err != nil {
			return err
		}
		for _, kind := range p.factors() {
			f := Factor{ID: readable(prefix(kind), p.login), Kind: kind}
			if kind == Question {
				f.Answer = "mayonnaise"
			}
			if kind == WebAuthn {
				f.Provider = "FIDO"
			}
			if _, err := t.AddFactor(c.People[p.login], f); err != nil {
				return err
			}
		}
	}
	for user, manager := range map[string]string{"barbara": "grace", "ken": "ada", "mel": "mel"} {
		if err := t.Link(c.People[user], "manager", c.People[manager]); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tenant) acmeGroups(c *Company) error {
	c.Groups["Everyone"] = t.everyone
	of := func(department string) (logins []string) {
		for _, p := range acmeStaff() {
			if p.department == department {
				logins = append(logins, p.login+acmeDomain)
			}
		}
		return logins
	}
	at := func(names ...string) (logins []string) {
		for _, name := range names {
			logins = append(logins, name+acmeDomain)
		}
		return logins
	}
	for _, g := range []Group{
		{Name: "IT Support", Description: "IT's desk", Members: at("ivan", "iris", "tess"), Owners: at("tess")},
		{Name: "IT Admins", Description: "Keeps IT's systems running", Members: at("tess", "susan"), Owners: at("susan")},
		{Name: "Security Team", Description: "Answers incidents", Members: at("sam", "sofia"), Owners: at("sam")},
		{Name: "Engineering", Description: "Fed by a rule on the department", Owners: at("grace")},
		{Name: "Sales", Description: "Sales department", Members: of("Sales")},
		{Name: "Marketing", Description: "Marketing department", Members: of("Marketing")},
		{Name: "Finance", Description: "Finance department", Members: of("Finance"), Owners: at("fiona", "felix")},
		{Name: "Engineering Admins", Description: "Administers engineering's apps", Members: at("grace"), Roles: []string{AppAdmin}},
		{Name: "VPN Users", Description: "Remote access", Members: at("linus", "tess", "sid", "carl")},
		{Name: "GitHub Users", Description: "Source code", Members: at("linus", "mona")},
		{Name: "Figma Editors", Description: "Design", Members: at("maya", "milo")},
		{Name: "Payroll", Description: "Confidential", Members: at("fiona"), Owners: at("fiona")},
		{ID: readable("00g", "ITSupportApp"), Name: "IT Support", Type: AppGroup, Description: "Imported from Google Workspace", Members: at("hal")},
		{Name: "AD Domain Users", Type: AppGroup, Description: "Imported from Active Directory", Members: at("abel", "ada", "hal")},
		{Name: "Contractors", Description: "Short-term people, Europe", Members: at("carl")},
		{ID: readable("00g", "ContractorsTwo"), Name: "Contractors", Description: "Short-term people, Americas", Members: at("cora")},
	} {
		key := g.Name
		if g.Type == AppGroup && c.Groups[key] != "" {
			key += " (app)"
			g.SourceApp = readable("0oa", "GoogleWorkspace")
		}
		if g.ID == "" {
			g.ID = readable("00g", g.Name)
		}
		if _, err := t.AddGroup(g); err != nil {
			return err
		}
		c.Groups[named(c.Groups, key)] = g.ID
	}
	var err error
	c.Rule, err = t.AddRule(Rule{
		ID: readable("0pr", "Engineering"), Name: "Engineering by department",
		Expression: `user.department=="Engineering"`, Groups: []string{c.Groups["Engineering"]},
	})
	if err != nil {
		return err
	}
	_, err = t.AddRule(Rule{
		ID: readable("0pr", "RemoteContractors"), Name: "VPN for contractors", Inactive: true,
		Expression: `user.userType=="Contractor" and user.city!="London"`, Groups: []string{c.Groups["VPN Users"]},
	})
	return err
}

func (t *Tenant) acmeApps(c *Company) error {
	groups := func(names ...string) (ids []string) {
		for _, name := range names {
			ids = append(ids, c.Groups[name])
		}
		return ids
	}
	at := func(names ...string) (ids []string) {
		for _, name := range names {
			ids = append(ids, c.People[name])
		}
		return ids
	}
	for _, a := range []App{
		{Label: "Figma", Groups: groups("Figma Editors"), Users: at("zoe")},
		{Label: "GitHub", Name: "githubcloud", Groups: groups("GitHub Users", "Engineering")},
		{Label: "Slack", Groups: groups("Everyone")},
		{Label: "Salesforce", Groups: groups("Sales"), Users: at("mona"), Provisioned: true},
		{Label: "Jira", Name: "oidc_jira", SignOnMode: "OPENID_CONNECT", Groups: groups("Engineering")},
		{Label: "Confluence", Name: "oidc_confluence", SignOnMode: "OPENID_CONNECT", Groups: groups("Everyone")},
		{Label: "Zoom", Name: "zoomus", Groups: groups("Everyone")},
		{Label: "Notion", SignOnMode: "OPENID_CONNECT", Users: at("ada", "grace", "margaret")},
		{Label: "Datadog", Inactive: true, Users: at("linus")},
		{Label: "AWS", Name: "amazon_aws", Users: at("linus", "susan"), Required: []string{"role"}},
		{Label: "Workday", SignOnMode: "SAML_1_1", Users: at("hannah", "henry")},
		{Label: "1Password", SignOnMode: "BROWSER_PLUGIN", Scheme: "SHARED_USERNAME_AND_PASSWORD", Groups: groups("Finance")},
		{Label: "Google Workspace", Name: "google", SignOnMode: "WS_FEDERATION", Groups: groups("Everyone")},
		{Label: "Box", Name: "boxnet", SignOnMode: "SECURE_PASSWORD_STORE", Scheme: "EDIT_USERNAME_AND_PASSWORD", Users: at("leo")},
		{ID: readable("0oa", "BoxTwo"), Label: "Box", Name: "bookmark", SignOnMode: "BOOKMARK", Groups: groups("Marketing")},
	} {
		if a.ID == "" {
			a.ID = readable("0oa", a.Label)
		}
		if _, err := t.AddApp(a); err != nil {
			return err
		}
		c.Apps[named(c.Apps, a.Label)] = a.ID
	}
	return nil
}

// factors are what somebody has enrolled: most people Okta Verify.
func (p staff) factors() []string {
	switch {
	case p.login == "norma" || slices.Contains([]Status{Staged, Provisioned, Deprovisioned}, p.status):
		return nil
	case p.login == "otto":
		return []string{SMS}
	case p.login == "quinn":
		return []string{Question}
	case p.login == "dev":
		return []string{Push, TOTP, FastPass}
	case p.login == "sam" || p.login == "susan":
		return []string{Push, TOTP, WebAuthn}
	case p.login == "iris" || p.login == "ken":
		return []string{Push, TOTP, SMS, Email}
	}
	return []string{Push, TOTP}
}
