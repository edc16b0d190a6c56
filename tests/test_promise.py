from datetime import timedelta

import pytest

from harness.people import PEOPLE
from harness.policy import Persistence, Policy
from harness.promise import Ended, history_of, promise
from harness.records import State
from harness.scenario import Step
from harness.settings import Activity, PolicyChange, Settings

PERSISTENT = Policy(persistence=Persistence.PERSISTENT, inactivity_timeout=100)
NON_PERSISTENT = Policy(persistence=Persistence.NON_PERSISTENT, inactivity_timeout=100)
SIGN_IN, START, VISIT = Step("sign_in"), Step("start"), Step("visit")


def wait(seconds: float) -> Step:
    return Step("wait", timedelta(seconds=seconds))


def test_nobody_is_signed_in_at_first() -> None:
    assert promise(PERSISTENT, []) is State.SIGNED_OUT


@pytest.mark.parametrize("end", ["quit", "crash", "end_os_session"])
def test_only_the_persistent_session_outlives_the_browser(end: str) -> None:
    steps = [SIGN_IN, Step(end), START]
    assert promise(PERSISTENT, steps) is State.SIGNED_IN
    assert promise(NON_PERSISTENT, steps) is State.SIGNED_OUT


@pytest.mark.parametrize(
    ("steps", "ended"),
    [
        ([Step("open_tab"), Step("close_tab", 1)], Ended.TAB_CLOSED),
        ([Step("open_tab"), Step("close_tab")], None),
        ([Step("open_tab"), VISIT, Step("close_tab", 1)], None),
        ([Step("open_window"), Step("close_window", 1)], Ended.WINDOW_CLOSED),
        ([Step("open_window"), Step("close_window")], None),
        ([Step("close_tab")], Ended.BROWSER_ENDED),
        ([Step("close_window")], Ended.BROWSER_ENDED),
    ],
)
def test_closing_what_the_session_was_used_in(steps: list[Step], ended: Ended | None) -> None:
    assert history_of(NON_PERSISTENT, [SIGN_IN, *steps]).ended == ([ended] if ended else [])
    assert promise(PERSISTENT, [SIGN_IN, *steps]) is State.SIGNED_IN


@pytest.mark.parametrize("policy", [PERSISTENT, NON_PERSISTENT])
def test_inactivity(policy: Policy) -> None:
    assert promise(policy, [SIGN_IN, wait(99)]) is State.SIGNED_IN
    assert promise(policy, [SIGN_IN, wait(100)]) is State.SIGNED_OUT
    assert promise(policy, [SIGN_IN, wait(99), VISIT, wait(99)]) is State.SIGNED_IN
    assert promise(policy, [SIGN_IN, wait(100), VISIT]) is State.SIGNED_OUT
    assert promise(policy, [SIGN_IN, wait(100), SIGN_IN]) is State.SIGNED_IN


@pytest.mark.parametrize("persistence", Persistence)
def test_the_absolute_limit(persistence: Persistence) -> None:
    policy = Policy(persistence=persistence, inactivity_timeout=100, absolute_timeout=150)
    active = [SIGN_IN, wait(75), VISIT, wait(74)]
    assert promise(policy, active) is State.SIGNED_IN
    assert promise(policy, [*active, VISIT, SIGN_IN, wait(1)]) is State.SIGNED_OUT
    assert history_of(policy, [*active, wait(1)]).ended == [Ended.EXPIRED]
    again = [*active, wait(1), SIGN_IN, wait(75), VISIT, wait(74)]
    assert promise(policy, again) is State.SIGNED_IN
    assert promise(policy, [*again, wait(1)]) is State.SIGNED_OUT


def test_what_came_first_is_told_first() -> None:
    limited = Policy(
        persistence=Persistence.PERSISTENT, inactivity_timeout=100, absolute_timeout=150
    )
    assert history_of(limited, [SIGN_IN, wait(200)]).ended == [Ended.INACTIVE, Ended.EXPIRED]
    steps = [SIGN_IN, wait(75), VISIT, wait(200)]
    assert history_of(limited, steps).ended == [Ended.EXPIRED, Ended.INACTIVE]


def test_sign_out_and_revocation() -> None:
    assert promise(PERSISTENT, [SIGN_IN, Step("sign_out")]) is State.SIGNED_OUT
    assert promise(PERSISTENT, [SIGN_IN, Step("revoke_sessions")]) is State.SIGNED_OUT


def test_a_session_keeps_the_persistence_of_its_sign_in() -> None:
    change, end = Step("override_session_policy"), [Step("quit"), START]
    assert promise(PERSISTENT, [SIGN_IN, change, *end]) is State.SIGNED_IN
    assert promise(PERSISTENT, [change, SIGN_IN, *end]) is State.SIGNED_OUT
    again = [SIGN_IN, change, Step("sign_out"), SIGN_IN, *end]
    assert promise(NON_PERSISTENT, again) is State.SIGNED_IN


