"""A terminal, which remembers what was to be seen on it."""

import errno
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Sequence
from pathlib import Path

from tests.patience import PATIENCE

__all__ = ["Display", "on_terminal"]

_TOKENS = re.compile(r"\x1b\[(\?25[hl])|\x1b\[([0-9;]*)([A-Za-z])|(\r)|(\n)|([^\x1b\r\n]+)")


class Display:
    """What a program has written, as one reads it: `lines` at the end, `ever` whatever was on one
    in between, `colours` those that were asked for."""

    def __init__(self) -> None:
        self.lines = [""]
        self.ever: set[str] = set()
        self.colours: set[str] = set()
        self.cursor = True
        self._row = self._column = 0

    def feed(self, text: str) -> None:
        """Show what was written."""
        for cursor, numbers, letter, back, down, plain in _TOKENS.findall(text):
            if cursor:
                self.cursor = cursor.endswith("h")
            elif letter == "m":
                self.colours |= {n for n in numbers.split(";") if re.fullmatch("[349][0-9]", n)}
            elif letter == "A":
                self._row = max(0, self._row - int(numbers or 1))
            elif letter == "K":
                self.lines[self._row] = ""
            elif letter:
                raise AssertionError(f"unknown: {letter}")
            elif back:
                self._column = 0
            elif down:
                self._row += 1
                self.lines += [""] * (self._row + 1 - len(self.lines))
            elif plain:
                self._put(plain)

    def _put(self, text: str) -> None:
        line = self.lines[self._row].ljust(self._column)
        line = line[: self._column] + text + line[self._column + len(text) :]
        self.lines[self._row] = line
        self.ever.add(line.rstrip())
        self._column += len(text)


def on_terminal(
    columns: int,
    command: Sequence[str],
    cwd: Path,
    *,
    interrupt_at: str = "",
    waiting: tuple[Path, Sequence[str]] | None = None,
    **environment: str,
) -> tuple[int, Display]:
    """Run a module to its end on a pseudo-terminal, and press Ctrl+C there once what it has written
    matches. `waiting`: a pipe with a name, of which it reads a byte as often as there are texts,
    and goes on once the next of them was written. Returns its status, and what was seen."""
    pipe, texts = waiting or (Path(), ())
    texts = [*texts]
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    plain = {n: v for n, v in os.environ.items() if n not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        env={**plain, "TERM": "xterm-256color", **environment},
    )  # fmt: skip
    os.close(theirs)
    written = b""
    too_late = threading.Timer(PATIENCE, process.kill)
    too_late.start()
    try:
        while True:
            try:
                more = os.read(ours, 65536)
            except OSError:
                break
            if not more:
                break
            written += more
            if interrupt_at and re.search(interrupt_at, written.decode(errors="ignore")):
                interrupt_at = ""
                os.write(ours, b"\x03")
            if texts and texts[0].encode() in written and _let_go_on(pipe):
                del texts[0]
        status = process.wait(PATIENCE)
    finally:
        too_late.cancel()
        process.kill()
        process.wait()
        os.close(ours)
    display = Display()
    display.feed(written.decode())
    return status, display


def _let_go_on(pipe: Path) -> bool:
    """Whether somebody did wait for it."""
    try:
        writing = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENXIO:
            return False
        raise
    # Before this is closed the next may have begun to wait, for a byte of its own.
    os.write(writing, b".")
    os.close(writing)
    return True
