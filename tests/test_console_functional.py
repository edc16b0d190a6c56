"""The admin console over HTTP; `test_console_browser` drives it in real browsers."""

import re

import pytest

from harness.clock import Clock
from harness.policy import Environment, Persistence, Plan, Policy
from harness.server.running import MockServer
from tests.client import Answer, Client

ENVIRONMENT = "persistent"
SESSIONS = "/admin/organizations/org_persistent/sessions"


def sign_in(client: Client, password: str = "administrator") -> Answer:
    url = client.url(ENVIRONMENT, "/admin/sign-in")
    csrf = client.get(url).field("csrf")
    form = {"csrf": csrf, "email": "admin@example.com", "password": password}
    return client.post(url, form)


@pytest.fixture
def console(client: Client) -> Client:
    """Signed in to the console."""
    assert sign_in(client).header("Location") == "/admin/organizations"
    return client


def get(client: Client, path: str) -> Answer:
    return client.get(client.url(ENVIRONMENT, path))


def save(client: Client, path: str, **fields: str) -> Answer:
    form = {"csrf": get(client, path).field("csrf"), **fields}
    return client.post(client.url(ENVIRONMENT, path), form)


def effective(client: Client) -> list[str]:
    text = get(client, SESSIONS).text
    names = ("effective-persistence", "persistence-from", "effective-timeout", "timeout-from")
    return [re.findall(rf'id="{name}">([^<]*)<', text)[0] for name in names]


def test_every_page_asks_for_a_sign_in(client: Client) -> None:
    for path in ("", "/organizations", "/organizations/org_persistent/sessions",
                 "/environment/sessions", "/live-sessions"):
        answer = get(client, f"/admin{path}")
        assert answer.header("Location") == "/admin/sign-in"
    answer = client.post(client.url(ENVIRONMENT, SESSIONS), {"persistence": "persistent"})
    assert answer.header("Location") == "/admin/sign-in"


def test_signing_in_and_out(client: Client) -> None:
    assert "wrong" in sign_in(client, "guess").text
    assert get(client, "/admin").header("Location") == "/admin/sign-in"
    answer = sign_in(client)
    (cookie,) = [c for c in answer.cookies if c.startswith("console_session=")]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/admin" in cookie
    csrf = get(client, SESSIONS).field("csrf")
    client.post(client.url(ENVIRONMENT, "/admin/sign-out"), {"csrf": csrf})
    assert get(client, SESSIONS).header("Location") == "/admin/sign-in"


def test_an_administrators_session_ends(console: Client, clock: Clock) -> None:
    clock.advance(8 * 3600)
    assert get(console, SESSIONS).header("Location") == "/admin/sign-in"


def test_an_administrator_of_one_environment_is_nobody_in_another(console: Client) -> None:
    host = console.url(ENVIRONMENT).partition("://")[2]
    other = console.url("non_persistent").partition("://")[2]
    console.jar[other] = dict(console.jar[host])
    answer = console.get(console.url("non_persistent", "/admin/organizations"))
    assert answer.header("Location") == "/admin/sign-in"


def test_the_sign_in_is_bound_to_the_browser(client: Client) -> None:
    url = client.url(ENVIRONMENT, "/admin/sign-in")
    csrf = Client(client.server).get(url).field("csrf")
    form = {"csrf": csrf, "email": "admin@example.com", "password": "administrator"}
    assert client.post(url, form).status == 403


def test_a_planted_console_session_is_not_taken_over(client: Client) -> None:
    host = client.url(ENVIRONMENT).partition("://")[2]
    client.jar[host] = {"console_session": "planted"}
    sign_in(client)
    assert client.jar[host]["console_session"] != "planted"


@pytest.mark.parametrize("csrf", ["", "guess"])
def test_forms_need_their_token(console: Client, csrf: str) -> None:
    form = {"csrf": csrf, "persistence": "non_persistent", "inactivity_timeout": "60"}
    for path in (SESSIONS, "/admin/environment/sessions", "/admin/live-sessions/x/end",
                 "/admin/sign-out"):
        assert console.post(console.url(ENVIRONMENT, path), form).status == 403
    assert effective(console) == ["persistent", "environment", "86400", "environment"]


