"""The one clock of a server: real time plus a distance that can be changed while it runs."""

import math
import time
from collections.abc import Callable

__all__ = ["Clock"]

_FURTHEST = 100 * 365 * 86_400


class Clock:
    """Time in seconds since the epoch. Issuing and checking both ask it, so they always agree."""

    def __init__(self, real_time: Callable[[], float] = time.time) -> None:
        self._real_time = real_time
        self._offset = 0.0

    @property
    def offset(self) -> float:
        """How many seconds this clock is ahead of real time."""
        return self._offset

    def now(self) -> float:
        """Seconds since the epoch, as everything on the server sees it."""
        return self._real_time() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock; raise ValueError unless `seconds` is finite and not negative, and the
        clock ends up no more than a hundred years ahead (dates have their limits)."""
        if not math.isfinite(seconds) or seconds < 0:
            raise ValueError(f"seconds must be a number of at least 0, not {seconds!r}")
        if self._offset + seconds > _FURTHEST:
            raise ValueError("the clock goes a hundred years ahead at most")
        self._offset += seconds

    def reset(self) -> None:
        """Back to real time."""
        self._offset = 0.0
