"""What `afterclose run` tells, in place of pytest's terminal reporter: what is under way, how far
the run is, and what needs a look.

A plugin that the command alone loads; plain `pytest` talks as it always does. Of pytest's own
output what a test of one's own failed by stays, and so does what pytest has to say of itself.
"""

import io
import os
import sys
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO, cast

import pytest

from harness.runner.invocation import INVOCATION
from harness.runner.progress import Progress, item_of, name_of, told_time
from harness.runner.screen import Screen, columns
from harness.runner.stash import STEPS, TERMINAL
from harness.runner.steps import StepFile

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["Terminal"]

_SHOWN = 5
"""Items under way of which each has a line."""
_AGAIN = 3
"""Items of which it is told how to run them again."""
_POLL = 0.2
"""Seconds after which steps of other processes are looked for."""
_LINES = 10
"""Into so many parts a run is cut by what is told of it where lines do not change."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("afterclose").addoption(
        "--afterclose-tell", choices=("attention", "run", "steps"), default="run"
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    invocation = config.stash[INVOCATION]
    told = config.getoption("afterclose_tell")
    if invocation.worker:
        if told == "steps":
            config.stash[STEPS] = _step_file(config).tell
        return
    standard = config.pluginmanager.getplugin("terminalreporter")
    if standard is None:
        return
    if config.option.reportchars == "fE":
        # pytest's default: each failure is told already.
        config.option.reportchars = "N"
    gate = _Gate(sys.stdout)
    config.pluginmanager.unregister(standard)
    reporter = pytest.TerminalReporter(config, cast(TextIO, gate))
    config.pluginmanager.register(reporter, "terminalreporter")
    terminal = Terminal(config, gate, reporter)
    config.stash[TERMINAL] = terminal
    # pluggy warns of an interrupt that passes a wrapper of its old kind, which pytest-playwright
    # has; where warnings are errors, Ctrl+C would be an internal error.
    config.addinivalue_line("filterwarnings", "ignore::pluggy.PluggyTeardownRaisedWarning")
    config.pluginmanager.register(terminal, "afterclose-terminal")
    if told == "steps":
        config.stash[STEPS] = terminal.step


def _step_file(config: pytest.Config) -> StepFile:
    return StepFile(config.stash[INVOCATION].plan.folder / "steps.ndjson")


class _Gate(io.TextIOBase):
    """What pytest says goes through once it is open. Where a person interrupted pytest there is no
    need to say so, and where in its own code that was."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.open = False
        self.interrupted = False
        self._spoken = self._shut = False

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._file.encoding

    def write(self, text: str, /) -> int:
        if self.interrupted and text.startswith("!!!"):
            self._shut = True
        if self._shut:
            return len(text)
        self._spoken = self._spoken or (self.open and not text.isspace())
        return self._file.write(text) if self._spoken else len(text)

    def flush(self) -> None:
        if self.open:
            self._file.flush()

    def isatty(self) -> bool:
        return self._file.isatty()

    def fileno(self) -> int:
        return self._file.fileno()


