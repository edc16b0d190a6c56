"""The terminal of whoever is guided: plain lines, and what they press."""

import os
import stat
import sys
import threading
from collections.abc import Callable

from harness.server.desk import Notice, Said

__all__ = ["Terminal"]


class Terminal:
    """Tells each notice, and passes on what is entered: Enter alone, or `s` before it.

    Where standard input is a terminal or a pipe it is read, in a thread that nobody waits for; the
    rest can be said on the page alone.
    """

    def __init__(self, heard: Callable[[Said], None], *, write: Callable[[str], None]) -> None:
        self._heard = heard
        self._write = write
        self.styled = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._reads = _can_be_read(0)

    def listen(self) -> None:
        """From now on."""
        if self._reads:
            threading.Thread(target=self._read, name="keyboard", daemon=True).start()

    def say(self, line: str = "") -> None:
        """Tell a line."""
        self._write(line)

    def head(self, line: str) -> None:
        """Tell what the lines after this one are about."""
        self._write(f"\n\033[1m{line}\033[0m" if self.styled else f"\n{line}")

    def tell(self, notice: Notice) -> None:
        """Tell what is to be done, and how it is said that it was."""
        number = f"{notice.number}. " if notice.number else ""
        self._write(f"  {number}{notice.sentence}")
        for hint in notice.hints:
            self._write(f"     {hint}")
        ways = []
        if Said.DONE in notice.says:
            ways.append("Enter when that is done")
        if Said.SKIP in notice.says:
            ways.append("s and Enter to skip")
        if ways and self._reads:
            self._write(f"     [{', '.join(ways)}]")

    def _read(self) -> None:
        # Not by `sys.stdin`, whose lock would be held when the process ends.
        rest = b""
        while data := os.read(0, 1024):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                said = line.strip().lower()
                if said in (b"", b"s", b"skip"):
                    self._heard(Said.SKIP if said else Said.DONE)


def _can_be_read(descriptor: int) -> bool:
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return False
    return os.isatty(descriptor) or stat.S_ISFIFO(mode)
