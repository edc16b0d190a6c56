"""Restoring a session after a crash, twice, or in part."""

from harness import Browser, scenario


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


@scenario(
    title="Sign out in the tab that is in front after the session was restored",
    claims="A sign-out holds for the whole browser, whatever tabs came back with it.",
    covers=("ASVS 5.0 7.4.1",),
)
def sign_out_in_the_tab_in_front(browser: Browser) -> None:
    browser.sign_in()
    browser.open_tab()
    browser.quit()
    browser.start(restoring=True)
    browser.sign_out()
    browser.check("after the sign-out")


@scenario(
    title="Sign out in a tab, close it, and let the browser restore the others",
    claims="Who has signed out stays signed out, whatever tabs come back.",
    covers=("RotherOSS/otobo 4393",),
)
def restored_beside_a_sign_out(browser: Browser) -> None:
    browser.sign_in()
    browser.open_tab()
    browser.sign_out()
    browser.close_tab()
    browser.quit()
    browser.start(restoring=True)
    browser.check("in the restored tab")


@scenario(
    title="Ask for the previous session of several tabs and windows",
    claims="Restoring a browser session can also restore a session cookie.",
    covers=("B15", "Kinde: session management, limitations"),
)
def restore_several_tabs_by_hand(browser: Browser) -> None:
    browser.sign_in()
    browser.open_tab()
    browser.visit()
    browser.open_window()
    browser.visit()
    browser.quit()
    browser.start()
    browser.restore_previous_session()
    browser.check("after the previous session was restored")


@scenario(
    title="Ask for the previous session, and sign out in the tab that is then in front",
    claims="A sign-out holds for the whole browser, whatever tabs came back with it.",
    covers=("B15", "ASVS 5.0 7.4.1"),
)
def sign_out_in_what_was_asked_for(browser: Browser) -> None:
    browser.sign_in()
    browser.quit()
    browser.start()
    browser.restore_previous_session()
    browser.sign_out()
    browser.check("after the sign-out")
