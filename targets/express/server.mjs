// Express with express-session, and the smallest login.
//
// `cookie.maxAge` is what the box *Remember me* says; everything else about sessions is as
// express-session has it by default, but for what it asks everybody to say. The password is that of
// EXPRESS_PASSWORD.

import { advance } from "../clock.mjs";
import { parseArgs } from "node:util";
import express from "express";
import session from "express-session";

const { values } = parseArgs({ options: { port: { type: "string" } } });
const TWO_WEEKS = 14 * 24 * 3600 * 1000;
const application = express();

application.post("/_advance", advance);
application.use(express.urlencoded({ extended: false }));
application.use(session({ secret: "of a test", resave: false, saveUninitialized: false }));

application.get("/", (request, response) => {
  const { user } = request.session;
  response.send(`<!doctype html><title>Home</title>${user ? `<p>Signed in as ${user}</p>
<form method="post" action="/logout"><button>Sign out</button></form>` : `<form method="post" action="/login">
<label>Username <input name="username"></label>
<label>Password <input name="password" type="password"></label>
<label>Remember me <input name="remember" type="checkbox"></label>
<button>Sign in</button></form>`}`);
});

application.post("/login", (request, response, next) => {
  const { username, password, remember } = request.body;
  if (password !== process.env.EXPRESS_PASSWORD || !/^\w+$/.test(username)) return response.redirect("/");
  request.session.regenerate(error => {
    if (error) return next(error);
    request.session.user = username;
    if (remember) request.session.cookie.maxAge = TWO_WEEKS;
    response.redirect("/");
  });
});

application.post("/logout", (request, response, next) => {
  request.session.destroy(error => (error ? next(error) : response.redirect("/")));
});

application.listen(Number(values.port), "127.0.0.1");
