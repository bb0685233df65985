// @okta/okta-sdk-nodejs with an API token against the simulated tenant.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import okta from '@okta/okta-sdk-nodejs';

import { all, hire, tenant, token } from '../lib/okta.js';

let org;
let api;

before(async () => {
  org = await tenant();
  api = org.client;
});
after(() => org.stop());

// refused asserts that Okta answers with the status and error code given.
async function refused(call, status, errorCode, cause) {
  await assert.rejects(call, (e) => {
    assert.equal(e.name, 'OktaApiError', `${e}`);
    assert.deepEqual({ status: e.status, errorCode: e.errorCode }, { status, errorCode });
    assert.ok(e.errorSummary && e.errorId, 'an error says what it is');
    if (cause) assert.ok(e.errorCauses.some((c) => c.errorSummary.includes(cause)), JSON.stringify(e.errorCauses));
    return true;
  });
}

const status = async (userId) => (await api.userApi.getUser({ userId })).status;

test('a person is found by id and login, searched for, and changed', async () => {
  const user = await hire(org, { department: 'E2E', title: 'Tester' });
  assert.match(user.id, /^00u.{17}$/);
  assert.equal(user.status, 'ACTIVE');
  assert.equal((await api.userApi.getUser({ userId: user.profile.login })).id, user.id);

  const byEmail = await all(await api.userApi.listUsers({ filter: `profile.email eq "${user.profile.email}"` }));
  assert.deepEqual(byEmail.map((u) => u.id), [user.id]);
  const byDepartment = await all(await api.userApi.listUsers({ search: 'profile.department eq "e2e" and status eq "ACTIVE"' }));
  assert.deepEqual(byDepartment.map((u) => u.id), [user.id]);

  await api.userApi.updateUser({ userId: user.id, user: { profile: { title: 'Lead' } } });
  const changed = await api.userApi.getUser({ userId: user.id });
  assert.equal(changed.profile.title, 'Lead');
  assert.equal(changed.profile.department, 'E2E');
});

test('a long list comes page by page, each person once', async () => {
  for (let i = 0; i < 5; i++) await hire(org, { city: 'Pagetown' });
  const collection = await api.userApi.listUsers({ search: 'profile.city eq "Pagetown"', limit: 2 });
  let pages = 0;
  const fetch = collection.fetch.bind(collection);
  collection.fetch = () => (pages++, fetch());
  const ids = (await all(collection)).map((u) => u.id);
  assert.equal(ids.length, 5);
  assert.equal(new Set(ids).size, 5);
  assert.equal(pages, 3);
});

test('A2: a person is activated, suspended, brought back and deprovisioned', async () => {
  const { id: userId } = await hire(org, { activate: false });
  assert.equal(await status(userId), 'STAGED');
  await refused(api.userApi.suspendUser({ userId }), 400, 'E0000001', 'Cannot suspend a user that is not active');

  const invited = await api.userApi.activateUser({ userId, sendEmail: false });
  assert.match(invited.activationUrl, /^http/);
  assert.equal(await status(userId), 'PROVISIONED');

  const { id } = await hire(org);
  await refused(api.userApi.activateUser({ userId: id, sendEmail: false }), 403, 'E0000016');
  await api.userApi.suspendUser({ userId: id });
  assert.equal(await status(id), 'SUSPENDED');
  await api.userApi.unsuspendUser({ userId: id });
  assert.equal(await status(id), 'ACTIVE');
  await refused(api.userApi.unsuspendUser({ userId: id }), 400, 'E0000001', 'Cannot unsuspend a user that is not suspended');
  await refused(api.userApi.unlockUser({ userId: id }), 403, 'E0000032');

  await api.userApi.deactivateUser({ userId: id });
  assert.equal(await status(id), 'DEPROVISIONED');
  await refused(api.userApi.deactivateUser({ userId: id }), 404, 'E0000007');
});

