"""What an attacker might try; `docs/threat-model.md` lists it. What the console and the sign-in
page withstand (CSRF, fixation) is also in their own tests."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from harness.clock import Clock
from harness.server.running import MockServer
from tests.client import Answer, Client, secret
from tests.clients.conftest import CALLBACK, ENVIRONMENTS, SECRET
from tests.oauth import authorize, callback, code, exchange

ORGANIZATION = "/api/v1/organization"


def organization(client: Client, token: str, environment: str = "persistent") -> int:
    url = client.url(environment, ORGANIZATION)
    return client.get(url, headers={"Authorization": f"Bearer {token}"}).status


def claims(client: Client, **changes: object) -> dict[str, Any]:
    """Those of a good token for the management API."""
    base = client.url("persistent")
    now = int(client.server.site.clock.now())
    return {
        "iss": base,
        "aud": [f"{base}/api"],
        "azp": "admin_persistent",
        "gty": ["client_credentials"],
        "scp": ["read:organizations"],
        "iat": now,
        "exp": now + 3600,
        "jti": "x",
        **changes,
    }


def own(client: Client, **changes: object) -> str:
    """A token with these claims, signed by the server's own key."""
    key = client.server.site.key
    return key.sign(claims(client, **changes), now=client.server.site.clock.now(), lifetime=60)


def unsigned(client: Client, algorithm: str) -> str:
    parts = [{"alg": algorithm, "typ": "JWT"}, claims(client)]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in parts]
    return ".".join([*(part.rstrip(b"=").decode() for part in encoded), ""])


def test_the_token_that_the_others_are_forged_from_is_good(client: Client) -> None:
    client.get(client.url("persistent", "/.well-known/jwks"))
    assert organization(client, own(client)) == 200


def test_forged_tokens(client: Client) -> None:
    client.get(client.url("persistent", "/.well-known/jwks"))
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kid = client.server.site.key.key.kid
    header = {"kid": kid}
    public = client.server.site.key.key.as_pem(private=False)
    # PyJWT refuses to sign with a public key, so the confusion of RS256 and HS256 is by hand.
    body = unsigned(client, "HS256").rstrip(".")
    mac = hmac.new(public, body.encode(), hashlib.sha256).digest()
    confused = f"{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    forged = {
        "none": unsigned(client, "none"),
        "None": unsigned(client, "None"),
        "another key": jwt.encode(claims(client), stranger, "RS256", headers=header),
        "a key in the header": jwt.encode(
            claims(client), stranger, "RS256",
            headers={"jwk": json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(stranger.public_key()))},
        ),
        "HS256 with the public key": confused,
        "another environment's": own(client, iss=client.url("non_persistent")),
        "not for this API": own(client, aud=["https://elsewhere.example/api"]),
        "a user's, with a scope it asked for": own(client, gty=None),
        "without the scope": own(client, scp=["read:users"]),
        "cut short": own(client)[:-8],
        "nonsense": "a.b.c",
        "empty": "",
    }
    assert {name: organization(client, token) for name, token in forged.items()} == dict.fromkeys(
        forged, 403
    )


def test_an_expired_token(client: Client, clock: Clock) -> None:
    token = client.admin_token("persistent").json["access_token"]
    assert organization(client, token) == 200
    clock.advance(86_400)
    assert organization(client, token) == 403


def test_another_environments_token(client: Client) -> None:
    token = client.admin_token("non_persistent").json["access_token"]
    assert organization(client, token, "non_persistent") == 200
    assert organization(client, token) == 403


def test_a_person_cannot_get_management_scopes_by_asking(client: Client) -> None:
    audience = f"{client.url('persistent')}/api"
    value = code(client, scope="openid read:organizations", audience=audience)
    token = exchange(client, value).json["access_token"]
    assert organization(client, token) == 403


