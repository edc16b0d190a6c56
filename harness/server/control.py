"""The control API below `/_afterclose/`: for tests, never for browsers or applications."""

import base64
import contextlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from harness.apps import KINDS
from harness.people import PEOPLE
from harness.server.control_operations import MODELS, answer_with, control_operation, refuse
from harness.server.openapi import Operation, filled, read_body, read_query
from harness.server.people import User
from harness.server.sessions import Session
from harness.server.site import Site
from harness.server.tenants import Tenant
from harness.server.turns import in_turns

if TYPE_CHECKING:
    from harness.server import control_models as models

__all__ = ["Control"]

_OBSERVATION_TIMEOUT = 20.0
"""Seconds that a browser may take to show every surface."""



class Control:
    """Health, clock, reset, sessions, exchange log and observations."""

    def __init__(self, site: Site, *, version: str) -> None:
        self._site = site
        self._version = version

    async def _health(self, request: web.Request) -> web.Response:
        from harness.server import control_models as models

        return answer_with(models.Health(version=self._version))

    async def _environments(self, request: web.Request) -> web.Response:
        from harness.server import control_models as models

        listed = [_public(tenant) for tenant in self._site.tenants.values()]
        return answer_with(models.EnvironmentList(environments=listed))

    async def _show_clock(self, request: web.Request) -> web.Response:
        from harness.server import control_models as models

        clock = self._site.clock
        return answer_with(models.ClockState(now=clock.now(), offset=clock.offset))

    async def _move_clock(self, request: web.Request) -> web.Response:
        from harness.server import control_models as models

        body = await read_body(request, models.MoveClock)
        # A person is slower than what servers tell each other.
        await self._site.backchannel.settled()
        try:
            self._site.move_clock(body.advance)
            if body.stop:
                self._site.clock.stop()
        except ValueError as error:
            return refuse(409, str(error))
        return await self._show_clock(request)

    async def _reset(self, request: web.Request) -> web.Response:
        from harness.server import control_models as models

        self._site.reset()
        return answer_with(models.Reset())

    async def _add_apps(self, request: web.Request) -> web.Response:
        from harness.server import control_models as models

        names = (await read_body(request, models.MoreApps)).apps
        unknown = next((name for name in names if name not in KINDS), None)
        if unknown is not None:
            return refuse(404, f"no kind of application {unknown}; known: {', '.join(KINDS)}")
        return answer_with(models.AppList(apps=list(self._site.add_apps(names))))

    def _chosen(self, request: web.Request) -> list[Tenant]:
        from harness.server import control_models as models

        name = read_query(request, models.SessionsQuery).environment
        if name is None:
            return list(self._site.tenants.values())
        return [self._site.tenants[name]] if name in self._site.tenants else []

    async def _peek(self, request: web.Request) -> web.Response:
        """The state of the session that the cookie names. Does not count as activity."""
        tenant = self._site.tenant_of_host.get(request.host)
        if tenant is None:
            raise web.HTTPNotFound()
        session, reason = tenant.session_of(self._site.sign_in.cookie.read(request, tenant))
        body: dict[str, Any] = {"signed_in": reason is None, "end_reason": reason}
        if session is not None:
            now, limits = self._site.clock.now(), tenant.limits(session)
            body |= {
                "who": tenant.people.email_of(session.user_id),
                "idle": now - session.last_activity,
                "inactivity_timeout": limits and limits.inactivity,
                "age": now - session.started,
                "absolute_timeout": limits and limits.absolute,
            }
        return web.json_response(body, headers={"Cache-Control": "no-store"})

    async def _sessions(self, request: web.Request) -> web.Response:
        from harness.server import control_models as models
        from harness.server.models import MAX_PAGE_SIZE

        tenants = self._chosen(request)
        if not tenants:
            return self._unknown(request.query["environment"], 404)
        query = read_query(request, models.SessionListQuery)
        size = query.page_size or MAX_PAGE_SIZE
        first, number = _place(query.next_token, [tenant.name for tenant in tenants])
        listed: list[models.SessionState] = []
        following: str | None = None
        for tenant in tenants[first:]:
            # One more than there is room for: what the next page begins with.
            for session in tenant.sessions.page(number, size + 1 - len(listed)):
                if len(listed) == size:
                    following = _token(tenant.name, session.number)
                    break
                listed.append(_session(tenant, session))
            if following is not None:
                break
            number = 0
        return answer_with(models.SessionList(sessions=listed, next_token=following))

    async def _revoke(self, request: web.Request) -> web.Response:
        from harness.server import control_models as models

        tenants = self._chosen(request)
        if not tenants:
            return self._unknown(request.query["environment"], 404)
        revoked = [await tenant.revoke() for tenant in tenants]
        return answer_with(models.Revoked(revoked=sum(revoked)))

    async def _exchanges(self, request: web.Request) -> web.Response:
        from harness.server import control_models as models

        host = read_query(request, models.ExchangesQuery).host
        listed = (
            models.ExchangeState(**exchange._asdict())
            async for exchange in in_turns(list(self._site.log))
            if host in (None, exchange.host)
        )
        return web.Response(
            body=filled(models.ExchangeList(exchanges=[]), "exchanges", listed),
            content_type="application/json",
        )

    async def _add_connection(self, request: web.Request) -> web.Response:
        from harness.server import control_models as models

        body = await read_body(request, models.NewConnection)
        tenants = self._site.tenants
        unknown = next((name for name in body.environments if name not in tenants), None)
        if unknown is not None:
            return self._unknown(unknown, 404)
        if body.person not in PEOPLE:
            return refuse(404, f"nobody is called {body.person}; known: {', '.join(PEOPLE)}")
        connection = self._site.connections.add(
            (name, tenants[name].people.always[body.person].id)
            for name in body.environments or tenants
        )
        return answer_with(models.Connection(connection_id=connection))

    async def _begin_observation(self, request: web.Request) -> web.Response:
        from harness.server import control_models as models

        body = await read_body(request, models.BeginObservation)
        names = list(dict.fromkeys(body.environments))
        unknown = next((name for name in names if name not in self._site.tenants), None)
        if unknown is not None:
            return self._unknown(unknown, 404)
        await self._site.backchannel.settled()
        ticket = self._site.observing.begin(
            names,
            parts=frozenset(body.parts),
            tab_in_use=body.tab_in_use,
            in_frames=body.in_frames,
            then=self._site.desk.way_back if self._site.desk else "",
        )
        return answer_with(ticket)

    async def _observation(self, request: web.Request) -> web.Response:
        from harness.server import control_models as models

        try:
            seen = await self._site.observing.result(
                request.match_info["ticket"], _OBSERVATION_TIMEOUT
            )
        except KeyError:
            return refuse(404, "no such observation")
        except TimeoutError as error:
            return refuse(408, f"the browser did not show every surface: {error}")
        return answer_with(models.Observed(seen=seen))

    def _unknown(self, name: str, status: int) -> web.Response:
        return refuse(status, f"no environment {name}; known: {', '.join(self._site.tenants)}")

    def operations(self) -> list[Operation]:
        """What there is to call."""
        unknown = {404: ("There is no such thing.", "ControlError")}
        operation = control_operation
        return [
            Operation(
                id="peek",
                method="GET",
                path="/_afterclose/peek",
                tag="Control",
                summary="The state of the session that the cookie names, without touching it",
                handler=self._peek,
                models=MODELS,
                responses={
                    200: ("The state.", "Peek"),
                    404: ("This host is no auth server's.", "ControlError"),
                },
            ),
            operation("health", "GET", "health", "Is it up", self._health, "Health"),
            operation(
                "environments", "GET", "environments", "Addresses, applications and policies",
                self._environments, "EnvironmentList",
            ),
            operation(
                "clock", "GET", "clock", "The clock", self._show_clock, "ClockState"
            ),
            operation(
                "moveClock", "POST", "clock", "Move the clock", self._move_clock,
                "ClockState", body="MoveClock",
                more={409: ("The clock cannot go that far.", "ControlError")},
            ),
            operation(
                "reset", "POST", "reset",
                "Nobody signed in, configured policies, real time, an empty log",
                self._reset, "Reset",
            ),
            operation(
                "addApps", "POST", "apps",
                "Let the demo applications keep logins in more ways, until the next reset",
                self._add_apps, "AppList", unknown, body="MoreApps",
            ),
            operation(
                "addConnection", "POST", "connections",
                "Let an identity provider vouch for somebody, who then needs no password",
                self._add_connection, "Connection", unknown, body="NewConnection",
            ),
            operation(
                "sessions", "GET", "sessions", "Sessions, alive or not, page by page",
                self._sessions, "SessionList", unknown, query="SessionListQuery",
            ),
            operation(
                "revokeSessions", "DELETE", "sessions", "End the live sessions", self._revoke,
                "Revoked", unknown, query="SessionsQuery",
            ),
            operation(
                "exchanges", "GET", "exchanges", "The log of requests and their cookies",
                self._exchanges, "ExchangeList", query="ExchangesQuery",
            ),
            operation(
                "beginObservation", "POST", "observations", "Begin to look at every surface",
                self._begin_observation, "Ticket", unknown, body="BeginObservation",
            ),
            operation(
                "observation", "GET", "observations/{ticket}",
                "Wait until a browser has shown every surface", self._observation,
                "Observed",
                unknown | {408: ("The browser did not come.", "ControlError")},
                path_parameters={"ticket": "What the beginning of the observation gave."},
            ),
        ]  # fmt: skip


