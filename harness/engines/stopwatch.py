"""Whether a browser was ended at once, by the time that really went by."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from harness.model.family import Medium, Rhythm
from harness.verbs import verbs_that

__all__ = ["TOO_SLOW", "Stopwatch"]

TOO_SLOW = (
    "this machine was so slow that the browser may or may not have written down what had just "
    "changed before it ended: chance decided"
)
"""A note for the evidence."""

_CHANGING = verbs_that(lambda verb: verb.browser)


_AT_START = (Medium.MARK, Medium.RESTART, Medium.SESSION)
_BY_CHANGES = (Medium.COOKIES, Medium.LOCAL_STORAGE, Medium.SESSION)


class _Write(NamedTuple):
    """When a medium is written by itself: at a time between the two, in seconds."""

    rhythm: Rhythm
    earliest: float
    latest: float


class Stopwatch:
    """The time in one life after another of a browser that is to be ended right after a change.

    `rhythms` are those in which it writes, none where nobody has measured them. What is written
    without delay is no matter of time.
    """

    def __init__(
        self, rhythms: Iterable[Rhythm] = (), now: Callable[[], float] = time.monotonic
    ) -> None:
        self._rhythms = [rhythm for rhythm in rhythms if rhythm.interval]
        self._now = now
        self._since: float | None = None
        self._due: list[_Write] = []
        self.changed = time.time()
        """When the last step was over that may have changed anything, in seconds since the epoch,
        as files are dated. A check opens a tab, too."""

    def started(self) -> None:
        """A life begins."""
        self._since = self._now()
        self._due = []
        self._expect(_AT_START, self._since, self._since)

    def _expect(self, media: Iterable[Medium], began: float, ended: float) -> None:
        self._due += [
            _Write(rhythm, began + rhythm.interval, ended + rhythm.interval)
            for rhythm in self._rhythms
            if rhythm.medium in media
        ]

    @contextlib.contextmanager
    def during(self, verb: str) -> Iterator[None]:
        """A step, or a check."""
        with self._changing() if verb in _CHANGING else contextlib.nullcontext():
            yield
        if verb != "settle":
            self.changed = time.time()

    @contextlib.contextmanager
    def _changing(self, media: Iterable[Medium] = _BY_CHANGES) -> Iterator[None]:
        began = self._now()
        if self._since is None:
            self._since = began
        try:
            yield
        finally:
            self._expect(media, began, self._now())

    @contextlib.contextmanager
    def settling(self) -> Iterator[None]:
        """Afterwards, all of it is on disk. To make the browser write, cookies are changed.

        Where enough changes make a browser write at once, the delay of the first of them runs on:
        it then writes what has changed since (Chromium: sqlite_persistent_cookie_store.cc,
        BatchOperation; measured: a cookie set 24 seconds after the first, with 600 others between,
        was on disk 6 seconds later). Any other write was the one that was due.
        """
        with self._changing((Medium.COOKIES,)):
            yield
        self._since = None
        self._due = [write for write in self._due if write.rhythm.operations]

    def too_slow(self) -> bool:
        """Whether it may have written by itself between what changed since it last settled, or
        started, and now."""
        if self._since is None:
            return False
        now = self._now()
        return any(write.earliest <= now and write.latest >= self._since for write in self._due)
