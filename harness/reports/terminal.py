"""The matrix in short, for a terminal."""

from collections import Counter
from collections.abc import Iterator

from harness.records import Observation, Verdict
from harness.reports.agreement import agreements
from harness.reports.baseline import Standing
from harness.reports.matrix import SYMBOLS, Cell, Column, Matrix

__all__ = ["summary_lines"]


_MOST_COLUMNS = 8
"""Of more, no terminal shows a table: each is summed up in a line."""


def summary_lines(matrix: Matrix, standing: Standing | None = None) -> list[str]:
    """Rows of the matrix, what the signs mean, the count of each verdict, and what needs a look:
    what a baseline accepts comes last, with the reason."""
    lines = _table(matrix) if len(matrix.columns) <= _MOST_COLUMNS else _sums(matrix)
    lines.append("")
    lines.append("  ".join(f"{sign} {verdict}" for verdict, sign in SYMBOLS.items()))
    counted = matrix.verdicts
    lines.append(", ".join(f"{counted[verdict]} {verdict}" for verdict in Verdict))
    lines += _repeated(matrix, standing)
    for agreement in agreements(matrix):
        lines.append(f"{agreement.sentence}.")
        lines += [
            f"≠ {seen.scenario}[{seen.engine}-{seen.preset}] {seen.policy}/{seen.surface}, "
            f"{seen.check}: browser {seen.told_observed}, model {modelled.told_observed}"
            for seen, modelled in agreement.differing
        ]
    lines += _troubles(matrix, standing)
    if standing is not None:
        lines += [f"{SYMBOLS[Verdict.UNEXPECTED]} {line}" for line in standing.complaints.values()]
        lines += standing.notes
    return lines


def _repeated(matrix: Matrix, standing: Standing | None) -> Iterator[str]:
    flaky = matrix.flaky()
    agreed = Counter(r.sentence for _, r in matrix.repeated() if not r.flaky)
    for o, repeats in flaky:
        yield (
            f"{SYMBOLS[Verdict.FLAKY]} {o.scenario}[{o.engine}-{o.preset}] {o.policy}/{o.surface}, "
            f"{o.check}: {repeats.sentence}{_accepted(o, standing)}"
        )
        yield from (f"    {line}" for line in repeats.evidence)
    if flaky or agreed:
        told = [f"{count} {sentence}" for sentence, count in sorted(agreed.items())]
        yield f"Cells that were repeated: {', '.join([f'{len(flaky)} flaky', *told])}."


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
    titles = [head.ljust(widths[column]) for column, head in heads.items()]
    lines = [" " * left + "  " + "  ".join(titles)]
    for row, name in names.items():
        texts = [_cell(matrix.cell(row, column)).ljust(widths[column]) for column in heads]
        short = name if len(name) <= left else f"{name[: left - 1]}…"
        lines.append(f"{short.ljust(left)}  {'  '.join(texts)}".rstrip())
    return lines


def _cell(cell: Cell | None) -> str:
    return "" if cell is None else _counts(cell.verdicts)


def _counts(verdicts: Counter[Verdict]) -> str:
    return " ".join(
        f"{sign}{verdicts[verdict]}" for verdict, sign in SYMBOLS.items() if verdicts[verdict]
    )


def _troubles(matrix: Matrix, standing: Standing | None) -> Iterator[str]:
    accepted: list[str] = []
    records = [o for o in matrix.observations() if o.verdict is Verdict.UNEXPECTED]
    for record in (*records, *matrix.troubles()):
        where = f"{record.scenario}[{record.engine}-{record.preset}]"
        text = f"{SYMBOLS[record.verdict]} {where} "
        if isinstance(record, Observation):
            text += f"{record.policy}/{record.surface}, {record.check}: {record.comparison}"
        else:
            text += record.sentence
        reason = _accepted(record, standing)
        if reason:
            accepted.append(f"{text}{reason}")
        else:
            yield text
    yield from accepted


def _accepted(record: object, standing: Standing | None) -> str:
    reason = standing.reason(record) if standing else None
    return "" if reason is None else f"; accepted: {reason}"
