"""What a run says at its end: the reports, and in short what they say."""

import os
from collections.abc import Iterator
from pathlib import Path

from harness.reports import write_reports
from harness.reports.baseline import Baseline, Standing
from harness.reports.compare import Comparison
from harness.reports.matrix import Matrix
from harness.reports.terminal import summary_lines
from harness.runner.baseline_file import strangers

__all__ = ["report"]


def report(
    matrix: Matrix,
    folder: Path,
    baseline: Baseline | None,
    comparison: Comparison | None = None,
    *,
    width: int | None = None,
) -> Iterator[str]:
    """Write every report, and give the lines for a terminal that is so wide. Raises OSError."""
    standing = Standing.of(matrix, baseline) if baseline else None
    write_reports(matrix, folder, standing, comparison)
    yield from (f"Beware: {caveat}." for caveat in matrix.caveats)
    yield from summary_lines(matrix, standing, width)
    if baseline is not None:
        yield from strangers(baseline, matrix)
    yield f"Report: {os.path.relpath(folder / 'index.html')}"
