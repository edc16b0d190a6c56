"""What a run leaves behind: one JSON object a line. Every report is a fold over these records."""

import os
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

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
    "State",
    "Unsupported",
    "Verdict",
    "append_records",
    "read_records",
]


class State(StrEnum):
    """What somebody is, at one surface of one environment."""

    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"


class Verdict(StrEnum):
    """What became of a promise."""

    KEPT = "kept"
    LIMITATION = "limitation"
    UNEXPECTED = "unexpected"
    UNSUPPORTED = "unsupported"
    ERROR = "error"


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Evidence(_Model):
    """What an observation rests on; everything but `browser_cookies` comes from the server."""

    cookies_sent: list[str] = []
    """Names of the cookies that the browser sent to this surface's host at the check."""
    set_cookie: list[str] = []
    """The latest `Set-Cookie` of each cookie the surface rests on, its value shortened."""
    reason: str | None = None
    """Why the server says the session is over; None where it is not."""
    persistent_claim: bool | None = None
    """What the access token that the login began with said (`ksp.persistent`); None where there is
    no such token, or it said nothing."""
    time: list[str] = []
    """How time was moved, in the order it was."""
    notes: list[str] = []
    """What the engine did that a reader should know (a process that it had to end, say)."""
    decisions: list[str] = []
    """What a simulated browser decided, and why, in the order it did."""
    browser_cookies: list[str] = []
    """The browser's own cookie list for the host: a diagnostic, never the verdict's ground."""


class Run(_Model):
    """The first line of a run."""

    type: Literal["run"] = "run"
    started: str
    """ISO 8601, UTC."""
    versions: dict[str, str]
    platform: str
    configuration: dict[str, object]
    scenarios: dict[str, "ScenarioNote"] = {}
    """What the run's scenarios say of themselves, by name."""
    limitations: dict[str, "LimitationNote"] = {}
    """The registry at the time of the run, by id."""


class ScenarioNote(_Model):
    """A scenario, as reports show it."""

    title: str
    claims: str
    covers: list[str] = []


class LimitationNote(_Model):
    """A limitation, as reports show it."""

    sentence: str
    sources: list[str]


class Item(_Model):
    """What every record of one scenario on one engine and preset has in common."""

    scenario: str
    engine: str
    engine_version: str
    preset: str


class Observation(Item):
    """One surface, of one environment, at one check."""

    type: Literal["observation"] = "observation"
    check: str
    policy: str
    surface: str
    promised: State
    observed: State
    verdict: Verdict
    limitation: str | None = None
    steps: list[str]
    evidence: Evidence
    duration_s: float
    """Seconds from the start of the item to this check."""

    @property
    def signed_in(self) -> bool:
        """Whether the server took the browser for signed in."""
        return self.observed is State.SIGNED_IN


class Unsupported(Item):
    """An item that the engine cannot do, and why."""

    type: Literal["unsupported"] = "unsupported"
    reason: str
    steps: list[str]


class Error(Item):
    """An item that broke off: what was seen."""

    type: Literal["error"] = "error"
    message: str
    steps: list[str]


Record = Annotated[Run | Observation | Unsupported | Error, Field(discriminator="type")]
_ADAPTER: TypeAdapter[Record] = TypeAdapter(Record)


class RecordsError(Exception):
    """A result file that cannot be read or written; the message is for the user."""


def append_records(
    path: Path, records: Iterable[Run | Observation | Unsupported | Error]
) -> None:
    """Append a line for each record and flush them.

    They go out in a single write to a file opened for appending, so the workers of a parallel run
    can share the file.
    """
    line = "".join(f"{record.model_dump_json()}\n" for record in records)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def read_records(paths: Iterable[Path]) -> Iterator[Record]:
    """Read result files one after the other; raise RecordsError naming file and line."""
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a text file"
            raise RecordsError(f"{path}: cannot be read: {reason}") from None
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield _ADAPTER.validate_json(line)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(str(part) for part in first["loc"])
                raise RecordsError(
                    f"{path}:{number}: not a result record: {where + ': ' if where else ''}"
                    f"{first['msg']}"
                ) from None
