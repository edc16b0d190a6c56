"""The control API: what runs a server beside the browsers."""

from urllib.parse import urlsplit

from harness.clock import Clock
from harness.server.running import MockServer
from tests.client import Client
from tests.oauth import authorize


def test_the_control_api(client: Client, clock: Clock) -> None:
    client.sign_in("persistent")
    assert client.control("POST", "clock", {"advance": 5})["offset"] == 5
    assert "error" in client.control("POST", "clock", {"advance": -5})
    host = urlsplit(client.url("persistent")).netloc
    log = client.control("GET", f"exchanges?host={host}")["exchanges"]
    assert any("sso_session=" in cookie for entry in log for cookie in entry["cookies_out"])
    assert client.control("DELETE", "sessions")["revoked"] == 1
    assert client.peek("persistent")["end_reason"] == "revoked"
    client.control("POST", "reset")
    assert clock.offset == 0
    assert client.peek("persistent")["end_reason"] == "unknown"


def test_the_control_apis_list_of_sessions_has_pages(client: Client) -> None:
    environments = ("persistent", "non_persistent", "org_persistent")
    for environment in environments:
        for _ in range(2):
            client.jar.clear()
            client.sign_in(environment)
    everything = client.control("GET", "sessions")
    assert everything["next_token"] is None
    assert [s["environment"] for s in everything["sessions"]] == [
        name for name in environments for _ in range(2)
    ]
    for size in range(1, 8):
        seen: list[object] = []
        token = ""
        while token is not None:
            page = client.control("GET", f"sessions?page_size={size}&next_token={token}")
            assert len(page["sessions"]) <= size
            seen += page["sessions"]
            token = page["next_token"]
        assert seen == everything["sessions"]
    only = client.control("GET", "sessions?environment=non_persistent&page_size=1")
    second = client.control(
        "GET", f"sessions?environment=non_persistent&next_token={only['next_token']}"
    )
    assert second == {"sessions": everything["sessions"][3:4], "next_token": None}
    # Nothing comes after what this list has not given out.
    for token in ("x", "cGVyc2lzdGVudA==", only["next_token"]):
        asked = f"sessions?environment=persistent&next_token={token}"
        assert client.control("GET", asked) == {"sessions": [], "next_token": None}
    assert "from 1 to 500" in client.control("GET", "sessions?page_size=501")["error"]


def test_a_page_of_the_list_goes_on_where_a_dropped_session_was(
    client: Client, server: MockServer
) -> None:
    for _ in range(3):
        client.jar.clear()
        client.sign_in("persistent")
    page = client.control("GET", "sessions?page_size=1")
    sessions = server.site.tenants["persistent"].sessions
    _, second, third = sessions
    server._call(lambda: sessions._dropped(second))
    (listed,) = client.control("GET", f"sessions?next_token={page['next_token']}")["sessions"]
    assert listed["session_id"] == third.id


def test_a_reset_forgets_the_sign_ins_under_way(client: Client, server: MockServer) -> None:
    page = authorize(client, is_create_org="true", org_name="New")
    assert client.submit("persistent", page).status == 303
    (created,) = {*server.site.tenants["persistent"].organizations} - {"org_persistent"}
    client.jar.clear()
    page = authorize(client, org_code=created)
    client.control("POST", "reset")
    assert client.submit("persistent", page).status == 403


def test_every_cookie_that_came_is_in_the_log_in_order_and_the_first_of_a_name_counts(
    client: Client,
) -> None:
    client.sign_in("persistent")
    (value,) = (v for jar in client.jar.values() for k, v in jar.items() if k == "sso_session")
    peek = client.url("persistent", "/_afterclose/peek")
    for cookies, signed_in in (
        (f"z=1; sso_session={value}; a=2; sso_session=stale-and-long", True),
        (f"sso_session=stale-and-long; z=1; sso_session={value}", False),
    ):
        assert client.get(peek, headers={"Cookie": cookies}).json["signed_in"] is signed_in
    host = urlsplit(peek).netloc
    *_, valid, stale = client.control("GET", f"exchanges?host={host}")["exchanges"]
    assert valid["cookies_in"] == ["z", "sso_session", "a", "sso_session"]
    assert stale["cookies_in"] == ["sso_session", "z", "sso_session"]
    assert stale["duplicates"] == ["sso_session=stale-…", f"sso_session={value[:6]}…"]


def test_a_stopped_clock_goes_where_it_is_moved_alone(client: Client) -> None:
    before = client.control("POST", "clock", {"stop": True})["now"]
    assert client.control("GET", "clock")["now"] == before
    assert client.control("POST", "clock", {"advance": 5.5})["now"] == before + 5.5
    assert client.control("GET", "clock")["now"] == before + 5.5
    client.control("POST", "reset")
    assert client.control("GET", "clock")["offset"] == 0.0