test('A2: passwords are reset by link and by temporary password, sessions and factors cleared', async () => {
  const { id: userId } = await hire(org);
  // The SDK's own method makes a User of the answer and loses the password.
  const expire = `${org.origin}/api/v1/users/${userId}/lifecycle/expire_password_with_temp_password`;
  const expired = await api.http.postJson(expire, { body: {} });
  assert.ok(expired.tempPassword.length >= 8);
  assert.equal(await status(userId), 'PASSWORD_EXPIRED');

  const reset = await api.userApi.generateResetPasswordToken({ userId, sendEmail: false });
  assert.match(reset.resetPasswordUrl, /^http/);
  assert.equal(await status(userId), 'RECOVERY');

  const { id } = await hire(org);
  await api.userApi.resetFactors({ userId: id });
  assert.deepEqual(await all(await api.userFactorApi.listFactors({ userId: id })), []);
  await api.userApi.revokeUserSessions({ userId: id, oauthTokens: true, forgetDevices: true });
  assert.equal(await status(id), 'ACTIVE');
});

test('A2: a person joins and leaves a group, but not Everyone', async () => {
  const { id: userId } = await hire(org);
  const group = await api.groupApi.createGroup({ group: { profile: { name: 'E2E crew', description: 'x' } } });
  assert.equal(group.type, 'OKTA_GROUP');
  await api.groupApi.assignUserToGroup({ groupId: group.id, userId });
  await api.groupApi.assignUserToGroup({ groupId: group.id, userId });
  assert.deepEqual((await all(await api.groupApi.listGroupUsers({ groupId: group.id }))).map((u) => u.id), [userId]);
  const mine = await all(await api.userApi.listUserGroups({ userId }));
  assert.deepEqual(mine.map((g) => g.profile.name).sort(), ['E2E crew', 'Everyone']);

  const everyone = mine.find((g) => g.type === 'BUILT_IN');
  await refused(api.groupApi.unassignUserFromGroup({ groupId: everyone.id, userId }), 501, 'E0000060');
  await api.groupApi.unassignUserFromGroup({ groupId: group.id, userId });
  assert.deepEqual(await all(await api.groupApi.listGroupUsers({ groupId: group.id })), []);
  await refused(api.groupApi.assignUserToGroup({ groupId: group.id, userId: '00u0000000000000none' }), 404, 'E0000007');

  const found = await all(await api.groupApi.listGroups({ search: 'profile.name eq "E2E crew"' }));
  assert.deepEqual(found.map((g) => g.id), [group.id]);
});

test('A2: an application is assigned and removed, unless a group brings it', async () => {
  const { id: userId, profile } = await hire(org);
  const app = await api.applicationApi.createApplication({
    application: { name: 'bookmark', label: 'E2E Wiki', signOnMode: 'BOOKMARK', settings: { app: { url: 'https://wiki.example' } } },
  });
  const appId = app.id;
  const assigned = await api.applicationApi.assignUserToApplication({ appId, appUser: { id: userId, scope: 'USER' } });
  assert.equal(assigned.scope, 'USER');
  assert.equal(assigned.credentials?.userName ?? profile.login, profile.login);
  assert.deepEqual((await all(await api.applicationApi.listApplicationUsers({ appId }))).map((u) => u.id), [userId]);
  const theirs = await all(await api.applicationApi.listApplications({ filter: `user.id eq "${userId}"` }));
  assert.ok(theirs.some((a) => a.id === appId));
  await api.applicationApi.unassignUserFromApplication({ appId, userId });
  await refused(api.applicationApi.getApplicationUser({ appId, userId }), 404, 'E0000007');

  const group = await api.groupApi.createGroup({ group: { profile: { name: 'E2E readers' } } });
  await api.applicationApi.assignGroupToApplication({ appId, groupId: group.id });
  await api.groupApi.assignUserToGroup({ groupId: group.id, userId });
  assert.equal((await api.applicationApi.getApplicationUser({ appId, userId })).scope, 'GROUP');
  await refused(
    api.applicationApi.unassignUserFromApplication({ appId, userId }), 403, 'E0000046', 'while their group memberships grant them access',
  );
});

