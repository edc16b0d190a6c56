"""What a worker of a Dask cluster does for Afterclose: it says what it has, and keeps children.

This is carried out in workers. Of a client's run they know what an `Order` says, and what is asked
in tasks.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Sequence
from importlib.metadata import version as installed_version
from typing import Any

from distributed import Worker, get_worker
from distributed.diagnostics.plugin import WorkerPlugin

from harness.runner.children import Child, ChildError
from harness.runner.installing import find_engines
from harness.runner.luggage import Announcement, Order

__all__ = ["carry_out", "depart", "employ", "greet"]

_NAME = "afterclose"
"""Of what is kept in a worker, and of the worker's resource that says how many items it carries out
at a time."""


class _Keeper(WorkerPlugin):  # type: ignore[misc]
    """The children of one worker. They end with their run and with the worker, and one that carries
    out what nobody waits for any more ends at once."""

    def __init__(self, slots: int) -> None:
        self._slots = threading.Semaphore(slots)
        self._orders: dict[str, Order] = {}
        self._idle: defaultdict[str, list[Child]] = defaultdict(list)
        self._busy: dict[str, tuple[str, Child]] = {}
        """By the key of the task, with the run."""
        self._given_up: set[str] = set()
        """Tasks that nobody waits for, and that may not have come to their child yet."""
        self._lock = threading.Lock()

    def employ(self, order: Order) -> None:
        """Hear of a run."""
        self._orders[order.run] = order

    def ask(self, run: str, question: object, key: str) -> Any:
        """A child's answer, in the thread of a task. Raises ChildError."""
        with self._slots:
            child = self._take(run, key)
            try:
                answer = child.ask(question)
            except ChildError:
                child.end()
                raise
            finally:
                with self._lock:
                    del self._busy[key]
            with self._lock:
                kept = run in self._orders
                if kept:
                    self._idle[run].append(child)
            if not kept:
                child.end()
            return answer

    def _take(self, run: str, key: str) -> Child:
        with self._lock:
            order = self._orders.get(run)
            if order is None or key in self._given_up:
                raise ChildError("the run is over")
            idle = self._idle[run]
            child = idle.pop() if idle else None
            if child is not None and not child.alive:
                # It has ended by itself: nobody had asked it anything.
                threading.Thread(target=child.end).start()
                child = None
            child = child or Child(order.module, order.setting)
            self._busy[key] = run, child
            return child

    def end(self, run: str) -> None:
        """End everything of a run."""
        with self._lock:
            self._orders.pop(run, None)
            children = self._idle.pop(run, [])
            children += [child for of, child in self._busy.values() if of == run]
        endings = [threading.Thread(target=child.end) for child in children]
        for ending in endings:
            ending.start()
        for ending in endings:
            ending.join()

    def transition(self, key: str, start: str, finish: str, **_: object) -> None:
        """Dask's hook: a task that is carried out is released where nobody waits for it."""
        with self._lock:
            if start == "executing" and finish == "released":
                self._given_up.add(key)
                busy = self._busy.get(key)
            else:
                self._given_up.discard(key)
                busy = None
        if busy is not None:
            threading.Thread(target=busy[1].end).start()

    async def teardown(self, worker: Worker) -> None:
        """Dask's hook: the worker is closed."""
        for run in [*self._orders]:
            await asyncio.to_thread(self.end, run)


async def greet(version: str, engines: Sequence[str], dask_worker: Worker) -> Announcement:
    """What this worker has for a client of that version; it asks for browsers by name."""
    mine = installed_version("afterclose")
    if mine != version:
        return Announcement(version=mine)
    slots = int(dask_worker.state.total_resources.get(_NAME, 1))
    if _NAME not in dask_worker.plugins:
        await dask_worker.plugin_add(_Keeper(slots), name=_NAME)
    found = await asyncio.to_thread(find_engines, engines) if engines else {}
    there = {name: installation.version for name, installation in found.items() if installation}
    return Announcement(version=mine, slots=slots, engines=there)


async def employ(order: Order, dask_worker: Worker) -> None:
    """Hear of a run, for which tasks will come."""
    dask_worker.plugins[_NAME].employ(order)


async def depart(run: str, dask_worker: Worker) -> None:
    """End everything of a run, and forget it."""
    keeper = dask_worker.plugins.get(_NAME)
    if keeper is not None:
        await asyncio.to_thread(keeper.end, run)


def carry_out(run: str, question: object) -> Any:
    """A task: what a child answers. Raises ChildError."""
    worker = get_worker()
    return worker.plugins[_NAME].ask(run, question, worker.get_current_task())