OVERRIDE = Step("override_session_policy")


@pytest.mark.parametrize(
    ("change", "steps", "state"),
    [
        ("next_sign_in", [SIGN_IN, OVERRIDE], State.SIGNED_IN),
        ("next_sign_in", [SIGN_IN, OVERRIDE, VISIT, Step("quit"), START], State.SIGNED_IN),
        ("next_activity", [SIGN_IN, OVERRIDE, Step("quit"), START], State.SIGNED_IN),
        ("next_activity", [SIGN_IN, OVERRIDE, VISIT, Step("quit"), START], State.SIGNED_OUT),
        ("end_sessions", [SIGN_IN, OVERRIDE], State.SIGNED_OUT),
        ("end_sessions", [SIGN_IN, OVERRIDE, SIGN_IN], State.SIGNED_IN),
    ],
)
def test_a_changed_policy_does_what_the_server_is_set_to_do(
    change: str, steps: list[Step], state: State
) -> None:
    settings = Settings(policy_change=PolicyChange(change))
    assert promise(PERSISTENT, steps, settings) is state


def test_what_counts_as_activity_is_what_the_server_is_set_to() -> None:
    steps = [SIGN_IN, wait(99), VISIT, wait(99)]
    assert promise(PERSISTENT, steps) is State.SIGNED_IN
    settings = Settings(activity=frozenset({Activity.REFRESH}))
    history = history_of(PERSISTENT, steps, settings)
    assert history.ended == [Ended.INACTIVE]


def test_a_refresh_is_activity_where_the_server_is_set_to_count_it() -> None:
    refresh = Step("refresh_tokens")
    steps = [SIGN_IN, wait(99), refresh, wait(99)]
    assert promise(PERSISTENT, steps) is State.SIGNED_IN
    assert promise(PERSISTENT, [*steps, wait(1)]) is State.SIGNED_OUT
    assert promise(PERSISTENT, [SIGN_IN, wait(100), refresh]) is State.SIGNED_OUT
    settings = Settings(activity=frozenset({Activity.SIGN_IN}))
    assert promise(PERSISTENT, steps, settings) is State.SIGNED_OUT
    changed = [SIGN_IN, Step("override_session_policy"), refresh, Step("quit"), START]
    next_activity = Settings(policy_change=PolicyChange.NEXT_ACTIVITY)
    assert promise(PERSISTENT, changed) is State.SIGNED_IN
    assert promise(PERSISTENT, changed, next_activity) is State.SIGNED_OUT


def test_whoever_signs_in_last_is_who_is_promised_in_every_tab() -> None:
    ada, bob = (person.email for person in PEOPLE.values())
    steps = [SIGN_IN, Step("open_tab"), Step("sign_in", "bob")]
    assert history_of(PERSISTENT, [SIGN_IN]).shown == (State.SIGNED_IN, (ada,))
    assert history_of(PERSISTENT, steps).shown == (State.SIGNED_IN, (bob,))
    assert history_of(PERSISTENT, [*steps, SIGN_IN]).shown == (State.SIGNED_IN, (bob,))
    assert history_of(PERSISTENT, [*steps, Step("sign_out")]).shown == (State.SIGNED_OUT, ())
    again = [*steps, Step("sign_out"), Step("sign_in", "ada")]
    assert history_of(PERSISTENT, again).shown == (State.SIGNED_IN, (ada,))
    # Their session is used in their tab alone, and counted from their sign-in.
    assert history_of(NON_PERSISTENT, [*steps, Step("close_tab")]).ended == [Ended.TAB_CLOSED]
    assert history_of(NON_PERSISTENT, [*steps, Step("close_tab", 1)]).ended == []
    limited = Policy(
        persistence=Persistence.PERSISTENT, inactivity_timeout=100, absolute_timeout=150
    )
    later = [SIGN_IN, wait(90), Step("sign_in", "bob"), wait(90)]
    assert promise(limited, later) is State.SIGNED_IN
    assert promise(limited, [SIGN_IN, wait(90), SIGN_IN, wait(90)]) is State.SIGNED_OUT


def test_every_end_is_followed() -> None:
    """A session that has ended with the browser can still go inactive, and be revoked."""
    steps = [SIGN_IN, Step("quit"), START, wait(100), Step("revoke_sessions"), Step("sign_out")]
    assert history_of(NON_PERSISTENT, steps).ended == [
        Ended.BROWSER_ENDED, Ended.INACTIVE, Ended.REVOKED, Ended.SIGNED_OUT,
    ]  # fmt: skip
    assert history_of(NON_PERSISTENT, [*steps, SIGN_IN]).ended == []


def test_no_verb_is_forgotten() -> None:
    """One that the promise does not know of must not silently mean nothing."""
    with pytest.raises(KeyError):
        promise(PERSISTENT, [Step("teleport")])
