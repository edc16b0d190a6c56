"""Work in a thread of its own, and what is heard of work that nobody waits for."""

import asyncio
import gc
import threading

import pytest

from harness.engines.loop_thread import LoopThread
from tests.patience import PATIENCE


async def fails() -> None:
    raise ValueError("unheard")


async def goes_on(begun: threading.Event) -> None:
    """And ends by another error than its cancellation, as what tidies up after itself may."""
    begun.set()
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await fails()


async def leave_behind() -> None:
    task = asyncio.ensure_future(fails())
    while not task.done():
        await asyncio.sleep(0)


def test_work_ends_with_what_came_of_it_or_in_time() -> None:
    loop = LoopThread("test")
    assert loop.begin(asyncio.sleep(0, "done"), PATIENCE).result() == "done"
    with pytest.raises(ValueError, match="unheard"):
        loop.begin(fails(), PATIENCE).result()
    with pytest.raises(TimeoutError):
        loop.begin(asyncio.Event().wait(), 0).result()
    loop.stop()
    assert not loop.gave_up


@pytest.mark.parametrize("gives_up", [True, False])
def test_of_work_that_is_given_up_nothing_is_heard(
    caplog: pytest.LogCaptureFixture, gives_up: bool
) -> None:
    loop = LoopThread("test")
    begun = threading.Event()
    if gives_up:
        future = loop.begin(goes_on(begun), PATIENCE)
        assert begun.wait(PATIENCE)
        loop.give_up(future)
    loop.begin(leave_behind(), PATIENCE).result()
    loop.stop()
    gc.collect()
    told = [record.message.splitlines()[0] for record in caplog.records]
    assert told == ([] if gives_up else ["Task exception was never retrieved"])
