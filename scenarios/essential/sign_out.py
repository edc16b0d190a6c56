"""Signing out."""

from harness import Browser, scenario


@scenario(
    title="Sign out in another tab",
    claims="A sign-out holds for the whole browser, not for one tab.",
    covers=("ASVS 5.0 7.4.1",),
)
def sign_out_in_another_tab(browser: Browser) -> None:
    browser.sign_in()
    browser.open_tab()
    browser.sign_out()
    browser.close_tab()
    browser.check("after the sign-out in the other tab")
