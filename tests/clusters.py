"""A Dask cluster on loopback: a real scheduler, and workers that are processes of their own."""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType

import psutil

__all__ = ["DaskCluster", "Server"]

_TIMEOUT = 60
"""Seconds until something that has to come must have come."""


class Server:
    """A scheduler or a worker; it is ready once it has said so."""

    def __init__(
        self, program: str, *arguments: str, ready: str, folder: Path, **environment: str
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{program}", *arguments],
            cwd=folder, env={**os.environ, **environment}, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self.said: list[str] = []
        self._ready = ready
        self._is_ready = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        if not self._is_ready.wait(_TIMEOUT) or self.process.poll() is not None:
            self.kill()
            raise AssertionError("".join(self.said))

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if self._ready in line:
                self._is_ready.set()
        self._is_ready.set()

    def address(self, before: str) -> str:
        """What it has said after some words."""
        (line, *_) = [line for line in self.said if before in line]
        return line.rpartition(before)[2].strip()

    def kill(self) -> None:
        """At once, and as if it had never been asked."""
        self.process.kill()
        self._wait()

    def end(self) -> None:
        """In order."""
        self.process.terminate()
        try:
            self.process.wait(_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._wait()

    def _wait(self) -> None:
        self.process.wait()
        self._reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()


class DaskCluster:
    """A context manager. What its workers start is told by the temporary folder that they have."""

    def __init__(self, workers: int = 2, **environment: str) -> None:
        self._number = workers
        self._environment = environment
        self.workers: list[Server] = []

    def __enter__(self) -> "DaskCluster":
        self._exits = contextlib.ExitStack()
        with contextlib.ExitStack() as exits:
            folder = exits.enter_context(tempfile.TemporaryDirectory(prefix="cluster-"))
            self.folder = Path(folder)
            self.temporary = self.folder / "tmp"
            self.temporary.mkdir()
            self._environment["DASK_TEMPORARY_DIRECTORY"] = folder
            # Before the folder goes, and after those who may have left something behind.
            exits.callback(self._sweep)
            self.scheduler = Server(
                "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                ready="Scheduler at:", folder=self.folder, **self._environment,
            )  # fmt: skip
            exits.callback(self.scheduler.end)
            self.address = self.scheduler.address("Scheduler at:")
            for _ in range(self._number):
                exits.callback(self.add_worker().end)
            self._exits = exits.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._exits:
            for worker in self.workers[self._number :]:
                self._exits.callback(worker.end)

    def add_worker(self, **environment: str) -> Server:
        """One more, of one thread."""
        worker = Server(
            "dask_worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
            "--host", "127.0.0.1", ready="Registered to:", folder=self.folder,
            **{**self._environment, "TMPDIR": str(self.temporary), **environment},
        )  # fmt: skip
        self.workers.append(worker)
        return worker

    def left(self) -> list[psutil.Process]:
        """The processes that its workers have started and that have not ended."""
        return list(self._started(str(self.temporary)))

    def _started(self, folder: str) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                named = any(folder in argument for argument in process.cmdline())
                if named and process.status() != psutil.STATUS_ZOMBIE:
                    yield process

    def wait_until_nothing_is_left(self) -> None:
        """Ended processes and folders that are removed."""
        _, alive = psutil.wait_procs(self.left(), _TIMEOUT)
        said = "".join(line for worker in self.workers for line in worker.said)
        assert not alive, said
        assert not list(self.temporary.iterdir())

    def _sweep(self) -> None:
        for process in self.left():
            with contextlib.suppress(psutil.Error):
                process.kill()


def environment_without_browsers(folder: Path) -> Mapping[str, str]:
    """For a worker that finds none."""
    return {"PATH": str(folder), "PLAYWRIGHT_BROWSERS_PATH": str(folder)}
