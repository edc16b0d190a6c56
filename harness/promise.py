"""What a policy promises after some steps: a pure function of the two.

The reading: a persistent session lasts until the person signs out, somebody revokes it, the
inactivity timeout passes, or the absolute one does, counted from the sign-in. A non-persistent one
lasts that long at most, and ends when the person closes what they used it in: the browser, its
window, or the tab. (Kinde lists "Session cookies are not destroyed when a tab is closed, the full
browser window must be closed" as a limitation, so the promise that it limits includes the tab.)

What counts as activity, and what a changed policy does to sessions that are alive, is as the server
is set (`harness/settings.py`).

Where somebody else signs in, they alone are signed in from then on, in every tab.

Applications are held to the same promise: that is what somebody who sets the policy expects, and
Kinde's remark that it does not reach sessions an application keeps itself is a limitation too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from harness.people import FIRST, PEOPLE
from harness.policy import Persistence, Policy
from harness.records import Shown, State
from harness.scenario import Step
from harness.settings import Activity, PolicyChange, Settings
from harness.windows import Windows

__all__ = ["Ended", "History", "history_of", "promise"]


class Ended(StrEnum):
    """What ended a session, by the promise."""

    TAB_CLOSED = "tab_closed"
    WINDOW_CLOSED = "window_closed"
    BROWSER_ENDED = "browser_ended"
    SIGNED_OUT = "signed_out"
    INACTIVE = "inactive"
    EXPIRED = "expired"
    REVOKED = "revoked"
    POLICY_CHANGED = "policy_changed"


@dataclass(eq=False)
class _Tab:
    used: bool = False
    """Whether the person has signed in, or been signed in anew, in it."""


class History:
    """What has become of the session of one environment, as far as the promise goes.

    `policy` is the one in force for the person when the lifecycle began.
    """

    def __init__(self, policy: Policy, settings: Settings) -> None:
        self._policy = policy
        self._settings = settings
        self._now = 0.0
        """Seconds since the lifecycle began."""
        self._began = False
        self._persistence = policy.persistence
        """Of the session: the policy's at the sign-in."""
        self._person = FIRST
        self._signed_in = 0.0
        self._last_activity = 0.0
        self.ended: list[Ended] = []
        """What has ended the session, in order: one that is over can still be revoked, say."""
        self._windows = Windows[_Tab]()
        self._windows.start(_Tab())
        self._verbs: dict[str, Callable[[Step], None]] = {
            "sign_in": self._sign_in,
            "visit": self._visit,
            "refresh_tokens": self._refresh_tokens,
            "sign_out": lambda step: self._end(Ended.SIGNED_OUT),
            "sign_out_during_visit": lambda step: self._end(Ended.SIGNED_OUT),
            "open_tab": lambda step: self._windows.open_tab(_Tab()),
            "open_window": lambda step: self._windows.open_window(_Tab()),
            "open_popup": lambda step: self._windows.open_window(_Tab()),
            "close_tab": self._close_tab,
            "close_window": self._close_window,
            "quit": self._browser_ended,
            "crash": self._browser_ended,
            "end_os_session": self._browser_ended,
            # Nobody has closed anything: the session is to go on.
            "restart": self._start,
            "start": self._start,
            "wait": self._wait,
            "override_session_policy": self._override_session_policy,
            "revoke_sessions": lambda step: self._end(Ended.REVOKED),
            **dict.fromkeys(_PROMISING_NOTHING, lambda step: None),
        }

    @property
    def state(self) -> State:
        """The promise."""
        lasts = self._began and not self.ended
        return State.SIGNED_IN if lasts else State.SIGNED_OUT

    @property
    def persistence(self) -> Persistence:
        """Of the session: what was in force at the sign-in."""
        return self._persistence

    @property
    def shown(self) -> Shown:
        """The promise, and as whom: whoever signed in last, and nobody else, wherever it was."""
        state = self.state
        return state, (PEOPLE[self._person].email,) if state is State.SIGNED_IN else ()

    def take(self, step: Step) -> None:
        """Account for one more step."""
        self._verbs[step.verb](step)
        ends = [(self._last_activity + self._policy.inactivity_timeout, Ended.INACTIVE)]
        if self._policy.absolute_timeout is not None:
            ends.append((self._signed_in + self._policy.absolute_timeout, Ended.EXPIRED))
        # The one that came first is told first.
        for at, reason in sorted(ends, key=lambda end: end[0]):
            if self._now >= at:
                self._end(reason)

    def _end(self, reason: Ended) -> None:
        if self._began and reason not in self.ended:
            self.ended.append(reason)

    def _sign_in(self, step: Step) -> None:
        if isinstance(step.value, str):
            self._person = step.value
            for tab in self._windows.tabs:
                tab.used = False
        if not self._began or self.ended or isinstance(step.value, str):
            self._persistence = self._policy.persistence
            self._began, self.ended = True, []
            self._signed_in = self._last_activity = self._now
        self._active()

    def _visit(self, step: Step) -> None:
        if self._began and not self.ended:
            self._active()

    def _refresh_tokens(self, step: Step) -> None:
        if self._began and not self.ended:
            self._count(Activity.REFRESH)

    def _active(self) -> None:
        self._count(Activity.SIGN_IN)
        self._windows.current.used = True

    def _count(self, activity: Activity) -> None:
        if activity in self._settings.activity:
            self._last_activity = self._now
            if self._settings.policy_change is PolicyChange.NEXT_ACTIVITY:
                self._persistence = self._policy.persistence

    def _override_session_policy(self, step: Step) -> None:
        self._policy = replace(self._policy, persistence=self._policy.persistence.opposite)
        if self._settings.policy_change is PolicyChange.END_SESSIONS:
            self._end(Ended.POLICY_CHANGED)

    def _wait(self, step: Step) -> None:
        assert isinstance(step.value, timedelta)
        self._now += step.value.total_seconds()

    def _close_tab(self, step: Step) -> None:
        number = step.value if isinstance(step.value, int) else None
        self._closed(self._windows.close_tab(number), Ended.TAB_CLOSED)

    def _close_window(self, step: Step) -> None:
        number = step.value if isinstance(step.value, int) else None
        self._closed(self._windows.close_window(number), Ended.WINDOW_CLOSED)

    def _closed(self, tabs: Sequence[_Tab], reason: Ended) -> None:
        if not self._windows:
            self._close_session(Ended.BROWSER_ENDED)
            return
        left = any(tab.used for tab in self._windows.tabs)
        if any(tab.used for tab in tabs) and not left:
            self._close_session(reason)

    def _browser_ended(self, step: Step) -> None:
        self._windows.gone()
        self._close_session(Ended.BROWSER_ENDED)

    def _close_session(self, reason: Ended) -> None:
        if self._persistence is Persistence.NON_PERSISTENT:
            self._end(reason)

    def _start(self, step: Step) -> None:
        self._windows.start(_Tab())


_PROMISING_NOTHING = (
    "pin_tab",
    "restore_previous_session",
    "settle",
    "set_clock_back",
    "change_cookie_scope",
    "mend_cookie_scope",
    "check",
)
"""Verbs that are no matter of the policy."""


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
