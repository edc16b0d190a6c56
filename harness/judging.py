"""The verdict: an observation, held against what the policy promises and what this browser does.

| observed, expected, promised | verdict |
|---|---|
| all the same | `kept` |
| as expected, and not as promised | `limitation`, with its reason |
| not as expected | `unexpected`, whichever way |
| the machine was too slow for the question | `inconclusive` |
| nobody knows what to expect of this browser | `kept` as promised, else `unexplained` |
"""

from harness.limitations import Limitation
from harness.records import State, Verdict

__all__ = ["verdict_of"]


def verdict_of(
    observed: State,
    *,
    expected: State | None,
    promised: State,
    limitation: Limitation | None,
    too_slow: bool,
) -> Verdict:
    """The verdict on one observation. `limitation` is the reason why this browser bends the
    promise, or None where nothing known does."""
    if too_slow:
        return Verdict.INCONCLUSIVE
    if expected is None:
        return Verdict.KEPT if observed is promised else Verdict.UNEXPLAINED
    if observed is not expected:
        return Verdict.UNEXPECTED
    if expected is promised:
        return Verdict.KEPT
    return Verdict.UNEXPECTED if limitation is None else Verdict.LIMITATION
