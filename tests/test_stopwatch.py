import pytest

from harness.engines.stopwatch import Delays, Stopwatch

DELAYS = Delays(start=(10.0,), change=(5.0, 30.0))


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("settles", "changes", "ends", "slow"),
    [
        (None, (1.0, 2.0), 2.5, False),
        (None, (1.0, 5.0), 6.5, True),
        (None, (9.0, 9.5), 10.5, True),
        (None, (), 9.0, False),
        (None, (), 10.5, True),
        (12.0, (), 60.0, False),
        (12.0, (13.0, 14.0), 14.5, False),
        (12.0, (13.0, 14.0), 19.0, True),
        (12.0, (32.0, 33.0), 33.5, True),
        (12.0, (35.0, 36.0), 36.5, False),
    ],
)
def test_what_is_at_once(
    settles: float | None, changes: tuple[float, float] | tuple[()], ends: float, slow: bool
) -> None:
    """Times are seconds since the start; a sign-in from 1.0 to 2.0 comes before it settles."""
    hand = Hand()
    stopwatch = Stopwatch(DELAYS, hand)
    stopwatch.started()
    if settles is not None:
        hand.now = 101.0
        with stopwatch.changing():
            hand.now = 102.0
        hand.now = 100.0 + settles
        stopwatch.settled()
    if changes:
        hand.now = 100.0 + changes[0]
        with stopwatch.changing():
            hand.now = 100.0 + changes[1]
    hand.now = 100.0 + ends
    assert stopwatch.too_slow() is slow


def test_a_new_life_has_no_delays_of_the_last() -> None:
    hand = Hand()
    stopwatch = Stopwatch(DELAYS, hand)
    stopwatch.started()
    with stopwatch.changing():
        pass
    hand.now += 28.0
    stopwatch.started()
    hand.now += 3.0
    assert not stopwatch.too_slow()
