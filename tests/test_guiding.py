"""What a guide reads off the log, how old it takes cookies for, and whom it asks what."""

import os
from queue import Empty
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from harness.config import ConfigError
from harness.engines.control_client import ServedEnvironment
from harness.guiding.ages import CookieAges
from harness.guiding.floor import Floor
from harness.guiding.hints import check, hints_of
from harness.guiding.measured import browser_named, version_in
from harness.guiding.network import place_of
from harness.guiding.terminal import Terminal
from harness.guiding.trace import Trace, address_of
from harness.received import Received
from harness.scenario import Step, UnsupportedVerbError
from harness.server.desk import Came, Desk, Notice, Said
from harness.server.exchanges import Exchange
from harness.server.running import MockServer
from harness.verbs import VERBS
from tests.patience import PATIENCE


def environment(name: str) -> ServedEnvironment:
    return ServedEnvironment(
        name=name,
        issuer=f"http://{name}.idp.localhost:1",
        app_url=f"http://{name}.app.localhost:1",
        organization="",
        admin_id="",
        admin_secret="",
    )


ONE, TWO = environment("one"), environment("two")
KEPT = ("demo_handover=abc…; Path=/",)


def exchange(name: str, path: str, *cookies: str, **about: Any) -> Exchange:
    kind = about.pop("kind", "app")
    values: dict[str, Any] = {"time": 0.0, "status": 200, "method": "GET"} | about
    host = f"{name}.{kind}.localhost:1"
    return Exchange(host=host, path=path, cookies_out=cookies, **values)


def followed(verb: str, *exchanges: Exchange) -> bool:
    trace = Trace(Step(verb), (ONE, TWO))
    for one in exchanges:
        trace.take(one)
    return trace.complete


def test_a_sign_in_is_done_once_every_application_has_kept_it() -> None:
    callbacks = [exchange(name, "/callback", *KEPT, status=302) for name in ("one", "two")]
    homes = [exchange(name, "/") for name in ("one", "two")]
    assert followed("sign_in", *callbacks, *homes)
    assert not followed("sign_in", *callbacks, homes[0])
    assert not followed("sign_in", *homes, *callbacks)
    refused = exchange("two", "/callback", status=302)
    assert not followed("sign_in", callbacks[0], refused, *homes)
    wrong = exchange("two", "/callback", *KEPT, status=400)
    assert not followed("sign_in", callbacks[0], wrong, *homes)


def test_a_visit_is_one_whoever_it_finds() -> None:
    callbacks = [exchange(name, "/callback", status=302) for name in ("one", "two")]
    homes = [exchange(name, "/") for name in ("one", "two")]
    assert followed("visit", *callbacks, *homes)
    assert not followed("visit", *homes)


def test_a_sign_out_is_done_back_at_every_application() -> None:
    outs = [exchange(name, "/sign-out") for name in ("one", "two")]
    homes = [exchange(name, "/") for name in ("one", "two")]
    assert followed("sign_out", outs[0], homes[0], outs[1], homes[1])
    assert not followed("sign_out", outs[0], homes[0], homes[1])


def test_every_application_is_shown_on_a_page_of_its_own() -> None:
    """What a frame has kept, WebKit forgets: seen in Epiphany."""
    query = parse_qs(urlsplit(address_of(Step("sign_in"), [ONE, TWO])).query)
    assert query["return_to"] == [
        f"{ONE.app_url}/",
        f"{TWO.app_url}/login",
        f"{TWO.app_url}/?beside=http%3A%2F%2Fone.app.localhost%3A1%2F",
    ]


def test_where_the_person_is_sent() -> None:
    assert address_of(Step("sign_in"), [ONE]).startswith(f"{ONE.app_url}/login?")
    other = address_of(Step("sign_in", "bob"), [ONE])
    assert "prompt=login" in other
    assert "bob%40example.com" in other
    assert "prompt=none" in address_of(Step("visit"), [ONE, TWO])
    assert address_of(Step("sign_out"), [ONE]) == f"{ONE.app_url}/sign-out"
    assert address_of(Step("sign_out"), [ONE, TWO]).endswith("two.app.localhost%3A1%2Fsign-out")


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def received(*headers: str) -> Received:
    return Received(signed_in=True, set_cookie=headers)


SSO = received("sso_session=abc…; Max-Age=60; Path=/")


def aged(served: float, real: float, *cookies: str) -> CookieAges:
    """A minute's cookie of the auth server, so much later by both clocks."""
    time = Time()
    ages = CookieAges(time)
    set_then = cookies or ("sso_session=abc…; Max-Age=60; Path=/",)
    ages.take(exchange("one", "/sign-in", *set_then, kind="idp"))
    time.now = real
    ages.take(exchange("one", "/", time=served))
    return ages


@pytest.mark.parametrize(
    ("served", "real", "outlived", "hurried"),
    [
        (59, 5, False, False),
        (60, 5, True, False),
        # It was waited for: the browser has dropped the cookie by itself.
        (60, 60, False, False),
        (5, 60, False, True),
    ],
)
def test_a_cookie_is_outlived_where_time_passed_on_the_server_alone(
    served: float, real: float, outlived: bool, hurried: bool
) -> None:
    ages = aged(served, real)
    for surface, shown in (("sso", SSO), ("app:memory", Received(signed_in=True))):
        found = ages.outlived(surface, shown, SSO, ONE)
        assert found == ("sso_session" if outlived else None)
    assert ages.outlived("app:local_storage", Received(signed_in=True), SSO, ONE) is None
    assert ages.hurried is hurried


