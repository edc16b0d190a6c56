"""Firefox: session cookies lie in the session file alone, and come back with the session."""

from harness.model.common_rules import end_with_tab
from harness.model.family import Facts, Family, Medium, Question, Rhythm, Rule
from harness.model.firefox_clearing import CLEARING

__all__ = ["FIREFOX"]

_STORE = "browser/components/sessionstore/SessionStore.sys.mjs"
_STARTUP = "browser/components/sessionstore/SessionStartup.sys.mjs"
_COOKIES = "browser/components/sessionstore/SessionCookies.sys.mjs"
_PRIVACY = "browser/components/sessionstore/PrivacyLevel.sys.mjs"
_SAVER = "browser/components/sessionstore/SessionSaver.sys.mjs"

_STOPPED = "stopped"
_MAX_RESUMED_CRASHES = 1
_SIX_HOURS = 6 * 3600


def _resumes(facts: Facts) -> bool:
    return facts.choices.reopen or facts.restoring or facts.restarted


def _too_many_crashes(facts: Facts) -> bool:
    return facts.crashed and facts.crashes > _MAX_RESUMED_CRASHES and not _resumes(facts)


def _too_long_ago(facts: Facts) -> bool:
    return facts.crashed and facts.age >= _SIX_HOURS and not _resumes(facts)