@pytest.mark.parametrize(
    "target",
    [
        "http://evil.example/",
        "//evil.example/",
        "http://persistent.app.localhost.evil.example/callback",
        "javascript:alert(1)",
        "{app}/callback/../elsewhere",
        "{app}/callback?x=1",
        "{app}@evil.example/callback",
    ],
)
def test_no_redirect_to_what_is_not_registered(client: Client, target: str) -> None:
    url = target.format(app=client.url("persistent", "", "app"))
    answer = authorize(client, redirect_uri=url)
    assert (answer.status, answer.header("Location")) == (400, None)
    client.sign_in("persistent")
    for name in ("redirect", "redirect_uri", "post_logout_redirect_uri"):
        query = urlencode({name: url})
        answer = client.get(client.url("persistent", f"/logout?{query}"))
        assert (answer.status, answer.header("Location")) == (400, None)
    assert client.peek("persistent")["signed_in"] is True


@pytest.mark.parametrize(
    "target",
    [
        "http://evil.example/",
        "//evil.example",
        "http://evil.example/.app.localhost:{port}",
        "http://x.app.localhost:{port}@evil.example/",
        "http://evil.example\\.app.localhost:{port}/",
        "http://[.app.localhost:{port}",
        "javascript:alert(1)",
        # Not to be had in a header.
        "http://persistent.app.localhost:{port}/\0",
        "http://persistent.app.localhost:{port}/\r\nX-Injected: 1",
    ],
)
def test_the_demo_application_sends_nobody_elsewhere(client: Client, target: str) -> None:
    port = client.server.url.rpartition(":")[2]
    asked = urlencode({"return_to": target.format(port=port)})
    page = client.get(client.url("persistent", f"/?{asked}", "app"))
    assert page.status == 200
    assert "location.replace" not in page.text
    client.get(client.url("persistent", f"/login?{asked}", "app"))
    form = client.follow(client.url("persistent", f"/login?{asked}", "app"))
    location = client.submit("persistent", form).header("Location")
    assert location is not None
    assert client.get(location).header("Location") == client.url("persistent", "/", "app")


def test_a_code_is_of_no_use_to_another_client(client: Client) -> None:
    value = code(client)
    thief = {"client_id": "admin_persistent", "client_secret": secret("admin_persistent")}
    answer = exchange(client, value, **thief)
    assert answer.json["error"] == "invalid_grant"
    assert exchange(client, value).status == 200


def test_a_code_of_another_environment(client: Client) -> None:
    value = code(client, "non_persistent")
    assert exchange(client, value).json["error"] == "invalid_grant"


def test_a_stolen_code_does_not_verify(client: Client) -> None:
    value = code(client)
    assert exchange(client, value, code_verifier="x" * 43).json["error"] == "invalid_grant"
    without_pkce = code(client, code_challenge=None, code_challenge_method=None)
    assert exchange(client, without_pkce).json["error"] == "invalid_grant"


def test_a_public_client_must_use_pkce() -> None:
    with MockServer(ENVIRONMENTS) as server:
        client = Client(server)
        query = {
            "client_id": "spa",
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "state": "s",
        }
        answer = client.get(f"{server.url}/oauth2/auth?{urlencode(query)}")
        assert callback(answer)["error"] == "invalid_request"
        secretless = client.post(
            f"{server.url}/oauth2/token",
            {"grant_type": "client_credentials", "client_id": "spa"},
        )
        assert secretless.json["error"] == "unauthorized_client"
        guess = client.post(
            f"{server.url}/oauth2/token",
            {"grant_type": "client_credentials", "client_id": "m2m", "client_secret": SECRET[:-1]},
        )
        assert (guess.status, guess.json["error"]) == (401, "invalid_client")


def test_the_callback_of_the_application_is_bound_to_the_browser(client: Client) -> None:
    form = client.follow(client.url("persistent", "/login", "app"))
    location = client.submit("persistent", form).header("Location")
    assert location is not None
    victim = Client(client.server)
    assert victim.get(location).status == 400
    assert client.get(location).status == 302
    assert client.get(location).status == 400


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_pages_cannot_call_the_control_api(client: Client, site: str) -> None:
    client.sign_in("persistent")
    for method, path in (("POST", "reset"), ("DELETE", "sessions"), ("GET", "environments")):
        answer = client.request(
            method, f"{client.server.url}/_afterclose/{path}", headers={"Sec-Fetch-Site": site}
        )
        assert answer.status == 403
    assert client.peek("persistent")["signed_in"] is True


