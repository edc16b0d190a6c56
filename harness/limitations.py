"""The registry of limitations, and the verdict.

A limitation says which way it bends a promise, and has a rule for when it applies. A rule looks at
engine, preset, steps, policy and surface, never at what was observed.

Marks in `sources`: a URL or a file of a vendor's source tree is where the rule was read;
"measured" is what a run of this project showed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.policy import Policy
from harness.promise import Ended, History, history_of
from harness.records import State, Verdict
from harness.scenario import Step

__all__ = ["LIMITATIONS", "Judgement", "Limitation", "Situation", "judge"]

_LIFETIMES = {
    "app:local_storage": 86_400,
    "app:session_storage": 86_400,
    "app:ksp_cookie": 29 * 86_400,
    "app:long_cookie": 29 * 86_400,
    "app:session_cookie": 29 * 86_400,
}
"""Seconds that what an application keeps lasts. An access token: Kinde's default,
`build/tokens/configure-tokens.mdx`; a cookie: `KINDE_COOKIE_MAX_AGE` of Kinde's own SDKs."""

_KINDE = "https://docs.kinde.com/authenticate/manage-authentication/session-management/"
_CHROMIUM = "chromium: chrome/browser/"
_FIREFOX = "firefox: browser/components/sessionstore/"


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Everything that a rule may look at."""

    engine: str
    preset: str
    surface: str
    policy: Policy
    steps: Sequence[Step]

    @property
    def history(self) -> History:
        """The steps as the promise sees them."""
        return history_of(self.policy, self.steps)

    @property
    def app(self) -> bool:
        """Whether the surface is a login that an application keeps itself."""
        return self.surface in _LIFETIMES

    @property
    def of_session(self) -> bool:
        """Whether the surface rests on what belongs to the browser's session, where the policy
        is non-persistent: a session cookie, or the storage of a tab."""
        return self.surface not in ("app:long_cookie", "app:local_storage")


@dataclass(frozen=True, kw_only=True)
class Limitation:
    """A documented way in which browsers bend a promise."""

    id: str
    sentence: str
    explains: State
    """What may be observed although the opposite is promised."""
    applies: Callable[[Situation, History], bool]
    sources: tuple[str, ...]


def _tab_closed(situation: Situation, history: History) -> bool:
    return history.ended is Ended.TAB_CLOSED and not history.ends


def _window_closed(situation: Situation, history: History) -> bool:
    return history.ended is Ended.WINDOW_CLOSED and not history.ends


def _closed(history: History) -> bool:
    """Whether the promise ended with something being closed, and the browser came to an end."""
    closing = (Ended.TAB_CLOSED, Ended.WINDOW_CLOSED, Ended.BROWSER_ENDED)
    return history.ended in closing and bool(history.ends)


def _remembers(situation: Situation) -> bool:
    return situation.preset in ("default", "continue")


def _spared(situation: Situation, history: History) -> bool:
    """Whether data that is to be cleared on exit is still there after a crash.

    chromium: chrome/browser/sessions/session_data_service.cc ("To allow the user to continue a
    session after a crash, we will not delete cookies."); measured: crash.crash_after_settling.
    """
    crashes = all(end.verb == "crash" and end.settled for end in history.ends)
    return situation.engine == "chromium" and situation.preset == "clear-on-exit" and crashes


def _session_restored(situation: Situation, history: History) -> bool:
    if not (situation.of_session and _remembers(situation) and _closed(history)):
        return False
    for end in history.ends:
        written = end.orderly or end.settled
        asked = situation.engine == "firefox" and end.restored
        crashed = end.verb == "crash" or (
            end.verb == "end_os_session" and situation.engine == "firefox"
        )
        if not written or not (situation.preset == "continue" or asked or crashed):
            return False
    return not _crash_recovered(situation, history)


def _crash_recovered(situation: Situation, history: History) -> bool:
    # What is to be cleared on exit, Chromium does not clear after a crash.
    keeps = _remembers(situation) or _spared(situation, history)
    if not (situation.of_session and keeps and _closed(history)):
        return False
    last = history.ends[-1]
    # Debian's Firefox has no handler for SIGTERM: what the system asks of it is a crash to it.
    crashes = ("crash", "end_os_session") if situation.engine == "firefox" else ("crash",)
    return last.verb in crashes and last.settled and len(history.ends) == 1


def _not_on_disk(situation: Situation, history: History) -> bool:
    return any(not end.orderly and not end.settled for end in history.ends)


def _sign_out_not_on_disk(situation: Situation, history: History) -> bool:
    storages = ("app:local_storage", "app:session_storage")
    return situation.surface in storages and history.signed_out_unsettled


def _cleared_on_exit(situation: Situation, history: History) -> bool:
    orderly = situation.engine == "firefox" or any(end.verb != "crash" for end in history.ends)
    return situation.preset == "clear-on-exit" and bool(history.ends) and orderly


def _private(situation: Situation, history: History) -> bool:
    return situation.preset == "private" and bool(history.ends)


def _application_outlives(situation: Situation, history: History) -> bool:
    return situation.app and history.ended in (Ended.INACTIVE, Ended.REVOKED)


def _storage_outlives(situation: Situation, history: History) -> bool:
    closing = (Ended.TAB_CLOSED, Ended.WINDOW_CLOSED, Ended.BROWSER_ENDED)
    kept = situation.surface == "app:local_storage" and history.ended in closing
    return kept and (_remembers(situation) or _spared(situation, history))


def _long_cookie_outlives(situation: Situation, history: History) -> bool:
    closing = (Ended.TAB_CLOSED, Ended.WINDOW_CLOSED, Ended.BROWSER_ENDED)
    kept = situation.surface == "app:long_cookie" and history.ended in closing
    return kept and (_remembers(situation) or _spared(situation, history))


def _session_cookie_ends(situation: Situation, history: History) -> bool:
    return situation.surface == "app:session_cookie" and bool(history.ends)


def _another_tab(situation: Situation, history: History) -> bool:
    return situation.surface == "app:session_storage" and not history.tab_signed_in


def _not_signed_out_here(situation: Situation, history: History) -> bool:
    elsewhere = history.ended is Ended.SIGNED_OUT and history.tab_signed_in
    return situation.surface == "app:session_storage" and elsewhere


def _application_ends_first(situation: Situation, history: History) -> bool:
    lifetime = _LIFETIMES.get(situation.surface)
    return lifetime is not None and history.now - history.last_sign_in >= lifetime


LIMITATIONS: tuple[Limitation, ...] = (
    Limitation(
        id="tab-close-is-not-session-end",
        sentence="Closing a tab does not end a session: session cookies belong to the browser, and "
        "stay until all of it is closed.",
        explains=State.SIGNED_IN,
        applies=_tab_closed,
        sources=(
            f'{_KINDE} ("Session cookies are not destroyed when a tab is closed, the full browser '
            'window must be closed.")',
            f"{_CHROMIUM}sessions/session_data_service_unittest.cc, CleanupOnWindowClosed",
        ),
    ),
    Limitation(
        id="window-close-is-not-browser-close",
        sentence="Closing one window does not end a session while another window of the same "
        "profile is open.",
        explains=State.SIGNED_IN,
        applies=_window_closed,
        sources=(
            f"{_CHROMIUM}sessions/session_data_service.cc (cleans up with a profile's last window)",
            "measured: window_close.close_one_of_two_windows",
        ),
    ),
    Limitation(
        id="crash-recovery-revives-session",
        sentence="After a crash, the browser brings session cookies back so that people can go on.",
        explains=State.SIGNED_IN,
        applies=_crash_recovered,
        sources=(
            f"{_CHROMIUM}profiles/profile_impl.cc, ShouldRestoreOldSessionCookies (last exit type "
            "Crashed)",
            f"{_CHROMIUM}sessions/session_data_service.cc (deletes nothing after a crash)",
            f"{_FIREFOX}SessionStartup.sys.mjs (RECOVER_SESSION)",
            "measured: crash.crash_after_settling, os_shutdown.end_session_after_settling",
        ),
    ),
    Limitation(
        id="session-restore-revives-session",
        sentence="A browser that restores its last session also restores session cookies.",
        explains=State.SIGNED_IN,
        applies=_session_restored,
        sources=(
            f'{_KINDE} ("Restoring a browser session can also restore a session cookie.")',
            f"{_CHROMIUM}profiles/profile_impl.cc, ShouldRestoreOldSessionCookies",
            f"{_FIREFOX}SessionCookies.sys.mjs, restore()",
            "https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie",
        ),
    ),
    Limitation(
        id="sign-out-not-yet-on-disk",
        sentence="A crash right after a sign-out brings back what the application kept in "
        "the browser's storages: its removal had not been written to disk.",
        explains=State.SIGNED_IN,
        applies=_sign_out_not_on_disk,
        sources=("measured: sign_out.sign_out_then_crash",),
    ),
    Limitation(
        id="clear-on-exit-takes-persistent-cookies",
        sentence="A browser set to clear data when it closes forgets persistent cookies too.",
        explains=State.SIGNED_OUT,
        applies=_cleared_on_exit,
        sources=(
            f"{_CHROMIUM}sessions/session_data_deleter.cc (content setting SESSION_ONLY)",
            "firefox: browser/modules/Sanitizer.sys.mjs (privacy.sanitize.sanitizeOnShutdown)",
        ),
    ),
    Limitation(
        id="private-window-forgets",
        sentence="What was signed in to in a private window is forgotten when it closes, whatever "
        "the policy.",
        explains=State.SIGNED_OUT,
        applies=_private,
        sources=(
            "https://support.mozilla.org/kb/private-browsing-use-firefox-without-history",
            "https://support.google.com/chrome/answer/9845881",
        ),
    ),
    Limitation(
        id="not-yet-on-disk",
        sentence="What a browser has not written to disk when it is killed is lost, persistent "
        "cookies too.",
        explains=State.SIGNED_OUT,
        applies=_not_on_disk,
        sources=(
            "chromium: net/extras/sqlite/sqlite_persistent_cookie_store.cc (commits every 30 "
            "seconds, 512 operations, or at a flush)",
            f"{_FIREFOX}SessionSaver.sys.mjs (browser.sessionstore.interval)",
            "measured: crash.crash_at_once, os_shutdown.end_session_at_once",
        ),
    ),
    Limitation(
        id="application-session-outlives-sso",
        sentence="A session that an application keeps itself goes on when the SSO session is over: "
        "nobody tells the application.",
        explains=State.SIGNED_IN,
        applies=_application_outlives,
        sources=(f'{_KINDE} (the settings "only apply to Kinde sessions")',),
    ),
    Limitation(
        id="local-storage-outlives-the-browser",
        sentence="A token in localStorage has no session to end with: it is there when the browser "
        "starts again.",
        explains=State.SIGNED_IN,
        applies=_storage_outlives,
        sources=(
            "https://html.spec.whatwg.org/multipage/webstorage.html#the-localstorage-attribute",
            f'{_KINDE} (the settings "only apply to Kinde sessions")',
        ),
    ),
    Limitation(
        id="application-cookie-outlives-the-browser",
        sentence="A cookie that an application makes to last, whatever the policy, is there when "
        "the browser starts again.",
        explains=State.SIGNED_IN,
        applies=_long_cookie_outlives,
        sources=(
            "kinde-remix-sdk: KINDE_COOKIE_MAX_AGE (29 days, always)",
            f'{_KINDE} (the settings "only apply to Kinde sessions")',
        ),
    ),
    Limitation(
        id="application-cookie-ends-with-the-browser",
        sentence="A cookie that an application makes without a lifetime, whatever the policy, ends "
        "with the browser: a persistent policy does not reach it.",
        explains=State.SIGNED_OUT,
        applies=_session_cookie_ends,
        sources=(
            "kinde-python-sdk with Flask-Session: SESSION_PERMANENT=False",
            "https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie",
        ),
    ),
    Limitation(
        id="session-storage-belongs-to-one-tab",
        sentence="What an application keeps in sessionStorage is in no other tab, and goes with "
        "its own: a persistent policy does not reach it.",
        explains=State.SIGNED_OUT,
        applies=_another_tab,
        sources=(
            "https://html.spec.whatwg.org/multipage/webstorage.html#the-sessionstorage-attribute",
            "measured: tab_close.close_one_of_two_tabs, browser_close.quit_and_start",
        ),
    ),
    Limitation(
        id="sign-out-does-not-reach-other-tabs",
        sentence="A sign-out in one tab leaves what another tab has in sessionStorage.",
        explains=State.SIGNED_IN,
        applies=_not_signed_out_here,
        sources=(
            "https://html.spec.whatwg.org/multipage/webstorage.html#the-sessionstorage-attribute",
            "measured: sign_out.sign_out_in_another_tab",
        ),
    ),
    Limitation(
        id="application-session-ends-first",
        sentence="What an application keeps can expire while the SSO session goes on.",
        explains=State.SIGNED_OUT,
        applies=_application_ends_first,
        sources=("https://docs.kinde.com/build/tokens/configure-tokens/",),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A verdict with what it rests on."""

    promised: State
    verdict: Verdict
    limitation: Limitation | None = None


def applicable(situation: Situation) -> tuple[Limitation, ...]:
    """The limitations that may bend the promise in this situation, most specific first."""
    history = situation.history
    return tuple(
        limitation
        for limitation in LIMITATIONS
        if limitation.explains is not history.state and limitation.applies(situation, history)
    )


def judge(situation: Situation, observed: State) -> Judgement:
    """Hold an observation against the promise."""
    promised = situation.history.state
    if observed is promised:
        return Judgement(promised=promised, verdict=Verdict.KEPT)
    explanation = next(iter(applicable(situation)), None)
    verdict = Verdict.UNEXPECTED if explanation is None else Verdict.LIMITATION
    return Judgement(promised=promised, verdict=verdict, limitation=explanation)
