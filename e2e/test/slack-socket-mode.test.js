// @slack/socket-mode against the simulated workspace.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { LogLevel, SocketModeClient } from '@slack/socket-mode';
import { WebClient } from '@slack/web-api';

import { actions, ada, appToken, bob, botToken, button, input, messages, modal, plain, section, workspace } from '../lib/slack.js';

let slack;
let web;
let client;

before(async () => {
  slack = await workspace();
  web = new WebClient(botToken, slack.clientOptions);
});
beforeEach(async () => {
  client = connect();
  await client.start();
});
afterEach(async () => {
  await client.disconnect();
  await until(async () => (await slack.look('problems')).sockets === 0);
});
after(() => slack.stop());

function connect() {
  return new SocketModeClient({
    appToken, logLevel: LogLevel.ERROR, clientPingTimeout: 500,
    clientOptions: { slackApiUrl: slack.clientOptions.slackApiUrl },
  });
}

// next resolves with what the client is told next of a kind.
function next(kind) {
  return new Promise((resolve) => { client.once(kind, resolve); });
}

// several resolves with the first events of a kind, after doing something with each.
function several(kind, count, react = () => {}) {
  return new Promise((resolve) => {
    const seen = [];
    client.on(kind, (event) => {
      react(event);
      if (seen.push(event) === count) resolve(seen);
    });
  });
}

// gesture lets a person do something and the app answer it.
async function gesture(path, body, kind, answer) {
  const [told, outcome] = await Promise.all([
    next(kind).then(async (event) => {
      await answer(event);
      return event;
    }),
    slack.tell(path, body),
  ]);
  return { ...told, outcome };
}

const type = (text, answer = ({ ack }) => ack()) => gesture('slash', { as: ada, text: `/okta ${text}` }, 'slash_commands', answer);

// until waits for a condition, looking again after every change of the workspace.
async function until(holds) {
  for (let since = 0; !(await holds());) {
    since = (await slack.look(`changes?since=${since}`)).seq;
  }
}

async function modalOf(as) {
  return (await slack.look(`views?as=${as}`)).modal?.view;
}

test('a slash command arrives whole and its ack is shown to the person alone', async () => {
  const { body, accepts_response_payload: accepts, outcome } = await type(
    'help <me> @e2e-bob', ({ ack }) => ack({ text: 'Here is what you may ask.' }),
  );
  assert.equal(accepts, true);
  assert.equal(body.command, '/okta');
  assert.equal(body.user_id, ada);
  assert.equal(body.text, `help &lt;me&gt; <@${bob}|e2e-bob>`);
  for (const field of ['team_id', 'team_domain', 'channel_id', 'channel_name', 'api_app_id', 'response_url', 'trigger_id']) {
    assert.ok(body[field], `${field} is missing`);
  }
  assert.equal(body.is_enterprise_install, 'false');
  assert.equal(outcome.acked, true);
  assert.equal(outcome.message.only_for, ada);
  assert.ok((await messages(slack, ada)).some((m) => m.text === 'Here is what you may ask.'));
  assert.ok(!(await messages(slack, bob)).some((m) => m.text === 'Here is what you may ask.'));
});

test('a response_url works five times', async () => {
  const { body } = await type('status');
  const say = (text) => fetch(body.response_url, { method: 'POST', body: JSON.stringify({ text }) });
  for (let i = 1; i <= 5; i++) assert.equal((await say(`answer ${i}`)).status, 200);
  assert.equal((await say('answer 6')).status, 404);
  const seen = (await messages(slack, ada)).map((m) => m.text);
  assert.ok(seen.includes('answer 5') && !seen.includes('answer 6'));
});

test('a command that nobody acknowledges in 3 s fails in front of the person', async () => {
  const began = performance.now();
  const { outcome } = await type('slow', () => {});
  assert.equal(outcome.failure, 'operation_timeout');
  assert.ok(performance.now() - began >= 2900);
});

test('an ack of 20 KB is dropped', async () => {
  const { outcome } = await type('long', ({ ack }) => ack({ text: 'x'.repeat(21_000) }));
  assert.equal(outcome.failure, 'operation_timeout');
  assert.ok((await slack.look('problems')).problems.some((p) => p.kind === 'ack_dropped'));
});

test('a command without a connection fails at once', async () => {
  await client.disconnect();
  await until(async () => (await slack.look('problems')).sockets === 0);
  const outcome = await slack.tell('slash', { as: ada, text: '/okta help' });
  assert.equal(outcome.failure, 'dispatch_failed');
  await client.start();
});

test('a button press says who, where and what, and its response_url replaces the card', async () => {
  const card = await web.chat.postMessage({
    channel: ada, text: 'May they?', blocks: [section('May they?'), actions(button('approve', 'Approve', 'ask-1'), button('deny', 'Deny', 'ask-1'))],
  });
  const where = { as: ada, channel: card.channel, ts: card.ts };
  const { body, outcome } = await gesture('press', { ...where, action: 'approve' }, 'interactive', ({ ack }) => ack());
  assert.equal(body.type, 'block_actions');
  assert.equal(body.user.id, ada);
  assert.deepEqual(
    body.actions.map(({ action_id, block_id, value }) => ({ action_id, block_id, value })),
    [{ action_id: 'approve', block_id: 'actions', value: 'ask-1' }],
  );
  assert.deepEqual(
    { type: body.container.type, ts: body.container.message_ts, channel: body.container.channel_id },
    { type: 'message', ts: card.ts, channel: card.channel },
  );
  assert.equal(body.message.ts, card.ts);
  assert.equal(outcome.acked, true);

  const replaced = await fetch(body.response_url, {
    method: 'POST', body: JSON.stringify({ replace_original: true, text: 'Approved', blocks: [section('Approved')] }),
  });
  assert.equal(replaced.status, 200);
  assert.equal((await messages(slack, ada)).find((m) => m.ts === card.ts).text, 'Approved');
});

