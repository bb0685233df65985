// A simulated Okta tenant, and clients that find it by nothing but its address.
import okta from '@okta/okta-sdk-nodejs';

import { start } from './simulator.js';

export const token = 'e2e-token';

// The SDK would send calls to this machine through a proxy, too.
for (const name of ['https_proxy', 'HTTPS_PROXY']) delete process.env[name];

// tenant starts Okta. Its client holds an API token of a super admin. Clients keep
// no cache, which would show the past after a call that failed.
export async function tenant(env = {}) {
  const org = await start('okta', { OKTA_API_TOKEN: token, ...env });
  org.options = { orgUrl: org.origin, cacheMiddleware: null };
  org.client = new okta.Client({ ...org.options, token });
  return org;
}

// serviceApp makes a client of the OAuth kind.
export function serviceApp(org, clientId, privateKey, scopes, keyId) {
  return new okta.Client({
    ...org.options, authorizationMode: 'PrivateKey', clientId, privateKey, keyId, scopes: scopes.join(' '),
  });
}

let made = 0;

// hire adds a person, who can sign in unless told otherwise.
export async function hire(org, { activate = true, ...profile } = {}) {
  const name = `e2e-${++made}`;
  const email = `${name}@acme.example`;
  return org.client.userApi.createUser({
    activate,
    body: {
      profile: { firstName: 'Eva', lastName: name, login: email, email, ...profile },
      credentials: activate ? { password: { value: 'correct horse battery 9' } } : undefined,
    },
  });
}

// all reads a collection to its end.
export async function all(collection) {
  const items = [];
  await collection.each((item) => { items.push(item); });
  return items;
}
