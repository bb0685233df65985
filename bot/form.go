package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"frontdesk/agent"
	"frontdesk/playbooks/action"
)

// The request form: what a command would say, in fields.

const (
	formCallback = "fd:ask"
	formAction   = "fd-form:action"

	actionBlock  = "action"
	personBlock  = "person"
	emailBlock   = "email"
	tempBlock    = "temp"
	endsBlock    = "ends"
	becauseBlock = "because"
)

// maxTyped is what Slack lets people type into one field.
const maxTyped = 3000

// draft is what a form holds.
type draft struct {
	Command string // how commands begin: /okta
	Offered []action.Kind
	Kind    action.Kind
	Person  string // a Slack account
	Email   string
	Objects string
	Temp    bool
	Ends    string
	Because string
	Note    string // shown on top
	Keeps   keeps
}

// keeps is what a form remembers in its private part: ids only.
type keeps struct {
	Channel string `json:"c,omitempty"`
	Reason  string `json:"r,omitempty"` // the key of a long reason on the engine's shelf
	Size    int    `json:"n,omitempty"` // of that reason
	Ends    bool   `json:"e,omitempty"`
}

func (k keeps) encode() string {
	raw, err := json.Marshal(k)
	if err != nil {
		return "" // strings always encode
	}
	return string(raw)
}

func readKeeps(private string) keeps {
	var k keeps
	if json.Unmarshal([]byte(private), &k) != nil || (k.Reason != "" && !opaque(k.Reason)) {
		return keeps{}
	}
	return k
}

// openForm opens the form, filled with what was typed.
func (b *Bot) openForm(ctx context.Context, c command, typed action.Command, note string) {
	offered := b.Agent.Offered()
	if len(offered) == 0 {
		b.tell(ctx, c.caller(), c.ResponseURL, agent.Message{Mood: agent.MoodWarning, Text: sayNothing})
		return
	}
	d := draftOf(typed, offered)
	d.Command, d.Note, d.Keeps.Channel = b.Command, note, c.Channel
	if size(d.Because) > maxTyped {
		brief, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		key, err := b.Agent.Stash(brief, []byte(d.Because))
		if err != nil {
			b.Logger.WarnContext(ctx, "a long reason could not be kept", "error", err)
			d.Because = cut(d.Because, maxTyped)
		} else {
			d.Keeps.Reason, d.Keeps.Size, d.Because = key, size(d.Because), ""
		}
	}
	example := b.Command + " help"
	if spec, ok := action.Of(d.Kind); ok {
		example = spec.Example
	}
	b.openView(ctx, c.caller(), c.Trigger, c.ResponseURL, requestForm(d), fmt.Sprintf(sayFormTooSlow, example))
}

// draftOf fills a form with what was typed. A bare handle is nobody yet.
func draftOf(c action.Command, offered []action.Kind) draft {
	d := draft{Offered: offered, Because: c.Because, Temp: c.TempPassword}
	if slices.Contains(offered, c.Kind) {
		d.Kind = c.Kind
	}
	switch c.Target.Kind {
	case action.Mention:
		d.Person = c.Target.Text
	case action.Email:
		d.Email = c.Target.Text
	case action.Missing, action.Handle, action.Name, action.Hole:
	}
	var objects []string
	for _, o := range c.Objects {
		objects = append(objects, o.String())
	}
	d.Objects = strings.Join(objects, ", ")
	switch {
	case c.For > 0:
		d.Ends = action.For(c.For)
	case !c.Until.IsZero():
		d.Ends = "until " + c.Until.Format("2006-01-02 15:04")
	}
	d.Keeps.Ends = d.Ends != ""
	return d
}

// draftFrom reads a form as it stands.
func draftFrom(v *view, command string, offered []action.Kind) draft {
	d := draft{
		Command: command, Offered: offered, Keeps: readKeeps(v.Private),
		Person:  v.field(personBlock).User,
		Email:   strings.TrimSpace(v.field(emailBlock).Value),
		Ends:    strings.TrimSpace(v.field(endsBlock).Value),
		Because: strings.TrimSpace(v.field(becauseBlock).Value),
		Temp:    len(v.field(tempBlock).Options) > 0,
	}
	d.choose(action.Kind(v.field(actionBlock).Option.Value), v)
	return d
}

// choose takes an action that is offered, and what the form holds for it.
func (d *draft) choose(kind action.Kind, v *view) {
	if !slices.Contains(d.Offered, kind) {
		return
	}
	d.Kind, d.Objects = kind, ""
	if spec, ok := action.Of(kind); ok && spec.Takes != action.NoObject {
		d.Objects = strings.TrimSpace(v.field(string(spec.Takes)).Value)
	}
}

// shaped tells whether the form had the fields that its action takes. It had
// not, if it was sent before they came.
func (d *draft) shaped(v *view) bool {
	spec, ok := action.Of(d.Kind)
	return !ok || v.has(becauseBlock) && (spec.Takes == action.NoObject || v.has(string(spec.Takes)))
}

