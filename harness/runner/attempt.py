"""An item, carried out once: what came of it is written down whole, at its end, or not at all."""

import secrets
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

import pytest
from msgspec import structs

from harness.records import Done, Error, Observation, Unsupported
from harness.reports.baseline import Failure, is_failure

__all__ = ["Attempt", "UnexpectedError"]

_BY_ITSELF = (AssertionError, pytest.fail.Exception)
_ENDS = (type(None), Exception, pytest.fail.Exception, pytest.skip.Exception)
"""What an item ends by; by anything else it is interrupted."""


class UnexpectedError(Exception):
    """Observations that are not as expected; the message lists them."""


class Attempt:
    """A context manager, around everything that is done for an item.

    Whoever resumes a run must know of each item whether it has ended, however the run did. So all
    of its records go out in one write, the one that says so last; an item that is interrupted has
    none.
    """

    failed = False
    """Whether the item has failed by an assertion of its own."""
    lifecycles = 0
    """How many it had so far."""

    def __init__(
        self,
        write: Callable[..., None],
        *,
        scenario: str,
        engine: str,
        engine_version: str,
        preset: str,
        repetition: int = 1,
    ) -> None:
        self.scenario = scenario
        self.engine = engine
        self.engine_version = engine_version
        self.preset = preset
        self.repetition = repetition
        self._write = write
        self._stamp: dict[str, Any] = {"repetition": repetition, "attempt": secrets.token_hex(4)}
        self._records: list[Observation | Unsupported | Error] = []
        self._began = 0.0

    @property
    def failures(self) -> list[Failure]:
        """What came of the item so far that fails it, unless it is accepted."""
        return [r for r in self._records if isinstance(r, Failure) and is_failure(r)]

    def note(self, *records: Observation | Unsupported | Error) -> None:
        """What came of the item so far."""
        self._records += [structs.replace(record, **self._stamp) for record in records]

    def __enter__(self) -> "Attempt":
        self._began = time.perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, pytest.exit.Exception) or not isinstance(error, _ENDS):
            return
        told = (*_BY_ITSELF, UnexpectedError, pytest.skip.Exception, type(None))
        broke_off = any(isinstance(record, Error) for record in self._records)
        if not broke_off and not isinstance(error, told):
            # Before the first step, say: a scenario that cannot be read.
            self.note(
                Error(
                    scenario=self.scenario,
                    engine=self.engine,
                    engine_version=self.engine_version,
                    preset=self.preset,
                    message=str(error) or type(error).__name__,
                    steps=(),
                )
            )
        done = Done(
            scenario=self.scenario,
            engine=self.engine,
            preset=self.preset,
            duration_s=round(time.perf_counter() - self._began, 3),
            failed=self.failed or isinstance(error, _BY_ITSELF),
            **self._stamp,
        )
        self._write(*self._records, done)
