"""`--state FILE`: what survives the server, its restart and its kill."""

import asyncio
import json
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
import pytest

from harness.clock import Clock
from harness.policy import (
    DEFAULT_ENVIRONMENTS,
    Application,
    Environment,
    Organization,
    Override,
    Persistence,
    Policy,
)
from harness.server.running import MockServer
from harness.state import FileState, StateError
from tests.client import Client
from tests.oauth import authorize, callback, code, exchange, refresh, tokens

PEOPLE = 200


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite"


def serve(file: Path, clock: Clock, port: int = 0) -> MockServer:
    return MockServer(clock=clock, state=file, port=port)


def moved(client: Client, server: MockServer) -> Client:
    """The same person, after the server has come back at another port."""
    port = urlsplit(server.url).port
    jar = {re.sub(r":\d+$", f":{port}", host): dict(kept) for host, kept in client.jar.items()}
    return Client(server, jar)


def test_sessions_codes_tokens_policies_and_people_survive(file: Path, clock: Clock) -> None:
    with serve(file, clock) as server:
        client = Client(server)
        given = tokens(client)
        unused = code(client)
        used = code(client)
        assert exchange(client, used).status == 200
        client.sign_in("non_persistent")
        client.get(client.url("non_persistent", "/logout"))
        bearer = client.admin_token("persistent").json["access_token"]
        changed = client.json(
            "PATCH",
            client.url("persistent", "/api/v1/organizations/org_persistent/sessions"),
            {
                "is_use_org_authenticated_session_lifetime": True,
                "authenticated_session_lifetime": 7200,
                "sso_session_persistence_mode": "non_persistent",
            },
            headers={"Authorization": f"Bearer {bearer}"},
        )
        assert changed.status == 200
        page = authorize(client, "org_persistent", prompt="create")
        form = {"login": page.field("login"), "csrf": page.field("csrf")}
        grace = {"email": "grace@example.com", "password": "hopper", "given_name": "Grace"}
        client.post(client.url("org_persistent", "/sign-in"), {**form, **grace})
        client.control("POST", "clock", {"advance": 3600})
        keys = client.get(client.url("persistent", "/.well-known/jwks")).json
        port = urlsplit(server.url).port or 0
    clock.reset()
    with serve(file, clock, port) as server:
        client = moved(client, server)
        assert clock.offset == 3600
        assert client.get(client.url("persistent", "/.well-known/jwks")).json == keys
        assert client.peek("persistent") == {
            "signed_in": True, "end_reason": None, "who": "ada@example.com",
            "idle": 3600, "inactivity_timeout": 7200, "age": 3600, "absolute_timeout": None,
        }
        override = server.site.tenants["persistent"].organizations["org_persistent"].override
        assert (override.use_persistence, override.persistence) == (False, "non_persistent")
        assert server.site.tenants["org_persistent"].people.by_email("grace@example.com")
        assert exchange(client, used).json["error_description"].startswith("the code has been used")
        assert "expired" in exchange(client, unused).json["error_description"]
        assert refresh(client, given["refresh_token"]).status == 200
        ended = client.control("GET", "sessions?environment=non_persistent")["sessions"]
        assert [session["end_reason"] for session in ended] == ["signed_out"]
        client.control("POST", "reset")
    with serve(file, clock) as server:
        client = moved(client, server)
        assert client.peek("persistent")["end_reason"] == "unknown"
        assert refresh(client, given["refresh_token"]).status == 400


def test_a_code_can_be_exchanged_after_a_restart(file: Path, clock: Clock) -> None:
    with serve(file, clock) as server:
        client = Client(server)
        value = code(client)
        port = urlsplit(server.url).port or 0
    with serve(file, clock, port) as server:
        assert exchange(moved(client, server), value).status == 200


