"""The browser crashes."""

from harness import Browser, scenario


@scenario(
    title="The browser crashes some time after the sign-in",
    claims="A non-persistent session is terminated when the browser ends.",
    covers=("B1", "B2", "B3"),
)
def crash_after_settling(browser: Browser) -> None:
    browser.sign_in()
    browser.settle()
    browser.crash()
    browser.start()
    browser.check("after the browser was started again")
