"""Moves the clock of the wiki at a port: `clock.py PORT SECONDS`."""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

__all__ = ["clock_of", "library", "move", "under"]


def clock_of(port: str) -> Path:
    """The file that says how far the clock of the wiki at a port is ahead."""
    return Path(tempfile.gettempdir()) / f"dokuwiki-{os.getuid()}-{port}.clock"


def move(clock: Path, seconds: float) -> None:
    """So much further."""
    ahead = float(clock.read_text()) if clock.exists() else 0.0
    new = clock.with_suffix(".new")
    new.write_text(f"+{ahead + seconds:.0f}\n")
    new.replace(clock)


def library() -> Path | None:
    """Debian's libfaketime."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


def under(clock: Path) -> Mapping[str, str]:
    """The environment in which a process asks that clock."""
    return {
        "LD_PRELOAD": str(library()),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
    }


if __name__ == "__main__":
    move(clock_of(sys.argv[1]), float(sys.argv[2]))
