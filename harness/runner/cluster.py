"""A Dask cluster, as whoever has something to be carried out sees it.

What a job needs is a matter of its worker's: only workers that have the browser get it, one that is
lost has its jobs carried out by another, and those that join get what is left. `distributed` is an
extra, and loaded here when a cluster is asked for.
"""

import contextlib
import logging
import queue
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version as installed_version
from typing import Any

from harness.runner.luggage import Announcement, Order

__all__ = ["Cluster", "ClusterError", "Failure", "Job", "NoWorkerError", "fitting"]

_ANSWERS_WITHIN = 5
"""Seconds that a scheduler has to answer."""
_TICK = 1.0
"""Seconds after which it is asked which workers there are."""
_RETURNS_WITHIN = 30.0
"""Seconds that a worker has to come back, where it was the last one: a nanny starts it again."""
_AHEAD = 2
"""Jobs that are handed out for each that a worker carries out at a time: it need not wait."""
_RETRIES = 2
"""Of a job whose process ended while its worker went on."""


class ClusterError(Exception):
    """A cluster that is not there, or not any more; the message is for the user."""


class NoWorkerError(ClusterError):
    """There is nobody who could carry anything out."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """Something to be carried out by one worker."""

    question: Any
    """For a child of the worker's."""
    needs: str = ""
    """The browser, by the name of its engine; none for a model."""


@dataclass(frozen=True)
class Failure:
    """Why there is no answer, in a sentence."""

    sentence: str


def fitting(workers: Mapping[str, Announcement], needs: str) -> list[str]:
    """The addresses of those that have the browser, or of all where none is needed."""
    return [
        address
        for address, announced in workers.items()
        if not needs or needs in announced.engines
    ]


@dataclass
class _Handed:
    """What has been handed out and not come back."""

    job: Job
    future: Any
    to: frozenset[str]


