"""What Chromium's own tests of session restore assert, done by a person in a real browser.

`chrome/browser/sessions/better_session_restore_browsertest.cc` unless `covers` says otherwise. A
fixture of theirs that sets a preference is a preset here; docs/vendor-tests.md has the whole table.
"""

from harness import Browser, scenario


@scenario(
    title="Close the browser with everything written down, and start it again",
    claims="Session cookies come back with the last session, and go where it does not.",
    covers=(
        "R1 ContinueWhereILeftOffTest.SessionCookies",
        "R4 NoSessionRestoreTest.SessionCookies",
        "R10 ContinueWhereILeftOffTest.CookiesClearedOnExit",
        "R10 NoSessionRestoreTest.CookiesClearedOnExit",
        "R14 ContinueWhereILeftOffSessionStorageTest.SessionStorage",
        "R14 NoSessionRestoreSessionStorageTest.SessionStorage",
        "R14 ContinueWhereILeftOffTest.LocalStorageClearedOnExit",
        "R14 NoSessionRestoreTest.LocalStorageClearedOnExit",
    ),
)
def session_cookies(browser: Browser) -> None:
    browser.sign_in()
    browser.settle()
    browser.quit()
    browser.start()
    browser.check("in the next process")
    browser.quit()
    browser.start()
    browser.check("in the one after that")


@scenario(
    title="Close the last window, and open another",
    claims="The session ends with the last window of a profile, whether or not the process stays.",
    covers=(
        "R2 ContinueWhereILeftOffTest.SessionCookiesBrowserClose",
        "R5 NoSessionRestoreTest.SessionCookiesBrowserClose",
        "R13 NoSessionRestoreTest.CookiesClearedOnBrowserClose",
        "R13 ContinueWhereILeftOffTest.CookiesClearedOnBrowserClose",
    ),
)
def browser_close(browser: Browser) -> None:
    browser.sign_in()
    browser.open_window()
    browser.close_window()
    browser.close_window()
    browser.start()
    browser.check("in a new window")


@scenario(
    title="Close all windows by the menu, and open another",
    claims="Leaving by the menu ends the session like closing the last window does.",
    covers=(
        "R3 ContinueWhereILeftOffTest.SessionCookiesCloseAllBrowsers",
        "R6 NoSessionRestoreTest.SessionCookiesCloseAllBrowsers",
        "R13 NoSessionRestoreTest.CookiesClearedOnCloseAllBrowsers",
        "R13 ContinueWhereILeftOffTest.CookiesClearedOnCloseAllBrowsers",
    ),
)
def close_all_browsers(browser: Browser) -> None:
    browser.sign_in()
    browser.open_window()
    browser.quit()
    browser.start()
    browser.check("in a new window")


@scenario(
    title="Close the last normal window while a popup is open",
    claims="The session goes on while any window of the profile is open.",
    covers=("R7 NoSessionRestoreTest.SessionCookiesBrowserCloseWithPopupOpen",),
)
def popup_open(browser: Browser) -> None:
    browser.sign_in()
    browser.open_popup()
    browser.close_window(1)
    browser.check("with only the popup open")


@scenario(
    title="Close a popup as the last window",
    claims="The session ends with the last window, if that is a popup too.",
    covers=("R8 NoSessionRestoreTest.SessionCookiesBrowserClosePopupLast",),
)
def popup_last(browser: Browser) -> None:
    browser.sign_in()
    browser.open_popup()
    browser.close_window(1)
    browser.close_window()
    browser.start()
    browser.check("after the browser was started again")


@scenario(
    title="The browser restarts itself",
    claims="A restart is not the end of the session.",
    covers=(
        "R9 RestartTest.SessionCookies",
        "R10 RestartTest.CookiesClearedOnExit",
        "R14 RestartSessionStorageTest.SessionStorage",
        "R14 RestartTest.LocalStorageClearedOnExit",
    ),
)
def restart(browser: Browser) -> None:
    browser.sign_in()
    browser.restart()
    browser.check("after the restart")
    browser.quit()
    browser.start()
    browser.check("after the browser was closed and started again")


@scenario(
    title="The browser has no time to clean up before it is gone",
    claims="What was to be deleted on exit is deleted at the next start.",
    covers=(
        "R11 NoSessionRestoreTest.CookiesClearedOnStartup",
        "R11 NoSessionRestoreTest.LocalStorageClearedOnStartup",
    ),
)
def ended_before_cleanup(browser: Browser) -> None:
    browser.sign_in()
    browser.settle()
    browser.end_os_session()
    browser.start()
    browser.check("after the browser was started again")


@scenario(
    title="Close the browser with a cookie of the whole domain",
    claims="A cookie that every host of a domain has ends like one of a single host.",
    covers=("R12 NoSessionRestoreTest.SubdomainCookiesClearedOnCloseAllBrowsers",),
    keeps=("domain_cookie",),
)
def subdomain_cookies(browser: Browser) -> None:
    browser.sign_in()
    browser.settle()
    browser.quit()
    browser.start()
    browser.check("after the browser was started again")
