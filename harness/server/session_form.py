"""The form of session settings in the admin console: what it shows, and what was typed into it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from harness.policy import (
    Override,
    Persistence,
    Policy,
    check_persistence,
    check_timeout,
)

__all__ = ["SessionForm"]


@dataclass(frozen=True, kw_only=True)
class SessionForm:
    """The fields, as text. Empty is as the environment has it; in the environment's own form, an
    empty absolute limit is none."""

    persistence: str = ""
    inactivity_timeout: str = ""
    absolute_timeout: str = ""

    @classmethod
    def of_policy(cls, policy: Policy) -> "SessionForm":
        """What an environment has."""
        return cls(
            persistence=policy.persistence,
            inactivity_timeout=str(policy.inactivity_timeout),
            absolute_timeout=str(policy.absolute_timeout or ""),
        )

    @classmethod
    def of_override(cls, override: Override) -> "SessionForm":
        """What an organization has of its own, where it is switched on."""
        persistence = override.persistence if override.use_persistence else None
        timeout = override.inactivity_timeout if override.use_inactivity_timeout else None
        limit = override.absolute_timeout if override.use_absolute_timeout else None
        return cls(
            persistence=str(persistence or ""),
            inactivity_timeout=str(timeout or ""),
            absolute_timeout=str(limit or ""),
        )

    @classmethod
    def typed(cls, form: Mapping[str, str]) -> "SessionForm":
        """What was sent."""
        return cls(
            persistence=form.get("persistence", ""),
            inactivity_timeout=form.get("inactivity_timeout", "").strip(),
            absolute_timeout=form.get("absolute_timeout", "").strip(),
        )

    def to_policy(self) -> Policy:
        """An environment's settings; raises ValueError with a sentence for the page."""
        limit = self.absolute_timeout
        return Policy(
            persistence=_mode(self.persistence),
            inactivity_timeout=_seconds(_TIMEOUT, self.inactivity_timeout),
            absolute_timeout=_seconds(_LIMIT, limit) if limit else None,
        )

    def to_override(self, override: Override) -> Override:
        """What an organization had, changed: left empty, a value stays and is not applied. Raises
        ValueError with a sentence for the page."""
        mode, timeout, limit = self.persistence, self.inactivity_timeout, self.absolute_timeout
        return replace(
            override,
            use_persistence=bool(mode),
            persistence=_mode(mode) if mode else override.persistence,
            use_inactivity_timeout=bool(timeout),
            inactivity_timeout=_seconds(_TIMEOUT, timeout)
            if timeout
            else override.inactivity_timeout,
            use_absolute_timeout=bool(limit),
            absolute_timeout=_seconds(_LIMIT, limit) if limit else override.absolute_timeout,
        )


_TIMEOUT, _LIMIT = "Session inactivity timeout", "Absolute limit"
"""The labels."""


def _mode(value: str) -> Persistence:
    try:
        return check_persistence(value)
    except ValueError as error:
        raise ValueError(f"Session policy {error}.") from None


def _seconds(label: str, value: str) -> int:
    try:
        digits = value.isascii() and value.isdigit() and len(value) < 20
        return check_timeout(int(value) if digits else value)
    except ValueError as error:
        raise ValueError(f"{label} {error}.") from None
