"""What is expected of a target: what it set, put through the model of a browser, and who is behind
what came out otherwise."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from harness.deeds import Carrier, Deed, TargetLook
from harness.judging import Judge
from harness.limitations import reason_for
from harness.model.families import family_of
from harness.policy import Environment, Persistence, Policy
from harness.presets import choices_of
from harness.received import Look, Received
from harness.records import State, Verdict
from harness.reference.blame import behind
from harness.reference.foreseeing import foresee
from harness.reference.target import Foreseen
from harness.scenario import Step
from harness.setup import Setup

URL = "http://localhost:8000/"
COOKIE = Carrier(kind="cookie", name="shop", place="localhost/")
OTHER = Carrier(kind="cookie", name="remember", place="localhost/")
LOCAL = Carrier(kind="local", name="token", place="http://localhost:8000")
TAB = Carrier(kind="session", name="token", place="http://localhost:8000")
SESSION = Deed(cookies=[(URL, "shop=1; Path=/; HttpOnly")], url=URL)
LASTING = Deed(cookies=[(URL, "shop=1; Path=/; HttpOnly; Max-Age=604800")], url=URL)
GONE = Deed(cookies=[(URL, "shop=; Path=/; Max-Age=0")], url=URL)
IN, SETTLE, QUIT, CRASH, START = map(Step, ("sign_in", "settle", "quit", "crash", "start"))
OUT, VISIT = Step("sign_out"), Step("visit")
CHECK = Step("check", "now")
SHORT, LONG = (
    Policy(persistence=Persistence.NON_PERSISTENT, inactivity_timeout=1800),
    Policy(persistence=Persistence.PERSISTENT, inactivity_timeout=604800),
)


def wait(seconds: int) -> Step:
    return Step("wait", timedelta(seconds=seconds))


def foreseen(
    policy: Policy,
    done: Sequence[tuple[Step, Deed]],
    *,
    preset: str = "default",
    sets: Sequence[frozenset[Carrier]] = (frozenset({COOKIE}),),
) -> Foreseen:
    family = family_of("chromium")
    assert family is not None
    look = TargetLook(
        deeds=[deed for _, deed in done], carriers={"app": sets}, sent={"app": frozenset()}
    )
    steps = [*(step for step, _ in done), CHECK]
    return foresee(family, choices_of(preset), policy, steps, look)["app"]


NO = Deed()
RESTARTED = [(SETTLE, NO), (QUIT, NO), (START, NO)]


@pytest.mark.parametrize(
    ("policy", "deed", "preset", "shown", "limitation"),
    [
        (SHORT, SESSION, "default", False, None),
        (SHORT, SESSION, "continue", True, "session-restore-revives-session"),
        (LONG, LASTING, "default", True, None),
        (LONG, SESSION, "default", False, "application-cookie-ends-with-the-browser"),
        (SHORT, LASTING, "default", True, "application-cookie-outlives-the-browser"),
        (LONG, LASTING, "clear-on-exit", False, "clear-on-exit-takes-persistent-cookies"),
    ],
)
def test_a_restart(
    policy: Policy, deed: Deed, preset: str, shown: bool, limitation: str | None
) -> None:
    """As expected is not as promised by a named reason."""
    seen = foreseen(policy, [(IN, deed), *RESTARTED], preset=preset)
    assert seen.signed_in is shown
    assert seen.there == ({COOKIE} if shown else set())
    promised = policy is LONG
    reason = reason_for(seen.trail, State.SIGNED_IN if shown else State.SIGNED_OUT)
    if shown is not promised:
        assert reason is not None
        assert reason.id == limitation


def test_a_crash_brings_back_the_cookie_and_not_the_session() -> None:
    lives = [(IN, SESSION), (SETTLE, NO), (CRASH, NO), (START, NO)]
    assert foreseen(SHORT, lives).signed_in
    out = [(IN, SESSION), (SETTLE, NO), (OUT, NO), (CRASH, NO), (START, NO)]
    seen = foreseen(SHORT, out)
    assert (seen.signed_in, seen.there) == (False, frozenset({COOKIE}))
    assert seen.over == "the person has signed out"
    assert not foreseen(SHORT, [(IN, SESSION), (OUT, GONE)]).there


@pytest.mark.parametrize(
    ("done", "shown"),
    [
        ([(IN, SESSION), (wait(1799), NO)], True),
        ([(IN, SESSION), (wait(1801), NO)], False),
        ([(IN, SESSION), (wait(1799), NO), (VISIT, NO), (wait(1799), NO)], True),
        ([(IN, SESSION), (wait(1801), NO), (VISIT, NO)], False),
        ([(IN, SESSION), (wait(1801), NO), (IN, Deed(cookies=[(URL, "shop=2")]))], True),
    ],
)
def test_the_inactivity_timeout(done: Sequence[tuple[Step, Deed]], shown: bool) -> None:
    seen = foreseen(SHORT, done)
    assert seen.signed_in is shown
    assert bool(seen.over) is not shown


def test_the_absolute_timeout() -> None:
    policy = Policy(
        persistence=Persistence.NON_PERSISTENT, inactivity_timeout=1800, absolute_timeout=2400
    )
    done = [(IN, SESSION), (wait(1700), NO), (VISIT, NO), (wait(800), NO)]
    assert "absolute timeout of 2400 s" in foreseen(policy, done).over


def test_a_cookie_that_expires_before_the_session() -> None:
    brief = Deed(cookies=[(URL, "shop=1; Path=/; Max-Age=60")], url=URL)
    seen = foreseen(LONG, [(IN, brief), (wait(61), NO)])
    assert not seen.signed_in
    reason = reason_for(seen.trail, State.SIGNED_OUT)
    assert reason is not None
    assert reason.id == "application-session-ends-first"


def test_another_session_than_the_one_that_was_lost() -> None:
    """A sign-out ends the session that it was sent with, and no other."""
    second = Deed(cookies=[(URL, "shop=2; Path=/")], url=URL)
    done = [(IN, SESSION), (SETTLE, NO), (IN, NO), (OUT, GONE), (IN, second)]
    assert foreseen(SHORT, done).signed_in


def test_storages() -> None:
    kept = Deed(local={LOCAL.place: {"token": "1"}}, url=URL)
    seen = foreseen(SHORT, [(IN, kept), *RESTARTED], sets=[frozenset({LOCAL})])
    assert seen.signed_in
    reason = reason_for(seen.trail, State.SIGNED_IN)
    assert reason is not None
    assert reason.id == "local-storage-outlives-the-browser"
    one = Deed(session={TAB.place: {"token": "1"}}, url=URL)
    assert foreseen(LONG, [(IN, one)], sets=[frozenset({TAB})]).signed_in
    other = foreseen(LONG, [(IN, one), (Step("open_tab"), NO)], sets=[frozenset({TAB})])
    assert not other.signed_in
    reason = reason_for(other.trail, State.SIGNED_OUT)
    assert reason is not None
    assert reason.id == "session-storage-belongs-to-one-tab"


def test_one_of_two_suffices() -> None:
    both = Deed(
        cookies=[(URL, "shop=1; Path=/"), (URL, "remember=1; Path=/; Max-Age=604800")], url=URL
    )
    done = [(IN, both), *RESTARTED]
    assert foreseen(LONG, done, sets=[frozenset({COOKIE}), frozenset({OTHER})]).signed_in
    assert not foreseen(LONG, done, sets=[frozenset({COOKIE, OTHER})]).signed_in


@pytest.mark.parametrize(
    ("expected", "there", "over", "observed", "sent", "who"),
    [
        (True, {COOKIE}, "", True, {COOKIE}, None),
        (True, {COOKIE}, "", False, {COOKIE}, "the server: the browser came with cookie shop"),
        (True, {COOKIE}, "", False, set(), "the browser: it was to come with cookie shop"),
        (False, set(), "", True, {COOKIE}, "the browser: it came with cookie shop"),
        (False, {COOKIE}, "it is over", True, {COOKIE}, "the server: it still takes cookie shop"),
        (False, set(), "", True, set(), "the application: somebody is signed in without cookie"),
    ],
)
def test_who_is_behind_it(
    expected: bool,
    there: set[Carrier],
    over: str,
    observed: bool,
    sent: set[Carrier],
    who: str | None,
) -> None:
    seen = Foreseen(signed_in=expected, trail=(), there=frozenset(there), over=over)
    told = behind(seen, signed_in=observed, sets=[frozenset({COOKIE})], sent=sent)
    assert told == who if who is None else told is not None and told.startswith(who)


BOB = Deed(cookies=[(URL, "shop=2; Path=/; HttpOnly; Max-Age=604800")], url=URL)
AS_BOB = Step("sign_in", "bob")


@pytest.mark.parametrize(
    ("done", "who"),
    [
        ([(IN, LASTING)], "ada"),
        ([(IN, LASTING), (OUT, GONE), (AS_BOB, BOB)], "bob"),
        ([(IN, LASTING), (OUT, GONE), (AS_BOB, BOB), *RESTARTED], "bob"),
        ([(IN, LASTING), (AS_BOB, BOB), (IN, BOB)], "bob"),
        ([(IN, LASTING), (SETTLE, NO), (AS_BOB, BOB), (CRASH, NO), (START, NO)], "ada"),
    ],
    ids=["one", "another", "kept", "goes on", "the one before, from the disk"],
)
def test_as_whom(done: list[tuple[Step, Deed]], who: str) -> None:
    assert foreseen(LONG, done).who == who


@pytest.mark.parametrize(
    ("shown", "verdict", "promised"),
    [
        (("bob@shop",), Verdict.KEPT, ("bob@shop",)),
        (("ada@shop",), Verdict.UNEXPECTED, ("bob@shop",)),
        ((), Verdict.KEPT, ()),
    ],
    ids=["as whom it is to be", "as somebody else", "not told"],
)
def test_who_is_seen_is_judged_where_it_is_told(
    shown: tuple[str, ...], verdict: Verdict, promised: tuple[str, ...]
) -> None:
    environment = Environment(name="default", policy=LONG)
    setup = Setup(engine="chromium", preset="default", environments=[environment], target="shop")
    look = Look(
        seen={"default": {"app": Received(signed_in=True, who=shown)}},
        target=TargetLook(
            deeds=[LASTING, GONE, BOB],
            carriers={"app": [frozenset({COOKIE})]},
            sent={"app": frozenset({COOKIE})},
            people={"ada": "ada@shop", "bob": "bob@shop"},
        ),
    )
    (seen,) = Judge("a.b", setup).observations("now", (IN, OUT, AS_BOB, CHECK), look)
    assert (seen.verdict, seen.promised_who, seen.expected_who) == (verdict, promised, promised)
