"""What people do on a working day. A scenario names no browser, no policy and no result."""

from datetime import timedelta

from afterclose import Browser, scenario


@scenario(
    title="Close the browser over lunch",
    claims="Somebody who closes the browser over lunch signs in again afterwards.",
)
def lunch(browser: Browser) -> None:
    browser.sign_in()
    browser.quit()
    browser.wait(timedelta(hours=1))
    browser.start()
    browser.check("after lunch")
