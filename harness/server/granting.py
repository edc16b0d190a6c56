"""`POST /oauth2/token`: codes, refresh tokens and client credentials become tokens.

Contract: facts section 3.4 (the claims Kinde's clients check); errors: RFC 6749 section 5.2.
"""

import base64
import hashlib
import re
from typing import Any

from aiohttp import web

from harness.policy import Application
from harness.server.grants import AuthorizationCode, RefreshToken, token_id
from harness.server.protocol import (
    OAuthError,
    Parameters,
    answer,
    authenticate,
    base_of,
    parameters_of,
    same,
)
from harness.server.sessions import Session
from harness.server.tenants import Tenant
from harness.settings import Activity

__all__ = ["Granting", "revoke_grant"]

_GRANTS = ("authorization_code", "refresh_token", "client_credentials")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
"""RFC 7636 section 4.1."""


class Granting:
    """The token endpoint."""

    grant_types = _GRANTS

    async def token(self, request: web.Request, tenant: Tenant) -> web.Response:
        """Exchange a grant for tokens."""
        try:
            parameters = await parameters_of(request)
            client = authenticate(request, tenant, parameters)
            issuer = base_of(request, tenant)
            grant = parameters.get("grant_type")
            if grant == "authorization_code":
                body = _exchange_code(tenant, client, parameters, issuer)
            elif grant == "refresh_token":
                body = _refresh(tenant, client, parameters, issuer)
            elif grant == "client_credentials":
                body = _client_credentials(tenant, client, parameters, issuer)
            elif grant is None:
                raise OAuthError("invalid_request", "grant_type is missing")
            else:
                raise OAuthError("unsupported_grant_type", f"use one of {', '.join(_GRANTS)}")
        except OAuthError as error:
            return error.response()
        return answer(body)


def revoke_grant(tenant: Tenant, client: Application, grant: str) -> None:
    """Take back all that a client got by a grant."""
    lifetimes = tenant.token_settings[client.id]
    longest = max(lifetimes.access_token_lifetime, lifetimes.refresh_token_lifetime)
    tenant.grants.revoke(grant, expires=tenant.clock.now() + longest)


def _exchange_code(
    tenant: Tenant, client: Application, parameters: Parameters, issuer: str
) -> dict[str, Any]:
    value = parameters.get("code", "")
    code = tenant.grants.code(value)
    if code is None or code.client_id != client.id:
        raise OAuthError("invalid_grant", "the code was not issued to this client")
    if code.used:
        # Somebody else has it: take back what came of it (RFC 6749 section 4.1.2).
        revoke_grant(tenant, client, code.grant)
        raise OAuthError("invalid_grant", "the code has been used already")
    tenant.grants.use_code(value)
    if tenant.clock.now() >= code.expires:
        raise OAuthError("invalid_grant", "the code has expired")
    if parameters.get("redirect_uri") != code.redirect_uri:
        raise OAuthError("invalid_grant", "redirect_uri is not the one of the request")
    verifier = parameters.get("code_verifier")
    if code.challenge is None and verifier is not None:
        # A code that was asked for without PKCE is not to be slipped into a sign-in that uses it
        # (RFC 9700 section 4.8.2).
        raise OAuthError("invalid_grant", "the code was asked for without a code_challenge")
    if code.challenge is not None and not _verifies(verifier or "", code.challenge):
        raise OAuthError("invalid_grant", "code_verifier does not match the challenge")
    session = _alive(tenant, code.session_id)
    tokens = _user_tokens(tenant, session, client, issuer, code, code.scope, code.nonce)
    if "offline" in code.scope.split():
        lifetime = tenant.token_settings[client.id].refresh_token_lifetime
        expires = tenant.clock.now() + lifetime
        refresh = tenant.grants.issue_refresh_token(code, expires=expires)
        tokens["refresh_token"] = refresh.value
    return tokens


def _refresh(
    tenant: Tenant, client: Application, parameters: Parameters, issuer: str
) -> dict[str, Any]:
    token = tenant.grants.refresh_token(parameters.get("refresh_token", ""))
    if token is None or token.client_id != client.id:
        raise OAuthError("invalid_grant", "the refresh token was not issued to this client")
    now = tenant.clock.now()
    _check_refresh(tenant, client, token, now)
    session = _alive(tenant, token.session_id)
    scope = parameters.get("scope", token.scope)
    if not set(scope.split()) <= set(token.scope.split()):
        raise OAuthError("invalid_scope", f"granted: {token.scope}")
    # Noted before the tokens are made: they tell what the session is from now on.
    tenant.note_activity(session, Activity.REFRESH, None)
    lifetime = tenant.token_settings[client.id].refresh_token_lifetime
    following = tenant.grants.rotate(token, now=now, expires=now + lifetime)
    tokens = _user_tokens(tenant, session, client, issuer, token, scope, None)
    return tokens | {"refresh_token": following.value}


