"""Express with express-session, with `cookie.maxAge` and without.

Promised (express-session's README): a session's cookie expires `maxAge` "since the session was
last modified by the server", unless `rolling` is on, which it is not by default; without `maxAge`
it ends with the browser. See https://github.com/expressjs/session#readme

On the server a session without `maxAge` has no end in the store that comes with it: ten years is
what can be said here.
"""

from pathlib import Path

from afterclose import Person, Policy, Target

_TWO_WEEKS = 14 * 24 * 3600
_TEN_YEARS = 10 * 365 * 24 * 3600

target = Target(
    name="express",
    url="http://localhost:{port}/",
    policies={
        "max_age": Policy(
            persistence="persistent", inactivity_timeout=_TWO_WEEKS, absolute_timeout=_TWO_WEEKS
        ),
        "no_max_age": Policy(persistence="non_persistent", inactivity_timeout=_TEN_YEARS),
    },
    person=Person(email="ada", password="env:EXPRESS_PASSWORD"),
    command=["node", str(Path(__file__).with_name("server.mjs")), "--port", "{port}"],
    clock="http://localhost:{port}/_advance?seconds={seconds}",
)


@target.sign_in
async def sign_in(page, person, policy):
    await page.get_by_label("Username").fill(person.email)
    await page.get_by_label("Password").fill(person.password)
    if policy == "max_age":
        await page.get_by_label("Remember me").check()
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_text("Signed in as").wait_for()


@target.sign_out
async def sign_out(page):
    await page.goto("/")
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("button", name="Sign in").wait_for()


@target.signed_in("app")
async def app(page):
    return await page.get_by_text("Signed in as ada").is_visible()
