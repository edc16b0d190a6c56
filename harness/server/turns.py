"""Long lists, one turn of the event loop after another, so that others are answered in between."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

__all__ = ["in_turns"]

_A_TURN = 50
"""Items; with a few dozen microseconds spent on each, a millisecond or two."""

_T = TypeVar("_T")


async def in_turns(items: Iterable[_T]) -> AsyncIterator[_T]:
    """The items, with a turn for whoever else is waiting after every fifty of them."""
    for number, item in enumerate(items, 1):
        yield item
        if number % _A_TURN == 0:
            await asyncio.sleep(0)
