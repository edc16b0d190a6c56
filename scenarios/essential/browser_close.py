"""Closing the whole browser."""

from harness import Browser, scenario


@scenario(
    title="Close the browser and start it again",
    claims="A non-persistent session is terminated when the browser window closes.",
    covers=("rfc6265bis 5.7",),
)
def quit_and_start(browser: Browser) -> None:
    browser.sign_in()
    browser.quit()
    browser.start()
    browser.check("after the browser was started again")
