"""Long absence. Kinde's default inactivity timeout is 24 hours."""

from datetime import timedelta

from harness import Browser, scenario

_JUST_UNDER = timedelta(hours=23, minutes=55)
_PAST = timedelta(hours=24, minutes=5)


@scenario(
    title="Come back just before a day is over, the browser left open",
    claims="A session lasts as long as its inactivity timeout.",
    covers=("ASVS 5.0 7.3.1",),
)
def just_under_the_timeout(browser: Browser) -> None:
    browser.sign_in()
    browser.wait(_JUST_UNDER)
    browser.check("just before a day is over")


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
    title="Come back every day in time",
    claims="Activity starts the inactivity timeout anew.",
    covers=("Kinde: what counts as activity",),
)
def activity_keeps_it_alive(browser: Browser) -> None:
    browser.sign_in()
    browser.wait(_JUST_UNDER)
    browser.visit()
    browser.wait(_JUST_UNDER)
    browser.check("almost two days after the sign-in")


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
