"""What a test of one's own does to the server that it holds."""

import asyncio
from collections.abc import Callable

import pytest

from harness.faults import Fault
from harness.policy import Override, Persistence, Policy
from harness.server.running import MockServer
from harness.settings import DEFAULT_COOKIE_NAME
from tests.client import Client


def lasting(server: MockServer, environment: str) -> bool:
    """Whether somebody who signs in there now has a cookie that lasts."""
    answer = Client(server).sign_in(environment)
    (cookie,) = [c for c in answer.cookies if c.startswith(f"{DEFAULT_COOKIE_NAME}=")]
    return "Max-Age=" in cookie


def test_its_sessions_are_told_and_can_be_ended(server: MockServer, client: Client) -> None:
    assert server.sessions("persistent") == ()
    client.sign_in("persistent")
    client.sign_in("non_persistent")
    (session,) = server.sessions("persistent")
    assert session.persistence is Persistence.PERSISTENT
    session.cookie = "changed"
    assert server.sessions("persistent")[0].cookie != "changed", "they are copies"
    assert server.revoke_sessions("persistent") == 1
    assert server.sessions("persistent") == ()
    assert len(server.sessions("non_persistent")) == 1


def test_its_policy_can_be_changed_until_the_next_reset(server: MockServer) -> None:
    assert not lasting(server, "non_persistent")
    server.change_policy("non_persistent", Policy(persistence=Persistence.PERSISTENT))
    assert lasting(server, "non_persistent")
    server.reset()
    assert not lasting(server, "non_persistent")


def test_an_organizations_override_can_be_changed(server: MockServer) -> None:
    (code,) = server.site.tenants["org_persistent"].organizations
    assert lasting(server, "org_persistent")
    server.change_override("org_persistent", code, Override())
    assert not lasting(server, "org_persistent")


def test_a_fault_strikes_where_it_is_armed(server: MockServer, client: Client) -> None:
    server.arm("endless_session", "persistent")
    assert server.site.faults.state("persistent")["armed"] == [Fault.ENDLESS_SESSION]
    assert server.site.faults.state("non_persistent")["armed"] == []


@pytest.mark.parametrize(
    ("do", "said"),
    [
        (lambda s: s.sessions("nowhere"), "no environment nowhere; known: persistent, "),
        (lambda s: s.revoke_sessions("nowhere"), "no environment nowhere; known: "),
        (lambda s: s.arm("rain", "persistent"), "no fault rain; known: twin_cookie, "),
        (lambda s: s.arm("twin_cookie", "nowhere"), "no environment nowhere; known: "),
        (lambda s: s.change_override("org_persistent", "acme", Override()),
         "no organization acme; known: org_"),
    ],
)  # fmt: skip
def test_a_name_that_nothing_has_is_told_with_those_that_are(
    server: MockServer, do: Callable[[MockServer], object], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        do(server)


def test_in_ones_own_event_loop_its_tenants_do_that() -> None:
    async def go() -> None:
        async with MockServer() as server:
            with pytest.raises(RuntimeError, match="its site's tenants do that"):
                server.sessions("persistent")

    asyncio.run(go())
