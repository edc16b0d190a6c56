"""The simulated browser: carries a scenario's steps out in a model, in milliseconds.

It speaks HTTP to the same server and signs in through the same pages as a real browser. What it
rests on is in `model/`: cookies by RFC 6265bis, pages and their scripts, and each family's rules.
It is trusted as far as real browsers agree with it (docs/model.md).
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

from harness.engines.model.agent import (
    EMPTY,
    AgentError,
    Tab,
    UserAgent,
)
from harness.engines.model.document import Form, ScriptError
from harness.engines.model.family import Facts, Family, Question
from harness.engines.model.machine import Machine
from harness.engines.person import PER_VISIT
from harness.engines.tabs import in_any_tab
from harness.engines.target import PARTS, TargetEnvironment
from harness.engines.witness import Context, Seen, Witness
from harness.engines.world import CHANGING, World
from harness.presets import CHOICES
from harness.scenario import Check, Step, UnsupportedVerbError

__all__ = ["Simulated", "SimulationError"]

_T = TypeVar("_T")


class SimulationError(Exception):
    """The model could not go on: a page that it does not understand, or that is in the way."""


class Simulated:
    """One lifecycle in one model, for every environment at once. A context manager."""

    def __init__(self, world: World, family: Family, witness: Witness) -> None:
        self._world = world
        self._target = world.target
        self._family = family
        self._witness = witness
        self._moment = 0
        self._elapsed = 0.0
        self._behind = 0.0
        self._time: list[str] = []
        self._choices = CHOICES[witness.preset]
        facts = Facts(choices=self._choices)
        self._agent = UserAgent(
            world.connection,
            name=f"Afterclose {family.name}",
            now=self._now,
            redirects_count=bool(family.decide(Question.REDIRECTS_COUNT, facts).answer),
            trusts_localhost=bool(family.decide(Question.TRUSTS_LOCALHOST, facts).answer),
        )
        self._machine = Machine(family, self._choices, self._agent, self._now)
        self._environments: list[TargetEnvironment] = []
        self._windows: list[list[Tab]] = []
        self._current = Tab()
        self._back: list[Tab] = []
        """The tabs that came back in this life."""

    def __enter__(self) -> "Simulated":
        asked = self._witness.environments
        names = [environment.name for environment in asked]
        self._environments = self._world.begin(names, self._witness.keeps)
        self._persistence = {e.name: e.effective_policy.persistence for e in asked}
        self._start(Step("start"))
        return self

    def __exit__(self, *_: object) -> None:
        self._world.close()

    def perform(self, step: Step) -> None:
        """Do one step in the model."""
        self._moment += step.verb in CHANGING
        try:
            getattr(self, f"_{step.verb}")(step)
        except (AgentError, ScriptError) as error:
            raise SimulationError(f"{step.verb}: {error}") from None

    def observe(self, label: str, steps: tuple[Step, ...]) -> Check:
        """Show every surface to the server, and hold what it received against the promise."""
        try:
            seen = self._look()
        except (AgentError, ScriptError) as error:
            raise SimulationError(f"check: {error}") from None
        listed = [(cookie.domain, cookie.name) for cookie in self._agent.cookies]
        context = Context(time=self._time, decisions=self._machine.decisions, listed=listed)
        return self._witness.account(label, steps, seen, context)

    def _now(self) -> float:
        """The time on the person's computer: the server's, but for the milliseconds that a step
        takes, unless somebody set the clock."""
        return self._world.began + self._elapsed - self._behind

    def _interact(self, what: str, action: Callable[[], _T]) -> _T:
        """Do something that the server sees; done once for all models in the same state."""
        return self._world.share(self._moment, what, action, self._agent, [self._current])

    # The life of the browser

    def _start(self, step: Step) -> None:
        self._back = self._machine.start(told=step.value == "restoring")
        in_front = bool(self._back) and self._family.restored_in_front
        self._current = self._back[-1] if in_front else self._machine.open()
        self._windows = [[self._current]]

    def _quit(self, step: Step) -> None:
        self._end("quit")

    def _crash(self, step: Step) -> None:
        self._end("crash")

    def _end_os_session(self, step: Step) -> None:
        self._end("end_os_session")

    def _restart(self, step: Step) -> None:
        self._end("restart")
        self._start(Step("start"))

    def _end(self, verb: str) -> None:
        stays = self._choices.background and verb == "quit"
        self._machine.end("close" if stays else verb)
        self._windows = []

    def _settle(self, step: Step) -> None:
        self._machine.settle()

    def _restore_previous_session(self, step: Step) -> None:
        back, in_front = self._machine.restore()
        shown = [tab for tab in back if not tab.empty]
        self._back += back
        if shown and in_front:
            self._use(shown[-1])

    def _use(self, tab: Tab) -> None:
        """A tab that the browser has put in front takes the place of the one in use."""
        for window in self._windows:
            window[:] = [tab if other is self._current else other for other in window]
        self._current = tab

    # Tabs and windows

    def _open_tab(self, step: Step) -> None:
        self._current = self._machine.open(self._current)
        self._windows[-1].append(self._current)

    def _open_window(self, step: Step) -> None:
        self._machine.acknowledge()
        self._current = self._machine.open()
        self._windows.append([self._current])

    def _open_popup(self, step: Step) -> None:
        self._current = self._machine.popup(self._current)
        self._windows.append([self._current])

    def _pin_tab(self, step: Step) -> None:
        if not self._family.asks(Question.REOPEN_PINNED):
            raise UnsupportedVerbError(f"{self._family.title} has no rule for pinned tabs")
        self._current.pinned = True
        self._machine.changed()

    def _close_tab(self, step: Step) -> None:
        window = self._windows[-1]
        tab = window[step.value - 1] if isinstance(step.value, int) else self._current
        window[:] = [other for other in window if other is not tab]
        if not window:
            self._windows.pop()
        self._closed([tab])

    def _close_window(self, step: Step) -> None:
        index = step.value - 1 if isinstance(step.value, int) else -1
        self._closed(self._windows.pop(index))

    def _closed(self, tabs: Sequence[Tab]) -> None:
        if not self._windows:
            # What was open in the last window is what the browser remembers as open.
            self._end("quit")
            return
        self._machine.close(tabs)
        if any(self._current is tab for tab in tabs):
            self._current = self._windows[-1][-1]

    # The person at the application

    def _sign_in(self, step: Step) -> None:
        self._interact("sign_in", lambda: self._visit_applications("/login"))
        self._machine.changed()

    def _visit(self, step: Step) -> None:
        self._interact("visit", lambda: self._visit_applications("/login?prompt=none"))
        self._machine.changed()

    def _visit_applications(self, login: str) -> None:
        for batch in self._batches():
            stops = [f"{environment.app_url}{login}" for environment in batch]
            stops += [f"{environment.app_url}/" for environment in batch]
            first, *rest = stops
            separator = "&" if "?" in first else "?"
            query = urlencode([("return_to", stop) for stop in rest])
            document = self._agent.navigate(self._current, f"{first}{separator}{query}")
            while document.url.partition("?")[0] != stops[-1]:
                form, password = self._form(document.url, document.forms)
                values = form.filled_in(password=password)
                document = self._agent.submit(self._current, form, values)

    def _form(self, url: str, forms: Sequence[Form]) -> tuple[Form, str]:
        for environment in self._environments:
            if url.startswith(f"{environment.issuer}/oauth2/auth?") and forms:
                return forms[0], environment.password
        raise AgentError(f"{url}: neither a sign-in page nor where the visit should end")

    def _sign_out(self, step: Step) -> None:
        self._interact("sign_out", self._sign_out_everywhere)
        self._machine.changed()

    def _sign_out_everywhere(self) -> None:
        for environment in self._environments:
            self._sign_out_of(environment)

    def _sign_out_of(self, environment: TargetEnvironment) -> None:
        shown = self._agent.navigate(self._current, f"{environment.app_url}/sign-out").url
        if shown != f"{environment.app_url}/":
            raise AgentError(f"{shown}: not where a sign-out should end")

    def _sign_out_during_visit(self, step: Step) -> None:
        self._interact("sign_out_during_visit", self._sign_out_with_another_tab)
        self._machine.changed()

    def _sign_out_with_another_tab(self) -> None:
        beside, call = self._agent.beside(), self._world.call
        with ThreadPoolExecutor(max_workers=1) as another_tab, closing(beside):
            for environment in self._environments:
                call(self._target.hold(environment))
                url = f"{environment.app_url}/login?prompt=none"
                loading = another_tab.submit(beside.navigate, Tab(), url)
                call(self._target.held(environment))
                self._sign_out_of(environment)
                call(self._target.release(environment))
                loading.result()

    def _batches(self) -> list[Sequence[TargetEnvironment]]:
        return [
            self._environments[start : start + PER_VISIT]
            for start in range(0, len(self._environments), PER_VISIT)
        ]

    def _wait(self, step: Step) -> None:
        assert isinstance(step.value, timedelta)
        seconds = step.value.total_seconds()
        self._world.once(self._moment, "wait", lambda: self._target.advance(seconds))
        self._elapsed += seconds
        if self._windows:
            self._machine.pass_time()
        self._time.append(f"{seconds:.0f} s: the server's clock was moved, and the model's with it")

    def _set_clock_back(self, step: Step) -> None:
        assert isinstance(step.value, timedelta)
        self._behind += step.value.total_seconds()
        self._time.append(f"{step.value.total_seconds():.0f} s back on the person's computer alone")

    # The administrator

    def _override_session_policy(self, step: Step) -> None:
        self._persistence = {name: p.opposite for name, p in self._persistence.items()}
        for environment in self._environments:
            override = partial(
                self._target.override_persistence, environment, self._persistence[environment.name]
            )
            self._world.once(self._moment, f"override {environment.name}", override)

    def _revoke_sessions(self, step: Step) -> None:
        for environment in self._environments:
            revoke = partial(self._target.revoke, environment)
            self._world.once(self._moment, f"revoke {environment.name}", revoke)

    # Observing

    def _look(self) -> Seen:
        """As the driver of a real browser looks: what belongs to a tab is read in the tab in use,
        in place if that is empty and else in frames, and in frames of those that came back."""
        others = [
            tab
            for tab in self._back
            if tab is not self._current and not tab.empty and self._machine.has(tab)
        ]
        in_tab = partial(self._look_at, self._current, in_frames=not self._current.empty)
        first = self._world.look(self._moment, in_tab, self._agent, self._current, PARTS)
        seen = in_any_tab(
            first, [(tab.url, self._look_behind(tab)) for tab in others]
        )
        for tab in others:
            tab.pending = False
        return seen

    def _look_behind(self, tab: Tab) -> Seen:
        look = partial(self._look_at, tab, in_frames=True)
        return self._world.look(self._moment, look, self._agent, tab, ("tab",))

    def _look_at(self, tab: Tab, parts: Sequence[str], *, in_frames: bool) -> Mapping[str, Seen]:
        """What the server received of each of the parts."""
        seen: dict[str, dict[str, dict[str, Mapping[str, Any]]]] = {part: {} for part in parts}
        in_tab = "tab" in parts and not in_frames
        for batch in self._batches():
            names = [environment.name for environment in batch]
            ticket = self._world.call(
                self._target.begin_observation(names, parts=parts, tab_in_use=not in_frames)
            )
            if in_tab or set(parts) != {"tab"}:
                self._agent.navigate(tab if in_tab else Tab(), ticket.url)
            if in_frames:
                for address in ticket.tab_frames:
                    self._agent.frame(tab, address)
            observation = self._world.call(self._target.observation(ticket.id))
            for environment, surfaces in observation.items():
                for surface, shown in surfaces.items():
                    seen[shown["part"]].setdefault(environment, {})[surface] = shown
        if in_tab:
            self._agent.navigate(tab, EMPTY)
        return seen
