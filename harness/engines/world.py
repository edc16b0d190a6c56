"""What models share that carry out the same scenario step by step: the server, and its answers.

Browsers that are in the same state show the server the same, and are answered the same. So one of
them asks for all: a whole suite then takes seconds. Nothing of what a browser decides is shared.
"""

import http.client
import time
from collections.abc import Callable, Coroutine, Hashable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

from harness.engines.target import TargetEnvironment
from harness.engines.workshop import Workshop

__all__ = ["World"]

_T = TypeVar("_T")
_TIMEOUT = 30.0
"""Seconds that the server may take to answer."""


class World:
    """One server during one scenario."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self.target = workshop.target
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", urlsplit(self.target.url).port, timeout=_TIMEOUT
        )
        self.began = time.time()
        self._environments: list[TargetEnvironment] = []
        self._done: set[tuple[int, str]] = set()
        self._outcomes: dict[tuple[int, str, Hashable], Any] = {}

    def close(self) -> None:
        """Close the connection to the server."""
        self.connection.close()

    def begin(self, names: Sequence[str], keeps: Sequence[str]) -> list[TargetEnvironment]:
        """Reset the server, once; the environments named."""
        if not self._environments:
            self.call(self.target.reset(keeps))
            self._environments = self.call(self.target.environments(names))
        return self._environments

    def call(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Ask the server for something."""
        return self._workshop.run(work, _TIMEOUT)

    def once(
        self, step: int, what: str, work: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        """Do something to the server, unless another model has done it in this step."""
        if (step, what) not in self._done:
            self._done.add((step, what))
            self.call(work())

    def outcome(self, step: int, what: str, state: Hashable) -> Any:
        """What became of a browser in that state when it did that in this step, or None."""
        return self._outcomes.get((step, what, state))

    def keep(self, step: int, what: str, state: Hashable, outcome: Any) -> None:
        """Remember it."""
        self._outcomes[step, what, state] = outcome
