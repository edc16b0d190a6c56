"""Written from the documentation, and not run here: Auth0's own session, by Universal Login.

Not verified: the labels and buttons of the page (identifier first, no second factor, no consent);
that silent authentication is answered with a code. The policies are those of Tenant Settings >
Advanced > Session Expiration, as a new tenant has them; which of them is in force is the tenant's.
https://auth0.com/docs/manage-users/sessions/session-lifecycle
https://auth0.com/docs/manage-users/sessions/non-persistent-sessions

Set AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_REDIRECT_URI (an allowed callback that answers),
AUTH0_LOGOUT_URI (an allowed logout address), AUTH0_EMAIL and AUTH0_PASSWORD.
"""

from urllib.parse import urlencode

from silent import asking, known, needed

from afterclose import Person, Policy, Target

_AUTH0, _CALLBACK = f"https://{needed('AUTH0_DOMAIN')}", needed("AUTH0_REDIRECT_URI")
_CLIENT = needed("AUTH0_CLIENT_ID")
_ASKED = f"{_AUTH0}/authorize", _CLIENT, _CALLBACK
_DAY = 86_400

target = Target(
    name="auth0",
    url=asking(*_ASKED),
    policies={
        "persistent": Policy(
            persistence="persistent", inactivity_timeout=3 * _DAY, absolute_timeout=7 * _DAY
        ),
    },
    person=Person(email="env:AUTH0_EMAIL", password="env:AUTH0_PASSWORD"),
)


@target.sign_in
async def sign_in(page, person):
    await page.get_by_label("Email address").fill(person.email)
    await page.get_by_role("button", name="Continue", exact=True).click()
    await page.get_by_label("Password").fill(person.password)
    await page.get_by_role("button", name="Continue", exact=True).click()
    await page.wait_for_url(f"{_CALLBACK}*")


@target.sign_out
async def sign_out(page):
    leave = urlencode({"client_id": _CLIENT, "returnTo": needed("AUTH0_LOGOUT_URI")})
    await page.goto(f"{_AUTH0}/v2/logout?{leave}")


@target.visit
async def visit(page):
    await page.goto(asking(*_ASKED, prompt="none"))


@target.signed_in("sso")
async def sso(page):
    return known(page.url)
