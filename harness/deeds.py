"""What a target really did with a browser: what an engine records there, and what a judge works out
the expectation from. One definition for both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Carrier", "Deed", "Provided", "TargetLook"]


@dataclass(frozen=True, kw_only=True, order=True)
class Carrier:
    """Something in a browser that a session at a target may rest on."""

    kind: Literal["cookie", "local", "session"]
    """A cookie, or an item of `localStorage` or `sessionStorage`."""
    name: str
    place: str
    """A cookie's domain and path, as `shop.test/`; the origin of a storage."""

    @property
    def told(self) -> str:
        """In words."""
        if self.kind == "cookie":
            return f"cookie {self.name}"
        return f"{self.kind}Storage item {self.name}"


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What was set in a browser while one step was done."""

    cookies: Sequence[tuple[str, str]] = ()
    """Each `Set-Cookie` header that came, after the address that it came from. A time when the
    cookie expires is told as `Max-Age`, as the browser reckons it. A cookie that a script has set
    is told as the header that would have set it."""
    local: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What `localStorage` had then, by origin: of those that could be read."""
    session: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Likewise the `sessionStorage` of the tab in use."""
    url: str = ""
    """What the tab in use showed then, if it showed anything."""
    answered: frozenset[str] = frozenset()
    """The addresses, without a query, that something came from."""


@dataclass(frozen=True, kw_only=True)
class Provided:
    """What was found of a target whose identity provider is the mock."""

    cookie: Carrier
    """That of the mock's own session."""
    authorizes: str
    """The address at which an application asks the mock who somebody is."""
    heeds: frozenset[str]
    """What of an end of that session ends the application's, too: `revoked`, `inactive`."""

    def asked(self, deed: Deed) -> bool:
        """Whether an application has asked."""
        return self.authorizes in deed.answered


@dataclass(frozen=True, kw_only=True)
class TargetLook:
    """What a look at a target rests on, beside what the target received."""

    deeds: Sequence[Deed]
    """One for each step before, in order."""
    carriers: Mapping[str, Sequence[frozenset[Carrier]]]
    """By surface, what carries the session there: sets of which each suffices."""
    sent: Mapping[str, frozenset[Carrier]]
    """By surface: those of them that the browser had with it, or sent."""
    provided: Provided | None = None
    people: Mapping[str, str] = field(default_factory=dict)
    """What the target calls those who have signed in, by the name that scenarios know them by."""
