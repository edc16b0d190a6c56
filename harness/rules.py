"""When a limitation applies: one rule each.

A rule looks at engine, preset, surface and what the steps made of the promise, never at what was
observed.
"""

from dataclasses import dataclass
from enum import StrEnum

from harness.presets import CHOICES, Choices
from harness.promise import Ended, History

__all__ = [
    "Situation",
    "another_tab",
    "application_ends_first",
    "application_outlives",
    "cleared_on_exit",
    "crash_recovered",
    "crash_unacknowledged",
    "lifetime_capped",
    "long_cookie_outlives",
    "not_kept_for_restart",
    "not_on_disk",
    "not_signed_out_here",
    "private",
    "redirected_by_another_site",
    "secure_without_https",
    "session_cookie_ends",
    "session_restored",
    "sign_out_not_on_disk",
    "storage_outlives",
    "tab_closed",
    "tab_pinned",
    "window_closed",
]

_LIFETIMES = {
    "app:local_storage": 86_400,
    "app:session_storage": 86_400,
    "app:ksp_cookie": 29 * 86_400,
    "app:long_cookie": 29 * 86_400,
    "app:session_cookie": 29 * 86_400,
    "app:secure_cookie": 29 * 86_400,
    "app:strict_cookie": 29 * 86_400,
    "app:partitioned_cookie": 29 * 86_400,
    "app:domain_cookie": 29 * 86_400,
}
"""Seconds that what an application keeps lasts. An access token: Kinde's default,
`build/tokens/configure-tokens.mdx`; a cookie: `KINDE_COOKIE_MAX_AGE` of Kinde's own SDKs."""

_SESSION_COOKIES = {
    f"app:{name}" for name in ("session_cookie", "secure_cookie", "strict_cookie",
                               "partitioned_cookie", "domain_cookie")
}  # fmt: skip
_LIFETIME_CAP = 400 * 86_400
"""Seconds: what rfc6265bis recommends in section 5.6.2, and browsers keep."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Everything that a rule may look at."""

    engine: str
    preset: str
    surface: str
    history: History
    """The steps as the promise sees them."""

    @property
    def choices(self) -> Choices:
        """What the preset means."""
        return CHOICES[self.preset]

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
    return not (situation.choices.clear or situation.choices.private)


def _spared(situation: Situation, history: History) -> bool:
    """Whether data that is to be cleared on exit is still there: Chromium clears nothing after a
    crash, and nothing when it restarts itself.

    chromium: chrome/browser/sessions/session_data_service.cc ("To allow the user to continue a
    session after a crash, we will not delete cookies."), better_session_restore_browsertest.cc
    (RestartTest.CookiesClearedOnExit); measured: crash.crash_after_settling.
    """
    kept = all(_clears_nothing(situation, history, n) for n in range(len(history.ends)))
    return situation.choices.clear and kept


def _clears_nothing(situation: Situation, history: History, number: int) -> bool:
    quit_ = history.ends[number].verb == "quit"
    crashed = not quit_ and _taken_for_crash(situation, history, number)
    restarts = _restarts(situation, history, number)
    return situation.engine == "chromium" and (restarts or crashed)


def _restarts(situation: Situation, history: History, number: int) -> bool:
    """Whether the start after that end is one of a restart: Chromium says so on disk for ten
    seconds more, so a crash meanwhile is one, too.

    chromium: chrome/browser/ui/startup/startup_browser_creator.cc (WasRestarted); measured:
    crash.crash_after_a_restart.
    """
    end = history.ends[number]
    if end.verb == "restart":
        return True
    at_once = end.verb == "crash" and not end.waited and number > 0
    chromium = situation.engine == "chromium"
    return chromium and at_once and _restarts(situation, history, number - 1)


