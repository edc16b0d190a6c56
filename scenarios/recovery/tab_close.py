"""Closing tabs until none is left."""

from harness import Browser, scenario


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
