"""Active all the time, up to the absolute limit and past it.

Kinde has no such limit: this is the mock's own. Environments without one are left out; where none
has one, the scenario is unsupported.
"""

from datetime import timedelta

from harness import Browser, Moment, scenario


@scenario(
    title="Be active until just before the absolute limit",
    claims="Who is active stays signed in as long as the absolute limit says.",
    covers=("ASVS 5.0 7.3.2",),
)
def just_under_the_limit(browser: Browser) -> None:
    browser.sign_in()
    browser.visit_until(Moment.JUST_BEFORE_THE_ABSOLUTE_LIMIT)
    browser.check("just before the absolute limit")


@scenario(
    title="Be active until just after the absolute limit",
    claims="A session ends when its absolute limit has passed, however active somebody was.",
    covers=("ASVS 5.0 7.3.2",),
)
def past_the_limit(browser: Browser) -> None:
    browser.sign_in()
    browser.visit_until(Moment.JUST_AFTER_THE_ABSOLUTE_LIMIT)
    browser.check("just after the absolute limit")
    browser.visit()
    browser.check("after the application asked the auth server")


@scenario(
    title="Sign in again after the absolute limit, and be active until the next",
    claims="The absolute limit is counted from the sign-in, and anew from the next.",
    covers=("ASVS 5.0 7.3.2",),
)
def signed_in_again(browser: Browser) -> None:
    browser.sign_in()
    browser.visit_until(Moment.JUST_AFTER_THE_ABSOLUTE_LIMIT)
    browser.sign_in()
    browser.visit_until(Moment.JUST_BEFORE_THE_ABSOLUTE_LIMIT)
    browser.check("just before the next absolute limit")


@scenario(
    title="Set the computer's clock back just before the absolute limit, and come back after it",
    claims="A cookie that is still there meets a session whose absolute limit has passed.",
    covers=("ASVS 5.0 7.3.2", "rfc6265bis 5.7"),
)
def clock_set_back(browser: Browser) -> None:
    browser.sign_in()
    browser.visit_until(Moment.JUST_BEFORE_THE_ABSOLUTE_LIMIT)
    browser.quit()
    browser.set_clock_back(timedelta(hours=1))
    browser.wait_until(Moment.JUST_AFTER_THE_ABSOLUTE_LIMIT)
    browser.start()
    browser.check("just after the absolute limit, by the server's clock")
