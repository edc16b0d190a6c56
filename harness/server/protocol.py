"""What the OAuth endpoints share: errors, client authentication, bearer tokens, answers."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from aiohttp import web

from harness.policy import Application
from harness.server.sessions import UserAgent
from harness.server.tenants import Tenant
from harness.server.tokens import TokenError

__all__ = [
    "OAuthError",
    "access_claims",
    "answer",
    "authenticate",
    "base_of",
    "bearer",
    "form_of",
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
        headers = {"WWW-Authenticate": "Basic"} if self.status == 401 else {}
        body = {"error": self.error, "error_description": str(self)}
        return answer(body, self.status, headers)


def with_query(url: str, values: Mapping[str, str | None]) -> str:
    """The address with values added to its query; those that are None are left out."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    query += [(name, value) for name, value in values.items() if value is not None]
    return urlunsplit(parts._replace(query=urlencode(query)))


def base_of(request: web.Request, tenant: Tenant) -> str:
    """The address the request came to, without a last slash: the issuer of what it gets."""
    base = f"{urlsplit(tenant.issuer).scheme}://{request.host}"
    return base if base in tenant.bases else tenant.issuer


def user_agent(request: web.Request) -> UserAgent:
    """Who sent the request."""
    return UserAgent(
        ip_address=request.remote or "", name=request.headers.get("User-Agent", "")[:500]
    )


async def form_of(request: web.Request) -> dict[str, str]:
    """The fields of a form, without files."""
    return {k: v for k, v in (await request.post()).items() if isinstance(v, str)}


def authenticate(
    request: web.Request, tenant: Tenant, values: Mapping[str, str]
) -> Application:
    """The client of a request, by `client_secret_post` or `client_secret_basic`; one without a
    secret only names itself. Raise OAuthError (`invalid_client`, 401)."""
    client_id, secret = values.get("client_id", ""), values.get("client_secret", "")
    header = request.headers.get("Authorization", "")
    if header.lower().startswith("basic "):
        try:
            decoded = base64.b64decode(header[6:], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise OAuthError("invalid_client", "bad Authorization header", 401) from None
        client_id, _, secret = (unquote(part) for part in decoded.partition(":"))
    client = tenant.applications.get(client_id)
    if client is None:
        raise OAuthError("invalid_client", "unknown client or wrong secret", 401)
    if client.secret is not None and not hmac.compare_digest(
        client.secret.encode(), secret.encode()
    ):
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
    if tenant.grants.is_revoked(claims.get("jti")):
        raise TokenError("the token has been revoked")
    return claims


def answer(
    body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """JSON that no cache keeps (RFC 6749 section 5.1)."""
    kept = {"Cache-Control": "no-store", "Pragma": "no-cache", **(headers or {})}
    return web.json_response(body, status=status, headers=kept)
