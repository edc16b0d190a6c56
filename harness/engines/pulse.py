"""Whether this machine is too busy for processes to get their turn: felt, not asked."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from harness.engines.engine import Engine

__all__ = ["Pulse", "ends_unwritten"]

_EVERY = 0.01
"""Seconds that it sleeps at a time."""
_LATE = 2.0
"""How many times that it may take: measured, on a machine with ten runnable processes for each
core, the longest of some thirty such sleeps was always more."""


class Pulse:
    """An asynchronous context manager. It sleeps for a moment again and again: `late` says whether
    the machine once took more than its time to wake it. `sleep` takes seconds."""

    def __init__(
        self,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sleep = sleep
        self._now = now
        self.longest = 0.0
        """Of those sleeps, in seconds."""

    @property
    def late(self) -> bool:
        """Whether one of them took too long."""
        return self.longest > _LATE * _EVERY

    async def __aenter__(self) -> "Pulse":
        self._beating = asyncio.ensure_future(self._beat())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._beating.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._beating

    async def _beat(self) -> None:
        while True:
            began = self._now()
            await self._sleep(_EVERY)
            self.longest = max(self.longest, self._now() - began)


async def ends_unwritten(
    ending: Coroutine[Any, Any, None], engine: Engine, profile: Path, before: Mapping[str, str]
) -> bool:
    """Let a browser end by itself; whether it had no time to write down what has changed. `before`
    has what `Engine.stored` said of the origins whose `localStorage` has changed.

    Chromium does not wait for the process that writes it, which may get no turn before its own end
    (seen on a machine with ten runnable processes for each core).
    """
    async with Pulse() as pulse:
        await ending
    if pulse.late:
        for origin, was in before.items():
            if await asyncio.to_thread(engine.stored, profile, origin) == was:
                return True
    return False
