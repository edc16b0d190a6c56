"""Closing the whole browser twice, or with a pinned tab."""

from harness import Browser, scenario


@scenario(
    title="Close the browser and start it again, twice",
    claims="A persistent session survives any number of restarts; a session cookie that is gone "
    "does not come back.",
    covers=("rfc6265bis 5.7", "Chromium TestDontLoadOldSessionCookies"),
)
def quit_and_start_twice(browser: Browser) -> None:
    browser.sign_in()
    browser.quit()
    browser.start()
    browser.check("after the first restart")
    browser.quit()
    browser.start()
    browser.check("after the second restart")


@scenario(
    title="Close the browser with a pinned tab",
    claims="A non-persistent session is terminated when the browser window closes.",
    covers=("B13",),
)
def quit_with_a_pinned_tab(browser: Browser) -> None:
    browser.sign_in()
    browser.pin_tab()
    browser.quit()
    browser.start()
    browser.check("after the browser was started again")
