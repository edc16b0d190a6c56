"""What is expected of an application whose identity provider is the mock: of its own session, and
of the mock's beside it."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from harness.deeds import Carrier, Deed, Provided, TargetLook
from harness.limitations import reason_for
from harness.model.families import family_of
from harness.policy import Persistence, Policy
from harness.presets import choices_of
from harness.promise import promise
from harness.records import State
from harness.reference.foreseeing import asking_alone, foresee
from harness.scenario import Step
from harness.settings import Activity, PolicyChange, Settings

URL, MOCK = "http://localhost:8000/", "http://127.0.0.1:9000"
ASKS = f"{MOCK}/oauth2/auth"
OWN = Carrier(kind="cookie", name="app", place="localhost/")
SSO = Carrier(kind="cookie", name="sso_session", place="127.0.0.1/")
DAY = 86_400
ASKED = frozenset({ASKS, URL})
NO = Deed()
STAYS = Deed(url=URL, answered=frozenset({URL}))
KNOWN = Deed(url=URL, answered=ASKED)
"""A visit at which the application asks the mock."""
IN, VISIT, OUT, QUIT, START = map(Step, ("sign_in", "visit", "sign_out", "quit", "start"))
REVOKED, OVERRIDDEN = Step("revoke_sessions"), Step("override_session_policy")
SETTLE, CHECK = Step("settle"), Step("check", "now")
RESTARTED = [(SETTLE, NO), (QUIT, NO), (START, NO)]


def signed_in(*, lasts: bool, own_lasts: bool = True, value: str = "1") -> Deed:
    age = f"; Max-Age={DAY}"
    return Deed(
        cookies=[
            (f"{MOCK}/sign-in", f"sso_session={value}; Path=/; HttpOnly{age if lasts else ''}"),
            (URL, f"app={value}; Path=/; HttpOnly{age if own_lasts else ''}"),
        ],
        url=URL,
        answered=ASKED,
    )


def wait(seconds: int) -> Step:
    return Step("wait", timedelta(seconds=seconds))


def seen(
    *done: tuple[Step, Deed],
    persistence: Persistence = Persistence.PERSISTENT,
    heeds: Sequence[str] = (),
    alone: Sequence[Carrier] = (),
    preset: str = "default",
    settings: Settings | None = None,
    explained: bool = True,
) -> dict[str, tuple[bool, str | None]]:
    """By surface: whether somebody is to be signed in, and the limitation where that is not as
    promised. `alone`: what carries the application's session by itself, beside its cookie.
    `explained`: whether there is one for each."""
    family = family_of("chromium")
    assert family is not None
    policy = Policy(persistence=persistence, inactivity_timeout=DAY)
    own = [frozenset({OWN}), *(frozenset({carrier}) for carrier in alone)]
    look = TargetLook(
        deeds=[deed for _, deed in done],
        carriers={"sso": [frozenset({SSO})], "app": own},
        sent={"sso": frozenset(), "app": frozenset()},
        provided=Provided(cookie=SSO, authorizes=ASKS, heeds=frozenset(heeds)),
    )
    steps = [*(step for step, _ in done), CHECK]
    settings = settings or Settings()
    found = foresee(family, choices_of(preset), policy, steps, look, settings)
    promised = promise(policy, asking_alone(steps, look), settings)
    shown = {}
    for surface, one in found.items():
        state = State.SIGNED_IN if one.signed_in else State.SIGNED_OUT
        reason = reason_for(one.trail, state) if state is not promised else None
        shown[surface] = (one.signed_in, reason.id if reason else None)
        assert reason or state is promised or not explained, (surface, promised, one)
    return shown


PERSISTENT = (IN, signed_in(lasts=True))
NOT_TOLD = "application-session-outlives-sso"


def test_both_are_signed_in() -> None:
    assert seen(PERSISTENT) == {"sso": (True, None), "app": (True, None)}


@pytest.mark.parametrize(
    ("heeds", "app"), [((), (True, NOT_TOLD)), (("revoked",), (False, None))]
)
def test_a_revocation(heeds: Sequence[str], app: tuple[bool, str | None]) -> None:
    """The mock's session is over; the application's goes on unless it is told."""
    shown = seen(PERSISTENT, (QUIT, NO), (REVOKED, NO), (START, NO), heeds=heeds)
    assert shown == {"sso": (False, None), "app": app}


@pytest.mark.parametrize(
    ("heeds", "app"),
    [
        ((), (True, NOT_TOLD)),
        (("revoked",), (True, "inactivity-sends-no-logout-token")),
        (("revoked", "inactive"), (False, None)),
    ],
)
def test_inactivity(heeds: Sequence[str], app: tuple[bool, str | None]) -> None:
    """Its cookie was prolonged meanwhile by a visit that the mock does not hear of."""
    rolled = Deed(
        cookies=[(URL, f"app=2; Path=/; HttpOnly; Max-Age={DAY}")],
        url=URL,
        answered=frozenset({URL}),
    )
    shown = seen(PERSISTENT, (wait(DAY // 2), NO), (VISIT, rolled), (wait(DAY // 2), NO),
                 heeds=heeds)  # fmt: skip
    assert shown == {"sso": (False, None), "app": app}


@pytest.mark.parametrize(
    ("visit", "activity", "sso"),
    [(STAYS, True, False), (KNOWN, True, True), (KNOWN, False, False)],
)
def test_a_visit_is_activity_where_the_application_asks(
    visit: Deed, activity: bool, sso: bool
) -> None:
    counts = {Activity.SIGN_IN} if activity else set()
    lasting = Deed(
        cookies=[
            (MOCK, f"sso_session=1; Path=/; HttpOnly; Max-Age={10 * DAY}"),
            (URL, f"app=1; Path=/; HttpOnly; Max-Age={10 * DAY}"),
        ],
        url=URL,
        answered=ASKED,
    )
    shown = seen(
        (IN, lasting), (wait(DAY - 600), NO), (VISIT, visit), (wait(DAY - 600), NO),
        settings=Settings(activity=frozenset(counts)),
    )  # fmt: skip
    assert shown["sso"] == (sso, None)
    assert shown["app"] == (True, None if sso else NOT_TOLD)


@pytest.mark.parametrize(
    ("preset", "own_lasts", "sso", "app"),
    [
        ("default", True, (False, None), (True, "application-cookie-outlives-the-browser")),
        ("default", False, (False, None), (False, None)),
        (
            "continue", False, (True, "session-restore-revives-session"),
            (True, "session-restore-revives-session"),
        ),
    ],
)  # fmt: skip
def test_a_restart(
    preset: str, own_lasts: bool, sso: tuple[bool, str], app: tuple[bool, str]
) -> None:
    shown = seen(
        (IN, signed_in(lasts=False, own_lasts=own_lasts)), *RESTARTED,
        persistence=Persistence.NON_PERSISTENT, preset=preset,
    )  # fmt: skip
    assert shown == {"sso": sso, "app": app}


def test_a_tab_that_comes_back_prolongs_what_is_there() -> None:
    """By another value of the cookie, which is of the same session."""
    rolled = Deed(
        cookies=[(URL, f"app=2; Path=/; HttpOnly; Max-Age={DAY}")],
        url=URL,
        answered=frozenset({URL}),
    )
    shown = seen(PERSISTENT, (SETTLE, NO), (QUIT, NO), (START, rolled), preset="continue")
    assert shown == {"sso": (True, None), "app": (True, None)}


def test_the_mocks_session_alone_signs_in_where_the_application_asks_by_itself() -> None:
    shown = seen(
        (IN, signed_in(lasts=True, own_lasts=False)), *RESTARTED, alone=[SSO]
    )
    assert shown == {"sso": (True, None), "app": (True, None)}


def test_a_sign_out_reaches_the_mock_where_its_cookie_goes() -> None:
    gone = [(URL, "app=; Path=/; Max-Age=0"), (MOCK, "sso_session=; Path=/; Max-Age=0")]
    out = Deed(cookies=gone, url=URL, answered=frozenset({URL}))
    assert seen(PERSISTENT, (OUT, out)) == {"sso": (False, None), "app": (False, None)}
    assert seen(PERSISTENT, (SETTLE, NO), (OUT, out), (IN, signed_in(lasts=True, value="2"))) == {
        "sso": (True, None),
        "app": (True, None),
    }


def test_a_sign_out_that_a_crash_undoes_in_the_browser() -> None:
    """The cookies come back, and are of sessions that are over."""
    gone = [(URL, "app=; Path=/; Max-Age=0"), (MOCK, "sso_session=; Path=/; Max-Age=0")]
    out = Deed(cookies=gone, url=URL, answered=frozenset({URL}))
    undone = (PERSISTENT, (SETTLE, NO), (OUT, out), (Step("crash"), NO), (START, NO))
    assert seen(*undone) == {"sso": (False, None), "app": (False, None)}


def test_a_sign_out_that_does_not_reach_the_mock_is_explained_by_nothing() -> None:
    out = Deed(cookies=[(URL, "app=; Path=/; Max-Age=0")], url=URL, answered=frozenset({URL}))
    shown = seen(PERSISTENT, (OUT, out), explained=False)
    assert shown == {"sso": (True, None), "app": (False, None)}


def test_a_cookie_of_the_mocks_that_is_not_as_its_policy_is_explained_by_nothing() -> None:
    shown = seen(
        (IN, signed_in(lasts=True, own_lasts=False)), *RESTARTED,
        persistence=Persistence.NON_PERSISTENT, explained=False,
    )  # fmt: skip
    assert shown == {"sso": (True, None), "app": (False, None)}


@pytest.mark.parametrize(
    ("before", "change", "sso"),
    [
        (Persistence.PERSISTENT, PolicyChange.NEXT_SIGN_IN, (True, None)),
        (Persistence.NON_PERSISTENT, PolicyChange.NEXT_SIGN_IN, (False, None)),
        (Persistence.PERSISTENT, PolicyChange.END_SESSIONS, (False, None)),
    ],
)
def test_an_override_while_somebody_is_signed_in(
    before: Persistence, change: PolicyChange, sso: tuple[bool, str | None]
) -> None:
    """The session is what it was signed in as; a cookie that lasts is then held to that."""
    lasts = before is Persistence.PERSISTENT
    prolonged = [(URL, f"app=2; Path=/; HttpOnly; Max-Age={DAY}")]
    rolled = Deed(cookies=prolonged, url=URL, answered=frozenset({URL}))
    shown = seen(
        (IN, signed_in(lasts=lasts)), (OVERRIDDEN, NO), (VISIT, rolled), *RESTARTED,
        persistence=before, settings=Settings(policy_change=change),
    )  # fmt: skip
    reason = None if lasts else "application-cookie-outlives-the-browser"
    reason = NOT_TOLD if change is PolicyChange.END_SESSIONS else reason
    assert shown == {"sso": sso, "app": (True, reason)}


def test_the_next_sign_in_has_what_was_overridden() -> None:
    """So a cookie of the application's that ends with the browser is what breaks the promise."""
    gone = [(URL, "app=; Path=/; Max-Age=0"), (MOCK, "sso_session=; Path=/; Max-Age=0")]
    out = Deed(cookies=gone, url=URL, answered=frozenset({URL}))
    shown = seen(
        (IN, signed_in(lasts=False)), (OVERRIDDEN, NO), (OUT, out),
        (IN, signed_in(lasts=True, own_lasts=False, value="2")), *RESTARTED,
        persistence=Persistence.NON_PERSISTENT,
    )  # fmt: skip
    assert shown == {
        "sso": (True, None), "app": (False, "application-cookie-ends-with-the-browser"),
    }  # fmt: skip
