package manifests_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"frontdesk/bot"
	"frontdesk/manifests"
)

// slackApp is the part of Slack's manifest schema, version 1, that we use. Slack
// refuses keys that it does not know, and so does the decoder here.
type slackApp struct {
	Display struct {
		Name        string `yaml:"name"`
		Description string `yaml:"description"`
		Long        string `yaml:"long_description"`
		Background  string `yaml:"background_color"`
	} `yaml:"display_information"`
	Features struct {
		Home struct {
			HomeTab          bool `yaml:"home_tab_enabled"`
			MessagesTab      bool `yaml:"messages_tab_enabled"`
			MessagesReadOnly bool `yaml:"messages_tab_read_only_enabled"`
		} `yaml:"app_home"`
		Bot struct {
			Name   string `yaml:"display_name"`
			Online bool   `yaml:"always_online"`
		} `yaml:"bot_user"`
		Commands []slackCommand `yaml:"slash_commands"`
	} `yaml:"features"`
	OAuth struct {
		Scopes struct {
			Bot []string `yaml:"bot"`
		} `yaml:"scopes"`
	} `yaml:"oauth_config"`
	Settings struct {
		SocketMode    bool `yaml:"socket_mode_enabled"`
		Interactivity struct {
			Enabled bool `yaml:"is_enabled"`
		} `yaml:"interactivity"`
		Events struct {
			Bot []string `yaml:"bot_events"`
		} `yaml:"event_subscriptions"`
		OrgDeploy     bool `yaml:"org_deploy_enabled"`
		TokenRotation bool `yaml:"token_rotation_enabled"`
	} `yaml:"settings"`
}

type slackCommand struct {
	Command     string `yaml:"command"`
	Description string `yaml:"description"`
	Hint        string `yaml:"usage_hint"`
	Escape      bool   `yaml:"should_escape"`
}

// decode reads YAML strictly.
func decode(t *testing.T, text string, into any) {
	t.Helper()
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		t.Fatal(err)
	}
}

func readSlack(t *testing.T) slackApp {
	t.Helper()
	var app slackApp
	decode(t, manifests.Slack(), &app)
	return app
}

func TestSlackManifestKeepsWithinSlacksLimits(t *testing.T) {
	t.Parallel()
	app := readSlack(t)
	within := func(what, text string, least, most int) {
		t.Helper()
		if n := utf8.RuneCountInString(text); n < least || n > most {
			t.Errorf("%s has %d characters, Slack takes %d to %d", what, n, least, most)
		}
	}
	within("name", app.Display.Name, 1, 35)
	within("description", app.Display.Description, 1, 140)
	within("long_description", app.Display.Long, 175, 4000)
	within("bot_user display_name", app.Features.Bot.Name, 1, 80)
	if !regexp.MustCompile(`^#[0-9a-f]{6}$`).MatchString(app.Display.Background) {
		t.Errorf("background_color is %q", app.Display.Background)
	}
	if n := len(app.Features.Commands); n < 1 || n > 50 {
		t.Errorf("%d slash commands, Slack takes 50", n)
	}
	for _, c := range app.Features.Commands {
		within(c.Command, c.Command, 2, 32)
		within(c.Command+" description", c.Description, 1, 2000)
		within(c.Command+" usage_hint", c.Hint, 1, 1000)
	}
	if n := len(app.Settings.Events.Bot); n > 100 {
		t.Errorf("%d events, Slack takes 100", n)
	}
}

// B2, N1: a person in a command must arrive as an id; a name can be anybody's.
func TestSlackManifestHasMentionsEscaped(t *testing.T) {
	t.Parallel()
	for _, c := range readSlack(t).Features.Commands {
		if !c.Escape {
			t.Errorf("%s does not escape mentions", c.Command)
		}
	}
}

func TestSlackManifestNeedsNoInboundConnection(t *testing.T) {
	t.Parallel()
	app := readSlack(t)
	if !app.Settings.SocketMode || !app.Settings.Interactivity.Enabled {
		t.Error("Socket Mode and interactivity must be on")
	}
	if strings.Contains(manifests.Slack(), "url:") {
		t.Error("an app in Socket Mode names no URL")
	}
	if !app.Features.Home.MessagesTab || app.Features.Home.MessagesReadOnly {
		t.Error("people must be able to write to the bot")
	}
}

func TestSlackManifestAsksForWhatTheBotUses(t *testing.T) {
	t.Parallel()
	app := readSlack(t)
	var scopes []string
	for _, scope := range bot.BotScopes() {
		scopes = append(scopes, scope.Name)
	}
	same(t, "scopes", scopes, app.OAuth.Scopes.Bot)
	same(t, "events", bot.Events(), app.Settings.Events.Bot)

	var commands []string
	for _, c := range app.Features.Commands {
		commands = append(commands, c.Command)
	}
	same(t, "commands", []string{bot.DefaultCommand}, commands)

	publishes := slices.Contains(bot.Methods(), "views.publish")
	if publishes != app.Features.Home.HomeTab {
		t.Errorf("the bot publishes a Home tab: %t; the manifest has one: %t", publishes, app.Features.Home.HomeTab)
	}
}

// same compares two sets.
func same(t *testing.T, what string, want, got []string) {
	t.Helper()
	want, got = slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: -code +manifest\n%s", what, diff)
	}
}
