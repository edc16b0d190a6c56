"""The auth server gives up its cookie's scope, and then the policy changes."""

from harness import Browser, scenario


@scenario(
    title="Change the cookie's scope, then make the session end with the browser",
    claims="The cookie follows the policy.",
)
def policy_changed_after_the_scope(browser: Browser) -> None:
    browser.sign_in()
    browser.administrator.change_cookie_scope()
    browser.administrator.override_session_policy()
    browser.visit()
    browser.quit()
    browser.start()
    browser.check("after the browser was started again")
