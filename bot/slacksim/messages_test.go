package slacksim

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPostMessageRefusals(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.SetScopes("chat:write", "im:write")
	w.AddPerson(Person{ID: "U0GONE", Name: "gone", Deactivated: true})
	w.AddPerson(Person{ID: "U0FAR", Name: "far", Kind: Stranger})
	for _, c := range []Channel{
		{ID: "C0SECRET", Name: "secret", Private: true, Members: []string{"ada"}},
		{ID: "C0OLD", Name: "old", Archived: true, Members: []string{"frontdesk"}},
		{ID: "C0HELP", Name: "help", Members: []string{"ada", "frontdesk"}},
	} {
		if _, err := w.AddChannel(c); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		args object
		want string
	}{
		{"unknown channel", object{"channel": "C0NONE", "text": "x"}, "channel_not_found"},
		{"private channel without the bot", object{"channel": "C0SECRET", "text": "x"}, "channel_not_found"},
		{"public channel without the bot", object{"channel": generalID, "text": "x"}, "not_in_channel"},
		{"archived", object{"channel": "C0OLD", "text": "x"}, "is_archived"},
		{"nothing said", object{"channel": "C0HELP"}, "no_text"},
		{"deactivated person", object{"channel": "U0GONE", "text": "x"}, "channel_not_found"},
		{"stranger", object{"channel": "U0FAR", "text": "x"}, "channel_not_found"},
		{"unknown thread", object{"channel": "C0HELP", "text": "x", "thread_ts": "1.000001"}, "thread_not_found"},
		{"markdown and text", object{"channel": "C0HELP", "text": "x", "markdown_text": "y"}, "markdown_text_conflict"},
		{"long markdown", object{"channel": "C0HELP", "markdown_text": strings.Repeat("x", 12001)}, "msg_too_long"},
		{"blocks that are no list", object{"channel": "C0HELP", "blocks": "{"}, "invalid_blocks_format"},
		{"metadata without type", object{"channel": "C0HELP", "text": "x", "metadata": object{"event_payload": object{}}}, "invalid_metadata_schema"},
		{
			"large metadata", object{"channel": "C0HELP", "text": "x", "metadata": object{
				"event_type": "t", "event_payload": object{"x": strings.Repeat("x", metadataMax)},
			}}, "metadata_too_large",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := w.post(t, "chat.postMessage", c.args); got["error"] != c.want {
				t.Errorf("%v, want %s", got, c.want)
			}
		})
	}
}

func TestPublicChannelIsOpenWithTheScopeForIt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if got := w.post(t, "chat.postMessage", object{"channel": "#general", "text": "x"}); got["ok"] != true || got["channel"] != generalID {
		t.Errorf("%v", got)
	}
}

func TestTimestampsAreUniqueAndRise(t *testing.T) {
	t.Parallel()
	w := setup(t) // whose clock stands still
	last := ""
	for range 20 {
		ts := str(w.post(t, "chat.postMessage", object{"channel": "U0ADA", "text": "x"}), "ts")
		if ts <= last || len(ts) != len("1700000000.000100") {
			t.Fatalf("%q after %q", ts, last)
		}
		last = ts
	}
}

