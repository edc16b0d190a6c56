import inspect
from datetime import timedelta

import pytest

from harness.limitations import LIMITATIONS, Limitation, Situation, reason_for
from harness.policy import Persistence, Policy
from harness.promise import history_of
from harness.records import State
from harness.scenario import Step

SIGN_IN, START = Step("sign_in"), Step("start")
QUIT = (SIGN_IN, Step("quit"), START)
RESTART_CRASH = (SIGN_IN, Step("restart"), Step("crash"), START)


def situation(
    *steps: Step,
    engine: str = "chromium",
    preset: str = "default",
    surface: str = "sso",
    persistence: Persistence = Persistence.NON_PERSISTENT,
    timeout: int = 86_400,
) -> Situation:
    return Situation(
        engine=engine,
        preset=preset,
        surface=surface,
        history=history_of(Policy(persistence=persistence, inactivity_timeout=timeout), steps),
    )


def explained(case: Situation) -> str | None:
    limitation = reason_for(case)
    return limitation.id if limitation else None


@pytest.mark.parametrize("limitation", LIMITATIONS, ids=lambda limitation: limitation.id)
def test_every_limitation_has_a_source_and_a_plain_sentence(limitation: Limitation) -> None:
    assert limitation.sources
    assert limitation.sentence.endswith(".")


def test_ids_are_unique() -> None:
    assert len({limitation.id for limitation in LIMITATIONS}) == len(LIMITATIONS)


def test_no_rule_is_shown_what_was_observed() -> None:
    for limitation in LIMITATIONS:
        assert list(inspect.signature(limitation.applies).parameters) == ["situation", "history"]
    assert not any("observed" in name for name in Situation.__dataclass_fields__)


def test_nothing_bends_the_promise_where_nothing_restores_a_session() -> None:
    assert reason_for(situation(*QUIT)) is None


def test_nothing_bends_the_promise_of_a_persistent_session_at_an_orderly_end() -> None:
    assert reason_for(situation(*QUIT, persistence=Persistence.PERSISTENT)) is None


