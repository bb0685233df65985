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
  assert.deepEqual(
    (await all(await api.applicationApi.listApplications({ filter: `user.id eq "${userId}"` }))).map((a) => a.label), ['E2E Wiki'],
  );
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
  const stranger = new okta.Client({ orgUrl: org.origin, token: 'other' });
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
