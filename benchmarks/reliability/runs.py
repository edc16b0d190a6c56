"""Runs of `afterclose` as processes of their own: what they found, and what they leave."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

import harness
from harness.engines.leftovers import MARK
from harness.engines.processes import end_with_parent
from harness.records import Error, Observation, Record, Verdict
from harness.reports.repeats import completed, counted
from harness.result_file import RecordsError, read_records

__all__ = [
    "Cells", "Workplace", "cells", "differing", "end_with_me", "ended", "errors", "options", "read",
    "workplace",
]  # fmt: skip

Cells = dict[tuple[object, ...], tuple[object, ...]]
"""What was found, by scenario, engine, preset, check, policy and surface."""


@dataclass(frozen=True)
class Workplace:
    """Where runs are started, with a temporary and a cache folder that are theirs alone."""

    folder: Path
    temporary: Path
    cache: Path

    def start(
        self, *arguments: str, output: str = "report", **environment: str
    ) -> subprocess.Popen[bytes]:
        """`afterclose` with these arguments; what it says goes to `<output>.txt`."""
        with (self.folder / f"{output}.txt").open("wb") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "harness.cli", *arguments],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=end_with_me(),
                env={
                    **os.environ,
                    # The harness that this benchmark is of, whatever else is installed.
                    "PYTHONPATH": str(Path(harness.__file__).parents[1]),
                    "TMPDIR": str(self.temporary),
                    "XDG_CACHE_HOME": str(self.cache),
                    **environment,
                },
            )  # fmt: skip

    def run(self, *arguments: str, output: str = "report", **environment: str) -> int:
        """`afterclose run` to its end; its exit status."""
        asked = ("run", *arguments, "--output", output)
        return self.start(*asked, output=output, **environment).wait()

    def said(self, output: str = "report") -> str:
        """What a run has printed."""
        return (self.folder / f"{output}.txt").read_text(errors="replace")

    def records(self, output: str = "report") -> list[Record]:
        """What came of the items that have ended."""
        return read(self.folder / output / "results.ndjson")

    def processes(self) -> list[psutil.Process]:
        """Those of all runs here, browsers too, this one left out."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                temporary = Path(process.environ().get("TMPDIR", ""))
                if self.temporary in (temporary, *temporary.parents):
                    found.append(process)
        return found

    def folders(self) -> list[Path]:
        """What runs have in the temporary folder, and what they are about to keep."""
        return [path for path in self._named() if (path / MARK).exists()]

    def _named(self) -> list[Path]:
        """Marked or not."""
        return [*self.temporary.glob("afterclose-*"), *self.cache.glob("*/afterclose-*")]

    def left(self, output: str = "report") -> list[str]:
        """What there should not be when a run has ended, in words."""
        running = [f"process {p.pid} is left" for p in self.processes() if p.is_running()]
        folders = [f"{path.name} is left" for path in self._named()]
        traceback = ["it printed a traceback"] if "Traceback" in self.said(output) else []
        return [*running, *folders, *traceback]


@contextlib.contextmanager
def workplace() -> Iterator[Workplace]:
    """A fresh one; whatever is still running there at the end is killed."""
    # A short name: Chromium puts a socket there, and its path may have 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="rel-"))
    place = Workplace(folder, temporary=folder / "t", cache=folder / "cache")
    place.temporary.mkdir()
    try:
        yield place
    finally:
        for process in place.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        shutil.rmtree(folder, ignore_errors=True)


def end_with_me() -> Callable[[], None]:
    """For `preexec_fn`: nothing is to go on without this benchmark."""
    me = os.getpid()
    return lambda: end_with_parent(me)


def options(engines: Sequence[str] | None) -> list[str]:
    """The arguments for some engines; for all browsers where none is named."""
    return [part for engine in engines or () for part in ("--engine", engine)]


def read(path: Path) -> list[Record]:
    """The records of items that have ended; none where there is no file."""
    with contextlib.suppress(RecordsError):
        return counted(read_records([path], lambda _: None))
    return []


def cells(records: Sequence[Record]) -> Cells:
    """What was found, without what differs from one time to the next. What breaks an item off is a
    cell as well."""
    return {
        (r.item, r.check, r.policy, r.surface): (r.shown, r.verdict, r.limitation)
        for r in records
        if isinstance(r, Observation)
    } | {(r.item,): (None, Verdict.ERROR, r.message) for r in records if isinstance(r, Error)}


def differing(there: Cells, now: Cells) -> Counter[str]:
    """How many cells are `changed`, `inconclusive`, `error` or `missing` now."""
    found: Counter[str] = Counter()
    for at, was in there.items():
        is_now = now.get(at)
        if is_now is None:
            found["missing"] += 1
        elif is_now[1] is Verdict.INCONCLUSIVE or was[1] is Verdict.INCONCLUSIVE:
            found["inconclusive"] += 1
        elif is_now != was:
            found["changed"] += 1
    found["error"] += sum(is_now[1] is Verdict.ERROR for is_now in now.values())
    found["changed"] += sum(at not in there for at in now if now[at][1] is not Verdict.ERROR)
    return +found


def errors(records: Sequence[Record]) -> list[str]:
    """What broke items off."""
    return [record.message for record in records if isinstance(record, Error)]


def ended(records: Sequence[Record]) -> Counter[tuple[str, int]]:
    """How often each item has come to its end, by repetition."""
    return Counter(completed(records))