def _taken_for_crash(situation: Situation, history: History, number: int) -> bool:
    """Whether the browser takes that end of its life for a crash.

    Debian's Firefox has no handler for SIGTERM: what the system asks of it is a crash to it.
    Chromium takes every end for one until somebody has reacted to its message about the first
    (exit_type_service_browsertest.cc, CrashCrashNewBrowser).
    """
    end = history.ends[number]
    if situation.engine == "firefox":
        return end.verb in ("crash", "end_os_session")
    crashed = end.verb == "crash" and end.written and not _restarts(situation, history, number)
    return crashed or (
        number > 0 and not end.reacted and _taken_for_crash(situation, history, number - 1)
    )


class _Revival(StrEnum):
    """Why session cookies come back at a start."""

    CRASH = "crash"
    UNACKNOWLEDGED = "unacknowledged"
    PINNED = "pinned"
    RESTORE = "restore"


def _revival(situation: Situation, history: History, number: int) -> _Revival | None:
    """Why session cookies come back at the start after that end, or None if they do not."""
    end, firefox = history.ends[number], situation.engine == "firefox"
    # What an application kept of an earlier sign-in is worth as much to it.
    on_disk = end.orderly or end.written or (situation.app and end.kept_before)
    if not on_disk or situation.choices.private:
        return None
    if situation.engine == "webkitgtk":
        return None
    crashed = _taken_for_crash(situation, history, number)
    if situation.choices.clear and not (
        _clears_nothing(situation, history, number)
        or (firefox and end.verb == "restart")
        or _stray(situation, history, number)
        or _behind(situation, history, number)
    ):
        return None
    if crashed and not situation.choices.reopen:
        unlikely = end.orderly and not firefox
        return _Revival.UNACKNOWLEDGED if unlikely else _Revival.CRASH
    # The command line is for a process: what keeps running in the background is told nothing.
    told = end.told and not (situation.choices.background and end.verb == "quit")
    asked = (firefox and end.restored) or told
    if situation.choices.reopen or asked or _restarts(situation, history, number) or crashed:
        only_crash = crashed and len(history.ends) == 1
        return _Revival.CRASH if only_crash else _Revival.RESTORE
    return _Revival.PINNED if firefox and end.pinned else None


def _stray(situation: Situation, history: History, number: int) -> bool:
    """Whether a tab's storage is all that is left of its origin when Firefox clears data: it clears
    the origins that have something on disk.

    firefox: toolkit/components/cleardata/PrincipalsCollector.sys.mjs; measured:
    crash.crash_after_a_restart.
    """
    of_tab = situation.engine == "firefox" and situation.surface == "app:session_storage"
    if not (of_tab and number and _taken_for_crash(situation, history, number)):
        return False
    restarted = history.ends[number - 1].verb == "restart"
    at_once = restarted and not history.ends[number].waited
    return at_once or _stray(situation, history, number - 1)


def _behind(situation: Situation, history: History, number: int) -> bool:
    """Whether what a tab kept that was behind another is there although Firefox clears data after a
    crash: it clears tabs that are loaded.

    measured: crash.crash_with_several_tabs.
    """
    of_tab = situation.engine == "firefox" and situation.surface == "app:session_storage"
    return of_tab and history.ends[number].behind and _taken_for_crash(situation, history, number)


def _revived_by(situation: Situation, history: History) -> _Revival | None:
    """Why a session that was to end with something being closed is there after the last start."""
    if not (situation.of_session and _closed(history)):
        return None
    reasons = [
        _revival(situation, history, number)
        for number in range(len(history.ends))
        if not _left_as_it_was(situation, history, number)
    ]
    return reasons[-1] if all(reasons) else None


def _left_as_it_was(situation: Situation, history: History, number: int) -> bool:
    """Whether the life after that end made no difference: Firefox that crashes before it has
    written its session file has that of the life before at the next start (`SessionFile.sys.mjs`;
    measured: crash.crash_in_background)."""
    if situation.engine != "firefox" or number + 1 == len(history.ends):
        return False
    return not history.ends[number + 1].waited and _taken_for_crash(
        situation, history, number + 1
    )


