"""The verdict, for every combination of what was observed, expected and promised."""

import pytest

from harness.judging import Judge, verdict_of
from harness.limitations import LIMITATIONS
from harness.people import FIRST, PEOPLE
from harness.policy import Environment, Persistence, Policy
from harness.races import RACES, Race, race_in
from harness.received import Look, Received
from harness.records import Observation, State, Verdict
from harness.setup import Setup
from harness.verbs import Step

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
    assert verdict_of(observed, **asked, by_chance=False) is verdict  # type: ignore[arg-type]
    slow = verdict_of(observed, **asked, by_chance=True)  # type: ignore[arg-type]
    assert slow is Verdict.INCONCLUSIVE


ENVIRONMENT = Environment(name="one", policy=Policy(persistence=Persistence.NON_PERSISTENT))
STEPS = (Step("sign_in"), Step("quit"), Step("start"), Step("check", "after"))


def judged(
    signed_in: bool, preset: str = "default", engine: str = "chromium", **about: object
) -> Observation:
    """The SSO session of a non-persistent environment after a restart."""
    setup = Setup(engine=engine, preset=preset, environments=(ENVIRONMENT,))
    header = "sso_session=…; Path=/; HttpOnly; SameSite=Lax"
    who = (PEOPLE[FIRST].email,) if signed_in else ()
    received = Received(signed_in=signed_in, who=who, set_cookie=(header,), part="cookies")
    look = Look(seen={"one": {"sso": received}}, **about)  # type: ignore[arg-type]
    (observation,) = Judge("test.case", setup, "99.0").observations("after", STEPS, look)
    return observation


def test_the_trail_of_the_thing_names_the_limitation_and_is_the_evidence() -> None:
    observation = judged(True, "continue")
    assert observation.verdict is Verdict.LIMITATION
    assert observation.limitation == "session-restore-revives-session"
    assert observation.evidence.decisions == (
        "Chromium (model) kept session cookies at start: set or told to continue where it left off",
    )


def test_the_version_that_was_measured_stands_beside_the_one_that_ran() -> None:
    kept = judged(False, "continue")
    assert kept.verdict is Verdict.UNEXPECTED
    assert "has changed (measured 156.0.8078.108, running 99.0)" in kept.comparison
    broken = judged(True)
    assert broken.verdict is Verdict.UNEXPECTED
    assert "nothing known explains it (measured 156.0.8078.108, running 99.0)" in broken.comparison


TABS = (Step("sign_in"), Step("open_tab"), Step("sign_in", "bob"), Step("close_tab"))


@pytest.mark.parametrize(
    ("surface", "who", "verdict", "limitation"),
    [
        ("app:session_storage", "ada", "limitation", "application-goes-on-as-the-person-before"),
        ("app:session_storage", "bob", "unexpected", None),
        ("app:long_cookie", "bob", "kept", None),
        ("app:long_cookie", "ada", "unexpected", None),
    ],
)
def test_who_is_signed_in_is_judged_too(
    surface: str, who: str, verdict: str, limitation: str | None
) -> None:
    """In the first person's tab, after another has signed in in a second one."""
    environment = Environment(name="one", policy=Policy(persistence=Persistence.PERSISTENT))
    setup = Setup(engine="chromium", preset="default", environments=(environment,))
    header = "demo_long_cookie=…; Path=/; HttpOnly; SameSite=Lax; Max-Age=2505600"
    sent = () if surface == "app:session_storage" else (header,)
    received = Received(signed_in=True, who=(PEOPLE[who].email,), set_cookie=sent)
    look = Look(seen={"one": {surface: received}})
    steps = (*TABS, Step("check", "in the first tab"))
    (observation,) = Judge("test.case", setup).observations("in the first tab", steps, look)
    assert (observation.verdict, observation.limitation) == (verdict, limitation)
    assert observation.promised_who == (PEOPLE["bob"].email,)
    differs = who != "bob" or surface == "app:session_storage"
    assert (f"observed signed_in as {PEOPLE[who].email}" in observation.comparison) is differs


def test_attributes_that_are_not_those_of_the_policy_are_unexpected() -> None:
    setup = Setup(engine="chromium", preset="default", environments=(ENVIRONMENT,))
    received = Received(signed_in=False, set_cookie=("sso_session=…; Path=/; SameSite=Lax",))
    look = Look(seen={"one": {"sso": received}})
    (observation,) = Judge("test.case", setup).observations("after", STEPS, look)
    assert observation.verdict is Verdict.UNEXPECTED
    assert "HttpOnly".lower() in observation.comparison.lower()


def test_a_browser_without_rules_is_unexplained_and_a_slow_machine_says_nothing() -> None:
    assert judged(True, engine="netsurf").verdict is Verdict.UNEXPLAINED
    assert judged(False, engine="netsurf").verdict is Verdict.KEPT
    assert judged(True, too_slow=True).verdict is Verdict.INCONCLUSIVE


def test_a_declared_race_says_so_and_there_is_none() -> None:
    setup = Setup(engine="chromium", preset="default", environments=(ENVIRONMENT,))
    race = Race(
        because="two writes, and either may come first",
        sources=("measured: here",),
        applies=lambda setup, surface, steps: surface == "sso" and len(steps) > 1,
    )
    assert race_in(setup, "sso", STEPS, [race]) is race
    assert race_in(setup, "app:memory", STEPS, [race]) is None
    assert race_in(setup, "sso", STEPS) is None
    assert RACES == ()


@pytest.mark.parametrize("engine", ["chromium", "firefox", "webkitgtk"])
@pytest.mark.parametrize("preset", ["default", "continue"])
def test_no_cell_accepts_both_outcomes(engine: str, preset: str) -> None:
    passing = {Verdict.KEPT, Verdict.LIMITATION}
    verdicts = [judged(signed_in, preset, engine).verdict for signed_in in (True, False)]
    assert len(passing & set(verdicts)) == 1
    assert Verdict.UNEXPECTED in verdicts
