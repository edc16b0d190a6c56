"""A scenario up to one of its checks alone, where to look is to be active: the lifecycle is played
again for each."""

from collections.abc import Callable, Collection

from harness.judging import Acting
from harness.policy import Limits
from harness.scenario import Browser, Check, Interpreter, Scenario, Step, steps_of

__all__ = ["EnoughError", "OneCheck", "checks_of"]


class EnoughError(Exception):
    """The check was made that the lifecycle was played for."""


class OneCheck:
    """An interpreter that leaves the checks before out, and ends after its own."""

    def __init__(self, interpreter: Interpreter, check: int) -> None:
        self._interpreter = interpreter
        self._left = check

    @staticmethod
    def of(check: int) -> Callable[[Interpreter, Collection[Limits], Acting], Browser]:
        """Makes a browser for a check, counted from 0."""

        def make(interpreter: Interpreter, limits: Collection[Limits], _: Acting) -> Browser:
            return Browser(OneCheck(interpreter, check), limits)

        return make

    def perform(self, step: Step) -> None:
        """Do one step."""
        self._interpreter.perform(step)

    def observe(self, label: str, steps: tuple[Step, ...]) -> Check:
        """Observe, if this is the check; raises EnoughError then."""
        if self._left:
            self._left -= 1
            return {}
        done = tuple(step for step in steps[:-1] if step.verb != "check")
        self._interpreter.observe(label, (*done, steps[-1]))
        raise EnoughError


def checks_of(scenario: Scenario) -> list[int]:
    """The number of each check, counted from 0."""
    return list(range(sum(step.verb == "check" for step in steps_of(scenario))))
