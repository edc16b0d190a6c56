"""What to expect of a browser: exact, and not moved by a bug of the server.

That every cell which was measured is expected is held by `test_documentation`.
"""

import ast
from collections.abc import Mapping
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

import harness
from harness.expectation import Expectation
from harness.model.families import family_of
from harness.people import PEOPLE
from harness.policy import (
    DEFAULT_ENVIRONMENTS,
    EffectivePolicy,
    Environment,
    Organization,
    Override,
    Persistence,
    Policy,
)
from harness.records import State
from harness.scenario import Step
from harness.settings import Activity, PolicyChange, Settings
from harness.setup import Setup
from tests.measuring import Who

IN, OUT = State.SIGNED_IN, State.SIGNED_OUT
DAY = timedelta(days=1)


def expected(
    *steps: Step,
    environments: tuple[Environment, ...] = DEFAULT_ENVIRONMENTS,
    engine: str = "chromium",
    preset: str = "default",
    settings: Settings | None = None,
    keeps: tuple[str, ...] = (),
) -> Mapping[tuple[str, str], State]:
    family = family_of(engine)
    assert family is not None
    setup = Setup(
        engine=engine,
        preset=preset,
        environments=environments,
        keeps=keeps,
        settings=settings or Settings(),
    )
    seen = Expectation(family, setup).after((Step("sign_in"), *steps, Step("check", "at the end")))
    return {key: expected.state for key, expected in seen.items()}


