"""Signing in, up and out at the auth server: the pages, their forms, and the SSO cookie."""

import secrets
from dataclasses import dataclass, replace

from aiohttp import web

from harness.faults import Fault, Faults
from harness.policy import Persistence
from harness.server.incoming import form_of
from harness.server.pages import page
from harness.server.people import User
from harness.server.protocol import same, user_agent
from harness.server.sessions import EndReason, Session
from harness.server.sso_cookie import SsoCookie
from harness.server.tenants import Tenant
from harness.settings import Activity

__all__ = ["Login", "SignIn"]

_CSRF_COOKIE = "sign_in_csrf_"
"""And the id of the sign-in: pages that are open in two tabs do not get into each other's way."""
_PENDING = 10_000


@dataclass(frozen=True, kw_only=True)
class Login:
    """An authorization request that waits for the person."""

    client_id: str
    redirect_uri: str
    response_mode: str
    scope: str
    audiences: tuple[str, ...]
    state: str | None
    nonce: str | None
    challenge: str | None
    org_code: str
    create_organization: str | None
    """The name of an organization to be created for whoever signs in."""
    connection_id: str
    login_hint: str
    subject: str | None
    """Who alone may answer it: whom an `id_token_hint` names."""
    max_age: int | None
    """Seconds since the sign-in at which the person is asked again."""
    silent: bool
    """Whether nobody may be shown a page."""
    asks: bool
    """Whether the person is shown the page even if they are signed in."""
    sign_up: bool
    """Whether the person is to create an account."""


