"""With clear-on-exit: the browser loses the cookie of a session that is alive on the server."""

from datetime import timedelta

from harness import Browser, scenario


@scenario(
    title="Sign in again after the browser has lost the session",
    claims="An absolute limit is counted from the first sign-in.",
)
def signed_in_again(browser: Browser) -> None:
    browser.sign_in()
    browser.wait(timedelta(hours=20))
    browser.quit()
    browser.start()
    browser.sign_in()
    browser.wait(timedelta(hours=20))
    browser.check("40 hours after the first sign-in, of 36 that are allowed")
