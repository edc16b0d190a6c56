"""What nobody waits for: hundreds of days, and clocks that are wrong."""

from datetime import timedelta

from harness import Browser, scenario

_A_DAY_IN_TIME = timedelta(hours=23, minutes=55)


@scenario(
    title="Restore the session again and again for 500 days",
    claims="No age limit applies to a session cookie: the 400-day cap concerns lifetimes.",
    covers=("rfc6265bis 5.6.2", "B17"),
)
def restored_for_500_days(browser: Browser) -> None:
    browser.sign_in()
    for _ in range(5):
        browser.quit()
        browser.wait(timedelta(days=100))
        browser.start(restoring=True)
    browser.check("500 days after the sign-in")


@scenario(
    title="Come back after 401 days, the browser closed meanwhile",
    claims="No cookie lives longer than 400 days without being set again.",
    covers=("rfc6265bis 5.6.2",),
)
def past_the_cap(browser: Browser) -> None:
    browser.sign_in()
    browser.quit()
    browser.wait(timedelta(days=399))
    browser.start()
    browser.check("after 399 days")
    browser.quit()
    browser.wait(timedelta(days=2))
    browser.start()
    browser.check("after 401 days")


@scenario(
    title="Set the computer's clock back a day, and come back",
    claims="A clock that is wrong prolongs no session.",
    covers=("rfc6265bis 5.7",),
)
def clock_set_back(browser: Browser) -> None:
    browser.sign_in()
    browser.quit()
    browser.wait(_A_DAY_IN_TIME)
    browser.set_clock_back(timedelta(days=1))
    browser.wait(timedelta(minutes=10))
    browser.start()
    browser.check("a day after the sign-in, by the server's clock")
