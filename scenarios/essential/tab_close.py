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
