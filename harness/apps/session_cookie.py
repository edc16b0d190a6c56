"""A cookie without a lifetime whatever the policy: as Flask-Session with kinde-python-sdk
(`SESSION_PERMANENT=False`), and nuxt-modules/kinde."""

from collections.abc import Mapping
from typing import Any

from harness.apps.kind import CookieKind

__all__ = ["SessionCookie"]


class SessionCookie(CookieKind):
    """Falls short of what a persistent policy promises."""

    def max_age(self, access: Mapping[str, Any]) -> int | None:
        """None."""
        return None