test('N4: what was done is in the System Log, with the request that did it', async () => {
  const { id: userId } = await hire(org);
  const since = new Date(Date.now() - 60_000).toISOString();
  await api.userApi.suspendUser({ userId });
  const events = await all(await api.systemLogApi.listLogEvents({
    since, filter: `eventType eq "user.lifecycle.suspend" and target.id eq "${userId}"`,
  }));
  assert.equal(events.length, 1);
  const [event] = events;
  assert.equal(event.outcome.result, 'SUCCESS');
  assert.equal(event.target.find((t) => t.type === 'User').id, userId);
  assert.ok(event.uuid && event.transaction.id && event.actor.id);
});

test('a wrong token, an unknown person and a wrong search are told apart', async () => {
  const stranger = new okta.Client({ ...org.options, token: 'other' });
  await refused(stranger.userApi.getUser({ userId: 'me' }), 401, 'E0000011');
  await refused(api.userApi.getUser({ userId: 'nobody@acme.example' }), 404, 'E0000007');
  await refused(all(await api.userApi.listUsers({ search: 'profile.city is "x"' })), 400, 'E0000031');
  await refused(
    api.userApi.createUser({ body: { profile: { firstName: 'A', lastName: 'B', login: 'c@d.example', email: 'c@d.example', shoe: 1 } } }),
    400, 'E0000001', "'shoe'",
  );
});

test('an answer carries its request id and the state of its rate limit', async () => {
  const response = await fetch(`${org.origin}/api/v1/users?limit=1`, { headers: { Authorization: `SSWS ${token}` } });
  assert.ok(response.headers.get('x-okta-request-id'));
  for (const name of ['limit', 'remaining', 'reset']) {
    assert.match(response.headers.get(`x-rate-limit-${name}`), /^\d+$/);
  }
  assert.match(response.headers.get('link'), /rel="self".*rel="next"/);
});

// hasty is the SDK's own executor, but for the waiting: it notes how long it would.
class Hasty extends okta.DefaultRequestExecutor {
  waits = [];

  getRetryDelayMs(response) {
    this.waits.push(super.getRetryDelayMs(response));
    return 1;
  }
}

test('C3: a rate limit says when it ends, and the call works again afterwards', async () => {
  const { id: userId } = await hire(org);
  const requestExecutor = new Hasty();
  const patient = new okta.Client({ ...org.options, token, requestExecutor });
  await org.tell('faults', { kind: '429', operation: 'get_user', count: 2 });
  assert.equal((await patient.userApi.getUser({ userId })).id, userId);
  assert.equal(requestExecutor.waits.length, 2);
  for (const wait of requestExecutor.waits) assert.ok(wait > 0 && wait <= 61_000, `${wait} ms`);

  const impatient = new okta.Client({
    ...org.options, token, requestExecutor: new okta.DefaultRequestExecutor({ maxRetries: 0 }),
  });
  await org.tell('faults', { kind: '429', operation: 'suspend_user', count: 1 });
  await refused(impatient.userApi.suspendUser({ userId }), 429, 'E0000047');
  assert.equal(await status(userId), 'ACTIVE');
});

test('N4: a failure can come before the effect or after it, and the ledger knows', async () => {
  const { id: userId } = await hire(org);
  await org.tell('faults', { kind: '500_before', operation: 'suspend_user', count: 1 });
  await refused(api.userApi.suspendUser({ userId }), 500, 'E0000009');
  assert.equal(await status(userId), 'ACTIVE');
  await org.tell('faults', { kind: 'reset_after', operation: 'suspend_user', count: 1 });
  await assert.rejects(api.userApi.suspendUser({ userId }), { code: 'ECONNRESET' });
  assert.equal(await status(userId), 'SUSPENDED');

  const ledger = await org.look('ledger?kind=suspend_user');
  const effects = ledger.filter((c) => c.targets?.includes(userId)).map((c) => c.effect);
  assert.deepEqual(effects.slice(-1), [true]);
  assert.equal(effects.filter(Boolean).length, 1);
});

