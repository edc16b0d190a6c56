"""The matrix: scenario and check down, engine and preset across, policies inside."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from harness.records import (
    Error,
    LimitationNote,
    Observation,
    Record,
    Run,
    ScenarioNote,
    Unsupported,
    Verdict,
)

__all__ = ["SYMBOLS", "Cell", "Column", "Matrix", "Row", "matrix_of"]

SYMBOLS: dict[Verdict, str] = {
    Verdict.KEPT: "✓",
    Verdict.LIMITATION: "≈",
    Verdict.UNEXPECTED: "✗",
    Verdict.UNSUPPORTED: "–",
    Verdict.ERROR: "!",
}
"""Verdicts without colour."""

_WORST = (
    Verdict.ERROR,
    Verdict.UNEXPECTED,
    Verdict.UNSUPPORTED,
    Verdict.LIMITATION,
    Verdict.KEPT,
)


class Column(NamedTuple):
    """One engine, as one preset sets it up."""

    engine: str
    engine_version: str
    preset: str


class Row(NamedTuple):
    """One check of one scenario; `check` is empty for an item that reached none."""

    scenario: str
    check: str


@dataclass
class Cell:
    """What was observed at one check in one column."""

    observations: list[Observation] = field(default_factory=list)
    trouble: Unsupported | Error | None = None

    @property
    def verdicts(self) -> Counter[Verdict]:
        """How often each verdict came up."""
        counted = Counter(observation.verdict for observation in self.observations)
        if self.trouble is not None:
            unsupported = isinstance(self.trouble, Unsupported)
            counted[Verdict.UNSUPPORTED if unsupported else Verdict.ERROR] += 1
        return counted

    @property
    def worst(self) -> Verdict:
        """The verdict that a reader should look at first."""
        return next(verdict for verdict in _WORST if self.verdicts[verdict])

    @property
    def surfaces(self) -> list[str]:
        """What was looked at, without the prefix of applications."""
        listed = dict.fromkeys(observation.surface for observation in self.observations)
        return [surface.removeprefix("app:") for surface in listed]

    @property
    def by_policy(self) -> dict[str, list[Observation]]:
        """The observations, an environment at a time."""
        grouped: dict[str, list[Observation]] = {}
        for observation in self.observations:
            grouped.setdefault(observation.policy, []).append(observation)
        return grouped


@dataclass
class Matrix:
    """Everything that reports show."""

    runs: list[Run] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    cells: dict[tuple[Row, Column], Cell] = field(default_factory=dict)

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

    def observations(self) -> Iterable[Observation]:
        """Every observation."""
        for cell in self.cells.values():
            yield from cell.observations

    def troubles(self) -> Iterator[Unsupported | Error]:
        """What broke off, or could not be done, in the order of the rows."""
        for row in self.rows:
            for column in self.columns:
                cell = self.cell(row, column)
                if cell is not None and cell.trouble is not None:
                    yield cell.trouble

    def cell(self, row: Row, column: Column) -> Cell | None:
        """What is at a place of the matrix, or None where nothing ran."""
        return self.cells.get((row, column))


def _sum(cells: Iterable[Cell]) -> Counter[Verdict]:
    counted: Counter[Verdict] = Counter()
    for cell in cells:
        counted.update(cell.verdicts)
    return counted


def matrix_of(records: Iterable[Record]) -> Matrix:
    """Fold records into a matrix. Of two observations of the same thing the later one counts."""
    matrix = Matrix()
    latest: dict[tuple[Row, Column], dict[tuple[str, str], Observation]] = {}
    troubles: list[Unsupported | Error] = []
    for record in records:
        if isinstance(record, Observation):
            place = Row(record.scenario, record.check), _column(record)
            latest.setdefault(place, {})[record.policy, record.surface] = record
        elif isinstance(record, Run):
            matrix.runs.append(record)
        else:
            troubles.append(record)
    for place, observations in latest.items():
        matrix.cells[place] = Cell(observations=list(observations.values()))
    for trouble in troubles:
        matrix.cells[Row(trouble.scenario, ""), _column(trouble)] = Cell(trouble=trouble)
    # Workers finish in any order; a row's place follows the scenarios as they are written, then
    # its own first check.
    order = {name: number for number, name in enumerate(matrix.scenarios)}
    steps = {
        place[0]: len(cell.observations[0].steps) if cell.observations else 0
        for place, cell in matrix.cells.items()
    }
    matrix.rows = sorted(
        steps, key=lambda row: (order.get(row.scenario, len(order)), row.scenario, steps[row])
    )
    matrix.columns = sorted({place[1] for place in matrix.cells})
    return matrix


def _column(record: Observation | Unsupported | Error) -> Column:
    return Column(record.engine, record.engine_version, record.preset)