func TestThreadsAndHistory(t *testing.T) {
	t.Parallel()
	w := setup(t)
	root := str(w.post(t, "chat.postMessage", object{
		"channel": "U0ADA", "text": "root",
		"metadata": object{"event_type": "request", "event_payload": object{"id": "r1"}},
	}), "ts")
	for _, text := range []string{"one", "two"} {
		w.post(t, "chat.postMessage", object{"channel": "D0ADA", "text": text, "thread_ts": root})
	}
	w.post(t, "chat.postMessage", object{"channel": "D0ADA", "text": "next"})

	history := w.post(t, "conversations.history", object{"channel": "D0ADA", "include_all_metadata": true})
	messages := objects(history["messages"])
	if diff := cmp.Diff([]string{"next", "root"}, texts(messages)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(object{"event_type": "request", "event_payload": object{"id": "r1"}}, messages[1]["metadata"]); diff != "" {
		t.Error(diff)
	}
	if messages[1]["reply_count"] != 2.0 || messages[1]["thread_ts"] != root {
		t.Errorf("root: %v", messages[1])
	}
	plainHistory := w.post(t, "conversations.history", object{"channel": "D0ADA"})
	if _, has := objects(plainHistory["messages"])[1]["metadata"]; has {
		t.Error("metadata without asking")
	}
	replies := objects(w.form(t, "conversations.replies", "channel", "D0ADA", "ts", root)["messages"])
	if diff := cmp.Diff([]string{"root", "one", "two"}, texts(replies)); diff != "" {
		t.Error(diff)
	}
	page := w.form(t, "conversations.replies", "channel", "D0ADA", "ts", root, "limit", "1", "oldest", root)
	if diff := cmp.Diff([]string{"one"}, texts(objects(page["messages"]))); diff != "" || page["has_more"] != true {
		t.Error(diff, page)
	}
	if got := w.form(t, "conversations.replies", "channel", "D0ADA", "ts", "1.000001"); got["error"] != "thread_not_found" {
		t.Errorf("%v", got)
	}
}

func texts(messages []object) []string {
	var all []string
	for _, m := range messages {
		all = append(all, str(m, "text"))
	}
	return all
}

func TestHistoryNeedsTheScopeOfTheConversationAndMembership(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.SetScopes("im:history", "chat:write")
	got := w.post(t, "conversations.history", object{"channel": generalID})
	if got["error"] != "missing_scope" || got["needed"] != "channels:history" {
		t.Errorf("%v", got)
	}
	w.SetScopes("channels:history")
	if got := w.post(t, "conversations.history", object{"channel": generalID}); got["error"] != "not_in_channel" {
		t.Errorf("%v", got)
	}
}

func TestUpdateChangesOnlyTheBotsOwnStoredMessages(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if err := w.Join("#general", "frontdesk"); err != nil {
		t.Fatal(err)
	}
	said, err := w.As("ada").Say(t.Context(), "#general", "hi")
	if err != nil {
		t.Fatal(err)
	}
	whisper := str(w.post(t, "chat.postEphemeral", object{"channel": generalID, "user": "U0ADA", "text": "psst"}), "message_ts")
	posted := str(w.post(t, "chat.postMessage", object{"channel": generalID, "text": "t", "blocks": []any{section("b")}}), "ts")
	for _, c := range []struct {
		name string
		args object
		want any
	}{
		{"another's", object{"channel": generalID, "ts": said.TS, "text": "x"}, "cant_update_message"},
		{"ephemeral", object{"channel": generalID, "ts": whisper, "text": "x"}, "message_not_found"},
		{"unknown", object{"channel": generalID, "ts": "1.000001", "text": "x"}, "message_not_found"},
		{"too long", object{"channel": generalID, "ts": posted, "text": strings.Repeat("x", 4001)}, "msg_too_long"},
		{"nothing", object{"channel": generalID, "ts": posted}, "no_text"},
	} {
		if got := w.post(t, "chat.update", c.args); got["error"] != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	w.post(t, "chat.update", object{"channel": generalID, "ts": posted, "blocks": []any{section("b2")}})
	seen := w.Messages("#general")
	last := seen[len(seen)-1]
	if last.Text != "t" || str(obj(last.Blocks[0], "text"), "text") != "b2" {
		t.Errorf("blocks only: %+v", last)
	}
	if got := w.post(t, "chat.delete", object{"channel": generalID, "ts": said.TS}); got["error"] != "cant_delete_message" {
		t.Errorf("%v", got)
	}
	if got := w.post(t, "chat.delete", object{"channel": generalID, "ts": posted}); got["ok"] != true {
		t.Errorf("%v", got)
	}
	if got := w.Messages("#general"); len(got) != 1 {
		t.Errorf("after delete: %v", got)
	}
}

func TestEphemeralMessageIsForOnePersonInTheConversation(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.AddPerson(Person{ID: "U0GUEST", Name: "guest", Kind: MultiChannelGuest})
	if got := w.post(t, "chat.postEphemeral", object{"channel": generalID, "user": "U0GUEST", "text": "x"}); got["error"] != "user_not_in_channel" {
		t.Errorf("%v", got)
	}
	w.post(t, "chat.postEphemeral", object{"channel": generalID, "user": "U0ADA", "text": "psst"})
	if got := w.As("ada").Messages("#general"); len(got) != 1 || got[0].OnlyFor != "U0ADA" {
		t.Errorf("%v", got)
	}
	if len(w.As("bob").Messages("#general")) != 0 || len(w.Messages("#general")) != 0 {
		t.Error("somebody else sees it")
	}
}

func TestConversationsOpen(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.AddPerson(Person{ID: "U0GONE", Name: "gone", Deactivated: true})
	w.AddPerson(Person{ID: "U0FAR", Name: "far", Kind: Stranger})
	open := func(users string) object { return w.post(t, "conversations.open", object{"users": users}) }
	if got := open("U0ADA"); str(obj(got, "channel"), "id") != "D0ADA" || got["already_open"] != nil {
		t.Errorf("%v", got)
	}
	if got := open("U0ADA"); got["already_open"] != true {
		t.Errorf("%v", got)
	}
	group := str(obj(open("U0ADA,U0BOB"), "channel"), "id")
	if again := str(obj(open("U0BOB,U0ADA"), "channel"), "id"); again != group || group == "" {
		t.Errorf("group %q, then %q", group, again)
	}
	for users, want := range map[string]string{
		"U0GONE": "user_disabled", "U0FAR": "user_not_visible", "U0NOBODY": "user_not_found",
		"": "users_list_not_supplied", "1,2,3,4,5,6,7,8,9": "too_many_users",
	} {
		if got := open(users); got["error"] != want {
			t.Errorf("%q: %v, want %s", users, got, want)
		}
	}
}

func TestConversationInfoMembersAndList(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if got := obj(w.form(t, "conversations.info", "channel", generalID), "channel"); got["is_member"] != false || got["name"] != "general" {
		t.Errorf("%v", got)
	}
	page := w.form(t, "conversations.members", "channel", generalID, "limit", "1")
	if diff := cmp.Diff([]any{"U0ADA"}, page["members"]); diff != "" {
		t.Error(diff)
	}
	rest := w.form(t, "conversations.members", "channel", generalID, "cursor", str(obj(page, "response_metadata"), "next_cursor"))
	if diff := cmp.Diff([]any{"U0BOB"}, rest["members"]); diff != "" {
		t.Error(diff)
	}
	if got := w.post(t, "conversations.join", object{"channel": generalID}); got["ok"] != true {
		t.Errorf("%v", got)
	}
	list := objects(w.form(t, "conversations.list")["channels"])
	if len(list) != 1 || list[0]["is_member"] != true {
		t.Errorf("%v", list)
	}
}

func TestPermalinkAndReactions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ts := str(w.post(t, "chat.postMessage", object{"channel": "U0ADA", "text": "x"}), "ts")
	link := str(w.form(t, "chat.getPermalink", "channel", "D0ADA", "message_ts", ts), "permalink")
	if want := "https://acme.slack.com/archives/D0ADA/p" + strings.ReplaceAll(ts, ".", ""); link != want {
		t.Errorf("%q, want %q", link, want)
	}
	react := func(name, ts string) any {
		return w.post(t, "reactions.add", object{"channel": "D0ADA", "timestamp": ts, "name": name})["error"]
	}
	for _, c := range []struct {
		name, ts string
		want     any
	}{
		{"eyes", ts, nil},
		{"eyes", ts, "already_reacted"},
		{"", ts, "invalid_name"},
		{"eyes", "yesterday", "bad_timestamp"},
		{"eyes", "1.000001", "message_not_found"},
	} {
		if got := react(c.name, c.ts); got != c.want {
			t.Errorf("%q on %s: %v, want %v", c.name, c.ts, got, c.want)
		}
	}
	if diff := cmp.Diff([]Reaction{{Name: "eyes", Users: []string{"U00BOT"}}}, w.As("ada").DM()[0].Reactions); diff != "" {
		t.Error(diff)
	}
}

func TestEventsFollowWhatPeopleSay(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.Events = []string{"message.im", "app_mention", "app_home_opened"} })
	if err := w.Join("#general", "frontdesk"); err != nil {
		t.Fatal(err)
	}
	l := w.connect(t)
	event := func() object {
		e := l.next()
		l.ack(e, nil)
		return obj(obj(e, "payload"), "event")
	}
	said, err := w.As("ada").Say(t.Context(), "", "I lost my phone & ada@acme.example")
	if err != nil {
		t.Fatal(err)
	}
	got := event()
	if got["type"] != "message" || got["channel_type"] != "im" || got["user"] != "U0ADA" ||
		got["text"] != "I lost my phone &amp; <mailto:ada@acme.example|ada@acme.example>" {
		t.Errorf("%v", got)
	}
	if _, err := w.As("ada").Answer(t.Context(), said.Ref(), "really"); err != nil {
		t.Fatal(err)
	}
	if got := event(); got["thread_ts"] != said.TS {
		t.Errorf("%v", got)
	}
	if _, err := w.As("ada").Say(t.Context(), "#general", "not for the app"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.As("ada").Mention(t.Context(), "#general", "help"); err != nil {
		t.Fatal(err)
	}
	if got := event(); got["type"] != "app_mention" || got["text"] != "<@U00BOT> help" {
		t.Errorf("%v", got)
	}
	if err := w.As("ada").OpenHome(t.Context(), "home"); err != nil {
		t.Fatal(err)
	}
	if got := event(); got["type"] != "app_home_opened" || got["tab"] != "home" || got["channel"] != "D0ADA" {
		t.Errorf("%v", got)
	}
}

