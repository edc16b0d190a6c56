"""What Firefox's own tests of its session store assert, done by a person in a real browser.

`browser/components/sessionstore/test/` unless `covers` says otherwise. A preference that a test
sets is a preset here; docs/vendor-tests.md has the whole table.
"""

from harness import Browser, scenario


@scenario(
    title="The session file keeps cookies as its privacy level says",
    claims="Cookies that the session file may not keep do not come back with the session.",
    covers=("F1 browser_cookies_privacy.js",),
    keeps=("secure_cookie",),
)
def privacy_level(browser: Browser) -> None:
    browser.sign_in()
    browser.settle()
    browser.crash()
    browser.start()
    browser.check("after a crash")


@scenario(
    title="A cookie is set, cleared and set anew as another kind",
    claims="The session file follows each change of a cookie: what it brings back is the last.",
    covers=("F4 browser_cookies.js",),
)
def changed_cookies(browser: Browser) -> None:
    browser.sign_in()
    browser.administrator.override_session_policy()
    browser.sign_out()
    browser.sign_in()
    browser.quit()
    browser.start(restoring=True)
    browser.check("after the browser restored the session")


@scenario(
    title="Close a browser with several windows and start it again",
    claims="Windows come back if the browser is set to restore them, and not otherwise.",
    covers=(
        "F5 test_restore_windows_after_restart_and_quit.py, TestSessionStoreEnabledAllWindows",
        "F5 test_restore_windows_after_restart_and_quit.py, TestSessionStoreDisabled",
        "F7 test_restore_windows_after_restart_and_quit.py, test_with_variety",
    ),
)
def several_windows(browser: Browser) -> None:
    browser.sign_in()
    browser.open_window()
    browser.visit()
    browser.quit()
    browser.start()
    browser.check("after the browser was started again")


@scenario(
    title="The browser restarts itself, is closed, and started again",
    claims="Windows come back after a restart although the browser is not set to restore them.",
    covers=(
        "F6 test_restore_windows_after_restart_and_quit.py, test_restore_with_restart",
        "F7 test_restore_windows_after_restart_and_quit.py, test_with_variety",
    ),
)
def restart_with_several_windows(browser: Browser) -> None:
    browser.sign_in()
    browser.open_window()
    browser.restart()
    browser.check("after the restart")


@scenario(
    title="Start the browser told to restore the last session, and then as usual",
    claims="A browser that is told to restore its session once does it once.",
    covers=(
        "F8 iris_firefox #1586, restore a session only once",
        "Chromium startup_browser_creator.cc, --restore-last-session",
    ),
)
def restore_once(browser: Browser) -> None:
    browser.sign_in()
    browser.quit()
    browser.start(restoring=True)
    browser.check("after a start that was to restore")
    browser.quit()
    browser.start()
    browser.check("after the next start")


@scenario(
    title="Cookies of every kind come back with the session",
    claims="A cookie that comes back is what it was: its sites, its partition, its scheme.",
    covers=(
        "F2 browser_cookies_sameSite.js",
        "F3 browser_cookies_partitioned.js",
    ),
    keeps=("secure_cookie", "strict_cookie", "partitioned_cookie"),
)
def kinds_of_cookies(browser: Browser) -> None:
    browser.sign_in()
    browser.check("before")
    browser.quit()
    browser.start(restoring=True)
    browser.check("after the browser restored the session")


@scenario(
    title="Restore tabs behind others twice, without looking at them in between",
    claims="What a tab keeps to itself comes back with the tab, each time.",
    covers=("Firefox browser_sessionStorage.js", "test_restore_windows_after_restart_and_quit.py"),
)
def tabs_behind_others(browser: Browser) -> None:
    browser.sign_in()
    browser.open_tab()
    browser.visit()
    browser.sign_out()
    browser.quit()
    browser.start(restoring=True)
    browser.quit()
    browser.start(restoring=True)
    browser.check("after the session was restored twice")
