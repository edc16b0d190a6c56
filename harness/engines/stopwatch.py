"""Whether a browser was ended at once, by the time that really went by."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["TOO_SLOW", "Delays", "Stopwatch"]

TOO_SLOW = (
    "this machine was so slow that the browser may have written down what had just changed before "
    "it was ended: chance decided"
)
"""A note for the evidence."""

_CHANGING = (
    "sign_in", "sign_out", "sign_out_during_visit", "visit", "wait", "set_clock_back",
    "open_tab", "open_window", "open_popup", "pin_tab", "close_tab", "close_window",
    "restore_previous_session",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Delays:
    """Seconds after which a browser writes to disk by itself: once it has started, and once
    something has changed."""

    start: tuple[float, ...] = ()
    change: tuple[float, ...] = ()


class Stopwatch:
    """The time in one life after another of a browser that is to be ended right after a change.

    A delay runs on although the browser has been made to write meanwhile: it then writes what has
    changed since (Chromium: sqlite_persistent_cookie_store.cc, BatchOperation; measured: a cookie
    set 24 seconds after the first, with 600 others between, was on disk 6 seconds later).
    """

    def __init__(self, delays: Delays, now: Callable[[], float] = time.monotonic) -> None:
        self._delays = delays
        self._now = now
        self._since: float | None = None
        self._due: list[tuple[float, float]] = []
        self.changed = time.time()
        """When the last step was over that may have changed anything, in seconds since the epoch,
        as files are dated. A check opens a tab, too."""

    def started(self) -> None:
        """A life begins."""
        self._since = self._now()
        self._due = [(self._since + delay, self._since + delay) for delay in self._delays.start]

    @contextlib.contextmanager
    def during(self, verb: str) -> Iterator[None]:
        """A step, or a check."""
        with self.changing() if verb in _CHANGING else contextlib.nullcontext():
            yield
        if verb != "settle":
            self.changed = time.time()

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Something changes meanwhile that is to be written down."""
        began = self._now()
        if self._since is None:
            self._since = began
        try:
            yield
        finally:
            ended = self._now()
            self._due += [(began + delay, ended + delay) for delay in self._delays.change]

    def settled(self) -> None:
        """All of it is on disk."""
        self._since = None

    def too_slow(self) -> bool:
        """Whether it may have written by itself between what changed since it last settled, or
        started, and now."""
        if self._since is None:
            return False
        now = self._now()
        return any(earliest <= now and latest >= self._since for earliest, latest in self._due)