def session_restored(situation: Situation, history: History) -> bool:
    if situation.surface == "app:session_storage" and situation.choices.background:
        # A window that is reopened in the process it was closed in has its tabs as they were.
        reopened = _closed(history) and history.ends[-1].restored
        return reopened or _revived_by(situation, history) is _Revival.RESTORE
    return _revived_by(situation, history) is _Revival.RESTORE


def crash_recovered(situation: Situation, history: History) -> bool:
    return _revived_by(situation, history) is _Revival.CRASH


def crash_unacknowledged(situation: Situation, history: History) -> bool:
    return _revived_by(situation, history) is _Revival.UNACKNOWLEDGED


def tab_pinned(situation: Situation, history: History) -> bool:
    return _revived_by(situation, history) is _Revival.PINNED


def not_on_disk(situation: Situation, history: History) -> bool:
    return any(
        not end.orderly and not _on_disk(situation, history, number)
        for number, end in enumerate(history.ends)
    )


def _on_disk(situation: Situation, history: History, number: int) -> bool:
    """Whether all that the browser remembered was on disk when it ended so.

    Chromium that keeps running after its last window, and is to continue where it left off, writes
    no cookies as that closes; measured: crash.crash_in_background.
    """
    end = history.ends[number]
    if end.waited or not end.settled or number == 0:
        return end.settled
    before = history.ends[number - 1]
    stays = situation.choices.background and situation.choices.reopen
    return not (stays and before.verb == "quit") or _on_disk(situation, history, number - 1)


def not_kept_for_restart(situation: Situation, history: History) -> bool:
    """A browser that writes no session cookie to disk has none after it restarted itself."""
    never = situation.engine == "webkitgtk" or (
        situation.engine == "firefox" and situation.choices.privacy_level >= 2
    )
    return never and any(end.verb == "restart" for end in history.ends)


def sign_out_not_on_disk(situation: Situation, history: History) -> bool:
    storages = ("app:local_storage", "app:session_storage")
    return situation.surface in storages and history.signed_out_unsettled


def cleared_on_exit(situation: Situation, history: History) -> bool:
    ended = situation.choices.clear and bool(history.ends)
    return ended and not _spared(situation, history)


def private(situation: Situation, history: History) -> bool:
    return situation.choices.private and bool(history.ends)


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
    return situation.surface in _SESSION_COOKIES and bool(history.ends)


def redirected_by_another_site(situation: Situation, history: History) -> bool:
    """A check comes to the application by way of the auth server."""
    return situation.surface == "app:strict_cookie" and situation.engine == "firefox"


def secure_without_https(situation: Situation, history: History) -> bool:
    """The mock speaks http here."""
    secure = ("app:secure_cookie", "app:partitioned_cookie")
    return situation.engine == "webkitgtk" and situation.surface in secure


def another_tab(situation: Situation, history: History) -> bool:
    return situation.surface == "app:session_storage" and not history.tab_signed_in


def not_signed_out_here(situation: Situation, history: History) -> bool:
    if situation.surface != "app:session_storage" or history.ended is not Ended.SIGNED_OUT:
        return False
    last = len(history.ends) - 1
    came_back = bool(history.ends) and _revival(situation, history, last) is not None
    return history.tab_signed_in or (history.tab_left_signed_in and came_back)


def lifetime_capped(situation: Situation, history: History) -> bool:
    """A cookie is gone 400 days after it was last set, however long the session lasts."""
    of_session = situation.surface in ("sso", "app:memory")
    return of_session and history.now - history.last_activity >= _LIFETIME_CAP


def application_ends_first(situation: Situation, history: History) -> bool:
    lifetime = _LIFETIMES.get(situation.surface)
    of_tab = situation.surface == "app:session_storage"
    since = history.tab_last_sign_in if of_tab else history.last_sign_in
    return lifetime is not None and history.now - since >= lifetime
