"""A target's own process: started by its command, and ended."""

import os
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import urlsplit

from harness.engines.processes import end_group, end_with_parent
from harness.targets.target import TargetError

__all__ = ["TargetProcess", "free_port", "reachable"]

_READY_WITHIN = 60.0
"""Seconds."""
_GRACE = 5.0
"""Seconds between the request to end and the kill."""
_SHOWN = 5
"""Lines of what it said last."""


def free_port() -> int:
    """One that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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
        while not reachable(url):
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
