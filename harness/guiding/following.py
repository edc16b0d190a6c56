"""A lifecycle that a person carries out by hand, in every environment at once: what acts and looks
in the place of a driver."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from harness.engines.administrator import Administrator
from harness.engines.control_client import (
    ControlClient,
    ControlClientError,
    ServedEnvironment,
    Ticket,
)
from harness.engines.stopwatch import TOO_SLOW, Stopwatch
from harness.engines.tabs import in_any_tab
from harness.guiding.floor import Floor
from harness.guiding.hints import check, hints_of
from harness.guiding.trace import AT_SERVER, Trace, address_of, credentials
from harness.model.families import SETTLED_AFTER, rhythms_of
from harness.people import FIRST
from harness.received import Look, Seen
from harness.scenario import Scenario, Step, narrate, steps_of
from harness.server.desk import Came, Notice, Said
from harness.server.exchanges import Exchange
from harness.setup import Setup
from harness.verbs import verbs_that
from harness.windows import Windows

__all__ = ["Followed"]

_ENDING = ("quit", "crash", "end_os_session")
_ADMINISTRATOR = verbs_that(lambda verb: verb.administrator)
_T = TypeVar("_T")


class Followed:
    """What a person does, step by step. `left_out` is told of what could not be answered."""

    def __init__(
        self,
        floor: Floor,
        control: ControlClient,
        runner: asyncio.Runner,
        setup: Setup,
        scenario: Scenario,
        *,
        rules: str,
        real_wait: float,
        left_out: Callable[[str], None],
    ) -> None:
        self._floor = floor
        self._control = control
        self._runner = runner
        self._setup = setup
        self._title = scenario.title
        self._plan = steps_of(scenario, next(iter(setup.limits), None))
        self._rules = rules
        self._real_wait = real_wait
        self._left_out = left_out
        self._done: list[str] = []
        self._time: list[str] = []
        self._notes: list[str] = []
        self._someone = FIRST
        self._windows = Windows[object]()
        self._windows.start(object())
        self._before = 0
        """How many tabs the browser had at the end of its last life: so many may come back."""
        self._stopwatch = Stopwatch(rhythms_of(rules))
        self._environments: Sequence[ServedEnvironment] = ()
        self._administrator: Administrator | None = None

    def begin(self) -> None:
        """Nobody is signed in, and the server's clock stands still."""
        control, setup = self._control, self._setup
        self._floor.forget()
        self._run(control.reset(setup.keeps))
        self._run(control.stop_clock())
        self._environments = self._run(control.environments(setup.names))
        persistence = {e.name: e.effective_policy.persistence for e in setup.environments}
        self._administrator = Administrator(control, self._environments, persistence)
        self._stopwatch.started()

    def perform(self, step: Step) -> None:
        """Have the person do one step."""
        self._setup.check(step)
        check(step)
        with self._stopwatch.during(step.verb):
            self._do(step)
        self._account(step)
        self._done.append(narrate(step))

    def _do(self, step: Step) -> None:
        if step.verb in AT_SERVER:
            self._at_server(step)
        elif step.verb in _ADMINISTRATOR:
            assert self._administrator is not None
            self._tell(step, "There is nothing to do: the guide does it.")
            self._run(self._administrator.act(step))
        elif step.verb == "wait":
            self._wait(step)
        elif step.verb == "settle":
            self._for_real(step, SETTLED_AFTER)
            self._stopwatch = Stopwatch(rhythms_of(self._rules))
        elif step.verb == "start":
            self._start(step)
        else:
            self._tell(step, *hints_of(step), says=(Said.DONE, Said.SKIP))
            self._until(step, lambda heard: heard is Said.DONE)

    def _at_server(self, step: Step) -> None:
        hints = [f"Open {self._floor.address} in the tab in use of the browser that is measured."]
        if step.verb == "sign_in":
            if isinstance(step.value, str):
                self._someone = step.value
            often = f", each of the {len(self._environments)} times that you are asked"
            hints.append(
                f"{credentials(self._someone)}{often if len(self._environments) > 1 else ''}."
            )
        trace = Trace(step, self._environments)
        self._tell(
            step, *hints, sends=address_of(step, self._environments), says=(Said.SKIP,)
        )

        def enough(heard: object) -> bool:
            if isinstance(heard, Exchange):
                trace.take(heard)
            return trace.complete

        self._until(step, enough)
        self._floor.terminal.say("     Seen by the server.")

    def _start(self, step: Step) -> None:
        following = next(iter(self._plan[self._place + 1 :]), Step("check"))
        comes = following.verb in (*AT_SERVER, "check")
        hint = (
            f"Then come to {self._floor.address} in the tab in front."
            if comes
            else "Open nothing yet."
        )
        self._tell(
            step, *hints_of(step), hint, arrival=comes, says=(Said.DONE, Said.SKIP)
        )
        self._until(step, lambda heard: heard is Said.DONE or isinstance(heard, Came))
        self._stopwatch.started()

    def _wait(self, step: Step) -> None:
        assert isinstance(step.value, timedelta)
        seconds = step.value.total_seconds()
        if seconds <= self._real_wait:
            self._for_real(step, step.value)
            how = "waited for real, and the server's clock was moved as far"
        else:
            self._tell(step, "There is nothing to do: the server's clock is moved.")
            how = "the server's clock was moved; no browser grew older"
        self._run(self._control.advance(seconds))
        self._time.append(f"{seconds:.0f} s: {how}")

    def _for_real(self, step: Step, time: timedelta) -> None:
        until = datetime.now() + time
        self._tell(
            step, *hints_of(step), f"This goes on by itself at {until:%H:%M:%S}.", says=(Said.SKIP,)
        )
        self._floor.for_real(time.total_seconds(), narrate(step))

    def _account(self, step: Step) -> None:
        """Follow tabs and windows, and whether the browser ended too late for a question."""
        windows, number = self._windows, step.value if isinstance(step.value, int) else None
        tabs = len(windows.tabs)
        if step.verb in ("crash", "end_os_session") and self._stopwatch.too_slow():
            self._notes.append(TOO_SLOW)
        if step.verb in _ENDING:
            windows.gone()
        elif step.verb == "close_tab":
            windows.close_tab(number)
        elif step.verb == "close_window":
            windows.close_window(number)
        elif step.verb == "open_tab":
            windows.open_tab(object())
        elif step.verb == "open_window":
            windows.open_window(object())
        elif step.verb in ("start", "restart"):
            windows.start(object())
        if not windows or step.verb == "restart":
            self._before = tabs or self._before

    # Looking

    def look(self) -> Look:
        """Have the person show every surface to the server."""
        step = self._plan[self._place]
        with self._stopwatch.during("check"):
            seen = self._look(step, ("cookies", "browser", "tab"))
            several = self._before > 1 and any(
                shown.part == "tab" for surfaces in seen.values() for shown in surfaces.values()
            )
            if several:
                seen = in_any_tab(seen, self._others(step))
        self._done.append(narrate(step))
        notes = list(self._notes)
        if self._floor.ages.hurried:
            notes.append(
                "the person took so long that a cookie has expired in the browser, and not by "
                "the server's clock, which stood still"
            )
        agents = (f"a person did the steps; User-Agent: {a}" for a in self._floor.agents)
        return Look(
            seen=self._answered(seen, step),
            time=tuple(self._time),
            notes=(*notes, *agents),
            too_slow=bool(notes),
        )

    def _look(self, step: Step, parts: Collection[str], *hints: str) -> Seen:
        """In the tab that the person comes in; again, where it has not shown everything."""
        hints = hints or (
            f"Open {self._floor.address} in the tab in use of the browser that is measured.",
        )
        while True:
            ticket = self._run(
                self._control.begin_observation(
                    self._setup.names, tab_in_use=True, parts=tuple(parts)
                )
            )
            self._tell(step, *hints, sends=ticket.url, says=(Said.SKIP,))
            self._until(step, lambda heard: isinstance(heard, Came))
            seen = self._shown(ticket)
            if seen is not None:
                return seen
            hints = (f"Not everything was seen. Open {self._floor.address} once more.",)

    def _others(self, step: Step) -> list[tuple[str, Seen]]:
        """What belongs to each of the other tabs that came back."""
        told: list[tuple[str, Seen]] = []
        while True:
            ticket = self._run(
                self._control.begin_observation(self._setup.names, tab_in_use=True, parts=("tab",))
            )
            self._tell(
                step,
                "Have other tabs come back that show the application? Open "
                f"{self._floor.address} in each of them, one after the other.",
                "Say that you are done once there is none left.",
                sends=ticket.url,
                says=(Said.DONE, Said.SKIP),
            )
            heard = self._until(step, lambda h: isinstance(h, Came) or h is Said.DONE)
            if heard is Said.DONE:
                return told
            seen = self._shown(ticket)
            if seen is not None:
                told.append((f"number {len(told) + 1} that the person looked at", seen))

    def _shown(self, ticket: Ticket) -> Seen | None:
        """What the server received, or None where that is not all."""
        try:
            seen = self._run(self._control.observation(ticket.id))
            self._floor.until_back()
            return seen
        except ControlClientError as error:
            self._floor.terminal.say(f"     {error}")
            return None

    def _answered(self, seen: Seen, step: Step) -> Seen:
        """Without what only a browser that has grown older would show: where a cookie that it would
        have dropped is what somebody is still signed in by. Whoever is signed out with it would be
        so without it."""
        answered: dict[str, dict[str, Any]] = {}
        gone: dict[str, list[str]] = {}
        self._floor.catch_up()
        for environment in self._environments:
            surfaces = seen[environment.name]
            answered[environment.name] = {}
            for surface, shown in surfaces.items():
                cookie = self._floor.ages.outlived(surface, shown, surfaces["sso"], environment)
                if cookie and shown.signed_in:
                    gone.setdefault(cookie, []).append(f"{environment.name}/{surface}")
                else:
                    answered[environment.name][surface] = shown
        for cookie, cells in gone.items():
            self._left_out(
                f"{step.value}: left out {', '.join(cells)}: by then the browser has dropped the "
                f"cookie {cookie}, and one that nobody drives cannot be made older; --real-wait "
                "waits for it"
            )
        return answered

    # Telling

    @property
    def _place(self) -> int:
        """Which step it is."""
        return len(self._done)

    def _tell(self, step: Step, *hints: str, **about: Any) -> None:
        self._floor.tell(
            Notice(
                scenario=self._title,
                number=self._place + 1,
                of=len(self._plan),
                done=tuple(self._done),
                sentence=narrate(step),
                hints=hints,
                **about,
            )
        )

    def _until(self, step: Step, enough: Callable[[Any], bool]) -> Any:
        return self._floor.until(enough, narrate(step))

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return self._runner.run(work)
