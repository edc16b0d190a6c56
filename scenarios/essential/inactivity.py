"""Long absence. Kinde's default inactivity timeout is 24 hours."""

from datetime import timedelta

from harness import Browser, scenario

_PAST = timedelta(hours=24, minutes=5)


@scenario(
    title="Come back after more than a day, the browser left open",
    claims="A session ends when its inactivity timeout has passed.",
    covers=("ASVS 5.0 7.3.1",),
)
def past_the_timeout(browser: Browser) -> None:
    browser.sign_in()
    browser.wait(_PAST)
    browser.check("after more than a day")


@scenario(
    title="Come back after more than a day, the browser closed meanwhile",
    claims="A session ends when its inactivity timeout has passed.",
    covers=("ASVS 5.0 7.3.1",),
)
def past_the_timeout_while_closed(browser: Browser) -> None:
    browser.sign_in()
    browser.quit()
    browser.wait(_PAST)
    browser.start()
    browser.check("after more than a day")


@scenario(
    title="Restore the previous session after more than a day",
    claims="A session cookie that comes back meets a session that is over.",
    covers=("B15", "B21"),
)
def revived_cookie_meets_expired_session(browser: Browser) -> None:
    browser.sign_in()
    browser.quit()
    browser.wait(_PAST)
    browser.start()
    browser.restore_previous_session()
    browser.check("after the previous session was restored")
