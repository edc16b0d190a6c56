"""Reports: each is a fold over the records of one run or several."""

from collections.abc import Sequence
from pathlib import Path

from harness.records import Record
from harness.reports.html import render_html
from harness.reports.junit import render_junit
from harness.reports.markdown import render_limitations

__all__ = ["write_reports"]


def write_reports(records: Sequence[Record], folder: Path) -> None:
    """Write `index.html`, `junit.xml` and `limitations.md` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(render_html(records), encoding="utf-8")
    (folder / "junit.xml").write_text(render_junit(records), encoding="utf-8")
    (folder / "limitations.md").write_text(render_limitations(records), encoding="utf-8")