class Terminal:
    """Its methods are hooks, in the process that began the run."""

    def __init__(
        self, config: pytest.Config, gate: _Gate, reporter: pytest.TerminalReporter
    ) -> None:
        self._config = config
        self._gate = gate
        self._reporter = reporter
        # pytest captures the descriptor itself while something runs.
        self._file = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
        self.screen = Screen(self._file)
        self.quiet = config.getoption("afterclose_tell") == "attention"
        self._progress = Progress({})
        self._took: dict[str, float] = {}
        self._failed: set[str] = set()
        self._heading = ""
        self._counted: list[str] = []
        self._steps: StepFile | None = None
        self._reading = threading.Lock()
        self._over = threading.Event()
        self._broke = self._closed = False

    # What is under way.

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """Before the first result is written: what an earlier run took is still there."""
        self._progress = Progress(self._recorded())
        if self._config.getoption("afterclose_tell") == "steps":
            self._steps = _step_file(self._config)
            threading.Thread(target=self._follow_steps, daemon=True).start()
        if not self.quiet:
            self.screen.move(self._moving)

    def _recorded(self) -> Mapping[str, float]:
        from harness.result_file import durations_in

        named = self._config.getoption("afterclose_durations")
        path = self._config.invocation_params.dir / named if named else None
        return durations_in(path or self._config.stash[INVOCATION].results)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """What is to be carried out here."""
        self._progress.expect([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """pytest-xdist's hook: likewise, elsewhere."""
        self._progress.expect(ids)
        self._progress.at_a_time = len(self._config.option.tx or [""])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._progress.start(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """What an item came to; of one that failed at once."""
        self._took[report.nodeid] = self._took.get(report.nodeid, 0.0) + report.duration
        if report.failed and report.nodeid not in self._failed:
            self._failed.add(report.nodeid)
            if report.when not in ("setup", "call", "teardown"):
                # Its process died: nobody tells of its end.
                self._progress.end(report.nodeid, report.duration)
            if not self.quiet:
                width = self.screen.width
                text = f"✗ {item_of(report.nodeid)}: {_reason(report)}"
                self.screen.line(text if width is None else columns([text], width).rstrip())

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """An item has ended."""
        self._tell_steps()
        progress = self._progress
        progress.end(nodeid, self._took.get(nodeid, 0.0))
        if self.quiet or self.screen.live or self._steps:
            return
        tenth = max(1, progress.total // _LINES)
        if progress.done % tenth == 0 or progress.done == progress.total:
            left = progress.left
            rest = f", {told_time(left)} left" if left and round(left) else ""
            self.screen.line(f"{progress.done} of {progress.total}{rest}: {item_of(nodeid)}")

    def step(self, item: str, line: str) -> None:
        """A step of an item happens."""
        if item != self._heading:
            self._heading = item
            self.screen.line(item)
        self.screen.line(f"  {line}", hanging=5)

    def _follow_steps(self) -> None:
        while not self._over.wait(_POLL):
            self._tell_steps()

    def _tell_steps(self) -> None:
        with self._reading:
            for item, line in self._steps.new() if self._steps else ():
                self.step(item, line)

    def _moving(self, width: int) -> "RenderableType":
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        progress, now = self._progress, time.monotonic()
        under_way = [*progress.under_way.items()]
        lines: list[RenderableType] = [
            Text(_under_way(item_of(nodeid), now - since, width), no_wrap=True)
            for nodeid, since in under_way[:_SHOWN]
        ]
        if len(under_way) > _SHOWN:
            lines.append(Text(f"  and {len(under_way) - _SHOWN} more", style="dim"))
        if not progress.total:
            return Text("  Reading the scenarios …", style="dim")
        left = progress.left
        told = f"{progress.done}/{progress.total}  {told_time(progress.elapsed)}"
        told += f", {told_time(left)} left" if left and round(left) else ""
        bar = Table.grid(expand=True, padding=(0, 1))
        bar.add_column(ratio=1)
        bar.add_column(justify="right", no_wrap=True)
        bar.add_row(self._bar(), told)
        return Group(*lines, bar)

    def _bar(self) -> "RenderableType":
        from rich.progress_bar import ProgressBar

        style = "red" if self._failed else "green"
        return ProgressBar(
            total=self._progress.total, completed=self._progress.done,
            complete_style=style, finished_style=style,
        )  # fmt: skip

    # What came of it.

    def pytest_keyboard_interrupt(self) -> None:
        self._gate.interrupted = True
        # What was interrupted may have left a file open. Where warnings are errors, pytest would
        # end by that, and not as interrupted.
        warnings.simplefilter("ignore")

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self) -> None:
        self._broke = True
        self._tell_rest()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """From here on pytest speaks for itself; what the summary tells is told there alone."""
        if self._broke and session.exitstatus == pytest.ExitCode.OK:
            # pytest-xdist (3.8) tells of a worker's internal error, and ends as if all were well.
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
        self._counted = [text for text, _ in self._reporter.build_summary_stats_line()[0]]
        self._tell_rest()
        for category, reports in self._reporter.stats.items():
            if category:
                reports[:] = [r for r in reports if not getattr(r, "afterclose_told", False)]

    def _tell_rest(self) -> None:
        self._over.set()
        self._tell_steps()
        self.screen.still()
        self._gate.open = True

    def summary(
        self, lines: Sequence[str], attention: Sequence[str], items: Sequence[str]
    ) -> None:
        """The reports are written: what they say in short; of that what needs a look, and of which
        items that is."""
        sys.stdout.flush()
        if self.quiet:
            self.screen.lines(attention)
            return
        self.screen.line()
        self.screen.lines(lines)
        for command in self._again(items):
            self.screen.line(f"Again: {command}", hanging=7)

    def _again(self, items: Sequence[str]) -> Iterator[str]:
        """Of these items, which need a look, and of what else failed; not too many."""
        from harness.runner.again import command_for

        nodes = {name_of(nodeid): nodeid for nodeid in reversed(self._took)}
        failed = [nodeid for nodeid in self._took if nodeid in self._failed]
        nodeids = dict.fromkeys([*(nodes[item] for item in items if item in nodes), *failed])
        commands = dict.fromkeys(command_for(self._config, n) for n in [*nodeids][: 2 * _AGAIN])
        yield from [*commands][:_AGAIN]

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """The last line, whatever happened."""
        if self._closed:
            return
        self._closed = True
        self._tell_rest()
        sys.stdout.flush()
        progress = self._progress
        if not self.quiet and progress.done:
            told = ", ".join(self._counted)
            if progress.done < progress.total:
                ended = "Interrupted" if self._gate.interrupted else "Not finished"
                told = f"{ended}, {progress.done} of {progress.total} done: {told}"
            self.screen.line(f"{told} in {told_time(progress.elapsed)}")
        self._file.close()


def _under_way(item: str, seconds: float, width: int) -> str:
    name, _, pair = item.partition("[")
    return columns([f"  {name}", *filter(None, [pair.rstrip("]")]), told_time(seconds)], width)


def _reason(report: pytest.TestReport) -> str:
    """Why an item failed, in a line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    told = crash.message if crash is not None else str(report.longrepr or "it failed")
    return str(told).partition("\n")[0]