def _check_refresh(
    tenant: Tenant, client: Application, token: RefreshToken, now: float
) -> None:
    if tenant.grants.is_revoked(token.grant):
        raise OAuthError("invalid_grant", "the refresh token has been revoked")
    if now >= token.expires:
        raise OAuthError("invalid_grant", "the refresh token has expired")
    overlap = tenant.settings.refresh_overlap
    if token.exchanged is not None and now >= token.exchanged + overlap:
        # Somebody has an old one: take back all of the grant (RFC 9700 section 4.14.2).
        revoke_grant(tenant, client, token.grant)
        raise OAuthError("invalid_grant", "the refresh token has been used already")


def _alive(tenant: Tenant, session_id: str) -> Session:
    session = tenant.sessions.by_id(session_id)
    if session is None or (reason := tenant.end_reason(session)) is not None:
        why = f" ({reason})" if session else ""
        raise OAuthError("invalid_grant", f"the session is over{why}")
    return session


def _verifies(verifier: str, challenge: str) -> bool:
    if not _VERIFIER.fullmatch(verifier):
        return False
    digest = hashlib.sha256(verifier.encode()).digest()
    return same(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge)


def _user_tokens(
    tenant: Tenant,
    session: Session,
    client: Application,
    issuer: str,
    granted: AuthorizationCode | RefreshToken,
    scope: str,
    nonce: str | None,
) -> dict[str, Any]:
    now = tenant.clock.now()
    lifetimes = tenant.token_settings[client.id]
    user = tenant.people.get(session.user_id)
    if user is None:
        raise OAuthError("invalid_grant", "the user does not exist any more")
    scopes = scope.split()
    common = {"iss": issuer, "azp": client.id, "sub": user.id}
    access_token = tenant.key.sign(
        {
            **common,
            "jti": token_id(granted.grant),
            "aud": granted.audiences,
            "scp": scopes,
            "org_code": granted.org_code,
            "permissions": [],
            "feature_flags": {},
            # Undocumented, but what Kinde's own SDKs read: kinde-typescript-sdk, token-utils.ts.
            "ksp": {"persistent": session.persistence == "persistent"},
        },
        now=now,
        lifetime=lifetimes.access_token_lifetime,
    )
    tokens: dict[str, Any] = {
        "access_token": access_token,
        "token_type": "bearer",
        "expires_in": lifetimes.access_token_lifetime,
        "scope": scope,
    }
    if "openid" not in scopes:
        return tokens
    identity: dict[str, Any] = {
        **common,
        "aud": [client.id],
        "auth_time": int(session.started),
        "sid": session.id,
        "org_codes": [granted.org_code],
    }
    if "email" in scopes:
        identity |= {"email": user.email, "email_verified": True}
    if "profile" in scopes:
        identity |= {
            "name": user.name,
            "given_name": user.given_name,
            "family_name": user.family_name,
            "picture": None,
        }
    if nonce is not None:
        identity["nonce"] = nonce
    tenant.sessions.note_relying_party(session, client.id, issuer)
    tokens["id_token"] = tenant.key.sign(identity, now=now, lifetime=lifetimes.id_token_lifetime)
    return tokens


def _client_credentials(
    tenant: Tenant, client: Application, parameters: Parameters, issuer: str
) -> dict[str, Any]:
    if client.secret is None or not client.scopes:
        raise OAuthError("unauthorized_client", "this application acts for users only")
    audiences = parameters.get("audience", f"{issuer}/api").split()
    unknown = [audience for audience in audiences if audience not in tenant.audiences]
    if unknown:
        accepted = ", ".join([f"{issuer}/api", *tenant.environment.audiences])
        raise OAuthError("invalid_request", f"audience must be one of {accepted}")
    asked = parameters.get("scope", " ".join(client.scopes)).split()
    if not set(asked) <= set(client.scopes):
        raise OAuthError("invalid_scope", f"allowed: {' '.join(client.scopes)}")
    lifetime = tenant.token_settings[client.id].access_token_lifetime
    token = tenant.key.sign(
        {
            "iss": issuer,
            "azp": client.id,
            "jti": token_id(),
            "aud": audiences,
            "scp": asked,
            "scope": " ".join(asked),
            "gty": ["client_credentials"],
        },
        now=tenant.clock.now(),
        lifetime=lifetime,
    )
    return {
        "access_token": token,
        "token_type": "bearer",
        "expires_in": lifetime,
        "scope": " ".join(asked),
    }
