"""What a machine carries out for a cluster, and what many items cost whoever asks for them.

    python -m benchmarks.scale
    python -m benchmarks.scale --items 10000

A real scheduler, and a worker for each core, on loopback. First the essential pack in each browser:
items an hour for each core, and for each GB that is in use when most is (proportional set sizes of
all that the workers have started). Then so many items on a model, which need next to nothing
themselves: what is left is what client, scheduler and workers need for each of them. Exit status 1
where an item did not come out as expected. What is said of it: docs/scale.md.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.engines import ENGINES
from harness.records import Done
from harness.result_file import read_records
from tests.clusters import DaskCluster

_GB = 1e9
_SCENARIO = "browser_close.quit_and_start"


@dataclass(frozen=True)
class Figures:
    """What a run came to."""

    items: int
    seconds: float
    client: float
    """Seconds of processor time."""
    client_bytes: int
    scheduler: float
    """Seconds of processor time."""
    workers: float
    """Seconds of processor time, without what they have started."""
    started_bytes: int
    """What the workers had started, when it was most."""
    result_bytes: int

    @property
    def an_hour(self) -> float:
        """Items."""
        return 3600 * self.items / self.seconds


def main() -> None:
    """Read the arguments, carry all of it out, print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale")
    parser.add_argument("--engine", action="append", choices=list(ENGINES), help="may be repeated")
    parser.add_argument("--items", type=int, default=10_000, help="on a model")
    arguments = parser.parse_args()
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder, DaskCluster(cores) as cluster:
        for engine in arguments.engine or ENGINES:
            figures = _measure(cluster, Path(folder), "--engine", engine)
            print(
                f"{engine}: {figures.items} items in {figures.seconds:.0f} s: "
                f"{figures.an_hour / cores:.0f} an hour per core, at most "
                f"{figures.started_bytes / _GB:.2f} GB in use: "
                f"{figures.an_hour / (figures.started_bytes / _GB):.0f} an hour per GB",
                flush=True,
            )
        figures = _measure(
            cluster, Path(folder), _SCENARIO, "--engine", "simulated-chromium",
            "--preset", "default", "--policy", "persistent", "--repeat", str(arguments.items),
        )  # fmt: skip
    each = 1000 / figures.items
    print(
        f"{figures.items} items on a model: {figures.seconds:.0f} s; of each item "
        f"{figures.client * each:.2f} ms are the client's, {figures.scheduler * each:.2f} ms the "
        f"scheduler's, {figures.workers * each:.2f} ms the workers' (processor time); the client "
        f"needs {figures.client_bytes / _GB:.2f} GB, and the results "
        f"{figures.result_bytes / figures.items:.0f} bytes an item"
    )


def _measure(cluster: DaskCluster, folder: Path, *arguments: str) -> Figures:
    workers = [psutil.Process(worker.process.pid) for worker in cluster.workers]
    servers = [psutil.Process(cluster.scheduler.process.pid), *workers]
    before = [_own(process) for process in servers]
    command = [
        sys.executable, "-m", "harness.cli", "run", *arguments, "--dask", cluster.address,
    ]  # fmt: skip
    began = time.monotonic()
    with (folder / "said").open("wb") as said:
        client = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said)
    most = 0
    while True:
        pid, status, usage = os.wait4(client.pid, os.WNOHANG)
        if pid:
            break
        most = max(most, _in_use(workers))
        time.sleep(0.5)
    client.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    if client.returncode:
        print((folder / "said").read_text(), file=sys.stderr)
        sys.exit(1)
    scheduler, *of_workers = [
        _own(process) - spent for process, spent in zip(servers, before, strict=True)
    ]
    results = folder / "report" / "results.ndjson"
    return Figures(
        items=sum(isinstance(record, Done) for record in read_records([results])),
        seconds=seconds,
        client=usage.ru_utime + usage.ru_stime,
        client_bytes=usage.ru_maxrss * 1024,
        scheduler=scheduler,
        workers=sum(of_workers),
        started_bytes=most,
        result_bytes=results.stat().st_size,
    )


def _own(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _in_use(workers: Sequence[psutil.Process]) -> int:
    total = 0
    for worker in workers:
        for process in worker.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                total += process.memory_full_info().pss
    return total


if __name__ == "__main__":
    main()