def test_a_session_cookie_does_not_age() -> None:
    header = "sso_session=abc…; Path=/"
    assert aged(10_000, 0, header).outlived("sso", received(header), SSO, ONE) is None


def test_what_nobody_does_by_hand() -> None:
    unable = ("sign_out_during_visit", "refresh_tokens", "open_popup")
    for verb in unable:
        with pytest.raises(UnsupportedVerbError, match=f"^{verb}: not by hand: "):
            check(Step(verb))
    for verb in VERBS.keys() - {*unable}:
        check(Step(verb))
    assert "--restore-last-session" in hints_of(Step("start", "restoring"))[0]
    assert "task manager" in hints_of(Step("crash"))[0]


class Shown:
    """A server that only shows."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def show(self, notice: Notice) -> None:
        self.notices.append(notice)


def floor(desk: Desk, lines: list[str]) -> Floor:
    terminal = Terminal(desk.heard.put, write=lines.append)
    return Floor(cast(MockServer, Shown()), desk, terminal)


STEP = Notice(number=2, sentence="Close the browser.", hints=("By its menu.",), says=(Said.DONE,))


class Quiet:
    """Where nothing is heard for a while, and then a word."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def get(self, *, timeout: float) -> Said:
        self.waits.append(timeout)
        if len(self.waits) < 3:
            raise Empty
        return Said.DONE


def test_nobody_waits_without_looking_up() -> None:
    """A signal that comes as the wait begins, or to another thread, is noticed between two."""
    desk = Desk()
    one = floor(desk, [])
    desk.heard = quiet = Quiet()  # type: ignore[assignment]
    assert one.until(lambda heard: heard is Said.DONE, "") is Said.DONE
    assert (len(quiet.waits), max(quiet.waits) <= 1) == (3, True)


def test_who_has_left_is_waited_for_no_more() -> None:
    """Even where what the signal raised got lost in what ran just then."""
    desk = Desk()
    one = floor(desk, [])
    with pytest.raises(KeyboardInterrupt):
        one.leave(2, None)
    desk.heard.put(Said.DONE)
    with pytest.raises(KeyboardInterrupt):
        one.until(lambda heard: heard is Said.DONE, "")
    with pytest.raises(KeyboardInterrupt):
        one.for_real(60, "")


def test_what_was_said_of_the_step_before_is_over() -> None:
    """Enter, pressed twice."""
    desk, lines = Desk(), list[str]()
    one = floor(desk, lines)
    desk.heard.put(Came(agent="Safari/18.2"))
    desk.heard.put(Said.DONE)
    one.tell(STEP)
    assert desk.heard.empty()
    assert list(one.agents) == ["Safari/18.2"]
    assert lines[:2] == ["  2. Close the browser.", "     By its menu."]


def test_what_is_entered_counts_where_it_is_asked_for() -> None:
    """Enter and words that are none, at a step that cannot be skipped."""
    desk, (reading, writing) = Desk(), os.pipe()
    terminal = Terminal(desk.heard.put, write=lambda line: None, descriptor=reading)
    terminal.tell(STEP)
    terminal.listen()
    os.write(writing, b"s\nwhat\n \n")
    assert desk.heard.get(timeout=PATIENCE) is Said.DONE
    os.close(writing)
    assert desk.heard.empty()


def test_skipping_is_told_as_such() -> None:
    desk = Desk()
    one = floor(desk, [])
    for waiting in (
        lambda: one.until(lambda heard: False, "Close the browser."),
        lambda: one.for_real(600, "Close the browser."),
    ):
        desk.heard.put(Came(agent=""))
        desk.heard.put(Said.SKIP)
        with pytest.raises(UnsupportedVerbError, match="skipped by the person: Close the browser"):
            waiting()


AGENTS = {
    "18.2": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.2 Safari/605.1.15",
    "143.0.3650.75": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
    "Gecko) Chrome/143.0.0.0 Safari/537.36 Edg/143.0.3650.75",
    "153.0": "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
    "149.0": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
    "like Gecko) FxiOS/149.0 Mobile/15E148 Safari/605.1.15",
    "": "curl/8.5.0",
}


@pytest.mark.parametrize("version", AGENTS)
def test_the_version_that_a_browser_says(version: str) -> None:
    assert version_in(AGENTS[version]) == version


def test_whose_rules_a_browser_is_judged_by() -> None:
    assert browser_named("Safari on iOS").engine == "safari-on-ios"
    assert browser_named("safari").rules == ""
    assert browser_named("Firefox").rules == "firefox"
    assert browser_named("firefox", rules="none").rules == ""
    edge = browser_named("edge", rules="chromium", setting="continue")
    assert (edge.engine, edge.preset, edge.rules) == ("edge", "continue", "chromium")
    assert browser_named("safari", setting="Keep my tabs!").preset == "keep-my-tabs"
    assert browser_named("safari").preset == "default"


def test_where_it_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    here = place_of("127.0.0.1", None)
    assert (here.host, here.domain, here.warnings) == ("127.0.0.1", "localhost", ())
    assert place_of("localhost", "mock.test").domain == "mock.test"
    monkeypatch.setattr("harness.guiding.network._address", lambda host: "192.0.2.7")
    network = place_of("0.0.0.0", None)
    assert network.domain == "192-0-2-7.sslip.io"
    assert network.aliases == ("192.0.2.7",)
    first, second = network.warnings
    assert "passwords are known to everybody" in first
    assert "sslip.io, a public name server" in second
    assert len(place_of("0.0.0.0", "mock.test").warnings) == 1
    with pytest.raises(ConfigError, match="--domain"):
        place_of("127.0.0.1", "a..b")
