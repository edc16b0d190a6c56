"""Requests as nobody should send them: hosts, headers and bodies over a bare socket."""

import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from harness.server.running import MockServer
from tests.client import Client
from tests.patience import PATIENCE


def sent(client: Client, *lines: str | bytes, body: bytes = b"", port: int | None = None) -> bytes:
    """The whole answer to a request of these lines, the connection closed after it."""
    head = b"\r\n".join(x if isinstance(x, bytes) else x.encode() for x in lines)
    address = "127.0.0.1", port or port_of(client)
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        connection.sendall(head + b"\r\nConnection: close\r\n\r\n" + body)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def port_of(client: Client) -> int:
    port = urlsplit(client.server.url).port
    assert port is not None
    return port


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def exchanges(client: Client) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = client.control("GET", "exchanges")["exchanges"]
    return listed


HOST = "persistent.idp.localhost"
DISCOVERY = "/.well-known/openid-configuration"


@pytest.mark.parametrize(
    "target",
    [
        lambda port: (f"GET {DISCOVERY} HTTP/1.1", f"Host: {HOST.upper()}:{port}"),
        lambda port: (f"GET http://{HOST}:{port}{DISCOVERY} HTTP/1.1", f"Host: {HOST}:{port}"),
        lambda port: (f"GET http://{HOST}:{port}{DISCOVERY} HTTP/1.1", "Host: elsewhere.example"),
        lambda port: (f"GET HTTP://{HOST.upper()}:{port}{DISCOVERY} HTTP/1.1", "Host: x"),
    ],
    ids=["upper case", "absolute target", "another Host header", "absolute and upper case"],
)
def test_the_host_that_is_meant(
    client: Client, target: Callable[[int], tuple[str, str]]
) -> None:
    """RFC 9110 section 4.2.3 (case), RFC 9112 section 3.2.2 (the target goes before the header)."""
    port = port_of(client)
    answer = sent(client, *target(port))
    assert status(answer) == 200
    issuer = json.loads(answer.partition(b"\r\n\r\n")[2])["issuer"]
    assert issuer == f"http://{HOST}:{port}"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((f"GET {DISCOVERY} HTTP/1.1",), 400),
        ((f"GET {DISCOVERY} HTTP/1.1", "Host: {host}", "Host: {host}"), 400),
        ((f"GET {DISCOVERY} HTTP/1.1", "Host: [x"), 400),
        ((f"GET {DISCOVERY} HTTP/1.1", f"Host: {HOST}"), 404),
        ((f"GET http://elsewhere.example{DISCOVERY} HTTP/1.1", "Host: {host}"), 404),
    ],
)
def test_a_host_that_is_missing_ambiguous_or_strange(
    client: Client, lines: tuple[str, ...], expected: int
) -> None:
    """RFC 9112 section 3.2; without a port, port 80 is meant."""
    host = f"{HOST}:{port_of(client)}"
    assert status(sent(client, *(line.format(host=host) for line in lines))) == expected


def test_bytes_that_are_no_utf8_are_shown_with_a_replacement(client: Client) -> None:
    client.sign_in("persistent")
    page = client.follow(client.url("persistent", "/login", "app") + "?prompt=none")
    assert page.status == 200
    cookie = f"sso_session={client.jar[f'{HOST}:{port_of(client)}']['sso_session']}"
    login = client.get(client.url("persistent", "/login", "app")).header("Location")
    assert login is not None
    path = login.partition(f":{port_of(client)}")[2]
    host = f"Host: {HOST}:{port_of(client)}"
    answer = sent(client, f"GET {path} HTTP/1.1", host, f"Cookie: {cookie}", b"User-Agent: a\xffb")
    assert status(answer) == 302
    assert status(sent(client, "GET / HTTP/1.1", b"Host: \xff\xfe")) == 400
    assert status(sent(client, b"GET /\xff\xfe HTTP/1.1", host, b"Cookie: \xff=1")) in (400, 404)
    token = client.admin_token("persistent").json["access_token"]
    (user,) = {session["user_id"] for session in client.control("GET", "sessions")["sessions"]}
    sessions = client.get(
        client.url("persistent", f"/api/v1/users/{user}/sessions"),
        headers={"Authorization": f"Bearer {token}"},
    )
    assert [s["last_user_agent"] for s in sessions.json["sessions"]] == ["a\ufffdb"]
    assert "\ufffd\ufffd:80" in [exchange["host"] for exchange in exchanges(client)]


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ([f"Content-Type: {FORM}; charset=nonsense"], b"grant_type=x"),
        ([f"Content-Type: {FORM}; charset=rot13"], b"grant_type=x"),
        ([f"Content-Type: {FORM}; charset=utf-16"], "grant_type=x".encode("utf-16")),
        ([f"Content-Type: {FORM}"], b"grant_type=\xff"),
        ([f"Content-Type: {FORM}"], b"grant_type=%FF"),
        ([f"Content-Type: {FORM}", "Content-Encoding: gzip"], b"this is none"),
        ([f"Content-Type: {FORM}", "Content-Encoding: deflate"], b"this is none"),
        (
            ["Content-Type: multipart/form-data; boundary=b"],
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n'
            b"Content-Transfer-Encoding: unheard-of\r\n\r\nx\r\n--b--\r\n",
        ),
        (
            ["Content-Type: multipart/form-data; boundary=b"],
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx',
        ),
        (["Content-Type: multipart/form-data"], b"x"),
    ],
)
def test_a_form_that_cannot_be_read(client: Client, headers: list[str], body: bytes) -> None:
    host = f"Host: {HOST}:{port_of(client)}"
    for path in ("/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/sign-in", "/logout"):
        answer = sent(
            client, f"POST {path} HTTP/1.1", host, f"Content-Length: {len(body)}", *headers,
            body=body,
        )  # fmt: skip
        assert status(answer) == 400, (path, answer)
        assert exchanges(client)[-1]["path"] == path