func TestSlashTextIsEscapedAsDeclared(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) {
		c.Commands = []Command{
			{Name: "/escaped"}, {Name: "/bare", BareMentions: true}, {Name: "/plain", Unescaped: true}, {Name: "/mail", LinkedEmails: true},
		}
	})
	w.AddPerson(Person{ID: "U0RTL", Name: "noor", DisplayName: "نور 🎈"})
	if err := w.AddUsergroup("S0IT", "@it-desk", "bob"); err != nil {
		t.Fatal(err)
	}
	texts := make(chan string, 1)
	w.answer(t, func(e object) any {
		texts <- str(obj(e, "payload"), "text")
		return nil
	})
	for _, c := range []struct{ line, want string }{
		{"/escaped reset for @ada, please", "reset for <@U0ADA|ada>, please"},
		{"/escaped @Ada Lovelace's phone", "<@U0ADA|ada>'s phone"},
		{"/escaped @نور 🎈 now", "<@U0RTL|noor> now"},
		{"/escaped @it-desk", "<!subteam^S0IT|@it-desk>"},
		{"/escaped @adamant and @nobody", "@adamant and @nobody"},
		{"/escaped ada@acme.example in #general", "ada@acme.example in <#C00GENERAL|general>"},
		{"/escaped see https://x.example/?a=1&b=2 <b>", "see <https://x.example/?a=1&amp;b=2> &lt;b&gt;"},
		{"/bare @ada", "<@U0ADA>"},
		{"/plain @ada & <b>", "@ada & <b>"},
		{"/mail ada@acme.example", "<mailto:ada@acme.example|ada@acme.example>"},
	} {
		if _, err := w.As("ada").Slash(t.Context(), "", c.line); err != nil {
			t.Fatal(err)
		}
		if got := <-texts; got != c.want {
			t.Errorf("%s: %q, want %q", c.line, got, c.want)
		}
	}
	if _, err := w.As("ada").Slash(t.Context(), "", "/other"); err == nil {
		t.Error("an undeclared command was sent")
	}
}

