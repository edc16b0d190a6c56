"""Chromium: session cookies lie in the cookie database, and the next start decides about them."""

from harness.model.common_rules import end_with_tab
from harness.model.family import Facts, Family, Medium, Question, Rhythm, Rule

__all__ = ["CHROMIUM"]

_PROFILE = "chrome/browser/profiles/profile_impl.cc, ShouldRestoreOldSessionCookies"
_OPEN = "chrome/browser/ui/startup/startup_browser_creator_impl.cc, DetermineBrowserOpenBehavior"
_STARTUP = "chrome/browser/ui/startup/startup_browser_creator.cc, GetSessionStartupPref"
_DATA = "chrome/browser/sessions/session_data_service.cc"
_EXIT = "chrome/browser/sessions/exit_type_service.cc"
_STORE = "net/extras/sqlite/sqlite_persistent_cookie_store.cc"
_RESTART = "chrome/browser/ui/startup/startup_browser_creator.cc, WasRestarted"
_POPUP = "https://html.spec.whatwg.org/multipage/document-sequences.html (copies it to an opener's)"

_ORDERLY, _CRASHED = "Normal", "Crashed"


def _restores(facts: Facts) -> bool:
    """Whether the start-up preference is, or counts as, to restore the last session."""
    # A window of a process that kept running is opened without a command line.
    restoring = facts.restoring and facts.verb != "close"
    return facts.choices.reopen or facts.restarted or restoring


