"""panva's oidc-provider, with `remember` and without, as an application sees it that asks the
provider at each visit.

Promised: with `remember` in the result of the login (the default) the session's cookie lasts as
long as the session, two weeks (`ttl.Session`), else as long as the browser; each visit at the
provider prolongs both (`lib/shared/session.js`). See
https://github.com/panva/node-oidc-provider/blob/main/docs/README.md
"""

from pathlib import Path

from afterclose import Person, Policy, Target

_TWO_WEEKS = 14 * 24 * 3600

target = Target(
    name="oidc-provider",
    url="http://localhost:{port}/",
    policies={
        "remember": Policy(persistence="persistent", inactivity_timeout=_TWO_WEEKS),
        "no_remember": Policy(persistence="non_persistent", inactivity_timeout=_TWO_WEEKS),
    },
    person=Person(email="ada", password="env:OIDC_PASSWORD"),
    command=["node", str(Path(__file__).with_name("server.mjs")), "--port", "{port}"],
    clock="http://localhost:{port}/_advance?seconds={seconds}",
)


@target.sign_in
async def sign_in(page, person, policy):
    await page.goto("/sign-in")
    await page.get_by_label("Username").fill(person.email)
    await page.get_by_label("Password").fill(person.password)
    if policy == "remember":
        await page.get_by_label("Remember me").check()
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_text("Signed in as").wait_for()


@target.sign_out
async def sign_out(page):
    await page.goto("/")
    await page.get_by_role("link", name="Sign out").click()
    await page.get_by_role("button", name="Yes, sign me out").click()
    await page.get_by_text("Goodbye").wait_for()


@target.signed_in("provider")
async def provider(page):
    return await page.get_by_text("Signed in as ada").is_visible()
