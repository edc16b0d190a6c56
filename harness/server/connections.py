"""Identity providers that an auth server trusts: whoever comes back from one is somebody, and needs
no password here.

None of them is there: the control API says for whom one vouches, once in each environment.
"""

import secrets
from collections.abc import Iterable

from harness.ledger import Latest

__all__ = ["Connections"]


class Connections:
    """By the `connection_id` of an authorization request (facts section 3.3)."""

    def __init__(self) -> None:
        self._vouched = Latest[dict[str, str]]()

    def add(self, users: Iterable[tuple[str, str]]) -> str:
        """The id of a new one, that vouches for these: environment and user's id."""
        connection = f"conn_{secrets.token_hex(16)}"
        self._vouched[connection] = dict(users)
        return connection

    def take(self, connection: str, environment: str) -> str | None:
        """Whom it vouches for there, the first time that it is asked; else None."""
        return self._vouched.get(connection, {}).pop(environment, None)

    def clear(self) -> None:
        """Trust nobody."""
        self._vouched.clear()
