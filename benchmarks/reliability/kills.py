"""Processes of a run are killed at random moments, and nothing is left, lost or done twice.

By turns the harness, a worker, Playwright's driver, a browser's main process. Then the run is
finished with `--resume`, which also sweeps up.
"""

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import psutil

from benchmarks.reliability.aiming import Target, aim
from benchmarks.reliability.runs import (
    Cells,
    Workplace,
    cells,
    differing,
    end_with_me,
    ended,
    options,
    workplace,
)
from harness.engines import ENGINES
from harness.engines.leftovers import hold
from harness.records import Record

__all__ = ["add_arguments", "carry_out"]

_SCENARIOS = (
    "tab_close.close_one_of_two_tabs",
    "browser_close.quit_and_start",
    "crash.crash_after_settling",
    "sign_out.sign_out_in_another_tab",
)
_VICTIMS = ("harness", "worker", "driver", "browser")
_IN_TIME = 10.0
"""Seconds after which nothing may be left."""
_WATCHED = 60.0
"""Seconds after which nobody waits any more."""


@dataclass
class Figures:
    """What came of one moment."""

    what: str
    gone: float
    """Seconds until the processes had ended."""
    removed: float
    """Seconds until the folders were removed."""
    kept: int
    """Items that had ended before."""
    broken: list[str] = field(default_factory=list)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be asked for."""
    parser.add_argument("--moments", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--victim", action="append", choices=_VICTIMS, help="may be repeated")


def carry_out(arguments: argparse.Namespace) -> list[str]:
    """Print what came of each moment; what is broken, in sentences."""
    rng = random.Random(arguments.seed)
    engines = arguments.engine or list(ENGINES)
    asked = [*_SCENARIOS, *options(engines), "--preset", "default", "-n", "2"]
    victims = arguments.victim or _VICTIMS
    if not set(engines) & set(ENGINES):
        return ["models have neither a driver nor a browser to kill: name an engine"]
    moments: list[Figures] = []
    with workplace() as place:
        first, whole = _undisturbed(place, asked)
        expected = cells(place.records())
        told = differing(expected, expected)
        if not expected or told:
            return [f"the undisturbed run is no measure: {dict(told)}: {place.said()}"]
        print(f"undisturbed: {len(expected)} cells in {whole:.0f} s, the first browser after "
            f"{first:.0f} s", flush=True)
        with _others(place) as others:
            while len(moments) < arguments.moments:
                victim = victims[len(moments) % len(victims)]
                at = rng.uniform(first, whole)
                began = time.monotonic()
                figures = _moment(place, others, asked, expected, victim, at, rng)
                if figures is None:
                    # It had ended: another time it is not to be awaited that long.
                    whole = min(whole, time.monotonic() - began)
                    first = min(first, whole / 2)
                    continue
                moments.append(figures)
                print(f"{len(moments)}: {figures.what} after {at:.1f} s: processes gone after "
                    f"{figures.gone:.1f} s, folders after {figures.removed:.1f} s; "
                    f"{figures.kept} items had ended; "
                    f"{'; '.join(figures.broken) or 'all as it should be'}", flush=True)
    for victim in victims:
        of = [figures for figures in moments if figures.what == victim]
        if of:
            print(f"{victim}: {len(of)} times; at most {max(f.gone for f in of):.1f} s until its "
                f"processes were gone, {max(f.removed for f in of):.1f} s until its folders were")
    return [f"{n}: {sentence}" for n, f in enumerate(moments, start=1) for sentence in f.broken]


def _undisturbed(place: Workplace, asked: Sequence[str]) -> tuple[float, float]:
    """Seconds until the first browser, and until the end."""
    began = time.monotonic()
    first = 0.0
    command = place.start("run", *asked, "--output", "report")
    while command.poll() is None:
        if not first and aim(place, "browser", command.pid, random.Random(0)):
            first = time.monotonic() - began
        time.sleep(0.05)
    return first, time.monotonic() - began


@dataclass(frozen=True)
class _Others:
    """What is not the run's, and must stay."""

    folders: Sequence[Path]
    browser: subprocess.Popen[bytes]

    def touched(self) -> list[str]:
        """What has become of it, in sentences."""
        removed = [f"{f.name} of another was removed" for f in self.folders if not f.exists()]
        ended = ["another run's browser was killed"] if self.browser.poll() is not None else []
        return removed + ended


