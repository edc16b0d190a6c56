"""What comes of an answer that is fetched from a cluster: of a worker that is gone, say."""

from collections.abc import Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any

import pytest

from harness.runner.cluster import ClusterError, Failure, _answer_of, _LostError

ADDRESS = "tcp://127.0.0.1:1"


@dataclass
class Fetched:
    """A future that has been fetched so often in vain, each time by what happened then; where it
    stands afterwards."""

    happens: Sequence[tuple[Exception | str, str]]
    status: str = "finished"
    error: Exception | None = None
    tries: int = 0

    def result(self, timeout: float) -> Any:
        happened, self.status = self.happens[self.tries]
        self.tries += 1
        if isinstance(happened, Exception):
            self.error = happened
            raise happened
        return happened

    def exception(self) -> Exception | None:
        return self.error


@pytest.mark.parametrize(
    ("happens", "came"),
    [
        ([("whole", "finished")], "whole"),
        ([(TimeoutError(), "finished"), ("whole", "finished")], "whole"),
        ([(ValueError("made anew"), "error")], Failure("made anew")),
        ([(ValueError(), "error")], Failure("ValueError")),
        ([(TimeoutError(), "finished"), (OSError("unreadable"), "finished")],
         Failure("unreadable")),
    ],
)
def test_it_came_to(happens: Sequence[tuple[Exception | str, str]], came: object) -> None:
    assert _answer_of(Fetched(happens), ADDRESS, lambda: True) == came


@pytest.mark.parametrize("status", ["lost", "pending"])
def test_it_is_lost(status: str) -> None:
    with pytest.raises(_LostError):
        _answer_of(Fetched([(TimeoutError(), status)]), ADDRESS, lambda: True)
    with pytest.raises(_LostError):
        _answer_of(Fetched([(TimeoutError(), "finished")]), ADDRESS, lambda: False)


def test_a_second_try_may_end_by_running_out_of_time() -> None:
    fetched = Fetched([(TimeoutError("too late"), "error")])
    assert _answer_of(fetched, ADDRESS, lambda: False) == Failure("too late")


def test_nobody_knows_of_it_any_more() -> None:
    with pytest.raises(ClusterError, match=f"the scheduler at {ADDRESS} went away"):
        _answer_of(Fetched([(CancelledError(), "cancelled")]), ADDRESS, lambda: True)
