"""The operating system shuts down at an unusual moment."""

from datetime import timedelta

from harness import Browser, scenario


@scenario(
    title="The system shuts down as soon as the browser has restarted",
    claims="A non-persistent session is terminated when the browser ends.",
    covers=("B5",),
)
def end_session_after_a_restart(browser: Browser) -> None:
    browser.sign_in()
    browser.restart()
    browser.end_os_session()
    browser.start()
    browser.check("after the browser was started again")


@scenario(
    title="The system shuts down half a minute after the sign-in",
    claims="A non-persistent session is terminated when the browser ends.",
    covers=("B5",),
)
def end_session_after_half_a_minute(browser: Browser) -> None:
    browser.sign_in()
    browser.wait(timedelta(seconds=31))
    browser.end_os_session()
    browser.start()
    browser.check("after the browser was started again")


@scenario(
    title="The system shuts down with several tabs open",
    claims="A non-persistent session is terminated when the browser ends.",
    covers=("B5",),
)
def end_session_with_several_tabs(browser: Browser) -> None:
    browser.sign_in()
    browser.open_tab()
    browser.visit()
    browser.settle()
    browser.end_os_session()
    browser.start()
    browser.check("after the browser was started again")


@scenario(
    title="The system shuts down right after the sign-in",
    claims="A persistent session survives whatever happens to the browser.",
    covers=("B5",),
)
def end_session_at_once(browser: Browser) -> None:
    browser.sign_in()
    browser.end_os_session()
    browser.start()
    browser.check("after the browser was started again")
