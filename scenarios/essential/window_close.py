"""Closing windows."""

from harness import Browser, scenario


@scenario(
    title="Close the window you signed in with, another stays open",
    claims="A non-persistent session is terminated when the browser window closes.",
    covers=("Chromium CleanupOnWindowClosed",),
)
def close_one_of_two_windows(browser: Browser) -> None:
    browser.sign_in()
    browser.open_window()
    browser.close_window(1)
    browser.check("after the window was closed")
