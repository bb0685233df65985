// @slack/web-api against the simulated workspace.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { ErrorCode, WebClient } from '@slack/web-api';

import { actions, ada, appToken, bob, botToken, button, messages, modal, section, workspace } from '../lib/slack.js';

let slack;
let web;

before(async () => {
  slack = await workspace();
  web = new WebClient(botToken, slack.clientOptions);
});
afterEach(() => slack.tell('faults', {}, 'DELETE'));
after(() => slack.stop());

// refused asserts that Slack answers with ok false and the error given.
async function refused(call, error) {
  await assert.rejects(call, (e) => {
    assert.equal(e.code, ErrorCode.PlatformError);
    assert.equal(e.data.error, error);
    return true;
  });
}

test('auth.test says who the bot is', async () => {
  const me = await web.auth.test();
  assert.match(me.user_id, /^U/);
  assert.match(me.bot_id, /^B/);
  assert.match(me.team_id, /^T/);
  assert.ok(me.response_metadata.scopes.includes('chat:write'));
});

test('a wrong, a missing and a misplaced token are told apart', async () => {
  await refused(new WebClient('xoxb-other', slack.clientOptions).auth.test(), 'invalid_auth');
  await refused(new WebClient(undefined, slack.clientOptions).auth.test(), 'not_authed');
  await refused(new WebClient(appToken, slack.clientOptions).users.info({ user: ada }), 'not_allowed_token_type');
  await refused(web.apps.connections.open({}), 'not_allowed_token_type');
});

test('an unknown method and an unknown person are refused', async () => {
  await refused(web.apiCall('chat.shout'), 'unknown_method');
  await refused(web.users.info({ user: 'U0NOBODY' }), 'user_not_found');
});

test('people are found by id and by email, and listed page by page', async () => {
  const { user } = await web.users.info({ user: ada });
  assert.equal(user.profile.email, 'e2e-ada@acme.example');
  assert.equal(user.is_restricted, false);
  assert.equal(user.is_email_confirmed, true);
  assert.equal((await web.users.lookupByEmail({ email: 'E2E-Bob@acme.example' })).user.id, bob);
  await refused(web.users.lookupByEmail({ email: 'nobody@acme.example' }), 'users_not_found');

  const seen = [];
  let pages = 0;
  for await (const page of web.paginate('users.list', { limit: 2 })) {
    seen.push(...page.members.map((m) => m.id));
    pages++;
  }
  assert.ok(pages > 1, `${pages} pages`);
  assert.equal(new Set(seen).size, seen.length);
  assert.ok(seen.includes(ada) && seen.includes(bob));
});

test('N1: users.info shows what kind of account somebody has', async () => {
  const kinds = {
    multi_channel_guest: (u) => u.is_restricted && !u.is_ultra_restricted,
    single_channel_guest: (u) => u.is_restricted && u.is_ultra_restricted,
    stranger: (u) => u.is_stranger && u.profile.email === undefined,
    external: (u) => !u.is_stranger && u.profile.email === undefined,
    bot: (u) => u.is_bot,
  };
  for (const [kind, holds] of Object.entries(kinds)) {
    const person = await slack.tell('people', { name: `e2e-${kind}`, email: `${kind}@acme.example`, kind });
    const { user } = await web.users.info({ user: person.id });
    assert.ok(holds(user), `${kind}: ${JSON.stringify(user)}`);
  }
  const gone = await slack.tell('people', { name: 'e2e-gone', email: 'gone@acme.example', deactivated: true });
  assert.equal((await web.users.info({ user: gone.id })).user.deleted, true);
  await refused(web.users.lookupByEmail({ email: 'gone@acme.example' }), 'users_not_found');
  const unconfirmed = await slack.tell('people', { name: 'e2e-new', email: 'new@acme.example', unconfirmed: true });
  assert.equal((await web.users.info({ user: unconfirmed.id })).user.is_email_confirmed, false);
});

