"""Where records are kept: a file of complete lines, whatever interrupts whoever writes it."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from io import FileIO
from pathlib import Path

import msgspec

from harness.records import FORMAT, Done, Record, Run

__all__ = [
    "RecordsError",
    "Tail",
    "append_records",
    "begin_results",
    "durations_in",
    "first_run",
    "read_records",
    "run_of",
]

_DECODER: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


class _Head(msgspec.Struct):
    """All that is asked of the first line of a file that may be of another format."""

    format: int = 1


class RecordsError(Exception):
    """A result file that cannot be read or written; the message is for the user."""


def begin_results(path: Path, run: str, describe: Callable[[], Run]) -> None:
    """Begin the results of the run with that id, unless one of its processes has; what an earlier
    run left in the file goes.

    The file itself says whose it is, and is its own lock: what is beside it, or in a temporary
    folder, may be swept away.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if run_of(path) != run:
            file.truncate(0)
            _append(file, [describe()])


def run_of(path: Path) -> str | None:
    """The id of the run whose results the file has, or None where it has none."""
    run = first_run(path)
    return run.id if run else None


def first_run(path: Path) -> Run | None:
    """What the run whose results the file has says of itself, or None where it has none."""
    try:
        with path.open("rb") as file:
            first = _DECODER.decode(file.readline())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return first if isinstance(first, Run) else None


def append_records(path: Path, records: Iterable[Record]) -> None:
    """Append a line for each record, all of them or none.

    The workers of a parallel run share the file: each appends while it holds the lock.
    """
    with path.open("a+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _append(file, records)


def _append(file: FileIO, records: Iterable[Record]) -> None:
    end = file.seek(0, os.SEEK_END)
    lines = msgspec.json.Encoder().encode_lines(records)
    # A writer that was killed, or a machine that went away, may have left half a line.
    if end and os.pread(file.fileno(), 1, end - 1) != b"\n":
        lines = b"\n" + lines
    try:
        while lines:
            lines = lines[file.write(lines) :]
    except OSError:
        # What fitted on a full disk is no result.
        with contextlib.suppress(OSError):
            file.truncate(end)
        raise


def read_records(
    paths: Iterable[Path], damaged: Callable[[str], None] | None = None
) -> Iterator[Record]:
    """Read result files one after the other; raise RecordsError naming file and line.

    `damaged` is told in a sentence of a line that is none, and what else is in the file is read.
    That there is no record at all is an error nevertheless.
    """
    for path in paths:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise RecordsError(f"{path}: cannot be read: {error.strerror}") from None
        _check_format(path, data)
        skipped: list[str] = []
        read = 0
        for number, line in enumerate(data.split(b"\n"), start=1):
            if not line.strip():
                continue
            try:
                record = _DECODER.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                skipped.append(f"{path}:{number}: not a result record: {error}")
                if damaged is None:
                    break
            else:
                read += 1
                yield record
        if skipped and (damaged is None or not read):
            raise RecordsError(skipped[0])
        if skipped and damaged:
            more = f" (and {len(skipped) - 1} more such lines)" if len(skipped) > 1 else ""
            damaged(f"{skipped[0]}{more}; it is left out, and everything else is used")


class Tail:
    """A result file that may still grow, or not be there yet: what is new in it, whole lines
    alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._run: str | None = None

    def read(self) -> tuple[bool, list[Record]]:
        """Whether the file was begun anew since, and the records that were appended since then.
        Damaged lines are left out."""
        run = run_of(self._path)
        try:
            with self._path.open("rb") as file:
                anew = run != self._run or file.seek(0, os.SEEK_END) < self._read
                self._read = 0 if anew else self._read
                file.seek(self._read)
                data = file.read()
        except OSError:
            gone, self._read, self._run = self._read > 0, 0, None
            return gone, []
        self._run = run
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        records: list[Record] = []
        for line in whole.splitlines():
            with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                records.append(_DECODER.decode(line))
        return anew, records


def durations_in(path: Path) -> dict[str, float]:
    """How long each item took that has ended, in seconds, by name; nothing of a file that is not
    there, or is no result file. Reads little of it: who asks wants to begin."""
    found: dict[str, float] = {}
    with contextlib.suppress(OSError), path.open("rb") as file:
        for line in file:
            if line.startswith(b'{"type":"done"'):
                with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                    record = _DECODER.decode(line)
                    if isinstance(record, Done):
                        found[record.item] = max(found.get(record.item, 0.0), record.duration_s)
    return found


def _check_format(path: Path, data: bytes) -> None:
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
        there = msgspec.json.decode(data.partition(b"\n")[0], type=_Head).format
        if there > FORMAT:
            raise RecordsError(
                f"{path}: a result file of format {there}; this Afterclose reads up to {FORMAT}: "
                "use the version that wrote it, or a newer one"
            )
