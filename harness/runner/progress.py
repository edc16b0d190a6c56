"""How far a run is: what is under way, what is done, and how long the rest will take."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

__all__ = ["Progress", "item_of", "name_of", "told_time"]

_REPETITION = re.compile(r"(?<!privacy)-\d+\]$")


def item_of(nodeid: str) -> str:
    """What pytest calls an item, as people do: `module.function[engine-preset]`."""
    path, _, name = nodeid.partition("::")
    return f"{Path(path).stem}.{name}"


def name_of(nodeid: str) -> str:
    """Likewise, whichever repetition it is."""
    return _REPETITION.sub("]", item_of(nodeid))


def told_time(seconds: float) -> str:
    """A duration for people, not more exact than they want it."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 10:
        return f"{minutes} min {rest:02} s"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02} min"


class Progress:
    """Of one run. `recorded`: how long items took in an earlier one, in seconds, by name."""

    def __init__(
        self, recorded: Mapping[str, float], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._recorded = recorded
        self._now = now
        self._waiting: dict[str, float | None] = {}
        """With how long each took in the earlier run."""
        self._took: dict[str, float] = {}
        self._known = self._known_took = 0.0
        self.began = now()
        self.under_way: dict[str, float] = {}
        """By pytest's name, since when, in the order that they began."""
        self.at_a_time = 1
        """How many items are carried out at once."""

    @property
    def total(self) -> int:
        """How many items there are."""
        return self.done + len(self._waiting)

    @property
    def done(self) -> int:
        """How many of them have ended."""
        return len(self._took)

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self._now() - self.began

    def expect(self, nodeids: Sequence[str]) -> None:
        """These are to be carried out; what is known already counts once."""
        new = [n for n in nodeids if n not in self._took and n not in self._waiting]
        self._waiting |= {nodeid: self._recorded_of(nodeid) for nodeid in new}

    def start(self, nodeid: str) -> None:
        """An item begins."""
        self.under_way[nodeid] = self._now()

    def end(self, nodeid: str, seconds: float) -> None:
        """An item has ended, which took so long."""
        self.under_way.pop(nodeid, None)
        self._waiting.pop(nodeid, None)
        self._took[nodeid] = seconds
        known = self._recorded_of(nodeid)
        if known is not None:
            self._known += known
            self._known_took += seconds

    @property
    def left(self) -> float | None:
        """Seconds until the end, about; None where nothing tells.

        An item takes as long as it did before, by as much more or less as this run's items take
        than theirs; one that nothing is known of takes as long as this run's on average.
        """
        slower = self._known_took / self._known if self._known > 0 else 1.0
        average = sum(self._took.values()) / len(self._took) if self._took else None
        left = 0.0
        # Whoever shows it asks in a thread of their own.
        for nodeid, known in [*self._waiting.items()]:
            cost = known * slower if known is not None else average
            if cost is None:
                return None
            since = self.under_way.get(nodeid)
            left += max(0.0, cost - (self._now() - since if since is not None else 0.0))
        return left / self.at_a_time

    def _recorded_of(self, nodeid: str) -> float | None:
        known = self._recorded.get(item_of(nodeid))
        return self._recorded.get(name_of(nodeid)) if known is None else known