class SignIn:
    """What turns a person with a password into a session with a cookie."""

    def __init__(self, cookie: SsoCookie, *, secure: bool, faults: Faults) -> None:
        self.cookie = cookie
        self._secure = secure
        self._faults = faults
        self._pending: dict[tuple[str, str], tuple[Login, str]] = {}

    def reset(self) -> None:
        """Forget every sign-in under way: its organization may be gone."""
        self._pending.clear()

    def current(self, request: web.Request, tenant: Tenant) -> Session | None:
        """The live session that the request's cookie names, or None."""
        session, reason = tenant.session_of(self.cookie.read(request, tenant))
        return session if reason is None else None

    def resume(
        self,
        request: web.Request,
        tenant: Tenant,
        session: Session,
        org_code: str,
        response: web.Response,
    ) -> None:
        """Go on with a session, at an organization that may be another: a sign-in without a
        password counts as activity. The cookie of a persistent session lasts as long again; it is
        made anew by the organization's policy."""
        before, moves = session.persistence, session.org_code != org_code
        if moves:
            session.org_code = org_code
            policy = tenant.effective_policy(org_code, session.client_id)
            session.persistence = policy.persistence
            tenant.sessions.save(session)
        counted = tenant.note_activity(session, Activity.SIGN_IN, user_agent(request))
        if self._faults.strikes(tenant.name, Fault.DOWNGRADED_SESSION):
            session.persistence = Persistence.NON_PERSISTENT
            tenant.sessions.save(session)
        if (counted or moves) and Persistence.PERSISTENT in (before, session.persistence):
            self.cookie.set(request, tenant, session, response)

    def show(self, tenant: Tenant, login: Login) -> web.Response:
        """The page to sign in or up at, its form bound to this browser against CSRF."""
        email = login.login_hint or ("" if login.sign_up else tenant.people.first.email)
        return self._form(tenant, login, message=None, email=email)

    async def submit(
        self, request: web.Request, tenant: Tenant
    ) -> web.Response | tuple[Login, Session]:
        """Check the form; the session it starts, or a page that says what was wrong."""
        form = await form_of(request)
        login_id = form.get("login", "")
        login, csrf = self._pending.get((tenant.name, login_id), (None, ""))
        cookie = request.cookies.get(f"{_CSRF_COOKIE}{login_id}", "")
        if login is None or not (same(cookie, csrf) and same(form.get("csrf", ""), csrf)):
            return page(
                "error.html",
                status=403,
                message="This sign-in was not started in this browser, or has been used already. "
                "Start again from the application.",
            )
        self._pending.pop((tenant.name, login_id))
        if "other" in form:
            return self._form(
                tenant,
                replace(login, sign_up=not login.sign_up),
                message=None,
                email=form.get("email", ""),
            )
        email = form.get("email", "")
        try:
            user = self._user(tenant, login, form)
        except ValueError as error:
            return self._form(tenant, login, message=str(error), email=email, status=401)
        return login, self.begin(request, tenant, login, user)

    def _user(self, tenant: Tenant, login: Login, form: dict[str, str]) -> User:
        if login.sign_up:
            return tenant.people.add(
                email=form.get("email", ""),
                password=form.get("password", ""),
                given_name=form.get("given_name", ""),
                family_name=form.get("family_name", ""),
            )
        user = tenant.people.authenticate(form.get("email", ""), form.get("password", ""))
        if user is None:
            raise ValueError("Email or password is wrong.")
        if login.subject not in (None, user.id):
            raise ValueError("The application asks for somebody else to sign in.")
        return user

    def begin(self, request: web.Request, tenant: Tenant, login: Login, user: User) -> Session:
        """The session of somebody who has said who they are."""
        previous = self.current(request, tenant)
        if previous is not None:
            tenant.sessions.end(previous, EndReason.REPLACED)
        org_code = login.org_code
        if login.create_organization is not None:
            org_code = tenant.add_organization(login.create_organization).code
        policy = tenant.effective_policy(org_code, login.client_id)
        session = tenant.sessions.start(
            user_id=user.id,
            org_code=org_code,
            client_id=login.client_id,
            connection_id=login.connection_id,
            persistence=policy.persistence,
            now=tenant.clock.now(),
            agent=user_agent(request),
        )
        if self._faults.strikes(tenant.name, Fault.ENDLESS_SESSION):
            tenant.endless.add(session.id)
        return session

    def complete(
        self, request: web.Request, tenant: Tenant, session: Session, response: web.Response
    ) -> None:
        """Put the new session's cookie on the answer to the form."""
        self.cookie.set(request, tenant, session, response)
        if self._faults.strikes(tenant.name, Fault.TWIN_COOKIE):
            self.cookie.set_twin(tenant, session, response)

    def tidy(self, request: web.Request, tenant: Tenant, response: web.Response) -> None:
        """Take back the cookies of forms that have been used."""
        for name in request.cookies:
            pending = (tenant.name, name.removeprefix(_CSRF_COOKIE))
            if name.startswith(_CSRF_COOKIE) and pending not in self._pending:
                response.del_cookie(name, path="/sign-in")

    async def end(
        self, request: web.Request, tenant: Tenant, target: str | None, *, everywhere: bool
    ) -> web.Response:
        """Sign out: end the record (`everywhere`: all of the user's), delete the cookie, and go
        to `target` if there is one."""
        kept = self._faults.strikes(tenant.name, Fault.SIGN_OUT_KEEPS_SESSION)
        session = self.current(request, tenant)
        if session is not None and not kept:
            tenant.sessions.end(session, EndReason.SIGNED_OUT)
            if everywhere:
                await tenant.end_sessions(EndReason.SIGNED_OUT, session.user_id)
        response = page("signed_out.html")
        if target is not None:
            response = web.Response(
                status=302, headers={"Location": target, "Cache-Control": "no-store"}
            )
        if not kept:
            self.cookie.delete(request, tenant, response)
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
            "sign_up.html" if login.sign_up else "sign_in.html",
            status=status,
            environment=tenant.name,
            organization=login.create_organization or login.org_code,
            login=login_id,
            csrf=csrf,
            email=email,
            message=message,
            people=list(tenant.people.always.values()),
        )
        response.set_cookie(
            f"{_CSRF_COOKIE}{login_id}",
            csrf,
            path="/sign-in",
            httponly=True,
            samesite="Lax",
            secure=self._secure,
        )
        return response
