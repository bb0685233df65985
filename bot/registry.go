package bot

// Scope is an OAuth scope of the bot's token.
type Scope struct {
	Name     string
	Why      string
	Required bool // serve does not start without it
}

// BotScopes lists the scopes that the bot uses.
func BotScopes() []Scope { //nolint:revive // of the bot token, not the app-level one
	return []Scope{
		{Name: "commands", Why: "the slash command", Required: true},
		{Name: "chat:write", Why: "cards, threads and private answers", Required: true},
		{Name: "im:write", Why: "opening direct messages", Required: true},
		{Name: "users:read", Why: "the identity gate", Required: true},
		{Name: "users:read.email", Why: "finding people by work email", Required: true},
		{Name: "im:history", Why: "hearing direct messages, and finding a message again instead of sending it twice"},
		{Name: "app_mentions:read", Why: "hearing @mentions"},
	}
}

// Methods lists the Web API methods that the bot calls.
func Methods() []string {
	return []string{
		"apps.connections.open", "auth.test",
		"chat.postEphemeral", "chat.postMessage", "chat.update",
		"conversations.history", "conversations.open", "conversations.replies",
		"users.info", "users.lookupByEmail",
		"views.open", "views.update",
	}
}

// Events lists the events that the bot listens to.
func Events() []string { return []string{"app_home_opened", "app_mention", "message.im"} }

// DefaultCommand is the slash command, unless the configuration says otherwise.
const DefaultCommand = "/okta"
