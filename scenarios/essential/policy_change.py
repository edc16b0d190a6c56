"""The policy changes while somebody is signed in."""

from harness import Browser, scenario


@scenario(
    title="The organization's override is switched on while you are signed in",
    claims="A session keeps the persistence it was signed in with; the next sign-in has the new.",
    covers=("Kinde: session management per organization",),
)
def override_switched_on_while_signed_in(browser: Browser) -> None:
    browser.sign_in()
    browser.administrator.override_session_policy()
    browser.visit()
    browser.quit()
    browser.start()
    browser.check("after a restart, signed in before the change")
    browser.sign_out()
    browser.sign_in()
    browser.quit()
    browser.start()
    browser.check("after a restart, signed in after the change")