@contextlib.contextmanager
def _others(place: Workplace) -> Iterator[_Others]:
    """The folder of a run that lives, with what looks like a browser; one that nobody marked."""
    held, unmarked = place.temporary / "afterclose-living", place.temporary / "afterclose-unmarked"
    unmarked.mkdir()
    with hold(held):
        browser = subprocess.Popen(
            [sys.executable, "-c", "import signal; signal.pause()"],
            env={**os.environ, "TMPDIR": str(held)},
            start_new_session=True,
            preexec_fn=end_with_me(),
        )
        try:
            yield _Others((held, unmarked), browser)
        finally:
            browser.kill()
            browser.wait()


def _moment(
    place: Workplace,
    others: _Others,
    asked: Sequence[str],
    expected: Cells,
    victim: str,
    at: float,
    rng: random.Random,
) -> Figures | None:
    """Kill a process of a run, and finish the run; None where it had ended by then."""
    output = f"m{rng.randrange(10**6)}"
    # A run that finds nothing kept has more to do that can be interrupted.
    shutil.rmtree(place.cache, ignore_errors=True)
    asked = [*asked, "--output", output]
    command = place.start("run", *asked, output=output)
    target = _when_due(place, victim, command, at, rng)
    if target is None:
        command.wait()
        return None
    before = place.records(output)
    with contextlib.suppress(psutil.Error):
        target.process.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    gone = removed = 0.0
    if victim != "harness":
        gone, removed = _watch(target, killed)
    command.wait()
    said = place.said(output)
    # At once, as somebody would who is in a hurry.
    resumed = place.start("run", *asked, "--resume", output=output)
    if victim == "harness":
        gone, removed = _watch(target, killed)
    status = resumed.wait()
    figures = Figures(victim, gone, removed, len(ended(before)))
    after = place.records(output)
    lost = {*map(_encoded, before)} - {*map(_encoded, after)}
    twice = sum(times > 1 for times in ended(after).values())
    left = [p.pid for p in place.processes() if p.pid != others.browser.pid]
    folders = [path.name for path in place.folders() if path not in others.folders]
    told = differing(expected, cells(after))
    figures.broken = [
        *([f"processes left after {_IN_TIME:.0f} s"] if gone > _IN_TIME else []),
        *([f"folders left after {_IN_TIME:.0f} s"] if removed > _IN_TIME else []),
        *([f"{len(lost)} records lost"] if lost else []),
        *([f"{twice} items carried out twice"] if twice else []),
        *([f"cells: {dict(told)}"] if set(told) - {"inconclusive"} else []),
        *([f"exit status {status} in the end"] if status else []),
        *(["a traceback was printed"] if "Traceback" in said + place.said(output) else []),
        *([f"left in the end: {left} {folders}"] if left or folders else []),
        *others.touched(),
    ]
    if figures.broken:
        print(said + place.said(output), flush=True)
    return figures


def _when_due(
    place: Workplace,
    victim: str,
    command: subprocess.Popen[bytes],
    at: float,
    rng: random.Random,
) -> Target | None:
    """What is to be killed, when the moment has come; later, where there is none yet."""
    due = time.monotonic() + at
    while command.poll() is None:
        if time.monotonic() >= due:
            target = aim(place, victim, command.pid, rng)
            if target is not None:
                return target
            due = time.monotonic() + rng.uniform(0, 1)
        time.sleep(0.02)
    return None


def _watch(target: Target, since: float) -> tuple[float, float]:
    """Seconds until the processes had ended, and until the folders were removed."""
    gone = removed = 0.0
    while not (gone and removed):
        passed = time.monotonic() - since
        if passed > _WATCHED:
            return gone or passed, removed or passed
        if not gone and not any(map(_lives, target.doomed)):
            gone = passed
        if not removed and not any(path.exists() for path in target.folders):
            removed = passed
        time.sleep(0.05)
    return gone, removed


def _lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _encoded(record: Record) -> bytes:
    return msgspec.json.encode(record)
