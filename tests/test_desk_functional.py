"""The desk of a guided lifecycle, and where its server is found."""

import datetime
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest
from cryptography import x509

from harness.server import routes
from harness.server.desk import AUTHORITY, Came, Desk, Notice, Returned, Said
from harness.server.running import MockServer
from tests.client import Client, storages
from tests.patience import PATIENCE

STEP = Notice(
    scenario="A <b>scenario</b>",
    number=2,
    of=4,
    done=("Sign in to the application.",),
    sentence="Close the browser.",
    hints=("By its menu.",),
    says=(Said.DONE, Said.SKIP),
)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def client(desk: Desk) -> Iterator[Client]:
    with MockServer(desk=desk) as server:
        desk.base = server.url
        yield Client(server)


def say(client: Client, word: str, version: str, **headers: str) -> int:
    url = f"{client.server.url}/_afterclose/guide/{word}"
    return client.post(url, {"version": version, "here": "false"}, headers=headers).status


def heard(desk: Desk) -> list[object]:
    found: list[object] = []
    while not desk.heard.empty():
        found.append(desk.heard.get())
    return found


def test_the_page_tells_the_step(client: Client) -> None:
    client.server.show(STEP)
    page = client.get(f"{client.server.url}/_afterclose/guide")
    for text in ("Step 2 of 4", "Close the browser.", "By its menu.", "Sign in to the application"):
        assert text in page.text
    assert "A &lt;b&gt;scenario" in page.text
    assert "Set-Cookie" not in dict(page.headers)
    policy = page.header("Content-Security-Policy") or ""
    assert "frame-ancestors 'none'" in policy
    assert "connect-src 'self'" in policy


def test_a_word_counts_once_and_for_the_step_that_was_shown(client: Client, desk: Desk) -> None:
    client.server.show(STEP)
    shown = client.get(f"{client.server.url}/_afterclose/guide").field("version")

    def go_on() -> None:
        while desk.heard.get() is not Said.DONE:
            pass
        client.server.show(Notice(sentence="Start the browser.", says=(Said.DONE,)))

    following = threading.Thread(target=go_on)
    following.start()
    assert say(client, "done", shown) == 303
    following.join()
    assert say(client, "done", shown) == 303
    now = client.get(f"{client.server.url}/_afterclose/guide").field("version")
    # This step is not to be skipped.
    assert say(client, "skip", now) == 303
    assert heard(desk) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://elsewhere.test"},
        {"Origin": "null"},
    ],
)
def test_a_page_of_another_origin_says_nothing(
    client: Client, desk: Desk, headers: dict[str, str]
) -> None:
    client.server.show(STEP)
    shown = client.get(f"{client.server.url}/_afterclose/guide").field("version")
    assert say(client, "done", shown, **headers) == 403
    assert heard(desk) == []


def test_the_entrance_sends_on_and_tells_that_somebody_came(client: Client, desk: Desk) -> None:
    client.server.show(Notice(sentence="Sign in.", sends="http://one.test/login"))
    answer = client.get(desk.address, headers={"User-Agent": "Safari/18.2"})
    assert answer.status == 302
    assert answer.header("Location") == "http://one.test/login"
    assert answer.header("Cache-Control") == "no-store"
    assert heard(desk) == [Came(agent="Safari/18.2")]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Purpose": "preview"},
        {"Sec-Fetch-Dest": "image"},
    ],
)
def test_what_a_browser_loads_before_it_is_asked_to_is_no_visit(
    client: Client, desk: Desk, headers: dict[str, str]
) -> None:
    client.server.show(Notice(sentence="Sign in.", sends="http://one.test/login"))
    assert client.get(desk.address, headers=headers).status == 503
    assert heard(desk) == []


def test_who_has_started_the_browser_is_sent_on_at_once(client: Client, desk: Desk) -> None:
    client.server.show(Notice(sentence="Start the browser.", arrival=True))

    def go_on() -> None:
        assert isinstance(desk.heard.get(), Came)
        client.server.show(Notice(sentence="Check.", sends="http://one.test/look"))

    following = threading.Thread(target=go_on)
    following.start()
    answer = client.get(desk.address)
    following.join()
    assert answer.header("Location") == "http://one.test/look"
    # Of what comes after, too, somebody is told that they came.
    assert [type(one) for one in heard(desk)] == [Came]


