"""What changed between two results: cell by cell, by what each is of.

Nothing rests on the order of records. What one result has several of, of several versions of a
browser, say, is compared as a whole.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from harness.records import Error, Item, Observation, Record, Shown, Unsupported, Verdict
from harness.reports.repeats import counted

__all__ = [
    "Cell",
    "Change",
    "Comparison",
    "ItemChange",
    "Outcome",
    "Results",
    "counted_checks",
]


class Cell(NamedTuple):
    """What an observation is of. The version is empty, unless both results have several of the
    engine."""

    scenario: str
    check: str
    engine: str
    preset: str
    policy: str
    surface: str
    engine_version: str = ""


class Outcome(NamedTuple):
    """What was observed of a cell, and what became of its promise."""

    engine_version: str
    shown: Shown
    verdict: Verdict
    limitation: str | None


class _Ended(NamedTuple):
    """An item that broke off or could not be done."""

    scenario: str
    engine: str
    preset: str
    engine_version: str = ""


class Change(NamedTuple):
    """A cell that is not as it was."""

    cell: Cell
    old: tuple[Outcome, ...]
    new: tuple[Outcome, ...]

    @property
    def what(self) -> list[str]:
        """In what it differs."""
        pairs = (
            ("outcome", self.of(self.old, "shown"), self.of(self.new, "shown")),
            ("verdict", self.of(self.old, "verdict"), self.of(self.new, "verdict")),
            ("limitation", self.of(self.old, "limitation"), self.of(self.new, "limitation")),
        )
        return [name for name, old, new in pairs if old != new]

    @staticmethod
    def of(outcomes: Iterable[Outcome], what: str) -> set[object]:
        """What outcomes say of one thing."""
        return {getattr(outcome, what) for outcome in outcomes}


class ItemChange(NamedTuple):
    """An item that broke off, or is unsupported, in one result and not, or otherwise, in the
    other. Of each: verdict and why."""

    item: _Ended
    old: tuple[tuple[Verdict, str], ...]
    new: tuple[tuple[Verdict, str], ...]


class Results:
    """One of the two, by what its records are of."""

    def __init__(self, name: str, records: Iterable[Record]) -> None:
        self.name = name
        self.observations: list[Observation] = []
        self.ended: list[Unsupported | Error] = []
        for record in counted(records):
            if isinstance(record, Observation):
                self.observations.append(record)
            elif isinstance(record, Unsupported | Error):
                self.ended.append(record)

    @property
    def versions(self) -> dict[str, list[str]]:
        """Of each engine, in order."""
        found: dict[str, set[str]] = {}
        items: list[Item] = [*self.observations, *self.ended]
        for item in items:
            found.setdefault(item.engine, set()).add(item.engine_version)
        return {engine: sorted(found[engine]) for engine in sorted(found)}

    def cells(self, told_apart: set[str]) -> dict[Cell, tuple[Outcome, ...]]:
        """The outcomes of every cell, in order; versions are told apart of the engines named."""
        found: dict[Cell, set[Outcome]] = {}
        for o in self.observations:
            version = o.engine_version if o.engine in told_apart else ""
            cell = Cell(o.scenario, o.check, o.engine, o.preset, o.policy, o.surface, version)
            outcome = Outcome(o.engine_version, o.shown, o.verdict, o.limitation)
            found.setdefault(cell, set()).add(outcome)
        return {cell: tuple(sorted(found[cell], key=_order)) for cell in sorted(found)}

    def troubles(self, told_apart: set[str]) -> dict[_Ended, tuple[tuple[Verdict, str], ...]]:
        """Why items broke off or could not be done, likewise."""
        found: dict[_Ended, set[tuple[Verdict, str]]] = {}
        for r in self.ended:
            version = r.engine_version if r.engine in told_apart else ""
            item = _Ended(r.scenario, r.engine, r.preset, version)
            found.setdefault(item, set()).add((r.verdict, r.sentence))
        return {item: tuple(sorted(found[item])) for item in sorted(found)}


def _order(outcome: Outcome) -> tuple[str, ...]:
    return tuple(map(str, outcome))


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two results, and all that differs between them."""

    old: Results
    new: Results
    compared: int
    """Cells that both have."""
    changed: list[Change]
    only_old: list[Cell]
    only_new: list[Cell]
    items: list[ItemChange]

    @classmethod
    def of(cls, old: Results, new: Results) -> "Comparison":
        """Compare two results. The version of an engine is told and not compared: another version
        is what is looked at, often."""
        several = [
            {engine for engine, versions in results.versions.items() if len(versions) > 1}
            for results in (old, new)
        ]
        told_apart = several[0] & several[1]
        before, after = old.cells(told_apart), new.cells(told_apart)
        both = [cell for cell in before if cell in after]
        changes = (Change(cell, before[cell], after[cell]) for cell in both)
        return cls(
            old=old,
            new=new,
            compared=len(both),
            changed=[change for change in changes if change.what],
            only_old=[cell for cell in before if cell not in after],
            only_new=[cell for cell in after if cell not in before],
            items=list(_items(old.troubles(told_apart), new.troubles(told_apart))),
        )

    @property
    def same(self) -> bool:
        """Whether nothing changed."""
        return not (self.changed or self.only_old or self.only_new or self.items)

    @property
    def outcomes(self) -> list[Change]:
        """Cells of which something else was observed."""
        return [change for change in self.changed if "outcome" in change.what]

    @property
    def verdicts(self) -> list[Change]:
        """Cells of which the same was observed, and is taken otherwise."""
        return [change for change in self.changed if "outcome" not in change.what]


def _items(
    old: Mapping[_Ended, tuple[tuple[Verdict, str], ...]],
    new: Mapping[_Ended, tuple[tuple[Verdict, str], ...]],
) -> Iterator[ItemChange]:
    for item in sorted({*old, *new}):
        change = ItemChange(item, old.get(item, ()), new.get(item, ()))
        if change.old != change.new:
            yield change


def counted_checks(cells: Iterable[Cell]) -> Counter[Cell]:
    """How many cells each check has, which is the cell without policy and surface."""
    return Counter(cell._replace(policy="", surface="") for cell in cells)