test('a modal is opened by a trigger once, checked by Slack and by the app, updated and closed', async () => {
  const form = modal('Reset', input('reason', { type: 'plain_text_input', action_id: 'text', min_length: 3 }));
  const { body } = await type('reset', async (event) => {
    await event.ack();
    await web.views.open({ trigger_id: event.body.trigger_id, view: form });
  });
  await assert.rejects(web.views.open({ trigger_id: body.trigger_id, view: form }), (e) => e.data.error === 'exchanged_trigger_id');
  const view = await modalOf(ada);
  assert.equal(view.title, 'Reset');

  // What the form itself refuses never reaches the app.
  const empty = await slack.tell('submit', { as: ada, view: view.id, values: {} });
  assert.deepEqual(Object.keys(empty.errors), ['reason']);

  const submit = (text, answer) => gesture(
    'submit', { as: ada, view: view.id, values: { reason: { text } } }, 'interactive', answer,
  );
  const wrong = await submit('no good', ({ ack }) => ack({ response_action: 'errors', errors: { reason: 'Say more.' } }));
  assert.equal(wrong.body.type, 'view_submission');
  assert.equal(wrong.body.view.state.values.reason.text.value, 'no good');
  assert.deepEqual(wrong.outcome.errors, { reason: 'Say more.' });

  const progress = { ...form, title: plain('Working'), blocks: [section('…')] };
  delete progress.submit;
  const right = await submit('lost my phone', ({ ack }) => ack({ response_action: 'update', view: progress }));
  assert.equal(right.outcome.view.title, 'Working');
  await assert.rejects(
    web.views.update({ view_id: view.id, hash: view.hash, view: progress }), (e) => e.data.error === 'hash_conflict',
  );
  await web.views.update({ view_id: view.id, view: { ...progress, blocks: [section('Done')] } });
  await slack.tell('close', { as: ada, view: view.id });
  assert.equal(await modalOf(ada), undefined);
});

test('a modal that asks for it tells when it is closed', async () => {
  await type('form', async ({ ack, body }) => {
    await ack();
    await web.views.open({ trigger_id: body.trigger_id, view: { ...modal('Form', section('x')), notify_on_close: true } });
  });
  const { id } = await modalOf(ada);
  const { body } = await gesture('close', { as: ada, view: id, all: true }, 'interactive', ({ ack }) => ack());
  assert.equal(body.type, 'view_closed');
  assert.equal(body.is_cleared, true);
});

test('an external select is answered over the socket', async () => {
  const card = await web.chat.postMessage({
    channel: ada, text: 'Which?', blocks: [actions({ type: 'external_select', action_id: 'group', min_query_length: 2 })],
  });
  const offered = await gesture(
    'suggest', { as: ada, channel: card.channel, ts: card.ts, action: 'group', query: 'eng' }, 'interactive',
    ({ ack, body }) => ack({ options: [{ text: plain(`Engineering (${body.value})`), value: 'g1' }] }),
  );
  assert.equal(offered.body.type, 'block_suggestion');
  assert.deepEqual(offered.outcome.options, [{ text: 'Engineering (eng)', value: 'g1' }]);
  const chosen = await gesture(
    'select', { as: ada, channel: card.channel, ts: card.ts, action: 'group', value: 'g1' }, 'interactive', ({ ack }) => ack(),
  );
  assert.equal(chosen.body.actions[0].selected_option.value, 'g1');
});

test('a direct message is an event', async () => {
  const { event, body } = (await gesture('say', { as: bob, text: 'I lost my phone' }, 'message', ({ ack }) => ack()));
  assert.equal(event.channel_type, 'im');
  assert.equal(event.user, bob);
  assert.equal(event.text, 'I lost my phone');
  assert.equal(body.type, 'event_callback');
  assert.match(body.event_id, /^Ev/);
});

test('an event that nobody acknowledges comes again with the same id', async () => {
  const twice = several('app_home_opened', 2, ({ ack, retry_num: attempt }) => attempt > 0 && ack());
  await slack.tell('home', { as: ada, tab: 'messages' });
  const [first, second] = await twice;
  assert.equal(first.body.event_id, second.body.event_id);
  assert.deepEqual([first.retry_num, second.retry_num, second.retry_reason], [0, 1, 'timeout']);
});

test('every envelope can be made to arrive twice', async () => {
  await slack.tell('double', { on: true });
  try {
    const twice = several('slash_commands', 2);
    await type('twice');
    const [first, second] = await twice;
    assert.equal(first.envelope_id, second.envelope_id);
  } finally {
    await slack.tell('double', { on: false });
  }
});

for (const reason of ['warning', 'refresh_requested', '']) {
  test(`the client comes back after ${reason === '' ? 'the network failed' : `a disconnect for ${reason}`}`, async () => {
    const again = next('connected');
    await slack.tell('disconnect', { reason });
    await again;
    const { outcome } = await type('still there');
    assert.equal(outcome.acked, true);
  });
}

test('a wrong app-level token does not connect', async () => {
  const stranger = new SocketModeClient({
    appToken: 'xapp-other', logLevel: LogLevel.ERROR, autoReconnectEnabled: false,
    clientOptions: { slackApiUrl: slack.clientOptions.slackApiUrl },
  });
  await assert.rejects(stranger.start(), (e) => e.data.error === 'invalid_auth');
});

test('Slack takes ten connections at most', async () => {
  const more = Array.from({ length: 9 }, connect);
  await Promise.all(more.map((c) => c.start()));
  assert.equal((await slack.look('problems')).sockets, 10);
  await Promise.all(more.map((c) => c.disconnect()));
});
