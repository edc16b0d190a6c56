"""What each surface of each environment rests on, or last did: a cookie, or what a storage has."""

from collections.abc import Sequence

from harness.model.agent import Stores
from harness.model.cookies import Cookie
from harness.model.trail import Decision, Thing, cookie_thing
from harness.reference.browser import ReferenceBrowser
from harness.reference.kinds import cookie_name
from harness.reference.tenant import Tenant

__all__ = ["SSO", "Surfaces"]

SSO = "sso"
"""The surface that is no application's."""


class Surfaces:
    """Those of one browser."""

    def __init__(self, stores: Stores, browser: ReferenceBrowser) -> None:
        self._trails = stores.trails
        self._browser = browser
        self.set_cookies: dict[tuple[str, str], str] = {}
        """The latest `Set-Cookie` of what each rests on."""
        self._cookies: dict[tuple[str, str], Cookie] = {}
        """The latest cookie likewise."""
        self._things: dict[tuple[str, str], Thing] = {}

    def cookie(self, tenant: Tenant, kind: str) -> Cookie | None:
        """The latest that was taken for the auth server, or for a kind of application."""
        return self._cookies.get(_key(tenant, kind))

    def trail(self, tenant: Tenant, kind: str) -> tuple[Decision, ...]:
        """What became of it."""
        thing = self._things.get(_key(tenant, kind))
        return () if thing is None else self._trails.of(thing)

    def touch(self, tenant: Tenant, kind: str, decision: Decision) -> None:
        """Something is decided about what it rests on."""
        self._trails.touch([self._things[_key(tenant, kind)]], decision)

    def store(self, tenant: Tenant, kind: str, thing: Thing, *decisions: Decision) -> None:
        """It rests on a thing that is stored now."""
        self._trails.begin(thing, *decisions)
        self._things[_key(tenant, kind)] = thing

    def set_cookie(
        self, tenant: Tenant, kind: str, rest: str, decisions: Sequence[Decision] = ()
    ) -> None:
        """Set the cookie of the auth server, or of a kind of application; `rest` is what comes
        after its name."""
        of_idp, key = kind == SSO, _key(tenant, kind)
        header = f"{tenant.cookie if of_idp else cookie_name(kind, tenant.name)}={rest}"
        self.set_cookies[key] = header
        cookie = self._browser.take(f"{tenant.idp if of_idp else tenant.app}/", header)
        if cookie is None:
            self.store(tenant, kind, ("cookie", key), self._browser.refused)
            return
        self._cookies[key] = cookie
        self.store(tenant, kind, cookie_thing(cookie), *decisions)


def _key(tenant: Tenant, kind: str) -> tuple[str, str]:
    return tenant.name, kind if kind == SSO else f"app:{kind}"
