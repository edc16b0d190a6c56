"""Written from the documentation, and not run here: Kinde's own session, by its sign-in page.

Not verified: the labels and buttons of the page (with email and password, and no second factor);
that it knows the application's address. The policy is that of Settings > Applications > Sessions.
https://docs.kinde.com/authenticate/manage-authentication/session-management/
https://docs.kinde.com/developer-tools/about/using-kinde-without-an-sdk/

Set KINDE_URL (https://yours.kinde.com), KINDE_CLIENT_ID, KINDE_REDIRECT_URI (an allowed callback
that answers), KINDE_LOGOUT_URI (an allowed logout redirect), KINDE_EMAIL and KINDE_PASSWORD.
"""

from urllib.parse import urlencode

from silent import asking, known, needed

from afterclose import Person, Policy, Target

_KINDE, _CALLBACK = needed("KINDE_URL").rstrip("/"), needed("KINDE_REDIRECT_URI")
_ASKED = f"{_KINDE}/oauth2/auth", needed("KINDE_CLIENT_ID"), _CALLBACK

target = Target(
    name="kinde",
    url=asking(*_ASKED),
    policies={
        "non_persistent": Policy(persistence="non_persistent", inactivity_timeout=86_400),
    },
    person=Person(email="env:KINDE_EMAIL", password="env:KINDE_PASSWORD"),
)


@target.sign_in
async def sign_in(page, person):
    await page.get_by_label("Email").fill(person.email)
    await page.get_by_role("button", name="Continue", exact=True).click()
    await page.get_by_label("Password", exact=True).fill(person.password)
    await page.get_by_role("button", name="Continue", exact=True).click()
    await page.wait_for_url(f"{_CALLBACK}*")


@target.sign_out
async def sign_out(page):
    leave = urlencode({"redirect": needed("KINDE_LOGOUT_URI")})
    await page.goto(f"{_KINDE}/logout?{leave}")


@target.visit
async def visit(page):
    await page.goto(asking(*_ASKED, prompt="none"))


@target.signed_in("sso")
async def sso(page):
    return known(page.url)
