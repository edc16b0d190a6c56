"""Set to continue, the browser keeps a session that was to end with it."""

from datetime import timedelta

from harness import Browser, scenario


@scenario(
    title="Sign in again where the browser has kept the session",
    claims="Whoever signs in again begins a session, and its absolute limit, anew.",
)
def signed_in_again(browser: Browser) -> None:
    browser.sign_in()
    browser.wait(timedelta(hours=20))
    browser.quit()
    browser.start()
    browser.sign_in()
    browser.wait(timedelta(hours=20))
    browser.visit()
    browser.wait(timedelta(hours=10))
    browser.check("30 hours after the second sign-in, 50 after the first, of 48 that are allowed")
