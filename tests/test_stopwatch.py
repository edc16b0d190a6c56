import pytest

from harness.engines.stopwatch import Stopwatch
from harness.model.chromium_rules import CHROMIUM
from harness.model.family import Family, Medium, Rhythm
from harness.model.firefox_rules import FIREFOX

RHYTHMS = (
    Rhythm(medium=Medium.MARK, interval=10.0, sources=()),
    Rhythm(medium=Medium.LOCAL_STORAGE, interval=5.0, sources=()),
    Rhythm(medium=Medium.COOKIES, interval=30.0, operations=512, sources=()),
)


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
        (4.0, (5.0, 6.5), 7.0, False),
        (4.0, (5.0, 6.5), 10.5, True),
        (12.0, (13.0, 14.0), 14.5, False),
        (12.0, (13.0, 14.0), 19.0, True),
        (12.0, (32.0, 33.0), 33.5, True),
        (12.0, (35.0, 36.0), 36.5, True),
        (12.0, (43.0, 44.0), 44.5, False),
    ],
)
def test_what_is_at_once(
    settles: float | None, changes: tuple[float, float] | tuple[()], ends: float, slow: bool
) -> None:
    """Times are seconds since the start; a sign-in from 1.0 to 2.0 comes before it settles."""
    hand = Hand()
    stopwatch = Stopwatch(RHYTHMS, hand)
    stopwatch.started()
    if settles is not None:
        hand.now = 101.0
        with stopwatch.during("sign_in"):
            hand.now = 102.0
        with stopwatch.settling():
            hand.now = 100.0 + settles
    if changes:
        hand.now = 100.0 + changes[0]
        with stopwatch.during("sign_out"):
            hand.now = 100.0 + changes[1]
    hand.now = 100.0 + ends
    assert stopwatch.too_slow() is slow


def test_a_new_life_has_no_delays_of_the_last() -> None:
    hand = Hand()
    stopwatch = Stopwatch(RHYTHMS, hand)
    stopwatch.started()
    with stopwatch.during("sign_out"):
        pass
    hand.now += 28.0
    stopwatch.started()
    hand.now += 3.0
    assert not stopwatch.too_slow()


def test_what_makes_it_write_does_not_make_the_next_step_slow() -> None:
    hand = Hand()
    stopwatch = Stopwatch(RHYTHMS, hand)
    stopwatch.started()
    with stopwatch.settling():
        hand.now += 4.0
    hand.now += 2.0
    with stopwatch.during("sign_out"):
        hand.now += 1.0
    assert not stopwatch.too_slow()


@pytest.mark.parametrize("family", [CHROMIUM, FIREFOX], ids=lambda family: family.engine)
def test_what_is_written_without_delay_is_no_matter_of_time(family: Family) -> None:
    hand = Hand()
    stopwatch = Stopwatch(family.rhythms.values(), hand)
    stopwatch.started()
    with stopwatch.during("sign_in"):
        hand.now += 1.0
    assert not stopwatch.too_slow()
    hand.now += 60.0
    assert stopwatch.too_slow()
