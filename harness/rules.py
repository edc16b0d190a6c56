"""When a limitation applies: one rule each.

A rule looks at engine, preset, steps, policy, settings and surface, never at what was observed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.policy import Policy
from harness.promise import Ended, History, history_of
from harness.scenario import Step
from harness.settings import Settings

__all__ = [
    "Situation",
    "another_tab",
    "application_ends_first",
    "application_outlives",
    "cleared_on_exit",
    "crash_recovered",
    "long_cookie_outlives",
    "not_on_disk",
    "not_signed_out_here",
    "private",
    "session_cookie_ends",
    "session_restored",
    "sign_out_not_on_disk",
    "storage_outlives",
    "tab_closed",
    "window_closed",
]

_LIFETIMES = {
    "app:local_storage": 86_400,
    "app:session_storage": 86_400,
    "app:ksp_cookie": 29 * 86_400,
    "app:long_cookie": 29 * 86_400,
    "app:session_cookie": 29 * 86_400,
}
"""Seconds that what an application keeps lasts. An access token: Kinde's default,
`build/tokens/configure-tokens.mdx`; a cookie: `KINDE_COOKIE_MAX_AGE` of Kinde's own SDKs."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Everything that a rule may look at."""

    engine: str
    preset: str
    surface: str
    policy: Policy
    steps: Sequence[Step]
    settings: Settings = field(default_factory=Settings)

    @property
    def history(self) -> History:
        """The steps as the promise sees them."""
        return history_of(self.policy, self.steps, self.settings)

    @property
    def app(self) -> bool:
        """Whether the surface is a login that an application keeps itself."""
        return self.surface in _LIFETIMES

    @property
    def of_session(self) -> bool:
        """Whether the surface rests on what belongs to the browser's session, where the policy
        is non-persistent: a session cookie, or the storage of a tab."""
        return self.surface not in ("app:long_cookie", "app:local_storage")


_BY_THE_SERVER = (Ended.INACTIVE, Ended.REVOKED, Ended.POLICY_CHANGED)


def tab_closed(situation: Situation, history: History) -> bool:
    return history.ended is Ended.TAB_CLOSED and not history.ends


def window_closed(situation: Situation, history: History) -> bool:
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


def session_restored(situation: Situation, history: History) -> bool:
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
    return not crash_recovered(situation, history)


def crash_recovered(situation: Situation, history: History) -> bool:
    # What is to be cleared on exit, Chromium does not clear after a crash.
    keeps = _remembers(situation) or _spared(situation, history)
    if not (situation.of_session and keeps and _closed(history)):
        return False
    last = history.ends[-1]
    # Debian's Firefox has no handler for SIGTERM: what the system asks of it is a crash to it.
    crashes = ("crash", "end_os_session") if situation.engine == "firefox" else ("crash",)
    return last.verb in crashes and last.settled and len(history.ends) == 1


def not_on_disk(situation: Situation, history: History) -> bool:
    return any(not end.orderly and not end.settled for end in history.ends)


def sign_out_not_on_disk(situation: Situation, history: History) -> bool:
    storages = ("app:local_storage", "app:session_storage")
    return situation.surface in storages and history.signed_out_unsettled


def cleared_on_exit(situation: Situation, history: History) -> bool:
    orderly = situation.engine == "firefox" or any(end.verb != "crash" for end in history.ends)
    return situation.preset == "clear-on-exit" and bool(history.ends) and orderly


def private(situation: Situation, history: History) -> bool:
    return situation.preset == "private" and bool(history.ends)


def application_outlives(situation: Situation, history: History) -> bool:
    return situation.app and history.ended in _BY_THE_SERVER


def storage_outlives(situation: Situation, history: History) -> bool:
    closing = (Ended.TAB_CLOSED, Ended.WINDOW_CLOSED, Ended.BROWSER_ENDED)
    kept = situation.surface == "app:local_storage" and history.ended in closing
    return kept and (_remembers(situation) or _spared(situation, history))


def long_cookie_outlives(situation: Situation, history: History) -> bool:
    closing = (Ended.TAB_CLOSED, Ended.WINDOW_CLOSED, Ended.BROWSER_ENDED)
    kept = situation.surface == "app:long_cookie" and history.ended in closing
    return kept and (_remembers(situation) or _spared(situation, history))


def session_cookie_ends(situation: Situation, history: History) -> bool:
    return situation.surface == "app:session_cookie" and bool(history.ends)


def another_tab(situation: Situation, history: History) -> bool:
    return situation.surface == "app:session_storage" and not history.tab_signed_in


def not_signed_out_here(situation: Situation, history: History) -> bool:
    elsewhere = history.ended is Ended.SIGNED_OUT and history.tab_signed_in
    return situation.surface == "app:session_storage" and elsewhere


def application_ends_first(situation: Situation, history: History) -> bool:
    lifetime = _LIFETIMES.get(situation.surface)
    return lifetime is not None and history.now - history.last_sign_in >= lifetime
