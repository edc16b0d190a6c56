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

_TOKEN_LIFETIME = 86_400
"""Seconds that an access token lasts: Kinde's default, `build/tokens/configure-tokens.mdx`."""

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
        """Whether the surface is an application's."""
        return self.surface.startswith("app:")

    @property
    def cookie(self) -> bool:
        """Whether the surface rests on a cookie."""
        return self.surface in ("sso", "app:cookie")


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
    if not (situation.cookie and _remembers(situation) and _closed(history)):
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
    if not (situation.cookie and keeps and _closed(history)):
        return False
    last = history.ends[-1]
    # Debian's Firefox has no handler for SIGTERM: what the system asks of it is a crash to it.
    crashes = ("crash", "end_os_session") if situation.engine == "firefox" else ("crash",)
    return last.verb in crashes and last.settled and len(history.ends) == 1


def _not_on_disk(situation: Situation, history: History) -> bool:
    return any(not end.orderly and not end.settled for end in history.ends)


def _sign_out_not_on_disk(situation: Situation, history: History) -> bool:
    return situation.surface == "app:local_storage" and history.signed_out_unsettled


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


def _application_ends_first(situation: Situation, history: History) -> bool:
    age = history.now - history.last_sign_in
    return situation.surface == "app:local_storage" and age >= _TOKEN_LIFETIME


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
        "localStorage: its removal had not been written to disk.",
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
        id="application-session-ends-first",
        sentence="An application's token can expire while the SSO session goes on.",
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
