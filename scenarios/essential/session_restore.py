"""Restoring the previous session, of one tab or of several."""

from harness import Browser, scenario


@scenario(
    title="Start the browser again and ask for the previous session",
    claims="Restoring a browser session can also restore a session cookie.",
    covers=("Kinde: session management, limitations",),
)
def restore_previous_session(browser: Browser) -> None:
    browser.sign_in()
    browser.quit()
    browser.start()
    browser.restore_previous_session()
    browser.check("after the previous session was restored")


@scenario(
    title="Close a browser with several tabs and windows, and start it again",
    claims="Restoring a browser session can also restore a session cookie.",
    covers=("Kinde: session management, limitations", "Chromium SessionCookiesBrowserClose"),
)
def several_tabs_and_windows(browser: Browser) -> None:
    browser.sign_in()
    browser.open_tab()
    browser.visit()
    browser.open_window()
    browser.visit()
    browser.quit()
    browser.start()
    browser.check("after the browser was started again")


@scenario(
    title="Sign out in one of several tabs, and let the browser restore them",
    claims="Who has signed out stays signed out, whatever tabs come back.",
    covers=("RotherOSS/otobo 4393", "ASVS 5.0 7.4.1"),
)
def several_tabs_after_sign_out(browser: Browser) -> None:
    browser.sign_in()
    browser.open_tab()
    browser.visit()
    browser.open_tab()
    browser.visit()
    browser.sign_out()
    browser.quit()
    browser.start(restoring=True)
    browser.check("in the restored tabs")
