package slacksim

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got+"\n"); diff != "" {
		t.Error(diff)
	}
}

func TestRenderDrawsEveryKindOfBlock(t *testing.T) {
	t.Parallel()
	w := setup(t)
	posted := w.post(t, "chat.postMessage", object{"channel": "U0ADA", "text": "fallback", "blocks": []any{
		object{"type": "header", "text": plain("Reset multi-factor")},
		section("*For* <@U0BOB> in <#C00GENERAL> &lt;b&gt;, see <https://x.example|the guide> or <mailto:it@acme.example|it@acme.example>\nsince <!date^1700000000^{date}|14 Nov> <!here>"),
		object{"type": "section", "fields": []any{mrkdwn("*Who*\nAda"), mrkdwn("*Why*\nلوست 🎈")}, "accessory": object{
			"type": "overflow", "action_id": "more", "options": []any{option("Later"), option("Never")},
		}},
		object{"type": "divider"},
		actions(button("yes", "Approve", "1"), button("no", "Deny", "1"), staticSelect(option("8h"), option("1d"))),
		object{"type": "context", "elements": []any{
			object{"type": "image", "image_url": "https://x.example/a.png", "alt_text": "logo"}, plain("run <1>"),
		}},
		object{"type": "image", "image_url": "https://x.example/a.png", "alt_text": "a chart"},
		object{"type": "markdown", "text": "# As *is*"},
		object{"type": "rich_text", "elements": []any{
			object{"type": "rich_text_section", "elements": []any{
				object{"type": "text", "text": "Hi "}, object{"type": "user", "user_id": "U0ADA"}, object{"type": "emoji", "name": "wave"},
			}},
			object{"type": "rich_text_list", "style": "bullet", "elements": []any{
				object{"type": "rich_text_section", "elements": []any{object{"type": "link", "url": "https://x.example", "text": "one"}}},
			}},
		}},
		accessory(button("third", "Cancel", "")),
	}})
	if posted["ok"] != true {
		t.Fatalf("%v", posted)
	}
	m := w.As("ada").DM()[0]
	golden(t, "message", Render(m))
	golden(t, "message_named", w.Render(m))
	m.Blocks = nil
	golden(t, "text", Render(m))
}

func TestRenderViewDrawsAFormAndWhatItObjectsTo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.modal(t, modalView("Request", object{"blocks": []any{
		section("What do you need?"),
		input(textInput()),
		object{
			"type": "input", "block_id": "who", "optional": true, "label": plain("For whom"), "hint": plain("Leave empty for yourself"),
			"element": object{"type": "users_select", "action_id": "u", "initial_user": "U0BOB"},
		},
		object{
			"type": "input", "block_id": "how", "label": plain("How"),
			"element": object{"type": "radio_buttons", "action_id": "r", "options": []any{option("now"), option("later")}},
		},
		object{
			"type": "input", "block_id": "apps", "label": plain("Apps"), "element": object{
				"type": "multi_static_select", "action_id": "m", "options": []any{option("a"), option("b")},
				"initial_options": []any{option("b")}, "placeholder": plain("Pick some"),
			},
		},
	}}))
	if _, err := w.As("ada").Submit(t.Context(), id, nil); err != nil {
		t.Fatal(err)
	}
	v, _ := w.As("ada").View()
	golden(t, "view", RenderView(v))
	golden(t, "view_named", w.RenderView(v))
}