@pytest.mark.parametrize(
    "body",
    [b"[" * 60_000, b'{"advance": NaN}', b"\xff", "{}".encode("utf-16"), b"", b'"\\ud800"'],
)
def test_json_that_cannot_be_read(client: Client, body: bytes) -> None:
    url = f"{client.server.url}/_afterclose/clock"
    headers = {"Content-Type": "application/json"}
    assert client.request("POST", url, body=body, headers=headers).status == 400


def test_half_a_pair_of_surrogates_is_refused_wherever_it_stands(client: Client) -> None:
    """What an answer, or a list of all, could not say again."""
    body, headers = b'{"apps": ["\\ud800"]}', {"Content-Type": "application/json"}
    url = f"{client.server.url}/_afterclose/apps"
    assert client.request("POST", url, body=body, headers=headers).status == 400
    whole = b'{"apps": ["\\ud83d\\ude00"]}'
    assert client.request("POST", url, body=whole, headers=headers).status == 404


def test_what_fails_in_the_server_is_in_the_log(
    client: Client, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(type(client.server.site.sign_in.cookie), "read", fail)
    answer = client.get(client.url("persistent", "/_afterclose/peek"))
    assert (answer.status, "error" in answer.json) == (500, True)
    last = exchanges(client)[-1]
    assert (last["path"], last["status"]) == ("/_afterclose/peek", 500)
    assert "on purpose" in capfd.readouterr().err


@pytest.mark.parametrize("beginning", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_a_connection_that_asks_for_nothing_is_closed(beginning: bytes) -> None:
    with MockServer(patience=0.01) as server:
        port = urlsplit(server.url).port
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
            connection.sendall(beginning)
            with_an_end = connection.recv(1) if not beginning else _end(connection)
            assert with_an_end == b""


def _end(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1)
    except ConnectionResetError:
        return b""


def test_a_body_that_does_not_come_is_waited_for_in_vain(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.server.incoming._BODY_TIMEOUT", 0.01)
    answer = sent(
        client, "POST /oauth2/token HTTP/1.1", f"Host: {HOST}:{port_of(client)}",
        f"Content-Type: {FORM}", "Content-Length: 10", body=b"grant",
    )  # fmt: skip
    assert status(answer) == 408


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://persistent.app.localhost"])
def test_a_page_of_another_origin_may_not_control(client: Client, origin: str) -> None:
    """An older browser sends no `Sec-Fetch-Site`."""
    url = f"{client.server.url}/_afterclose/reset"
    client.sign_in("persistent")
    headers = {"Content-Type": "text/plain", "Origin": origin}
    assert client.request("POST", url, body=b"{}", headers=headers).status == 403
    assert client.peek("persistent")["signed_in"] is True
    assert client.request("POST", url, headers={"Origin": client.server.url}).status == 200
    assert client.peek("persistent")["signed_in"] is False


def test_a_request_that_cannot_be_read_leaves_no_traceback(
    client: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    host = f"Host: {HOST}:{port_of(client)}"
    for lines in (
        ("GET * HTTP/1.1", host),
        ("GET / HTTP/1.1", host, b"Expect: \xff"),
        ("GET / HTTP/1.1", host, "Content-Length: x"),
        ("POST /oauth2/token HTTP/1.1", host, "Content-Length: 1", "Content-Encoding: zstd"),
    ):
        assert 400 <= status(sent(client, *lines, body=b"x")) < 500, lines
    assert "Traceback" not in capfd.readouterr().err


def test_a_sign_in_whose_scope_somebody_changed_is_refused(client: Client) -> None:
    login = client.get(client.url("persistent", "/login", "app")).header("Location") or ""
    page = client.get(login.replace("scope=openid+profile+email", "scope=email"))
    answer = client.submit("persistent", page)
    back = client.get(answer.header("Location") or "")
    assert (back.status, "gave no ID token" in back.text) == (400, True)
