"""The control API below `/_afterclose/`: for tests, never for browsers or applications."""

import json
from typing import Any

from aiohttp import web

from harness.apps.demo import DemoApp
from harness.clock import Clock
from harness.server.exchanges import ExchangeLog
from harness.server.observing import MAX_ENVIRONMENTS, Observing
from harness.server.sessions import Session
from harness.server.tenants import Tenant

__all__ = ["Control"]

_OBSERVATION_TIMEOUT = 20.0
"""Seconds that a browser may take to show every surface."""


class Control:
    """Clock, reset, sessions, exchange log and observations."""

    def __init__(
        self,
        tenants: dict[str, Tenant],
        apps: dict[str, DemoApp],
        clock: Clock,
        log: ExchangeLog,
        observing: Observing,
    ) -> None:
        self._tenants = tenants
        self._apps = apps
        self._clock = clock
        self._log = log
        self._observing = observing

    async def environments(self, request: web.Request) -> web.Response:
        """Every environment with its addresses, clients and policy."""
        return web.json_response({"environments": [_public(t) for t in self._tenants.values()]})

    async def clock(self, request: web.Request) -> web.Response:
        """`GET`: the clock; `POST {"advance": seconds}`: move it."""
        if request.method == "POST":
            body = await _object(request)
            seconds = body.get("advance")
            if isinstance(seconds, bool) or not isinstance(seconds, int | float):
                raise _bad("advance must be a number of seconds")
            try:
                self._clock.advance(seconds)
            except ValueError as error:
                raise _bad(str(error)) from None
        return web.json_response({"now": self._clock.now(), "offset": self._clock.offset})

    async def reset(self, request: web.Request) -> web.Response:
        """`POST`: nobody signed in, configured policies, real time, an empty log."""
        for tenant in self._tenants.values():
            tenant.reset()
        for app in self._apps.values():
            app.reset()
        self._clock.reset()
        self._log.clear()
        return web.json_response({"reset": True})

    async def sessions(self, request: web.Request) -> web.Response:
        """`GET`: sessions, alive or not; `DELETE`: revoke the live ones. `?environment=` picks."""
        name = request.query.get("environment")
        if name is not None and name not in self._tenants:
            raise _bad(f"no environment {name}; known: {', '.join(self._tenants)}", status=404)
        tenants = [self._tenants[name]] if name else list(self._tenants.values())
        if request.method == "DELETE":
            return web.json_response({"revoked": sum(tenant.revoke() for tenant in tenants)})
        listed = [_session(t, s) for t in tenants for s in t.sessions]
        return web.json_response({"sessions": listed})

    async def exchanges(self, request: web.Request) -> web.Response:
        """The exchange log, oldest first; `?host=` picks one host."""
        host = request.query.get("host")
        listed = [e.as_dict() for e in self._log if host is None or e.host == host]
        return web.json_response({"exchanges": listed})

    async def begin_observation(self, request: web.Request) -> web.Response:
        """`POST {"environments": [...]}`: a ticket and the address to send a browser to."""
        names = (await _object(request)).get("environments")
        if not isinstance(names, list) or not 1 <= len(names) <= MAX_ENVIRONMENTS:
            raise _bad(f"environments must be a list of 1 to {MAX_ENVIRONMENTS} names")
        unknown = [name for name in names if name not in self._tenants]
        if unknown:
            raise _bad(f"no environment {unknown[0]}; known: {', '.join(self._tenants)}")
        ticket, url = self._observing.begin(names)
        return web.json_response({"ticket": ticket, "url": url})

    async def observation(self, request: web.Request) -> web.Response:
        """`GET`: waits until the browser has shown everything, and says what was received."""
        try:
            seen = await self._observing.result(
                request.match_info["ticket"], _OBSERVATION_TIMEOUT
            )
        except KeyError:
            raise _bad("no such observation", status=404) from None
        except TimeoutError:
            raise _bad("the browser did not visit every surface", status=504) from None
        return web.json_response({"seen": seen})


def _public(tenant: Tenant) -> dict[str, Any]:
    policy = tenant.policy(tenant.organization.code)
    return {
        "name": tenant.name,
        "issuer": tenant.issuer,
        "app_url": tenant.app_url,
        "organization": tenant.organization.code,
        "policy": {
            "persistence": policy.persistence,
            "inactivity_timeout": policy.inactivity_timeout,
        },
        "clients": {client.id: client.secret for client in tenant.clients.values()},
        "user": {"email": tenant.user.email, "password": tenant.user.password},
    }


def _session(tenant: Tenant, session: Session) -> dict[str, Any]:
    return {
        "environment": tenant.name,
        "session_id": f"{session.id[:6]}…",
        "user_id": session.user_id,
        "org_code": session.org_code,
        "persistence": session.persistence,
        "started": session.started,
        "last_activity": session.last_activity,
        "end_reason": tenant.end_reason(session),
    }


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise _bad("the body is not JSON") from None
    if not isinstance(body, dict):
        raise _bad("the body must be a JSON object")
    return body


def _bad(message: str, *, status: int = 400) -> web.HTTPException:
    kind = {400: web.HTTPBadRequest, 404: web.HTTPNotFound, 504: web.HTTPGatewayTimeout}[status]
    return kind(text=json.dumps({"error": message}), content_type="application/json")
