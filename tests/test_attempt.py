"""What is written down of an item, however it ends."""

import contextlib

import pytest

from harness.records import Done, Error, Observation, Record, Run, Unsupported
from harness.runner.attempt import Attempt, UnexpectedError
from tests.test_result_file import OBSERVATION

ERROR = Error(
    scenario="a.b", engine="x", engine_version="1", preset="default", message="died", steps=()
)
UNSUPPORTED = Unsupported(
    scenario="a.b", engine="x", engine_version="1", preset="default", reason="no", steps=()
)
LIFECYCLES = (OBSERVATION, OBSERVATION)
"""One record each of two parts of the environments."""


def attempt_at(writes: list[list[Record]]) -> Attempt:
    return Attempt(
        lambda *records: writes.append([*records]),
        scenario="a.b", engine="x", engine_version="1", preset="default", repetition=2,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("noted", "error", "kinds", "failed"),
    [
        (LIFECYCLES, None, [Observation, Observation], False),
        ((), None, [], False),
        (LIFECYCLES, UnexpectedError("promised"), [Observation, Observation], False),
        (LIFECYCLES[:1], AssertionError("its own"), [Observation], True),
        ((UNSUPPORTED,), pytest.skip.Exception("no"), [Unsupported], False),
        ((OBSERVATION, ERROR), RuntimeError("died"), [Observation, Error], False),
        (LIFECYCLES[:1], RuntimeError("died"), [Observation, Error], False),
    ],
)
def test_an_item_that_ends_is_written_in_one_go(
    noted: tuple[Observation | Unsupported | Error, ...],
    error: BaseException | None,
    kinds: list[type],
    failed: bool,
) -> None:
    writes: list[list[Record]] = []
    with contextlib.suppress(*([type(error)] if error else [])), attempt_at(writes) as attempt:
        for record in noted:
            attempt.note(record)
        if error is not None:
            raise error
    ((*records, done),) = writes
    assert [type(record) for record in records] == kinds
    assert isinstance(done, Done)
    assert (done.failed, done.item, done.repetition) == (failed, "a.b[x-default]", 2)
    stamps = {(r.attempt, r.repetition) for r in records if not isinstance(r, Run)}
    assert stamps <= {(done.attempt, 2)}


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, pytest.exit.Exception])
def test_of_an_item_that_is_interrupted_nothing_is_written(kind: type[BaseException]) -> None:
    writes: list[list[Record]] = []

    def interrupted() -> None:
        with attempt_at(writes) as attempt:
            attempt.note(*LIFECYCLES)
            raise kind

    with pytest.raises(kind):
        interrupted()
    assert writes == []


def test_two_attempts_are_told_apart() -> None:
    writes: list[list[Record]] = []
    for _ in range(2):
        with attempt_at(writes):
            pass
    assert len({record.attempt for of in writes for record in of if isinstance(record, Done)}) == 2
