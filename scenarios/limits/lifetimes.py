"""What an application keeps, up to the lifetime that it declares and past it."""

from datetime import timedelta

from harness import Browser, scenario

_TOKEN, _COOKIE = timedelta(days=1), timedelta(days=29)
_MARGIN = timedelta(minutes=5)


@scenario(
    title="Come back just before an access token expires, and just after",
    claims="An access token is worth something for as long as it says, and no longer.",
    covers=("RFC 6749 5.1", "Kinde: configure-tokens"),
)
def access_token(browser: Browser) -> None:
    browser.sign_in()
    browser.wait(_TOKEN - _MARGIN)
    browser.check("just before the token expires")
    browser.wait(2 * _MARGIN)
    browser.check("just after the token has expired")


@scenario(
    title="Come back just before an application's cookie expires, and just after",
    claims="A login that an application keeps lasts as long as its cookie says, and no longer.",
    covers=("KINDE_COOKIE_MAX_AGE of Kinde's SDKs",),
)
def application_cookie(browser: Browser) -> None:
    browser.sign_in()
    browser.wait(_COOKIE - _MARGIN)
    browser.check("just before the cookie expires")
    browser.wait(2 * _MARGIN)
    browser.check("just after the cookie has expired")
