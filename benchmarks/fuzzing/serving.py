"""The server under test: `afterclose serve` in a process of its own, and what it prints."""

import contextlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.fuzzing.operations import HELD

__all__ = ["ENVIRONMENTS", "Served", "causes", "serving"]

ENVIRONMENTS = ("persistent", "acme", "free", HELD)

_CONFIG = """
[environments.acme]
persistence = "non_persistent"
inactivity_timeout = 3600
audiences = ["https://api.example.com"]
[environments.acme.organizations.org_eu]
persistence = "persistent"
[environments.acme.organizations.org_us]
[environments.acme.applications.public]
redirect_uris = ["http://localhost:3000/callback?a=b+c&d="]
logout_uris = ["http://localhost:3000/?a=b+c&d="]
[environments.free]
persistence = "persistent"
plan = "free"
"""
"""An application without a secret and with a query in its addresses, two organizations, a plan
without settings for them."""


@dataclass(kw_only=True)
class Served:
    """A server that runs."""

    port: int
    process: subprocess.Popen[str]
    stderr: Path
    _read: int = 0

    def causes(self) -> list[str]:
        """What it has printed tracebacks about since this was last asked: each one's exception,
        and where in this project it came from."""
        with self.stderr.open("rb") as file:
            file.seek(self._read)
            said = file.read()
        begun = said.rfind(b"\nTraceback")
        if begun >= 0 and not _ENDED.search(said, begun):
            # A long one comes in several writes: the rest is still to come.
            said = said[:begun]
        self._read += len(said)
        return causes(said.decode(errors="replace"))

    def waited(self) -> float:
        """Seconds that this process and the server's have stood in line for a processor: no
        fault of the server's. Linux counts them (`scheduler/sched-stats.rst`); elsewhere 0."""
        waited = 0
        for process in ("self", str(self.process.pid)):
            with contextlib.suppress(OSError):
                for task in Path("/proc", process, "task").iterdir():
                    waited += int((task / "schedstat").read_text().split()[1])
        return waited / 1e9


_ENDED = re.compile(rb"^\w[\w.]*(?::.*)?\n", re.MULTILINE)
_FRAME = re.compile(r'File "[^"]*?/(harness/[\w/.]+)", line (\d+), in (\w+)')
_CHAINED = re.compile(
    r"\n\n(?:The above exception was|During handling of the above)[^\n]+\n\nTraceback[^\n]+\n"
)
_JOINT = "\n(and then)\n"


def causes(said: str) -> list[str]:
    """What each traceback in a text is about: the exception that ended it, and the last place in
    this project that it went through."""
    _, *wholes = _CHAINED.sub(_JOINT, said).split("\nTraceback (most recent call last):\n")
    return [_cause(whole.rpartition(_JOINT)[2]) for whole in wholes]


def _cause(traceback: str) -> str:
    raised = re.search(r"^(\w[\w.]*)(?=:|$)", traceback, re.MULTILINE)
    frames = _FRAME.findall(traceback)
    where = "{}:{} ({})".format(*frames[-1]) if frames else "aiohttp"
    return f"{raised[1] if raised else 'exception'} at {where}"


@contextlib.contextmanager
def serving(*, state: bool) -> Iterator[Served]:
    """Run the server; with `state`, it keeps what it knows in a file. It is killed at the end
    if it does not end by itself within ten seconds."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        (Path(folder) / "afterclose.toml").write_text(_CONFIG)
        command = [sys.executable, "-m", "harness.cli", "serve", "--port", "0"]
        command += [word for name in ENVIRONMENTS for word in ("--policy", name)]
        command += ["--state", "state.sqlite"] if state else []
        stderr = Path(folder) / "stderr"
        with (
            stderr.open("wb") as file,
            subprocess.Popen(
                command, cwd=folder, stdout=subprocess.PIPE, stderr=file, text=True
            ) as process,
        ):
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                if not line:
                    raise RuntimeError(f"the server did not start: {stderr.read_text()}")
                port = urlsplit(json.loads(line)["url"]).port or 0
                yield Served(port=port, process=process, stderr=stderr)
            finally:
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(10)
                process.kill()