@pytest.mark.parametrize(
    ("case", "limitation"),
    [
        (situation(SIGN_IN, Step("open_tab"), Step("close_tab", 1)),
         "tab-close-is-not-session-end"),
        (situation(SIGN_IN, Step("open_window"), Step("close_window", 1)),
         "window-close-is-not-browser-close"),
        (situation(*QUIT, preset="continue"), "session-restore-revives-session"),
        (situation(*QUIT, Step("restore_previous_session")), None),
        (situation(*QUIT, Step("restore_previous_session"), engine="firefox"),
         "session-restore-revives-session"),
        (situation(SIGN_IN, Step("settle"), Step("crash"), START),
         "crash-recovery-revives-session"),
        (situation(SIGN_IN, Step("crash"), START), None),
        (situation(SIGN_IN, Step("crash"), START, persistence=Persistence.PERSISTENT),
         "not-yet-on-disk"),
        (situation(SIGN_IN, Step("settle"), Step("crash"), START,
                   persistence=Persistence.PERSISTENT), None),
        (situation(SIGN_IN, Step("settle"), Step("end_os_session"), START), None),
        (situation(SIGN_IN, Step("settle"), Step("end_os_session"), START, preset="continue"),
         "session-restore-revives-session"),
        (situation(SIGN_IN, Step("settle"), Step("end_os_session"), START, engine="firefox"),
         "crash-recovery-revives-session"),
        (situation(*QUIT, preset="clear-on-exit", persistence=Persistence.PERSISTENT),
         "clear-on-exit-takes-persistent-cookies"),
        (situation(SIGN_IN, Step("settle"), Step("crash"), START, preset="clear-on-exit"),
         "crash-recovery-revives-session"),
        (situation(SIGN_IN, Step("settle"), Step("crash"), START, preset="clear-on-exit",
                   surface="app:local_storage"), "local-storage-outlives-the-browser"),
        (situation(SIGN_IN, Step("settle"), Step("crash"), START, preset="clear-on-exit",
                   engine="firefox", persistence=Persistence.PERSISTENT),
         "clear-on-exit-takes-persistent-cookies"),
        (situation(SIGN_IN, Step("crash"), START, preset="private",
                   persistence=Persistence.PERSISTENT), "private-window-forgets"),
        (situation(*QUIT, preset="private", persistence=Persistence.PERSISTENT),
         "private-window-forgets"),
        (situation(*QUIT, surface="app:local_storage"), "local-storage-outlives-the-browser"),
        (situation(*QUIT, surface="app:local_storage", preset="clear-on-exit"), None),
        (situation(*QUIT, surface="app:local_storage", preset="private"), None),
        (situation(SIGN_IN, Step("revoke_sessions"), surface="app:ksp_cookie"),
         "application-session-outlives-sso"),
        (situation(SIGN_IN, Step("revoke_sessions"), surface="app:memory"), None),
        (situation(*QUIT, surface="app:long_cookie"), "application-cookie-outlives-the-browser"),
        (situation(*QUIT, surface="app:long_cookie", preset="private"), None),
        (situation(*QUIT, surface="app:session_cookie", persistence=Persistence.PERSISTENT),
         "application-cookie-ends-with-the-browser"),
        (situation(SIGN_IN, surface="app:session_cookie", persistence=Persistence.PERSISTENT),
         None),
        (situation(*QUIT, surface="app:session_storage", persistence=Persistence.PERSISTENT),
         "session-storage-belongs-to-one-tab"),
        (situation(SIGN_IN, Step("open_tab"), surface="app:session_storage"),
         "session-storage-belongs-to-one-tab"),
        (situation(SIGN_IN, Step("open_tab"), surface="app:memory"), None),
        (situation(SIGN_IN, Step("open_tab"), Step("sign_out"), Step("close_tab"),
                   surface="app:session_storage"), "sign-out-does-not-reach-other-tabs"),
        (situation(SIGN_IN, Step("sign_out"), surface="app:session_storage"), None),
        (situation(*QUIT, surface="app:session_storage", preset="continue"),
         "session-restore-revives-session"),
        (situation(SIGN_IN, Step("wait", timedelta(days=29)), timeout=10_000_000,
                   surface="app:long_cookie"), "application-session-ends-first"),
        (situation(SIGN_IN, Step("revoke_sessions")), None),
        (situation(SIGN_IN, Step("wait", timedelta(hours=25)), timeout=1_000_000,
                   surface="app:local_storage"), "application-session-ends-first"),
        (situation(SIGN_IN, Step("settle"), Step("sign_out"), Step("crash"), START,
                   surface="app:local_storage"), "sign-out-not-yet-on-disk"),
        (situation(SIGN_IN, Step("settle"), Step("sign_out"), Step("sign_out"), Step("crash"),
                   START, surface="app:local_storage"), "sign-out-not-yet-on-disk"),
        (situation(SIGN_IN, Step("wait", timedelta(days=1)), SIGN_IN, Step("end_os_session"), START,
                   preset="continue", surface="app:session_cookie"),
         "session-restore-revives-session"),
        (situation(SIGN_IN, Step("wait", timedelta(days=1)), SIGN_IN, Step("end_os_session"), START,
                   preset="continue"), None),
        (situation(SIGN_IN, Step("open_tab"), Step("wait", timedelta(days=2)), SIGN_IN,
                   Step("close_tab"), surface="app:session_storage",
                   persistence=Persistence.PERSISTENT), "application-session-ends-first"),
        (situation(SIGN_IN, Step("quit"), START, Step("crash"), START, engine="firefox"),
         "crash-recovery-revives-session"),
        (situation(SIGN_IN, Step("quit"), START, Step("settle"), Step("crash"), START,
                   engine="firefox"), None),
        (situation(SIGN_IN, Step("sign_out"), Step("quit"), START, preset="continue"), None),
        (situation(*RESTART_CRASH), "session-restore-revives-session"),
        (situation(*RESTART_CRASH, Step("crash"), START), "session-restore-revives-session"),
        (situation(*RESTART_CRASH, Step("quit"), START), None),
        (situation(SIGN_IN, Step("restart"), Step("settle"), Step("crash"), START),
         "crash-recovery-revives-session"),
        (situation(SIGN_IN, Step("restart"), Step("end_os_session"), START), None),
        (situation(*RESTART_CRASH, engine="firefox"), "crash-recovery-revives-session"),
        (situation(*RESTART_CRASH, engine="firefox", preset="clear-on-exit"), None),
        (situation(*RESTART_CRASH, engine="firefox", preset="clear-on-exit",
                   surface="app:session_storage"), "crash-recovery-revives-session"),
        (situation(SIGN_IN, Step("restart"), Step("settle"), Step("crash"), START, engine="firefox",
                   preset="clear-on-exit", surface="app:session_storage"), None),
    ],
)
def test_what_explains_what(case: Situation, limitation: str | None) -> None:
    assert explained(case) == limitation


def test_only_limitations_that_bend_the_promise_the_right_way_are_applicable() -> None:
    case = situation(*QUIT, preset="private", persistence=Persistence.PERSISTENT)
    limitation = reason_for(case)
    assert limitation is not None
    assert limitation.explains is State.SIGNED_OUT
