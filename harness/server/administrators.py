"""Who is signed in to the admin console."""

import hmac
import secrets
from dataclasses import dataclass

from harness.ledger import Latest
from harness.server.tenants import Tenant

__all__ = ["CONSOLE_EMAIL", "CONSOLE_PASSWORD", "Administrator", "Administrators"]

CONSOLE_EMAIL = "admin@example.com"
CONSOLE_PASSWORD = "administrator"

_LIFETIME = 8 * 3600
"""Seconds that an administrator stays signed in, at most."""


@dataclass(frozen=True, kw_only=True)
class Administrator:
    """A sign-in to the console of one environment; `expires` is in seconds, `csrf` what its forms
    must bring along."""

    tenant: str
    csrf: str
    expires: float


class Administrators:
    """The sign-ins, by the value of a cookie: in memory, the latest ten thousand."""

    def __init__(self) -> None:
        self._signed_in = Latest[Administrator]()

    def sign_in(self, tenant: Tenant, email: str, password: str) -> str | None:
        """The value of a new cookie, if both fit; never one that was there before, so that none
        can be planted."""
        right = hmac.compare_digest(password.encode(), CONSOLE_PASSWORD.encode())
        if email.strip().lower() != CONSOLE_EMAIL or not right:
            return None
        value = secrets.token_urlsafe(32)
        self._signed_in[value] = Administrator(
            tenant=tenant.name,
            csrf=secrets.token_urlsafe(24),
            expires=tenant.clock.now() + _LIFETIME,
        )
        return value

    def get(self, value: str, tenant: Tenant) -> Administrator | None:
        """Whoever the cookie's value names, while they are signed in to that environment."""
        administrator = self._signed_in.get(value)
        if administrator is None or administrator.tenant != tenant.name:
            return None
        if tenant.clock.now() >= administrator.expires:
            # For good: the clock may be set back by a reset.
            del self._signed_in[value]
            return None
        return administrator

    def sign_out(self, value: str) -> None:
        """Forget a sign-in."""
        self._signed_in.pop(value, None)

    def clear(self) -> None:
        """Forget all of them."""
        self._signed_in.clear()
