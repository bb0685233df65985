package slacksim

import (
	"context"
	"errors"
	"io"
	"log"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
)

func (w *world) api() *slack.Client {
	return slack.New(w.cfg.BotToken, slack.OptionAppLevelToken(w.cfg.AppToken), slack.OptionAPIURL(w.base+"/api/"))
}

// run starts slack-go's Socket Mode client and hands each request to handle.
func (w *world) run(t *testing.T, handle func(*socketmode.Client, socketmode.Event)) {
	t.Helper()
	client := socketmode.New(w.api(), socketmode.OptionLog(log.New(io.Discard, "", 0)))
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{}, 2)
	go func() {
		_ = client.RunContext(ctx) // ends with ctx
		done <- struct{}{}
	}()
	go func() {
		defer func() { done <- struct{}{} }()
		for {
			select {
			case e := <-client.Events:
				handle(client, e)
			case <-ctx.Done():
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		<-done
	})
	w.wait(t, "slack-go connected", func() bool { return w.Sockets() > 0 })
}

func ack(t *testing.T, client *socketmode.Client, e socketmode.Event, payload ...any) {
	t.Helper()
	if err := client.Ack(*e.Request, payload...); err != nil {
		t.Errorf("ack: %v", err)
	}
}

func TestSlackGoTalksToTheWorkspace(t *testing.T) {
	t.Parallel()
	w := setup(t)
	api := w.api()
	ctx := deadline(t)
	who, err := api.AuthTestContext(ctx)
	if err != nil || who.UserID != "U00BOT" || who.TeamID != "T00SIM" {
		t.Fatalf("%+v %v", who, err)
	}
	user, err := api.GetUserByEmailContext(ctx, "ada@acme.example")
	if err != nil || user.ID != "U0ADA" || user.Profile.Email != "ada@acme.example" {
		t.Fatalf("%+v %v", user, err)
	}
	if _, err := api.GetUserInfoContext(ctx, "U0NOBODY"); err == nil || err.Error() != "user_not_found" {
		t.Errorf("%v", err)
	}
	dm, _, _, err := api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{"U0ADA"}})
	if err != nil || dm.ID != "D0ADA" {
		t.Fatalf("%+v %v", dm, err)
	}
	channel, ts, err := api.PostMessageContext(
		ctx, dm.ID, slack.MsgOptionText("Approve?", false),
		slack.MsgOptionBlocks(
			slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, "*Approve?*", false, false), nil, nil),
			slack.NewActionBlock("acts", slack.NewButtonBlockElement("yes", "ask_1", slack.NewTextBlockObject(slack.PlainTextType, "Approve", false, false))),
		),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "ask", EventPayload: map[string]any{"id": "1"}}),
	)
	if err != nil || channel != "D0ADA" {
		t.Fatalf("%s %v", channel, err)
	}
	history, err := api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: channel, IncludeAllMetadata: true})
	if err != nil || len(history.Messages) != 1 || history.Messages[0].Metadata.EventPayload["id"] != "1" || history.Messages[0].Timestamp != ts {
		t.Fatalf("%+v %v", history, err)
	}
	if _, _, _, err := api.UpdateMessageContext(ctx, channel, ts, slack.MsgOptionText("Done", false)); err != nil {
		t.Error(err)
	}
	if _, err := api.PostEphemeralContext(ctx, channel, "U0ADA", slack.MsgOptionText("psst", false)); err != nil {
		t.Error(err)
	}
	_, _, err = api.PostMessageContext(ctx, channel, slack.MsgOptionBlocks(slack.NewDividerBlock(), slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, long(151), false, false))))
	refusal, ok := errors.AsType[slack.SlackErrorResponse](err)
	if !ok || refusal.Err != "invalid_blocks" || len(refusal.ResponseMetadata.Messages) != 1 {
		t.Errorf("%#v", err)
	}
	w.Fault(Fault{Method: "users.info", Kind: RateLimited, RetryAfter: 9 * time.Second})
	_, err = api.GetUserInfoContext(ctx, "U0ADA")
	if limited, ok := errors.AsType[*slack.RateLimitedError](err); !ok || limited.RetryAfter != 9*time.Second {
		t.Errorf("%v", err)
	}
	w.SetScopes("chat:write")
	_, err = api.GetUserGroupMembersContext(ctx, "S0IT")
	if refusal, ok := errors.AsType[slack.SlackErrorResponse](err); !ok || refusal.Err != "missing_scope" || refusal.Needed != "usergroups:read" {
		t.Errorf("%#v", err)
	}
}

