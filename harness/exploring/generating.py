"""Random lifecycles, by Hypothesis: a state machine whose rules are the verbs.

It only writes steps down. They are carried out once the lifecycle is complete, so each is known in
full, and is carried out once.

A browser writes to disk in a rhythm of its own, and a real one does so while a machine is slow: so
a crash comes at once after what changed something, or when all of it is on disk, never between.
Chromium writes the second change of an origin's `localStorage` up to a minute later: so nothing
settles after a sign-out. And for ten seconds after it restarted itself, its profile still says that
it does, a crash meanwhile being another restart: so one comes directly after it, or not so soon.
No usual application has a refresh token, so none is exchanged.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from harness.exploring.lifecycle import Lifecycle
from harness.exploring.shortening import AT_ONCE
from harness.model.families import SETTLED_AFTER
from harness.people import PEOPLE
from harness.scenario import Browser, Check, Step
from harness.verbs import verbs_that

__all__ = ["explore"]

_STEPS = 9
"""Verbs in a lifecycle at most, beside the sign-in that it begins with."""
_TIMES = tuple(
    timedelta(**time)
    for time in (
        {"seconds": 1}, {"seconds": 40}, {"hours": 7}, {"hours": 23, "minutes": 55},
        {"hours": 24, "minutes": 5}, {"days": 30}, {"days": 401},
    )
)  # fmt: skip
_BACK = timedelta(hours=1)
"""How far somebody sets the clock back, once in a lifecycle. The driver sets an open browser's
cookies again to make them younger, and Chromium caps each as it is set: with more, that would
show."""
_PAIRS = (("persistent", "non_persistent"), ("org_persistent", "org_non_persistent"))


class _Notes:
    """An interpreter that writes down."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def perform(self, step: Step) -> None:
        self.steps.append(step)

    def observe(self, label: str, steps: tuple[Step, ...]) -> Check:
        self.steps.append(Step("check", label))
        return {}


