"""The one clock of a server: real time plus a distance that can be changed while it runs; or, once
it is stopped, the time that it is moved to."""

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
        self._stopped: float | None = None

    @property
    def offset(self) -> float:
        """How many seconds this clock is ahead of real time."""
        return self.now() - self._real_time() if self._stopped is not None else self._offset

    def now(self) -> float:
        """Seconds since the epoch, as everything on the server sees it."""
        if self._stopped is not None:
            return self._stopped
        return self._real_time() + self._offset

    def stop(self) -> None:
        """From now on, time goes by where it is moved, and nowhere else: what somebody does in a
        browser then takes none, and a timeout can be met to the second."""
        self._stopped = self.now()

    def advance(self, seconds: float) -> None:
        """Move the clock; raise ValueError unless `seconds` is finite and not negative, and the
        clock ends up no more than a hundred years ahead (dates have their limits)."""
        if not math.isfinite(seconds) or seconds < 0:
            raise ValueError(f"seconds must be a number of at least 0, not {seconds!r}")
        if self.offset + seconds > _FURTHEST:
            raise ValueError("the clock goes a hundred years ahead at most")
        if self._stopped is not None:
            self._stopped += seconds
        else:
            self._offset += seconds

    def reset(self) -> None:
        """Back to real time, and going."""
        self._offset, self._stopped = 0.0, None
