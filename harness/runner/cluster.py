"""A Dask cluster, as whoever has something to be carried out sees it.

What a job needs is a matter of its worker's: only workers that have the browser get it, one that is
lost has its jobs carried out by another, and those that join get what is left. `distributed` is an
extra, and loaded here when a cluster is asked for.
"""

import asyncio
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
_RETRIES = 2
"""Of a job whose process ended while its worker went on."""


class ClusterError(Exception):
    """A cluster that is not there, or not any more; the message is for the user."""


class _LostError(Exception):
    """An answer went with its worker, before it had come here."""


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


class _Waiting:
    """Jobs that are not handed out, each taken when it is needed."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs = iter(jobs)
        self._back: deque[Job] = deque()
        self.over = False
        """Whether there is nothing left; found out by taking."""

    def take(self) -> Job | None:
        """The next one."""
        job = self._back.popleft() if self._back else next(self._jobs, None)
        self.over = job is None
        return job

    def put_back(self, job: Job) -> None:
        """To be taken next."""
        self._back.appendleft(job)
        self.over = False


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
        self._missed: dict[str, float] = {}
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
            # A client that was told nonsense, or talks to something else, does not end by itself.
            asyncio.run(asyncio.wait_for(_probe(self.address), _ANSWERS_WITHIN))
            return distributed.Client(
                self.address, timeout=_ANSWERS_WITHIN, set_as_default=False, name="afterclose"
            )
        except ValueError as error:
            raise ClusterError(f"'{self.address}': not an address: {error}") from None
        except Exception:
            raise ClusterError(f"no Dask scheduler answers at {self.address}") from None

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

    def outcomes(
        self, jobs: Mapping[str, Iterable[Job]], ahead: int = 1
    ) -> Iterator[tuple[Job, Any]]:
        """Each job as it ends, with what was answered or a Failure. Raises ClusterError where it
        cannot go on.

        `jobs`: by what they need; each is asked for when it is handed out. `ahead`: how many are,
        for each that a worker carries out at a time.
        """
        waiting = {needs: _Waiting(some) for needs, some in jobs.items()}
        while self._handed or not all(some.over for some in waiting.values()):
            for needs, some in waiting.items():
                self._hand_out(needs, some, ahead)
            with contextlib.suppress(queue.Empty):
                future = self._ended.get(timeout=_TICK)
                handed = self._handed.get(future.key)
                if handed is not None:
                    try:
                        outcome = self._outcome(handed)
                    except _LostError:
                        self._take_back([handed], waiting)
                    else:
                        del self._handed[future.key]
                        yield handed.job, outcome
            if time.monotonic() - self._looked > _TICK:
                self._look()
                self._take_back(list(filter(self._is_stranded, self._handed.values())), waiting)

    def _hand_out(self, needs: str, waiting: _Waiting, ahead: int) -> None:
        from harness.runner.keeping import carry_out

        to = fitting(self.workers, needs)
        room = ahead * sum(self.workers[address].slots for address in to)
        room -= sum(handed.job.needs == needs for handed in self._handed.values())
        if not to:
            self._miss(needs, waiting)
            return
        self._missed.pop(needs, None)
        assert self._order is not None
        while room > 0 and (job := waiting.take()) is not None:
            room -= 1
            key = f"afterclose-{secrets.token_hex(8)}"
            future = self._client.submit(
                carry_out, self._order.run, job.question,
                key=key, pure=False, retries=_RETRIES, workers=to, allow_other_workers=False,
            )  # fmt: skip
            self._handed[key] = _Handed(job, future, frozenset(to))
            future.add_done_callback(self._ended.put)

    def _miss(self, needs: str, waiting: _Waiting) -> None:
        """Nobody is there who could do it: wait for a while, if there is something to do."""
        job = waiting.take()
        if job is None:
            return
        waiting.put_back(job)
        since = self._missed.setdefault(needs, time.monotonic())
        if time.monotonic() - since > _RETURNS_WITHIN:
            what = f" that has {needs}" if needs else ""
            raise ClusterError(f"no worker of {self.address}{what} is left")

    def _outcome(self, handed: _Handed) -> Any:
        def has_somebody() -> bool:
            self._look()
            return not self._is_stranded(handed)

        return _answer_of(handed.future, self.address, has_somebody)

    def _is_stranded(self, handed: _Handed) -> bool:
        """Whether the workers that it was handed to are all gone."""
        return not handed.to & self.workers.keys()

    def _take_back(self, lost: Sequence[_Handed], waiting: Mapping[str, _Waiting]) -> None:
        """Nobody answers any more: to be handed out anew."""
        for handed in lost:
            del self._handed[handed.future.key]
            waiting[handed.job.needs].put_back(handed.job)
        self._client.cancel([handed.future for handed in lost], force=True)

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
                self.tell(f"{address}: left out: has no Afterclose that can be asked: {answer}")
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


def _answer_of(future: Any, address: str, has_somebody: Callable[[], bool]) -> Any:
    """What was answered, or a Failure. Raises _LostError, and ClusterError where nobody knows of it
    any more.

    An answer may be lost before it is here; the scheduler has it made anew then, which may fail.
    """
    from distributed.scheduler import KilledWorker

    while future.status == "finished":
        try:
            return future.result(_ANSWERS_WITHIN)
        except TimeoutError:
            # It may be what the second try ended by.
            if not has_somebody() and future.status == "finished":
                raise _LostError from None
        except Exception as error:
            if future.status == "finished":
                return Failure(_told(error))
    if future.status in ("lost", "pending"):
        raise _LostError
    if future.status != "error":
        raise ClusterError(
            f"the scheduler at {address} went away, or was told to forget what it had"
        )
    failed = future.exception()
    if isinstance(failed, KilledWorker):
        tried = failed.allowed_failures + 1
        return Failure(f"each of the workers that tried it was lost, {tried} in a row")
    return Failure(_told(failed))


def _told(error: BaseException) -> str:
    return str(error) or type(error).__name__


async def _probe(address: str) -> None:
    """Raises an error of any kind where there is no scheduler, ValueError where there is no
    address."""
    import distributed

    async with distributed.rpc(address) as scheduler:
        if (await scheduler.identity())["type"] != "Scheduler":
            raise ConnectionError
