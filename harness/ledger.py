"""What is kept of a kind, by key, so that it does not grow for ever.

Nothing here is swept: once there are half as many as may stay, each new record has two of the
others looked at, so that no request pays for all of them.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from harness.state import State

__all__ = ["KEPT", "Latest", "Ledger"]

KEPT = 10_000
"""How many records are kept of what is over, or of what nobody came back for."""

_LOOKED_AT = 2
"""Records looked at for each new one. With two of them, those that are over and have not been found
never outnumber the others for long; with one, they could."""

_V = TypeVar("_V")


class Latest(dict[str, _V]):
    """The latest `kept` values, in memory alone: what somebody begins and may never end."""

    def __init__(self, kept: int = KEPT) -> None:
        super().__init__()
        self._kept = kept

    def __setitem__(self, key: str, value: _V) -> None:
        super().__setitem__(key, value)
        if len(self) > self._kept:
            del self[next(iter(self))]


class Ledger(Generic[_V]):
    """The records of one kind in one environment, in memory and in the state.

    `is_over` tells of a record that it serves no purpose any more but to say why; the latest
    `kept` of these stay, and `age` sorts those that were read back, oldest first. `dropped` is told
    of each record that goes. A record may come to life again: it is asked once more before it goes.
    Raises StateError for a record that cannot be read.
    """

    def __init__(
        self,
        state: State,
        environment: str,
        kind: str,
        record: type[_V],
        *,
        is_over: Callable[[_V], bool],
        age: Callable[[_V], float],
        dropped: Callable[[_V], None] = lambda record: None,
        kept: int = KEPT,
    ) -> None:
        self._state = state
        self._place = (environment, kind)
        self._is_over = is_over
        self._dropped = dropped
        self._kept = kept
        read = state.records(environment, kind, record)
        self._records = dict(sorted(read.items(), key=lambda item: age(item[1])))
        self._watched = deque(self._records)
        self._over: deque[str] = deque()

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, key: object) -> bool:
        return key in self._records

    def __iter__(self) -> Iterator[_V]:
        """The records, oldest first."""
        return iter(self._records.values())

    def __getitem__(self, key: str) -> _V:
        return self._records[key]

    def get(self, key: str) -> _V | None:
        """The record of that key; None if there never was one, or it has been dropped."""
        return self._records.get(key)

    def put(self, key: str, record: _V) -> None:
        """Keep a record, new or changed."""
        new = key not in self._records
        self._records[key] = record
        self._state.put(*self._place, key, vars(record))
        if new:
            self._watched.append(key)
            if len(self._records) * _LOOKED_AT > self._kept:
                self._look()

    def _look(self) -> None:
        for _ in range(min(_LOOKED_AT, len(self._watched))):
            key = self._watched.popleft()
            found = self._over if self._is_over(self._records[key]) else self._watched
            found.append(key)
        while len(self._over) > self._kept:
            key = self._over.popleft()
            if self._is_over(self._records[key]):
                self._dropped(self._records.pop(key))
                self._state.drop(*self._place, key)
            else:
                self._watched.append(key)

    def clear(self) -> None:
        """Forget everything here; the state is told by whoever forgets the environment."""
        self._records.clear()
        self._watched.clear()
        self._over.clear()
