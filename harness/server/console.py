"""The admin console at `/admin`: the session settings, the way Kinde's pages describe them.

Server-rendered and without a script. Kinde's five steps: open the organization, choose Sessions,
choose a policy in the section SSO sessions, enter the session inactivity timeout, save.
"""

import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from harness.policy import Persistence
from harness.server.administrators import (
    CONSOLE_EMAIL,
    CONSOLE_PASSWORD,
    Administrator,
    Administrators,
)
from harness.server.incoming import form_of
from harness.server.pages import page
from harness.server.protocol import same
from harness.server.session_form import SessionForm
from harness.server.sessions import EndReason
from harness.server.tenants import Tenant

__all__ = ["Console"]

_COOKIE = "console_session"
_CSRF_COOKIE = "console_csrf"
_ROWS = 100
"""Sessions on a page of the console."""

_Page = Callable[[web.Request, Tenant, Administrator], Awaitable[web.Response]]
_Handler = Callable[[web.Request, Tenant], Awaitable[web.Response]]


class Console:
    """The pages, for whoever has signed in to them."""

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure
        self._administrators = Administrators()

    def reset(self) -> None:
        """Nobody is signed in."""
        self._administrators.clear()

    def routes(self) -> list[tuple[str, str, _Handler]]:
        """Method, path below `/admin`, handler."""
        return [
            ("GET", "", self._only(self._home)),
            ("GET", "/sign-in", self._sign_in_page),
            ("POST", "/sign-in", self._sign_in),
            ("POST", "/sign-out", self._only(self._sign_out)),
            ("GET", "/organizations", self._only(self._organizations)),
            ("GET", "/organizations/{org_code}", self._only(self._organization)),
            ("GET", "/organizations/{org_code}/sessions", self._only(self._organization_sessions)),
            ("POST", "/organizations/{org_code}/sessions", self._only(self._save_organization)),
            ("GET", "/environment/sessions", self._only(self._environment_sessions)),
            ("POST", "/environment/sessions", self._only(self._save_environment)),
            ("GET", "/live-sessions", self._only(self._live_sessions)),
            ("POST", "/live-sessions/{session_id}/end", self._only(self._end_session)),
        ]

    def _only(self, show: _Page) -> _Handler:
        """For administrators of this environment; and what they send, from a page of ours."""

        async def handle(request: web.Request, tenant: Tenant) -> web.Response:
            administrator = self._administrators.get(request.cookies.get(_COOKIE, ""), tenant)
            if administrator is None:
                return _go("/admin/sign-in")
            if request.method == "POST":
                sent = (await form_of(request)).get("csrf", "")
                if not same(sent, administrator.csrf):
                    return _refused("This form was not sent from this console. Open it again.")
            return await show(request, tenant, administrator)

        return handle

    # Signing in and out

    async def _sign_in_page(self, request: web.Request, tenant: Tenant) -> web.Response:
        return self._sign_in_form(tenant)

    def _sign_in_form(self, tenant: Tenant, message: str | None = None) -> web.Response:
        csrf = secrets.token_urlsafe(24)
        response = page(
            "console_sign_in.html",
            status=401 if message else 200,
            environment=tenant.name,
            csrf=csrf,
            email=CONSOLE_EMAIL,
            password_hint=CONSOLE_PASSWORD,
            message=message,
        )
        self._set_cookie(response, _CSRF_COOKIE, csrf)
        return response

    async def _sign_in(self, request: web.Request, tenant: Tenant) -> web.Response:
        form = await form_of(request)
        csrf = request.cookies.get(_CSRF_COOKIE, "")
        if not csrf or not same(form.get("csrf", ""), csrf):
            return _refused("This sign-in was not started in this browser. Open the page again.")
        value = self._administrators.sign_in(
            tenant, form.get("email", ""), form.get("password", "")
        )
        if value is None:
            return self._sign_in_form(tenant, "Email or password is wrong.")
        response = _go("/admin/organizations")
        self._set_cookie(response, _COOKIE, value)
        response.del_cookie(_CSRF_COOKIE, path="/admin")
        return response

    async def _sign_out(
        self, request: web.Request, tenant: Tenant, administrator: Administrator
    ) -> web.Response:
        self._administrators.sign_out(request.cookies.get(_COOKIE, ""))
        response = _go("/admin/sign-in")
        response.del_cookie(_COOKIE, path="/admin")
        return response

    def _set_cookie(self, response: web.Response, name: str, value: str) -> None:
        response.set_cookie(
            name, value, path="/admin", httponly=True, samesite="Strict", secure=self._secure
        )

    # Pages

    async def _home(
        self, request: web.Request, tenant: Tenant, administrator: Administrator
    ) -> web.Response:
        return _go("/admin/organizations")

    async def _organizations(
        self, request: web.Request, tenant: Tenant, administrator: Administrator
    ) -> web.Response:
        rows = [
            (organization, tenant.effective_policy(code))
            for code, organization in tenant.organizations.items()
        ]
        return _show("console_organizations.html", tenant, administrator, rows=rows)

    async def _organization(
        self, request: web.Request, tenant: Tenant, administrator: Administrator
    ) -> web.Response:
        organization = tenant.organizations.get(request.match_info["org_code"])
        if organization is None:
            return _no_organization()
        live = 0
        async for session in tenant.alive():
            live += session.org_code == organization.code
        return _show(
            "console_organization.html",
            tenant,
            administrator,
            organization=organization,
            policy=tenant.effective_policy(organization.code),
            live=live,
        )

    async def _organization_sessions(
        self, request: web.Request, tenant: Tenant, administrator: Administrator
    ) -> web.Response:
        organization = tenant.organizations.get(request.match_info["org_code"])
        if organization is None:
            return _no_organization()
        return self._organization_form(
            tenant,
            administrator,
            organization.code,
            SessionForm.of_override(organization.override),
            saved="saved" in request.query,
        )

    def _organization_form(
        self,
        tenant: Tenant,
        administrator: Administrator,
        org_code: str,
        form: SessionForm,
        *,
        saved: bool = False,
        message: str | None = None,
    ) -> web.Response:
        return _show(
            "console_organization_sessions.html",
            tenant,
            administrator,
            status=400 if message else 200,
            organization=tenant.organizations[org_code],
            policy=tenant.effective_policy(org_code),
            allowed=tenant.environment.plan.has_organization_sessions,
            form=form,
            saved=saved,
            message=message,
        )

    async def _save_organization(
        self, request: web.Request, tenant: Tenant, administrator: Administrator
    ) -> web.Response:
        org_code = request.match_info["org_code"]
        if org_code not in tenant.organizations:
            return _no_organization()
        if not tenant.environment.plan.has_organization_sessions:
            return _refused("The plan of this environment has no session settings here.")
        form = SessionForm.typed(await form_of(request))
        try:
            override = form.to_override(tenant.organizations[org_code].override)
        except ValueError as error:
            return self._organization_form(
                tenant, administrator, org_code, form, message=str(error)
            )
        await tenant.change_override(org_code, override)
        return _go(f"/admin/organizations/{org_code}/sessions?saved")

    async def _environment_sessions(
        self, request: web.Request, tenant: Tenant, administrator: Administrator
    ) -> web.Response:
        form = SessionForm.of_policy(tenant.policy)
        saved = "saved" in request.query
        return self._environment_form(tenant, administrator, form, saved=saved)

    def _environment_form(
        self,
        tenant: Tenant,
        administrator: Administrator,
        form: SessionForm,
        *,
        saved: bool = False,
        message: str | None = None,
    ) -> web.Response:
        applications = [
            (client_id, settings.authenticated_session_lifetime)
            for client_id, settings in tenant.token_settings.items()
            if settings.authenticated_session_lifetime is not None
        ]
        return _show(
            "console_environment.html",
            tenant,
            administrator,
            status=400 if message else 200,
            applications=applications,
            switch=tenant.settings.organization_switch,
            form=form,
            saved=saved,
            message=message,
        )

    async def _save_environment(
        self, request: web.Request, tenant: Tenant, administrator: Administrator
    ) -> web.Response:
        form = SessionForm.typed(await form_of(request))
        try:
            policy = form.to_policy()
        except ValueError as error:
            return self._environment_form(tenant, administrator, form, message=str(error))
        await tenant.change_policy(policy)
        return _go("/admin/environment/sessions?saved")

    async def _live_sessions(
        self, request: web.Request, tenant: Tenant, administrator: Administrator
    ) -> web.Response:
        sessions, following = await tenant.page_of_alive(_number(request), _ROWS)
        now = tenant.clock.now()
        rows = [
            {
                "session": session,
                "user": tenant.people.get(session.user_id),
                "cookie": "persistent cookie"
                if session.persistence is Persistence.PERSISTENT
                else "session cookie",
                "last_activity": datetime.fromtimestamp(session.last_activity, UTC),
                "left": round(tenant.end_of(session) - now),
            }
            for session in sessions
        ]
        return _show(
            "console_live_sessions.html",
            tenant,
            administrator,
            rows=rows,
            ended="ended" in request.query,
            later="from" in request.query,
            following=following,
        )

    async def _end_session(
        self, request: web.Request, tenant: Tenant, administrator: Administrator
    ) -> web.Response:
        session = tenant.sessions.by_id(request.match_info["session_id"])
        if session is None:
            return page("error.html", status=404, message="There is no such session.")
        tenant.sessions.end(session, EndReason.REVOKED)
        return _go("/admin/live-sessions?ended")


def _number(request: web.Request) -> int:
    """The session that a page is to begin with; the first, unless a page linked to it."""
    value = request.query.get("from", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 20 else 0


def _show(
    template: str,
    tenant: Tenant,
    administrator: Administrator,
    *,
    status: int = 200,
    **values: Any,
) -> web.Response:
    return page(template, status=status, tenant=tenant, csrf=administrator.csrf, **values)


def _go(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path, "Cache-Control": "no-store"})


def _refused(message: str) -> web.Response:
    return page("error.html", status=403, message=message)


def _no_organization() -> web.Response:
    return page("error.html", status=404, message="There is no such organization.")
