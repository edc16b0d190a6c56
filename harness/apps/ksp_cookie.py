"""A cookie that follows the access token's `ksp` claim.

As kinde-auth-nextjs (`src/session/sessionManager.js`) and kinde-php-sdk (`Storage.php`) do: 29 days
if it says persistent, or is missing; without a lifetime if it says not.
"""

from collections.abc import Mapping
from typing import Any

from harness.apps.kind import CookieKind
from harness.apps.long_cookie import COOKIE_LIFETIME

__all__ = ["KspCookie"]


class KspCookie(CookieKind):
    """Follows the policy of the identity provider."""

    def max_age(self, access: Mapping[str, Any]) -> int | None:
        """29 days or none."""
        persistent = access.get("ksp", {}).get("persistent", True)
        return COOKIE_LIFETIME if persistent else None
