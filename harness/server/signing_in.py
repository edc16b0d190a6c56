"""Signing in and out at the auth server: the page, its form, and the SSO cookie."""

import hmac
import secrets
from dataclasses import dataclass

from aiohttp import web

from harness.policy import Persistence
from harness.server.pages import page
from harness.server.sessions import EndReason, Session
from harness.server.tenants import Tenant

__all__ = ["SignIn"]

_CSRF_COOKIE = "sign_in_csrf"
_PENDING = 1_000


class SignIn:
    """What turns a person with a password into a session with a cookie."""

    @dataclass(frozen=True, kw_only=True)
    class Login:
        """An authorization request that waits for the person."""

        client_id: str
        redirect_uri: str
        scope: str
        state: str | None
        nonce: str | None
        challenge: str
        org_code: str

    def __init__(self, *, cookie_name: str, secure: bool) -> None:
        self.cookie_name = cookie_name
        self._secure = secure
        self._pending: dict[tuple[str, str], tuple[SignIn.Login, str]] = {}

    def current(self, request: web.Request, tenant: Tenant) -> Session | None:
        """The live session that the request's cookie names, or None."""
        session, reason = tenant.session_of(request.cookies.get(self.cookie_name))
        return session if reason is None else None

    def touch(self, tenant: Tenant, session: Session, response: web.Response) -> None:
        """Count activity, and let the cookie of a persistent session last as long again."""
        session.last_activity = tenant.clock.now()
        if session.persistence is Persistence.PERSISTENT:
            self._set_cookie(tenant, session, response)

    def show(self, request: web.Request, tenant: Tenant, login: Login) -> web.Response:
        """The sign-in page, its form bound to this browser against CSRF."""
        return self._form(tenant, login, message=None, email=tenant.user.email)

    async def submit(
        self, request: web.Request, tenant: Tenant
    ) -> web.Response | tuple[Login, Session]:
        """Check the form; the session it starts, or a page that says what was wrong."""
        form = {k: v for k, v in (await request.post()).items() if isinstance(v, str)}
        login, csrf = self._pending.get((tenant.name, form.get("login", "")), (None, ""))
        cookie = request.cookies.get(_CSRF_COOKIE, "")
        same = hmac.compare_digest(cookie.encode(), csrf.encode()) and hmac.compare_digest(
            form.get("csrf", "").encode(), csrf.encode()
        )
        if login is None or not csrf or not same:
            return page(
                "error.html",
                status=403,
                message="This sign-in was not started in this browser, or has been used already. "
                "Start again from the application.",
            )
        self._pending.pop((tenant.name, form["login"]))
        user, email = tenant.user, form.get("email", "")
        password = form.get("password", "")
        if email != user.email or not hmac.compare_digest(
            password.encode(), user.password.encode()
        ):
            return self._form(
                tenant, login, message="Email or password is wrong.", email=email, status=401
            )
        previous = self.current(request, tenant)
        if previous is not None:
            tenant.sessions.end(previous, EndReason.REPLACED)
        session = tenant.sessions.start(
            user_id=user.id,
            org_code=login.org_code,
            client_id=login.client_id,
            persistence=tenant.policy(login.org_code).persistence,
            now=tenant.clock.now(),
        )
        return login, session

    def complete(self, tenant: Tenant, session: Session, response: web.Response) -> None:
        """Put the new session's cookie on the answer to the form."""
        self._set_cookie(tenant, session, response)
        response.del_cookie(_CSRF_COOKIE, path="/sign-in")

    def end(self, request: web.Request, tenant: Tenant, target: str | None) -> web.Response:
        """Sign out: end the record, delete the cookie, and go to `target` if there is one."""
        session = self.current(request, tenant)
        if session is not None:
            tenant.sessions.end(session, EndReason.SIGNED_OUT)
        response = page("signed_out.html")
        if target is not None:
            response = web.Response(
                status=302, headers={"Location": target, "Cache-Control": "no-store"}
            )
        response.del_cookie(
            self.cookie_name, path="/", httponly=True, samesite="Lax", secure=self._secure
        )
        return response

    def _form(
        self,
        tenant: Tenant,
        login: Login,
        *,
        message: str | None,
        email: str,
        status: int = 200,
    ) -> web.Response:
        login_id, csrf = secrets.token_urlsafe(16), secrets.token_urlsafe(24)
        self._pending[tenant.name, login_id] = (login, csrf)
        if len(self._pending) > _PENDING:
            self._pending.pop(next(iter(self._pending)))
        response = page(
            "sign_in.html",
            status=status,
            environment=tenant.name,
            organization=login.org_code,
            login=login_id,
            csrf=csrf,
            email=email,
            message=message,
            password_hint=tenant.user.password,
        )
        response.set_cookie(
            _CSRF_COOKIE, csrf, path="/sign-in", httponly=True, samesite="Lax", secure=self._secure
        )
        return response

    def _set_cookie(self, tenant: Tenant, session: Session, response: web.Response) -> None:
        persistent = session.persistence is Persistence.PERSISTENT
        response.set_cookie(
            self.cookie_name,
            session.id,
            path="/",
            max_age=tenant.policy(session.org_code).inactivity_timeout if persistent else None,
            httponly=True,
            samesite="Lax",
            secure=self._secure,
        )