def test_an_organizations_settings(console: Client) -> None:
    answer = save(console, SESSIONS, persistence="non_persistent", inactivity_timeout="3600")
    location = answer.header("Location")
    assert (answer.status, location) == (303, f"{SESSIONS}?saved")
    page = get(console, f"{SESSIONS}?saved")
    assert "Session settings saved." in page.text
    assert "3600" in page.text
    assert "(1 hour)" in page.text
    assert effective(console) == ["non_persistent", "organization", "3600", "organization"]
    save(console, SESSIONS, persistence="non_persistent", inactivity_timeout="")
    assert effective(console) == ["non_persistent", "organization", "86400", "environment"]
    assert "Stored and not applied: 3600" in get(console, SESSIONS).text
    save(console, SESSIONS, persistence="", inactivity_timeout="")
    assert effective(console) == ["persistent", "environment", "86400", "environment"]
    assert "Stored and not applied: non_persistent" in get(console, SESSIONS).text


def limit(client: Client) -> list[str]:
    text = get(client, SESSIONS).text
    names = ("effective-limit", "limit-from")
    return [re.findall(rf'id="{name}">([^<]*)<', text)[0] for name in names]


def test_the_absolute_limit_of_environment_and_organization(console: Client) -> None:
    path, both = "/admin/environment/sessions", {"persistence": "persistent"}
    assert limit(console) == ["none", "environment"]
    for page in (path, SESSIONS):
        assert "This mock’s own: Kinde has no such setting." in get(console, page).text
    save(console, path, **both, inactivity_timeout="60", absolute_timeout="7200")
    assert limit(console) == ["7200", "environment"]
    assert 'value="7200"' in get(console, path).text
    save(console, SESSIONS, persistence="", absolute_timeout="3600")
    assert limit(console) == ["3600", "organization"]
    assert "1 hour" in get(console, "/admin/organizations").text
    save(console, SESSIONS, persistence="", absolute_timeout="")
    assert limit(console) == ["7200", "environment"]
    assert "Stored and not applied: 3600" in get(console, SESSIONS).text
    save(console, path, **both, inactivity_timeout="60", absolute_timeout="")
    assert limit(console) == ["none", "environment"]


def test_the_environments_settings(console: Client) -> None:
    path = "/admin/environment/sessions"
    save(console, path, persistence="non_persistent", inactivity_timeout="7200")
    assert effective(console) == ["non_persistent", "environment", "7200", "environment"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"persistence": "non-persistent"}, "non_persistent"),
        ({"persistence": "persistent", "inactivity_timeout": "0"}, "must be from 1 to"),
        ({"persistence": "persistent", "inactivity_timeout": "one hour"}, "whole number"),
        ({"persistence": "persistent", "inactivity_timeout": "1" * 30}, "whole number"),
        ({"persistence": "persistent", "inactivity_timeout": "-5"}, "whole number"),
        ({"persistence": "persistent", "inactivity_timeout": "²"}, "whole number"),
        ({"persistence": "persistent", "absolute_timeout": "0"}, "Absolute limit must be from 1"),
    ],
)
@pytest.mark.parametrize("path", [SESSIONS, "/admin/environment/sessions"])
def test_mistakes_are_told_and_what_was_typed_stays(
    console: Client, path: str, fields: dict[str, str], said: str
) -> None:
    answer = save(console, path, **{"inactivity_timeout": "60", **fields})
    assert answer.status == 400
    alert = re.search(r'role="alert">([^<]*)<', answer.text)
    assert alert is not None
    assert said in alert[1]
    typed = fields.get("inactivity_timeout", "60")
    assert f'value="{typed}"' in answer.text
    assert effective(console) == ["persistent", "environment", "86400", "environment"]


def test_there_is_no_such_organization(console: Client) -> None:
    assert get(console, "/admin/organizations/nowhere/sessions").status == 404
    assert get(console, "/admin/organizations/nowhere").status == 404


