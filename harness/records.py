"""What a run leaves behind: one JSON object a line. Every report is a fold over these records."""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path

import msgspec

__all__ = [
    "Error",
    "Evidence",
    "Item",
    "LimitationNote",
    "Observation",
    "Record",
    "RecordsError",
    "Run",
    "ScenarioNote",
    "Shown",
    "State",
    "Unsupported",
    "Verdict",
    "append_records",
    "begin_results",
    "read_records",
    "run_of",
]


class State(StrEnum):
    """What somebody is, at one surface of one environment."""

    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"


Shown = tuple[State, tuple[str, ...]]
"""What is to be seen at a surface: whether somebody is signed in, and who (email addresses)."""


class Verdict(StrEnum):
    """What became of a promise."""

    KEPT = "kept"
    LIMITATION = "limitation"
    UNEXPECTED = "unexpected"
    INCONCLUSIVE = "inconclusive"
    """The machine was too slow for the question."""
    UNEXPLAINED = "unexplained"
    """Not as promised, in a browser of which nobody knows what to expect."""
    UNSUPPORTED = "unsupported"
    ERROR = "error"


class Evidence(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an observation rests on; everything but `browser_cookies` comes from the server."""

    who: tuple[str, ...] = ()
    """As whom somebody is signed in: email addresses, several where several tabs were looked
    at."""

    cookies_sent: tuple[str, ...] = ()
    """Names of the cookies that the browser sent to this surface's host at the check, in order, two
    of one name too."""
    duplicates: tuple[str, ...] = ()
    """Those whose name came more than once, in order, their values shortened: the server takes the
    first."""
    set_cookie: tuple[str, ...] = ()
    """The latest `Set-Cookie` of each cookie the surface rests on, its value shortened."""
    attributes: str | None = None
    """How the attributes of its `Set-Cookie` differ from what the policy makes of them."""
    reason: str | None = None
    """Why the server says the session is over; None where it is not."""
    persistent_claim: bool | None = None
    """What the access token that the login began with said (`ksp.persistent`); None where there is
    no such token, or it said nothing."""
    tabs: tuple[str, ...] = ()
    """What each tab showed, where what belongs to a tab was looked at in several."""
    time: tuple[str, ...] = ()
    """How time was moved, in the order it was."""
    notes: tuple[str, ...] = ()
    """What the engine did that a reader should know (a process that it had to end, say)."""
    decisions: tuple[str, ...] = ()
    """What became of the thing that the surface rests on, as it is expected of this browser: each
    decision that touched it, in order."""
    browser_cookies: tuple[str, ...] = ()
    """The browser's own cookie list for the host: a diagnostic, never the verdict's ground."""


class Run(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="run"):
    """The first line of a run."""

    id: str = ""
    """Tells it from every other run."""
    started: str
    """ISO 8601, UTC."""
    versions: dict[str, str]
    platform: str
    configuration: dict[str, object]
    scenarios: dict[str, "ScenarioNote"] = {}
    """What the run's scenarios say of themselves, by name."""
    limitations: dict[str, "LimitationNote"] = {}
    """The registry at the time of the run, by id."""


class ScenarioNote(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario, as reports show it."""

    title: str
    claims: str
    covers: tuple[str, ...] = ()


class LimitationNote(msgspec.Struct, frozen=True, kw_only=True):
    """A limitation, as reports show it."""

    sentence: str
    sources: tuple[str, ...]


class Item(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="type"):
    """What every record of one scenario on one engine and preset has in common."""

    scenario: str
    engine: str
    engine_version: str
    preset: str


class Observation(Item, frozen=True, kw_only=True, gc=False, tag="observation"):
    """One surface, of one environment, at one check."""

    check: str
    policy: str
    surface: str
    promised: State
    promised_who: tuple[str, ...] = ()
    """As whom: an email address."""
    expected: State | None = None
    """What this browser does after the steps at a site without a bug; None where nobody knows."""
    expected_who: tuple[str, ...] = ()
    """As whom, likewise."""
    measured: str | None = None
    """The version of this browser that was measured; None where none was."""
    observed: State
    verdict: Verdict
    limitation: str | None = None
    steps: tuple[str, ...]
    evidence: Evidence
    duration_s: float
    """Seconds from the start of the item to this check."""

    @property
    def comparison(self) -> str:
        """What was promised, expected and observed; and which of two it is, if it is unexpected."""
        expected = f"expected {self.told_expected}, " if self.expected else ""
        text = f"promised {self.told_promised}, {expected}observed {self.told_observed}"
        if self.verdict is not Verdict.UNEXPECTED:
            return text
        if self.evidence.attributes and self.shown == (self.expected, self.expected_who):
            return f"{text}: {self.evidence.attributes}"
        if self.shown == (self.promised, self.promised_who):
            return (
                f"{text}: the promise is kept although this browser was measured to bend it; the "
                f"browser, or how it is set up, has changed ({self._versions})"
            )
        return f"{text}: the promise is broken, and nothing known explains it ({self._versions})"

    @property
    def _versions(self) -> str:
        return f"measured {self.measured or 'in no version'}, running {self.engine_version}"

    @property
    def shown(self) -> Shown:
        """What was observed, and of whom: all that a model, or another run, must agree in."""
        return self.observed, self.evidence.who

    @property
    def told_promised(self) -> str:
        """The promise in words: as whom, too, where not all are the same person."""
        return self._told(self.promised, self.promised_who)

    @property
    def told_expected(self) -> str:
        """Likewise."""
        return self._told(self.expected, self.expected_who) if self.expected else ""

    @property
    def told_observed(self) -> str:
        """Likewise."""
        return self._told(self.observed, self.evidence.who)

    def _told(self, state: State, who: tuple[str, ...]) -> str:
        people = {*self.promised_who, *self.expected_who, *self.evidence.who}
        return f"{state} as {' and '.join(who)}" if who and len(people) > 1 else state.value

    @property
    def signed_in(self) -> bool:
        """Whether the server took the browser for signed in."""
        return self.observed is State.SIGNED_IN


class Unsupported(Item, frozen=True, kw_only=True, gc=False, tag="unsupported"):
    """An item that the engine cannot do, and why."""

    reason: str
    steps: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """What became of the promises: none could be tested."""
        return Verdict.UNSUPPORTED

    @property
    def sentence(self) -> str:
        """What a reader is told."""
        return self.reason


class Error(Item, frozen=True, kw_only=True, gc=False, tag="error"):
    """An item that broke off: what was seen."""

    message: str
    steps: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """What became of the promises: from here on nothing is known."""
        return Verdict.ERROR

    @property
    def sentence(self) -> str:
        """What a reader is told."""
        return self.message


Record = Run | Observation | Unsupported | Error
_DECODER: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


class RecordsError(Exception):
    """A result file that cannot be read or written; the message is for the user."""


def begin_results(path: Path, run: str, describe: Callable[[], Run]) -> None:
    """Begin the results of the run with that id, unless one of its processes has; what an earlier
    run left in the file goes.

    The file itself says whose it is, and is its own lock: what is beside it, or in a temporary
    folder, may be swept away.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if run_of(path) != run:
            file.truncate(0)
            file.write(msgspec.json.Encoder().encode_lines([describe()]))


def run_of(path: Path) -> str | None:
    """The id of the run whose results the file has, or None where it has none."""
    try:
        with path.open("rb") as file:
            first = _DECODER.decode(file.readline())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return first.id if isinstance(first, Run) else None


def append_records(path: Path, records: Iterable[Record]) -> None:
    """Append a line for each record and flush them.

    They go out in a single write to a file opened for appending, so the workers of a parallel run
    can share the file.
    """
    lines = msgspec.json.Encoder().encode_lines(records)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, lines)
    finally:
        os.close(descriptor)


def read_records(paths: Iterable[Path]) -> Iterator[Record]:
    """Read result files one after the other; raise RecordsError naming file and line."""
    for path in paths:
        try:
            lines = path.read_bytes().split(b"\n")
        except OSError as error:
            raise RecordsError(f"{path}: cannot be read: {error.strerror}") from None
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield _DECODER.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise RecordsError(f"{path}:{number}: not a result record: {error}") from None
