// A Bolt app over Socket Mode against the simulated workspace: the main path of
// an approval, with nothing but Slack's own framework.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import bolt from '@slack/bolt';

import { actions, ada, appToken, bob, botToken, button, input, messages, modal, plain, section, workspace } from '../lib/slack.js';

let slack;
let app;

before(async () => {
  slack = await workspace();
  const { logLevel, ...clientOptions } = slack.clientOptions;
  app = new bolt.App({ token: botToken, appToken, socketMode: true, logLevel, clientOptions });
  desk(app);
  await app.start();
});
after(async () => {
  await app.stop();
  await slack.stop();
});

// desk is a small IT desk, as somebody would write it with Bolt's guide open.
function desk(app) {
  app.command('/okta', async ({ command, ack, respond, client }) => {
    if (command.text === 'help') {
      await ack('Ask for reset multi-factor.');
      await respond({ text: 'Or for anything else.' });
      return;
    }
    await ack();
    if (command.text === '') {
      const people = { type: 'users_select', action_id: 'person' };
      const group = { type: 'external_select', action_id: 'group', min_query_length: 0 };
      await client.views.open({
        trigger_id: command.trigger_id,
        view: modal('Add to group', input('who', people), input('where', group)),
      });
      return;
    }
    await client.chat.postMessage({
      channel: bob, text: `<@${command.user_id}> asks: ${command.text}`,
      blocks: [section(`<@${command.user_id}> asks: ${command.text}`), actions(button('approve', 'Approve', command.user_id))],
    });
  });
  app.action('approve', async ({ ack, action, body, client, respond }) => {
    await ack();
    await respond({ replace_original: true, text: `Approved by <@${body.user.id}>` });
    await client.chat.postMessage({ channel: action.value, text: 'Done: your multi-factor is reset.' });
  });
  app.options('group', async ({ ack, payload }) => {
    const names = ['Engineering', 'Sales'].filter((name) => name.toLowerCase().startsWith(payload.value));
    await ack({ options: names.map((name) => ({ text: plain(name), value: name })) });
  });
  app.view('form', async ({ ack, view, client }) => {
    const { person } = view.state.values.who;
    const { group } = view.state.values.where;
    if (group.selected_option.value === 'Sales') {
      await ack({ response_action: 'errors', errors: { where: 'Sales is closed.' } });
      return;
    }
    await ack();
    await client.chat.postMessage({ channel: person.selected_user, text: `You are in ${group.selected_option.value}.` });
  });
  app.message('lost my phone', async ({ say, message }) => {
    await say({ text: 'Shall I reset your multi-factor?', thread_ts: message.ts });
  });
  app.event('app_mention', async ({ say }) => {
    await say('At your service.');
  });
  app.event('app_home_opened', async ({ event, client }) => {
    if (event.tab !== 'home') return;
    await client.views.publish({ user_id: event.user, view: { type: 'home', blocks: [section('Your requests')] } });
  });
  app.shortcut('ask', async ({ ack, shortcut, client }) => {
    await ack();
    await client.views.open({ trigger_id: shortcut.trigger_id, view: modal('Ask', section('x')) });
  });
}

// shown waits until somebody sees a message with that text.
async function shown(as, text, channel = '') {
  for (let since = 0; ;) {
    const found = (await messages(slack, as, channel)).find((m) => m.text === text);
    if (found) return found;
    since = (await slack.look(`changes?since=${since}`)).seq;
  }
}

async function view(as, kind) {
  for (let since = 0; ;) {
    const found = (await slack.look(`views?as=${as}`))[kind]?.view;
    if (found) return found;
    since = (await slack.look(`changes?since=${since}`)).seq;
  }
}

test('help is answered by the ack and by respond', async () => {
  const reply = await slack.tell('slash', { as: ada, text: '/okta help' });
  assert.equal(reply.message.text, 'Ask for reset multi-factor.');
  await shown(ada, 'Or for anything else.');
});

test('A1: a command becomes a card, a click becomes a verdict', async () => {
  const reply = await slack.tell('slash', { as: ada, text: '/okta reset multi-factor' });
  assert.equal(reply.acked, true);
  const card = await shown(bob, `<@${ada}> asks: reset multi-factor`);
  const click = await slack.tell('press', { as: bob, channel: card.channel, ts: card.ts, action: 'Approve' });
  assert.equal(click.acked, true);
  await shown(ada, 'Done: your multi-factor is reset.');
  const verdict = await shown(bob, `Approved by <@${bob}>`);
  assert.equal(verdict.ts, card.ts);
  assert.ok(!verdict.blocks?.some((b) => b.type === 'actions'));
});

test('a form with a person and a group is filled in, refused and sent', async () => {
  await slack.tell('slash', { as: ada, text: '/okta' });
  const form = await view(ada, 'modal');
  const offered = await slack.tell('suggest', { as: ada, view: form.id, action: 'group', query: '' });
  assert.deepEqual(offered.options.map((o) => o.value), ['Engineering', 'Sales']);

  const fill = (group) => slack.tell('submit', { as: ada, view: form.id, values: { who: { person: bob }, where: { group } } });
  assert.deepEqual((await fill('Sales')).errors, { where: 'Sales is closed.' });
  const sent = await fill('Engineering');
  assert.equal(sent.acked, true);
  assert.equal(sent.view, undefined);
  await shown(bob, 'You are in Engineering.');
});

test('plain words in a direct message are answered in their thread', async () => {
  const { ts } = await slack.tell('say', { as: ada, text: 'I lost my phone' });
  const answer = await shown(ada, 'Shall I reset your multi-factor?');
  assert.equal(answer.thread_ts, ts);
});

test('a mention in a channel is answered there', async () => {
  const channel = await slack.tell('channels', { name: 'e2e-mention', members: [ada, 'frontdesk'] });
  await slack.tell('say', { as: ada, channel: channel.id, text: '@frontdesk hello' });
  await shown(ada, 'At your service.', channel.id);
});

test('the Home tab is published when it is opened', async () => {
  await slack.tell('home', { as: ada });
  assert.equal((await view(ada, 'home')).type, 'home');
});

test('a global shortcut opens a modal', async () => {
  await slack.tell('shortcut', { as: bob, callback_id: 'ask' });
  assert.equal((await view(bob, 'modal')).title, 'Ask');
});
