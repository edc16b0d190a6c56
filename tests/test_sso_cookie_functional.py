"""The SSO cookie's name, path and domain, and what a change of its domain leaves behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie

import pytest

from harness.clock import Clock
from harness.policy import DEFAULT_ENVIRONMENTS
from harness.server.running import MockServer
from harness.settings import Settings
from tests.client import Answer, Client

HOST = "persistent.idp.localhost"


@contextmanager
def client_of(clock: Clock, settings: Settings) -> Iterator[Client]:
    with MockServer(clock=clock, settings=settings) as server:
        yield Client(server)


def told(answer: Answer) -> list[tuple[str, str, str, bool]]:
    """Name, path and domain of each SSO cookie in an answer, and whether it is deleted."""
    return [
        (name, morsel["path"], morsel["domain"], morsel["max-age"] == "0")
        for header in answer.cookies
        for name, morsel in SimpleCookie(header).items()
        if name.startswith("sso_session")
    ]


def sign_out(client: Client) -> Answer:
    return client.get(client.url("persistent", "/logout"))


@pytest.mark.parametrize(
    ("settings", "cookie"),
    [
        (Settings(), ("sso_session", "/", "")),
        (Settings(cookie_path="/oauth2"), ("sso_session", "/oauth2", "")),
        (
            Settings(cookie_domain="idp.localhost"),
            ("sso_session_persistent", "/", "idp.localhost"),
        ),
    ],
)
def test_it_is_set_and_deleted_with_the_same_path_and_domain(
    clock: Clock, settings: Settings, cookie: tuple[str, str, str]
) -> None:
    with client_of(clock, settings) as client:
        assert told(client.sign_in("persistent")) == [(*cookie, False)]
        assert told(sign_out(client)) == [(*cookie, True)]


def test_at_plain_localhost_it_has_no_domain(clock: Clock) -> None:
    with client_of(clock, Settings(cookie_domain="idp.localhost")) as client:
        for _ in range(2):
            sent = {"Cookie": "sso_session_persistent=old"}
            answer = client.get(f"{client.server.url}/logout", headers=sent)
            assert told(answer) == [("sso_session_persistent", "/", "", True)]
            client.control("POST", "faults", {"fault": "scope_changed"})


def test_a_domain_that_does_not_fit_a_host_is_refused_at_start(clock: Clock) -> None:
    settings = Settings(cookie_domain=HOST)
    with MockServer(DEFAULT_ENVIRONMENTS[:1], clock=clock, settings=settings) as server:
        answer = Client(server).sign_in("persistent")
        assert told(answer) == [("sso_session", "/", HOST, False)]
    with pytest.raises(ValueError, match=r"does not fit the host non_persistent\.idp\.localhost"):
        MockServer(clock=clock, settings=settings)


def test_a_check_is_where_the_authorization_endpoint_gets_its_cookies(clock: Clock) -> None:
    with client_of(clock, Settings(cookie_path="/oauth2/auth")) as client:
        client.sign_in("persistent")
        begun = client.control("POST", "observations", {"environments": ["persistent"]})
        assert begun["url"].startswith(client.url("persistent", "/oauth2/auth/"))


def test_the_scope_changes_for_whoever_has_a_cookie(client: Client) -> None:
    client.control("POST", "faults", {"fault": "scope_changed", "environment": "persistent"})
    before, after = ("sso_session", "/", ""), ("sso_session", "/", HOST)
    assert told(client.sign_in("persistent")) == [(*before, False)], "nobody had one"
    assert told(sign_out(client)) == [(*after, True)]
    assert told(client.sign_in("persistent")) == [(*after, False)], "from now on"
    mend = client.url("persistent", "/_afterclose/faults/persistent/scope_changed")
    (state, *others) = client.json("DELETE", mend, None).json["faults"]
    assert (state["struck"], state["mended"]) == (["scope_changed"], ["scope_changed"])
    assert not any(other["mended"] for other in others)
    assert told(sign_out(client)) == [(*before, True), (*after, True)]
    assert told(client.sign_in("persistent")) == [(*before, True), (*after, False)]
    client.control("POST", "faults", {"fault": "scope_changed", "environment": "persistent"})
    assert told(sign_out(client)) == [(*after, True)], "armed once more, and not mended since"


def test_a_fault_that_is_mended_before_it_strikes_does_not(client: Client) -> None:
    client.control("POST", "faults", {"fault": "scope_changed"})
    client.control("DELETE", "faults/persistent/scope_changed")
    client.sign_in("persistent")
    assert ("sso_session", "/", "", True) in told(sign_out(client))


@pytest.mark.parametrize("path", ["nowhere/scope_changed", "persistent/no_such"])
def test_what_is_not_there_cannot_be_mended(client: Client, path: str) -> None:
    url = client.url("persistent", f"/_afterclose/faults/{path}")
    assert client.json("DELETE", url, None).status == 404
