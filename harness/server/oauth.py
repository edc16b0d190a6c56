"""OAuth 2 and OpenID Connect: discovery, keys, and the two endpoints that clients talk to.

Contract: Kinde's (`/oauth2/auth`, `/oauth2/token`, both JWKS paths); errors: RFC 6749 sections
4.1.2.1 and 5.2, RFC 7636 section 4.4.1 and OpenID Connect Core section 3.1.2.6.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from aiohttp import web

from harness.server.pages import error_page
from harness.server.sessions import Session
from harness.server.signing_in import SignIn
from harness.server.tenants import CODE_LIFETIME, AuthorizationCode, Client, Tenant
from harness.server.tokens import ACCESS_TOKEN_LIFETIME, ID_TOKEN_LIFETIME

__all__ = ["OAuth"]

_SCOPES = ("address", "email", "offline", "openid", "phone", "profile")


class _OAuthError(Exception):
    """An error in the terms of RFC 6749."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.status = status


def _with_query(url: str, values: Mapping[str, str | None]) -> str:
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    query += [(name, value) for name, value in values.items() if value is not None]
    return urlunsplit(parts._replace(query=urlencode(query)))


class OAuth:
    """The endpoints of section 3 of the Kinde contract that a sign-in needs."""

    def __init__(self, sign_in: SignIn) -> None:
        self._sign_in = sign_in

    async def discovery(self, request: web.Request, tenant: Tenant) -> web.Response:
        """`/.well-known/openid-configuration` (OpenID Connect Discovery 1.0)."""
        base = tenant.issuer
        return web.json_response(
            {
                "issuer": base,
                "authorization_endpoint": f"{base}/oauth2/auth",
                "token_endpoint": f"{base}/oauth2/token",
                "jwks_uri": f"{base}/.well-known/jwks",
                "end_session_endpoint": f"{base}/logout",
                "scopes_supported": _SCOPES,
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code", "client_credentials"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "client_secret_basic",
                ],
                "code_challenge_methods_supported": ["S256"],
                "claims_supported": ["aud", "exp", "iat", "iss", "sub"],
                "prompt_values_supported": ["none", "login"],
                "request_uri_parameter_supported": False,
            }
        )

    async def jwks(self, request: web.Request, tenant: Tenant) -> web.Response:
        """Both of Kinde's paths: `/.well-known/jwks` and `/.well-known/jwks.json`."""
        return web.json_response(tenant.key.jwks())

    async def authorize(self, request: web.Request, tenant: Tenant) -> web.StreamResponse:
        """`/oauth2/auth`: a code at once for whoever is signed in, else the sign-in page.

        Counts as activity of the session.
        """
        query = request.query
        client = tenant.clients.get(query.get("client_id", ""))
        if client is None or not client.redirect_uris:
            return error_page("No application is registered under this client_id.")
        redirect_uri = query.get("redirect_uri", "")
        if redirect_uri not in client.redirect_uris:
            return error_page("This redirect_uri is not registered for the application.")
        try:
            login = self._checked(request, tenant, client, redirect_uri)
        except _OAuthError as error:
            values = {"error": error.error, "error_description": str(error)}
            raise web.HTTPFound(
                _with_query(redirect_uri, {**values, "state": query.get("state")})
            ) from None
        session = self._sign_in.current(request, tenant)
        prompt = query.get("prompt", "").split()
        if session is not None and session.org_code == login.org_code and "login" not in prompt:
            response = web.Response(status=302, headers={"Cache-Control": "no-store"})
            self._sign_in.touch(tenant, session, response)
            response.headers["Location"] = self._callback(tenant, login, session)
            return response
        if "none" in prompt:
            values = {
                "error": "login_required",
                "error_description": "User authentication is required",
            }
            raise web.HTTPFound(_with_query(redirect_uri, {**values, "state": login.state}))
        return self._sign_in.show(request, tenant, login)

    async def sign_in(self, request: web.Request, tenant: Tenant) -> web.StreamResponse:
        """`POST /sign-in`: the form's answer; on success back to the application with a code."""
        outcome = await self._sign_in.submit(request, tenant)
        if isinstance(outcome, web.Response):
            return outcome
        login, session = outcome
        response = web.Response(
            status=303,
            headers={
                "Location": self._callback(tenant, login, session),
                "Cache-Control": "no-store",
            },
        )
        self._sign_in.complete(tenant, session, response)
        return response

    async def token(self, request: web.Request, tenant: Tenant) -> web.Response:
        """`POST /oauth2/token`: exchange a code, or client credentials, for tokens."""
        try:
            form = await request.post()
            values = {name: value for name, value in form.items() if isinstance(value, str)}
            client = _authenticate(request, tenant, values)
            grant = values.get("grant_type")
            if grant == "authorization_code":
                body = self._exchange_code(tenant, client, values)
            elif grant == "client_credentials":
                body = _client_credentials(tenant, client, values)
            elif grant is None:
                raise _OAuthError("invalid_request", "grant_type is missing")
            else:
                raise _OAuthError(
                    "unsupported_grant_type", "use authorization_code or client_credentials"
                )
        except _OAuthError as error:
            headers = {"WWW-Authenticate": "Basic"} if error.status == 401 else {}
            return _uncached(
                {"error": error.error, "error_description": str(error)}, error.status, headers
            )
        return _uncached(body, 200, {})

    async def logout(self, request: web.Request, tenant: Tenant) -> web.StreamResponse:
        """`GET /logout`: end the session and go where the application asked, if registered."""
        target = request.query.get("redirect")
        registered = {uri for client in tenant.clients.values() for uri in client.logout_uris}
        if target is not None and target not in registered:
            return error_page("This logout redirect is not registered for any application.")
        return self._sign_in.end(request, tenant, target)

    def _checked(
        self, request: web.Request, tenant: Tenant, client: Client, redirect_uri: str
    ) -> "SignIn.Login":
        query = request.query
        if query.get("response_type") != "code":
            raise _OAuthError("unsupported_response_type", "response_type must be code")
        challenge = query.get("code_challenge")
        if challenge is None:
            raise _OAuthError("invalid_request", "code_challenge is missing (PKCE)")
        if query.get("code_challenge_method") != "S256":
            raise _OAuthError("invalid_request", "code_challenge_method must be S256")
        prompt = set(query.get("prompt", "").split())
        if not prompt <= {"none", "login"} or len(prompt) > 1:
            raise _OAuthError("invalid_request", "prompt must be none or login")
        org_code = query.get("org_code", tenant.organization.code)
        if org_code not in tenant.overrides:
            raise _OAuthError("invalid_request", "org_code names no organization")
        return SignIn.Login(
            client_id=client.id,
            redirect_uri=redirect_uri,
            scope=query.get("scope", "openid"),
            state=query.get("state"),
            nonce=query.get("nonce"),
            challenge=challenge,
            org_code=org_code,
        )

    def _callback(self, tenant: Tenant, login: "SignIn.Login", session: Session) -> str:
        code = tenant.issue_code(
            AuthorizationCode(
                client_id=login.client_id,
                redirect_uri=login.redirect_uri,
                scope=login.scope,
                nonce=login.nonce,
                challenge=login.challenge,
                session_id=session.id,
                expires=tenant.clock.now() + CODE_LIFETIME,
            )
        )
        values = {"code": code, "state": login.state, "scope": login.scope}
        return _with_query(login.redirect_uri, values)

    def _exchange_code(
        self, tenant: Tenant, client: Client, values: Mapping[str, str]
    ) -> dict[str, Any]:
        code = tenant.codes.get(values.get("code", ""))
        if code is None or code.client_id != client.id:
            raise _OAuthError("invalid_grant", "the code was not issued to this client")
        if code.used:
            raise _OAuthError("invalid_grant", "the code has been used already")
        code.used = True
        if tenant.clock.now() >= code.expires:
            raise _OAuthError("invalid_grant", "the code has expired")
        if values.get("redirect_uri") != code.redirect_uri:
            raise _OAuthError("invalid_grant", "redirect_uri is not the one of the request")
        if not _verifies(values.get("code_verifier", ""), code.challenge):
            raise _OAuthError("invalid_grant", "code_verifier does not match the challenge")
        session = tenant.sessions.get(code.session_id)
        if session is None or tenant.end_reason(session) is not None:
            raise _OAuthError("invalid_grant", "the session is over")
        return _user_tokens(tenant, code, session)


