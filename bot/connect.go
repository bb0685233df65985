package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Workspace is where the bot's token belongs.
type Workspace struct {
	Team       string
	TeamName   string
	Enterprise string
	BotUser    string
	BotName    string
	URL        string
	Scopes     []string // granted; empty if Slack did not say
	Missing    []string // that this bot would use, and can do without
}

// Connect asks Slack whose token this is. Its errors are sentences for the
// person who starts the program: what is wrong and what to do.
func (d *Desk) Connect(ctx context.Context) (Workspace, error) {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	who, err := d.api.AuthTestContext(ctx)
	if err != nil {
		return Workspace{}, fmt.Errorf("%s: %w", cure(slackCode(err), d.url), deskError("auth.test", err))
	}
	w := Workspace{
		Team: who.TeamID, TeamName: who.Team, Enterprise: who.EnterpriseID,
		BotUser: who.UserID, BotName: who.User, URL: who.URL,
	}
	if who.BotID == "" {
		return w, fmt.Errorf("SLACK_BOT_TOKEN is the token of a person (%s), not of a bot: take the Bot User OAuth Token from your app's page, under OAuth & Permissions", who.User)
	}
	for scope := range strings.SplitSeq(who.Header.Get("X-Oauth-Scopes"), ",") {
		if scope = strings.TrimSpace(scope); scope != "" {
			w.Scopes = append(w.Scopes, scope)
		}
	}
	var needed []string
	for _, s := range BotScopes() {
		switch {
		case len(w.Scopes) == 0 || slices.Contains(w.Scopes, s.Name):
		case s.Required:
			needed = append(needed, s.Name)
		default:
			w.Missing = append(w.Missing, s.Name)
		}
	}
	if len(needed) > 0 {
		return w, fmt.Errorf("SLACK_BOT_TOKEN lacks %s: add them to your app under OAuth & Permissions (or paste Frontdesk's manifest) and reinstall the app", strings.Join(needed, ", "))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.self = who.UserID
	return w, nil
}

// cure says what to do about a code that Slack gave a token.
func cure(code, apiURL string) string {
	switch code {
	case "invalid_auth", "not_authed":
		return "Slack does not know SLACK_BOT_TOKEN: copy the Bot User OAuth Token (xoxb-…) from your app's page, under OAuth & Permissions"
	case "token_revoked", "token_expired":
		return "SLACK_BOT_TOKEN was revoked or has expired: reinstall the app and copy its new Bot User OAuth Token"
	case "account_inactive":
		return "the app behind SLACK_BOT_TOKEN was removed from its workspace: install it again"
	case "not_allowed_token_type":
		return "SLACK_BOT_TOKEN is of the wrong kind: it wants the Bot User OAuth Token (xoxb-…), not the app-level one"
	case "org_login_required", "team_access_not_granted", "enterprise_is_restricted", "access_denied":
		return "Slack does not let this app into the workspace (" + code + "): an admin of the organisation must approve it"
	case "":
		return "Slack cannot be reached at " + apiURL + ": check the network, a proxy, and SLACK_API_URL"
	}
	return "Slack refuses SLACK_BOT_TOKEN (" + code + ")"
}
