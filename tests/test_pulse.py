"""Whether a machine is too busy for its processes to get their turn."""

import asyncio
from collections.abc import Iterable

import pytest

from harness.engines.pulse import Pulse


def felt(takes: Iterable[float]) -> Pulse:
    """What is felt where the sleeps take so long, in seconds."""
    time = 0.0
    left = iter(takes)
    over = asyncio.Event()

    async def sleep(seconds: float) -> None:
        nonlocal time
        assert seconds == 0.01
        took = next(left, None)
        if took is None:
            over.set()
            await asyncio.Event().wait()
        else:
            time += took

    async def feel() -> Pulse:
        async with Pulse(sleep, lambda: time) as pulse:
            await over.wait()
        return pulse

    return asyncio.run(feel())


@pytest.mark.parametrize(
    ("takes", "late"),
    [([0.010, 0.012, 0.019], False), ([0.010, 0.021, 0.010], True), ([], False)],
)
def test_one_sleep_that_takes_too_long_is_enough(takes: list[float], late: bool) -> None:
    pulse = felt(takes)
    assert pulse.late == late
    assert pulse.longest == pytest.approx(max(takes, default=0))


def test_what_goes_wrong_meanwhile_is_told() -> None:
    async def fail() -> None:
        async with Pulse():
            raise ValueError("it went wrong")

    with pytest.raises(ValueError, match="it went wrong"):
        asyncio.run(fail())
