"""A person at a model of a browser: the verbs of scenarios, the tabs and windows they are about.

What a person does at web sites is left to a `Site`: one that speaks HTTP, or one in memory.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol

from harness.model.agent import Stores, Tab
from harness.model.family import Family, Question
from harness.model.machine import Machine
from harness.presets import Choices
from harness.scenario import Step, UnsupportedVerbError
from harness.windows import Windows

__all__ = ["Player", "Site"]


class Site(Protocol):
    """What a person does at every application at once, in a tab, and what an administrator does."""

    def sign_in(self, tab: Tab, person: str | None) -> None:
        """Sign in; `person`: as somebody else than the last time."""

    def visit(self, tab: Tab) -> None:
        """Let the applications ask the auth server."""

    def refresh_tokens(self, tab: Tab) -> None:
        """Let the applications' open page exchange its refresh tokens."""

    def sign_out(self, tab: Tab) -> None:
        """Sign out."""

    def sign_out_during_visit(self, tab: Tab) -> None:
        """Sign out while another tab is visiting."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""

    def override_session_policy(self) -> None:
        """Override the organization's policy with the opposite one."""

    def change_cookie_scope(self) -> None:
        """Set the cookie for another domain from now on."""

    def mend_cookie_scope(self) -> None:
        """Delete that of the domain before, too."""

    def revoke_sessions(self) -> None:
        """End every session."""


class Player:
    """A lifecycle in one model. `now` is the time on the person's computer in seconds."""

    def __init__(
        self,
        family: Family,
        choices: Choices,
        stores: Stores,
        site: Site,
        clock: "Clock",
    ) -> None:
        self._family = family
        self._choices = choices
        self._site = site
        self._clock = clock
        self.machine = Machine(family, choices, stores, clock.now)
        self._back: list[Tab] = []
        self._windows = Windows[Tab]()
        self._verbs: dict[str, Callable[[Step], None]] = {
            "sign_in": self._sign_in,
            "visit": self._at_site(site.visit),
            "refresh_tokens": lambda step: site.refresh_tokens(self.current),
            "sign_out": self._at_site(site.sign_out),
            "sign_out_during_visit": self._at_site(site.sign_out_during_visit),
            "open_tab": self._open_tab,
            "open_window": self._open_window,
            "open_popup": self._open_popup,
            "pin_tab": self._pin_tab,
            "close_tab": self._close_tab,
            "close_window": self._close_window,
            "quit": self._end,
            "crash": self._end,
            "end_os_session": self._end,
            "restart": self._restart,
            "start": self._start,
            "restore_previous_session": self._restore_previous_session,
            "settle": lambda step: self.machine.settle(),
            "wait": self._wait,
            "set_clock_back": self._set_clock_back,
            "override_session_policy": lambda step: site.override_session_policy(),
            "change_cookie_scope": lambda step: site.change_cookie_scope(),
            "mend_cookie_scope": lambda step: site.mend_cookie_scope(),
            "revoke_sessions": lambda step: site.revoke_sessions(),
        }

    def perform(self, step: Step) -> None:
        """Do one step."""
        self._verbs[step.verb](step)

    @property
    def current(self) -> Tab:
        """The tab in use."""
        return self._windows.current

    @property
    def came_back(self) -> list[Tab]:
        """The tabs that came back in this life, are open, show something, and are not in use."""
        return [
            tab
            for tab in self._back
            if tab is not self.current and not tab.empty and self.machine.has(tab)
        ]

    # The life of the browser

    def _start(self, step: Step) -> None:
        self._back = self.machine.start(restoring=step.value == "restoring")
        in_front = bool(self._back) and self._family.restored_in_front
        self._windows.start(self._back[-1] if in_front else self.machine.open())

    def _restart(self, step: Step) -> None:
        self._end(step)
        self._start(Step("start"))

    def _end(self, step: Step) -> None:
        stays = self._choices.background and step.verb == "quit"
        self.machine.end("close" if stays else step.verb)
        self._windows.gone()

    def _restore_previous_session(self, step: Step) -> None:
        back, in_front = self.machine.restore()
        shown = [tab for tab in back if not tab.empty]
        self._back += back
        if shown and in_front:
            self._windows.use(shown[-1])

    # Tabs and windows

    def _open_tab(self, step: Step) -> None:
        self._windows.open_tab(self.machine.open(self.current))

    def _open_window(self, step: Step) -> None:
        self.machine.acknowledge()
        self._windows.open_window(self.machine.open())

    def _open_popup(self, step: Step) -> None:
        self._windows.open_window(self.machine.popup(self.current))

    def _pin_tab(self, step: Step) -> None:
        if not self._family.asks(Question.REOPEN_PINNED):
            raise UnsupportedVerbError(f"{self._family.title} has no rule for pinned tabs")
        self.current.pinned = True
        self.machine.changed()

    def _close_tab(self, step: Step) -> None:
        number = step.value if isinstance(step.value, int) else None
        self._closed(self._windows.close_tab(number), step.verb)

    def _close_window(self, step: Step) -> None:
        number = step.value if isinstance(step.value, int) else None
        self._closed(self._windows.close_window(number), step.verb)

    def _closed(self, tabs: Sequence[Tab], verb: str) -> None:
        if self._windows:
            self.machine.close(tabs, verb)
        else:
            # What was open in the last window is what the browser remembers as open.
            self._end(Step("quit"))

    # The person at the applications, and time

    def _sign_in(self, step: Step) -> None:
        person = step.value if isinstance(step.value, str) else None
        self._site.sign_in(self.current, person)
        self.machine.changed()

    def _at_site(self, do: Callable[[Tab], None]) -> Callable[[Step], None]:
        def act(step: Step) -> None:
            do(self.current)
            self.machine.changed()

        return act

    def _wait(self, step: Step) -> None:
        assert isinstance(step.value, timedelta)
        seconds = step.value.total_seconds()
        self._site.wait(seconds)
        self._clock.pass_time(seconds)
        if self._windows:
            self.machine.pass_time()

    def _set_clock_back(self, step: Step) -> None:
        assert isinstance(step.value, timedelta)
        self._clock.set_back(step.value.total_seconds())


class Clock:
    """The clock of the person's computer: the server's, but for the milliseconds that a step takes,
    unless somebody sets it. Seconds."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._elapsed = 0.0
        self._behind = 0.0

    def now(self) -> float:
        """The time it shows."""
        return self._began + self._elapsed - self._behind

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self._elapsed += seconds

    def set_back(self, seconds: float) -> None:
        """Set it back."""
        self._behind += seconds
