package slacksim

import (
	"slices"
	"strings"
)

// method is one Web API method: who may call it and what it does. run is
// called with the workspace's mutex held.
type method struct {
	scopes   []string // any one of them; none means no scope
	app      bool     // takes the app-level token, not the bot's
	either   bool     // takes both
	open     bool     // takes no token at all
	formOnly bool     // ignores JSON bodies
	run      func(*Workspace, *call) (object, error)
}

func methods() map[string]method {
	write := []string{"chat:write"}
	return map[string]method{
		"api.test":              {open: true, run: apiTest},
		"apps.connections.open": {app: true, run: connectionsOpen},
		"auth.test":             {either: true, run: authTest},
		"team.info":             {scopes: []string{"team:read"}, run: teamInfo},
		"bots.info":             {scopes: []string{"users:read"}, formOnly: true, run: botsInfo},

		"users.info":          {scopes: []string{"users:read"}, formOnly: true, run: usersInfo},
		"users.lookupByEmail": {scopes: []string{"users:read.email"}, formOnly: true, run: usersLookupByEmail},
		"users.list":          {scopes: []string{"users:read"}, formOnly: true, run: usersList},

		"conversations.open":    {scopes: []string{"im:write", "mpim:write"}, run: conversationsOpen},
		"conversations.info":    {scopes: []string{"channels:read", "groups:read", "im:read", "mpim:read"}, formOnly: true, run: conversationsInfo},
		"conversations.list":    {scopes: []string{"channels:read", "groups:read", "im:read", "mpim:read"}, formOnly: true, run: conversationsList},
		"conversations.members": {scopes: []string{"channels:read", "groups:read", "im:read", "mpim:read"}, formOnly: true, run: conversationsMembers},
		"conversations.join":    {scopes: []string{"channels:join"}, run: conversationsJoin},
		"conversations.history": {scopes: []string{"channels:history", "groups:history", "im:history", "mpim:history"}, run: conversationsHistory},
		"conversations.replies": {scopes: []string{"channels:history", "groups:history", "im:history", "mpim:history"}, formOnly: true, run: conversationsReplies},

		"chat.postMessage":   {scopes: write, run: chatPostMessage},
		"chat.update":        {scopes: write, run: chatUpdate},
		"chat.delete":        {scopes: write, run: chatDelete},
		"chat.postEphemeral": {scopes: write, run: chatPostEphemeral},
		"chat.getPermalink":  {formOnly: true, run: chatGetPermalink},
		"reactions.add":      {scopes: []string{"reactions:write"}, run: reactionsAdd},

		"views.open":    {run: viewsOpen},
		"views.push":    {run: viewsPush},
		"views.update":  {run: viewsUpdate},
		"views.publish": {run: viewsPublish},

		"usergroups.users.list": {scopes: []string{"usergroups:read"}, formOnly: true, run: usergroupsUsersList},

		"assistant.threads.setStatus":           {scopes: write, run: assistantSetStatus},
		"assistant.threads.setSuggestedPrompts": {scopes: []string{"assistant:write"}, run: assistantSetPrompts},
		"assistant.threads.setTitle":            {scopes: []string{"assistant:write"}, run: assistantSetTitle},
	}
}

// allScopes is every scope that any method asks for.
func allScopes(methods map[string]method) []string {
	scopes := []string{
		"commands", "app_mentions:read", "chat:write.public", "chat:write.customize",
	}
	for _, m := range methods {
		scopes = append(scopes, m.scopes...)
	}
	slices.Sort(scopes)
	return slices.Compact(scopes)
}

// authorise checks the kind of the token and its scopes. It needs mu.
func (w *Workspace) authorise(m method, c *call) error {
	switch {
	case m.open:
		return nil
	case c.token == "":
		return refuse("not_authed")
	case c.token == w.cfg.AppToken:
		if !m.app && !m.either {
			return refuse("not_allowed_token_type")
		}
		return nil
	case c.token != w.cfg.BotToken:
		return refuse("invalid_auth")
	case m.app:
		return refuse("not_allowed_token_type")
	}
	c.bot, c.scopes = true, w.scopes
	return c.need(m.scopes...)
}

// SetScopes changes the scopes granted to the bot token, as a reinstallation
// of the app does.
func (w *Workspace) SetScopes(scopes ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.scopes = slices.Clone(scopes)
	w.touch()
}

func apiTest(_ *Workspace, c *call) (object, error) {
	if code := c.args.str("error"); code != "" {
		return nil, refuse(code)
	}
	return object{"args": c.args}, nil
}

func authTest(w *Workspace, c *call) (object, error) {
	if !c.bot {
		return object{"app_name": w.cfg.App.Name, "app_id": w.cfg.App.ID}, nil
	}
	result := object{
		"url": w.teamURL(), "team": w.cfg.Team.Name, "user": w.cfg.App.Name, "team_id": w.cfg.Team.ID,
		"user_id": w.cfg.App.BotUser, "bot_id": w.cfg.App.BotID, "is_enterprise_install": false,
	}
	if w.cfg.Team.EnterpriseID != "" {
		result["enterprise_id"] = w.cfg.Team.EnterpriseID
	}
	return result, nil
}

func (w *Workspace) teamURL() string { return "https://" + w.cfg.Team.Domain + ".slack.com/" }

func teamInfo(w *Workspace, _ *call) (object, error) {
	t := w.cfg.Team
	team := object{"id": t.ID, "name": t.Name, "domain": t.Domain, "email_domain": t.EmailDomain, "icon": object{"image_default": true}}
	if t.EnterpriseID != "" {
		team["enterprise_id"], team["enterprise_name"] = t.EnterpriseID, t.EnterpriseName
	}
	return object{"team": team}, nil
}

func botsInfo(w *Workspace, c *call) (object, error) {
	if id := c.args.str("bot"); id != w.cfg.App.BotID {
		return nil, refuse("bot_not_found")
	}
	return object{"bot": object{
		"id": w.cfg.App.BotID, "deleted": false, "name": w.cfg.App.Name, "updated": 1,
		"app_id": w.cfg.App.ID, "user_id": w.cfg.App.BotUser, "icons": object{},
	}}, nil
}

type usergroup struct {
	handle string
	people []string
}

// AddUsergroup creates or replaces a user group. It fails if somebody in it is
// not known.
func (w *Workspace) AddUsergroup(id, handle string, people ...string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := &usergroup{handle: strings.TrimPrefix(handle, "@")}
	for _, who := range people {
		p, err := w.person(who)
		if err != nil {
			return err
		}
		g.people = append(g.people, p.ID)
	}
	w.groups[id] = g
	w.touch()
	return nil
}

func usergroupsUsersList(w *Workspace, c *call) (object, error) {
	g, ok := w.groups[c.args.str("usergroup")]
	if !ok {
		return nil, refuse("no_such_subteam")
	}
	users := []string{}
	for _, id := range g.people {
		if !w.people[id].Deactivated || c.args.flag("include_disabled") {
			users = append(users, id)
		}
	}
	return object{"users": users}, nil
}
