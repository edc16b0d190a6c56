"""Absence up to the limit, and from activity to activity."""

from datetime import timedelta

from harness import Browser, scenario

_JUST_UNDER = timedelta(hours=23, minutes=55)


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
