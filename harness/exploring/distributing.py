"""Exploring on a cluster: seeds are carried out by its workers."""

import secrets
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from harness.engines import ENGINES
from harness.exploring.workers import Progress, Task, WorkerError, account, divide
from harness.runner.cluster import Cluster, Failure, Job
from harness.runner.luggage import Order

__all__ = ["PART", "run_on_cluster"]

PART = 20
"""Lifecycles of a seed. That does not depend on the cluster, so every one explores the same."""


def run_on_cluster(task: Task, cluster: Cluster, told: Callable[[Progress], None]) -> Progress:
    """Explore there; `told` hears of each seed as it ends.

    Interrupted (SIGINT, SIGTERM), KeyboardInterrupt is raised once nothing goes on anywhere. Raises
    WorkerError where a seed could not be carried out, and ClusterError.
    """
    progress = Progress()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        order = Order(run=secrets.token_hex(4), module="harness.exploring.carrying", setting=None)
        cluster.employ(order)
        needs = task.engine if task.engine in ENGINES else ""
        for _, said in cluster.outcomes({needs: _jobs(task, needs)}):
            if isinstance(said, Failure):
                raise WorkerError(f"a part of the exploration failed: {said.sentence}")
            for message in said:
                account(progress, *message)
                told(progress)
    finally:
        cluster.close()
        signal.signal(signal.SIGTERM, before)
    return progress


def _jobs(task: Task, needs: str) -> Iterator[Job]:
    """A seed each, until time is up."""
    ends = None if task.seconds is None else time.monotonic() + task.seconds
    for part in divide(task, -(-max(task.examples, len(task.corpus)) // PART) or 1):
        left = None if ends is None else ends - time.monotonic()
        if left is not None and left <= 0:
            return
        yield Job(question=replace(part, seconds=left), needs=needs)
