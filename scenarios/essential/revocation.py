"""Somebody else ends the session."""

from harness import Browser, scenario


@scenario(
    title="The session is revoked while the browser is closed",
    claims="A revoked session is over, whatever cookie comes back.",
    covers=("ASVS 5.0 7.4.5",),
)
def revoked_while_closed(browser: Browser) -> None:
    browser.sign_in()
    browser.quit()
    browser.administrator.revoke_sessions()
    browser.start()
    browser.check("after the browser was started again")
