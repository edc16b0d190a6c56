"""The other OAuth 2 and OpenID Connect endpoints: discovery, keys, profile, introspection,
revocation, logout.

Contract: facts sections 3.1 and 3.2 (Kinde's paths and discovery document).
"""

import contextlib

from aiohttp import web

from harness.server.granting import Granting
from harness.server.pages import error_page
from harness.server.protocol import (
    OAuthError,
    access_claims,
    answer,
    authenticate,
    base_of,
    bearer,
    form_of,
    with_query,
)
from harness.server.signing_in import SignIn
from harness.server.tenants import Tenant
from harness.server.tokens import TokenError
from harness.settings import Activity

__all__ = ["OAuth"]

_LOGOUT_TARGETS = ("redirect", "redirect_uri", "post_logout_redirect_uri")
"""Kinde's own; what its Python SDK sends; OpenID Connect RP-Initiated Logout."""


class OAuth:
    """What clients need beside authorization and tokens."""

    def __init__(self, sign_in: SignIn) -> None:
        self._sign_in = sign_in

    async def discovery(self, request: web.Request, tenant: Tenant) -> web.Response:
        """`/.well-known/openid-configuration` (OpenID Connect Discovery 1.0)."""
        base = base_of(request, tenant)
        return web.json_response(
            {
                "issuer": base,
                "authorization_endpoint": f"{base}/oauth2/auth",
                "token_endpoint": f"{base}/oauth2/token",
                "userinfo_endpoint": f"{base}/oauth2/v2/user_profile",
                "jwks_uri": f"{base}/.well-known/jwks",
                "introspection_endpoint": f"{base}/oauth2/introspect",
                "revocation_endpoint": f"{base}/oauth2/revoke",
                "end_session_endpoint": f"{base}/logout",
                "scopes_supported": ["address", "email", "offline", "openid", "phone", "profile"],
                "response_types_supported": ["code"],
                "response_modes_supported": ["form_post", "query", "fragment"],
                "grant_types_supported": Granting.grant_types,
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "client_secret_basic",
                    "none",
                ],
                "code_challenge_methods_supported": ["S256"],
                "claims_supported": ["aud", "exp", "iat", "iss", "sub"],
                "prompt_values_supported": ["none", "login", "create"],
                "request_uri_parameter_supported": False,
            }
        )

    async def jwks(self, request: web.Request, tenant: Tenant) -> web.Response:
        """Both of Kinde's paths: `/.well-known/jwks` and `/.well-known/jwks.json`."""
        return web.json_response(tenant.key.jwks())

    async def user_profile(self, request: web.Request, tenant: Tenant) -> web.Response:
        """`/oauth2/v2/user_profile`: who the bearer token is about; 403 without a good one."""
        try:
            claims = bearer(request, tenant)
            user = tenant.people.get(claims.get("sub", ""))
            if user is None:
                raise TokenError("the token is not a user's")
        except TokenError as error:
            body = {"error": "invalid_token", "error_description": str(error)}
            return answer(body, 403, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        await tenant.note_activity_of(user.id, claims["azp"], Activity.USER_PROFILE)
        return answer(
            {
                "sub": user.id,
                "id": user.id,
                "name": user.name,
                "given_name": user.given_name,
                "family_name": user.family_name,
                "email": user.email,
                "email_verified": True,
                "picture": None,
                "preferred_username": user.email,
                "provided_id": None,
                "updated_at": int(tenant.clock.now()),
            }
        )

    async def introspect(self, request: web.Request, tenant: Tenant) -> web.Response:
        """`POST /oauth2/introspect` (RFC 7662), for a client or the bearer of a token."""
        try:
            values = await form_of(request)
            if request.headers.get("Authorization", "").lower().startswith("bearer "):
                bearer(request, tenant)
            else:
                client = authenticate(request, tenant, values)
                if client.secret is None:
                    raise OAuthError("invalid_client", "a client with a secret is needed", 401)
            if "token" not in values:
                raise OAuthError("invalid_request", "token is missing")
        except TokenError as error:
            return OAuthError("invalid_token", str(error), 401).response()
        except OAuthError as error:
            return error.response()
        return answer(await _introspected(tenant, values["token"]))

    async def revoke(self, request: web.Request, tenant: Tenant) -> web.Response:
        """`POST /oauth2/revoke` (RFC 7009): 200 for a token that is unknown, too."""
        try:
            values = await form_of(request)
            client = authenticate(request, tenant, values)
            if "token" not in values:
                raise OAuthError("invalid_request", "token is missing")
        except OAuthError as error:
            return error.response()
        refresh = tenant.grants.refresh_token(values["token"])
        if refresh is not None and refresh.client_id == client.id:
            tenant.grants.revoke_family(refresh)
        else:
            with contextlib.suppress(TokenError):
                claims = access_claims(values["token"], tenant)
                if claims.get("azp") == client.id:
                    tenant.grants.revoke_access_token(claims["jti"], claims["exp"])
        return answer({})

    async def logout(self, request: web.Request, tenant: Tenant) -> web.StreamResponse:
        """`GET /logout`: end the session and go where the application asked, if registered."""
        query = request.query
        applications = tenant.applications
        if "client_id" in query and query["client_id"] not in applications:
            return error_page("No application is registered under this client_id.")
        named = [applications[query["client_id"]]] if "client_id" in query else None
        allowed = {uri for a in named or applications.values() for uri in a.logout_uris}
        target = next((query[name] for name in _LOGOUT_TARGETS if name in query), None)
        if target is not None:
            if target not in allowed:
                return error_page("This logout redirect is not registered for the application.")
            target = with_query(target, {"state": query.get("state")})
        everywhere = query.get("all_sessions", "").lower() == "true"
        return await self._sign_in.end(request, tenant, target, everywhere=everywhere)


async def _introspected(tenant: Tenant, token: str) -> dict[str, object]:
    refresh = tenant.grants.refresh_token(token)
    if refresh is not None:
        session = tenant.sessions.by_id(refresh.session_id)
        registered = refresh.client_id in tenant.applications
        good = registered and not refresh.revoked and refresh.exchanged is None
        if not good or refresh.expires <= tenant.clock.now() or tenant.end_reason(session):
            return {"active": False}
        if session is not None:
            tenant.note_activity(session, Activity.INTROSPECTION, None)
        expires = int(refresh.expires)
        return {"active": True, "aud": [], "client_id": refresh.client_id, "exp": expires}
    try:
        claims = access_claims(token, tenant)
    except TokenError:
        return {"active": False}
    await tenant.note_activity_of(claims.get("sub", ""), claims["azp"], Activity.INTROSPECTION)
    return {
        "active": True,
        "aud": claims["aud"],
        "client_id": claims["azp"],
        "exp": claims["exp"],
        "iat": claims["iat"],
    }
