"""Exploring in several processes at once: each has its own server, browsers and random numbers."""

import contextlib
import multiprocessing
import queue
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from harness.config import Config
from harness.engines import cannot_of
from harness.engines.leftovers import clear_runs, hold, new_folder, remove
from harness.engines.processes import kill_users_of
from harness.exploring.lifecycle import Lifecycle
from harness.exploring.oracle import ChanceError, Found, Oracle
from harness.exploring.shortening import shorten
from harness.scenario import UnsupportedVerbError

__all__ = [
    "Progress",
    "Task",
    "WorkerError",
    "account",
    "divide",
    "explore_part",
    "run_workers",
]

_TROUBLES = (ChanceError, UnsupportedVerbError)


class WorkerError(Exception):
    """A process failed, so that nothing can be said of its lifecycles."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is to be explored; `corpus` comes first."""

    engine: str
    presets: tuple[str, ...]
    config: Config
    examples: int
    random_seed: int
    seconds: float | None
    corpus: tuple[Lifecycle, ...] = ()


@dataclass(kw_only=True)
class Progress:
    """How far it has come."""

    lifecycles: int = 0
    steps: int = 0
    broken_off: list[str] = field(default_factory=list)
    """Lifecycles that chance decided, or that the browser cannot do: they count for nothing."""
    found: list[Found] = field(default_factory=list)


def run_workers(task: Task, workers: int, told: Callable[[Progress], None]) -> Progress:
    """Explore in that many processes; `told` hears of every change, by then or later.

    Interrupted (SIGINT, SIGTERM), every process ends its step and tells what it has found before
    KeyboardInterrupt is raised; interrupted again, they are killed. Raises WorkerError if a process
    failed.
    """
    context = multiprocessing.get_context("spawn")
    messages: Any = context.Queue()
    stop = context.Event()
    clear_runs()
    folder = new_folder()
    held = hold(folder)
    processes = [
        context.Process(target=explore_part, args=(part, folder, messages, stop))
        for part in divide(task, workers)
    ]
    progress = Progress()
    with _interrupts() as interrupts:
        try:
            _start(processes)
            while any(process.is_alive() for process in processes) or not messages.empty():
                if interrupts:
                    stop.set()
                with contextlib.suppress(queue.Empty):
                    account(progress, *messages.get(timeout=0.5))
                    told(progress)
        finally:
            for process in processes:
                if process.is_alive():
                    process.kill()
                process.join()
            # Where a process was killed, nobody else ends its browsers.
            kill_users_of(folder)
            remove(folder)
            held.close()
    if interrupts:
        raise KeyboardInterrupt
    if any(process.exitcode for process in processes):
        raise WorkerError("a process of the exploration failed; what it said is above")
    return progress


def _start(processes: Sequence[BaseProcess]) -> None:
    """Start them deaf to Ctrl+C, which reaches the whole group: an exception that is raised
    anywhere is lost where Python or Hypothesis collect garbage, and breaks requests off."""
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for process in processes:
            process.start()
    finally:
        signal.signal(signal.SIGINT, handler)


@contextlib.contextmanager
def _interrupts() -> Iterator[list[int]]:
    """The first interrupt is only noted; the second raises KeyboardInterrupt."""
    interrupts: list[int] = []

    def note(number: int, _: object) -> None:
        if interrupts:
            raise KeyboardInterrupt
        interrupts.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def divide(task: Task, workers: int) -> list[Task]:
    """So many parts of about the same size, or fewer where there is not enough to do."""
    share, rest = divmod(task.examples, workers)
    return [
        Task(
            engine=task.engine,
            presets=task.presets,
            config=task.config,
            examples=share + (number < rest),
            # Far apart, so that the next seed is not the second worker of this one.
            random_seed=task.random_seed + number * 1_000_003,
            seconds=task.seconds,
            corpus=task.corpus[number::workers],
        )
        for number in range(workers)
        if share + (number < rest) or task.corpus[number::workers]
    ]


def account(progress: Progress, kind: str, value: Any) -> None:
    """Note what a part has said."""
    if kind == "done":
        progress.lifecycles += 1
        progress.steps += value
    elif kind == "broken off":
        progress.broken_off.append(value)
    else:
        progress.found.append(value)


def explore_part(task: Task, folder: Path, messages: Any, stop: Any) -> None:
    """Explore in this process, with a server and browsers of its own; `messages`, a queue, hears
    what `account` notes. Ends early, having told what it has found, once `stop` is set."""
    worker = _Worker(task, folder, messages, stop)
    with contextlib.suppress(_EndError), Oracle(task.config, folder, worker.go_on) as oracle:
        worker.run(oracle)


class _EndError(KeyboardInterrupt):
    """Nothing new is to begin. Of this kind because Hypothesis lets no other through at once."""


class _Worker:
    def __init__(self, task: Task, folder: Path, messages: Any, stop: Any) -> None:
        self._task = task
        self._folder = folder
        self._messages = messages
        self._stop = stop
        self._ends = None if task.seconds is None else time.monotonic() + task.seconds
        self._known: dict[Lifecycle, Found | None] = {}

    def go_on(self) -> None:
        """Raises _EndError where it was interrupted, time is up, or nobody waits for it."""
        over = self._ends is not None and time.monotonic() > self._ends
        parent = multiprocessing.parent_process()
        if over or self._stop.is_set() or (parent is not None and not parent.is_alive()):
            raise _EndError

    def run(self, oracle: Oracle) -> None:
        """The corpus, then random lifecycles until one is wrong."""
        from hypothesis.configuration import set_hypothesis_home_dir

        from harness.exploring.generating import explore

        # Where somebody explores, nothing is to be found but the corpus.
        set_hypothesis_home_dir(self._folder)

        for lifecycle in self._task.corpus:
            self._report(self._judge(lifecycle, oracle))
        if not self._task.examples:
            return
        wrong: list[Found] = []

        def judge(lifecycle: Lifecycle) -> str | None:
            found = self._judge(lifecycle, oracle)
            if found is None:
                return None
            wrong.append(found)
            return "\n".join(found.what)

        with contextlib.suppress(AssertionError):
            explore(
                judge,
                engine=self._task.engine,
                presets=self._task.presets,
                policies=frozenset(e.name for e in self._task.config.environments),
                cannot=cannot_of(self._task.engine),
                examples=self._task.examples,
                random_seed=self._task.random_seed,
            )
        if wrong:
            self._report(self._shortest(wrong[0], oracle))

    def _shortest(self, found: Found, oracle: Oracle) -> Found:
        shortest = found

        def still_wrong(lifecycle: Lifecycle) -> bool:
            nonlocal shortest
            again = self._judge(lifecycle, oracle)
            shortest = again or shortest
            return again is not None

        try:
            shorten(found.lifecycle, still_wrong)
        except _EndError:
            # Told all the same, as short as it is by now.
            self._report(shortest)
            raise
        return shortest

    def _judge(self, lifecycle: Lifecycle, oracle: Oracle) -> Found | None:
        if lifecycle in self._known:
            return self._known[lifecycle]
        try:
            found = oracle.wrong_with(lifecycle)
        except _TROUBLES as error:
            verbs = ", ".join(step.verb for step in lifecycle.steps)
            self._messages.put(("broken off", f"{lifecycle.preset}: {verbs}: {error}"))
            found = None
        else:
            self._messages.put(("done", len(lifecycle.steps)))
        self._known[lifecycle] = found
        return found

    def _report(self, found: Found | None) -> None:
        if found is not None:
            self._messages.put(("found", found))
