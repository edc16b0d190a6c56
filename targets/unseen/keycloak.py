"""Written from the documentation, and not run here: a realm of Keycloak's, by its account console.

Not verified: the labels of the sign-in page (those of the theme that comes with it), what the
console shows, and the page that asks before it signs out. The policies are a new realm's: thirty
minutes of inactivity and ten hours at most, the same where *Remember me* is ticked, which the realm
has to allow (Realm settings > Login).
https://www.keycloak.org/docs/latest/server_admin/#_timeouts

Set KEYCLOAK_URL, KEYCLOAK_REALM, KEYCLOAK_USERNAME and KEYCLOAK_PASSWORD.
"""

from silent import needed

from afterclose import Person, Policy, Target

_REALM = f"{needed('KEYCLOAK_URL').rstrip('/')}/realms/{needed('KEYCLOAK_REALM')}"
_HALF_AN_HOUR, _TEN_HOURS = 1800, 36_000

target = Target(
    name="keycloak",
    url=f"{_REALM}/account/",
    policies={
        "remembered": Policy(
            persistence="persistent",
            inactivity_timeout=_HALF_AN_HOUR,
            absolute_timeout=_TEN_HOURS,
        ),
        "not_remembered": Policy(
            persistence="non_persistent",
            inactivity_timeout=_HALF_AN_HOUR,
            absolute_timeout=_TEN_HOURS,
        ),
    },
    person=Person(email="env:KEYCLOAK_USERNAME", password="env:KEYCLOAK_PASSWORD"),
)


@target.sign_in
async def sign_in(page, person, policy):
    await page.get_by_label("Username or email").fill(person.email)
    await page.get_by_label("Password", exact=True).fill(person.password)
    if policy == "remembered":
        await page.get_by_label("Remember me").check()
    await page.get_by_role("button", name="Sign In").click()
    await page.get_by_role("heading", name="Personal info").wait_for()


@target.sign_out
async def sign_out(page):
    await page.goto(f"{_REALM}/protocol/openid-connect/logout")
    await page.get_by_role("button", name="Logout").click()
    await page.get_by_text("You are logged out").wait_for()


@target.signed_in("account")
async def account(page):
    console = page.get_by_role("heading", name="Personal info")
    form = page.get_by_label("Username or email")
    await console.or_(form).wait_for()
    return await console.is_visible()
