"""Closing tabs."""

from harness import Browser, scenario


@scenario(
    title="Close the tab you signed in with, another stays open",
    claims="Session cookies are not destroyed when a tab is closed.",
    covers=("Kinde: session management, limitations",),
)
def close_one_of_two_tabs(browser: Browser) -> None:
    browser.sign_in()
    browser.open_tab()
    browser.close_tab(1)
    browser.check("after the tab was closed")


@scenario(
    title="Close every tab",
    claims="The browser ends with its last tab, and a non-persistent session with the browser.",
    covers=("rfc6265bis 5.7", "Chromium SessionCookiesBrowserClose"),
)
def close_every_tab(browser: Browser) -> None:
    browser.sign_in()
    browser.open_tab()
    browser.close_tab()
    browser.close_tab()
    browser.start()
    browser.check("after the browser was started again")
