"""A thread with an event loop in it, for work that a caller waits for who has none."""

import asyncio
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

__all__ = ["LoopThread"]

_T = TypeVar("_T")
_OF_WORK_GIVEN_UP = (
    "Task exception was never retrieved",
    "Future exception was never retrieved",
    "Task was destroyed but it is pending!",
)
"""What asyncio says of work whose end nobody has asked for."""


class LoopThread:
    """Runs until it is stopped."""

    def __init__(self, name: str) -> None:
        self.gave_up = False
        """Whether some work was given up: who did so has said why, and what is left of it, here or
        in Playwright, has nothing to add."""
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(self._tell)
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def begin(self, work: Coroutine[Any, Any, _T], timeout: float) -> "Future[_T]":
        """Begin to run a coroutine; it ends with TimeoutError after `timeout` seconds."""
        return asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, timeout), self._loop)

    def give_up(self, future: "Future[Any]") -> None:
        """Nobody waits for it any more."""
        if not future.done():
            self.gave_up = True
            future.cancel()

    def stop(self) -> None:
        """End the thread, whatever is still under way in it."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _tell(self, loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        if not (self.gave_up and context["message"] in _OF_WORK_GIVEN_UP):
            loop.default_exception_handler(dict(context))
