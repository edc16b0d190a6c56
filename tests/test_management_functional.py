"""The management API as a client of it sees it."""

import pytest

from harness.clock import Clock
from harness.policy import Environment, Persistence, Plan, Policy
from harness.server.running import MockServer
from harness.settings import Activity, PolicyChange, Settings
from tests.client import Answer, Client
from tests.oauth import authorize, refresh, sso_cookie, tokens


def patch(client: Client, environment: str, body: object, **headers: str) -> Answer:
    url = client.url(environment, f"/api/v1/organizations/{environment}/sessions")
    return client.json("PATCH", url, body, headers=headers)


def bearer(client: Client, environment: str = "org_persistent", **changes: str) -> str:
    return f"Bearer {client.admin_token(environment, **changes).json['access_token']}"


def test_the_override_can_be_changed_at_run_time(client: Client, clock: Clock) -> None:
    token = bearer(client)
    answer = patch(
        client,
        "org_persistent",
        {"sso_session_persistence_mode": "non_persistent", "authenticated_session_lifetime": 60,
         "is_use_org_authenticated_session_lifetime": True, "unknown": 1},
        Authorization=token,
    )
    assert (answer.status, answer.json) == (200, {"code": "OK", "message": "Success"})
    assert "Max-Age" not in sso_cookie(client.sign_in("org_persistent"))
    clock.advance(60)
    assert client.peek("org_persistent")["end_reason"] == "inactive"
    patch(client, "org_persistent", {"is_use_org_sso_session_policy": False}, Authorization=token)
    patch(
        client, "org_persistent", {"sso_session_persistence_mode": "persistent"},
        Authorization=token,
    )
    assert "Max-Age" not in sso_cookie(client.sign_in("org_persistent"))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"sso_session_persistence_mode": "non-persistent"}, '"persistent" or "non_persistent"'),
        ({"authenticated_session_lifetime": 0}, "at least 1"),
        ({"authenticated_session_lifetime": "60"}, "whole number"),
        ({"is_use_org_sso_session_policy": "yes"}, "true or false"),
        ([], "JSON object"),
    ],
)
def test_settings_that_are_refused(client: Client, body: object, said: str) -> None:
    answer = patch(client, "org_persistent", body, Authorization=bearer(client))
    assert answer.status == 400
    assert said in answer.json["errors"][0]["message"]


def test_who_may_not_change_settings(client: Client, clock: Clock) -> None:
    body = {"is_use_org_sso_session_policy": True}
    old = bearer(client)
    reader = bearer(client, scope="read:organizations")
    for token in ("", "Bearer nonsense", bearer(client, "persistent"), reader):
        answer = patch(client, "org_persistent", body, Authorization=token)
        assert answer.status == 403
        assert set(answer.json["errors"][0]) == {"code", "message"}
    clock.advance(86_400)
    assert patch(client, "org_persistent", body, Authorization=old).status == 403
    url = client.url("org_persistent", "/api/v1/organizations/nowhere/sessions")
    answer = client.json("PATCH", url, body, headers={"Authorization": bearer(client)})
    assert answer.status == 404


def user_sessions(client: Client, method: str = "GET", environment: str = "persistent") -> Answer:
    user = client.server.site.tenants[environment].people.first.id
    url = client.url(environment, f"/api/v1/users/{user}/sessions")
    return client.request(method, url, headers={"Authorization": bearer(client, environment)})


def test_the_session_outlives_the_cookie(client: Client) -> None:
    client.sign_in("persistent")
    client.jar.clear()
    (session,) = user_sessions(client).json["sessions"]
    assert session["org_code"] == "org_persistent"
    assert session["client_id"] == "demo_persistent"
    assert session["session_id"].startswith("session_0x")
    assert session["initial_ip_address"] == "127.0.0.1"


def test_what_the_api_shows_is_no_cookie(client: Client) -> None:
    cookie = sso_cookie(client.sign_in("persistent")).partition(";")[0].partition("=")[2]
    assert cookie not in user_sessions(client).text
    assert cookie not in str(client.control("GET", "sessions"))
    assert cookie not in str(client.control("GET", "exchanges"))