@dataclass(kw_only=True)
class Cluster:
    """A connection to a scheduler. `tell` hears, in a line, of what is worth knowing.

    Raises ClusterError where nobody answers, or `distributed` is missing; NoWorkerError where there
    is no worker that can do anything.
    """

    address: str
    engines: Sequence[str]
    """The browsers that workers are asked about."""
    tell: Callable[[str], None]
    workers: dict[str, Announcement] = field(default_factory=dict)
    """Those that can do something, by address."""

    def __post_init__(self) -> None:
        self._version = installed_version("afterclose")
        self._order: Order | None = None
        self._known: set[str] = set()
        self._handed: dict[str, _Handed] = {}
        self._ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._looked = 0.0
        self._none_since: dict[str, float] = {}
        self._client = self._connect()
        try:
            self._look()
            if not self._known:
                raise NoWorkerError(f"the scheduler at {self.address} has no workers")
            if not self.workers:
                raise NoWorkerError(f"no worker of {self.address} can carry anything out")
        except BaseException:
            self.close()
            raise

    def _connect(self) -> Any:
        try:
            import distributed
        except ModuleNotFoundError:
            raise ClusterError(
                "needs the package 'distributed'; get it with: "
                "pip install 'afterclose[distributed]'"
            ) from None
        # What it has to say of connections is told by the lines of this module.
        logging.getLogger("distributed").setLevel(logging.CRITICAL + 1)
        try:
            return distributed.Client(
                self.address, timeout=_ANSWERS_WITHIN, set_as_default=False, name="afterclose"
            )
        except (OSError, ValueError, TypeError) as error:
            reason = "" if isinstance(error, OSError) else f" ({error})"
            raise ClusterError(f"no Dask scheduler answers at {self.address}{reason}") from None

    @property
    def versions(self) -> dict[str, str]:
        """The versions of each browser that workers have; nothing where none has it."""
        found = {
            name: {w.engines[name] for w in self.workers.values() if name in w.engines}
            for name in self.engines
        }
        return {name: ", ".join(sorted(versions)) for name, versions in found.items()}

    def employ(self, order: Order) -> None:
        """Tell every worker of a run, also those that will join."""
        self._order = order
        self._employ(list(self.workers))

    def _employ(self, addresses: Sequence[str]) -> None:
        from harness.runner.keeping import employ

        if self._order is not None and addresses:
            self._client.run(employ, self._order, workers=list(addresses), on_error="ignore")

    def outcomes(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Any]]:
        """Each job as it ends, with what was answered or a Failure. Raises ClusterError where it
        cannot go on."""
        waiting: dict[str, deque[Job]] = {}
        for job in jobs:
            waiting.setdefault(job.needs, deque()).append(job)
        while any(waiting.values()) or self._handed:
            for needs, jobs_left in waiting.items():
                self._hand_out(needs, jobs_left)
            with contextlib.suppress(queue.Empty):
                future = self._ended.get(timeout=_TICK)
                handed = self._handed.pop(future.key, None)
                if handed is not None:
                    yield handed.job, self._outcome(future)
            if time.monotonic() - self._looked > _TICK:
                self._look()
                for handed in self._stranded():
                    waiting[handed.job.needs].appendleft(handed.job)

    def _hand_out(self, needs: str, jobs: deque[Job]) -> None:
        from harness.runner.keeping import carry_out

        to = fitting(self.workers, needs)
        self._wait_for_some(needs, to, bool(jobs))
        slots = sum(self.workers[address].slots for address in to)
        out = sum(handed.job.needs == needs for handed in self._handed.values())
        assert self._order is not None
        while jobs and out < _AHEAD * slots:
            job = jobs.popleft()
            out += 1
            key = f"afterclose-{secrets.token_hex(8)}"
            future = self._client.submit(
                carry_out, self._order.run, job.question,
                key=key, pure=False, retries=_RETRIES, workers=to, allow_other_workers=False,
            )  # fmt: skip
            self._handed[key] = _Handed(job, future, frozenset(to))
            future.add_done_callback(self._ended.put)

    def _wait_for_some(self, needs: str, to: Sequence[str], wanted: bool) -> None:
        if to or not wanted:
            self._none_since.pop(needs, None)
            return
        since = self._none_since.setdefault(needs, time.monotonic())
        if time.monotonic() - since > _RETURNS_WITHIN:
            raise ClusterError(f"no worker of {self.address} is left that has {needs or 'models'}")

    def _outcome(self, future: Any) -> Any:
        from distributed.scheduler import KilledWorker

        if future.status == "finished":
            return future.result()
        if future.status != "error":
            raise ClusterError(
                f"the scheduler at {self.address} went away, or was told to forget what it had"
            )
        error = future.exception()
        if isinstance(error, KilledWorker):
            return Failure(
                f"each of the workers that tried it was lost, {error.allowed_failures + 1} in a row"
            )
        return Failure(str(error) or type(error).__name__)

    def _stranded(self) -> list[_Handed]:
        """What was handed to workers that are all gone; it is taken back."""
        found = [h for h in self._handed.values() if not h.to & self.workers.keys()]
        for handed in found:
            del self._handed[handed.future.key]
        self._client.cancel([handed.future for handed in found], force=True)
        return found

    def _look(self) -> None:
        """Which workers there are; those that are new are asked what they have."""
        from harness.runner.keeping import greet

        self._looked = time.monotonic()
        try:
            there = set(self._client.nthreads())
            new = sorted(there - self._known)
            answers = (
                self._client.run(
                    greet, self._version, tuple(self.engines), workers=new, on_error="return"
                )
                if new
                else {}
            )
        except OSError:
            raise ClusterError(f"the scheduler at {self.address} went away") from None
        self._known = there
        self.workers = {a: w for a, w in self.workers.items() if a in there}
        for address, answer in sorted(answers.items()):
            if not isinstance(answer, Announcement):
                self.tell(f"{address}: left out: cannot be asked for Afterclose: {answer}")
            elif answer.version != self._version:
                self.tell(
                    f"{address}: left out: has Afterclose {answer.version}, not {self._version}"
                )
            else:
                self.workers[address] = answer
        self._employ([address for address in new if address in self.workers])

    def close(self) -> None:
        """End everything that was begun, anywhere; what has not come back is given up."""
        from harness.runner.keeping import depart

        # A cluster that has gone has ended its own.
        with contextlib.suppress(OSError), contextlib.closing(self._client):
            self._client.cancel([h.future for h in self._handed.values()], force=True)
            self._handed.clear()
            if self._order is not None:
                self._client.run(depart, self._order.run, on_error="ignore")
