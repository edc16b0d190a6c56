"""Reports: each shows the matrix, into which the records of one run or several are folded."""

from pathlib import Path

from harness.reports.baseline import Standing
from harness.reports.compare import Comparison
from harness.reports.compat import render_compat
from harness.reports.html import render_html
from harness.reports.junit import render_junit
from harness.reports.markdown import render_limitations
from harness.reports.matrix import Matrix

__all__ = ["write_reports"]


def write_reports(
    matrix: Matrix,
    folder: Path,
    standing: Standing | None = None,
    comparison: Comparison | None = None,
) -> None:
    """Write `index.html`, `junit.xml`, `limitations.md` and `compat.json` into a folder; where
    there is a baseline, with how the matrix stands against it; the page with what it is compared
    with."""
    folder.mkdir(parents=True, exist_ok=True)
    page = render_html(
        matrix, standing, comparison, there=lambda path: (folder / path).is_file()
    )
    (folder / "index.html").write_text(page, encoding="utf-8")
    (folder / "junit.xml").write_text(render_junit(matrix, standing), encoding="utf-8")
    (folder / "limitations.md").write_text(render_limitations(matrix), encoding="utf-8")
    (folder / "compat.json").write_text(render_compat(matrix), encoding="utf-8")