def test_deleting_a_users_sessions_ends_them_and_their_refresh_tokens(client: Client) -> None:
    refresh_token = tokens(client)["refresh_token"]
    assert user_sessions(client, "DELETE").json == {"message": "Success", "code": "OK"}
    assert client.peek("persistent")["end_reason"] == "revoked"
    answer = refresh(client, refresh_token)
    assert (answer.status, answer.json["error"]) == (400, "invalid_grant")
    assert "revoked" in answer.json["error_description"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/api/v1/organizations/nowhere/sessions"),
        ("PATCH", "/api/v1/applications/nothing/tokens"),
        ("GET", "/api/v1/users/nobody/sessions"),
        ("DELETE", "/api/v1/users/nobody/sessions"),
        ("GET", "/api/v1/organization?code=nowhere"),
        ("GET", "/api/v1/nothing"),
    ],
)
def test_what_is_not_there(client: Client, method: str, path: str) -> None:
    headers = {"Authorization": bearer(client, "persistent")}
    answer = client.json(method, client.url("persistent", path), {}, headers=headers)
    assert answer.status == 404
    assert set(answer.json["errors"]) == {"code", "message"}


def change_tokens(client: Client, **body: object) -> Answer:
    url = client.url("persistent", "/api/v1/applications/demo_persistent/tokens")
    headers = {"Authorization": bearer(client, "persistent")}
    return client.json("PATCH", url, body, headers=headers)


def test_an_applications_own_lifetimes(client: Client, clock: Clock) -> None:
    assert change_tokens(client, authenticated_session_lifetime=600).status == 200
    assert "Max-Age=600" in sso_cookie(client.sign_in("persistent"))
    clock.advance(600)
    assert client.peek("persistent")["end_reason"] == "inactive"
    change_tokens(client, access_token_lifetime=60, refresh_token_lifetime=120)
    given = tokens(client)
    assert given["expires_in"] == 60
    clock.advance(120)
    assert "expired" in refresh(client, given["refresh_token"]).json["error_description"]


def test_an_organizations_timeout_goes_before_the_applications(
    client: Client, clock: Clock
) -> None:
    change_tokens(client, authenticated_session_lifetime=600)
    patch_persistent(
        client,
        is_use_org_authenticated_session_lifetime=True,
        authenticated_session_lifetime=60,
    )
    client.sign_in("persistent")
    clock.advance(60)
    assert client.peek("persistent")["end_reason"] == "inactive"


def patch_persistent(client: Client, **body: object) -> Answer:
    url = client.url("persistent", "/api/v1/organizations/org_persistent/sessions")
    headers = {"Authorization": bearer(client, "persistent")}
    return client.json("PATCH", url, body, headers=headers)


@pytest.mark.parametrize(
    ("switch", "value"),
    [
        ("is_use_org_sso_session_policy", {"sso_session_persistence_mode": "non_persistent"}),
        (
            "is_use_org_authenticated_session_lifetime",
            {"authenticated_session_lifetime": 60},
        ),
    ],
)
def test_a_value_without_its_switch_is_stored_and_not_applied(
    client: Client, switch: str, value: dict[str, object]
) -> None:
    tenant = client.server.site.tenants["persistent"]
    before = tenant.effective_policy("org_persistent")
    assert patch_persistent(client, **value).status == 200
    assert tenant.effective_policy("org_persistent") == before
    assert patch_persistent(client, **{switch: True}).status == 200
    after = tenant.effective_policy("org_persistent")
    changed = {
        "is_use_org_sso_session_policy": (after.persistence, after.persistence_from),
        "is_use_org_authenticated_session_lifetime": (
            after.inactivity_timeout, after.inactivity_timeout_from,
        ),
    }
    assert changed[switch] == (*value.values(), "organization")


@pytest.mark.parametrize("plan", list(Plan))
def test_the_plan_gate(clock: Clock, plan: Plan) -> None:
    policy = Policy(persistence=Persistence.PERSISTENT)
    environment = Environment(name="persistent", policy=policy, plan=plan)
    with MockServer([environment], clock=clock) as server:
        answer = patch_persistent(Client(server), is_use_org_sso_session_policy=True)
    if plan in (Plan.SCALE, Plan.ENTERPRISE):
        assert answer.status == 200
    else:
        assert answer.status == 403
        assert answer.json["errors"][0]["code"] == "PLAN_UPGRADE_REQUIRED"


