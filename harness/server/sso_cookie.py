"""The SSO cookie: what it is called, which requests it goes with, and how it is set and deleted."""

from urllib.parse import urlsplit

from aiohttp import web

from harness.faults import Fault, Faults
from harness.policy import Persistence
from harness.sent_cookies import SentCookies
from harness.server.sessions import Session
from harness.server.tenants import Tenant
from harness.settings import Settings, host_of

__all__ = ["SsoCookie"]

_TWIN_LIFETIME = 14 * 86_400


class SsoCookie:
    """The cookie of every environment's auth server."""

    def __init__(self, settings: Settings, *, secure: bool, faults: Faults) -> None:
        self._settings = settings
        self._secure = secure
        self._faults = faults

    def name(self, tenant: Tenant) -> str:
        """What it is called there."""
        return self._settings.cookie_name_at(tenant.name)

    def read(self, request: web.Request, tenant: Tenant) -> str | None:
        """The value that came with a request, or None. Of two of that name the first counts."""
        sent = SentCookies.of(request)
        value = sent.first(self.name(tenant))
        if value is None and self._faults.struck(tenant.name, Fault.TWIN_COOKIE):
            return sent.first(self._twin(tenant))
        return value

    def set(
        self, request: web.Request, tenant: Tenant, session: Session, response: web.Response
    ) -> None:
        """Put the session's cookie on an answer: with a lifetime where it is persistent."""
        self._strike(request, tenant)
        domain, other = self._domains(request, tenant)
        persistent = session.persistence is Persistence.PERSISTENT
        response.set_cookie(
            self.name(tenant),
            session.cookie,
            path=self._settings.cookie_path,
            domain=domain,
            max_age=tenant.cookie_lifetime(session) if persistent else None,
            httponly=True,
            samesite="Lax",
            secure=self._secure,
        )
        self._delete_stale(tenant, response, domain, other)

    def delete(self, request: web.Request, tenant: Tenant, response: web.Response) -> None:
        """Let the browser drop it: a cookie of another path or domain would stay."""
        self._strike(request, tenant)
        domain, other = self._domains(request, tenant)
        self._delete(tenant, response, domain)
        self._delete_stale(tenant, response, domain, other)

    def set_twin(self, tenant: Tenant, session: Session, response: web.Response) -> None:
        """Put a second cookie of another name on an answer, which lasts: a fault."""
        response.set_cookie(
            self._twin(tenant), session.cookie, path="/", max_age=_TWIN_LIFETIME, httponly=True
        )

    def _twin(self, tenant: Tenant) -> str:
        return f"{self.name(tenant)}_legacy"

    def _strike(self, request: web.Request, tenant: Tenant) -> None:
        if SentCookies.of(request).first(self.name(tenant)) is not None:
            self._faults.strikes(tenant.name, Fault.SCOPE_CHANGED)

    def _domains(self, request: web.Request, tenant: Tenant) -> tuple[str | None, str | None]:
        """The `Domain` that the cookie has in an answer to a request, and the one that it has with
        the fault and not without it, or the other way round; None for none: it then goes to the
        very host that set it.

        Browsers take no cookie of a domain that the host is not in. So at plain `localhost` it has
        none, whatever is set.
        """
        name = tenant.name
        if urlsplit(f"//{request.host}").hostname != host_of(name):
            return None, None
        domain = self._settings.cookie_domain
        other = host_of(name) if domain is None else None
        changed = self._faults.struck(name, Fault.SCOPE_CHANGED)
        return (other, domain) if changed else (domain, other)

    def _delete(self, tenant: Tenant, response: web.Response, domain: str | None) -> None:
        response.del_cookie(
            self.name(tenant),
            path=self._settings.cookie_path,
            domain=domain,
            httponly=True,
            samesite="Lax",
            secure=self._secure,
        )

    def _delete_stale(
        self, tenant: Tenant, response: web.Response, domain: str | None, other: str | None
    ) -> None:
        """What mends the fault: the cookie of the scope before goes, too."""
        if domain != other and self._faults.mended(tenant.name, Fault.SCOPE_CHANGED):
            # The cookies of a response are a mapping by name, which has no room for a second.
            stale = web.Response()
            self._delete(tenant, stale, other)
            header = stale.cookies[self.name(tenant)].OutputString()
            response.headers.add("Set-Cookie", header)
