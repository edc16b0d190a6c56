// oidc-client-ts as a relying party.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InMemoryWebStorage, OidcClient, WebStorageStateStore } from 'oidc-client-ts';
import { Person } from './person.mjs';

const { AFTERCLOSE_URL: authority, CALLBACK, HOME } = process.env;

test('sign-in, user info, refresh, silent sign-in and sign-out', async () => {
  const client = new OidcClient({
    authority,
    client_id: 'spa',
    redirect_uri: CALLBACK,
    post_logout_redirect_uri: HOME,
    scope: 'openid profile email offline',
    loadUserInfo: true,
    stateStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
  });
  const person = new Person();
  const request = await client.createSigninRequest({ nonce: 'n' });
  const callback = await person.signInAt(request.url);
  const signedIn = await client.processSigninResponse(callback.href);
  assert.equal(signedIn.profile.email, 'ada@example.com');
  assert.ok(signedIn.refresh_token);

  const refreshed = await client.useRefreshToken({
    state: { ...signedIn, data: undefined, profile: signedIn.profile },
  });
  assert.notEqual(refreshed.refresh_token, signedIn.refresh_token);

  const silent = await client.createSigninRequest({ prompt: 'none' });
  const again = await client.processSigninResponse((await person.signInAt(silent.url)).href);
  assert.equal(again.profile.sub, signedIn.profile.sub);

  const out = await client.createSignoutRequest({ id_token_hint: signedIn.id_token, state: 'x' });
  assert.ok((await person.location(out.url)).startsWith(HOME));

  const after = await client.createSigninRequest({ prompt: 'none' });
  await assert.rejects(
    async () => client.processSigninResponse((await person.signInAt(after.url)).href),
    { error: 'login_required' },
  );
});
