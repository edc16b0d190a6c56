from datetime import timedelta

import pytest

from harness.expectation import Expectation
from harness.limitations import LIMITATIONS, Limitation, reason_for
from harness.model.families import FAMILIES, family_of
from harness.model.trail import Decision
from harness.policy import Environment, Persistence, Policy
from harness.promise import promise
from harness.records import State
from harness.reference import habits
from harness.scenario import Step
from harness.settings import PolicyChange, Settings
from harness.setup import Setup

SIGN_IN, START = Step("sign_in"), Step("start")
QUIT = (SIGN_IN, Step("quit"), START)
RESTART_CRASH = (SIGN_IN, Step("restart"), Step("crash"), START)
_WAIT = Step("wait", timedelta(seconds=600))
LOST = (SIGN_IN, _WAIT, Step("quit"), START, SIGN_IN, _WAIT)
KEPT = (SIGN_IN, Step("open_tab"), Step("close_tab", 1), _WAIT, SIGN_IN, _WAIT)
CHANGE, MEND = Step("change_cookie_scope"), Step("mend_cookie_scope")
HOURS_23 = Step("wait", timedelta(hours=23))
REFRESHED = (SIGN_IN, HOURS_23, Step("refresh_tokens"), HOURS_23)
BY_ID = {limitation.id: limitation for limitation in LIMITATIONS}


def reason(
    *steps: Step,
    engine: str = "chromium",
    preset: str = "default",
    surface: str = "sso",
    persistence: Persistence = Persistence.NON_PERSISTENT,
    timeout: int = 86_400,
    limit: int | None = None,
    settings: Settings | None = None,
    keeps: tuple[str, ...] = (),
) -> str | None:
    """The limitation behind what is expected there; None where it is what is promised."""
    environment = Environment(
        name="one",
        policy=Policy(
            persistence=persistence, inactivity_timeout=timeout, absolute_timeout=limit
        ),
    )
    family = family_of(engine)
    assert family is not None
    settings = settings or Settings()
    setup = Setup(
        engine=engine,
        preset=preset,
        environments=(environment,),
        settings=settings,
        keeps=keeps,
    )
    expectation = Expectation(family, setup)
    expected = expectation.after((*steps, Step("check", "at the end")))["one", surface]
    if expected.state is promise(environment.policy, steps, settings):
        return None
    found = reason_for(expected.trail, expected.state)
    assert found is not None
    return found.id


@pytest.mark.parametrize("limitation", LIMITATIONS, ids=lambda limitation: limitation.id)
def test_every_limitation_has_a_source_and_a_plain_sentence(limitation: Limitation) -> None:
    assert limitation.sources
    assert limitation.sentence.endswith(".")


def test_ids_are_unique() -> None:
    assert len({limitation.id for limitation in LIMITATIONS}) == len(LIMITATIONS)


def test_rules_and_habits_name_limitations_that_there_are_and_each_is_named() -> None:
    decisions = [d for d in vars(habits).values() if isinstance(d, Decision)]
    rules = [rule for family in FAMILIES for rule in family.rules]
    named = [name for decision in decisions for name in decision.limitations]
    named += [name for rule in rules for name in rule.limitations]
    # What no rule of a family decides: a private window is gone with its memory.
    assert {*named, "private-window-forgets"} == set(BY_ID)


def test_one_decision_is_a_case_of_one_limitation_each_way_at_most() -> None:
    for rule in (rule for family in FAMILIES for rule in family.rules):
        ways = [BY_ID[name].explains for name in rule.limitations]
        assert len(ways) == len(set(ways)), rule.because


def test_the_last_decision_that_is_a_case_of_one_is_the_reason() -> None:
    kept, again, dropped = (
        Decision(because="", limitations=(name,))
        for name in (
            "crash-recovery-revives-session",
            "session-restore-revives-session",
            "not-yet-on-disk",
        )
    )
    trail = (kept, again, Decision(because="no case of any"))
    found = reason_for(trail, State.SIGNED_IN)
    assert found is BY_ID["session-restore-revives-session"]
    assert reason_for((*trail, dropped), State.SIGNED_IN) is found, "it bends the other way"
    assert reason_for(trail, State.SIGNED_OUT) is None