def test_live_sessions_and_the_button_to_end_one(console: Client, clock: Clock) -> None:
    assert "Nobody is signed in." in get(console, "/admin/live-sessions").text
    browser = Client(console.server)
    browser.sign_in(ENVIRONMENT)
    browser.jar.clear()
    clock.advance(60)
    page = get(console, "/admin/live-sessions")
    assert "ada@example.com" in page.text
    assert "persistent cookie" in page.text
    assert "23 hours 59 minutes" in page.text
    action = re.search(r'action="(/admin/live-sessions/[^"]*/end)"', page.text)
    assert action is not None
    url = console.url(ENVIRONMENT, action[1])
    answer = console.post(url, {"csrf": page.field("csrf")})
    assert answer.header("Location") == "/admin/live-sessions?ended"
    ended = get(console, "/admin/live-sessions?ended")
    assert "The session has been ended." in ended.text
    assert "Nobody is signed in." in ended.text
    listed = console.control("GET", f"sessions?environment={ENVIRONMENT}")["sessions"]
    assert [session["end_reason"] for session in listed] == ["revoked"]


def test_an_environment_below_scale_shows_an_upgrade_notice(clock: Clock) -> None:
    policy = Policy(persistence=Persistence.PERSISTENT)
    with MockServer(
        [Environment(name=ENVIRONMENT, policy=policy, plan=Plan.PRO)], clock=clock
    ) as server:
        client = Client(server)
        sign_in(client)
        page = get(client, SESSIONS)
        assert "Upgrade" in page.text
        assert "mock's reading" in page.text
        assert 'id="save"' not in page.text
        form = {"csrf": page.field("csrf"), "persistence": "non_persistent"}
        assert client.post(client.url(ENVIRONMENT, SESSIONS), form).status == 403
        assert 'id="save"' in get(client, "/admin/environment/sessions").text


def test_a_reset_signs_every_administrator_out(console: Client, clock: Clock) -> None:
    host = console.url(ENVIRONMENT).partition("://")[2]
    before = dict(console.jar[host])
    clock.advance(8 * 3600)
    assert get(console, SESSIONS).header("Location") == "/admin/sign-in"
    assert sign_in(console).status == 303
    newer = dict(console.jar[host])
    console.control("POST", "reset")
    for jar in (before, newer):
        console.jar[host] = jar
        assert get(console, SESSIONS).header("Location") == "/admin/sign-in"


def test_a_sign_in_that_had_expired_stays_so_when_the_clock_is_set_back(
    console: Client, clock: Clock
) -> None:
    clock.advance(8 * 3600)
    assert get(console, SESSIONS).header("Location") == "/admin/sign-in"
    clock.reset()
    assert get(console, SESSIONS).header("Location") == "/admin/sign-in"


def test_live_sessions_are_shown_page_by_page(
    console: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.server.console._ROWS", 2)
    other = Client(console.server)
    for _ in range(6):
        other.jar.clear()
        other.sign_in(ENVIRONMENT)
    listed = [s["session_id"] for s in other.control("GET", "sessions")["sessions"]]
    # One that is over, between two that are not, takes no row.
    csrf = get(console, SESSIONS).field("csrf")
    end = f"/admin/live-sessions/{listed[2]}/end"
    console.post(console.url(ENVIRONMENT, end), {"csrf": csrf})
    shown: list[list[str]] = []
    path = "/admin/live-sessions"
    while True:
        text = get(console, path).text
        shown.append(re.findall(r'aria-label="End the session ([^"]+)"', text))
        following = re.search(r'href="([^"]+)">Next page<', text)
        if following is None:
            break
        path = following[1]
    assert shown == [[listed[0], listed[1]], [listed[3], listed[4]], [listed[5]]]
    assert "First page" in text
    assert get(console, "/admin/live-sessions?from=nonsense").text.count("End the session") == 2
    assert "No more sessions" in get(console, "/admin/live-sessions?from=99").text
