"""Long lists hold nobody up: a request that comes later is answered before them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from harness.policy import DEFAULT_ENVIRONMENTS, Persistence
from harness.server.exchanges import Exchange
from harness.server.running import MockServer
from harness.server.sessions import EndReason, UserAgent
from harness.server.tenants import Tenant
from harness.server.turns import in_turns
from harness.settings import Activity, PolicyChange, Settings

SESSIONS = 4_000
ORGANIZATION = "/api/v1/organizations/org_persistent/sessions"
COOKIE = "Cookie: sso_session={cookie}"
USER = "Authorization: Bearer {user}"
MANAGER = "Authorization: Bearer {manager}"


@asynccontextmanager
async def served() -> AsyncIterator[tuple[MockServer, dict[str, str]]]:
    """A server with thousands of sessions of one person, and who may ask for them."""
    settings = Settings(
        activity=frozenset(Activity), policy_change=PolicyChange.END_SESSIONS
    )
    async with MockServer(DEFAULT_ENVIRONMENTS[:1], settings=settings) as server:
        site = server.site
        tenant = site.tenants["persistent"]
        await site.key.ready()
        agent = UserAgent(ip_address="127.0.0.1", name="a" * 100)
        for _ in range(SESSIONS):
            session = tenant.sessions.start(
                user_id=tenant.people.first.id,
                org_code="org_persistent",
                client_id="demo_persistent",
                connection_id="conn_password",
                persistence=Persistence.PERSISTENT,
                now=site.clock.now(),
                agent=agent,
            )
            site.log.add(
                Exchange(time=1.0, host="h", method="GET", path="/" * 100, status=200)
            )
        values = {
            "ada": tenant.people.first.id,
            "cookie": session.cookie,
            "user": token(tenant, "demo_persistent", sub=tenant.people.first.id, scp=["openid"]),
            "manager": token(
                tenant,
                "admin_persistent",
                gty=["client_credentials"],
                scp=["read:user_sessions", "delete:user_sessions", "update:organizations"],
            ),
            "administrator": site.console._administrators.sign_in(
                tenant, "admin@example.com", "administrator"
            ) or "",
        }
        yield server, values


def token(tenant: Tenant, client_id: str, **claims: object) -> str:
    common = {"iss": tenant.issuer, "azp": client_id, "aud": [f"{tenant.issuer}/api"]}
    return tenant.key.sign({**common, **claims}, now=tenant.clock.now(), lifetime=60)


async def ask(server: MockServer, request: str, header: str = "", body: str = "") -> bytes:
    """The whole answer to a request that closes its connection."""
    tenant = server.site.tenants["persistent"]
    host = tenant.issuer.partition("://")[2]
    reader, writer = await asyncio.open_connection("127.0.0.1", int(host.rpartition(":")[2]))
    head = [f"{request} HTTP/1.1", f"Host: {host}", "Connection: close", header]
    head += [f"Content-Length: {len(body)}"] if body else []
    writer.write(("\r\n".join(filter(None, head)) + f"\r\n\r\n{body}").encode())
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    ("request_line", "header", "body"),
    [
        ("GET /api/v1/users/{ada}/sessions", MANAGER, ""),
        ("DELETE /api/v1/users/{ada}/sessions", MANAGER, ""),
        ("DELETE /_afterclose/sessions", "", ""),
        ("GET /_afterclose/exchanges", "", ""),
        ("GET /logout?all_sessions=true", COOKIE, ""),
        ("GET /oauth2/v2/user_profile", USER, ""),
        ("GET /admin/organizations/org_persistent", "Cookie: console_session={administrator}", ""),
        (f"PATCH {ORGANIZATION}", MANAGER, json.dumps(
            {"is_use_org_authenticated_session_lifetime": True,
             "authenticated_session_lifetime": 60})),
    ],
)
def test_who_comes_later_is_answered_before_a_long_list(
    request_line: str, header: str, body: str
) -> None:
    order: list[str] = []

    async def note(name: str, answer: asyncio.Task[bytes]) -> None:
        assert b" 200 " in (await answer)[:20], await answer
        order.append(name)

    async def go() -> None:
        async with served() as (server, values):
            # The first page and the first models are loaded once, and not what this is about.
            await ask(server, "GET /_afterclose/health")
            console = f"Cookie: console_session={values['administrator']}"
            await ask(server, "GET /admin/organizations", console)
            long = asyncio.create_task(
                ask(server, request_line.format(**values), header.format(**values), body)
            )
            short = asyncio.create_task(ask(server, "GET /_afterclose/peek"))
            await asyncio.gather(note("long", long), note("short", short))

    asyncio.run(go())
    assert order == ["short", "long"]


def test_a_long_list_is_complete() -> None:
    async def go() -> tuple[bytes, bytes, bytes]:
        async with served() as (server, values):
            line, header = f"GET /api/v1/users/{values['ada']}/sessions", MANAGER.format(**values)
            # HTTP/1.0 has no chunks: the body as it is.
            everything = await ask(server, f"{line} HTTP/1.0\r\nX:", header)
            revoked = await ask(server, "DELETE /_afterclose/sessions")
            nothing = await ask(server, f"{line} HTTP/1.0\r\nX:", header)
            return everything, revoked, nothing

    everything, revoked, nothing = asyncio.run(go())
    listed = json.loads(everything.partition(b"\r\n\r\n")[2])
    assert len({session["session_id"] for session in listed["sessions"]}) == SESSIONS
    assert listed["has_more"] is False
    assert json.loads(revoked.partition(b"\r\n\r\n")[2]) == {"revoked": SESSIONS}
    assert json.loads(nothing.partition(b"\r\n\r\n")[2])["sessions"] == []


def test_a_turn_for_others_after_some_items() -> None:
    turns = 0

    async def go() -> int:
        ended = asyncio.Event()

        async def count() -> None:
            nonlocal turns
            while not ended.is_set():
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        items = [item async for item in in_turns(range(1000))]
        ended.set()
        await counting
        return len(items)

    assert asyncio.run(go()) == 1000
    assert turns >= 5


def test_ended_sessions_do_not_pile_up() -> None:
    async def go() -> tuple[int, int]:
        async with served() as (server, _):
            sessions = server.site.tenants["persistent"].sessions
            first = next(iter(sessions))
            sessions._by_id._kept = 100
            for session in list(sessions):
                sessions.end(session, EndReason.REVOKED)
            agent = UserAgent(ip_address="", name="")
            for _ in range(SESSIONS):
                session = sessions.start(
                    user_id="kp_2", org_code="org_persistent", client_id="demo_persistent",
                    connection_id="", persistence=Persistence.PERSISTENT,
                    now=server.site.clock.now(), agent=agent,
                )
                sessions.end(session, EndReason.REVOKED)
            assert sessions.by_id(first.id) is None
            assert sessions.by_cookie(first.cookie) is None
            assert sessions.of(first.user_id) == []
            assert sessions.by_id(session.id) is session
            numbers = [session.number for session in sessions]
            assert numbers == sorted(numbers)
            return len(numbers), numbers[-1]

    left, last = asyncio.run(go())
    assert left <= 110
    assert last == 2 * SESSIONS
