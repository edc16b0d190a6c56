"""The other OAuth 2 and OpenID Connect endpoints: discovery, keys, profile, introspection,
revocation, logout.

Contract: facts sections 3.1 and 3.2 (Kinde's paths and discovery document).
"""

from aiohttp import web

from harness.policy import Application
from harness.server.granting import Granting, revoke_grant
from harness.server.pages import error_page
from harness.server.protocol import (
    OAuthError,
    Parameters,
    access_claims,
    answer,
    authenticate,
    base_of,
    bearer,
    hinted,
    parameters_of,
    with_query,
)
from harness.server.signing_in import SignIn
from harness.server.tenants import Tenant
from harness.server.tokens import TokenError
from harness.settings import Activity

__all__ = ["OAuth"]

_CLIENTS = ("client_secret_post", "client_secret_basic", "none")
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
                "token_endpoint_auth_methods_supported": _CLIENTS,
                "revocation_endpoint_auth_methods_supported": _CLIENTS,
                "introspection_endpoint_auth_methods_supported": _CLIENTS[:2],
                "code_challenge_methods_supported": ["S256"],
                "claims_supported": ["aud", "exp", "iat", "iss", "sid", "sub"],
                "prompt_values_supported": ["none", "login", "create"],
                "claims_parameter_supported": False,
                "request_parameter_supported": False,
                "request_uri_parameter_supported": False,
                "backchannel_logout_supported": True,
                "backchannel_logout_session_supported": True,
                "frontchannel_logout_supported": False,
            }
        )

    async def jwks(self, request: web.Request, tenant: Tenant) -> web.Response:
        """Both of Kinde's paths: `/.well-known/jwks` and `/.well-known/jwks.json`."""
        return web.json_response(tenant.key.jwks())

    async def user_profile(self, request: web.Request, tenant: Tenant) -> web.Response:
        """`/oauth2/v2/user_profile`, by GET or POST (OpenID Connect Core 1.0 section 5.3.1): who
        the bearer token is about; 403 without a good one."""
        try:
            claims = bearer(request, tenant)
            user = tenant.people.get(claims.get("sub", ""))
            if user is None:
                raise TokenError("the token is not a user's")
        except TokenError as error:
            body = {"error": "invalid_token", "error_description": str(error)}
            # Whoever shows no token is not told that it is wrong (RFC 6750 section 3.1).
            challenge = 'Bearer error="invalid_token"' if "Authorization" in request.headers else ""
            return answer(body, 403, {"WWW-Authenticate": challenge or "Bearer"})
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
            parameters = await parameters_of(request)
            if request.headers.get("Authorization", "").lower().startswith("bearer "):
                bearer(request, tenant)
            else:
                client = authenticate(request, tenant, parameters)
                if client.secret is None:
                    raise OAuthError("invalid_client", "a client with a secret is needed", 401)
            if "token" not in parameters:
                raise OAuthError("invalid_request", "token is missing")
        except TokenError as error:
            return OAuthError("invalid_token", str(error), 401).response()
        except OAuthError as error:
            return error.response()
        return answer(await _introspected(tenant, parameters["token"]))

    async def revoke(self, request: web.Request, tenant: Tenant) -> web.Response:
        """`POST /oauth2/revoke` (RFC 7009): 200 for a token that is unknown, too."""
        try:
            parameters = await parameters_of(request)
            client = authenticate(request, tenant, parameters)
            if "token" not in parameters:
                raise OAuthError("invalid_request", "token is missing")
            _revoke(tenant, client, parameters["token"])
        except OAuthError as error:
            return error.response()
        return answer({})

    async def logout(self, request: web.Request, tenant: Tenant) -> web.StreamResponse:
        """`/logout`, by GET or POST (OpenID Connect RP-Initiated Logout 1.0 section 2): end the
        session and go where the application asked, if registered."""
        parameters = await parameters_of(request)
        try:
            client = self._leaving(request, tenant, parameters)
        except OAuthError as error:
            return error_page(f"{error}.")
        asked = [client] if client else tenant.applications.values()
        target = next((parameters[name] for name in _LOGOUT_TARGETS if name in parameters), None)
        if target is not None:
            if not any(target in application.logout_uris for application in asked):
                return error_page("This logout redirect is not registered for the application.")
            target = with_query(target, {"state": parameters.get("state")})
        everywhere = parameters.get("all_sessions", "").lower() == "true"
        return await self._sign_in.end(request, tenant, target, everywhere=everywhere)

    def _leaving(
        self, request: web.Request, tenant: Tenant, parameters: Parameters
    ) -> Application | None:
        """The application that asks for a logout, None where it does not say; raise OAuthError for
        one that is not known, or where it, the hint and who is signed in disagree."""
        parameters.refuse_repeated()
        client_id = parameters.get("client_id")
        if "id_token_hint" in parameters:
            hint = hinted(tenant, parameters["id_token_hint"])
            if client_id not in (None, hint["azp"]):
                raise OAuthError("invalid_request", "The id_token_hint is of another client_id")
            session = self._sign_in.current(request, tenant)
            if session is not None and session.user_id != hint["sub"]:
                raise OAuthError("invalid_request", "The id_token_hint is of another person")
            client_id = hint["azp"]
        if client_id is None:
            return None
        if client_id not in tenant.applications:
            raise OAuthError("invalid_client", "No application is registered under this client_id")
        return tenant.applications[client_id]


def _revoke(tenant: Tenant, client: Application, token: str) -> None:
    """Take a token back, a refresh token with the access tokens of its grant (RFC 7009 section
    2.1); raise OAuthError for one of another client."""
    refresh = tenant.grants.refresh_token(token)
    if refresh is None:
        try:
            claims = access_claims(token, tenant)
        except TokenError:
            # Nothing to take back: section 2.2 wants 200.
            return
    if (refresh.client_id if refresh else claims["azp"]) != client.id:
        raise OAuthError("invalid_grant", "the token was not issued to this client")
    if refresh:
        revoke_grant(tenant, client, refresh.grant)
    else:
        tenant.grants.revoke(claims["jti"], expires=claims["exp"])


async def _introspected(tenant: Tenant, token: str) -> dict[str, object]:
    refresh = tenant.grants.refresh_token(token)
    if refresh is not None:
        session = tenant.sessions.by_id(refresh.session_id)
        registered = refresh.client_id in tenant.applications
        revoked = tenant.grants.is_revoked(refresh.grant)
        good = registered and not revoked and refresh.exchanged is None
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
