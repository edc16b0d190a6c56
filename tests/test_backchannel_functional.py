"""Back-channel logout: who is told of which end, and how it is delivered."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import jwt
import pytest
from blockbuster import blockbuster_ctx

from harness.clock import Clock
from harness.engines.administrator import Administrator
from harness.engines.control_client import ControlClient
from harness.policy import Application, Environment, Organization, Persistence, Policy
from harness.scenario import Step
from harness.server import backchannel
from harness.server.backchannel import LOGOUT_EVENT
from harness.server.running import MockServer
from harness.settings import PolicyChange, Settings
from tests.client import Client
from tests.oauth import claims_of, code, tokens
from tests.patience import PATIENCE
from tests.relying_party import NAME, Told, listening

SECRET = "s" * 48


@pytest.fixture
def told() -> Iterator[Told]:
    with listening() as told:
        yield told


def with_shop(told: Told, org_code: str) -> Environment:
    """An environment whose application is told."""
    return Environment(
        name="persistent",
        policy=Policy(persistence=Persistence.PERSISTENT),
        organizations=(Organization(code=org_code),),
        applications=(
            Application(
                id=NAME,
                secret=SECRET,
                redirect_uris=("http://localhost:1/callback",),
                backchannel_logout_uris=(told.uri,),
            ),
        ),
    )


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def server(
    clock: Clock, told: Told, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MockServer]:
    monkeypatch.setattr(backchannel, "_PAUSES", (0.0, 0.0, 0.0))
    environment = with_shop(told, "org_persistent")
    watched = ["harness.server", "harness.apps"]
    with blockbuster_ctx(scanned_modules=watched), MockServer(
        (environment,), clock=clock, settings=settings
    ) as running:
        yield running


def sign_in(client: Client, **changes: str) -> dict[str, Any]:
    """At the shop; its ID token's claims."""
    about: dict[str, Any] = {
        "client_id": NAME, "redirect_uri": "http://localhost:1/callback", "code_challenge": None,
        "code_challenge_method": None, **changes,
    }  # fmt: skip
    value = code(client, **about)
    given = client.post(
        client.url("persistent", "/oauth2/token"),
        {
            "grant_type": "authorization_code", "client_id": NAME, "client_secret": SECRET,
            "code": value, "redirect_uri": "http://localhost:1/callback",
        },
    )  # fmt: skip
    return claims_of(client, given.json["id_token"], NAME)


def log_out(client: Client, query: str = "") -> None:
    client.get(client.url("persistent", f"/logout{query}"))


def delete_sessions(client: Client) -> None:
    bearer = client.admin_token("persistent").json["access_token"]
    user = client.control("GET", "sessions")["sessions"][0]["user_id"]
    answer = client.request(
        "DELETE",
        client.url("persistent", f"/api/v1/users/{user}/sessions"),
        headers={"Authorization": f"Bearer {bearer}"},
    )
    assert answer.status == 200


def sign_in_again(client: Client) -> None:
    sign_in(client, prompt="login")