func TestAssistantThreadIsSetAndItsStatusEndsWithTheReply(t *testing.T) {
	t.Parallel()
	w := setup(t)
	said, err := w.As("ada").Say(t.Context(), "", "help")
	if err != nil {
		t.Fatal(err)
	}
	thread := object{"channel_id": "D0ADA", "thread_ts": said.TS}
	set := func(method string, more object) object {
		maps.Copy(more, thread)
		return w.post(t, "assistant.threads."+method, more)
	}
	if got := set("setStatus", object{"status": "is looking…"}); got["ok"] != true {
		t.Fatal(got)
	}
	set("setTitle", object{"title": "Lost phone"})
	set("setSuggestedPrompts", object{"prompts": []any{object{"title": "a", "message": "b"}}})
	if got := w.Assistant("D0ADA", said.TS); got.Status == "" || got.Title != "Lost phone" || len(got.Prompts) != 1 {
		t.Errorf("%+v", got)
	}
	w.post(t, "chat.postMessage", object{"channel": "D0ADA", "thread_ts": said.TS, "text": "done"})
	if got := w.Assistant("D0ADA", said.TS).Status; got != "" {
		t.Errorf("status %q after the reply", got)
	}
	if got := set("setSuggestedPrompts", object{"prompts": make([]any, 5)}); got["error"] != "invalid_arguments" {
		t.Errorf("%v", got)
	}
	if got := w.post(t, "assistant.threads.setStatus", object{"channel_id": "D0ADA", "status": "x"}); got["error"] != "invalid_thread_ts" {
		t.Errorf("%v", got)
	}
}