class _Machine(RuleBasedStateMachine):
    engine: ClassVar[str]
    presets: ClassVar[Sequence[str]]
    policies: ClassVar[frozenset[str]]
    cannot: ClassVar[Sequence[tuple[str, str | None]]]
    judge: ClassVar[Callable[[Lifecycle], str | None]]

    def __init__(self) -> None:
        super().__init__()
        self.notes = _Notes()
        self.browser = Browser(self.notes)
        self.preset = ""
        self.pair: tuple[str, ...] = ()
        self.unwritten = 0
        self.signed_out = False
        self.restarted = False
        self.just_started = False
        self.clock_is_right = True
        self.closed = False
        self.checks = 0

    @property
    def running(self) -> bool:
        return bool(self.browser._windows)

    def can(self, verb: str) -> bool:
        return self.running and not any(
            verb == other and preset in (None, self.preset) for other, preset in self.cannot
        )

    def did(self) -> None:
        self.unwritten += 1
        self.just_started = False

    @initialize(data=st.data())
    def begin(self, data: Any) -> None:
        pairs: list[tuple[str, ...]] = [
            pair for pair in _PAIRS if self.policies.issuperset(pair)
        ]
        self.preset = data.draw(st.sampled_from(list(self.presets)))
        self.pair = data.draw(st.sampled_from(pairs or [tuple(sorted(self.policies))]))
        self.browser.sign_in()
        self.did()

    @rule(verb=st.sampled_from(["sign_in", "visit", "sign_out", "sign_out_during_visit"]))
    @precondition(lambda self: self.running)
    def use(self, verb: str) -> None:
        getattr(self.browser, verb)()
        self.signed_out = self.signed_out or verb.startswith("sign_out")
        self.did()

    @rule(person=st.sampled_from(sorted(PEOPLE)))
    @precondition(lambda self: self.running)
    def sign_in_as(self, person: str) -> None:
        self.browser.sign_in(as_=person)
        self.did()

    @rule(verb=st.sampled_from(["open_tab", "open_window", "open_popup", "pin_tab"]))
    @precondition(lambda self: self.running)
    def open(self, verb: str) -> None:
        if self.can(verb):
            getattr(self.browser, verb)()
            self.did()

    @rule(
        where=st.sampled_from(["open_tab", "open_window"]),
        verb=st.sampled_from(["sign_in", "visit", "sign_out"]),
    )
    @precondition(lambda self: self.running)
    def use_beside(self, where: str, verb: str) -> None:
        """Several tabs or windows, each with something in it, are what people have open."""
        if self.can(where):
            self.open(where)
            self.use(verb)

    @rule(verb=st.sampled_from(["close_tab", "close_window"]), first=st.booleans())
    @precondition(lambda self: self.running)
    def close(self, verb: str, first: bool) -> None:
        getattr(self.browser, verb)(1 if first else None)
        self.closed = self.closed or self.running
        self.did()

    @rule(verb=st.sampled_from(["quit", "restart"]))
    @precondition(lambda self: self.running)
    def end(self, verb: str) -> None:
        getattr(self.browser, verb)()
        self.restarted = verb == "restart"
        self.unwritten = AT_ONCE
        self.signed_out = False

    @rule(verb=st.sampled_from(["crash", "end_os_session"]), settled=st.booleans())
    @precondition(
        lambda self: self.running and not (self.signed_out and self.unwritten > AT_ONCE)
    )
    def break_off(self, verb: str, settled: bool) -> None:
        if (settled and not self.signed_out) or self.unwritten > AT_ONCE:
            self.browser.settle()
            self.restarted = False
        getattr(self.browser, verb)()
        self.restarted = self.restarted and verb == "crash"

    @rule(restoring=st.booleans())
    @precondition(lambda self: not self.running)
    def start(self, restoring: bool) -> None:
        self.browser.start(restoring=restoring)
        self.unwritten = AT_ONCE if self.restarted else 1
        self.signed_out, self.just_started = False, True

    # Chromium lists the last session's tabs among others that were closed, now or before.
    @rule()
    @precondition(lambda self: self.running and self.just_started and not self.closed)
    def restore(self) -> None:
        self.browser.restore_previous_session()
        self.did()

    @rule()
    @precondition(lambda self: self.running and not self.signed_out)
    def settle(self) -> None:
        self.browser.settle()
        self.unwritten, self.restarted = 0, False

    @rule(time=st.sampled_from(_TIMES))
    @precondition(lambda self: self.running or "background" not in self.preset)
    def wait(self, time: timedelta) -> None:
        self.browser.wait(time)
        if self.running and time >= SETTLED_AFTER:
            self.unwritten = AT_ONCE + 1 if self.signed_out else 0
            self.restarted = False

    @rule()
    @precondition(
        lambda self: self.clock_is_right and (self.running or "background" not in self.preset)
    )
    def set_clock_back(self) -> None:
        self.browser.set_clock_back(_BACK)
        self.clock_is_right = False
        self.did()

    @rule(verb=st.sampled_from(sorted(verbs_that(lambda verb: verb.administrator))))
    def administrate(self, verb: str) -> None:
        getattr(self.browser.administrator, verb)()

    @rule()
    @precondition(lambda self: self.running and self.checks < 2)
    def check(self) -> None:
        self._check()
        self.did()

    def _check(self) -> None:
        self.checks += 1
        self.browser.check(f"check {self.checks}")

    def teardown(self) -> None:
        """The lifecycle is complete: carry it out."""
        if not self.pair:
            return
        if not self.running:
            self.browser.start()
        if self.notes.steps[-1].verb != "check":
            self._check()
        found = type(self).judge(
            Lifecycle(
                engine=self.engine,
                preset=self.preset,
                policies=self.pair,
                steps=tuple(self.notes.steps),
            )
        )
        assert found is None, found


def explore(
    judge: Callable[[Lifecycle], str | None],
    *,
    engine: str,
    presets: Sequence[str],
    policies: frozenset[str],
    cannot: Sequence[tuple[str, str | None]],
    examples: int,
    random_seed: int,
) -> None:
    """Have `judge` look at random lifecycles until it says what is wrong with one, which raises
    AssertionError."""

    class Machine(_Machine):
        pass

    Machine.engine, Machine.presets, Machine.policies = engine, presets, policies
    Machine.cannot, Machine.judge = cannot, staticmethod(judge)
    chosen = settings(
        max_examples=examples,
        stateful_step_count=_STEPS,
        deadline=None,
        database=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        # `shorten` does it in a tenth of the lifecycles: it knows what a step is.
        phases=(Phase.generate,),
    )
    run_state_machine_as_test(seed(random_seed)(Machine), settings=chosen)