// What follows is about Acme, the sample company that every tenant begins with.

test('B3: a plain list leaves deprovisioned people out, a filter finds them', async () => {
  const listed = await all(await api.userApi.listUsers({ limit: 50 }));
  assert.ok(listed.length > 50);
  assert.ok(listed.every((u) => u.status !== 'DEPROVISIONED'));
  const gone = await all(await api.userApi.listUsers({ filter: 'status eq "DEPROVISIONED"' }));
  assert.ok(gone.some((u) => u.profile.login === 'dora@acme.example'));
});

test('B2: one email can be two people', async () => {
  const twins = await all(await api.userApi.listUsers({ search: 'profile.lastName eq "Twin"' }));
  assert.equal(twins.length, 2);
  assert.equal(twins[0].profile.email, twins[1].profile.email);
  assert.notEqual(twins[0].profile.login, twins[1].profile.login);
});

test('A2: factors are listed, verified and all cleared', async () => {
  const quinn = await api.userApi.getUser({ userId: 'quinn@acme.example' });
  const [question] = await all(await api.userFactorApi.listFactors({ userId: quinn.id }));
  assert.equal(question.factorType, 'question');
  const verify = (answer) => api.userFactorApi.verifyFactor({ userId: quinn.id, factorId: question.id, body: { answer } });
  await refused(verify('wrong'), 403, 'E0000068');
  assert.equal((await verify('mayonnaise')).factorResult, 'SUCCESS');

  const ada = await api.userApi.getUser({ userId: 'ada@acme.example' });
  const factors = await all(await api.userFactorApi.listFactors({ userId: ada.id }));
  const push = factors.find((f) => f.factorType === 'push');
  for (const [approve, result] of [[true, 'SUCCESS'], [false, 'REJECTED']]) {
    const waiting = await api.userFactorApi.verifyFactor({ userId: ada.id, factorId: push.id });
    assert.equal(waiting.factorResult, 'WAITING');
    const transactionId = waiting._links.poll.href.split('/').at(-1);
    const poll = async () => (
      await api.userFactorApi.getFactorTransactionStatus({ userId: ada.id, factorId: push.id, transactionId })
    ).factorResult;
    assert.equal(await poll(), 'WAITING');
    await org.tell('push', { user: ada.id, approve });
    assert.equal(await poll(), result);
  }
  await api.userApi.resetFactors({ userId: ada.id });
  assert.deepEqual(await all(await api.userFactorApi.listFactors({ userId: ada.id })), []);
});

test('a group that an app brought along cannot be changed', async () => {
  const groups = await all(await api.groupApi.listGroups({ search: 'profile.name eq "IT Support"' }));
  assert.deepEqual(groups.map((g) => g.type).sort(), ['APP_GROUP', 'OKTA_GROUP']);
  const { id: groupId } = groups.find((g) => g.type === 'APP_GROUP');
  const { id: userId } = await hire(org);
  await refused(api.groupApi.assignUserToGroup({ groupId, userId }), 403, 'E0000006');
});

test('a group rule brings people in and is not asked again once one was taken out', async () => {
  const [engineering] = await all(await api.groupApi.listGroups({ search: 'profile.name eq "Engineering"' }));
  const { id: userId } = await hire(org, { department: 'Engineering' });
  const members = async () => (await all(await api.groupApi.listGroupUsers({ groupId: engineering.id }))).map((u) => u.id);
  assert.ok((await members()).includes(userId));
  await api.groupApi.unassignUserFromGroup({ groupId: engineering.id, userId });
  assert.ok(!(await members()).includes(userId));
  const rules = await all(await api.groupApi.listGroupRules({ search: 'Engineering' }));
  assert.ok(rules[0].conditions.people.users.exclude.includes(userId));
});
