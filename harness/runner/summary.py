"""What is told at the end of a run, and whether its results could be kept.

Nothing heavy is imported here: see `invocation`.
"""

import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from harness.runner.invocation import Invocation

__all__ = ["Summary"]


class Summary:
    """The reports of a run. Its methods are hooks."""

    def __init__(self, invocation: "Invocation") -> None:
        self._invocation = invocation
        self._wrote = False
        self._unwritten: str | None = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Any:
        """In the process of an item: whoever began the run is told of its results by its report.
        Where they cannot be written, nothing is gained by another item."""
        report = yield
        results = self._invocation.written
        if results is not None:
            report.afterclose_wrote = results.begun
            report.afterclose_unwritten = results.failure
            if results.failure:
                item.session.shouldfail = results.failure
        return report

    def pytest_runtest_logreport(self, report: Any) -> None:
        """In every process: what the items say of their results."""
        self._wrote = self._wrote or getattr(report, "afterclose_wrote", False)
        self._unwritten = self._unwritten or getattr(report, "afterclose_unwritten", None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Results that could not be kept are no failure of what was tested."""
        invocation = self._invocation
        if invocation.worker:
            return
        if self._wrote and not invocation.wrote:
            self._unwritten = f"{invocation.results}: removed in the middle of the run"
        if self._unwritten:
            _say(f"{self._unwritten}; see to that, and finish the run with --resume")
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Render the reports, and say in short what they say."""
        invocation = self._invocation
        if invocation.worker or invocation.refused or not invocation.wrote:
            return
        from harness.reports import write_reports
        from harness.reports.caveats import caveats_of
        from harness.reports.matrix import matrix_of
        from harness.reports.terminal import summary_lines
        from harness.result_file import RecordsError, read_records

        folder = invocation.results.parent
        try:
            records = list(read_records([invocation.results], _say))
            caveats = caveats_of({os.path.relpath(invocation.results): records})
            matrix = matrix_of(records, caveats)
            if not matrix.cells and not caveats:
                return
            write_reports(matrix, folder)
        except RecordsError as error:
            _say(str(error))
            return
        except OSError as error:
            _say(f"{folder}: the reports cannot be written: {error.strerror}; see to that, and "
                 "render them with 'afterclose report'")  # fmt: skip
            return
        terminalreporter.section("Afterclose")
        for line in [*(f"Beware: {caveat}." for caveat in caveats), *summary_lines(matrix)]:
            terminalreporter.write_line(line)
        terminalreporter.write_line(f"Report: {os.path.relpath(folder / 'index.html')}")


def _say(sentence: str) -> None:
    print(f"afterclose: {sentence}", file=sys.stderr)
