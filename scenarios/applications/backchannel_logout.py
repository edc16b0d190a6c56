"""Applications that are told when the session is over, beside those that are not."""

from harness import Browser, Moment, scenario

_BACKCHANNEL = "OpenID Connect Back-Channel Logout 1.0"


@scenario(
    title="The session is revoked while the application is open",
    claims="An application that is told of the end of a session ends its own.",
    covers=(_BACKCHANNEL, "ASVS 5.0 7.4.5"),
    keeps=("backchannel_cookie", "refreshing"),
)
def revoked_while_open(browser: Browser) -> None:
    browser.sign_in()
    browser.administrator.revoke_sessions()
    browser.check("after the revocation")
    browser.refresh_tokens()
    browser.check("after the page has tried to exchange its refresh token")


@scenario(
    title="The session is revoked while the browser is closed, which then restores its tabs",
    claims="Whatever cookie of an application comes back, it is worth nothing.",
    covers=(_BACKCHANNEL, "ASVS 5.0 7.4.5"),
    keeps=("backchannel_cookie",),
)
def revoked_and_restored(browser: Browser) -> None:
    browser.sign_in()
    browser.quit()
    browser.administrator.revoke_sessions()
    browser.start(restoring=True)
    browser.check("in the restored tabs")


@scenario(
    title="Sign in again after the session was revoked",
    claims="A logout token ends the session that it names, and no later one.",
    covers=(f"{_BACKCHANNEL} 2.7",),
    keeps=("backchannel_cookie",),
)
def signed_in_again(browser: Browser) -> None:
    browser.sign_in()
    browser.administrator.revoke_sessions()
    browser.sign_in()
    browser.check("after the second sign-in")


@scenario(
    title="The session goes inactive while the application is open",
    claims="A session ends when its inactivity timeout has passed.",
    covers=("keycloak/keycloak 25171",),
    keeps=("backchannel_cookie",),
)
def told_of_no_inactivity(browser: Browser) -> None:
    browser.sign_in()
    browser.wait_until(Moment.JUST_AFTER_THE_TIMEOUT)
    browser.check("just after the timeout")