func TestSlackGoListsEverybodyAndEveryChannel(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.AddPerson(Person{ID: "U0GONE", Name: "gone", Deactivated: true})
	users, err := w.api().GetUsersContext(deadline(t), slack.GetUsersOptionLimit(2))
	if err != nil || len(users) != 5 {
		t.Fatalf("%d %v", len(users), err)
	}
	channels, _, err := w.api().GetConversationsContext(deadline(t), &slack.GetConversationsParameters{})
	if err != nil || len(channels) != 1 || channels[0].Name != "general" {
		t.Errorf("%+v %v", channels, err)
	}
	members, _, err := w.api().GetUsersInConversationContext(deadline(t), &slack.GetUsersInConversationParameters{ChannelID: generalID})
	if diff := cmp.Diff([]string{"U0ADA", "U0BOB"}, members); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestSlackGoServesACommandAModalAndASuggestion(t *testing.T) {
	t.Parallel()
	w := setup(t)
	reasons := make(chan string, 1)
	w.run(t, func(client *socketmode.Client, e socketmode.Event) {
		switch data := e.Data.(type) {
		case slack.SlashCommand:
			ack(t, client, e, map[string]any{"text": "Hello " + data.UserName + ": " + data.Text})
			_, err := client.OpenView(data.TriggerID, slack.ModalViewRequest{
				Type: slack.VTModal, Title: slack.NewTextBlockObject(slack.PlainTextType, "Ask", false, false),
				Submit: slack.NewTextBlockObject(slack.PlainTextType, "Send", false, false),
				Blocks: slack.Blocks{BlockSet: []slack.Block{
					slack.NewInputBlock("why", slack.NewTextBlockObject(slack.PlainTextType, "Why", false, false), nil,
						slack.NewPlainTextInputBlockElement(nil, "reason")),
					slack.NewInputBlock("app", slack.NewTextBlockObject(slack.PlainTextType, "App", false, false), nil,
						slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, nil, "apps")),
				}},
			})
			if err != nil {
				t.Errorf("views.open: %v", err)
			}
		case slack.InteractionCallback:
			if data.Type == slack.InteractionTypeBlockSuggestion {
				ack(t, client, e, slack.OptionsResponse{Options: []*slack.OptionBlockObject{
					slack.NewOptionBlockObject("app_"+data.Value, slack.NewTextBlockObject(slack.PlainTextType, "Slack", false, false), nil),
				}})
				return
			}
			reasons <- data.View.State.Values["why"]["reason"].Value + " " + data.View.State.Values["app"]["apps"].SelectedOption.Value
			ack(t, client, e)
		}
	})
	reply, err := w.As("ada").Slash(deadline(t), "", "/okta for @bob")
	if err != nil || reply.Message == nil || reply.Message.Text != "Hello ada: for <@U0BOB|bob>" {
		t.Fatalf("%+v %v", reply, err)
	}
	w.wait(t, "modal", func() bool { return w.title() == "Ask" })
	v, _ := w.As("ada").View()
	offered, err := w.As("ada").Suggest(deadline(t), v.Ref(), "apps", "sla")
	if err != nil || len(offered.Options) != 1 {
		t.Fatalf("%+v %v", offered, err)
	}
	result, err := w.As("ada").Submit(deadline(t), v.ID, Values{"why": {"reason": "phone"}, "app": {"apps": "app_sla"}})
	if err != nil || !result.Acked || result.View != nil {
		t.Errorf("%+v %v", result, err)
	}
	if got := <-reasons; got != "phone app_sla" {
		t.Errorf("%q", got)
	}
}

func TestSlackGoDecodesEveryEventAndInteraction(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if err := w.Join("#general", "frontdesk"); err != nil {
		t.Fatal(err)
	}
	kinds := make(chan string, 100)
	w.run(t, func(client *socketmode.Client, e socketmode.Event) {
		if e.Request == nil || e.Request.EnvelopeID == "" {
			return // hello and the client's own events
		}
		ack(t, client, e)
		switch data := e.Data.(type) {
		case slackevents.EventsAPIEvent:
			kinds <- data.InnerEvent.Type
		case slack.InteractionCallback:
			kinds <- string(data.Type)
			if data.Type == slack.InteractionTypeBlockActions && data.ActionCallback.BlockActions[0].Value != "ask_1" {
				t.Errorf("%+v", data.ActionCallback.BlockActions[0])
			}
		default:
			t.Errorf("undecoded: %+v", e)
		}
	})
	expect := func(want ...string) {
		t.Helper()
		for _, kind := range want {
			select {
			case got := <-kinds:
				if got != kind {
					t.Errorf("%s, want %s", got, kind)
				}
			case <-deadline(t).Done():
				t.Fatalf("no %s", kind)
			}
		}
	}
	m := w.card(t)
	expect("message")
	if _, err := w.As("ada").Press(deadline(t), m.Ref(), "yes"); err != nil {
		t.Fatal(err)
	}
	expect("block_actions")
	w.post(t, "chat.update", object{"channel": m.Channel, "ts": m.TS, "text": "done"})
	w.post(t, "chat.delete", object{"channel": m.Channel, "ts": m.TS})
	expect("message", "message")
	if _, err := w.As("ada").Mention(deadline(t), "#general", "help"); err != nil {
		t.Fatal(err)
	}
	expect("message", "app_mention")
	if err := w.As("ada").OpenHome(deadline(t), "home"); err != nil {
		t.Fatal(err)
	}
	expect("app_home_opened")
	if err := w.ChangeEmail("ada", "x@acme.example"); err != nil {
		t.Fatal(err)
	}
	expect("user_change")
	id := w.modal(t, modalView("M", object{"notify_on_close": true}))
	if _, err := w.As("ada").CloseView(deadline(t), id); err != nil {
		t.Fatal(err)
	}
	expect("view_closed")
	if _, err := w.As("ada").Shortcut(deadline(t), "new"); err != nil {
		t.Fatal(err)
	}
	expect("shortcut")
}

func TestSlackGoReconnectsWhenAskedTo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	hellos := make(chan struct{}, 10)
	w.run(t, func(client *socketmode.Client, e socketmode.Event) {
		switch {
		case e.Type == socketmode.EventTypeHello:
			hellos <- struct{}{}
		case e.Request != nil && e.Request.EnvelopeID != "":
			ack(t, client, e)
		}
	})
	<-hellos
	w.Disconnect(RefreshRequested)
	select {
	case <-hellos:
	case <-deadline(t).Done():
		t.Fatal("no second connection")
	}
	if reply, err := w.As("ada").Slash(deadline(t), "", "/okta"); err != nil || !reply.Acked {
		t.Errorf("%+v %v", reply, err)
	}
}
