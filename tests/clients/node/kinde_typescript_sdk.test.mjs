// @kinde-oss/kinde-typescript-sdk: what is changed is the address, nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKindeServerClient, GrantType } from '@kinde-oss/kinde-typescript-sdk';
import { Person } from './person.mjs';

const { AFTERCLOSE_URL: authDomain, CALLBACK, HOME, SECRET } = process.env;

function sessionManager() {
  const items = new Map();
  return {
    persistent: true,
    getSessionItem: async (key) => items.get(key) ?? null,
    setSessionItem: async (key, value) => void items.set(key, value),
    removeSessionItem: async (key) => void items.delete(key),
    destroySession: async () => items.clear(),
  };
}

const common = { authDomain, redirectURL: CALLBACK, logoutRedirectURL: HOME };
const clients = {
  AUTHORIZATION_CODE: { ...common, clientId: 'web', clientSecret: SECRET },
  PKCE: { ...common, clientId: 'spa' },
};

for (const [grant, options] of Object.entries(clients)) {
  test(`${grant}: sign-in, user, ksp, refresh, logout`, async () => {
    const client = createKindeServerClient(GrantType[grant], options);
    const manager = sessionManager();
    const person = new Person();
    const url = await client.login(manager);
    await client.handleRedirectToApp(manager, await person.signInAt(url));
    assert.equal(await client.isAuthenticated(manager), true);
    assert.equal((await client.getUser(manager)).given_name, 'Ada');
    assert.equal((await client.getUserProfile(manager)).email, 'ada@example.com');
    assert.equal(manager.persistent, false, 'the policy reaches the SDK through ksp');
    assert.deepEqual(await client.getClaimValue(manager, 'org_code'), 'org_acme');
    const before = await manager.getSessionItem('refresh_token');
    await client.refreshTokens(manager);
    assert.notEqual(await manager.getSessionItem('refresh_token'), before);
    const logout = await client.logout(manager);
    assert.equal(await person.location(logout), HOME);
    assert.equal((await person.peek(authDomain)).signed_in, false);
  });
}

test('register and createOrg show the page to sign up at', async () => {
  const client = createKindeServerClient(GrantType.PKCE, clients.PKCE);
  for (const url of [
    await client.register(sessionManager()),
    await client.createOrg(sessionManager(), { org_name: 'New one' }),
  ]) {
    assert.match(await new Person().page(url), /Create your account/);
  }
});

test('CLIENT_CREDENTIALS', async () => {
  const client = createKindeServerClient(GrantType.CLIENT_CREDENTIALS, {
    authDomain,
    clientId: 'm2m',
    clientSecret: SECRET,
    logoutRedirectURL: HOME,
    audience: `${authDomain}/api`,
  });
  assert.ok(await client.getToken(sessionManager()));
});
