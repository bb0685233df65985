// A simulated Slack workspace with a few people in it.
import { LogLevel } from '@slack/web-api';

import { start } from './simulator.js';

export const botToken = 'xoxb-e2e';
export const appToken = 'xapp-e2e';
export const ada = 'UE2EADA';
export const bob = 'UE2EBOB';

// workspace starts Slack. Its clientOptions are what every Slack client needs to
// find it; nothing else tells it from slack.com.
export async function workspace() {
  const slack = await start('slack', { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken });
  slack.clientOptions = { slackApiUrl: `${slack.origin}/api/`, logLevel: LogLevel.ERROR };
  await slack.tell('people', { id: ada, name: 'e2e-ada', real_name: 'Ada E2E', email: 'e2e-ada@acme.example' });
  await slack.tell('people', { id: bob, name: 'e2e-bob', real_name: 'Bob E2E', email: 'e2e-bob@acme.example' });
  return slack;
}

// messages lists what somebody sees of a conversation; the one with the app if
// none is named.
export async function messages(slack, as, channel = '') {
  const seen = await slack.look(`messages?as=${as}&channel=${encodeURIComponent(channel)}`);
  return seen.messages.map((m) => m.message);
}

// button, section and input are Block Kit in its shortest form.
export const plain = (text) => ({ type: 'plain_text', text });
export const section = (text) => ({ type: 'section', text: { type: 'mrkdwn', text } });
export const button = (action_id, text, value) => ({ type: 'button', action_id, text: plain(text), value });
export const actions = (...elements) => ({ type: 'actions', block_id: 'actions', elements });
export const input = (block_id, element, optional = false) => ({
  type: 'input', block_id, label: plain(block_id), element, optional,
});
export const modal = (title, ...blocks) => ({
  type: 'modal', callback_id: 'form', title: plain(title), submit: plain('Send'), close: plain('Cancel'), blocks,
});
