"""Bugs that public identity servers and applications had: each would show here.

docs/model.md names the fault of the control API that makes each of them go red.
"""

from datetime import timedelta

from harness import Browser, scenario

_A_DAY_IN_TIME = timedelta(hours=23, minutes=55)
_A_DAY_TOO_LATE = timedelta(hours=24, minutes=5)


@scenario(
    title="A second cookie that lasts longer than the first",
    claims="Closing the browser ends a non-persistent session, whatever else the server has set.",
    covers=("panva/node-oidc-provider 636",),
)
def twin_cookie(browser: Browser) -> None:
    browser.sign_in()
    browser.quit()
    browser.start()
    browser.visit()
    browser.check("after the browser was started again and the application opened")


@scenario(
    title="A session that is used every day, and then is not",
    claims="A session that activity prolongs still ends when activity does.",
    covers=("panva/node-oidc-provider 668", "panva/node-oidc-provider 289"),
)
def sliding_session(browser: Browser) -> None:
    browser.sign_in()
    browser.wait(_A_DAY_IN_TIME)
    browser.visit()
    browser.check("while it is used")
    browser.wait(_A_DAY_TOO_LATE)
    browser.check("a day after it was last used")


@scenario(
    title="Use a persistent session after a restart, and restart again",
    claims="A persistent session stays one, however often the browser is restarted.",
    covers=("keycloak/keycloak 37749", "keycloak/keycloak 43161"),
)
def remembered_after_restarts(browser: Browser) -> None:
    browser.sign_in()
    browser.quit()
    browser.start()
    browser.visit()
    browser.quit()
    browser.start()
    browser.check("after the second restart")


@scenario(
    title="Sign out, and let the application ask who you are",
    claims="A sign-out in the application ends the session at the auth server too.",
    covers=("KensioSoftware/yulin 804", "ASVS 5.0 7.4.1"),
)
def silent_sign_in_after_sign_out(browser: Browser) -> None:
    browser.sign_in()
    browser.sign_out()
    browser.visit()
    browser.check("after the application asked the auth server")


@scenario(
    title="Sign out while another tab is loading",
    claims="Who has signed out stays signed out, whatever was under way.",
    covers=("Fergana-Labs/stash 759",),
)
def sign_out_during_a_request(browser: Browser) -> None:
    browser.sign_in()
    browser.sign_out_during_visit()
    browser.check("after the other tab had its answer")
    browser.quit()
    browser.start(restoring=True)
    browser.check("after the browser restored the session")


@scenario(
    title="Sign out, and let the browser restore the tab",
    claims="A restored tab signs nobody in again.",
    covers=("Ride-The-Lightning/RTL 1042",),
)
def restored_tab_after_sign_out(browser: Browser) -> None:
    browser.sign_in()
    browser.sign_out()
    browser.quit()
    browser.start(restoring=True)
    browser.check("in the restored tab")


@scenario(
    title="Sign out, and sign in again",
    claims="Who signs in again is signed in.",
    covers=("code-dot-org/code-dot-org 74198", "metabase/metabase 9577"),
)
def sign_in_again(browser: Browser) -> None:
    browser.sign_in()
    browser.sign_out()
    browser.sign_in()
    browser.visit()
    browser.check("after the second sign-in, when the application asked the auth server")