@pytest.mark.parametrize(
    ("found", "limitation"),
    [
        (reason(SIGN_IN, Step("open_tab"), Step("close_tab", 1)),
         "tab-close-is-not-session-end"),
        (reason(SIGN_IN, Step("open_window"), Step("close_window", 1)),
         "window-close-is-not-browser-close"),
        (reason(*QUIT, preset="continue"), "session-restore-revives-session"),
        (reason(*QUIT, Step("restore_previous_session")), None),
        (reason(*QUIT, Step("restore_previous_session"), engine="firefox"),
         "session-restore-revives-session"),
        (reason(SIGN_IN, Step("settle"), Step("crash"), START),
         "crash-recovery-revives-session"),
        (reason(SIGN_IN, Step("crash"), START), None),
        (reason(SIGN_IN, Step("crash"), START, persistence=Persistence.PERSISTENT),
         "not-yet-on-disk"),
        (reason(SIGN_IN, Step("settle"), Step("crash"), START,
                   persistence=Persistence.PERSISTENT), None),
        (reason(SIGN_IN, Step("settle"), Step("end_os_session"), START), None),
        (reason(SIGN_IN, Step("settle"), Step("end_os_session"), START, preset="continue"),
         "session-restore-revives-session"),
        (reason(SIGN_IN, Step("settle"), Step("end_os_session"), START, engine="firefox"),
         "crash-recovery-revives-session"),
        (reason(*QUIT, preset="clear-on-exit", persistence=Persistence.PERSISTENT),
         "clear-on-exit-takes-persistent-cookies"),
        (reason(SIGN_IN, Step("settle"), Step("crash"), START, preset="clear-on-exit"),
         "crash-recovery-revives-session"),
        (reason(SIGN_IN, Step("settle"), Step("crash"), START, preset="clear-on-exit",
                   surface="app:local_storage"), "local-storage-outlives-the-browser"),
        (reason(SIGN_IN, Step("settle"), Step("crash"), START, preset="clear-on-exit",
                   engine="firefox", persistence=Persistence.PERSISTENT),
         "clear-on-exit-takes-persistent-cookies"),
        (reason(SIGN_IN, Step("crash"), START, preset="private",
                   persistence=Persistence.PERSISTENT), "private-window-forgets"),
        (reason(*QUIT, preset="private", persistence=Persistence.PERSISTENT),
         "private-window-forgets"),
        (reason(*QUIT, surface="app:local_storage"), "local-storage-outlives-the-browser"),
        (reason(*QUIT, surface="app:local_storage", preset="clear-on-exit"), None),
        (reason(*QUIT, surface="app:local_storage", preset="private"), None),
        (reason(SIGN_IN, Step("revoke_sessions"), surface="app:ksp_cookie"),
         "application-session-outlives-sso"),
        (reason(SIGN_IN, Step("revoke_sessions"), surface="app:memory"), None),
        (reason(*QUIT, surface="app:long_cookie"), "application-cookie-outlives-the-browser"),
        (reason(*QUIT, surface="app:long_cookie", preset="private"), None),
        (reason(*QUIT, surface="app:session_cookie", persistence=Persistence.PERSISTENT),
         "application-cookie-ends-with-the-browser"),
        (reason(SIGN_IN, surface="app:session_cookie", persistence=Persistence.PERSISTENT),
         None),
        (reason(*QUIT, surface="app:session_storage", persistence=Persistence.PERSISTENT),
         "session-storage-belongs-to-one-tab"),
        (reason(SIGN_IN, Step("open_tab"), surface="app:session_storage"),
         "session-storage-belongs-to-one-tab"),
        (reason(SIGN_IN, Step("open_tab"), surface="app:memory"), None),
        (reason(SIGN_IN, Step("open_tab"), Step("sign_out"), Step("close_tab"),
                   surface="app:session_storage"), "sign-out-does-not-reach-other-tabs"),
        (reason(SIGN_IN, Step("sign_out"), surface="app:session_storage"), None),
        (reason(*QUIT, surface="app:session_storage", preset="continue"),
         "session-restore-revives-session"),
        (reason(SIGN_IN, Step("wait", timedelta(days=29)), timeout=10_000_000,
                   surface="app:long_cookie"), "application-session-ends-first"),
        (reason(SIGN_IN, Step("revoke_sessions")), None),
        (reason(SIGN_IN, Step("wait", timedelta(hours=25)), timeout=1_000_000,
                   surface="app:local_storage"), "application-session-ends-first"),
        (reason(SIGN_IN, Step("settle"), Step("sign_out"), Step("crash"), START,
                   surface="app:local_storage"), "sign-out-not-yet-on-disk"),
        (reason(SIGN_IN, Step("settle"), Step("sign_out"), Step("sign_out"), Step("crash"),
                   START, surface="app:local_storage"), "sign-out-not-yet-on-disk"),
        (reason(SIGN_IN, Step("wait", timedelta(days=1)), SIGN_IN, Step("end_os_session"), START,
                   preset="continue", surface="app:session_cookie"),
         "application-session-outlives-sso"),
        (reason(SIGN_IN, Step("wait", timedelta(days=1)), SIGN_IN, Step("end_os_session"), START,
                   preset="continue"), None),
        (reason(SIGN_IN, Step("open_tab"), Step("wait", timedelta(days=2)), SIGN_IN,
                   Step("close_tab"), surface="app:session_storage",
                   persistence=Persistence.PERSISTENT), "application-session-ends-first"),
        (reason(SIGN_IN, Step("quit"), START, Step("crash"), START, engine="firefox"),
         "crash-recovery-revives-session"),
        (reason(SIGN_IN, Step("quit"), START, Step("settle"), Step("crash"), START,
                   engine="firefox"), None),
        (reason(SIGN_IN, Step("sign_out"), Step("quit"), START, preset="continue"), None),
        (reason(SIGN_IN, Step("revoke_sessions"), surface="app:backchannel_cookie",
                   keeps=("backchannel_cookie",)), None),
        (reason(SIGN_IN, Step("wait", timedelta(days=1)), surface="app:backchannel_cookie",
                   keeps=("backchannel_cookie",)), "inactivity-sends-no-logout-token"),
        (reason(SIGN_IN, Step("wait", timedelta(hours=1)), surface="app:backchannel_cookie",
                   limit=3600, keeps=("backchannel_cookie",)), "inactivity-sends-no-logout-token"),
        (reason(SIGN_IN, Step("revoke_sessions"), surface="app:refreshing",
                   keeps=("refreshing",)), "application-session-outlives-sso"),
        (reason(*REFRESHED, persistence=Persistence.PERSISTENT, keeps=("refreshing",)),
         "refresh-prolongs-no-cookie"),
        (reason(*REFRESHED, surface="app:memory", persistence=Persistence.PERSISTENT,
                   keeps=("refreshing",)), "refresh-prolongs-no-cookie"),
        (reason(*REFRESHED, surface="app:refreshing", persistence=Persistence.PERSISTENT,
                   keeps=("refreshing",)), None),
        (reason(*REFRESHED, keeps=("refreshing",)), None),
        (reason(*RESTART_CRASH), "session-restore-revives-session"),
        (reason(*RESTART_CRASH, Step("crash"), START), "session-restore-revives-session"),
        (reason(*RESTART_CRASH, Step("quit"), START), None),
        (reason(SIGN_IN, Step("restart"), Step("settle"), Step("crash"), START),
         "crash-recovery-revives-session"),
        (reason(SIGN_IN, Step("restart"), Step("end_os_session"), START), None),
        (reason(*RESTART_CRASH, engine="firefox"), "crash-recovery-revives-session"),
        (reason(*RESTART_CRASH, engine="firefox", preset="clear-on-exit"), None),
        (reason(*RESTART_CRASH, engine="firefox", preset="clear-on-exit",
                   surface="app:session_storage"), "crash-recovery-revives-session"),
        (reason(SIGN_IN, Step("restart"), Step("settle"), Step("crash"), START, engine="firefox",
                   preset="clear-on-exit", surface="app:session_storage"), None),
        (reason(*LOST, persistence=Persistence.PERSISTENT, preset="clear-on-exit", limit=1000),
         "lost-session-begins-its-limit-anew"),
        (reason(*LOST, persistence=Persistence.PERSISTENT, preset="clear-on-exit", limit=1000,
                   surface="app:session_cookie"), "lost-session-begins-its-limit-anew"),
        (reason(*LOST, persistence=Persistence.PERSISTENT, preset="clear-on-exit", limit=1300),
         None),
        (reason(*LOST, persistence=Persistence.PERSISTENT, limit=1000), None),
        (reason(*KEPT, limit=1000), "kept-session-counts-its-limit-from-before"),
        (reason(*KEPT, limit=1000, surface="app:memory"),
         "kept-session-counts-its-limit-from-before"),
        (reason(*KEPT, limit=1300), None),
        (reason(*KEPT, persistence=Persistence.PERSISTENT, limit=1000), None),
        (reason(*KEPT, persistence=Persistence.PERSISTENT, limit=1000, surface="app:long_cookie"),
         "application-session-outlives-sso"),
        (reason(SIGN_IN, CHANGE, Step("sign_out"), SIGN_IN), "stale-cookie-comes-first"),
        (reason(SIGN_IN, CHANGE, Step("sign_out"), SIGN_IN, Step("quit"), START, SIGN_IN), None),
        (reason(SIGN_IN, CHANGE, Step("sign_out"), SIGN_IN, MEND, SIGN_IN), None),
        (reason(SIGN_IN, CHANGE, MEND, Step("sign_out"), SIGN_IN), None),
        (reason(SIGN_IN, CHANGE, Step("revoke_sessions"), SIGN_IN, surface="app:memory"),
         "stale-cookie-comes-first"),
        (reason(SIGN_IN, CHANGE, Step("revoke_sessions"), SIGN_IN, surface="app:ksp_cookie"), None),
        (reason(SIGN_IN, CHANGE, Step("override_session_policy"), Step("visit"), Step("quit"),
                   START, persistence=Persistence.PERSISTENT,
                   settings=Settings(policy_change=PolicyChange.NEXT_ACTIVITY)),
         "old-cookie-stays"),
        (reason(SIGN_IN, Step("settle"), Step("sign_out"), Step("crash"), START,
                   settings=Settings(cookie_path="/oauth2"),
                   persistence=Persistence.PERSISTENT), "sign-out-misses-the-session"),
    ],
)
def test_what_explains_what(found: str | None, limitation: str | None) -> None:
    assert found == limitation
