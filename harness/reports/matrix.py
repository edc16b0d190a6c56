"""The matrix: scenario and check down, engine and preset across, policies and surfaces inside.

Workers finish in any order, and frames tell the server of their storages in any order. So nothing
has its place from when it came: everything is kept by what it is of, and read in one order.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import msgspec

from harness.records import (
    Done,
    Error,
    LimitationNote,
    Observation,
    Record,
    Run,
    ScenarioNote,
    Unsupported,
    Verdict,
)
from harness.reports.repeats import Repeats, counted

__all__ = [
    "SSO",
    "SYMBOLS",
    "Account",
    "Cell",
    "Column",
    "Matrix",
    "Row",
    "matrix_of",
    "surface_order",
]

SSO = "sso"
"""The surface of the auth server; the others are applications."""

SYMBOLS: dict[Verdict, str] = {
    Verdict.FLAKY: "±",
    Verdict.KEPT: "✓",
    Verdict.LIMITATION: "≈",
    Verdict.UNEXPECTED: "✗",
    Verdict.INCONCLUSIVE: "~",
    Verdict.UNEXPLAINED: "?",
    Verdict.UNSUPPORTED: "–",
    Verdict.ERROR: "!",
}
"""Verdicts without colour."""


def surface_order(surface: str) -> tuple[bool, str]:
    """Sorts surfaces: the SSO session, then applications by name."""
    return surface != SSO, surface


class Column(NamedTuple):
    """One engine, as one preset sets it up."""

    engine: str
    engine_version: str
    preset: str


class Row(NamedTuple):
    """One check of one scenario; `check` is empty for an item that reached none."""

    scenario: str
    check: str


class Account(NamedTuple):
    """How an observation came about. All of a check have it in common, unless a cell has
    observations of several runs."""

    steps: tuple[str, ...]
    time: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass
class Cell:
    """What was observed at one check in one column, and what kept more from being observed."""

    seen: dict[tuple[str, str], Observation] = field(default_factory=dict)
    """By policy and surface, in the order of `Matrix.policies` and of `surface_order`."""
    trouble: Unsupported | Error | None = None
    repeats: dict[tuple[str, str], Repeats] = field(default_factory=dict)
    """Where there was more than one: every time, of what `seen` has once."""

    @property
    def observations(self) -> list[Observation]:
        """Every observation, in the order of `seen`."""
        return list(self.seen.values())

    def repeats_of(self, observation: Observation) -> Repeats | None:
        """Every time that one of `observations` was observed, if that was more than once."""
        return self.repeats.get((observation.policy, observation.surface))

    def at(self, policy: str, surface: str) -> Observation | None:
        """What was observed of a surface under a policy, or None where nothing was."""
        return self.seen.get((policy, surface))

    @property
    def verdicts(self) -> Counter[Verdict]:
        """How often each verdict came up."""
        counted = Counter(observation.verdict for observation in self.seen.values())
        if self.trouble is not None:
            counted[self.trouble.verdict] += 1
        return counted

    @property
    def policies(self) -> list[str]:
        """Under which something was observed, in order."""
        return list(dict.fromkeys(policy for policy, _ in self.seen))

    @property
    def surfaces(self) -> list[str]:
        """What was looked at under any policy, in order."""
        return sorted({surface for _, surface in self.seen}, key=surface_order)

    @property
    def accounts(self) -> dict[Account, list[Observation]]:
        """The observations by how they came about."""
        grouped: dict[Account, list[Observation]] = {}
        for o in self.seen.values():
            evidence = o.evidence
            account = Account(o.steps, evidence.time, evidence.notes)
            grouped.setdefault(account, []).append(o)
        return grouped


@dataclass
class Matrix:
    """Everything that reports show."""

    runs: list[Run] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)
    """Environments: those of the runs' configuration in its order, then any others by name."""
    rows: list[Row] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    cells: dict[tuple[Row, Column], Cell] = field(default_factory=dict)
    caveats: Sequence[str] = ()
    """What is missing, or contradicts: see `caveats_of`."""

    @property
    def verdicts(self) -> Counter[Verdict]:
        """How often each verdict came up in all."""
        return _sum(self.cells.values())

    def verdicts_of(self, column: Column) -> Counter[Verdict]:
        """How often each verdict came up in a column."""
        return _sum(cell for (_, other), cell in self.cells.items() if other == column)

    @cached_property
    def scenarios(self) -> dict[str, ScenarioNote]:
        """What the scenarios say of themselves, by name."""
        return {name: note for run in self.runs for name, note in run.scenarios.items()}

    @cached_property
    def limitations(self) -> dict[str, LimitationNote]:
        """The registry, by id."""
        return {name: note for run in self.runs for name, note in run.limitations.items()}

    @property
    def engines(self) -> list[str]:
        """The engines' names, in the order of the columns."""
        return list(dict.fromkeys(column.engine for column in self.columns))

    def placed(self) -> Iterator[tuple[Row, Column, Cell]]:
        """Every cell and its place, row by row."""
        for row in self.rows:
            for column in self.columns:
                cell = self.cell(row, column)
                if cell is not None:
                    yield row, column, cell

    def repeated(self) -> Iterator[tuple[Observation, Repeats]]:
        """What was observed more than once, in the order of the places."""
        for _, _, cell in self.placed():
            for observation in cell.observations:
                repeats = cell.repeats_of(observation)
                if repeats is not None:
                    yield observation, repeats

    def flaky(self) -> list[tuple[Observation, Repeats]]:
        """What disagreed with itself, likewise."""
        return [(o, repeats) for o, repeats in self.repeated() if o.verdict is Verdict.FLAKY]

    def observations(self) -> Iterator[Observation]:
        """Every observation, in the order of the places."""
        for _, _, cell in self.placed():
            yield from cell.observations

    def troubles(self) -> Iterator[Unsupported | Error]:
        """What broke off, or could not be done, in the order of the places."""
        for _, _, cell in self.placed():
            if cell.trouble is not None:
                yield cell.trouble

    def cell(self, row: Row, column: Column) -> Cell | None:
        """What is at a place of the matrix, or None where nothing ran."""
        return self.cells.get((row, column))


