"""The management API: the operations on sessions, and what Kinde's SDKs need around them.

Contract: Kinde's Management API specification. Where it says nothing (an unknown organization, an
unknown field), this mock's choice is named here.
"""

import base64
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import web

from harness.server.openapi import InputError, Operation, filled, read_body, read_query
from harness.server.policies import OrganizationRecord
from harness.server.protocol import bearer
from harness.server.sessions import Session
from harness.server.tenants import Tenant
from harness.server.tokens import TokenError
from harness.settings import Activity

if TYPE_CHECKING:
    from pydantic import BaseModel

    from harness.server import models

__all__ = ["management_operations"]

_Handler = Callable[[web.Request, Tenant], Awaitable[web.Response]]

_Responses = dict[int, tuple[str, str]]

_MODELS = "harness.server.models"
_COMMON: _Responses = {
    400: ("Invalid request.", "ErrorResponse"),
    403: ("Unauthorized - invalid credentials.", "ErrorResponse"),
    413: ("The body is too large.", "ErrorResponse"),
    429: ("Too many requests. Request was throttled. (Never here.)", "ErrorResponse"),
}
_NOT_FOUND: _Responses = {404: ("There is no such thing.", "NotFoundResponse")}
_SUCCESS: _Responses = {200: ("Success.", "SuccessResponse")}


async def _update_organization_sessions(request: web.Request, tenant: Tenant) -> web.Response:
    from harness.server import models

    org_code = request.match_info["org_code"]
    if not tenant.environment.plan.has_organization_sessions:
        plan = tenant.environment.plan
        return _refused(403, "PLAN_UPGRADE_REQUIRED", f"the plan {plan} is below scale")
    body = await read_body(request, models.UpdateOrganizationSessions)
    if org_code not in tenant.organizations:
        return _missing("ORGANIZATION_NOT_FOUND", f"no organization {org_code}")
    override = tenant.organizations[org_code].override
    if body.is_use_org_sso_session_policy is not None:
        override = replace(override, use_persistence=body.is_use_org_sso_session_policy)
    if body.sso_session_persistence_mode is not None:
        override = replace(override, persistence=body.sso_session_persistence_mode)
    if (use := body.is_use_org_authenticated_session_lifetime) is not None:
        override = replace(override, use_inactivity_timeout=use)
    if body.authenticated_session_lifetime is not None:
        override = replace(override, inactivity_timeout=body.authenticated_session_lifetime)
    await tenant.change_override(org_code, override)
    return _json(models.SuccessResponse())


async def _update_application_tokens(request: web.Request, tenant: Tenant) -> web.Response:
    from harness.server import models

    application_id = request.match_info["application_id"]
    body = await read_body(request, models.UpdateApplicationTokens)
    if application_id not in tenant.applications:
        return _missing("APPLICATION_NOT_FOUND", f"no application {application_id}")
    changed = body.model_dump(exclude_none=True)
    settings = replace(tenant.token_settings[application_id], **changed)
    await tenant.change_token_settings(application_id, settings)
    return _json(models.SuccessResponse())


async def _get_user_sessions(request: web.Request, tenant: Tenant) -> web.Response:
    from harness.server import models

    user_id = request.match_info["user_id"]
    if tenant.people.get(user_id) is None:
        return _missing("USER_NOT_FOUND", f"no user {user_id}")
    await tenant.note_activity_of(user_id, None, Activity.MANAGEMENT)
    # Kinde's specification has `has_more` and no parameter to ask for the rest: it is one answer,
    # however long, and sent as it is made.
    listed = (_described(tenant, session) async for session in tenant.alive(user_id))
    return web.Response(
        body=filled(models.GetUserSessionsResponse(sessions=[]), "sessions", listed),
        content_type="application/json",
    )


async def _delete_user_sessions(request: web.Request, tenant: Tenant) -> web.Response:
    from harness.server import models

    user_id = request.match_info["user_id"]
    if tenant.people.get(user_id) is None:
        return _missing("USER_NOT_FOUND", f"no user {user_id}")
    await tenant.revoke(user_id)
    return _json(models.SuccessResponse())


async def _get_organization(request: web.Request, tenant: Tenant) -> web.Response:
    from harness.server import models

    query = read_query(request, models.OrganizationQuery)
    code = tenant.environment.organization.code if query.code is None else query.code
    if code not in tenant.organizations:
        return _missing("ORGANIZATION_NOT_FOUND", f"no organization {code}")
    organization = tenant.organizations[code]
    item = _item(tenant, organization).model_dump()
    created = _date(organization.created)
    return _json(models.GetOrganizationResponse(**item, created_on=created))


async def _get_organizations(request: web.Request, tenant: Tenant) -> web.Response:
    from harness.server import models

    query = read_query(request, models.OrganizationsQuery)
    listed = sorted(
        tenant.organizations.values(),
        key=lambda organization: (organization.name, organization.code),
        reverse=query.sort == "name_desc",
    )
    codes = [base64.urlsafe_b64encode(o.code.encode()).decode() for o in listed]
    start = 0
    if query.next_token:
        # Nothing comes after a token that this list has not given out, or has no more.
        start = codes.index(query.next_token) if query.next_token in codes else len(codes)
    end = start + (query.page_size or 10)
    return _json(
        models.GetOrganizationsResponse(
            organizations=[_item(tenant, organization) for organization in listed[start:end]],
            next_token=codes[end] if end < len(codes) else None,
        )
    )


