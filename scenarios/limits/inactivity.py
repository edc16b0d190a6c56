"""Absence up to the limit and just past it, and from activity to activity."""

from harness import Browser, Moment, scenario


@scenario(
    title="Come back just before the inactivity timeout, the browser left open",
    claims="A session lasts as long as its inactivity timeout.",
    covers=("ASVS 5.0 7.3.1",),
)
def just_under_the_timeout(browser: Browser) -> None:
    browser.sign_in()
    browser.wait_until(Moment.JUST_BEFORE_THE_TIMEOUT)
    browser.check("just before the timeout")


@scenario(
    title="Come back in time, twice",
    claims="Activity starts the inactivity timeout anew.",
    covers=("Kinde: what counts as activity",),
)
def activity_keeps_it_alive(browser: Browser) -> None:
    browser.sign_in()
    browser.wait_until(Moment.JUST_BEFORE_THE_TIMEOUT)
    browser.visit()
    browser.wait_until(Moment.JUST_BEFORE_THE_TIMEOUT)
    browser.check("just before the timeout, counted from the visit")


@scenario(
    title="Come back just after the inactivity timeout, the browser left open",
    claims="A session ends when its inactivity timeout has passed.",
    covers=("ASVS 5.0 7.3.1",),
)
def past_the_timeout(browser: Browser) -> None:
    browser.sign_in()
    browser.wait_until(Moment.JUST_AFTER_THE_TIMEOUT)
    browser.check("just after the timeout")
