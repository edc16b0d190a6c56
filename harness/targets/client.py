"""A target whose identity provider is the mock: what the mock is told of the application, and the
application of the mock."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from harness.deeds import Carrier

__all__ = ["MOCK", "SSO", "Asking", "Client", "Provider", "client_id_of"]

MOCK = "mock"
"""The one identity provider there is."""
SSO = "sso"
"""What one is signed in to there."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """The application as an OAuth client. Addresses are relative to where it starts."""

    id: str
    callbacks: Sequence[str] = ("/callback",)
    """Where people come back to with a code."""
    backchannel_logout: str = ""
    """Where it is told that a session is over, if it wants to be."""
    login: str | Mapping[str, Any] = ""
    """What begins a sign-in: an address, or what is clicked. Empty: to come to where it starts."""
    logout: str | Mapping[str, Any] = ""
    """What signs out, likewise. Empty: nothing is said."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Environment variables for its command, beside those that `Provider` has."""

    def redirect_uris(self, url: str) -> tuple[str, ...]:
        """The callbacks of one that starts at an address."""
        return tuple(urljoin(url, callback) for callback in self.callbacks)

    def logout_uris(self, url: str) -> tuple[str, ...]:
        """Where it may send people who have signed out."""
        return tuple(dict.fromkeys((url, url.rstrip("/"), urljoin(url, "/"))))


def client_id_of(name: str) -> str:
    """A target's name as a client_id."""
    return re.sub(r"[^A-Za-z0-9._~-]+", "-", name)[:100] or "application"


@dataclass(frozen=True, kw_only=True)
class Provider:
    """The mock, running, as the identity provider of a target under one policy."""

    policy: str
    """The name of its environment."""
    issuer: str
    client_id: str
    client_secret: str
    redirect_uris: Sequence[str]
    """Those that are registered."""
    cookie: Carrier
    """That of its own session."""

    @property
    def authorizes(self) -> str:
        """Its authorization endpoint."""
        return f"{self.issuer}/oauth2/auth"

    def placeholders(self, url: str) -> dict[str, str]:
        """What a target's command can name, beside `{port}`."""
        return {
            "{issuer}": self.issuer,
            "{client_id}": self.client_id,
            "{client_secret}": self.client_secret,
            "{url}": url.rstrip("/"),
        }

    def variables(self, url: str) -> dict[str, str]:
        """Environment variables for its command: plain ones, and those of Auth0's SDKs."""
        own = url.rstrip("/")
        return {
            "OIDC_ISSUER": self.issuer,
            "OIDC_CLIENT_ID": self.client_id,
            "OIDC_CLIENT_SECRET": self.client_secret,
            "ISSUER_BASE_URL": self.issuer,
            "CLIENT_ID": self.client_id,
            "CLIENT_SECRET": self.client_secret,
            "BASE_URL": own,
            "PORT": str(urlsplit(own).port or ""),
        }


class Asking:
    """Whether an application has asked the mock while somebody signs in, what is wrong with how it
    did, and whether they have come back from there."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.asked = asyncio.Event()
        self.back = asyncio.Event()
        self.problem = ""

    def note(self, url: str) -> None:
        """A request that the browser made."""
        provider = self._provider
        if url.partition("?")[0] in provider.redirect_uris:
            self.back.set()
        if not url.startswith((f"{provider.authorizes}?", f"{provider.authorizes}#")):
            return
        self.asked.set()
        query = parse_qs(urlsplit(url).query)
        client_id = query.get("client_id", [""])[0]
        callback = query.get("redirect_uri", [""])[0]
        if client_id != provider.client_id:
            self.problem = (
                f"the application asks as client_id {client_id!r}, and is registered as "
                f"{provider.client_id!r}: give it {{client_id}}, or say "
                f'client_id="{client_id}"'
            )
        elif callback not in provider.redirect_uris:
            path = urlsplit(callback).path
            self.problem = (
                f"the application asks to be called back at {callback}, which is not registered: "
                f'say callbacks=["{path}"] (registered: {", ".join(provider.redirect_uris)})'
            )
