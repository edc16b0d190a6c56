"""The absolute limit over HTTP: the cookie, the record, and everything that asks for either."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.clock import Clock
from harness.policy import Environment, Organization, Override, Persistence, Policy
from harness.server.running import MockServer
from harness.server.sessions import EndReason
from tests.client import Client, secret
from tests.conftest import StoppedTime
from tests.oauth import authorize, callback, refresh, sso_cookie, tokens
from tests.test_console_functional import sign_in as console_sign_in

TIMEOUT, LIMIT = 3600, 5400


def environment(name: str, persistence: Persistence) -> Environment:
    return Environment(
        name=name,
        policy=Policy(
            persistence=persistence, inactivity_timeout=TIMEOUT, absolute_timeout=LIMIT
        ),
    )


ENVIRONMENTS = [
    environment("persistent", Persistence.PERSISTENT),
    environment("non_persistent", Persistence.NON_PERSISTENT),
]


@pytest.fixture
def limited(clock: Clock) -> Iterator[Client]:
    with MockServer(ENVIRONMENTS, clock=clock) as server:
        yield Client(server)


def visit(client: Client, name: str) -> str:
    """A silent sign-in; the error, or nothing."""
    return callback(authorize(client, name, prompt="none")).get("error", "")


def active(client: Client, clock: Clock, name: str, seconds: int) -> None:
    """For so long since the sign-in."""
    clock.advance(seconds / 2)
    assert not visit(client, name)
    clock.advance(seconds / 2)


def test_activity_does_not_move_it(limited: Client, clock: Clock) -> None:
    limited.sign_in("non_persistent")
    active(limited, clock, "non_persistent", LIMIT - 1)
    assert not visit(limited, "non_persistent")
    clock.advance(1)
    assert limited.peek("non_persistent") == {
        "signed_in": False, "end_reason": "expired", "who": "ada@example.com",
        "idle": 1, "inactivity_timeout": TIMEOUT, "age": LIMIT, "absolute_timeout": LIMIT,
    }
    assert visit(limited, "non_persistent") == "login_required"
    limited.sign_in("non_persistent")
    assert limited.peek("non_persistent")["age"] == 0


def test_what_came_first_is_the_reason(limited: Client, clock: Clock) -> None:
    """Where both have passed, and nobody has asked in between."""
    limited.sign_in("non_persistent")
    clock.advance(LIMIT + TIMEOUT)
    assert limited.peek("non_persistent")["end_reason"] == EndReason.INACTIVE
    limited.sign_in("non_persistent")
    active(limited, clock, "non_persistent", LIMIT - 60)
    assert not visit(limited, "non_persistent")
    clock.advance(TIMEOUT + 60)
    assert limited.peek("non_persistent")["end_reason"] == EndReason.EXPIRED


def test_the_cookie_lasts_no_longer(limited: Client, clock: Clock) -> None:
    answer = limited.submit("persistent", authorize(limited))
    assert f"Max-Age={TIMEOUT};" in sso_cookie(answer)
    active(limited, clock, "persistent", LIMIT - 600)
    assert "Max-Age=600;" in sso_cookie(authorize(limited, prompt="none"))


def test_a_fraction_of_a_second_takes_no_whole_one_away() -> None:
    time = StoppedTime(1_800_000_000 + 0.1)
    with MockServer(ENVIRONMENTS, clock=Clock(time)) as server:
        client = Client(server)
        client.submit("persistent", authorize(client))
        policy = Policy(persistence=Persistence.PERSISTENT, absolute_timeout=LIMIT)
        asyncio.run(server.site.tenants["persistent"].change_policy(policy))
        for _ in range(10):
            time.now += 0.9
        answer = authorize(client, prompt="none")
        assert "Max-Age=5391;" in sso_cookie(answer)


def test_tokens_of_a_session_that_has_expired(limited: Client, clock: Clock) -> None:
    given = tokens(limited)
    for _ in range(2):
        clock.advance(LIMIT / 2)
        answer = refresh(limited, given["refresh_token"])
        given = answer.json if answer.status == 200 else given
    assert answer.json["error"] == "invalid_grant"
    assert "(expired)" in answer.json["error_description"]
    form = {
        "token": given["refresh_token"],
        "client_id": "demo_persistent",
        "client_secret": secret("demo_persistent"),
    }
    introspected = limited.post(limited.url("persistent", "/oauth2/introspect"), form)
    assert introspected.json == {"active": False}


def test_lists_of_sessions_say_when_and_why(limited: Client, clock: Clock) -> None:
    limited.sign_in("persistent")
    active(limited, clock, "persistent", LIMIT - 600)
    visit(limited, "persistent")
    tenant = limited.server.site.tenants["persistent"]
    (session,) = tenant.sessions
    assert tenant.end_of(session) == session.started + LIMIT
    bearer = limited.admin_token("persistent").json["access_token"]
    url = limited.url("persistent", f"/api/v1/users/{session.user_id}/sessions")
    listed = limited.get(url, headers={"Authorization": f"Bearer {bearer}"}).json
    assert listed["sessions"][0]["expires_on"] == "2027-01-15T09:30:00Z"
    clock.advance(600)
    (seen,) = limited.control("GET", "sessions?environment=persistent")["sessions"]
    assert seen["end_reason"] == "expired"


def test_an_organization_has_a_value_and_a_switch_of_its_own(clock: Clock) -> None:
    def in_force(override: Override) -> tuple[int | None, str]:
        organization = Organization(code="org", override=override)
        asked = Environment(
            name="one", policy=ENVIRONMENTS[0].policy, organizations=(organization,)
        )
        with MockServer([asked], clock=clock) as server:
            policy = Client(server).control("GET", "environments")["environments"][0]["policy"]
        assert policy["inactivity_timeout_from"] == "environment"
        return policy["absolute_timeout"], policy["absolute_timeout_from"]

    on = Override(use_absolute_timeout=True, absolute_timeout=60)
    assert in_force(on) == (60, "organization")
    assert in_force(Override(absolute_timeout=60)) == (LIMIT, "environment")
    assert in_force(Override(use_absolute_timeout=True)) == (LIMIT, "environment")


def test_it_survives_a_restart(tmp_path: Path, clock: Clock) -> None:
    file, org_sessions = tmp_path / "state.sqlite", "/admin/organizations/org_persistent/sessions"
    with MockServer(clock=clock, state=file) as server:
        client = Client(server)
        console_sign_in(client)
        for path, limit in (("/admin/environment/sessions", 70), (org_sessions, 60)):
            url = client.url("persistent", path)
            form = {"csrf": client.get(url).field("csrf"), "absolute_timeout": str(limit)}
            about = {"persistence": "persistent", "inactivity_timeout": "50"}
            assert client.post(url, {**form, **about}).status == 303

    def limits() -> tuple[int | None, int | None]:
        with MockServer(clock=clock, state=file) as server:
            tenant = server.site.tenants["persistent"]
            assert tenant.policy.inactivity_timeout == 50
            effective = tenant.effective_policy("org_persistent")
            return tenant.policy.absolute_timeout, effective.absolute_timeout

    assert limits() == (70, 60)
