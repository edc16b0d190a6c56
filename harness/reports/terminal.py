"""The matrix in short, for a terminal."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from harness.records import Observation, Verdict, item_name
from harness.reports.agreement import agreements
from harness.reports.baseline import Standing
from harness.reports.matrix import SYMBOLS, Cell, Column, Matrix, Row

__all__ = ["Attention", "attention", "summary_lines"]


_MOST_COLUMNS = 8
"""Of more, no terminal shows a table: each is summed up in a line."""
_MOST_LINES = 20
"""Of what needs a look, on a terminal; the report has the rest."""
_NAME = 28
"""Columns that the name of a scenario needs at least, for a table to be read."""
_SEVERITY = (
    Verdict.UNEXPECTED, Verdict.ERROR, Verdict.FLAKY, Verdict.INCONCLUSIVE, Verdict.UNEXPLAINED,
    Verdict.LIMITATION, Verdict.KEPT, Verdict.UNSUPPORTED,
)  # fmt: skip


@dataclass(frozen=True)
class Attention:
    """What needs a look: in lines, and which items that is."""

    lines: list[str]
    items: list[str]


def summary_lines(
    matrix: Matrix, standing: Standing | None = None, width: int | None = None
) -> list[str]:
    """Rows of the matrix, what the signs mean, the count of each verdict, and what needs a look:
    what a baseline accepts comes last, with the reason. `width`: of the terminal, in columns; None
    for what has no end, and shows all."""
    if width is not None and len(matrix.columns) <= _MOST_COLUMNS:
        lines = _scenarios(matrix, width)
    else:
        lines = _table(matrix) if len(matrix.columns) <= _MOST_COLUMNS else _sums(matrix)
    lines.append("")
    counted = matrix.verdicts
    if width is None:
        lines.append("  ".join(f"{sign} {verdict}" for verdict, sign in SYMBOLS.items()))
        lines.append(", ".join(f"{counted[verdict]} {verdict}" for verdict in Verdict))
    else:
        told = [v for v in SYMBOLS if counted[v] or v is Verdict.UNEXPECTED]
        lines.append("  ".join(f"{SYMBOLS[v]} {counted[v]} {v}" for v in told))
    for agreement in agreements(matrix):
        lines.append(f"{agreement.sentence}.")
        lines += [
            f"≠ {seen.scenario}[{seen.engine}-{seen.preset}] {seen.policy}/{seen.surface}, "
            f"{seen.check}: browser {seen.told_observed}, model {modelled.told_observed}"
            for seen, modelled in agreement.differing
        ]
    found = attention(matrix, standing)
    shown = found.lines if width is None else found.lines[:_MOST_LINES]
    lines += shown
    if len(shown) < len(found.lines):
        lines.append(f"… and {len(found.lines) - len(shown)} more lines; the report has them all")
    lines += _repeated(matrix)
    lines += _accepted_lines(matrix, standing)
    lines += _unsupported(matrix)
    lines += standing.notes if standing is not None else ()
    return lines


def attention(matrix: Matrix, standing: Standing | None = None) -> Attention:
    """What no baseline accepts, the worst first, each with its reason."""
    records = [record for record in _records(matrix) if _accepted(record, standing) == ""]
    lines = [_told(matrix, record) for record in records]
    for o, repeats in matrix.flaky():
        if _accepted(o, standing) == "":
            place = f"{o.scenario}[{o.engine}-{o.preset}] {o.policy}/{o.surface}, {o.check}"
            lines.append(f"{SYMBOLS[Verdict.FLAKY]} {place}: {repeats.sentence}")
            lines += [f"    {line}" for line in repeats.evidence]
            records.append(o)
    unsure = [
        o
        for verdict in (Verdict.INCONCLUSIVE, Verdict.UNEXPLAINED)
        for o in matrix.observations()
        if o.verdict is verdict
    ]
    lines += _together(
        unsure, lambda o: f"{SYMBOLS[o.verdict]} {o.item}, {o.check}: {_why(o)}", "cell"
    )
    if standing is not None:
        lines += [f"{SYMBOLS[Verdict.UNEXPECTED]} {line}" for line in standing.complaints.values()]
    items = dict.fromkeys(
        item_name(record.scenario, record.engine, record.preset) for record in (*records, *unsure)
    )
    return Attention(lines, list(items))


def _together(
    records: Iterable[Any], told: Callable[[Any], str], of: str
) -> Iterator[str]:
    """A line for all that are told in the same words."""
    for line, count in Counter(map(told, records)).items():
        yield line if count == 1 else f"{line} ({count} {of}s)"


def _why(observation: Observation) -> str:
    if observation.verdict is Verdict.UNEXPLAINED:
        return f"{observation.comparison}; nobody knows what to expect of this browser"
    told = "; ".join(observation.evidence.notes)
    return told or "the machine was too slow for the question"


def _records(matrix: Matrix) -> Iterator[Any]:
    """What is unexpected, then what broke off."""
    yield from (o for o in matrix.observations() if o.verdict is Verdict.UNEXPECTED)
    yield from (t for t in matrix.troubles() if t.verdict is Verdict.ERROR)


def _told(matrix: Matrix, record: Any) -> str:
    text = f"{SYMBOLS[record.verdict]} {record.item}"
    if isinstance(record, Observation):
        return f"{text} {record.policy}/{record.surface}, {record.check}: {record.comparison}"
    return f"{text}: {record.sentence}"


def _accepted_lines(matrix: Matrix, standing: Standing | None) -> Iterator[str]:
    for record in _records(matrix):
        if reason := _accepted(record, standing):
            yield f"{_told(matrix, record)}{reason}"
    for o, repeats in matrix.flaky():
        if reason := _accepted(o, standing):
            place = f"{o.item} {o.policy}/{o.surface}, {o.check}"
            yield f"{SYMBOLS[Verdict.FLAKY]} {place}: {repeats.sentence}{reason}"
            yield from (f"    {line}" for line in repeats.evidence)


def _unsupported(matrix: Matrix) -> Iterator[str]:
    troubles = [t for t in matrix.troubles() if t.verdict is Verdict.UNSUPPORTED]
    yield from _together(
        troubles, lambda t: f"{SYMBOLS[t.verdict]} {t.scenario}: {t.sentence}", "time"
    )


def _repeated(matrix: Matrix) -> Iterator[str]:
    flaky = matrix.flaky()
    agreed = Counter(r.sentence for _, r in matrix.repeated() if not r.flaky)
    if flaky or agreed:
        told = [f"{count} {sentence}" for sentence, count in sorted(agreed.items())]
        yield f"Cells that were repeated: {', '.join([f'{len(flaky)} flaky', *told])}."


def _scenarios(matrix: Matrix, width: int) -> list[str]:
    """A line for each scenario: what its cells have for each browser and preset, or where there is
    no room for that the worst of it."""
    rows: dict[str, list[Row]] = {}
    for row in matrix.rows:
        rows.setdefault(row.scenario, []).append(row)
    if not rows:
        return []
    cells = {
        name: [_sum(matrix.cell(row, column) for row in of) for column in matrix.columns]
        for name, of in rows.items()
    }
    longest = max(map(len, rows))
    whole = [
        max(len(_head(column)), *(len(_counts(found[n])) for found in cells.values()))
        for n, column in enumerate(matrix.columns)
    ]
    lines = []
    if width - sum(2 + one for one in whole) >= min(longest, _NAME):
        heads = [_head(column) for column in matrix.columns]
        show, widths = _counts, whole
    else:
        heads = [str(n) for n, _ in enumerate(matrix.columns, start=1)]
        show, widths = _worst, [1] * len(heads)
        lines += [f"{n} {_head(column)}" for n, column in zip(heads, matrix.columns, strict=True)]
    left = min(longest, width - sum(2 + one for one in widths))
    lines.append(_line("", heads, left, widths))
    lines += [_line(name, map(show, found), left, widths) for name, found in cells.items()]
    return lines


def _line(name: str, texts: Iterable[str], left: int, widths: Iterable[int]) -> str:
    short = name if len(name) <= left else f"{name[: left - 1]}…"
    fitted = (text.ljust(wide) for text, wide in zip(texts, widths, strict=True))
    return f"{short.ljust(left)}  {'  '.join(fitted)}".rstrip()


def _sum(cells: Iterable[Cell | None]) -> Counter[Verdict]:
    counted: Counter[Verdict] = Counter()
    for cell in cells:
        counted.update(cell.verdicts if cell else {})
    return counted


def _worst(verdicts: Counter[Verdict]) -> str:
    return next((SYMBOLS[verdict] for verdict in _SEVERITY if verdicts[verdict]), "")


def _sums(matrix: Matrix) -> list[str]:
    heads = {column: _head(column) for column in matrix.columns}
    width = max(map(len, heads.values()))
    return [
        f"{head.ljust(width)}  {_counts(matrix.verdicts_of(column))}"
        for column, head in heads.items()
    ]


def _head(column: Column) -> str:
    return f"{column.engine}/{column.preset}"


def _table(matrix: Matrix) -> list[str]:
    heads = {column: _head(column) for column in matrix.columns}
    widths = {column: max(len(head), 9) for column, head in heads.items()}
    names = {
        row: f"{row.scenario}: {row.check}" if row.check else row.scenario for row in matrix.rows
    }
    left = min(max(map(len, names.values()), default=0), 72)
    lines = [_line("", heads.values(), left, widths.values())]
    for row, name in names.items():
        texts = [_cell(matrix.cell(row, column)) for column in heads]
        lines.append(_line(name, texts, left, widths.values()))
    return lines


def _cell(cell: Cell | None) -> str:
    return "" if cell is None else _counts(cell.verdicts)


def _counts(verdicts: Counter[Verdict]) -> str:
    return " ".join(
        f"{sign}{verdicts[verdict]}" for verdict, sign in SYMBOLS.items() if verdicts[verdict]
    )


def _accepted(record: object, standing: Standing | None) -> str:
    reason = standing.reason(record) if standing else None
    return "" if reason is None else f"; accepted: {reason}"
