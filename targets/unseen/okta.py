"""Written from the documentation, and not run here: Okta's own session, by its Sign-In Widget.

Not verified: the labels and buttons of the widget (Identity Engine, password alone), which an
administrator can change; the address that signs out. The policies are those of the global session
policy: its default two hours of inactivity, with a cookie that lasts where *Keep me signed in* is
ticked and the policy lets it.
https://help.okta.com/oie/en-us/content/topics/identity-engine/policies/about-okta-sign-on-policies.htm
https://developer.okta.com/docs/guides/delete-all-stay-signed-in-sessions/main/

Set OKTA_URL (https://yours.okta.com), OKTA_CLIENT_ID, OKTA_REDIRECT_URI (an allowed callback that
answers), OKTA_USERNAME and OKTA_PASSWORD.
"""

from silent import asking, known, needed

from afterclose import Person, Policy, Target

_OKTA, _CALLBACK = needed("OKTA_URL").rstrip("/"), needed("OKTA_REDIRECT_URI")
_ASKED = f"{_OKTA}/oauth2/v1/authorize", needed("OKTA_CLIENT_ID"), _CALLBACK
_TWO_HOURS = 2 * 3600

target = Target(
    name="okta",
    url=asking(*_ASKED),
    policies={
        "kept": Policy(persistence="persistent", inactivity_timeout=_TWO_HOURS),
        "not_kept": Policy(persistence="non_persistent", inactivity_timeout=_TWO_HOURS),
    },
    person=Person(email="env:OKTA_USERNAME", password="env:OKTA_PASSWORD"),
)


@target.sign_in
async def sign_in(page, person, policy):
    await page.get_by_label("Username").fill(person.email)
    if policy == "kept":
        await page.get_by_label("Keep me signed in").check()
    await page.get_by_role("button", name="Next").click()
    await page.get_by_label("Password").fill(person.password)
    await page.get_by_role("button", name="Verify").click()
    await page.wait_for_url(f"{_CALLBACK}*")


@target.sign_out
async def sign_out(page):
    await page.goto(f"{_OKTA}/login/signout")


@target.visit
async def visit(page):
    await page.goto(asking(*_ASKED, prompt="none"))


@target.signed_in("sso")
async def sso(page):
    return known(page.url)
