"""Items that nobody could carry out: what is written down and told of them, as of any other."""

from typing import Any, NamedTuple

import pytest

from harness.records import Error, Unsupported
from harness.runner.attempt import Attempt
from harness.runner.items import ScenarioItem
from harness.runner.run_session import RunSession

__all__ = ["Subject", "broke_off", "subject_of", "unsupported"]


class Subject(NamedTuple):
    """What an item is about, as its records name it."""

    scenario: str
    engine: str
    preset: str
    repetition: int = 1


def subject_of(item: pytest.Item) -> Subject | None:
    """None for a test that has no browser of ours."""
    if isinstance(item, ScenarioItem):
        return Subject(item.scenario.name, item.engine, item.preset, item.repetition)
    callspec = getattr(item, "callspec", None)
    pair = callspec.params.get("session_browser") if callspec else None
    if not isinstance(item, pytest.Function) or pair is None:
        return None
    module = item.module.__name__.rpartition(".")[2]
    return Subject(f"{module}.{item.function.__name__}", *pair)


def unsupported(run_session: RunSession, item: pytest.Item, reason: str) -> pytest.TestReport:
    """No worker can do it. Raises RecordsError."""
    subject = subject_of(item)
    assert subject is not None
    _write(run_session, subject, Unsupported(**_common(subject), reason=reason, steps=()))
    return _report(item, "skipped", (str(item.path), 0, f"Skipped: {reason}"))


def broke_off(run_session: RunSession, item: pytest.Item, sentence: str) -> pytest.TestReport:
    """Nothing came back. Raises RecordsError."""
    subject = subject_of(item)
    accepted = ""
    if subject is not None:
        error = Error(**_common(subject), message=sentence, steps=())
        _write(run_session, subject, error)
        accepted = run_session.accepts(error)
    report = _report(item, "skipped" if accepted else "failed", sentence)
    if accepted:
        report.wasxfail = accepted
    return report


def _common(subject: Subject) -> dict[str, Any]:
    scenario, engine, preset, _ = subject
    return {"scenario": scenario, "engine": engine, "preset": preset, "engine_version": ""}


def _write(run_session: RunSession, subject: Subject, record: Error | Unsupported) -> None:
    with Attempt(
        run_session.results.write, **subject._asdict(), engine_version=""
    ) as attempt:
        attempt.note(record)


def _report(item: pytest.Item, outcome: Any, told: Any) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid=item.nodeid, location=item.location, keywords={}, outcome=outcome, longrepr=told,
        when="call",
    )  # fmt: skip
