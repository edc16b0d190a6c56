"""How old cookies are on the server's clock, which is moved, and in the person's browser, where
time goes by as it does."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.engines.control_client import ServedEnvironment
from harness.received import Received
from harness.server.exchanges import Exchange

__all__ = ["CookieAges"]

_MAX_AGE = re.compile(r";\s*max-age=(-?\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class _Lasting:
    max_age: int
    served: float
    """When it was set, by the server's clock."""
    real: float
    """Likewise by the real one."""


class CookieAges:
    """The lasting cookies that the server has set."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._served = 0.0
        self._cookies: dict[tuple[str, str], _Lasting] = {}

    def take(self, exchange: Exchange) -> None:
        """Account for one more exchange."""
        self._served = exchange.time
        for header in exchange.cookies_out:
            key = exchange.host, header.partition("=")[0]
            found = _MAX_AGE.search(header)
            if found and int(found[1]) > 0:
                self._cookies[key] = _Lasting(int(found[1]), exchange.time, self._now())
            else:
                self._cookies.pop(key, None)

    def outlived(
        self, surface: str, received: Received, sso: Received, environment: ServedEnvironment
    ) -> str | None:
        """The cookie that a surface rests on and that a browser would have dropped by now, had it
        been there for the time that passed on the server's clock alone; None where there is none.
        `sso`: what was received of the auth server, which a silent sign-in rests on."""
        at_idp = surface in ("sso", "app:memory")
        host = urlsplit(environment.issuer if at_idp else environment.app_url).netloc
        for name in self._names((sso if at_idp else received).set_cookie):
            cookie = self._cookies.get((host, name))
            if cookie and self._age(cookie) >= cookie.max_age > self._now() - cookie.real:
                return name
        return None

    @property
    def hurried(self) -> bool:
        """Whether the person has taken so long that a cookie is gone which by the server's clock
        should be there."""
        return any(
            self._now() - cookie.real >= cookie.max_age > self._age(cookie)
            for cookie in self._cookies.values()
        )

    def _age(self, cookie: _Lasting) -> float:
        return self._served - cookie.served

    def _names(self, headers: Sequence[str]) -> list[str]:
        return [header.partition("=")[0] for header in headers]
