"""What the OAuth endpoints share: errors, client authentication, bearer tokens, answers."""

import base64
import hmac
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote_plus, urlencode, urlsplit, urlunsplit

from aiohttp import web

from harness.policy import Application
from harness.server.incoming import pairs_of
from harness.server.sessions import UserAgent
from harness.server.tenants import Tenant
from harness.server.tokens import TokenError

__all__ = [
    "OAuthError",
    "Parameters",
    "access_claims",
    "answer",
    "authenticate",
    "base_of",
    "bearer",
    "hinted",
    "parameters_of",
    "same",
    "user_agent",
    "with_query",
]


class OAuthError(Exception):
    """An error in the terms of RFC 6749, sections 4.1.2.1 and 5.2."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.status = status

    def response(self) -> web.Response:
        """The error as an endpoint answers it that no browser is redirected from."""
        headers = {"WWW-Authenticate": 'Basic realm="oauth2"'} if self.status == 401 else {}
        body = {"error": self.error, "error_description": str(self)}
        return answer(body, self.status, headers)


class Parameters(dict[str, str]):
    """The parameters of an OAuth request by name, without those that have no value: such a one is
    as if omitted, and none may be given twice (RFC 6749 sections 3.1 and 3.2). `audience` alone may
    be, as Kinde's clients do; its values are joined by blanks."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        given = [(name, value) for name, value in pairs if value.strip()]
        super().__init__(given)
        audiences = " ".join(value for name, value in given if name == "audience")
        if audiences:
            self["audience"] = audiences
        self.repeated = frozenset[str]()
        if len(self) < len(given):
            counted = Counter(name for name, _ in given if name != "audience")
            self.repeated = frozenset(name for name, count in counted.items() if count > 1)

    def refuse_repeated(self) -> None:
        """Raise OAuthError if one was given twice."""
        if self.repeated:
            raise OAuthError("invalid_request", f"{min(self.repeated)} is given more than once")


async def parameters_of(request: web.Request) -> Parameters:
    """What a request gives: in its query, or in its form if it is a POST."""
    return Parameters(
        await pairs_of(request) if request.method == "POST" else request.query.items()
    )


def with_query(url: str, values: Mapping[str, str | None]) -> str:
    """The address with values added to its query, which stays as it is (RFC 6749 section 3.1.2);
    those that are None are left out."""
    added = urlencode({name: value for name, value in values.items() if value is not None})
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, added) if part)
    return urlunsplit(parts._replace(query=query))


def same(one: str, other: str) -> bool:
    """Whether two secrets are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))


def base_of(request: web.Request, tenant: Tenant) -> str:
    """The address the request came to, without a last slash: the issuer of what it gets."""
    base = f"{urlsplit(tenant.issuer).scheme}://{request.host}"
    return base if base in tenant.bases else tenant.issuer


def user_agent(request: web.Request) -> UserAgent:
    """Who sent the request."""
    return UserAgent(
        ip_address=request.remote or "", name=request.headers.get("User-Agent", "")[:500]
    )


def authenticate(request: web.Request, tenant: Tenant, parameters: Parameters) -> Application:
    """The client of a request, by `client_secret_post` or `client_secret_basic`; one without a
    secret only names itself. Raise OAuthError (`invalid_client`, 401; `invalid_request` for both
    ways at once, RFC 6749 section 2.3)."""
    parameters.refuse_repeated()
    client_id, secret = parameters.get("client_id", ""), parameters.get("client_secret", "")
    header = request.headers.get("Authorization", "")
    if header.lower().startswith("basic "):
        if secret:
            raise OAuthError("invalid_request", "the client authenticates in two ways")
        named = client_id
        try:
            decoded = base64.b64decode(header[6:], validate=True).decode()
        except ValueError:
            raise OAuthError("invalid_client", "bad Authorization header", 401) from None
        # Both are form-encoded before they are joined (section 2.3.1).
        client_id, _, secret = (unquote_plus(part) for part in decoded.partition(":"))
        if named not in ("", client_id):
            raise OAuthError("invalid_request", "client_id is not the one that authenticates")
    client = tenant.applications.get(client_id)
    if client is None:
        raise OAuthError("invalid_client", "unknown client or wrong secret", 401)
    if client.secret is not None and not same(client.secret, secret):
        raise OAuthError("invalid_client", "unknown client or wrong secret", 401)
    return client


def bearer(request: web.Request, tenant: Tenant) -> dict[str, Any]:
    """The claims of the request's bearer token; raise TokenError with what is wrong with it."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise TokenError("a bearer token is needed")
    return access_claims(token.strip(), tenant)


def access_claims(token: str, tenant: Tenant) -> dict[str, Any]:
    """The claims of an access token; raise TokenError for any other, one taken back, or
    one of an application that has left the configuration."""
    claims = tenant.key.verify(token, issuers=tenant.bases, now=tenant.clock.now())
    if "scp" not in claims:
        raise TokenError("this is no access token")
    if claims.get("azp") not in tenant.applications:
        raise TokenError("the application is not registered any more")
    if tenant.grants.is_revoked(str(claims.get("jti"))):
        raise TokenError("the token has been revoked")
    return claims


def hinted(tenant: Tenant, token: str) -> dict[str, Any]:
    """The claims of an `id_token_hint`, an ID token that may have expired (OpenID Connect Core 1.0
    section 3.1.2.1); raise OAuthError for anything else."""
    try:
        claims = tenant.key.verify(token, issuers=tenant.bases, now=None)
    except TokenError:
        claims = {}
    if "auth_time" not in claims:
        raise OAuthError("invalid_request", "The id_token_hint is no ID token of this server")
    return claims


def answer(
    body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """JSON that no cache keeps (RFC 6749 section 5.1)."""
    kept = {"Cache-Control": "no-store", "Pragma": "no-cache", **(headers or {})}
    return web.json_response(body, status=status, headers=kept)