def test_the_server_is_not_asked_and_not_used() -> None:
    """Nor `EffectivePolicy`, by which the server decides."""
    package = Path(harness.__file__).parent
    for path in (*(package / "reference").glob("*.py"), package / "expectation.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        modules = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        assert not any(m.startswith(("harness.server", "harness.apps")) for m in modules)
        assert "aiohttp" not in modules
        used = {node.id for node in nodes if isinstance(node, ast.Name)}
        used |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        assert not used & {"EffectivePolicy", "effective_policy", "apply"}


def test_a_bug_that_moves_server_and_promise_does_not_move_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An override that is applied although its switch is off."""
    off = Override(use_persistence=False, persistence=Persistence.PERSISTENT)
    environment = Environment(
        name="switched_off",
        policy=Policy(persistence=Persistence.NON_PERSISTENT),
        organizations=(Organization(code="org", override=off),),
    )
    monkeypatch.setattr(Override, "apply", lambda self, policy: Policy(
        persistence=Persistence.PERSISTENT))  # fmt: skip
    monkeypatch.setattr(EffectivePolicy, "of", None)
    seen = expected(Step("quit"), Step("start"), environments=(environment,))
    assert seen["switched_off", "sso"] is OUT
    assert seen["switched_off", "app:long_cookie"] is IN


def test_each_switch_of_an_override_is_its_own() -> None:
    override = Override(
        use_inactivity_timeout=True, inactivity_timeout=3600, persistence=Persistence.PERSISTENT
    )
    environment = Environment(
        name="timeout_alone",
        policy=Policy(persistence=Persistence.NON_PERSISTENT),
        organizations=(Organization(code="org", override=override),),
    )
    for seconds, state in ((3599, IN), (3600, OUT)):
        later = Step("wait", timedelta(seconds=seconds))
        assert expected(later, environments=(environment,))["timeout_alone", "sso"] is state
    gone = expected(Step("quit"), Step("start"), environments=(environment,))
    assert gone["timeout_alone", "sso"] is OUT


def test_the_absolute_limit_is_counted_from_the_sign_in() -> None:
    override = Override(use_absolute_timeout=True, absolute_timeout=3600)
    stored = Override(absolute_timeout=60)
    for persistence, on in product(Persistence, (override, stored, Override())):
        environment = Environment(
            name="limited",
            policy=Policy(
                persistence=persistence, inactivity_timeout=2000, absolute_timeout=5400
            ),
            organizations=(Organization(code="org", override=on),),
        )
        limit = 3600 if on is override else 5400
        visits = [Step("wait", timedelta(seconds=limit / 3)), Step("visit")] * 2
        for seconds, state in ((-1, IN), (0, OUT)):
            later = Step("wait", timedelta(seconds=limit / 3 + seconds))
            seen = expected(*visits, later, environments=(environment,))
            assert seen["limited", "sso"] is state
            assert seen["limited", "app:long_cookie"] is IN


@pytest.mark.parametrize(("activity", "state"), [({Activity.SIGN_IN}, IN), (set(), OUT)])
def test_what_counts_as_activity_is_a_setting(activity: set[Activity], state: State) -> None:
    half, settings = Step("wait", DAY * 0.6), Settings(activity=frozenset(activity))
    seen = expected(half, Step("visit"), half, settings=settings)
    assert seen["persistent", "sso"] is state


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (PolicyChange.NEXT_SIGN_IN, OUT),
        (PolicyChange.NEXT_ACTIVITY, IN),
        (PolicyChange.END_SESSIONS, OUT),
    ],
)
def test_what_a_changed_policy_does_is_a_setting(change: PolicyChange, state: State) -> None:
    seen = expected(
        Step("override_session_policy"), Step("visit"), Step("quit"), Step("start"),
        settings=Settings(policy_change=change),
    )  # fmt: skip
    assert seen["non_persistent", "sso"] is state


def test_tokens_and_logins_have_the_lifetimes_of_the_contract() -> None:
    second = timedelta(seconds=1)
    long = Policy(persistence=Persistence.PERSISTENT, inactivity_timeout=30 * 86_400)
    environment = Environment(name="long", policy=long)
    for surface, lifetime in (("app:local_storage", DAY), ("app:long_cookie", 29 * DAY)):
        for time, state in ((lifetime - second, IN), (lifetime, OUT)):
            seen = expected(Step("wait", time), environments=(environment,))
            assert (seen["long", surface], seen["long", "sso"]) == (state, IN)


def whose(*steps: Step, engine: str = "chromium", preset: str = "default") -> dict[str, Who]:
    """As whom each surface of the persistent environment is signed in."""
    family = family_of(engine)
    assert family is not None
    setup = Setup(
        engine=engine, preset=preset, environments=DEFAULT_ENVIRONMENTS[:1],
        settings=Settings(), keeps=INFORMED,
    )  # fmt: skip
    seen = Expectation(family, setup).after((*steps, Step("check", "at the end")))
    return {surface: expected.who for (_, surface), expected in seen.items()}


def test_whoever_signs_in_last_is_who_is_signed_in_but_in_a_tab_from_before() -> None:
    ada, bob = ((person.email,) for person in PEOPLE.values())
    steps = [Step("sign_in"), Step("open_tab"), Step("sign_in", "bob")]
    assert set(whose(*steps).values()) == {bob}
    seen = whose(*steps, Step("close_tab"))
    assert seen.pop("app:session_storage") == ada
    assert set(seen.values()) == {bob}
    assert set(whose(*steps, Step("close_tab"), Step("visit")).values()) == {bob}


def test_a_crash_brings_back_what_the_person_before_had_at_applications_and_no_session() -> None:
    """Theirs was replaced, and only an application that is told heeds it."""
    seen = whose(
        Step("sign_in"), Step("settle"), Step("sign_in", "bob"), Step("crash"), Step("start")
    )
    ada = (PEOPLE["ada"].email,)
    assert (seen["sso"], seen["app:backchannel_cookie"]) == ((), ())
    assert (seen["app:long_cookie"], seen["app:local_storage"]) == (ada, ada)


INFORMED = ("backchannel_cookie", "refreshing")
REVOKE, REFRESH = Step("revoke_sessions"), Step("refresh_tokens")


@pytest.mark.parametrize(
    ("steps", "told", "refreshing"),
    [
        ([REVOKE], OUT, IN),
        ([REVOKE, REFRESH], OUT, OUT),
        ([REVOKE, Step("sign_in")], IN, IN),
        ([Step("sign_out")], OUT, OUT),
        ([Step("wait", DAY)], IN, OUT),
        ([Step("wait", DAY), REVOKE], IN, OUT),
        ([Step("wait", DAY * 0.9), REFRESH, Step("wait", DAY * 0.9)], IN, IN),
        ([Step("wait", DAY * 0.9), REFRESH, Step("wait", DAY)], IN, OUT),
        ([Step("wait", DAY), REFRESH, Step("wait", DAY * 0.1)], IN, OUT),
    ],
)
def test_applications_that_hear_of_the_session(
    steps: list[Step], told: State, refreshing: State
) -> None:
    """Of no inactivity, whoever else ends what is over already."""
    seen = expected(*steps, keeps=INFORMED)
    assert seen["persistent", "app:backchannel_cookie"] is told
    assert seen["persistent", "app:refreshing"] is refreshing


def test_a_refresh_prolongs_what_the_server_has_and_no_cookie() -> None:
    steps = [Step("wait", DAY * 0.9), REFRESH, Step("wait", DAY * 0.9)]
    seen = expected(*steps, keeps=INFORMED)
    assert (seen["persistent", "sso"], seen["non_persistent", "sso"]) == (OUT, IN)
    only_sign_ins = Settings(activity=frozenset({Activity.SIGN_IN}))
    seen = expected(*steps, keeps=INFORMED, settings=only_sign_ins)
    assert seen["non_persistent", "sso"] is OUT


def test_a_refresh_token_lives_for_fifteen_days_from_its_last_exchange() -> None:
    long = Policy(persistence=Persistence.PERSISTENT, inactivity_timeout=60 * 86_400)
    environment = Environment(name="long", policy=long)
    for days, state in ((14, IN), (15, OUT)):
        seen = expected(
            Step("wait", 10 * DAY), REFRESH, Step("wait", DAY * days), REFRESH,
            environments=(environment,), keeps=INFORMED,
        )  # fmt: skip
        assert seen["long", "app:refreshing"] is state
