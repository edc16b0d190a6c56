"""An application whose page stays open and exchanges its refresh token."""

from harness import Browser, Moment, scenario


@scenario(
    title="Leave the page open that exchanges its refresh token, for almost two timeouts",
    claims="Activity starts the inactivity timeout anew, token refresh too.",
    covers=("Kinde: what counts as activity", "RFC 6749 6"),
    keeps=("refreshing",),
)
def left_open_for_two_timeouts(browser: Browser) -> None:
    browser.sign_in()
    browser.wait_until(Moment.JUST_BEFORE_THE_TIMEOUT)
    browser.refresh_tokens()
    browser.check("after the refresh, just before the timeout")
    browser.wait_until(Moment.JUST_BEFORE_THE_TIMEOUT)
    browser.check("just before the timeout, counted from the refresh")
    browser.wait_until(Moment.JUST_AFTER_THE_TIMEOUT)
    browser.check("just after it")


@scenario(
    title="Close the browser after the page has exchanged its refresh token, and come back",
    claims="Closing the browser ends a non-persistent session, however long the server keeps it.",
    covers=("Kinde: what counts as activity", "rfc6265bis 5.7"),
    keeps=("refreshing",),
)
def closed_after_a_refresh(browser: Browser) -> None:
    browser.sign_in()
    browser.wait_until(Moment.JUST_BEFORE_THE_TIMEOUT)
    browser.refresh_tokens()
    browser.quit()
    browser.wait_until(Moment.JUST_BEFORE_THE_TIMEOUT)
    browser.start()
    browser.check("just before the timeout, counted from the refresh")
