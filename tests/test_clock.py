import math

import pytest

from harness.clock import Clock


def test_moves_and_comes_back() -> None:
    clock = Clock(lambda: 50.0)
    clock.advance(10)
    clock.advance(0.5)
    assert (clock.now(), clock.offset) == (60.5, 10.5)
    clock.reset()
    assert clock.now() == 50.0


@pytest.mark.parametrize("seconds", [-1, math.nan, math.inf])
def test_refuses_what_is_no_time(seconds: float) -> None:
    with pytest.raises(ValueError, match="at least 0"):
        Clock().advance(seconds)


def test_stopped_it_goes_where_it_is_moved_alone() -> None:
    real = [50.0]
    clock = Clock(lambda: real[0])
    clock.advance(10)
    clock.stop()
    real[0] += 3.0
    assert (clock.now(), clock.offset) == (60.0, 7.0)
    clock.advance(5)
    real[0] += 1.0
    assert clock.now() == 65.0
    clock.reset()
    assert (clock.now(), clock.offset) == (54.0, 0.0)
