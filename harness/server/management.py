"""The management API: `PATCH /api/v1/organizations/{org_code}/sessions`.

Contract: Kinde's specification of the operation `UpdateOrganizationSessions`. Where it says
nothing (an unknown organization, an unknown field), this mock's choice is named here.
"""

import json
from dataclasses import replace
from typing import Any

from aiohttp import web

from harness.policy import Override, check_inactivity_timeout, check_persistence
from harness.server.tenants import Tenant
from harness.server.tokens import TokenError

__all__ = ["Management"]

_SCOPE = "update:organizations"


class Management:
    """Settings changed while the server runs, by whoever has the right token."""

    async def update_organization_sessions(
        self, request: web.Request, tenant: Tenant
    ) -> web.Response:
        """Change an organization's override; unknown fields are ignored, as Kinde's API does
        not forbid them. 404 for an organization that does not exist (not in Kinde's list)."""
        refused = _refused(request, tenant, _SCOPE)
        if refused is not None:
            return refused
        org_code = request.match_info["org_code"]
        if org_code not in tenant.overrides:
            return _errors(404, "ORGANIZATION_NOT_FOUND", f"no organization {org_code}")
        try:
            body = await request.json()
        except (json.JSONDecodeError, UnicodeDecodeError):
            return _errors(400, "INVALID_REQUEST", "the body is not JSON")
        if not isinstance(body, dict):
            return _errors(400, "INVALID_REQUEST", "the body must be a JSON object")
        try:
            tenant.overrides[org_code] = _changed(tenant.overrides[org_code], body)
        except ValueError as error:
            return _errors(400, "INVALID_REQUEST", str(error))
        return web.json_response({"code": "OK", "message": "Success"})


def _changed(override: Override, body: dict[str, Any]) -> Override:
    if (use := _switch(body, "is_use_org_sso_session_policy")) is not None:
        override = replace(override, use_persistence=use)
    if (use := _switch(body, "is_use_org_authenticated_session_lifetime")) is not None:
        override = replace(override, use_inactivity_timeout=use)
    try:
        name = "sso_session_persistence_mode"
        if name in body:
            override = replace(override, persistence=check_persistence(body[name]))
        name = "authenticated_session_lifetime"
        if name in body:
            override = replace(override, inactivity_timeout=check_inactivity_timeout(body[name]))
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None
    return override


def _switch(body: dict[str, Any], name: str) -> bool | None:
    value = body.get(name)
    if name in body and not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false, not {value!r}")
    return value


def _refused(request: web.Request, tenant: Tenant, scope: str) -> web.Response | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        return _errors(403, "INVALID_CREDENTIALS", "a bearer token is needed")
    try:
        claims = tenant.key.verify(
            token.strip(),
            issuer=tenant.issuer,
            audience=tenant.api_audience,
            now=tenant.clock.now(),
        )
    except TokenError as error:
        return _errors(403, "INVALID_CREDENTIALS", str(error))
    if scope not in claims.get("scp", []):
        return _errors(403, "INSUFFICIENT_SCOPE", f"the token lacks the scope {scope}")
    return None


def _errors(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"errors": [{"code": code, "message": message}]}, status=status)
