"""What is kept of what is over."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness.ledger import Latest, Ledger
from harness.state import FileState, State

KEPT = 50


@dataclass
class Record:
    """Something that may be over."""

    number: int
    over: bool = False


@dataclass
class Watched(State):
    """A state that tells what has been dropped."""

    dropped: list[str] = field(default_factory=list)
    version: int = 0

    def drop(self, environment: str, kind: str, key: str) -> None:
        self.dropped.append(key)


def ledger(state: State, gone: list[Record] | None = None) -> Ledger[Record]:
    return Ledger(
        state,
        "persistent",
        "record",
        Record,
        is_over=lambda record: record.over,
        age=lambda record: record.number,
        dropped=(gone if gone is not None else []).append,
        kept=KEPT,
    )


def test_of_what_is_over_the_latest_stay() -> None:
    state, gone = Watched(), list[Record]()
    records = ledger(state, gone)
    for number in range(1000):
        record = Record(number, over=number % 10 > 0)
        records.put(str(number), record)
    assert [record.number for record in records if not record.over] == list(range(0, 1000, 10))
    left = [record.number for record in records if record.over]
    assert KEPT <= len(left) <= KEPT + 2 * 100
    assert left == sorted(left)
    assert left[-1] == 999
    assert state.dropped == [str(record.number) for record in gone]
    assert len(gone) + len(records) == 1000


def test_what_ends_later_is_found_without_being_told() -> None:
    records = ledger(State())
    kept = [Record(number) for number in range(500)]
    for record in kept:
        records.put(str(record.number), record)
    for record in kept:
        record.over = True
    for number in range(500, 1000):
        records.put(str(number), Record(number))
    assert sum(record.over for record in records) <= KEPT


def test_a_new_record_has_few_others_looked_at() -> None:
    looked: list[int] = []

    def is_over(record: Record) -> bool:
        looked.append(record.number)
        return True

    records = Ledger(
        State(), "", "record", Record, is_over=is_over, age=lambda record: record.number, kept=KEPT
    )
    most = 0
    for number in range(1000):
        records.put(str(number), Record(number))
        most = max(most, len(looked))
        looked.clear()
    assert most <= 4
    records.put("999", Record(999))
    assert looked == []


def test_what_has_come_to_life_again_stays() -> None:
    records = ledger(State())
    first = Record(0, over=True)
    records.put("0", first)
    first.over = False
    for number in range(1, 500):
        records.put(str(number), Record(number, over=True))
    assert records.get("0") is first
    assert records.get("1") is None


def test_what_was_dropped_is_not_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "state.sqlite"

    async def fill() -> list[int]:
        state = FileState(file)
        records = ledger(state)
        for number in range(200):
            records.put(str(number), Record(number, over=True))
        await state.close()
        return [record.number for record in records]

    left = asyncio.run(fill())
    assert len(left) < 200

    async def read() -> list[int]:
        state = FileState(file)
        numbers = [record.number for record in ledger(state)]
        await state.close()
        return numbers

    assert asyncio.run(read()) == left


def test_the_latest() -> None:
    latest = Latest[int](kept=3)
    for number in range(5):
        latest[str(number)] = number
    assert list(latest.values()) == [2, 3, 4]
    latest["3"] = 33
    assert list(latest.values()) == [2, 33, 4]
    with pytest.raises(KeyError):
        latest["1"]
