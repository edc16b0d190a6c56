"""The matrix in short, for a terminal."""

from collections.abc import Sequence

from harness.records import Error, Observation, Record, Unsupported, Verdict
from harness.reports.agreement import agreements
from harness.reports.matrix import SYMBOLS, Cell, matrix_of

__all__ = ["summary_lines"]


def summary_lines(records: Sequence[Record]) -> list[str]:
    """Rows of the matrix, what the signs mean, and the count of each verdict."""
    matrix = matrix_of(records)
    heads = [f"{column.engine}/{column.preset}" for column in matrix.columns]
    widths = [max(len(head), 9) for head in heads]
    names = [f"{row.scenario}: {row.check}" if row.check else row.scenario for row in matrix.rows]
    left = min(max(map(len, names), default=0), 72)
    lines = [" " * left + "  " + "  ".join(map(str.ljust, heads, widths))]
    for row, name in zip(matrix.rows, names, strict=True):
        cells = (matrix.cell(row, column) for column in matrix.columns)
        texts = [_cell(cell).ljust(width) for cell, width in zip(cells, widths, strict=True)]
        short = name if len(name) <= left else f"{name[: left - 1]}…"
        lines.append(f"{short.ljust(left)}  {'  '.join(texts)}".rstrip())
    lines.append("")
    lines.append("  ".join(f"{sign} {verdict}" for verdict, sign in SYMBOLS.items()))
    counted = matrix.verdicts
    lines.append(", ".join(f"{counted[verdict]} {verdict}" for verdict in Verdict))
    for agreement in agreements(records):
        lines.append(f"{agreement.sentence}.")
        lines += [
            f"≠ {seen.scenario}[{seen.engine}-{seen.preset}] {seen.policy}/{seen.surface}, "
            f"{seen.check}: browser {seen.observed}, model {modelled.observed}"
            for seen, modelled in agreement.differing
        ]
    lines += _troubles(records)
    return lines


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return ""
    return " ".join(
        f"{sign}{cell.verdicts[verdict]}"
        for verdict, sign in SYMBOLS.items()
        if cell.verdicts[verdict]
    )


def _troubles(records: Sequence[Record]) -> list[str]:
    lines: list[str] = []
    for record in records:
        if isinstance(record, Observation) and record.verdict is Verdict.UNEXPECTED:
            lines.append(
                f"✗ {record.scenario}[{record.engine}-{record.preset}] {record.policy}/"
                f"{record.surface}, {record.check}: promised {record.promised}, observed "
                f"{record.observed}"
            )
        elif isinstance(record, Error | Unsupported):
            sign = SYMBOLS[Verdict.ERROR if isinstance(record, Error) else Verdict.UNSUPPORTED]
            where = f"{record.scenario}[{record.engine}-{record.preset}]"
            lines.append(f"{sign} {where} {record.sentence}")
    return lines
