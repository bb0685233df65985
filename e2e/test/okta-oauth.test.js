// @okta/okta-sdk-nodejs as an OAuth service app against the simulated tenant (C1).
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { after, before, test } from 'node:test';

import { hire, serviceApp, tenant } from '../lib/okta.js';

const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key) => key.export({ type: 'pkcs8', format: 'pem' });
const jwk = (key, kid) => ({ ...key.export({ format: 'jwk' }), ...(kid ? { kid } : {}) });

const given = { ...rsa(), id: '0oae2egiven000000000' };
let org;

before(async () => {
  org = await tenant({
    OKTA_CLIENT_ID: given.id, OKTA_PRIVATE_KEY: pem(given.privateKey), OKTA_KEY_ID: 'given',
  });
});
after(() => org.stop());

// register makes a service app over the API, as an admin does in the console.
async function register({ publicKey }, { scopes, role, dpop = false }) {
  const api = org.client;
  const app = await api.applicationApi.createApplication({
    application: {
      name: 'oidc_client', label: `E2E ${Math.random()}`, signOnMode: 'OPENID_CONNECT',
      credentials: { oauthClient: { token_endpoint_auth_method: 'private_key_jwt' } },
      settings: {
        oauthClient: {
          application_type: 'service', grant_types: ['client_credentials'], response_types: ['token'],
          jwks: { keys: [{ ...jwk(publicKey, 'e2e'), use: 'sig' }] }, dpop_bound_access_tokens: dpop,
        },
      },
    },
  });
  for (const scopeId of scopes) {
    await api.applicationApi.grantConsentToScope({ appId: app.id, oAuth2ScopeConsentGrant: { scopeId, issuer: org.origin } });
  }
  if (role) await api.roleAssignmentApi.assignRoleToClient({ clientId: app.id, assignRoleRequest: { type: role } });
  return app.id;
}

test('the service app that the environment names is let in', async () => {
  const app = serviceApp(org, given.id, pem(given.privateKey), ['okta.users.read', 'okta.users.manage'], 'given');
  const user = await hire(org);
  await app.userApi.suspendUser({ userId: user.id });
  assert.equal((await app.userApi.getUser({ userId: user.id })).status, 'SUSPENDED');
});

for (const [name, pair, form] of [
  ['an RSA key in PEM', rsa(), (k) => pem(k)],
  ['an RSA key in JWK', rsa(), (k) => jwk(k, 'e2e')],
]) {
  test(`${name} signs for a registered service app`, async () => {
    const id = await register(pair, { scopes: ['okta.users.read'], role: 'READ_ONLY_ADMIN' });
    const user = await hire(org);
    const app = serviceApp(org, id, form(pair.privateKey), ['okta.users.read'], 'e2e');
    assert.equal((await app.userApi.getUser({ userId: user.id })).id, user.id);
  });
}

// The SDK cannot sign with EC keys since it makes a DPoP proof for every token, so
// this assertion is made by hand.
test('an EC key signs for a registered service app', async () => {
  const pair = ec();
  const id = await register(pair, { scopes: ['okta.users.read'], role: 'READ_ONLY_ADMIN' });
  const endpoint = `${org.origin}/oauth2/v1/token`;
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: id, sub: id, aud: endpoint, exp: Math.floor(Date.now() / 1000) + 300, jti: randomUUID() };
  const signed = `${part({ alg: 'ES256', kid: 'e2e' })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
  const ask = () => fetch(endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials', scope: 'okta.users.read',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: `${signed}.${signature.toString('base64url')}`,
    }),
  });
  const { token_type: kind, access_token: token, expires_in: life } = await (await ask()).json();
  assert.deepEqual({ kind, life }, { kind: 'Bearer', life: 3600 });
  const me = await fetch(`${org.origin}/api/v1/users?limit=1`, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(me.status, 200);

  const again = await ask();
  assert.equal(again.status, 401, 'an assertion is good for one token');
  assert.equal((await again.json()).error, 'invalid_client');
});

test('a token bound to a key by DPoP is asked for and used', async () => {
  const pair = rsa();
  const id = await register(pair, { scopes: ['okta.users.read'], role: 'READ_ONLY_ADMIN', dpop: true });
  const app = serviceApp(org, id, jwk(pair.privateKey, 'e2e'), ['okta.users.read']);
  const user = await hire(org);
  assert.equal((await app.userApi.getUser({ userId: user.id })).id, user.id);
});

test('C3: a scope that was not granted, a role that is missing and a wrong key are told apart', async () => {
  const pair = rsa();
  const user = await hire(org);
  const key = jwk(pair.privateKey, 'e2e');

  const reader = await register(pair, { scopes: ['okta.users.read', 'okta.users.manage'], role: 'READ_ONLY_ADMIN' });
  const narrow = serviceApp(org, reader, key, ['okta.users.read']);
  await assert.rejects(narrow.userApi.suspendUser({ userId: user.id }), (e) => {
    assert.equal(e.status, 403);
    const why = e.headers.get('www-authenticate');
    assert.match(why, /error="insufficient_scope"/);
    assert.match(why, /scope="okta\.users\.manage"/);
    return true;
  });
  const powerless = serviceApp(org, reader, key, ['okta.users.manage']);
  await assert.rejects(powerless.userApi.suspendUser({ userId: user.id }), { status: 403, errorCode: 'E0000006' });

  // The SDK takes a refusal of the token endpoint for a token, and shows it if asked.
  const refusal = async (app) => (await app.oauth.getAccessToken()).error;
  const scopes = ['okta.users.read'];
  assert.equal(await refusal(serviceApp(org, reader, key, ['okta.groups.read'])), 'consent_required');
  assert.equal(await refusal(serviceApp(org, reader, key, ['okta.nothing.read'])), 'invalid_scope');
  assert.equal(await refusal(serviceApp(org, reader, jwk(rsa().privateKey, 'e2e'), scopes)), 'invalid_client');
  const unknown = serviceApp(org, '0oa0000000000000none', key, scopes);
  assert.equal(await refusal(unknown), 'invalid_client');
  await assert.rejects(unknown.userApi.getUser({ userId: user.id }), { status: 401, errorCode: 'E0000011' });
});

test('a help desk role may not touch a super admin, nor do more than a help desk does', async () => {
  const pair = rsa();
  const id = await register(pair, { scopes: ['okta.users.read', 'okta.users.manage'], role: 'HELP_DESK_ADMIN' });
  const desk = serviceApp(org, id, jwk(pair.privateKey, 'e2e'), ['okta.users.read', 'okta.users.manage']);
  const user = await hire(org);
  await desk.userApi.resetFactors({ userId: user.id });
  await assert.rejects(desk.userApi.suspendUser({ userId: user.id }), { status: 403, errorCode: 'E0000006' });
  const susan = await org.client.userApi.getUser({ userId: 'susan@acme.example' });
  await assert.rejects(desk.userApi.resetFactors({ userId: susan.id }), { status: 403, errorCode: 'E0000006' });
});
