"""Many models at once: one scenario, carried out step by step in every model that is asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from harness.engines.answer_memo import AnswerMemo, AnswerMemos
from harness.engines.simulated import Simulated
from harness.model.family import Family
from harness.received import Look
from harness.scenario import Browser, Check, Scenario, Step, UnsupportedVerbError
from harness.setup import Setup

__all__ = ["Member", "play"]


@dataclass(kw_only=True)
class Member:
    """One model with one preset, and what came of the scenario there."""

    family: Family
    setup: Setup
    looks: list[tuple[str, tuple[Step, ...], Look]] = field(default_factory=list)
    """What it saw at each check, with the check's label and the steps up to it."""
    steps: tuple[Step, ...] = ()
    failure: Exception | None = None
    """Why it broke off, if it did."""


class _Lockstep:
    """An interpreter that passes each step on to all of its members."""

    def __init__(self, memo: AnswerMemo, members: Sequence[Member]) -> None:
        self._playing: list[tuple[Member, Simulated]] = []
        for member in members:
            simulated = Simulated(memo, member.family, member.setup)
            self._playing.append((member, simulated.__enter__()))

    def perform(self, step: Step) -> None:
        """Do one step in every model."""
        self._each(lambda member, simulated: simulated.perform(step))

    def observe(self, label: str, steps: tuple[Step, ...]) -> Check:
        """Look at every model. A scenario is told nothing of it."""
        self._each(
            lambda member, simulated: member.looks.append((label, steps, simulated.look()))
        )
        return {}

    def _each(self, do: Callable[[Member, Simulated], object]) -> None:
        for member, simulated in self._playing:
            if member.failure is None:
                try:
                    do(member, simulated)
                except Exception as error:
                    member.failure = error


def play(memos: AnswerMemos, scenario: Scenario, members: Sequence[Member]) -> None:
    """Carry the scenario out in every member at once, all for the same environments; each then has
    what it saw."""
    memo = memos.memo_of(scenario, members[0].setup.names)
    browser = Browser(_Lockstep(memo, members), members[0].setup.limits)
    try:
        scenario(browser)
    except UnsupportedVerbError as error:
        # Of the environments, and not of one model.
        for member in members:
            member.failure = member.failure or error
    finally:
        for member in members:
            member.steps = browser.steps
