"""A target's own process: started by its command, and ended."""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import urlsplit

import psutil

from harness.engines.processes import end_group, end_with_parent, group_members
from harness.targets.target import TargetError

__all__ = ["FreePort", "TargetProcess", "reachable", "run_command"]

_READY_WITHIN = 60.0
"""Seconds."""
_OWN_WITHIN = 10.0
"""Seconds after which it is taken for the one that answers, unless it has ended."""
_GRACE = 5.0
"""Seconds between the request to end and the kill."""
_SHOWN = 5
"""Lines of what it said last."""


class FreePort:
    """A port that nobody listens at, nor is given as a free one until it is let go."""

    def __init__(self) -> None:
        self._held: socket.socket | None = socket.socket()
        self._held.bind(("127.0.0.1", 0))
        self.number: int = self._held.getsockname()[1]

    def let_go(self) -> None:
        """For somebody to listen at."""
        if self._held is not None:
            self._held.close()
            self._held = None


def reachable(url: str) -> bool:
    """Whether somebody answers at an address."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    local = host == "localhost" or host.endswith(".localhost")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    for address in ("127.0.0.1", "::1") if local else (host,):
        try:
            with socket.create_connection((address, port), timeout=5) as connection:
                if parts.scheme == "https":
                    return True
                asked = f"GET {parts.path or '/'} HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n"
                connection.sendall(asked.encode())
                if connection.recv(1):
                    return True
        except OSError:
            continue
    return False


class TargetProcess:
    """One, started when it is made; ready once its address answers. Raises TargetError."""

    def __init__(self, command: Sequence[str], url: str, environment: Mapping[str, str]) -> None:
        # What it says is for the message alone.
        self._said = TemporaryFile()  # noqa: SIM115
        self._command = command
        me = os.getpid()
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                start_new_session=True,
                preexec_fn=lambda: end_with_parent(me),
            )
        except OSError as error:
            self._said.close()
            raise TargetError(f"command: {command[0]}: {error.strerror}") from None
        try:
            self._wait(url)
        except BaseException:
            self.close()
            raise

    def _wait(self, url: str) -> None:
        deadline = time.monotonic() + _READY_WITHIN
        while not (reachable(url) and self._has(urlsplit(url).port, deadline)):
            if self._process.poll() is not None:
                raise TargetError(
                    f"command: {' '.join(self._command)} ended with status "
                    f"{self._process.returncode} before {url} answered{self._last_words()}"
                )
            if time.monotonic() > deadline:
                raise TargetError(
                    f"command: {' '.join(self._command)} runs, and {url} has not answered for "
                    f"{_READY_WITHIN:.0f} s{self._last_words()}"
                )
            time.sleep(0.05)

    def _has(self, port: int | None, deadline: float) -> bool:
        """Whether it is not somebody else who answers at the port, as long as that can be seen:
        what listens for it may be no process of its own."""
        if time.monotonic() > deadline - _READY_WITHIN + _OWN_WITHIN:
            return True
        mine = group_members(self._process.pid)
        with contextlib.suppress(psutil.Error):
            there = psutil.net_connections("tcp")
            listens = [
                c.pid for c in there if c.status == "LISTEN" and c.laddr and c.laddr.port == port
            ]
            return not any(listens) or any(pid in mine for pid in listens)
        return True

    def _last_words(self) -> str:
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()[-_SHOWN:]
        return f"; it said: {' / '.join(lines)}" if lines else ""

    def close(self) -> None:
        """End it, and what it has started."""
        end_group(self._process.pid, grace=_GRACE)
        self._process.wait()
        self._said.close()


def run_command(command: Sequence[str], folder: Path | None = None) -> None:
    """Run a command to its end. Raises TargetError."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TargetError(f"{command[0]}: {error}") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise TargetError(f"{' '.join(command)}: status {done.returncode}: {''.join(said)}")