test('a direct message is opened, posted to, changed, answered and removed', async () => {
  const { channel } = await web.conversations.open({ users: ada });
  assert.match(channel.id, /^D/);
  const posted = await web.chat.postMessage({
    channel: channel.id, text: 'A card', blocks: [section('*A card*'), actions(button('go', 'Go', '1'))],
  });
  assert.equal(posted.message.blocks.length, 2);
  const reply = await web.chat.postMessage({ channel: channel.id, thread_ts: posted.ts, text: 'In its thread' });
  await web.chat.update({ channel: channel.id, ts: posted.ts, text: 'Done', blocks: [section('Done')] });

  const replies = await web.conversations.replies({ channel: channel.id, ts: posted.ts });
  assert.deepEqual(replies.messages.map((m) => m.text), ['Done', 'In its thread']);
  const history = await web.conversations.history({ channel: channel.id, limit: 5 });
  assert.ok(history.messages.some((m) => m.ts === posted.ts));
  assert.match((await web.chat.getPermalink({ channel: channel.id, message_ts: posted.ts })).permalink, /^https:/);

  await web.chat.delete({ channel: channel.id, ts: reply.ts });
  const left = await messages(slack, ada);
  assert.ok(!left.some((m) => m.ts === reply.ts));
  assert.equal(left.find((m) => m.ts === posted.ts).text, 'Done');
});

test('posting to a person opens the conversation with them', async () => {
  const posted = await web.chat.postMessage({ channel: bob, text: 'Hello' });
  assert.match(posted.channel, /^D/);
  assert.equal((await messages(slack, bob)).at(-1).text, 'Hello');
});

test('an ephemeral message is for one person and cannot be changed', async () => {
  const { id: channel } = (await slack.tell('channels', { name: 'e2e-help', members: [ada, bob, 'frontdesk'] }));
  const sent = await web.chat.postEphemeral({ channel, user: ada, text: 'Only for you' });
  assert.ok((await messages(slack, ada, channel)).some((m) => m.text === 'Only for you'));
  assert.ok(!(await messages(slack, bob, channel)).some((m) => m.text === 'Only for you'));
  await refused(web.chat.update({ channel, ts: sent.message_ts, text: 'No' }), 'message_not_found');
});

test('what Slack refuses in a message is refused', async () => {
  const to = { channel: ada, text: 'x' };
  await refused(web.chat.postMessage({ channel: ada, text: '' }), 'no_text');
  await refused(web.chat.postMessage({ channel: 'C0NOWHERE', text: 'x' }), 'channel_not_found');
  await refused(web.chat.postMessage({ ...to, blocks: [section('')] }), 'invalid_blocks');
  await refused(web.chat.postMessage({ ...to, blocks: Array(51).fill(section('x')) }), 'invalid_blocks');
  await refused(web.chat.postMessage({ ...to, blocks: [actions(button('a', 'x'.repeat(76), '1'))] }), 'invalid_blocks');
  await refused(web.chat.postMessage({ ...to, blocks: Array(6).fill(section('x'.repeat(2900))) }), 'msg_blocks_too_long');
});

test('a modal needs a fresh trigger', async () => {
  await refused(web.views.open({ trigger_id: 'none', view: modal('Hello', section('x')) }), 'invalid_trigger_id');
});

test('a rate limit is waited out, or told, as the client is set', async () => {
  await slack.tell('faults', { method: 'users.info', kind: 'rate_limited', retry_after: 1, times: 1 });
  const began = performance.now();
  assert.equal((await web.users.info({ user: ada })).user.id, ada);
  assert.ok(performance.now() - began >= 1000, 'it waited for Retry-After');

  await slack.tell('faults', { method: 'users.info', kind: 'rate_limited', retry_after: 7 });
  const impatient = new WebClient(botToken, { ...slack.clientOptions, rejectRateLimitedCalls: true });
  await assert.rejects(impatient.users.info({ user: ada }), (e) => {
    assert.equal(e.code, ErrorCode.RateLimitedError);
    assert.equal(e.retryAfter, 7);
    return true;
  });
});

test('a failing server and a broken connection reach the client as such', async () => {
  const once = new WebClient(botToken, { ...slack.clientOptions, retryConfig: { retries: 0 } });
  await slack.tell('faults', { method: 'users.info', kind: 'status_before', status: 503, times: 1 });
  await assert.rejects(once.users.info({ user: ada }), { code: ErrorCode.HTTPError, statusCode: 503 });
  await slack.tell('faults', { method: 'users.info', kind: 'reset_before', times: 1 });
  await assert.rejects(once.users.info({ user: ada }), { code: ErrorCode.RequestError });

  await slack.tell('faults', { method: 'chat.postMessage', kind: 'reset_after', times: 1 });
  await assert.rejects(once.chat.postMessage({ channel: bob, text: 'Heard all the same' }), { code: ErrorCode.RequestError });
  assert.equal((await messages(slack, bob)).at(-1).text, 'Heard all the same');
});
