"""What is told at the end of a run, and whether its results could be kept.

Nothing heavy is imported here: see `invocation`.
"""

import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from harness.runner.stash import TERMINAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.records import Record
    from harness.reports.baseline import Standing
    from harness.reports.matrix import Matrix
    from harness.runner.invocation import Invocation

__all__ = ["Summary"]


class Summary:
    """The reports of a run. Its methods are hooks."""

    def __init__(self, invocation: "Invocation") -> None:
        self._invocation = invocation
        self._wrote = False
        self._unwritten: str | None = None
        self._session: pytest.Session | None = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Any:
        """In the process of an item: whoever began the run is told of its results by its report.
        Where they cannot be written, nothing is gained by another item."""
        report = yield
        if isinstance(report.longrepr, str) and hasattr(item, "scenario"):
            # In the results, and so in what the reports say.
            report.afterclose_told = True
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
        self._session = session
        invocation = self._invocation
        if invocation.worker:
            return
        if self._wrote and not invocation.wrote:
            self._unwritten = f"{invocation.results}: removed in the middle of the run"
        if self._unwritten:
            self._give_up(f"{self._unwritten}; see to that, and finish the run with --resume")

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Render the reports, and say in short what they say."""
        invocation = self._invocation
        if invocation.worker or invocation.refused or not invocation.wrote:
            return
        from harness.reports.caveats import caveats_of
        from harness.reports.matrix import matrix_of
        from harness.reports.terminal import attention
        from harness.result_file import RecordsError, read_records
        from harness.runner.telling import report

        terminal = self._session.config.stash.get(TERMINAL, None) if self._session else None
        folder = invocation.results.parent
        try:
            records = list(read_records([invocation.results], _say))
            caveats = caveats_of({os.path.relpath(invocation.results): records})
            matrix = matrix_of(records, caveats)
            baseline = invocation.run_session.chosen.baseline
            width = terminal.screen.width if terminal else None
            told = report(matrix, folder, baseline, width=width)
            lines = list(told) if matrix.cells or caveats else []
        except RecordsError as error:
            self._give_up(str(error))
            return
        except OSError as error:
            self._give_up(
                f"{folder}: the reports cannot be written: {error.strerror}; see to that, and "
                "render them with 'afterclose report'"
            )
            return
        standing = self._judge(matrix, records)
        if terminal and lines:
            found = attention(matrix, standing)
            terminal.summary(lines, found.lines, found.items)
            return
        if lines:
            terminalreporter.section("Afterclose")
        for line in lines:
            terminalreporter.write_line(line)

    def _give_up(self, sentence: str) -> None:
        print(f"afterclose: {sentence}", file=sys.stderr)
        if self._session is not None:
            self._session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    def _judge(self, matrix: "Matrix", records: "Sequence[Record]") -> "Standing":
        """What no item that was carried out now could fail by: disagreement with another, or what
        came of the run before it was resumed."""
        from harness.records import Done, Verdict
        from harness.reports.baseline import Baseline, Standing
        from harness.runner.baseline_file import today

        baseline = self._invocation.run_session.chosen.baseline or Baseline(today=today())
        standing = Standing.of(matrix, baseline)
        new = standing.new
        failed = any(failure.verdict is Verdict.FLAKY for failure in new)
        if self._invocation.plan.resumed:
            failed = bool(new) or any(isinstance(r, Done) and r.failed for r in records)
        if failed and self._session and self._session.exitstatus == pytest.ExitCode.OK:
            self._session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return standing


def _say(sentence: str) -> None:
    print(f"afterclose: {sentence}", file=sys.stderr)
