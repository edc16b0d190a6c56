"""kinde-python-sdk: what is changed is the address, nothing else."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from kinde_sdk.auth.oauth import OAuth
from kinde_sdk.management import ApiClient, Configuration
from kinde_sdk.management.api.organizations_api import OrganizationsApi
from kinde_sdk.management.exceptions import BadRequestException, ForbiddenException
from kinde_sdk.management.management_client import ManagementClient
from kinde_sdk.management.management_token_manager import ManagementTokenManager
from kinde_sdk.management.models.update_organization_sessions_request import (
    UpdateOrganizationSessionsRequest,
)

from harness.server.running import MockServer
from tests.client import Client
from tests.clients.conftest import CALLBACK, HOME, SECRET

_T = TypeVar("_T")

# The SDK leaves event loops and sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning",
    "ignore::DeprecationWarning",
)


def run(work: Coroutine[Any, Any, _T]) -> _T:
    return asyncio.run(work)


def oauth(server: MockServer) -> Any:
    return OAuth(
        client_id="web", client_secret=SECRET, redirect_uri=CALLBACK, host=server.url
    )


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_sign_in_code_exchange_profile_and_logout(acme: MockServer) -> None:
    sdk, browser = oauth(acme), Client(acme)
    callback = browser.sign_in_at(run(sdk.login({"scope": "openid profile email offline"})))
    came = query(callback)
    result = run(sdk.handle_redirect(came["code"], "someone", came["state"]))
    assert result["user"]["email"] == "ada@example.com"
    assert result["user"]["given_name"] == "Ada"
    tokens = result["tokens"]
    assert tokens["refresh_token"]
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert claims["iss"] == acme.url
    assert claims["ksp"] == {"persistent": False}
    assert claims["org_code"] == "org_acme"

    manager = sdk._session_manager.get_token_manager("someone")
    refreshed = manager.refresh_access_token()
    assert refreshed
    assert manager.tokens["refresh_token"] != tokens["refresh_token"]

    session = browser.get(f"{acme.url}/_afterclose/peek").json
    assert session["signed_in"] is True
    url = run(sdk.logout("someone", {"post_logout_redirect_uri": HOME, "state": "bye"}))
    answer = browser.get(url)
    assert answer.header("Location") == f"{HOME}?state=bye"
    assert browser.get(f"{acme.url}/_afterclose/peek").json["signed_in"] is False


def test_register_shows_the_page_to_sign_up_at(acme: MockServer) -> None:
    browser = Client(acme)
    page = browser.get(run(oauth(acme).register()))
    assert "Create your account" in page.text


@pytest.fixture
def management(
    acme_tls: MockServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    authority = tmp_path / "ca.pem"
    authority.write_bytes(acme_tls.ca_pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
    ManagementTokenManager.reset_instances()
    return ManagementClient(urlsplit(acme_tls.url).netloc, "m2m", SECRET)


def test_management_client_over_https(management: Any, acme_tls: MockServer) -> None:
    organizations = management.organizations_api
    changed = organizations.update_organization_sessions(
        "org_acme",
        UpdateOrganizationSessionsRequest(
            is_use_org_sso_session_policy=True,
            sso_session_persistence_mode="persistent",
            is_use_org_authenticated_session_lifetime=True,
            authenticated_session_lifetime=7200,
        ),
    )
    assert (changed.code, changed.message) == ("OK", "Success")
    policy = acme_tls.site.tenants["acme"].effective_policy("org_acme")
    assert (policy.persistence, policy.inactivity_timeout) == ("persistent", 7200)

    assert organizations.get_organization(code="org_acme").code == "org_acme"
    listed = organizations.get_organizations(page_size=1)
    assert [o.code for o in listed.organizations] == ["org_acme"]
    following = organizations.get_organizations(page_size=1, next_token=listed.next_token)
    assert [o.code for o in following.organizations] == ["org_other"]
    assert following.next_token is None

    with pytest.raises(BadRequestException):
        organizations.update_organization_sessions(
            "org_acme", UpdateOrganizationSessionsRequest(authenticated_session_lifetime=0)
        )


def test_user_sessions_outlive_the_cookie(management: Any, acme_tls: MockServer) -> None:
    tenant = acme_tls.site.tenants["acme"]
    from harness.server.sessions import UserAgent

    user = tenant.people.first
    session = tenant.sessions.start(
        user_id=user.id,
        org_code="org_acme",
        client_id="web",
        connection_id="conn_password",
        persistence=tenant.policy.persistence,
        now=tenant.clock.now(),
        agent=UserAgent(ip_address="127.0.0.1", name="a browser that was closed"),
    )
    sessions = management.users_api.get_user_sessions(user.id)
    (only,) = sessions.sessions
    assert only.session_id == session.id
    assert only.last_user_agent == "a browser that was closed"
    assert (only.expires_on - only.updated_on).total_seconds() == 86_400
    assert management.users_api.delete_user_sessions(user.id).code == "OK"
    assert management.users_api.get_user_sessions(user.id).sessions == []


def test_application_tokens(management: Any, acme_tls: MockServer) -> None:
    changed = management.applications_api.update_application_tokens(
        "web", {"authenticated_session_lifetime": 600, "access_token_lifetime": 60}
    )
    assert changed.code == "OK"
    policy = acme_tls.site.tenants["acme"].effective_policy("org_acme", "web")
    assert (policy.inactivity_timeout, policy.inactivity_timeout_from) == (600, "application")


def test_validate_by_introspection(management: Any) -> None:
    manager = management.token_manager
    token = manager.get_access_token()
    assert manager.validate_and_set_via_introspection(token)["client_id"] == "m2m"


def test_the_low_level_client_over_http_and_a_token_without_the_scope(acme: MockServer) -> None:
    def token(scope: str) -> str:
        answer = Client(acme).post(
            f"{acme.url}/oauth2/token",
            {
                "grant_type": "client_credentials",
                "client_id": "m2m",
                "client_secret": SECRET,
                "audience": f"{acme.url}/api",
                "scope": scope,
            },
        )
        return str(answer.json["access_token"])

    def api(scope: str) -> Any:
        return OrganizationsApi(
            ApiClient(Configuration(host=acme.url, access_token=token(scope)))
        )

    body = UpdateOrganizationSessionsRequest(sso_session_persistence_mode="persistent")
    assert api("update:organizations").update_organization_sessions("org_acme", body).code == "OK"
    with pytest.raises(ForbiddenException):
        api("read:organizations").update_organization_sessions("org_acme", body)
