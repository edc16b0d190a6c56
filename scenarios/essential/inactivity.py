"""Absence past the inactivity timeout, whatever that is."""

from harness import Browser, Moment, scenario


@scenario(
    title="Come back just after the inactivity timeout, the browser closed meanwhile",
    claims="A session ends when its inactivity timeout has passed.",
    covers=("ASVS 5.0 7.3.1",),
)
def past_the_timeout_while_closed(browser: Browser) -> None:
    browser.sign_in()
    browser.quit()
    browser.wait_until(Moment.JUST_AFTER_THE_TIMEOUT)
    browser.start()
    browser.check("just after the timeout")


@scenario(
    title="Restore the previous session just after the inactivity timeout",
    claims="A session cookie that comes back meets a session that is over.",
    covers=("B15", "B21"),
)
def revived_cookie_meets_expired_session(browser: Browser) -> None:
    browser.sign_in()
    browser.quit()
    browser.wait_until(Moment.JUST_AFTER_THE_TIMEOUT)
    browser.start()
    browser.restore_previous_session()
    browser.check("after the previous session was restored")