@pytest.mark.parametrize("parts", [["cookies", "browser", "tab"], ["tab"]])
def test_a_look_shows_every_application_on_a_page_of_its_own(
    client: Client, desk: Desk, parts: list[str]
) -> None:
    names = ["persistent", "non_persistent"]
    asked = {"environments": names, "parts": parts, "tab_in_use": True}
    ticket = client.control("POST", "observations", asked)
    page, shown = client.follow(ticket["url"]), []
    while found := re.search(r'location\.replace\("([^"]+)"\)', page.text):
        assert "<iframe" not in page.text
        (path,) = re.findall(r'fetch\("([^"]+)"', page.text)
        read = dict.fromkeys(storages(path))
        assert client.json("POST", urljoin(page.url, path), read).status == 204
        shown.append(urlsplit(page.url).hostname)
        if found[1] == desk.way_back:
            break
        page = client.follow(found[1])
    assert shown == [f"{name}.app.localhost" for name in names]
    seen = client.control("GET", f"observations/{ticket['ticket']}")["seen"]
    assert {part for one in seen.values() for part in (s["part"] for s in one.values())} == {*parts}


def test_a_look_ends_at_the_page(client: Client, desk: Desk) -> None:
    asked = {"environments": ["persistent"], "parts": ["cookies"]}
    ticket = client.control("POST", "observations", asked)
    page = client.follow(ticket["url"])
    (onward,) = re.findall(r'location\.replace\("([^"]+)"\)', page.text)
    assert onward == desk.way_back
    client.get(onward)
    assert heard(desk)[-1] == Returned()


def test_the_control_api_is_for_this_machine_alone(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "is_loopback", lambda address: address != "127.0.0.1")
    for method, path in (("GET", "environments"), ("POST", "reset"), ("POST", "clock")):
        assert "Only the machine" in client.control(method, path)["error"]
    assert client.get(f"{client.server.url}/_afterclose/guide").status == 200
    with MockServer() as unguided:
        assert Client(unguided).control("GET", "health")["status"] == "ok"


def test_without_a_guide_there_is_nothing_of_it() -> None:
    with MockServer() as server:
        client = Client(server)
        for path in ("/go", "/_afterclose/guide", AUTHORITY):
            assert client.get(f"{server.url}{path}").status == 404


def test_names_below_another_domain(desk: Desk) -> None:
    with MockServer(domain="mock.test", aliases=("192.0.2.7",), desk=desk) as server:
        client, port = Client(server), urlsplit(server.url).port
        for host in ("mock.test", "192.0.2.7", "persistent.idp.mock.test"):
            assert client.get(f"http://{host}:{port}/_afterclose/health").status == 200
        assert client.get(f"http://persistent.idp.localhost:{port}/admin").status == 404
        home = f"http://persistent.app.mock.test:{port}/"
        page = client.follow(f"{home}login")
        location = client.sign_in_at(page.url)
        assert client.follow(location).url == home
        second = f"http://non_persistent.app.mock.test:{port}/login"
        onward = client.follow(f"{home}login?prompt=none&return_to={second}")
        assert "non_persistent.idp.mock.test" in onward.url


def test_a_sign_out_that_goes_on(client: Client) -> None:
    """To the applications of its own site, and nowhere else."""
    client.sign_in("persistent")
    second = client.url("non_persistent", "/sign-out", "app")
    for onward, goes in ((second, True), ("http://elsewhere.test/", False)):
        page = client.get(client.url("persistent", f"/sign-out?return_to={onward}", "app"))
        target = page.text.partition('location.replace("')[2].partition('"')[0]
        home = client.follow(target)
        assert home.url.startswith(client.url("persistent", "/", "app"))
        assert (f'location.replace("{second}")' in home.text) is goes


def test_the_authority_and_a_certificate_that_apple_takes(desk: Desk) -> None:
    with MockServer(https=True, domain="mock.test", aliases=("192.0.2.7",), desk=desk) as server:
        context = ssl.create_default_context(cadata=desk.authority.decode())
        port = urlsplit(server.url).port
        for name in ("mock.test", "192.0.2.7", "one.idp.mock.test", "one.app.mock.test"):
            with context.wrap_socket(_connected(port), server_hostname=name) as wrapped:
                found = wrapped.getpeercert(binary_form=True)
    assert found is not None
    certificate = x509.load_der_x509_certificate(found)
    lasts = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert lasts <= datetime.timedelta(days=398)


def _connected(port: int | None) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port or 0), timeout=PATIENCE)
