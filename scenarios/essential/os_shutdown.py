"""The operating system shuts down."""

from harness import Browser, scenario


@scenario(
    title="The system shuts down some time after the sign-in",
    claims="A non-persistent session is terminated when the browser ends.",
    covers=("B5",),
)
def end_session_after_settling(browser: Browser) -> None:
    browser.sign_in()
    browser.settle()
    browser.end_os_session()
    browser.start()
    browser.check("after the browser was started again")