_RULES = (
    Rule(
        question=Question.REDIRECTS_COUNT,
        answer=False,
        because="asks who began a navigation, not who redirected it",
        sources=(
            "chromium: net/base/features.cc, kCookieSameSiteConsidersRedirectChain (off)",
            "measured: vendor_firefox.kinds_of_cookies",
        ),
    ),
    Rule(
        question=Question.TRUSTS_LOCALHOST,
        answer=True,
        because="takes localhost for secure, whatever the scheme",
        sources=(
            "net/cookies/cookie_access_delegate.h, ShouldTreatUrlAsTrustworthy",
            "measured: vendor_firefox.kinds_of_cookies",
        ),
    ),
    Rule(
        question=Question.SESSION_COOKIES_IN_DATABASE,
        answer=True,
        because="writes session cookies to its cookie database like others",
        sources=("chrome/browser/profiles/profile_impl.cc, ShouldPersistSessionCookies",),
    ),
    Rule(
        question=Question.EMPTY_TABS_IN_FILE,
        answer=True,
        because="keeps empty tabs in its session file like others",
        sources=("measured: session_restore.sign_out_in_the_tab_in_front",),
    ),
    Rule(
        question=Question.TAB_STORAGE_IN_FILE,
        answer=True,
        because="keeps a tab's storage with the tab",
        sources=("chrome/browser/sessions/session_restore_browsertest.cc, SessionStorage",),
    ),
    Rule(
        question=Question.UNUSED_STORAGE_IN_FILE,
        answer=True,
        because="keeps a tab's storage whether or not a page uses it",
        sources=("measured: session_restore.restore_twice",),
    ),
    Rule(
        question=Question.WRITE_AT_END,
        when=lambda facts: (
            facts.verb == "close" and facts.choices.reopen and facts.medium is Medium.COOKIES
        ),
        answer=False,
        because="left cookies in memory: its process stays, and the session is to go on",
        limitations=("not-yet-on-disk",),
        sources=(
            "chrome/browser/sessions/session_data_deleter.cc (flushes where it deletes)",
            "measured: crash.crash_in_background",
        ),
    ),
    Rule(
        question=Question.WRITE_AT_END,
        when=lambda facts: facts.medium is Medium.RESTART and facts.verb in ("crash", "close"),
        answer=False,
        because="had no time to write down that it does not restart",
        sources=(_RESTART, "measured: crash.crash_after_a_restart"),
    ),
    Rule(
        question=Question.WRITE_AT_END,
        when=lambda facts: facts.medium is Medium.RESTART,
        answer=True,
        because="wrote down that it does not restart",
        sources=(_RESTART, "measured: os_shutdown.end_session_after_a_restart"),
    ),
    Rule(
        question=Question.WRITE_AT_END,
        when=lambda facts: facts.verb in ("quit", "close", "restart"),
        answer=True,
        because="wrote everything down as it closed",
        sources=(_STORE,),
    ),
    Rule(
        question=Question.WRITE_AT_END,
        answer=False,
        because="had no time to write down what was not on disk",
        limitations=("not-yet-on-disk",),
        sources=("measured: crash.crash_at_once, os_shutdown.end_session_at_once",),
    ),
    Rule(
        question=Question.HOLD_SESSION,
        answer=True,
        because="left the session file alone: nobody had reacted to its message",
        sources=("measured: crash.close_before_an_answer",),
    ),
    Rule(
        question=Question.MARK_AT_END,
        when=lambda facts: facts.verb in ("crash", "close"),
        answer="",
        because="left its exit mark as it was",
        sources=(_EXIT,),
    ),
    Rule(
        question=Question.MARK_AT_END,
        when=lambda facts: facts.unacknowledged,
        answer="",
        because="left its exit mark at Crashed: nobody had reacted to its message",
        sources=("chrome/browser/sessions/exit_type_service_browsertest.cc, CrashCrashNewBrowser",),
    ),
    Rule(
        question=Question.MARK_AT_END,
        answer=_ORDERLY,
        because="marked its exit as orderly: Normal, or SessionEnded if the system asked",
        sources=(_EXIT,),
    ),
    Rule(
        question=Question.CRASHED,
        when=lambda facts: facts.mark == _CRASHED,
        answer=True,
        because="found the exit mark Crashed",
        sources=(_EXIT,),
    ),
    Rule(
        question=Question.CRASHED,
        answer=False,
        because="found no sign of a crash",
        sources=(_EXIT,),
    ),
    Rule(
        question=Question.KEEP_SESSION_COOKIES,
        when=lambda facts: facts.crashed and facts.verb != "crash",
        answer=True,
        because="kept session cookies at start: exit mark still Crashed, as nobody had reacted to "
        "its message",
        limitations=("unacknowledged-crash-revives-session",),
        sources=(_PROFILE, "chrome/browser/sessions/exit_type_service_browsertest.cc"),
    ),
    Rule(
        question=Question.KEEP_SESSION_COOKIES,
        when=lambda facts: facts.crashed,
        answer=True,
        because="kept session cookies at start: last exit Crashed",
        limitations=("crash-recovery-revives-session",),
        sources=(_PROFILE,),
    ),
    Rule(
        question=Question.KEEP_SESSION_COOKIES,
        when=_restores,
        answer=True,
        because="kept session cookies at start: set or told to continue where it left off",
        limitations=("session-restore-revives-session",),
        sources=(_PROFILE, _STARTUP),
    ),
    Rule(
        question=Question.KEEP_SESSION_COOKIES,
        answer=False,
        because="dropped session cookies at start: last exit not Crashed, start-up page new tab",
        sources=(_PROFILE, f"{_STORE}, DeleteSessionCookiesOnStartup"),
    ),
    Rule(
        question=Question.REOPEN_TABS,
        when=lambda facts: facts.crashed,
        answer=False,
        because="reopened no tabs: after a crash it asks first",
        sources=(_OPEN,),
    ),
    Rule(
        question=Question.REOPEN_TABS,
        when=_restores,
        answer=True,
        because="reopened the tabs: set or told to continue where it left off",
        limitations=("session-restore-revives-session",),
        sources=(_OPEN, _STARTUP),
    ),
    Rule(
        question=Question.REOPEN_TABS,
        answer=False,
        because="reopened no tabs: start-up page new tab",
        sources=(_OPEN,),
    ),
    Rule(
        question=Question.KEEP_TAB_STORAGE,
        when=lambda facts: facts.verb == "close",
        answer=True,
        because="kept the storage of tabs that were closed in this process",
        sources=("measured: session_restore.restore_previous_session, preset background",),
    ),
    Rule(
        question=Question.KEEP_TAB_STORAGE,
        answer=False,
        because="brings tabs of another process back without their storage, after a crash too",
        sources=("measured: session_restore.restore_after_a_crash",),
    ),
    Rule(
        question=Question.DELETE_TAB_STORAGE,
        when=lambda facts: facts.verb != "close" and (facts.crashed or facts.reopened),
        answer=False,
        because="left the storage of tabs on disk",
        sources=("measured: session_restore.restore_twice, crash.close_before_an_answer",),
    ),
    Rule(
        question=Question.DELETE_TAB_STORAGE,
        answer=True,
        because="deleted the storage of tabs that did not come back with it",
        sources=("measured: session_restore.restore_after_a_short_life",),
    ),
    Rule(
        question=Question.OFFER_SESSION,
        when=lambda facts: facts.reopened and facts.verb != "close",
        answer=False,
        because="lists nothing of the last session: it came back by itself",
        sources=("measured: session_restore.restore_previous_session, preset continue",),
    ),
    Rule(
        question=Question.OFFER_SESSION,
        answer=True,
        because="lists the last session's tabs as recently closed",
        limitations=("session-restore-revives-session",),
        sources=("measured: session_restore.restore_previous_session",),
    ),
    Rule(
        question=Question.CLEAR,
        when=lambda facts: not facts.choices.clear,
        answer=False,
        because="had nothing to delete",
        sources=(_DATA,),
    ),
    Rule(
        question=Question.CLEAR,
        when=lambda facts: facts.verb in ("quit", "close"),
        answer=True,
        because="deleted cookies and site data with its last window, as it is set to",
        limitations=("clear-on-exit-takes-persistent-cookies",),
        sources=(_DATA, "measured: crash.close_after_a_crash, preset clear-on-exit"),
    ),
    Rule(
        question=Question.CLEAR,
        when=lambda facts: facts.crashed,
        answer=False,
        because="deleted nothing although set to: it crashed, and lets people go on",
        sources=(_DATA,),
    ),
    Rule(
        question=Question.CLEAR,
        when=lambda facts: facts.restarted,
        answer=False,
        because="deleted nothing although set to: a restart is no end of the session",
        sources=("better_session_restore_browsertest.cc, RestartTest.CookiesClearedOnExit",),
    ),
    Rule(
        question=Question.CLEAR,
        answer=True,
        because="deleted cookies and site data at start, as it had no time to at its end",
        limitations=("clear-on-exit-takes-persistent-cookies",),
        sources=(_DATA, "better_session_restore_browsertest.cc, CookiesClearedOnStartup"),
    ),
    Rule(
        question=Question.CLEAR_SESSION,
        answer=True,
        because="deleted the storage of tabs too",
        sources=("chrome/browser/sessions/session_data_deleter.cc",),
    ),
    Rule(
        question=Question.STORAGE_IN_SAME_PROCESS,
        answer=False,
        because="reopened tabs without their storage: it went with the windows",
        sources=("measured: vendor_chromium.browser_close, preset continue+background",),
    ),
    Rule(
        question=Question.SHOW_SESSION,
        answer=True,
        because="put the tabs that were asked for in front",
        sources=("measured: session_restore.restore_after_a_crash",),
    ),
    *end_with_tab(
        window=(
            "chrome/browser/sessions/session_data_service.cc (cleans up with the last window)",
            "measured: window_close.close_one_of_two_windows",
        ),
        tab=(
            "chrome/browser/sessions/session_data_service_unittest.cc, CleanupOnWindowClosed",
            "measured: tab_close.close_one_of_two_tabs",
        ),
    ),
    Rule(
        question=Question.POPUP_STORAGE,
        answer="all",
        because="copied the opener's storage for the popup",
        sources=(_POPUP, "measured: vendor_chromium.popup_open"),
    ),
)

CHROMIUM = Family(
    name="simulated-chromium",
    title="Chromium (model)",
    engine="chromium",
    measured="156.0.8078.108",
    running_mark=_CRASHED,
    restored_in_front=True,
    rules=_RULES,
    rhythms={
        Medium.COOKIES: Rhythm(
            medium=Medium.COOKIES, interval=30.0, operations=512, sources=(_STORE,)
        ),
        Medium.LOCAL_STORAGE: Rhythm(
            medium=Medium.LOCAL_STORAGE,
            interval=5.0,
            sources=("components/services/storage/dom_storage/local_storage_impl.cc",),
        ),
        Medium.SESSION: Rhythm(
            medium=Medium.SESSION,
            interval=2.5,
            sources=("components/sessions/core/command_storage_manager.cc, kSaveDelay",),
        ),
        Medium.MARK: Rhythm(
            medium=Medium.MARK,
            interval=10.0,
            sources=("components/prefs/json_pref_store.h; measured: about 10 s after the start",),
        ),
        Medium.RESTART: Rhythm(
            medium=Medium.RESTART,
            interval=10.0,
            sources=("components/prefs/json_pref_store.h; measured: crash.crash_after_a_restart",),
        ),
    },
)
