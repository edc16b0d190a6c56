"""How long a person has been away, and how long they still are until a moment of the policy."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from itertools import pairwise

from harness.policy import Limits
from harness.verbs import Moment, ScenarioError, Step, UnsupportedVerbError

__all__ = ["Absence", "some_time"]

_VISITS_AT_MOST = 50
"""Until one moment: some minutes, in a browser."""


class Absence:
    """Of one person. `limits` are those in force; none where nobody carries anything out, and then
    nobody knows how long anything is."""

    def __init__(self, limits: Collection[Limits]) -> None:
        self._limits = limits
        self._since_activity = timedelta(0)
        self._since_sign_in = timedelta(0)

    def note(self, step: Step) -> None:
        """Something has been done."""
        if step.verb in ("sign_in", "visit", "refresh_tokens"):
            self._since_activity = timedelta(0)
        if step.verb == "sign_in":
            self._since_sign_in = timedelta(0)
        if step.verb == "wait" and isinstance(step.value, timedelta):
            self._since_activity += step.value
            self._since_sign_in += step.value

    def until(self, moment: Moment) -> timedelta | None:
        """How long it is until a moment; None where nobody knows. Raises UnsupportedVerbError where
        there is no such limit, and ScenarioError where there are several, or the moment is over."""
        known = {moment.limit(limits) for limits in self._limits}
        if len(known) > 1:
            told = ", ".join(str(limit or "none") for limit in sorted(known, key=lambda n: n or 0))
            raise ScenarioError(
                f"the environments' {'absolute limits' if moment.is_absolute else 'timeouts'} "
                f"differ ({told} s); choose those of one"
            )
        if not known:
            return None
        limit = known.pop()
        if limit is None:
            raise UnsupportedVerbError(
                "no environment of this run has an absolute limit; choose one that has "
                "(the environment absolute)"
            )
        counted = self._since_sign_in if moment.is_absolute else self._since_activity
        left = moment.after(limit) - counted
        if left <= timedelta(0):
            raise ScenarioError(f"it is later than {moment.value}")
        return left

    def pauses(self, moment: Moment) -> Iterator[timedelta | None]:
        """How long to stay away before each visit that it takes for the inactivity timeout never to
        pass until a moment: one at least, all alike, in whole seconds; None where nobody knows.
        Raises UnsupportedVerbError where that is too often for anybody."""
        left = self.until(moment)
        if left is None:
            yield None
            return
        seconds = int(left.total_seconds())
        shortest = min(limits.inactivity for limits in self._limits)
        # In whole seconds, one at least: a pause can be a second longer than the next.
        visits = min(max(1, seconds // max(1, shortest - 1)), seconds - 1)
        if visits > _VISITS_AT_MOST:
            raise UnsupportedVerbError(
                f"with an inactivity timeout of {shortest} s it takes {visits} visits to stay "
                f"signed in until {moment.value}; {_VISITS_AT_MOST} at most are made"
            )
        at = [seconds * number // (visits + 1) for number in range(visits + 1)]
        for before, after in pairwise(at):
            yield timedelta(seconds=after - before)


def some_time(verb: str, time: timedelta) -> timedelta:
    """A time that a scenario gives a verb; raise ScenarioError where it is none."""
    if not isinstance(time, timedelta):
        raise ScenarioError(f"{verb}: must be a time as timedelta(hours=1), not {time!r}")
    if time <= timedelta(0):
        raise ScenarioError(f"{verb}: the time must be more than nothing, not {time}")
    return time