_RULES = (
    Rule(
        question=Question.REDIRECTS_COUNT,
        answer=True,
        because="takes a navigation that another site redirected for cross-site",
        limitations=("strict-cookie-stays-at-home",),
        sources=(
            "rfc6265bis 5.2.1",
            "measured: vendor_firefox.kinds_of_cookies",
        ),
    ),
    Rule(
        question=Question.TRUSTS_LOCALHOST,
        answer=True,
        because="takes localhost for secure, whatever the scheme",
        sources=(
            "dom/security/nsMixedContentBlocker.cpp, IsPotentiallyTrustworthyLoopbackHost",
            "measured: vendor_firefox.kinds_of_cookies",
        ),
    ),
    Rule(
        question=Question.SESSION_COOKIES_IN_DATABASE,
        answer=False,
        because="writes no session cookie to cookies.sqlite",
        sources=(_COOKIES,),
    ),
    Rule(
        question=Question.SESSION_COOKIE_IN_FILE,
        when=lambda facts: facts.choices.privacy_level >= 2,
        answer=False,
        because="keeps no session cookie in its session file: privacy_level 2",
        limitations=("restart-loses-what-is-never-on-disk",),
        sources=(_PRIVACY, "browser_cookies_privacy.js"),
    ),
    Rule(
        question=Question.SESSION_COOKIE_IN_FILE,
        when=lambda facts: facts.choices.privacy_level == 1 and facts.secure,
        answer=False,
        because="keeps no Secure session cookie in its session file: privacy_level 1",
        limitations=("restart-loses-what-is-never-on-disk",),
        sources=(_PRIVACY, "browser_cookies_privacy.js"),
    ),
    Rule(
        question=Question.SESSION_COOKIE_IN_FILE,
        answer=True,
        because="keeps session cookies in its session file",
        sources=(_COOKIES,),
    ),
    Rule(
        question=Question.EMPTY_TABS_IN_FILE,
        answer=False,
        because="keeps no empty tabs in its session file",
        sources=(f"{_STORE}, _shouldSaveTabState",),
    ),
    Rule(
        question=Question.TAB_STORAGE_IN_FILE,
        when=lambda facts: facts.choices.privacy_level >= 2,
        answer=False,
        because="keeps no tab's storage in its session file: privacy_level 2",
        limitations=("restart-loses-what-is-never-on-disk",),
        sources=(_PRIVACY,),
    ),
    Rule(
        question=Question.TAB_STORAGE_IN_FILE,
        answer=True,
        because="keeps a tab's storage with the tab",
        sources=(_STORE,),
    ),
    Rule(
        question=Question.UNUSED_STORAGE_IN_FILE,
        answer=False,
        because="forgets the storage of a tab that came back, unless a page uses it before the "
        "next write",
        sources=(
            "measured: session_restore.restore_twice",
            "measured: crash.crash_twice, preset continue",
        ),
    ),
    Rule(
        question=Question.WRITE_AT_END,
        when=lambda facts: facts.verb in ("quit", "restart"),
        answer=True,
        because="wrote everything down as it closed",
        sources=(_SAVER,),
    ),
    Rule(
        question=Question.WRITE_AT_END,
        answer=False,
        because="had no time to write down what was not on disk",
        limitations=("not-yet-on-disk",),
        sources=("measured: crash.crash_at_once, os_shutdown.end_session_at_once",),
    ),
    Rule(
        question=Question.MARK_AT_END,
        when=lambda facts: facts.verb in ("quit", "restart"),
        answer=_STOPPED,
        because="noted that its last state is on disk",
        sources=(f"{_STARTUP} (sessionstore-final-state-write-complete)",),
    ),
    Rule(
        question=Question.MARK_AT_END,
        answer="",
        because="left no note that its last state is on disk: it has no handler for SIGTERM",
        sources=("measured: os_shutdown.end_session_after_settling",),
    ),
    Rule(
        question=Question.CRASHED,
        when=lambda facts: facts.mark != _STOPPED and not facts.first,
        answer=True,
        because="took its last end for a crash: its last state was not complete",
        sources=(_STARTUP,),
    ),
    Rule(
        question=Question.CRASHED,
        answer=False,
        because="found its last state complete",
        sources=(_STARTUP,),
    ),
    Rule(
        question=Question.COUNT_CRASH,
        when=lambda facts: facts.crashed and not _resumes(facts),
        answer=True,
        because="counted one more crash in a row",
        sources=(f"{_STORE}, initSession (willRestoreAsCrashed)",),
    ),
    Rule(
        question=Question.COUNT_CRASH,
        answer=False,
        because="counts crashes from nothing: it restores by choice, or had none",
        sources=(f"{_STORE}, initSession (willRestoreAsCrashed)",),
    ),
    *(
        rule
        for question, what in (
            (Question.KEEP_SESSION_COOKIES, "session cookies"),
            (Question.REOPEN_TABS, "tabs"),
        )
        for rule in (
            Rule(
                question=question,
                when=_too_many_crashes,
                answer=False,
                because=f"brought no {what} back: it had crashed before, and shows a page that "
                "asks",
                sources=(f"{_STORE}, _needsRestorePage (max_resumed_crashes 1)",),
            ),
            Rule(
                question=question,
                when=_too_long_ago,
                answer=False,
                because=f"brought no {what} back: the crash is six hours ago or more, and it shows "
                "a page that asks",
                sources=(f"{_STORE}, _needsRestorePage",),
            ),
            Rule(
                question=question,
                when=_resumes,
                answer=True,
                because=f"brought {what} back: set or told to resume the last session",
                limitations=("session-restore-revives-session",),
                sources=(f"{_STARTUP} (RESUME_SESSION)",),
            ),
            Rule(
                question=question,
                when=lambda facts: facts.crashed,
                answer=True,
                because=f"brought {what} back: it recovers from a crash",
                limitations=("crash-recovery-revives-session",),
                sources=(f"{_STARTUP} (RECOVER_SESSION)",),
            ),
        )
    ),
    Rule(
        question=Question.KEEP_SESSION_COOKIES,
        when=lambda facts: facts.pinned,
        answer=True,
        because="brought every session cookie back: one tab was pinned",
        limitations=("pinned-tab-revives-session",),
        sources=(f"{_STORE}, _prepDataForDeferredRestore",),
    ),
    Rule(
        question=Question.KEEP_SESSION_COOKIES,
        answer=False,
        because="brought no session cookies back: the last session waits to be asked for",
        sources=(f"{_STARTUP} (DEFER_SESSION)",),
    ),
    Rule(
        question=Question.REOPEN_TABS,
        answer=False,
        because="brought no tabs back: the last session waits to be asked for",
        sources=(f"{_STARTUP} (DEFER_SESSION)",),
    ),
    Rule(
        question=Question.REOPEN_PINNED,
        answer=True,
        because="brought pinned tabs back",
        limitations=("pinned-tab-revives-session",),
        sources=(f"{_STORE}, _prepDataForDeferredRestore",),
    ),
    Rule(
        question=Question.LOAD_TABS_BEHIND,
        answer=False,
        because="makes tabs that come back behind another when somebody looks at them",
        sources=(
            f"{_STORE} (browser.sessionstore.restore_on_demand, restore_tabs_lazily)",
            "measured: vendor_firefox.tabs_behind_others",
        ),
    ),
    Rule(
        question=Question.OFFER_SESSION,
        when=lambda facts: facts.crashed or facts.reopened,
        answer=False,
        because="offers no last session: it came back, or the page that asks has it",
        sources=(f"{_STORE}, initSession",),
    ),
    Rule(
        question=Question.OFFER_SESSION,
        answer=True,
        because="offers the last session",
        limitations=("session-restore-revives-session",),
        sources=(f"{_STORE}, restoreLastSession",),
    ),
    *CLEARING,
    Rule(
        question=Question.SHOW_SESSION,
        answer=False,
        because="opened the session that was asked for beside the window in use",
        sources=("measured: session_restore.restore_previous_session",),
    ),
    *end_with_tab(
        window=("measured: window_close.close_one_of_two_windows",),
        tab=("measured: tab_close.close_one_of_two_tabs",),
    ),
    Rule(
        question=Question.POPUP_STORAGE,
        answer="origin",
        because="copied the storage of the opener's own origin for the popup",
        sources=("measured: vendor_chromium.popup_open",),
    ),
    Rule(
        question=Question.COOKIES_ON_REQUEST,
        answer=True,
        because="brought session cookies back with the session that was asked for",
        limitations=("session-restore-revives-session",),
        sources=(f"{_STORE}, restoreLastSession",),
    ),
)

FIREFOX = Family(
    name="simulated-firefox",
    title="Firefox (model)",
    engine="firefox",
    measured="153.7.0esr",
    running_mark="running",
    restored_in_front=False,
    rules=_RULES,
    rhythms={
        Medium.COOKIES: Rhythm(
            medium=Medium.COOKIES,
            interval=0.0,
            sources=("netwerk/cookie/CookiePersistentStorage.cpp",),
        ),
        Medium.LOCAL_STORAGE: Rhythm(
            medium=Medium.LOCAL_STORAGE,
            interval=5.0,
            sources=("dom/localstorage/ActorsParent.cpp, kFlushTimeoutMs",),
        ),
        Medium.SESSION: Rhythm(
            medium=Medium.SESSION,
            interval=15.0,
            sources=(f"{_SAVER} (browser.sessionstore.interval)",),
        ),
        Medium.MARK: Rhythm(medium=Medium.MARK, interval=0.0, sources=(_STARTUP,)),
        Medium.RESTART: Rhythm(
            medium=Medium.RESTART,
            interval=0.0,
            sources=(f"{_STORE}, initSession (resume_session_once)",),
        ),
    },
)
