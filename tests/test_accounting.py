"""Which decisions go into a thing's trail when a browser starts again."""

import pytest

from harness.expectation import Expectation
from harness.model.families import family_of
from harness.policy import DEFAULT_ENVIRONMENTS
from harness.scenario import Step
from harness.setup import Setup

SIGN_IN, SETTLE, START = Step("sign_in"), Step("settle"), Step("start")


def trail(
    *steps: Step,
    surface: str = "sso",
    policy: str = "non_persistent",
    engine: str = "chromium",
    preset: str = "default",
) -> list[str]:
    family = family_of(engine)
    assert family is not None
    setup = Setup(engine=engine, preset=preset, environments=DEFAULT_ENVIRONMENTS[:2])
    seen = Expectation(family, setup).after((SIGN_IN, *steps, Step("check", "now")))
    prefix = f"{family.title} "
    return [decision.because.removeprefix(prefix) for decision in seen[policy, surface].trail]


def test_a_new_thing_has_no_trail_and_a_restart_adds_to_it() -> None:
    quit_ = (Step("quit"), START)
    assert trail() == []
    (once,) = trail(*quit_, preset="continue")
    assert once.startswith("kept session cookies at start: set or told to continue")
    assert trail(*quit_, *quit_, preset="continue") == [once, once]
    assert trail(*quit_, SIGN_IN, Step("sign_out"), SIGN_IN, preset="continue") == []


@pytest.mark.parametrize(
    ("steps", "about", "last"),
    [
        ((Step("crash"), START), {"policy": "persistent"}, "had no time to write down"),
        ((SETTLE, Step("crash"), START), {}, "kept session cookies at start: last exit Crashed"),
        ((Step("quit"), START), {}, "dropped session cookies at start"),
        ((Step("quit"), START), {"policy": "persistent"}, "had it on disk"),
        ((Step("quit"), START), {"preset": "clear-on-exit", "policy": "persistent"},
         "deleted cookies and site data with its last window"),
        ((Step("quit"), START), {"preset": "private"}, "the private window was forgotten"),
        ((Step("open_tab"), Step("close_tab", 1)), {}, "ended no session with a tab"),
        ((Step("quit"), START, Step("restore_previous_session")), {"engine": "firefox"},
         "brought session cookies back with the session that was asked for"),
        ((Step("restart"),), {"engine": "firefox", "preset": "continue+privacy-2"},
         "keeps no session cookie in its session file: privacy_level 2"),
        ((Step("quit"), START), {"engine": "firefox", "preset": "continue",
                                 "surface": "app:session_storage"},
         "brought tabs back: set or told to resume the last session"),
        ((Step("revoke_sessions"),), {"surface": "app:ksp_cookie"},
         "nobody told the application that the session is over"),
    ],
)
def test_the_last_decision_that_touched_it(
    steps: tuple[Step, ...], about: dict[str, str], last: str
) -> None:
    assert last in trail(*steps, **about)[-1]


def test_what_a_visit_gets_anew_has_the_sessions_trail_behind_it() -> None:
    """A login that a revived session gives is there because the session came back."""
    steps = (Step("quit"), START, Step("visit"))
    (revived,) = trail(*steps, preset="continue")
    assert trail(*steps, preset="continue", surface="app:ksp_cookie") == [revived]