def policy_changed(clock: Clock, change: PolicyChange) -> tuple[dict[str, object], str, str]:
    """What becomes of a persistent session whose policy is made non-persistent: its state, the
    cookie of its next activity, the cookie of the next sign-in."""
    with MockServer(clock=clock, settings=Settings(policy_change=change)) as server:
        client = Client(server)
        client.sign_in("persistent")
        patch_persistent(
            client,
            is_use_org_sso_session_policy=True,
            sso_session_persistence_mode="non_persistent",
        )
        state = client.peek("persistent")
        answer = authorize(client, "persistent", prompt="none")
        active = next((c for c in answer.cookies if c.startswith("sso_session=")), "")
        anew = client.submit("persistent", authorize(client, prompt="login"))
        return state, active, sso_cookie(anew)


def test_a_changed_policy_waits_for_the_next_sign_in(clock: Clock) -> None:
    state, active, anew = policy_changed(clock, PolicyChange.NEXT_SIGN_IN)
    assert state["signed_in"] is True
    assert "Max-Age" in active
    assert "Max-Age" not in anew


def test_a_changed_policy_holds_from_the_next_activity(clock: Clock) -> None:
    state, active, anew = policy_changed(clock, PolicyChange.NEXT_ACTIVITY)
    assert state["signed_in"] is True
    assert active
    assert "Max-Age" not in active
    assert "Max-Age" not in anew


def test_a_changed_policy_ends_sessions(clock: Clock) -> None:
    state, active, anew = policy_changed(clock, PolicyChange.END_SESSIONS)
    assert state["end_reason"] == "policy_changed"
    assert not active
    assert "Max-Age" not in anew


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("kind", list(Activity))
def test_what_counts_as_activity_is_what_the_settings_say(
    clock: Clock, kind: Activity, counts: bool
) -> None:
    settings = Settings(activity=frozenset({kind} if counts else set(Activity) - {kind}))
    with MockServer(clock=clock, settings=settings) as server:
        client = Client(server)
        given = tokens(client)
        clock.advance(100)
        act(client, kind, given)
        assert client.peek("persistent")["idle"] == (0 if counts else 100)


def act(client: Client, kind: Activity, given: dict[str, str]) -> None:
    if kind is Activity.SIGN_IN:
        authorize(client, "persistent", prompt="none")
    elif kind is Activity.REFRESH:
        assert refresh(client, given["refresh_token"]).status == 200
    elif kind is Activity.USER_PROFILE:
        url = client.url("persistent", "/oauth2/v2/user_profile")
        headers = {"Authorization": f"Bearer {given['access_token']}"}
        assert client.get(url, headers=headers).status == 200
    elif kind is Activity.INTROSPECTION:
        url = client.url("persistent", "/oauth2/introspect")
        headers = {"Authorization": bearer(client, "persistent")}
        answer = client.post(url, {"token": given["access_token"]}, headers=headers)
        assert answer.json["active"] is True
    else:
        assert user_sessions(client).status == 200


def test_by_default_sign_in_and_refresh_count_and_the_rest_does_not(
    client: Client, clock: Clock
) -> None:
    given = tokens(client)
    idle = []
    for kind in Activity:
        clock.advance(10)
        act(client, kind, given)
        idle.append((kind, client.peek("persistent")["idle"]))
    assert dict(idle) == {
        Activity.SIGN_IN: 0,
        Activity.REFRESH: 0,
        Activity.USER_PROFILE: 10,
        Activity.INTROSPECTION: 20,
        Activity.MANAGEMENT: 30,
    }


def test_page_views_of_the_application_are_no_activity(client: Client, clock: Clock) -> None:
    client.sign_in("persistent")
    clock.advance(100)
    assert client.get(client.url("persistent", "/", "app")).status == 200
    assert client.peek("persistent")["idle"] == 100
