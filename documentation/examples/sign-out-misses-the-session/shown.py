"""The sign-out's address is not below the path of the session's cookie."""

from harness import Browser, scenario


@scenario(
    title="Sign out, and crash at once",
    claims="A sign-out ends the session.",
)
def signed_out(browser: Browser) -> None:
    browser.sign_in()
    browser.settle()
    browser.sign_out()
    browser.crash()
    browser.start()
    browser.check("after the sign-out and the crash")
