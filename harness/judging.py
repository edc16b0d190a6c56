"""The verdict: an observation, held against what the policy promises and what this browser does.

| observed, expected, promised | verdict |
|---|---|
| all the same | `kept` |
| as expected, and not as promised | `limitation`, with its reason |
| not as expected, or its cookie has other attributes | `unexpected`, whichever way |
| the machine was too slow for the question | `inconclusive` |
| nobody knows what to expect of this browser | `kept` as promised, else `unexplained` |
"""

from collections.abc import Sequence

from harness.limitations import Limitation
from harness.records import State, Verdict

__all__ = ["difference_of", "verdict_of"]


def verdict_of(
    observed: State,
    *,
    expected: State | None,
    promised: State,
    limitation: Limitation | None,
    attributes: str | None = None,
    too_slow: bool,
) -> Verdict:
    """The verdict on one observation. `limitation` is the reason why this browser bends the
    promise, or None where nothing known does; `attributes` is how those of its cookie differ from
    what the policy makes of them, or None."""
    if too_slow:
        return Verdict.INCONCLUSIVE
    if expected is None:
        return Verdict.KEPT if observed is promised else Verdict.UNEXPLAINED
    if observed is not expected or attributes:
        return Verdict.UNEXPECTED
    if expected is promised:
        return Verdict.KEPT
    return Verdict.UNEXPECTED if limitation is None else Verdict.LIMITATION


def difference_of(headers: Sequence[str], expected: str | None) -> str | None:
    """How the attributes of the latest `Set-Cookie` differ from what the policy makes of them, in
    words, or None: what no browser shows, `HttpOnly` say, is found here."""
    if not headers and expected is None:
        return None
    asked = _attributes(expected) if expected is not None else None
    for header in headers:
        if asked is None or _attributes(header) != asked:
            break
    else:
        if headers:
            return None
    sent = " | ".join(headers) or "none"
    wanted = "; ".join(sorted(asked)) if asked is not None else "none"
    return f"the cookie's attributes are not those of the policy: sent {sent}; expected {wanted}"


def _attributes(header: str) -> frozenset[str]:
    """Without the value; a cookie that is deleted may say so by its date as well."""
    parts = (part.strip() for part in header.split(";")[1:])
    return frozenset(
        f"{name.lower()}{equals}{value}"
        for name, equals, value in (part.partition("=") for part in parts)
        if name.lower() != "expires"
    )
