"""A cookie that lasts 29 days whatever the policy: as kinde-remix-sdk (`KINDE_COOKIE_MAX_AGE`)."""

from collections.abc import Mapping
from typing import Any

from harness.apps.kind import CookieKind

__all__ = ["COOKIE_LIFETIME", "LongCookie"]

COOKIE_LIFETIME = 29 * 86_400
"""Seconds."""


class LongCookie(CookieKind):
    """Outlives what a non-persistent policy promises."""

    def max_age(self, access: Mapping[str, Any]) -> int | None:
        """29 days."""
        return COOKIE_LIFETIME
