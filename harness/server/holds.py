"""Answers that are held back: how a request is kept under way while something else happens."""

import asyncio

__all__ = ["Holds"]

_LONGEST = 20.0
"""Seconds that an answer is held, or waited for."""


class _Hold:
    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.released = asyncio.Event()


class Holds:
    """At most one for each environment: its next answer of the authorization endpoint."""

    def __init__(self) -> None:
        self._armed: dict[str, _Hold] = {}
        self._under_way: dict[str, _Hold] = {}

    def arm(self, environment: str) -> None:
        """Hold the next answer back."""
        self._armed[environment] = self._under_way[environment] = _Hold()

    async def reached(self, environment: str) -> None:
        """Return once there is an answer to hold; raise KeyError if none was to be held, and
        TimeoutError if no request came."""
        async with asyncio.timeout(_LONGEST):
            await self._under_way[environment].reached.wait()

    def release(self, environment: str) -> None:
        """Let the answer go; raise KeyError if none was to be held."""
        self._armed.pop(environment, None)
        self._under_way.pop(environment).released.set()

    async def hold(self, environment: str) -> bool:
        """Called with an answer that is ready: wait if it is to be held; whether it was."""
        hold = self._armed.pop(environment, None)
        if hold is None:
            return False
        hold.reached.set()
        try:
            async with asyncio.timeout(_LONGEST):
                await hold.released.wait()
        except TimeoutError:
            self._under_way.pop(environment, None)
        return True

    def clear(self) -> None:
        """Hold nothing, and let go of what is held."""
        self._armed.clear()
        for hold in self._under_way.values():
            hold.released.set()
        self._under_way.clear()