def test_a_rebound_name_reaches_nothing(client: Client) -> None:
    for path in ("/_afterclose/environments", "/oauth2/auth", "/admin/sign-in", "/login"):
        answer = client.get(
            f"{client.server.url}{path}", headers={"Host": "rebound.evil.example"}
        )
        assert answer.status == 404, path


def test_every_page_forbids_framing_and_scripts(client: Client) -> None:
    pages = [
        authorize(client),
        authorize(client, prompt="create"),
        authorize(client, redirect_uri="http://evil.example"),
        client.get(client.url("persistent", "/admin/sign-in")),
        client.get(client.url("persistent", "/logout")),
        client.get(client.url("persistent", "/nothing")),
    ]
    for page in pages:
        assert page.header("X-Frame-Options") == "DENY"
        assert "frame-ancestors 'none'" in (page.header("Content-Security-Policy") or "")
        assert "script-src" not in (page.header("Content-Security-Policy") or "")
        assert page.header("X-Content-Type-Options") == "nosniff"
        assert page.header("Cache-Control") == "no-store"
    home, refused = (client.get(client.url("persistent", p, "app")) for p in ("/", "/callback"))
    site = f"*.app.localhost:{urlsplit(client.server.url).port}"
    framing = f"frame-ancestors http://{site} https://{site}"
    assert home.header("Content-Security-Policy") == framing
    assert refused.header("Content-Security-Policy") == "frame-ancestors 'none'"


@pytest.mark.parametrize("name", ["beside", "return_to"])
def test_an_application_shows_and_goes_to_its_own_site_alone(client: Client, name: str) -> None:
    for address in ("http://evil.example/", "//evil.example/", "javascript:alert(1)"):
        query = urlencode([(name, client.url("non_persistent", "/", "app")), (name, address)])
        page = client.get(client.url("persistent", f"/?{query}", "app"))
        assert page.status == 200
        assert "iframe" not in page.text
        assert "location.replace" not in page.text
    fine = urlencode({name: client.url("non_persistent", "/", "app")})
    page = client.get(client.url("persistent", f"/?{fine}", "app"))
    assert ("iframe" in page.text, "location.replace" in page.text) == (
        name == "beside", name == "return_to"
    )  # fmt: skip


def test_a_page_that_goes_on_goes_to_its_own_site_alone(client: Client) -> None:
    def onward(*addresses: str) -> Answer:
        query = urlencode([("return_to", address) for address in addresses])
        return client.get(client.url("persistent", f"/onward?{query}", "app"))

    here = client.url("non_persistent", "/", "app")
    for addresses in ((), ("http://evil.example/",), (here, "http://evil.example/")):
        assert onward(*addresses).status == 404
    assert f'location.replace("{here}")' in onward(here).text


def test_what_people_type_is_escaped(client: Client) -> None:
    script = "<script>alert(1)</script>"
    assert script not in authorize(client, login_hint=script).text
    assert script not in authorize(client, is_create_org="true", org_name=script).text
    page = authorize(client)
    form = {"login": page.field("login"), "csrf": page.field("csrf"), "email": script}
    assert script not in client.post(client.url("persistent", "/sign-in"), form).text
    client.sign_in("persistent")
    evil = {"User-Agent": script}
    answer = client.get(client.url("persistent", "/admin/sign-in"), headers=evil)
    assert script not in answer.text


def test_a_wrong_password_and_an_unknown_address_look_the_same(client: Client) -> None:
    page = authorize(client)
    said = []
    for email in ("ada@example.com", "nobody@example.com"):
        form = {"login": page.field("login"), "csrf": page.field("csrf")}
        page = client.post(
            client.url("persistent", "/sign-in"), {**form, "email": email, "password": "x"}
        )
        said.append((page.status, "Email or password is wrong." in page.text))
    assert said == [(401, True)] * 2
