// panva's oidc-provider, with the smallest interaction that it takes, and an application that keeps no
// session of its own: it asks the provider at each visit, without a prompt.
//
// `remember` of the login's result is what the box *Remember me* says; everything else about sessions is
// as oidc-provider has it by default. The password is that of OIDC_PASSWORD.

import { advance } from "../clock.mjs";
import { parseArgs } from "node:util";
import express from "express";
import Provider from "oidc-provider";

const { values } = parseArgs({ options: { port: { type: "string" } } });
const here = `http://localhost:${values.port}`;
const client = { client_id: "app", client_secret: "of a test", redirect_uris: [`${here}/callback`] };

const provider = new Provider(`${here}/oidc`, {
  clients: [{ ...client, post_logout_redirect_uris: [`${here}/signed-out`] }],
  cookies: { keys: ["of a test"] },
  features: { devInteractions: { enabled: false } },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  interactions: { url: (_, { uid }) => `/interaction/${uid}` },
  // The application is the provider's own: nobody is asked to consent.
  async loadExistingGrant({ oidc }) {
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope("openid");
    await grant.save();
    return grant;
  },
  pkce: { required: () => false },
});

const application = express();
const form = express.urlencoded({ extended: false });
const page = (title, body) => `<!doctype html><title>${title}</title>${body}`;

function authorize(prompt) {
  const { client_id, redirect_uris: [redirect_uri] } = client;
  const asked = new URLSearchParams({ client_id, redirect_uri, response_type: "code", scope: "openid", ...prompt });
  return `${here}/oidc/auth?${asked}`;
}

application.post("/_advance", advance);
application.get("/", (_, response) => response.redirect(authorize({ prompt: "none" })));
application.get("/sign-in", (_, response) => response.redirect(authorize({})));
application.get("/signed-out", (_, response) => response.send(page("Signed out", "<p>Goodbye</p>")));

application.get("/callback", async (request, response) => {
  if (!request.query.code) {
    return response.send(page("Home", `<p>${request.query.error === "login_required" ? "" : "Something went wrong. "}<a href="/sign-in">Sign in</a></p>`));
  }
  const answer = await fetch(`${here}/oidc/token`, {
    method: "POST",
    headers: { Authorization: `Basic ${btoa(`${client.client_id}:${encodeURIComponent(client.client_secret)}`)}` },
    body: new URLSearchParams({ grant_type: "authorization_code", code: request.query.code, redirect_uri: client.redirect_uris[0] }),
  });
  const { id_token: token } = await answer.json();
  const { sub } = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  const leave = new URLSearchParams({ id_token_hint: token, post_logout_redirect_uri: `${here}/signed-out` });
  response.send(page("Home", `<p>Signed in as ${sub}</p><p><a href="/oidc/session/end?${leave}">Sign out</a></p>`));
});

application.get("/interaction/:uid", (request, response) => {
  response.send(page("Sign in", `<form method="post">
<label>Username <input name="username"></label>
<label>Password <input name="password" type="password"></label>
<label>Remember me <input name="remember" type="checkbox"></label>
<button>Sign in</button></form>`));
});

application.post("/interaction/:uid", form, (request, response) => {
  const { username, password, remember } = request.body;
  const fits = password === process.env.OIDC_PASSWORD && /^\w+$/.test(username);
  const result = fits
    ? { login: { accountId: username, remember: Boolean(remember) } }
    : { error: "access_denied" };
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
});

application.use("/oidc", provider.callback());
application.listen(Number(values.port), "127.0.0.1");