def _public(tenant: Tenant) -> "models.EnvironmentState":
    from harness.server import control_models as models

    organization = tenant.environment.organization.code
    return models.EnvironmentState(
        name=tenant.name,
        issuer=tenant.issuer,
        app_url=tenant.app_url,
        organization=organization,
        plan=tenant.environment.plan,
        policy=models.PolicyState(**asdict(tenant.effective_policy(organization))),
        clients={a.id: a.secret for a in tenant.applications.values()},
        user=_person(tenant.people.first),
        people={name: _person(user) for name, user in tenant.people.always.items()},
        console=f"{tenant.issuer}/admin",
    )


def _person(user: User) -> "models.UserState":
    from harness.server import control_models as models

    return models.UserState(id=user.id, email=user.email, password=user.password)


def _token(name: str, number: int) -> str:
    """What a page is asked for by that begins with this environment's session of that number."""
    return base64.urlsafe_b64encode(f"{name} {number}".encode()).decode()


def _place(token: str | None, names: list[str]) -> tuple[int, int]:
    """Which of the environments, and from which number on, the token stands for; the list's
    beginning without one, and its end for one that this list has not given out."""
    if not token:
        return 0, 0
    with contextlib.suppress(ValueError):
        name, _, number = base64.b64decode(token, b"-_", validate=True).decode().partition(" ")
        if token == _token(name, int(number)):
            return names.index(name), int(number)
    return len(names), 0


def _session(tenant: Tenant, session: Session) -> "models.SessionState":
    from harness.server import control_models as models

    return models.SessionState(
        environment=tenant.name,
        session_id=session.id,
        user_id=session.user_id,
        org_code=session.org_code,
        client_id=session.client_id,
        persistence=session.persistence,
        started=session.started,
        last_activity=session.last_activity,
        end_reason=tenant.end_reason(session),
    )
