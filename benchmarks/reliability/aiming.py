"""Which process of a run is to be killed, and what has to go with it."""

import contextlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.reliability.runs import Workplace
from harness.engines.leftovers import MARK

__all__ = ["Target", "aim"]

_PROFILES = ("chromium-????????", "firefox-????????", "new-*")
"""As `tempfile` names them: Firefox has a folder of its own name there, with a lock in it, for the
first moments of a start, and leaves it to the next start where it is killed in them."""


@dataclass(frozen=True)
class Target:
    """A process to kill."""

    what: str
    process: psutil.Process
    doomed: Sequence[psutil.Process]
    """What has to end within ten seconds."""
    folders: Sequence[Path]
    """What has to be removed then."""


def aim(place: Workplace, victim: str, command: int, rng: random.Random) -> Target | None:
    """One of the processes of that kind in the run that `command` has begun, if there is one; the
    `harness` is the command itself or its pytest."""
    with contextlib.suppress(psutil.Error, OSError):
        root = psutil.Process(command)
        tests = next((child for child in root.children() if "pytest" in child.cmdline()), None)
        if tests is None:
            return None
        workers = [child for child in tests.children() if "exec(eval(" in " ".join(child.cmdline())]
        if victim == "harness":
            pools = [_pool(worker) for worker in workers]
            runs = {pool.parent for pool in pools if pool is not None}
            whole = [*root.children(recursive=True), root]
            return Target(victim, rng.choice((root, tests)), whole, [*runs]) if runs else None
        found = [t for worker in workers for t in _targets(victim, worker)]
        return rng.choice(found) if found else None
    return None


def _targets(victim: str, worker: psutil.Process) -> Iterator[Target]:
    """Those of that kind that are of a worker."""
    pool = _pool(worker)
    if pool is None:
        return
    if victim == "worker":
        yield Target(victim, worker, [worker, *worker.children(recursive=True)], [pool])
        return
    for driver in worker.children():
        if "run-driver" not in driver.cmdline():
            continue
        if victim == "driver":
            profiles = [path for pattern in _PROFILES for path in pool.glob(pattern)]
            yield Target(victim, driver, [driver, *driver.children(recursive=True)], profiles)
            continue
        for browser in driver.children():
            profile = _profile(browser, pool)
            if profile is not None:
                group = [browser, *browser.children(recursive=True)]
                yield Target(victim, browser, group, [profile])


def _pool(worker: psutil.Process) -> Path | None:
    """The folder that a worker's browsers write to: it holds the mark in it."""
    files = [Path(file.path) for file in worker.open_files()]
    pools = [path.parent for path in files if path.name == MARK]
    return next((pool for pool in pools if pool.name.startswith("pool-")), None)


def _profile(browser: psutil.Process, pool: Path) -> Path | None:
    """The profile that a browser was started on."""
    for argument in browser.cmdline():
        path = Path(argument.removeprefix("--user-data-dir="))
        if path.parent == pool and path.is_dir():
            return path
    return None