def _verifies(verifier: str, challenge: str | None) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    computed = base64.urlsafe_b64encode(digest).rstrip(b"=")
    return hmac.compare_digest(computed, (challenge or "").encode())


def _user_tokens(tenant: Tenant, code: AuthorizationCode, session: Session) -> dict[str, Any]:
    now = tenant.clock.now()
    user = tenant.user
    common = {"iss": tenant.issuer, "azp": code.client_id, "sub": user.id}
    access_token = tenant.key.sign(
        {
            **common,
            "aud": [],
            "scp": code.scope.split(),
            "org_code": session.org_code,
            "permissions": [],
            "feature_flags": {},
            # Undocumented, but what Kinde's own SDKs read: kinde-typescript-sdk, token-utils.ts.
            "ksp": {"persistent": session.persistence == "persistent"},
        },
        now=now,
        lifetime=ACCESS_TOKEN_LIFETIME,
    )
    id_claims: dict[str, Any] = {
        **common,
        "aud": [code.client_id],
        "auth_time": int(session.started),
        "email": user.email,
        "given_name": user.given_name,
        "family_name": user.family_name,
        "org_codes": [session.org_code],
    }
    if code.nonce is not None:
        id_claims["nonce"] = code.nonce
    return {
        "access_token": access_token,
        "id_token": tenant.key.sign(id_claims, now=now, lifetime=ID_TOKEN_LIFETIME),
        "token_type": "bearer",
        "expires_in": ACCESS_TOKEN_LIFETIME,
        "scope": code.scope,
    }


