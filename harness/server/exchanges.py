"""The log of exchanges: which cookies came in, which went out. This is the ground truth."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from harness.sent_cookies import shorten

__all__ = ["Exchange", "ExchangeLog", "shorten_cookie"]

_KEPT = 10_000


def shorten_cookie(header: str) -> str:
    """A `Set-Cookie` header with its value shortened."""
    pair, separator, attributes = header.partition(";")
    name, _, value = pair.partition("=")
    return f"{shorten(name, value)}{separator}{attributes}"


class Exchange(NamedTuple):
    """One request and its answer. `time` is the server's clock, in seconds. Each request makes one:
    a frozen dataclass would take longer than the cookies."""

    time: float
    host: str
    method: str
    path: str
    status: int
    cookies_in: tuple[str, ...] = ()
    """Names of the cookies received, in order, two of one name too."""
    duplicates: tuple[str, ...] = ()
    """Those whose name came more than once, in order, their values shortened: the first counts."""
    cookies_out: tuple[str, ...] = ()
    """`Set-Cookie` headers sent, their values shortened."""


class ExchangeLog:
    """The latest exchanges, oldest first."""

    def __init__(self) -> None:
        self._exchanges: deque[Exchange] = deque(maxlen=_KEPT)
        self.listener: Callable[[Exchange], None] | None = None
        """Who is told of each exchange as it comes."""

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self._exchanges)

    def add(self, exchange: Exchange) -> None:
        """Append an exchange; the oldest goes once there are ten thousand."""
        self._exchanges.append(exchange)
        if self.listener is not None:
            self.listener(exchange)

    def clear(self) -> None:
        """Forget everything."""
        self._exchanges.clear()

    def set_cookie(self, host: str, name: str) -> str | None:
        """The latest `Set-Cookie` sent from a host for a cookie, or None."""
        for exchange in reversed(self._exchanges):
            if exchange.host == host:
                for header in exchange.cookies_out:
                    if header.startswith(f"{name}="):
                        return header
        return None
