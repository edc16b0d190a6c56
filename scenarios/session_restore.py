"""Asking for the previous session."""

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
    title="Ask for the previous session after a crash",
    claims="Restoring a browser session can also restore what a tab kept to itself.",
    covers=("B15", "Chromium exit_type_service_browsertest.cc, RestoreFromCrashBubble"),
)
def restore_after_a_crash(browser: Browser) -> None:
    browser.sign_in()
    browser.settle()
    browser.crash()
    browser.start()
    browser.restore_previous_session()
    browser.check("after the previous session was restored")


@scenario(
    title="Restore the session twice, without looking at the page in between",
    claims="What a tab keeps to itself comes back with the tab, each time.",
    covers=("Firefox browser_sessionStorage.js",),
)
def restore_twice(browser: Browser) -> None:
    browser.sign_in()
    browser.quit()
    browser.start(restoring=True)
    browser.quit()
    browser.start(restoring=True)
    browser.check("after the session was restored twice")


@scenario(
    title="Restore the session when the last one ended as soon as it had begun",
    claims="What a tab keeps to itself comes back with the tab.",
    covers=("B2",),
)
def restore_after_a_short_life(browser: Browser) -> None:
    browser.sign_in()
    browser.quit()
    browser.start()
    browser.crash()
    browser.start(restoring=True)
    browser.check("after the session was restored")