def _sum(cells: Iterable[Cell]) -> Counter[Verdict]:
    counted: Counter[Verdict] = Counter()
    for cell in cells:
        counted.update(cell.verdicts)
    return counted


def matrix_of(records: Iterable[Record], caveats: Sequence[str] = ()) -> Matrix:
    """Fold records into a matrix, the same one in whichever order they come.

    Repetitions of the same thing become one cell. Of two records of the same repetition the later
    one counts.
    """
    matrix = Matrix(caveats=caveats)
    observed: dict[tuple[Row, Column], dict[tuple[str, str], dict[int, Observation]]] = {}
    troubles: dict[tuple[Row, Column], dict[int, Unsupported | Error]] = {}
    for record in counted(records):
        if isinstance(record, Run):
            matrix.runs.append(record)
        elif isinstance(record, Observation):
            cell = observed.setdefault(_place(record, record.check), {})
            cell.setdefault((record.policy, record.surface), {})[record.repetition] = record
        elif not isinstance(record, Done):
            troubles.setdefault(_place(record, ""), {})[record.repetition] = record
    for place, seen in observed.items():
        matrix.cells[place] = _cell(seen)
    for place, times in troubles.items():
        matrix.cells.setdefault(place, Cell()).trouble = _trouble(times)
    matrix.runs.sort(key=lambda run: (run.started, msgspec.json.encode(run)))
    matrix.policies = _policies(matrix)
    _put_in_order(matrix)
    return matrix


def _place(record: Observation | Unsupported | Error, check: str) -> tuple[Row, Column]:
    return Row(record.scenario, check), Column(record.engine, record.engine_version, record.preset)


def _cell(seen: dict[tuple[str, str], dict[int, Observation]]) -> Cell:
    cell = Cell()
    for at, times in seen.items():
        if len(times) == 1:
            (cell.seen[at],) = times.values()
        else:
            cell.repeats[at] = repeats = Repeats(times)
            cell.seen[at] = repeats.shown
    return cell


def _trouble(times: dict[int, Unsupported | Error]) -> Unsupported | Error:
    """What broke off says more than what cannot be done; the first time stands for the others."""
    return min(times.items(), key=lambda time: (not isinstance(time[1], Error), time[0]))[1]


def _policies(matrix: Matrix) -> list[str]:
    listed: dict[str, None] = {}
    for run in matrix.runs:
        listed |= dict.fromkeys(run.policies)
    observed = {policy for cell in matrix.cells.values() for policy, _ in cell.seen}
    return [*listed, *sorted(observed - listed.keys())]


def _put_in_order(matrix: Matrix) -> None:
    """Rows follow the scenarios as they are written, then the steps up to their check."""
    policies = {name: number for number, name in enumerate(matrix.policies)}
    scenarios = {name: number for number, name in enumerate(matrix.scenarios)}
    steps: dict[Row, int] = {}
    for (row, _), cell in matrix.cells.items():
        in_order = sorted(cell.seen, key=lambda at: (policies[at[0]], surface_order(at[1])))
        cell.seen = {at: cell.seen[at] for at in in_order}
        reached = min((len(o.steps) for o in cell.seen.values()), default=0)
        steps[row] = min(reached, steps.get(row, reached))
    matrix.rows = sorted(
        steps,
        key=lambda row: (
            scenarios.get(row.scenario, len(scenarios)), row.scenario, steps[row], row.check
        ),
    )
    matrix.columns = sorted({column for _, column in matrix.cells})
