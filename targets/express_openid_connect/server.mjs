// Express with express-openid-connect: an application whose people sign in at an identity provider.
//
// Issuer, client and its secret come from the environment, as its README has it (ISSUER_BASE_URL,
// CLIENT_ID, CLIENT_SECRET, BASE_URL). It asks for a code, and signing out here signs out there;
// everything about the application's own session is as express-openid-connect has it by default.

import { advance } from "../clock.mjs";
import { parseArgs } from "node:util";
import express from "express";
import openid from "express-openid-connect";

const { values } = parseArgs({ options: { port: { type: "string" } } });
const application = express();

application.post("/_advance", advance);
application.use(openid.auth({
  authRequired: false,
  idpLogout: true,
  authorizationParams: { response_type: "code", scope: "openid profile email" },
  secret: "of a test, and long enough for this",
}));

application.get("/", (request, response) => {
  const email = request.oidc.user?.email;
  response.send(`<!doctype html><title>Home</title><link rel="icon" href="data:,">${email ? `<p>Signed in as ${email}</p>
<a href="/logout">Sign out</a>` : `<a href="/login">Sign in</a>`}`);
});

application.listen(Number(values.port), "127.0.0.1");