def _client_credentials(
    tenant: Tenant, client: Client, values: Mapping[str, str]
) -> dict[str, Any]:
    if not client.scopes:
        raise _OAuthError("unauthorized_client", "this application acts for users only")
    if values.get("audience", tenant.api_audience) != tenant.api_audience:
        raise _OAuthError("invalid_request", f"audience must be {tenant.api_audience}")
    asked = values.get("scope", " ".join(client.scopes)).split()
    if not set(asked) <= set(client.scopes):
        raise _OAuthError("invalid_scope", f"allowed: {' '.join(client.scopes)}")
    token = tenant.key.sign(
        {
            "iss": tenant.issuer,
            "azp": client.id,
            "aud": [tenant.api_audience],
            "scp": asked,
            "scope": " ".join(asked),
            "gty": ["client_credentials"],
        },
        now=tenant.clock.now(),
        lifetime=ACCESS_TOKEN_LIFETIME,
    )
    return {
        "access_token": token,
        "token_type": "bearer",
        "expires_in": ACCESS_TOKEN_LIFETIME,
        "scope": " ".join(asked),
    }


def _authenticate(request: web.Request, tenant: Tenant, values: Mapping[str, str]) -> Client:
    client_id, secret = values.get("client_id", ""), values.get("client_secret", "")
    header = request.headers.get("Authorization", "")
    if header.lower().startswith("basic "):
        try:
            decoded = base64.b64decode(header[6:], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise _OAuthError("invalid_client", "bad Authorization header", 401) from None
        client_id, _, secret = (unquote(part) for part in decoded.partition(":"))
    client = tenant.clients.get(client_id)
    if client is None or not hmac.compare_digest(client.secret.encode(), secret.encode()):
        raise _OAuthError("invalid_client", "unknown client or wrong secret", 401)
    return client


def _uncached(
    body: Mapping[str, Any], status: int, headers: Mapping[str, str]
) -> web.Response:
    return web.json_response(
        body, status=status, headers={"Cache-Control": "no-store", "Pragma": "no-cache", **headers}
    )
