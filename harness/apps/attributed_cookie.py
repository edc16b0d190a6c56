"""Session cookies that say more of themselves: what the tests of browser vendors set.

They are kept where a scenario asks for them (`keeps`) or the configuration does, beside the usual
ways.
"""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from harness.apps.kind import CookieKind, Login

__all__ = ["DomainCookie", "PartitionedCookie", "SecureCookie", "StrictCookie"]


class _AttributedCookie(CookieKind):
    attributes: str

    def max_age(self, access: Mapping[str, Any]) -> int | None:
        """None."""
        return None

    # By hand: `http.cookies` learnt of `Partitioned` in Python 3.14.
    def keep(self, login: Login, response: web.Response, *, secure: bool) -> None:
        """Set the cookie."""
        header = f"{self.cookie}={login.id}; Path=/; HttpOnly; {self.attributes}"
        response.headers.add("Set-Cookie", header)

    def drop(self, response: web.Response, *, secure: bool) -> None:
        """Delete the cookie."""
        header = f"{self.cookie}=; Max-Age=0; Path=/; HttpOnly; {self.attributes}"
        response.headers.add("Set-Cookie", header)


class SecureCookie(_AttributedCookie):
    """For encrypted connections and `localhost`, to any site's pages."""

    attributes = "Secure; SameSite=None"


class StrictCookie(_AttributedCookie):
    """For requests that its own site has asked for."""

    attributes = "SameSite=Strict"
    minds_redirects = True


class PartitionedCookie(_AttributedCookie):
    """For pages below the top-level site that it was set under (CHIPS)."""

    attributes = "Secure; SameSite=None; Partitioned"


class DomainCookie(_AttributedCookie):
    """For every host of the applications' domain; named after the environment that set it."""

    attributes = "SameSite=Lax; Domain=app.localhost"

    @property
    def cookie(self) -> str:
        """The cookie's name."""
        return f"demo_{self.name}_{self.environment}"