def _item(tenant: Tenant, organization: OrganizationRecord) -> "models.OrganizationItem":
    from harness.server import models

    return models.OrganizationItem(
        code=organization.code,
        name=organization.name,
        is_default=organization.code == tenant.environment.organization.code,
    )


def _described(tenant: Tenant, session: Session) -> "models.UserSession":
    from harness.server import models

    return models.UserSession(
        user_id=session.user_id,
        org_code=session.org_code,
        client_id=session.client_id,
        expires_on=_date(tenant.end_of(session)),
        session_id=session.id,
        started_on=_date(session.started),
        updated_on=_date(session.last_activity),
        connection_id=session.connection_id,
        last_ip_address=session.last_ip_address,
        last_user_agent=session.last_user_agent,
        initial_ip_address=session.initial_ip_address,
        initial_user_agent=session.initial_user_agent,
    )


def _date(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _json(body: "BaseModel", status: int = 200) -> web.Response:
    return web.Response(
        text=body.model_dump_json(exclude_none=True),
        status=status,
        content_type="application/json",
    )


def _refused(status: int, code: str, message: str) -> web.Response:
    from harness.server import models

    error = models.ErrorItem(code=code, message=message)
    return _json(models.ErrorResponse(errors=[error]), status)


def _missing(code: str, message: str) -> web.Response:
    from harness.server import models

    return _json(
        models.NotFoundResponse(errors=models.ErrorItem(code=code, message=message)), 404
    )


def _guarded(scope: str, handler: _Handler) -> _Handler:
    """Only for the bearer of a token with that scope; mistakes in Kinde's shape."""

    async def handle(request: web.Request, tenant: Tenant) -> web.Response:
        try:
            claims = bearer(request, tenant)
            if not set(claims["aud"]) & {f"{base}/api" for base in tenant.bases}:
                raise TokenError("the token is not meant for this API")
        except TokenError as error:
            return _refused(403, "INVALID_CREDENTIALS", str(error))
        # A user's token may carry whatever scope its application asked for: it says nothing.
        if claims.get("gty") != ["client_credentials"] or scope not in claims["scp"]:
            return _refused(403, "INSUFFICIENT_SCOPE", f"the token lacks the scope {scope}")
        try:
            return await handler(request, tenant)
        except InputError as error:
            return _refused(400, "INVALID_REQUEST", str(error))

    return handle


def management_operations() -> list[Operation]:
    """What this mock has of Kinde's management API."""
    organization = {"org_code": "The identifier for the organization."}
    user = {"user_id": "The identifier for the user."}
    return [
        Operation(
            models=_MODELS,
            id="UpdateOrganizationSessions",
            method="PATCH",
            path="/api/v1/organizations/{org_code}/sessions",
            tag="Organizations",
            summary="Update organization session configuration",
            description="Update the organization's session configuration. Two switches, two "
            "values: a value whose switch is off is stored and not applied.",
            scope="update:organizations",
            handler=_guarded("update:organizations", _update_organization_sessions),
            body="UpdateOrganizationSessions",
            path_parameters=organization,
            responses=_SUCCESS | _COMMON | _NOT_FOUND,
        ),
        Operation(
            models=_MODELS,
            id="updateApplicationTokens",
            method="PATCH",
            path="/api/v1/applications/{application_id}/tokens",
            tag="Applications",
            summary="Update application tokens",
            scope="update:application_tokens",
            handler=_guarded("update:application_tokens", _update_application_tokens),
            body="UpdateApplicationTokens",
            path_parameters={"application_id": "The identifier for the application."},
            responses=_SUCCESS | _COMMON | _NOT_FOUND,
        ),
        Operation(
            models=_MODELS,
            id="GetUserSessions",
            method="GET",
            path="/api/v1/users/{user_id}/sessions",
            tag="Users",
            summary="Get user sessions",
            scope="read:user_sessions",
            handler=_guarded("read:user_sessions", _get_user_sessions),
            path_parameters=user,
            responses=_COMMON | _NOT_FOUND | {200: ("Sessions.", "GetUserSessionsResponse")},
        ),
        Operation(
            models=_MODELS,
            id="DeleteUserSessions",
            method="DELETE",
            path="/api/v1/users/{user_id}/sessions",
            tag="Users",
            summary="Delete user sessions",
            description="Invalidate user sessions.",
            scope="delete:user_sessions",
            handler=_guarded("delete:user_sessions", _delete_user_sessions),
            path_parameters=user,
            responses=_SUCCESS | _COMMON | _NOT_FOUND,
        ),
        Operation(
            models=_MODELS,
            id="getOrganization",
            method="GET",
            path="/api/v1/organization",
            tag="Organizations",
            summary="Get organization",
            scope="read:organizations",
            handler=_guarded("read:organizations", _get_organization),
            query="OrganizationQuery",
            responses=_COMMON
            | _NOT_FOUND
            | {200: ("The organization.", "GetOrganizationResponse")},
        ),
        Operation(
            models=_MODELS,
            id="GetOrganizations",
            method="GET",
            path="/api/v1/organizations",
            tag="Organizations",
            summary="List organizations",
            scope="read:organizations",
            handler=_guarded("read:organizations", _get_organizations),
            query="OrganizationsQuery",
            responses=_COMMON | {200: ("Organizations.", "GetOrganizationsResponse")},
        ),
    ]
