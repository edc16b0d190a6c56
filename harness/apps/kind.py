"""How an application keeps a login of its own: the parts that the kinds share.

A kind is one file: what is kept, where, and for how long. The demo application keeps every sign-in
in all the ways that are chosen; each is a surface `app:<kind>`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

__all__ = ["AppKind", "CookieKind", "Login", "Record", "Standing", "StorageKind", "in_script"]


@dataclass(frozen=True, kw_only=True)
class Login:
    """A sign-in that the application has checked."""

    id: str
    """A secret; a cookie that holds it is a login."""
    access_token: str
    access: Mapping[str, Any]
    """The access token's claims."""
    identity: Mapping[str, Any]
    """The ID token's."""
    refresh_token: str | None


@dataclass(kw_only=True)
class Record:
    """A login as the application's server keeps it. Seconds."""

    id: str
    expires: float
    persistent_claim: bool | None
    sub: str = ""
    sid: str = ""
    """The auth server's session."""
    signed_out: bool = False
    """Whether somebody has signed out here."""
    logged_out: bool = False
    """Whether the auth server has told that the session is over."""
    token_expires: float = 0
    """The latest access token."""
    refresh_token: str | None = None
    """None: there was none, or the auth server has refused to exchange it."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Whether the application takes somebody for signed in, and the reason if it does not."""

    signed_in: bool
    reason: str | None
    sub: str = ""
    """Whom."""


class AppKind:
    """One way of keeping a login. These defaults keep nothing."""

    def __init__(self, name: str, environment: str) -> None:
        self.name = name
        """As in the surface `app:<name>`."""
        self.environment = environment
        """The name of the application's environment."""

    minds_redirects = False
    """Whether browsers send it only where the way to the page was of one site: it is looked at on
    pages then, that the auth server redirects to."""

    def keep(self, login: Login, response: web.Response, *, secure: bool) -> None:
        """What the server sends to the browser when somebody has signed in."""

    def drop(self, response: web.Response, *, secure: bool) -> None:
        """What it sends when they sign out."""

    def keep_script(self, token: str) -> str:
        """What the page does with a new access token."""
        return ""

    def drop_script(self) -> str:
        """What the page does when somebody signs out."""
        return ""


class CookieKind(AppKind):
    """A cookie that names a login which the application's server keeps."""

    @property
    def cookie(self) -> str:
        """The cookie's name."""
        return f"demo_{self.name}"

    def max_age(self, access: Mapping[str, Any]) -> int | None:
        """Seconds that the browser is to keep it, or None for a session cookie."""
        raise NotImplementedError

    def over(self, login: Record, now: float) -> str | None:
        """Why a login is worth nothing any more, or None while it is."""
        if login.signed_out:
            return "signed_out"
        return "expired" if now >= login.expires else None

    def keep(self, login: Login, response: web.Response, *, secure: bool) -> None:
        """Set the cookie."""
        response.set_cookie(
            self.cookie,
            login.id,
            path="/",
            max_age=self.max_age(login.access),
            httponly=True,
            samesite="Lax",
            secure=secure,
        )

    def drop(self, response: web.Response, *, secure: bool) -> None:
        """Delete the cookie."""
        response.del_cookie(self.cookie, path="/", httponly=True, samesite="Lax", secure=secure)


class StorageKind(AppKind):
    """The access token in one of the browser's storages."""

    storage: str
    """The storage, as scripts call it."""

    @property
    def key(self) -> str:
        """What the token is stored under."""
        return "demo_access_token"

    def keep_script(self, token: str) -> str:
        """Store the token."""
        return f"{self.storage}.setItem({in_script(self.key)}, {in_script(token)});"

    def drop_script(self) -> str:
        """Remove the token."""
        return f"{self.storage}.removeItem({in_script(self.key)});"

    def read_script(self) -> str:
        """An expression: the token, or null."""
        return f"{self.storage}.getItem({in_script(self.key)})"


def in_script(text: str) -> str:
    """A string literal that cannot end the script it stands in."""
    return json.dumps(text).replace("<", "\\u003c")