def test_the_applications_logins_survive(file: Path, clock: Clock) -> None:
    with serve(file, clock) as server:
        client = Client(server)
        client.sign_in("persistent")
    with serve(file, clock) as server:
        client = moved(client, server)
        home = client.get(client.url("persistent", "/", "app")).text
        assert "ksp_cookie: signed in" in home


def test_files_that_cannot_be_used(tmp_path: Path, file: Path, clock: Clock) -> None:
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE somebody_elses (x)")
    database.close()
    text = tmp_path / "notes.txt"
    text.write_text("not a database at all, but long enough to be looked at twice" * 20)
    cases = {
        other: "not a state file of Afterclose",
        text: "not a state file of Afterclose",
        tmp_path / "missing" / "state": "cannot be opened",
        tmp_path: "is no file",
    }
    for path, said in cases.items():
        with pytest.raises(StateError, match=said), serve(path, clock):
            pass
    with serve(file, clock), pytest.raises(StateError, match="another server uses it"), serve(
        file, clock
    ):
        pass
    with sqlite3.connect(other) as database:
        assert database.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)
    database.close()


@pytest.fixture
def process(file: Path) -> Iterator[subprocess.Popen[str]]:
    running = subprocess.Popen(
        [sys.executable, "-m", "harness.cli", "serve", "--port", "0", "--state", str(file)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )
    yield running
    running.kill()
    running.wait()
    assert running.stdout is not None
    running.stdout.close()


async def sign_in(http: aiohttp.ClientSession, base: str) -> str:
    """Sign in; the cookie, once the answer with it has arrived."""
    query = urlencode(
        {
            "client_id": "demo_persistent",
            "redirect_uri": base.replace("localhost", "persistent.app.localhost") + "/callback",
            "response_type": "code",
            "prompt": "login",
        }
    )
    async with http.get(f"{base}/oauth2/auth?{query}") as response:
        page = await response.text()
    fields = dict(re.findall(r'name="(login|csrf)" value="([^"]*)"', page))
    form = {**fields, "email": "ada@example.com", "password": "correct horse"}
    async with http.post(f"{base}/sign-in", data=form, allow_redirects=False) as response:
        assert response.status == 303
        return response.cookies["sso_session"].value


def test_a_kill_loses_no_session_that_was_answered(
    file: Path, process: subprocess.Popen[str]
) -> None:
    assert process.stdout is not None
    base = json.loads(process.stdout.readline())["url"]
    answered: list[str] = []
    broken_off: list[int] = []

    async def person(number: int) -> None:
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as http:
            try:
                while True:
                    answered.append(await sign_in(http, base))
                    if len(answered) == 2 * PEOPLE:
                        process.send_signal(signal.SIGKILL)
            except aiohttp.ClientError:
                broken_off.append(number)

    async def storm() -> None:
        await asyncio.gather(*(person(number) for number in range(PEOPLE)))

    asyncio.run(storm())
    assert process.wait() == -signal.SIGKILL
    assert len(answered) >= 2 * PEOPLE
    assert len(broken_off) == PEOPLE
    with MockServer(DEFAULT_ENVIRONMENTS, state=file) as server:
        sessions = server.site.tenants["persistent"].sessions
        lost = [cookie for cookie in answered if sessions.by_cookie(cookie) is None]
        assert not lost
        client = Client(server)
        host = client.url("persistent").partition("://")[2]
        client.jar[host] = {"sso_session": answered[-1]}
        assert client.peek("persistent")["signed_in"] is True
        assert callback(authorize(client, prompt="none"))["code"]


def test_what_cannot_be_written_is_not_answered_as_done(
    file: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(self: FileState, changes: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with serve(file, clock) as server:
        client = Client(server)
        page = authorize(client)
        with monkeypatch.context() as broken:
            broken.setattr(FileState, "_save", full)
            answer = client.submit("persistent", page)
            assert answer.status == 500
            assert not answer.cookies
        assert "cannot be written: database or disk is full" in capsys.readouterr().err
        client.sign_in("persistent")
    with serve(file, clock) as server:
        assert len(list(server.site.tenants["persistent"].sessions)) == 2


def configured(*organizations: Organization, **more: Any) -> Environment:
    """An environment as `afterclose.toml` might have it."""
    return Environment(
        name="acme",
        policy=more.pop("policy", Policy(persistence=Persistence.PERSISTENT)),
        organizations=organizations,
        **more,
    )


EU, US = Organization(code="org_eu"), Organization(code="org_us")


def tenant_reason(server: MockServer, session_id: str) -> str | None:
    tenant = server.site.tenants["acme"]
    return tenant.end_reason(tenant.sessions.by_id(session_id))


def everything_asked(client: Client, session_id: str) -> None:
    """Every place that asks what holds for a session of an organization that is gone."""
    state = client.peek("acme")
    assert (state["signed_in"], state["end_reason"]) == (False, "organization_gone")
    assert state["inactivity_timeout"] is None
    assert callback(authorize(client, "acme", prompt="none"))["error"] == "login_required"
    for query in ("", "?environment=acme"):
        *_, listed = client.control("GET", f"sessions{query}")["sessions"]
        assert (listed["session_id"], listed["end_reason"]) == (session_id, "organization_gone")
    bearer = {"Authorization": f"Bearer {client.admin_token('acme').json['access_token']}"}
    ada = client.server.site.tenants["acme"].people.first.id
    users = client.get(client.url("acme", f"/api/v1/users/{ada}/sessions"), headers=bearer)
    assert users.json["sessions"] == []
    assert client.control("DELETE", "sessions") == {"revoked": 0}
    assert client.get(client.url("acme", "/logout?all_sessions=true")).status == 200


def test_an_organization_that_left_the_configuration(file: Path, clock: Clock) -> None:
    with MockServer([configured(EU, US)], clock=clock, state=file) as server:
        client = Client(server)
        given = tokens(client, "acme")
        other = Client(server)
        page = authorize(other, "acme", is_create_org="true", org_name="New")
        assert other.submit("acme", page).status == 303
        other.control("DELETE", "sessions?environment=acme")
        kept = client.control("GET", "sessions")["sessions"]
        assert [entry["end_reason"] for entry in kept] == ["revoked", "revoked"]
        client.jar.clear()
        client.sign_in("acme")
        (session,) = (s for s in server.site.tenants["acme"].sessions if s.ended is None)
        bearer = {"Authorization": f"Bearer {client.admin_token('acme').json['access_token']}"}
        settings = client.url("acme", "/api/v1/organizations/org_eu/sessions")
        change = {"is_use_org_authenticated_session_lifetime": True,
                  "authenticated_session_lifetime": 60}
        assert client.json("PATCH", settings, change, headers=bearer).status == 200
        created = {*server.site.tenants["acme"].organizations} - {"org_eu", "org_us"}
        assert len(created) == 1
    with MockServer([configured(US)], clock=clock, state=file) as server:
        assert server.site.notices == [
            "environment acme: dropped the settings of organization org_eu, which is not "
            "configured any more",
            "environment acme: ended a session of organization org_eu, which is not configured "
            "any more",
        ]
        client = moved(client, server)
        tenant = server.site.tenants["acme"]
        reasons = {s.id: tenant.end_reason(s) for s in tenant.sessions}
        assert reasons.pop(session.id) == "organization_gone"
        assert set(reasons.values()) == {"revoked"}
        assert set(tenant.organizations) == {"org_us", *created}
        answer = refresh(client, given["refresh_token"], "acme")
        assert answer.json["error"] == "invalid_grant"
        everything_asked(client, session.id)
    with MockServer([configured(EU, US)], clock=clock, state=file) as server:
        assert server.site.notices == []
        assert tenant_reason(server, session.id) == "organization_gone"
        settings_now = server.site.tenants["acme"].organizations["org_eu"].override
        assert not settings_now.use_inactivity_timeout


def test_an_application_that_left_the_configuration(file: Path, clock: Clock) -> None:
    backend = Application(
        id="backend", secret="s" * 40, scopes=("update:application_tokens", "read:user_sessions")
    )
    with MockServer([configured(EU, applications=(backend,))], clock=clock, state=file) as server:
        client = Client(server)
        form = {"grant_type": "client_credentials", "client_id": "backend"}
        token = client.post(
            client.url("acme", "/oauth2/token"), {**form, "client_secret": "s" * 40}
        ).json["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        lifetimes = client.url("acme", "/api/v1/applications/backend/tokens")
        change = {"authenticated_session_lifetime": 60}
        assert client.json("PATCH", lifetimes, change, headers=bearer).status == 200
        ada = server.site.tenants["acme"].people.first.id
        port = urlsplit(server.url).port or 0
    with MockServer([configured(EU)], clock=clock, state=file, port=port) as server:
        assert server.site.notices == [
            "environment acme: dropped the lifetimes of application backend, which is not "
            "configured any more"
        ]
        assert "backend" not in server.site.tenants["acme"].token_settings
        client = moved(client, server)
        answer = client.get(client.url("acme", f"/api/v1/users/{ada}/sessions"), headers=bearer)
        assert answer.status == 403
        assert "not registered any more" in answer.text


def test_an_environment_that_left_the_configuration(file: Path, clock: Clock) -> None:
    with MockServer([configured(EU), *DEFAULT_ENVIRONMENTS[:1]], state=file) as server:
        client = Client(server)
        client.sign_in("acme")
    with MockServer(DEFAULT_ENVIRONMENTS[:1], state=file) as server:
        assert server.site.notices == [
            f"{file}: also holds what was kept of environments that are not served now, and stays "
            "there: acme"
        ]
    with MockServer([configured(EU)], state=file) as server:
        assert moved(client, server).peek("acme")["signed_in"] is True


def test_what_is_in_force_and_not_as_configured_is_said(file: Path, clock: Clock) -> None:
    with MockServer([configured(EU)], clock=clock, state=file) as server:
        tenant = server.site.tenants["acme"]
        policy = Policy(persistence=Persistence.PERSISTENT, inactivity_timeout=60)

        async def change() -> None:
            await tenant.change_policy(policy)
            override = Override(use_persistence=True, persistence=Persistence.NON_PERSISTENT)
            await tenant.change_override("org_eu", override)
            await server.site.state.commit()

        assert server._loop is not None
        asyncio.run_coroutine_threadsafe(change(), server._loop).result()
    with MockServer([configured(EU)], clock=clock, state=file) as server:
        assert server.site.tenants["acme"].policy == policy
        assert server.site.notices == [
            f"environment acme: persistent with 60 seconds is in force, as {file} has it, and not "
            "persistent with 86400 seconds, as configured; to have that, reset the server, or "
            "start it with another --state",
            "environment acme, organization org_eu: an override of non_persistent is in force, as "
            f"{file} has it, and not an override of nothing, as configured; to have that, reset "
            "the server, or start it with another --state",
        ]
        Client(server).control("POST", "reset")
    with MockServer([configured(EU)], clock=clock, state=file) as server:
        assert server.site.notices == []
        assert server.site.tenants["acme"].policy.inactivity_timeout == 86_400


def test_sessions_are_listed_in_the_order_in_which_they_began(file: Path, clock: Clock) -> None:
    with serve(file, clock) as server:
        client = Client(server)
        for _ in range(5):
            client.jar.clear()
            client.sign_in("persistent")
        before = client.control("GET", "sessions")["sessions"]
    with serve(file, clock) as server:
        client = Client(server)
        assert client.control("GET", "sessions")["sessions"] == before
        client.sign_in("persistent")
        after = client.control("GET", "sessions")["sessions"]
        assert after[:5] == before
        assert len(after) == 6
