"""Signing out, and then the browser ends."""

from harness import Browser, scenario


@scenario(
    title="Sign out, close the browser and start it again",
    claims="Who has signed out stays signed out.",
    covers=("ASVS 5.0 7.4.1",),
)
def sign_out_and_restart(browser: Browser) -> None:
    browser.sign_in()
    browser.sign_out()
    browser.check("after the sign-out")
    browser.quit()
    browser.start()
    browser.check("after the browser was started again")


@scenario(
    title="The browser crashes right after a sign-out",
    claims="Who has signed out stays signed out.",
    covers=("B20", "ASVS 5.0 7.4.1"),
)
def sign_out_then_crash(browser: Browser) -> None:
    browser.sign_in()
    browser.settle()
    browser.sign_out()
    browser.crash()
    browser.start()
    browser.check("after the browser was started again")
