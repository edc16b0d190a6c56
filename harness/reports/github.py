"""What GitHub Actions shows of a run: a summary in Markdown, and annotations of what fails it.

Summaries are read by other systems as well; annotations are commands of GitHub's workflow runner,
https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice

from harness.records import Observation, Verdict
from harness.reports.baseline import Failure, Standing, told_place
from harness.reports.matrix import Column, Matrix

__all__ = ["annotations", "summary_markdown"]

_MOST = 10
"""GitHub shows ten annotations of a step, and no more, of errors and of warnings."""
_MOST_LISTED = 20
"""In a summary: the report has the rest."""


def summary_markdown(matrix: Matrix, standing: Standing, report: str) -> str:
    """Counts by engine and preset, and before them what is missing and what fails the run; `report`
    says where all of it is. What is accepted comes after what is new."""
    lines = ["## Afterclose", "", _sentence(matrix, standing), ""]
    lines += [f"Beware: {_safe(caveat)}.\n" for caveat in matrix.caveats]
    failing = [*_failing(standing)]
    lines += [f"- {_safe(line)}" for line in failing[:_MOST_LISTED]]
    if len(failing) > _MOST_LISTED:
        lines.append(f"- and {len(failing) - _MOST_LISTED} more")
    verdicts = [verdict for verdict in Verdict if matrix.verdicts[verdict]]
    lines += ["", f"| engine | preset | {' | '.join(verdicts)} |"]
    lines.append("|---|---|" + "--:|" * len(verdicts))
    for column in matrix.columns:
        lines.append(_row(column, matrix.verdicts_of(column), verdicts))
    if standing.accepted:
        reasons = Counter(standing.reason(record) or "" for record in standing.accepted)
        told = (f"{_safe(reason)} ({count})" for reason, count in sorted(reasons.items()))
        lines += ["", f"Accepted: {'; '.join(told)}."]
    return "\n".join([*lines, "", f"Report: {_safe(report)}", ""])


def _sentence(matrix: Matrix, standing: Standing) -> str:
    counted = matrix.verdicts
    if not standing.fails:
        accepted = len(standing.accepted)
        last = f", {accepted} accepted" if accepted else ""
        return f"Nothing unexpected: {counted[Verdict.KEPT]} kept, " \
            f"{counted[Verdict.LIMITATION]} explained by a limitation{last}."  # fmt: skip
    parts = [f"{len(standing.new)} new"]
    if standing.baseline.entries:
        parts += [f"{len(standing.mended)} mended and still in the baseline",
                  f"{len(standing.expired)} expired there"]  # fmt: skip
    return f"**Not as expected: {', '.join(parts)}.**"


def _row(column: Column, counted: Counter[Verdict], verdicts: list[Verdict]) -> str:
    engine = f"{column.engine} {column.engine_version}"
    cells = [engine, column.preset, *(str(counted[verdict]) for verdict in verdicts)]
    return f"| {' | '.join(map(_safe, cells))} |"


def _failing(standing: Standing) -> Iterator[str]:
    for failure in standing.new:
        yield f"{told_place(failure)}: {_why(failure)}"
    yield from standing.complaints.values()


def _why(failure: Failure) -> str:
    if isinstance(failure, Observation):
        return failure.comparison
    return f"{failure.verdict}: {failure.sentence}"


def _safe(text: str) -> str:
    """As text in Markdown: one line, and no tags or columns."""
    text = " ".join(text.split())
    for sign in ("\\", "|", "*", "_", "`", "[", "<"):
        text = text.replace(sign, f"\\{sign}")
    return text


def annotations(standing: Standing, places: Mapping[str, tuple[str, int]]) -> Iterator[str]:
    """A command for each thing that fails the run, ten at most, of which the last then says how
    many more there are. `places`: file and line of each scenario, and of the baseline, by name.

    An entry of the baseline that was mended is a warning in the file, and what else fails an error.
    """
    commands = [
        *(
            _command("error", _why(failure), told_place(failure), places.get(failure.scenario))
            for failure in standing.new
        ),
        *(
            _command(
                "warning" if entry in standing.mended else "error",
                complaint, "Baseline", places.get(standing.baseline.name),
            )
            for entry, complaint in standing.complaints.items()
        ),
    ]  # fmt: skip
    most = _MOST if len(commands) <= _MOST else _MOST - 1
    yield from islice(commands, most)
    if len(commands) > most:
        more = f"{len(commands) - most} more fail the run; the report has all of them"
        yield _command("error", more, "Afterclose", None)


def _command(kind: str, message: str, title: str, place: tuple[str, int] | None) -> str:
    properties = {"title": title}
    if place is not None:
        file, line = place
        properties = {"file": file, "line": str(line), **properties}
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{kind} {told}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
