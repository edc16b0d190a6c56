"""The browser crashes, and something else is unusual, too."""

from datetime import timedelta

from harness import Browser, scenario


@scenario(
    title="The browser crashes right after the sign-in",
    claims="A persistent session survives whatever happens to the browser.",
    covers=("B1",),
)
def crash_at_once(browser: Browser) -> None:
    browser.sign_in()
    browser.crash()
    browser.start()
    browser.check("after the browser was started again")


@scenario(
    title="The browser crashes half a minute after the sign-in",
    claims="A persistent session survives whatever happens to the browser.",
    covers=("B1",),
)
def crash_after_half_a_minute(browser: Browser) -> None:
    browser.sign_in()
    browser.wait(timedelta(seconds=31))
    browser.visit()
    browser.crash()
    browser.start()
    browser.check("after the browser was started again")


@scenario(
    title="Close the last window, open another, and the browser crashes",
    claims="A persistent session survives whatever happens to the browser.",
    covers=("B1",),
)
def crash_in_background(browser: Browser) -> None:
    browser.sign_in()
    browser.close_window()
    browser.start()
    browser.crash()
    browser.start()
    browser.check("after the browser was started again")


@scenario(
    title="The browser crashes as soon as it has restarted",
    claims="A non-persistent session is terminated when the browser ends.",
    covers=("B1",),
)
def crash_after_a_restart(browser: Browser) -> None:
    browser.sign_in()
    browser.restart()
    browser.crash()
    browser.start()
    browser.check("after the crash")
    browser.quit()
    browser.start()
    browser.check("after the browser was closed and started again")


@scenario(
    title="Close the browser after a crash without reacting to its message",
    claims="A non-persistent session is terminated when the browser is closed.",
    covers=("B4", "Chromium exit_type_service_browsertest.cc, CrashCrashNewBrowser"),
)
def close_after_a_crash(browser: Browser) -> None:
    browser.sign_in()
    browser.settle()
    browser.crash()
    browser.start()
    browser.check("after the crash")
    browser.quit()
    browser.start()
    browser.check("after the browser was closed and started again")


@scenario(
    title="Close the browser after a crash, react to its message the next time, and shut down",
    claims="What a tab keeps to itself comes back with the tab.",
    covers=("B4", "B5"),
)
def close_before_an_answer(browser: Browser) -> None:
    browser.sign_in()
    browser.settle()
    browser.crash()
    browser.start()
    browser.quit()
    browser.start()
    browser.open_window()
    browser.end_os_session()
    browser.start(restoring=True)
    browser.check("after the session was restored")


@scenario(
    title="The browser crashes twice in a row",
    claims="A non-persistent session is terminated when the browser ends.",
    covers=("B14",),
)
def crash_twice(browser: Browser) -> None:
    browser.sign_in()
    browser.settle()
    browser.crash()
    browser.start()
    browser.check("after the first crash")
    browser.settle()
    browser.crash()
    browser.start()
    browser.check("after the second crash")
    browser.restore_previous_session()
    browser.check("after the last session was asked for")


@scenario(
    title="Come back hours after a crash",
    claims="A non-persistent session is terminated when the browser ends.",
    covers=("B14",),
)
def start_long_after_a_crash(browser: Browser) -> None:
    browser.sign_in()
    browser.settle()
    browser.crash()
    browser.wait(timedelta(hours=7))
    browser.start()
    browser.check("seven hours after the crash")


@scenario(
    title="The browser crashes with several tabs and windows open",
    claims="A non-persistent session is terminated when the browser ends.",
    covers=("B2", "B3"),
)
def crash_with_several_tabs(browser: Browser) -> None:
    browser.sign_in()
    browser.open_tab()
    browser.visit()
    browser.open_window()
    browser.visit()
    browser.settle()
    browser.crash()
    browser.start()
    browser.check("after the browser was started again")