// reshape gives the form the fields that the chosen action takes. Of two choices
// in quick succession the later one stands, in whatever order they are worked on.
func (b *Bot) reshape(ctx context.Context, i interaction, c choice) {
	if !b.newest(i.View.ID, c.At) {
		return
	}
	d := draftFrom(i.View, b.Command, b.Agent.Offered())
	d.choose(action.Kind(c.Option.Value), i.View)
	if b.updateView(ctx, i.View.ID, i.View.Hash, requestForm(d)) == formChanged && b.newest(i.View.ID, c.At) {
		b.updateView(ctx, i.View.ID, "", requestForm(d))
	}
}

// formSent makes a request of a form, as if it had been typed.
func (b *Bot) formSent(ctx context.Context, e envelope, i interaction) {
	d := draftFrom(i.View, b.Command, b.Agent.Offered())
	if !d.shaped(i.View) {
		b.ack(ctx, e, becomes(requestForm(d)))
		return
	}
	if d.Because == "" && d.Keeps.Reason != "" {
		brief, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		reason, err := b.Agent.Unstash(brief, d.Keeps.Reason)
		if err != nil {
			b.ack(ctx, e, slack.NewErrorsViewSubmissionResponse(map[string]string{becauseBlock: sayBecauseGone}))
			return
		}
		d.Because = string(reason)
	}
	cmd, wrong := d.command()
	if len(wrong) > 0 {
		b.ack(ctx, e, slack.NewErrorsViewSubmissionResponse(wrong))
		return
	}
	caller := i.caller()
	if caller.Channel == "" {
		caller.Channel = d.Keeps.Channel
	}
	ticket, err := b.store(ctx, e, agent.Submission{Delivery: e.id, Caller: caller, Text: cmd.String(), Command: cmd})
	if err != nil {
		text := cut(b.apology(ctx, e, caller, err).Text, 2000)
		b.ack(ctx, e, slack.NewErrorsViewSubmissionResponse(map[string]string{actionBlock: text}))
		return
	}
	if b.ack(ctx, e, slack.NewClearViewSubmissionResponse()) {
		b.Agent.Begin(ticket.RequestID)
		return
	}
	b.Agent.Withdraw(e.id, caller)
}

// command is what the form says, checked by the grammar like anything typed; or
// what is wrong, by field.
func (d draft) command() (action.Command, map[string]string) {
	wrong := map[string]string{}
	spec, ok := action.Of(d.Kind)
	if !ok {
		return action.Command{}, map[string]string{actionBlock: sayNoAction}
	}
	c := action.Command{Verb: action.Act, Kind: d.Kind, Because: d.Because, TempPassword: spec.Temp && d.Temp}
	switch {
	case d.Person != "" && d.Email != "":
		wrong[emailBlock] = sayOnePerson
	case d.Person != "":
		c.Target = action.Arg{Kind: action.Mention, Text: d.Person}
	case d.Email != "":
		c.Target = action.Arg{Kind: action.Email, Text: strings.ToLower(d.Email)}
	case !spec.Self:
		wrong[emailBlock] = sayNobody
	}
	if spec.Takes != action.NoObject {
		c.Objects = objectsOf(d.Objects)
		if len(c.Objects) == 0 {
			wrong[string(spec.Takes)] = sayNoObjects
		}
	}
	if spec.Ends && d.Ends != "" {
		ends, err := endsOf(spec, d.Ends)
		if err != nil {
			wrong[endsBlock] = err.Error()
		}
		c.For, c.Until = ends.For, ends.Until
	}
	if len(wrong) > 0 {
		return c, wrong
	}
	parsed, err := action.Parse(c.String())
	if err != nil {
		return c, map[string]string{d.blame(spec, c): cut(complaint(err), 2000)}
	}
	return parsed, nil
}

// blame finds the field without which the command would be understood.
func (d draft) blame(spec action.Spec, c action.Command) string {
	without := c
	without.Because = ""
	if _, err := action.Parse(without.String()); err == nil {
		return becauseBlock
	}
	without = c
	if without.Target = (action.Arg{Kind: action.Email, Text: "a@example.com"}); d.Email != "" {
		if _, err := action.Parse(without.String()); err == nil {
			return emailBlock
		}
	}
	if spec.Takes != action.NoObject {
		return string(spec.Takes)
	}
	return actionBlock
}

// complaint is a mistake without what was understood: the form shows that.
func complaint(err error) string {
	if mistake, ok := errors.AsType[*action.SyntaxError](err); ok {
		return mistake.Problem
	}
	return err.Error()
}

// objectsOf reads a list of names: separated by commas or lines, perhaps quoted.
func objectsOf(s string) []action.Arg {
	var objects []action.Arg
	for _, name := range splitNames(s) {
		if name = strings.TrimSpace(name); name != "" {
			objects = append(objects, action.Arg{Kind: action.Name, Text: name})
		}
	}
	return objects
}

