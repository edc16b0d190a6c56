"""What the server received at a check: one definition, on the wire and in the harness."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from harness.deeds import TargetLook

__all__ = ["Look", "Part", "Received", "Seen"]

Part = Literal["cookies", "browser", "tab"]
"""What a browser keeps apart: cookies, which it sends by itself; the storages of all its tabs; and
those of one tab."""


@dataclass(frozen=True, kw_only=True)
class Received:
    """What the server received for one surface of one environment, and what it is worth there."""

    signed_in: bool
    who: tuple[str, ...] = ()
    """As whom: email addresses, several where several tabs were looked at. Nobody, or not told,
    where it is empty."""
    part: Part | None = None
    reason: str | None = None
    """Why the server says the session is over; None where it is not."""
    cookies_sent: tuple[str, ...] = ()
    """Names of the cookies that came, in order, two of one name too."""
    duplicates: tuple[str, ...] = ()
    """Those whose name came more than once, in order, their values shortened: the first counts."""
    set_cookie: tuple[str, ...] = ()
    """The latest `Set-Cookie` of each cookie that the surface rests on, its value shortened."""
    persistent_claim: bool | None = None
    """What the access token said that the login began with (`ksp.persistent`)."""
    tabs: tuple[str, ...] = ()
    """What each tab showed, where several were looked at."""


Seen = Mapping[str, Mapping[str, Received]]
"""By environment and surface."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """What an engine saw at a check, and what it did on the way there. It judges nothing."""

    seen: Seen
    time: Sequence[str] = ()
    """How time was moved, in the order it was."""
    notes: Sequence[str] = ()
    """What a reader of the evidence should know."""
    listed: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    """Names in the browser's own cookie list, by environment and `sso` or `app`: a diagnostic."""
    too_slow: bool = False
    """Whether the machine was too slow for what the scenario is about."""
    target: TargetLook | None = None
    """What a look at somebody's own login rests on; None at the mock."""
