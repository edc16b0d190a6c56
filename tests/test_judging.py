"""The verdict, for every combination of what was observed, expected and promised."""

import pytest

from harness.judging import verdict_of
from harness.limitations import LIMITATIONS
from harness.records import State, Verdict

IN, OUT = State.SIGNED_IN, State.SIGNED_OUT
BENT = LIMITATIONS[0]


@pytest.mark.parametrize(
    ("observed", "expected", "promised", "limitation", "verdict"),
    [
        (IN, IN, IN, None, Verdict.KEPT),
        (OUT, OUT, OUT, None, Verdict.KEPT),
        (IN, IN, OUT, BENT, Verdict.LIMITATION),
        (OUT, OUT, IN, BENT, Verdict.LIMITATION),
        # As expected, but nothing is known that bends the promise: the reason is missing.
        (IN, IN, OUT, None, Verdict.UNEXPECTED),
        (OUT, OUT, IN, None, Verdict.UNEXPECTED),
        # The promise is kept although this browser was measured to bend it.
        (OUT, IN, OUT, BENT, Verdict.UNEXPECTED),
        (IN, OUT, IN, BENT, Verdict.UNEXPECTED),
        # The promise is broken, and this browser does not do that.
        (IN, OUT, OUT, None, Verdict.UNEXPECTED),
        (OUT, IN, IN, None, Verdict.UNEXPECTED),
        (IN, None, IN, None, Verdict.KEPT),
        (OUT, None, IN, None, Verdict.UNEXPLAINED),
    ],
)
def test_every_combination(
    observed: State,
    expected: State | None,
    promised: State,
    limitation: object,
    verdict: Verdict,
) -> None:
    asked = {"expected": expected, "promised": promised, "limitation": limitation}
    assert verdict_of(observed, **asked, too_slow=False) is verdict  # type: ignore[arg-type]
    slow = verdict_of(observed, **asked, too_slow=True)  # type: ignore[arg-type]
    assert slow is Verdict.INCONCLUSIVE