func splitNames(s string) []string {
	var names []string
	var name strings.Builder
	quoted := false
	for _, r := range s {
		switch {
		case r == '"' || r == '“' || r == '”':
			quoted = !quoted
		case !quoted && (r == ',' || r == ';' || r == '\n'):
			names = append(names, name.String())
			name.Reset()
		default:
			name.WriteRune(r)
		}
	}
	return append(names, name.String())
}

// endsOf lets the grammar read how long.
func endsOf(spec action.Spec, s string) (action.Options, error) {
	if lower := strings.ToLower(s); !strings.HasPrefix(lower, "for ") && !strings.HasPrefix(lower, "until ") {
		s = "for " + s
	}
	c, err := action.Parse(spec.Phrase + " X " + s)
	if err != nil {
		return action.Options{}, errors.New(complaint(err))
	}
	return c.Options(), nil
}

// requestForm draws a draft.
func requestForm(d draft) slack.ModalViewRequest {
	intro := agent.Message{Text: sayFormIntro}
	if d.Note != "" {
		intro = agent.Message{Mood: agent.MoodWarning, Text: d.Note}
	}
	blocks := append(Render(intro).Blocks, actionField(d))
	if spec, ok := action.Of(d.Kind); ok {
		blocks = append(blocks, fields(d, spec)...)
	}
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: formCallback, PrivateMetadata: d.Keeps.encode(),
		Title: plainText(sayFormTitle), Submit: plainText(sayFormSubmit), Close: plainText(sayClose),
		Blocks: slack.Blocks{BlockSet: blocks},
	}
}

func actionField(d draft) slack.Block {
	var options []*slack.OptionBlockObject
	var chosen *slack.OptionBlockObject
	for _, kind := range d.Offered {
		spec, ok := action.Of(kind)
		if !ok {
			continue
		}
		option := slack.NewOptionBlockObject(string(kind), plainText(cut(spec.Title, maxLabel)), plainText(cut(spec.About, maxLabel)))
		options = append(options, option)
		if kind == d.Kind {
			chosen = option
		}
	}
	choose := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plainText(sayActionHint), formAction, options...)
	choose.InitialOption = chosen
	field := slack.NewInputBlock(actionBlock, plainText(sayActionLabel), nil, choose)
	field.DispatchAction = true
	return field
}

func fields(d draft, spec action.Spec) []slack.Block {
	var blocks []slack.Block
	who := slack.NewOptionsSelectBlockElement(slack.OptTypeUser, plainText(sayPersonHint), "person")
	who.InitialUser = d.Person
	var self *slack.TextBlockObject
	if spec.Self {
		self = plainText(sayPersonSelf)
	}
	blocks = append(blocks,
		optional(slack.NewInputBlock(personBlock, plainText(sayPersonLabel), self, who)),
		optional(textField(emailBlock, sayEmailLabel, sayEmailHint, "", d.Email, 254, false)))
	switch spec.Takes {
	case action.Groups:
		blocks = append(blocks, textField(string(spec.Takes), sayGroupsLabel, "", sayObjectsHelp, d.Objects, maxTyped, false))
	case action.Applications:
		blocks = append(blocks, textField(string(spec.Takes), sayAppsLabel, "", sayObjectsHelp, d.Objects, maxTyped, false))
	case action.NoObject:
	}
	if spec.Temp {
		option := slack.NewOptionBlockObject("temp", plainText(sayTempOption), nil)
		box := slack.NewCheckboxGroupsBlockElement("temp", option)
		if d.Temp {
			box.InitialOptions = []*slack.OptionBlockObject{option}
		}
		blocks = append(blocks, optional(slack.NewInputBlock(tempBlock, plainText(sayTempLabel), nil, box)))
	}
	if spec.Ends && d.Keeps.Ends {
		blocks = append(blocks, optional(textField(endsBlock, sayEndsLabel, "", sayEndsHelp, d.Ends, 100, false)))
	}
	help := sayBecauseHint
	if d.Keeps.Reason != "" {
		help = fmt.Sprintf(sayBecauseKept, d.Keeps.Size)
	}
	return append(blocks, optional(textField(becauseBlock, sayBecauseLabel, "", help, d.Because, maxTyped, true)))
}

func textField(block, label, placeholder, help, value string, limit int, multiline bool) *slack.InputBlock {
	var shown, below *slack.TextBlockObject
	if placeholder != "" {
		shown = plainText(placeholder)
	}
	if help != "" {
		below = plainText(help)
	}
	input := slack.NewPlainTextInputBlockElement(shown, block)
	input.InitialValue, input.MaxLength, input.Multiline = cut(value, limit), limit, multiline
	return slack.NewInputBlock(block, plainText(label), below, input)
}

func optional(b *slack.InputBlock) *slack.InputBlock {
	b.Optional = true
	return b
}
