"""What a policy promises after some steps: a pure function of the two.

The reading: a persistent session lasts until the person signs out, somebody revokes it, or the
inactivity timeout passes. A non-persistent one lasts that long at most, and ends when the person
closes what they used it in: the browser, its window, or the tab. (Kinde lists "Session cookies are
not destroyed when a tab is closed, the full browser window must be closed" as a limitation, so the
promise that it limits includes the tab.)

What counts as activity, and what a changed policy does to sessions that are alive, is as the server
is set (`harness/settings.py`).

Applications are held to the same promise: that is what somebody who sets the policy expects, and
Kinde's remark that it does not reach sessions an application keeps itself is a limitation too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from harness.policy import Persistence, Policy
from harness.records import State
from harness.scenario import Step
from harness.settings import Activity, PolicyChange, Settings

__all__ = ["SETTLED_AFTER", "BrowserEnd", "Ended", "History", "history_of", "promise"]

SETTLED_AFTER = timedelta(seconds=31)
"""By then an open browser has written everything down: Chromium's cookies, the slowest, take 30
seconds (`net/extras/sqlite/sqlite_persistent_cookie_store.cc`)."""


class Ended(StrEnum):
    """What ended a session, by the promise."""

    NEVER_BEGAN = "never_began"
    TAB_CLOSED = "tab_closed"
    WINDOW_CLOSED = "window_closed"
    BROWSER_ENDED = "browser_ended"
    SIGNED_OUT = "signed_out"
    INACTIVE = "inactive"
    REVOKED = "revoked"
    POLICY_CHANGED = "policy_changed"


@dataclass(frozen=True, kw_only=True)
class BrowserEnd:
    """One end of the browser since the sign-in."""

    verb: str
    """`quit`, `crash`, `end_os_session` or `restart`; closing the last tab or window is `quit`."""
    settled: bool
    """Whether all that the browser remembered was on disk by then."""
    waited: bool = False
    """Whether the browser had the time to write things down in this life."""
    written: bool = True
    """Whether the session was, if not what came after the sign-in."""
    kept_before: bool = False
    """Whether something of an earlier session was."""
    pinned: bool = False
    """Whether a tab was pinned."""
    behind: bool = False
    """Whether a tab that the person had used was behind another in its window."""
    reacted: bool = False
    """Whether the person had reacted to what the browser said of an earlier crash."""
    restored: bool = False
    """Whether the person asked for the previous session after the next start."""
    told: bool = False
    """Whether the browser was told at the next start to restore the last session."""

    @property
    def orderly(self) -> bool:
        """Whether the browser had the time to write everything down."""
        return self.verb in ("quit", "restart")


@dataclass
class _Tab:
    used: bool = False
    """Whether the person has signed in, or been signed in anew, in it."""
    last_sign_in: float | None = None
    """When the application last got a token there."""
    signed_out: bool = False
    pinned: bool = False


@dataclass
class History:
    """What has become of the session of one environment, as far as the promise goes."""

    policy: Policy
    settings: Settings = field(default_factory=Settings)
    now: float = 0.0
    """Seconds since the lifecycle began."""
    persistence: Persistence | None = None
    """Of the session: the policy's at the sign-in."""
    ended: Ended | None = Ended.NEVER_BEGAN
    last_activity: float = 0.0
    last_sign_in: float = 0.0
    """When the application last got a token."""
    ends: list[BrowserEnd] = field(default_factory=list)
    """The browser's ends since the sign-in."""
    signed_out_unsettled: bool = False
    """Whether the browser came to an end before a sign-out was on disk, but after a sign-in was."""
    running: bool = True
    _settled: bool = False
    _was_settled: bool = False
    _waited: bool = False
    _written: bool = False
    _kept_before: bool = False
    _reacted: bool = False
    _windows: list[list[_Tab]] = field(default_factory=lambda: [[_Tab()]])
    _current: _Tab | None = None
    _left: list[_Tab] = field(default_factory=list)
    """The tabs that were open when the browser ended, in this life or an earlier one."""

    @property
    def state(self) -> State:
        """The promise."""
        return State.SIGNED_IN if self.ended is None else State.SIGNED_OUT

    def take(self, step: Step) -> None:
        """Account for one more step."""
        getattr(self, f"_{step.verb}", self._nothing)(step)
        idle = self.now - self.last_activity
        if self.ended is None and idle >= self.policy.inactivity_timeout:
            self.ended = Ended.INACTIVE

    def _nothing(self, step: Step) -> None:
        return

    def _sign_in(self, step: Step) -> None:
        if self.ended is not None:
            self.persistence = self.policy.persistence
            self.ended = None
            self.ends = []
            self.signed_out_unsettled = False
            self.last_activity = self.now
            self._kept_before = self._kept_before or self._written
            self._written = False
        self._active()

    def _visit(self, step: Step) -> None:
        if self.ended is None:
            self._active()

    def _active(self) -> None:
        self.last_sign_in = self.now
        if Activity.SIGN_IN in self.settings.activity:
            self.last_activity = self.now
            if self.settings.policy_change is PolicyChange.NEXT_ACTIVITY:
                self.persistence = self.policy.persistence
        self._settled = False
        self._tab.used, self._tab.signed_out = True, False
        self._tab.last_sign_in = self.now

    def _sign_out(self, step: Step) -> None:
        self._tab.signed_out = True
        if self.ended is not Ended.SIGNED_OUT:
            self.ended = Ended.SIGNED_OUT
            self._was_settled, self._settled = self._settled, False

    def _sign_out_during_visit(self, step: Step) -> None:
        self._sign_out(step)

    def _revoke_sessions(self, step: Step) -> None:
        if self.ended is None:
            self.ended = Ended.REVOKED

    def _override_session_policy(self, step: Step) -> None:
        self.policy = replace(self.policy, persistence=self.policy.persistence.opposite)
        ends = self.settings.policy_change is PolicyChange.END_SESSIONS
        if ends and self.ended is None:
            self.ended = Ended.POLICY_CHANGED

    def _wait(self, step: Step) -> None:
        if isinstance(step.value, timedelta):
            self.now += step.value.total_seconds()
            if self.running and step.value >= SETTLED_AFTER:
                self._settle(step)

    def _settle(self, step: Step) -> None:
        self._settled = self._written = self._waited = True

    def _open_tab(self, step: Step) -> None:
        self._current = _Tab()
        self._windows[-1].append(self._current)

    def _open_window(self, step: Step) -> None:
        self._open_popup(step)
        self._reacted = True

    def _open_popup(self, step: Step) -> None:
        self._current = _Tab()
        self._windows.append([self._current])

    def _pin_tab(self, step: Step) -> None:
        self._tab.pinned = True

    def _close_tab(self, step: Step) -> None:
        window = self._windows[-1]
        tab = window[step.value - 1] if isinstance(step.value, int) else self._tab
        window.remove(tab)
        if not window:
            self._windows.pop()
        self._closed([tab], Ended.TAB_CLOSED)

    def _close_window(self, step: Step) -> None:
        index = step.value - 1 if isinstance(step.value, int) else -1
        self._closed(self._windows.pop(index), Ended.WINDOW_CLOSED)

    def _closed(self, tabs: Sequence[_Tab], reason: Ended) -> None:
        if self._current in tabs:
            self._current = self._windows[-1][-1] if self._windows else None
        if not self._windows:
            self._browser_ended("quit")
            return
        left = any(tab.used for window in self._windows for tab in window)
        if any(tab.used for tab in tabs) and not left:
            self._close_session(reason)

    def _quit(self, step: Step) -> None:
        self._browser_ended("quit")

    def _crash(self, step: Step) -> None:
        self._browser_ended("crash")

    def _end_os_session(self, step: Step) -> None:
        self._browser_ended("end_os_session")

    def _restart(self, step: Step) -> None:
        """Nobody has closed anything: the session is to go on."""
        self.ends.append(BrowserEnd(verb="restart", settled=True))
        self._written = True
        self._leave_tabs()
        self._start(step)

    def _browser_ended(self, verb: str) -> None:
        end = BrowserEnd(
            verb=verb,
            settled=self._settled,
            waited=self._waited,
            written=self._written,
            kept_before=self._kept_before,
            pinned=any(tab.pinned for window in self._windows for tab in window),
            behind=any(tab.used for window in self._windows for tab in window[:-1]),
            reacted=self._reacted,
        )
        self.ends.append(end)
        self._written = self._written or end.orderly
        if self.ended is Ended.SIGNED_OUT and not end.orderly and not self._settled:
            self.signed_out_unsettled = self._was_settled
        self._close_session(Ended.BROWSER_ENDED)
        self._leave_tabs()
        self.running, self._windows, self._current = False, [], None

    def _leave_tabs(self) -> None:
        self._left += [tab for window in self._windows for tab in window]

    def _close_session(self, reason: Ended) -> None:
        if self.ended is None and self.persistence is Persistence.NON_PERSISTENT:
            self.ended = reason

    def _start(self, step: Step) -> None:
        if self.ends and step.value:
            self.ends[-1] = replace(self.ends[-1], told=True)
        self._reacted = False
        self._current = _Tab()
        self._windows, self.running, self._settled = [[self._current]], True, True
        self._waited = False

    def _restore_previous_session(self, step: Step) -> None:
        if self.ends:
            self.ends[-1] = replace(self.ends[-1], restored=True)

    @property
    def tab_signed_in(self) -> bool:
        """Whether the tab in use is one that the person signed in, and never signed out, in."""
        return self._tab.used and not self._tab.signed_out

    @property
    def tab_left_signed_in(self) -> bool:
        """Whether the browser ended with such a tab open, which may come back."""
        return any(tab.used and not tab.signed_out for tab in self._left)

    @property
    def tab_last_sign_in(self) -> float:
        """When the application last got a token in the tab in use, or in one that came back."""
        here = self._tab.last_sign_in
        return self.last_sign_in if here is None else here

    @property
    def _tab(self) -> _Tab:
        if self._current is None:
            self._current = self._windows[-1][-1]
        return self._current


def history_of(
    policy: Policy, steps: Sequence[Step], settings: Settings | None = None
) -> History:
    """Follow the steps under a policy: the one in force for the person when they began."""
    history = History(policy, settings or Settings())
    for step in steps:
        history.take(step)
    return history


def promise(policy: Policy, steps: Sequence[Step], settings: Settings | None = None) -> State:
    """What the policy says that somebody should be after the steps."""
    return history_of(policy, steps, settings).state