ENDS = {
    "sign-out": log_out,
    "sign-out everywhere": lambda client: log_out(client, "?all_sessions=true"),
    "revocation": lambda client: client.control("DELETE", "sessions"),
    "management": delete_sessions,
    "another sign-in in the same browser": sign_in_again,
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_every_end_is_told(client: Client, told: Told, end: Callable[[Client], None]) -> None:
    identity = sign_in(client)
    end(client)
    claims = told.claims(client)
    assert {name: claims[name] for name in ("iss", "aud", "sub", "sid")} == {
        "iss": identity["iss"], "aud": [NAME], "sub": identity["sub"], "sid": identity["sid"],
    }  # fmt: skip
    assert claims["events"] == {LOGOUT_EVENT: {}}
    assert 0 < claims["exp"] - claims["iat"] <= 120
    assert claims["jti"]
    assert "nonce" not in claims
    assert told.types == ["application/x-www-form-urlencoded"]
    assert told.nothing_more(client)


@pytest.mark.parametrize("settings", [Settings(policy_change=PolicyChange.END_SESSIONS)])
def test_a_policy_change_that_ends_sessions_is_told(
    client: Client, told: Told, settings: Settings
) -> None:
    identity = sign_in(client)
    bearer = client.admin_token("persistent").json["access_token"]
    client.json(
        "PATCH",
        client.url("persistent", "/api/v1/organizations/org_persistent/sessions"),
        {
            "is_use_org_sso_session_policy": True,
            "sso_session_persistence_mode": "non_persistent",
        },
        headers={"Authorization": f"Bearer {bearer}"},
    )
    assert told.claims(client)["sid"] == identity["sid"]


def test_what_ended_with_its_organization_is_told_at_the_start(
    told: Told, clock: Clock, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    with MockServer([with_shop(told, "org_old")], clock=clock, state=state) as before:
        identity = sign_in(Client(before), org_code="org_old")
    with MockServer([with_shop(told, "org_new")], clock=clock, state=state) as after:
        client = Client(after)
        assert told.claims(client)["sid"] == identity["sid"]
        assert told.nothing_more(client)


def test_a_token_is_typed_and_names_a_key(client: Client, told: Told) -> None:
    sign_in(client)
    log_out(client)
    header = jwt.get_unverified_header(told.bodies.get(timeout=PATIENCE)["logout_token"])
    assert header["typ"] == "logout+jwt"
    assert header["alg"] == "RS256"
    assert header["kid"]


def test_sign_out_everywhere_tells_of_each_session(client: Client, told: Told) -> None:
    here, elsewhere = sign_in(client), sign_in(Client(client.server))
    assert here["sid"] != elsewhere["sid"]
    log_out(client, "?all_sessions=true")
    assert {told.claims(client)["sid"] for _ in range(2)} == {here["sid"], elsewhere["sid"]}


def test_an_application_is_told_by_the_name_it_knows_the_issuer_by(
    client: Client, told: Told
) -> None:
    """Tokens carry the address that was asked."""
    sign_in(client)
    base = client.server.url
    client.jar[base.partition("://")[2]] = client.jar[client.url("persistent").split("://")[1]]
    asked = {
        "client_id": NAME, "redirect_uri": "http://localhost:1/callback", "scope": "openid",
        "response_type": "code",
    }  # fmt: skip
    location = client.get(f"{base}/oauth2/auth?{urlencode(asked)}").header("Location") or ""
    client.post(
        f"{base}/oauth2/token",
        {
            "grant_type": "authorization_code", "client_id": NAME, "client_secret": SECRET,
            "code": parse_qs(location.partition("?")[2])["code"][0],
            "redirect_uri": "http://localhost:1/callback",
        },
    )  # fmt: skip
    log_out(client)
    assert told.claims(client)["iss"] == base


def test_who_took_no_part_is_told_nothing(client: Client, told: Told) -> None:
    tokens(client)
    log_out(client)
    assert told.nothing_more(client)


def test_no_id_token_no_part(client: Client, told: Told) -> None:
    """Without the scope `openid` an application has no `sid` that it could be told of."""
    value = code(client, client_id=NAME, redirect_uri="http://localhost:1/callback",
                 code_challenge=None, code_challenge_method=None, scope="profile")  # fmt: skip
    client.post(
        client.url("persistent", "/oauth2/token"),
        {
            "grant_type": "authorization_code", "client_id": NAME, "client_secret": SECRET,
            "code": value, "redirect_uri": "http://localhost:1/callback",
        },
    )  # fmt: skip
    log_out(client)
    assert told.nothing_more(client)


def test_inactivity_is_told_to_nobody(client: Client, told: Told, clock: Clock) -> None:
    sign_in(client)
    clock.advance(86_400)
    assert client.peek("persistent")["end_reason"] == "inactive"
    log_out(client)
    client.control("DELETE", "sessions")
    assert told.nothing_more(client)


@pytest.mark.parametrize(
    ("answers", "attempts"),
    [([200], 1), ([204], 1), ([500], 2), ([503, 500], 3), ([500] * 4, 3), ([400], 1), ([302], 1)],
)
def test_what_may_pass_is_tried_again_twice(
    client: Client,
    told: Told,
    answers: list[int],
    attempts: int,
    capfd: pytest.CaptureFixture[str],
) -> None:
    told.answers = list(answers)
    sign_in(client)
    log_out(client)
    sent = {told.bodies.get(timeout=PATIENCE)["logout_token"] for _ in range(attempts)}
    assert told.nothing_more(client)
    assert len(sent) == 1, "the same token"
    problems = capfd.readouterr().err
    delivered = (answers[attempts - 1 :] or [200])[0] in (200, 204)
    assert problems == ("" if delivered else
        f"afterclose: no logout token delivered to {told.uri}: it answered {answers[-1]}\n"
    )  # fmt: skip


def test_nobody_there_is_one_line(
    client: Client, told: Told, capfd: pytest.CaptureFixture[str]
) -> None:
    sign_in(client)
    told.server.socket.close()
    log_out(client)
    assert told.nothing_more(client)
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"afterclose: no logout token delivered to {told.uri}: ")


@pytest.mark.parametrize("look", ["clock", "observations"])
def test_who_signs_out_does_not_wait_and_a_look_does(
    client: Client, told: Told, look: str
) -> None:
    told.silent, told.patience = threading.Event(), 0.3
    sign_in(client)
    log_out(client)
    assert client.peek("persistent")["signed_in"] is False
    assert told.answered == 0
    client.control("POST", look, {"environments": ["persistent"]})
    assert told.answered == 1


def test_an_administrator_waits_until_it_is_told(client: Client, told: Told) -> None:
    """Whoever comes back next finds an application that knows."""
    sign_in(client)
    told.silent, told.patience = threading.Event(), 0.3

    async def revoke() -> None:
        control = ControlClient(client.server.url)
        served = await control.environments(["persistent"])
        await Administrator(control, served, {}).act(Step("revoke_sessions"))
        await control.close()

    asyncio.run(revoke())
    assert told.answered == 1


def test_the_server_ends_while_an_application_does_not_answer(
    clock: Clock, told: Told, server: MockServer
) -> None:
    told.silent = threading.Event()
    client = Client(server)
    sign_in(client)
    log_out(client)
    told.bodies.get(timeout=PATIENCE)
    server.__exit__(None, None, None)
    assert told.bodies.empty()


def test_a_reset_tells_nobody(client: Client, told: Told) -> None:
    told.silent, told.answers = threading.Event(), [500]
    sign_in(client)
    log_out(client)
    told.bodies.get(timeout=PATIENCE)
    client.control("POST", "reset")
    told.silent.set()
    assert told.nothing_more(client)


def test_discovery_says_so(client: Client) -> None:
    path = "/.well-known/openid-configuration"
    document = client.get(client.url("persistent", path)).json
    assert document["backchannel_logout_supported"] is True
    assert document["backchannel_logout_session_supported"] is True
    assert document["frontchannel_logout_supported"] is False
    assert "sid" in document["claims_supported"]


def test_a_logout_token_is_no_access_token(client: Client, told: Told) -> None:
    sign_in(client)
    log_out(client)
    token = told.bodies.get(timeout=PATIENCE)["logout_token"]
    answer = client.get(
        client.url("persistent", "/oauth2/v2/user_profile"),
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status == 403
