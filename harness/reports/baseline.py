"""What is known and accepted, held against what was observed: what is new, what was mended and is
still listed, what has expired.

What is accepted stays what it is, `unexpected`; a reader is told why nobody is alarmed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase

from harness.records import Error, Observation, Verdict
from harness.reports.matrix import Matrix
from harness.reports.versions import VersionRange

__all__ = ["FAILING", "PLACE", "UNEXPLAINED", "Baseline", "Entry", "Failure", "Standing",
           "failures", "is_failure", "told_place"]  # fmt: skip

FAILING = frozenset({Verdict.FLAKY, Verdict.UNEXPECTED, Verdict.ERROR})
"""Verdicts that fail a run, and that can be accepted."""

UNEXPLAINED = "not explained yet"
"""The reason of an entry to which nobody has given one."""

PLACE = ("scenario", "check", "engine", "preset", "policy", "surface")
"""What an entry names of a cell, in patterns. An item that broke off has no check, policy or
surface: `*` alone matches that."""

_ITEM = PLACE[:1] + PLACE[2:4]
"""What an item of a run is one of."""

Failure = Observation | Error
"""A record that fails a run, unless it is accepted."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Cells of which it is known, and accepted, that they are not as expected."""

    number: int
    """Its place in the file, from 1."""
    scenario: str = "*"
    check: str = "*"
    engine: str = "*"
    preset: str = "*"
    policy: str = "*"
    surface: str = "*"
    verdict: Verdict | None = None
    """None: any that fails a run."""
    observed: str | None = None
    """`signed_in` or `signed_out`, with whom where that is told; a pattern. None: either."""
    versions: VersionRange | None = None
    reason: str
    expires: date | None = None
    """The last day on which it holds."""

    @property
    def cells(self) -> tuple[object, ...]:
        """What it is of: no two entries of a baseline are of the same."""
        versions = self.versions.text if self.versions else ""
        return (
            *(getattr(self, key) for key in PLACE),
            self.verdict or "",
            self.observed or "",
            versions,
        )

    @property
    def told(self) -> str:
        """The entry in words, as far as it says anything."""
        named = [f"{key} {getattr(self, key)}" for key in PLACE if getattr(self, key) != "*"]
        named += [f"{key} {value}" for key, value in
                  (("verdict", self.verdict), ("observed", self.observed)) if value]  # fmt: skip
        named += [f"versions {self.versions.text}"] if self.versions else []
        return f"entry {self.number} ({', '.join(named) or 'everything'})"

    @property
    def explained(self) -> bool:
        """Whether somebody has said why it is accepted."""
        return self.reason.strip() not in ("", UNEXPLAINED)

    @property
    def of_one_item(self) -> bool:
        """Whether it is about one scenario, engine and preset: a run has all of that, or none."""
        return not any(set("*?[") & set(getattr(self, key)) for key in _ITEM)

    def expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.expires is not None and today > self.expires

    def is_about(self, record: Failure) -> bool:
        """Whether a cell is where the entry points at, whatever was observed there."""
        if self.versions is not None and not self.versions.has(record.engine_version):
            return False
        return all(fnmatchcase(getattr(record, key, ""), getattr(self, key)) for key in PLACE)

    def accepts(self, record: Failure) -> bool:
        """Whether it accepts what was observed in a cell that fails."""
        if not self.is_about(record) or self.verdict not in (None, record.verdict):
            return False
        if self.observed is None:
            return True
        return isinstance(record, Observation) and fnmatchcase(record.told_observed, self.observed)


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """The entries of a file, on a day."""

    name: str = "baseline"
    """The file's."""
    entries: Sequence[Entry] = ()
    today: date

    def acceptance(self, record: Failure) -> Entry | None:
        """The entry in force that accepts what fails, or None where none does."""
        for entry in self.entries:
            if not entry.expired(self.today) and entry.accepts(record):
                return entry
        return None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A matrix held against a baseline."""

    baseline: Baseline
    accepted: dict[Failure, Entry] = field(default_factory=dict)
    new: list[Failure] = field(default_factory=list)
    """What fails and is accepted by no entry, or by one alone that has expired."""
    mended: list[Entry] = field(default_factory=list)
    """Entries about cells of this run, of which none needs it."""
    expired: list[Entry] = field(default_factory=list)
    """Those that cells of this run need, and that no longer hold."""

    @classmethod
    def of(cls, matrix: Matrix, baseline: Baseline) -> "Standing":
        """Hold a matrix against a baseline.

        An entry that no cell is about says nothing of this run: it was of something else. In a
        shard, one about more than one item is left alone as well: what needs it may be in another.
        """
        standing = cls(baseline=baseline)
        failing = failures(matrix)
        for failure in failing:
            entry = baseline.acceptance(failure)
            if entry is None:
                standing.new.append(failure)
            else:
                standing.accepted[failure] = entry
        shard = len(matrix.runs) == 1 and bool(matrix.runs[0].shard)
        looked_at: list[Failure] = [*matrix.observations(), *failing]
        for entry in baseline.entries:
            if any(map(entry.accepts, failing)):
                if entry.expired(baseline.today):
                    standing.expired.append(entry)
            elif any(map(entry.is_about, looked_at)) and (entry.of_one_item or not shard):
                standing.mended.append(entry)
        return standing

    @property
    def fails(self) -> bool:
        """Whether the run differs from the baseline."""
        return bool(self.new or self.mended or self.expired)

    def reason(self, record: object) -> str | None:
        """Why a cell that fails is accepted; None for any other."""
        entry = self.accepted.get(record) if isinstance(record, Failure) else None
        return (entry.reason.strip() or UNEXPLAINED) if entry else None

    @property
    def complaints(self) -> dict[Entry, str]:
        """Why the baseline itself fails the run, a line for each such entry; what is new is told as
        it is without one."""
        name = self.baseline.name
        mended = "mended, no cell needs it; take it out, or run 'afterclose baseline update'"
        return {
            **{entry: f"{name}: {entry.told}: {mended}" for entry in self.mended},
            **{
                entry: f"{name}: {entry.told}: expired on {entry.expires}; mend it or move its date"
                for entry in self.expired
            },
        }

    @property
    def notes(self) -> list[str]:
        """What a reader should know of the baseline, and what fails nobody."""
        counted = f"{self.baseline.name}: {len(self.accepted)} accepted, {len(self.new)} new, "
        lines = [f"{counted}{len(self.mended)} mended, {len(self.expired)} expired"]
        unexplained = [str(e.number) for e in self.baseline.entries if not e.explained]
        if unexplained:
            entries = "entry" if len(unexplained) == 1 else "entries"
            lines.append(
                f"{self.baseline.name}: no reason is given in {entries} {', '.join(unexplained)}"
            )
        return lines


def is_failure(record: object) -> bool:
    """Whether a record fails a run that accepts nothing."""
    return isinstance(record, Failure) and record.verdict in FAILING


def failures(matrix: Matrix) -> list[Failure]:
    """What fails a run that accepts nothing, in the order of the matrix."""
    records: Iterable[object] = (*matrix.observations(), *matrix.troubles())
    return [r for r in records if isinstance(r, Failure) and is_failure(r)]


def told_place(failure: Failure) -> str:
    """Where something failed, in words."""
    item = f"{failure.scenario}[{failure.engine}-{failure.preset}]"
    if isinstance(failure, Error):
        return item
    return f"{item} {failure.policy}/{failure.surface}, {failure.check}"
