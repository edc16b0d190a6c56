"""The whole site: auth servers and applications, their clock, and what they keep."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.apps import KINDS
from harness.apps.demo import DemoApp
from harness.apps.kind import AppKind
from harness.apps.relying_party import RelyingParty
from harness.clock import Clock
from harness.faults import Faults
from harness.policy import Environment
from harness.server.authorizing import Authorizing
from harness.server.backchannel import BackchannelLogout
from harness.server.connections import Connections
from harness.server.console import Console
from harness.server.desk import Desk
from harness.server.exchanges import ExchangeLog
from harness.server.holds import Holds
from harness.server.observing import Observing
from harness.server.signing_in import SignIn
from harness.server.sso_cookie import SsoCookie
from harness.server.tenants import Tenant
from harness.server.tokens import SigningKey
from harness.settings import Settings
from harness.state import State, StateError

__all__ = ["Site"]


@dataclass(frozen=True)
class _Offset:
    """How many seconds the clock is ahead."""

    offset: float


class Site:
    """Auth servers on `<environment>.idp.localhost`, applications on `<environment>.app.localhost`;
    below another `domain`, where there is one.

    The first environment also answers at plain `localhost`, for clients that do not resolve names
    below it by themselves, at the domain and at each of `aliases`.
    """

    def __init__(
        self,
        environments: Sequence[Environment],
        *,
        port: int,
        scheme: str,
        clock: Clock,
        settings: Settings,
        state: State,
        domain: str = "localhost",
        aliases: Sequence[str] = (),
        desk: Desk | None = None,
    ) -> None:
        self._port = port
        self._domain = domain
        self._aliases = tuple(dict.fromkeys(["localhost", "127.0.0.1", domain, *aliases]))
        self.desk = desk
        self.scheme = scheme
        self._settings = settings
        self.state = state
        self.clock = clock
        self.log = ExchangeLog()
        if desk is not None:
            self.log.listener = desk.hear
        self.faults = Faults()
        self.holds = Holds()
        self.connections = Connections()
        self.key = SigningKey(state)
        self.backchannel = BackchannelLogout(self.key)
        self.tenants: dict[str, Tenant] = {}
        self.apps: dict[str, DemoApp] = {}
        self.tenant_of_host: dict[str, Tenant] = {}
        self.app_of_host: dict[str, DemoApp] = {}
        kept = state.records("", "clock", _Offset).get("", _Offset(0.0))
        try:
            clock.advance(max(0.0, kept.offset - clock.offset))
        except ValueError as error:
            raise StateError(f"{state.name}: the clock '' is damaged: {error}") from None
        for number, environment in enumerate(environments):
            self._add(environment, first=number == 0)
        secure = scheme == "https"
        cookie = SsoCookie(settings, secure=secure, faults=self.faults)
        self.sign_in = SignIn(cookie, secure=secure, faults=self.faults)
        self.authorizing = Authorizing(
            self.sign_in, connections=self.connections, holds=self.holds, faults=self.faults
        )
        self.observing = Observing(
            self.tenants, self.apps, self.log, self.sign_in, self.authorizing
        )
        self.console = Console(secure=scheme == "https")
        self.notices = [notice for t in self.tenants.values() for notice in t.notices]
        """What of the state does not fit the configuration, a line each."""
        unserved = state.unserved(self.tenants)
        if unserved:
            self.notices.append(
                f"{state.name}: also holds what was kept of environments that are not served now, "
                f"and stays there: {', '.join(unserved)}"
            )

    def _add(self, environment: Environment, *, first: bool) -> None:
        name, scheme, port = environment.name, self.scheme, self._port
        idp, app = (f"{name}.{kind}.{self._domain}:{port}" for kind in ("idp", "app"))
        hosts = [idp, *(f"{alias}:{port}" for alias in self._aliases if first)]
        tenant = Tenant(
            environment=environment,
            clock=self.clock,
            key=self.key,
            bases=tuple(f"{scheme}://{host}" for host in hosts),
            app_url=f"{scheme}://{app}",
            settings=self._settings,
            state=self.state,
            ended=self.backchannel.session_ended,
        )
        self.tenants[name] = tenant
        self.tenant_of_host |= dict.fromkeys(hosts, tenant)
        client = tenant.applications[f"demo_{name}"]
        self.apps[name] = self.app_of_host[app] = DemoApp(
            name=name,
            url=tenant.app_url,
            relying_party=RelyingParty(
                issuer=tenant.issuer,
                redirect_uri=client.redirect_uris[0],
                client_id=client.id,
                client_secret=client.secret or "",
                org_code=environment.organization.code,
                connect_to=f"{scheme}://127.0.0.1:{port}",
            ),
            kinds=self._kinds(name, self._settings.apps),
            clock=self.clock,
            state=self.state,
            faults=self.faults,
        )

    @staticmethod
    def _kinds(environment: str, names: Iterable[str]) -> dict[str, AppKind]:
        return {name: KINDS[name](name, environment) for name in names}

    def add_apps(self, names: Iterable[str]) -> tuple[str, ...]:
        """Let the applications keep logins in these ways too, until the next reset; all of them."""
        kinds = tuple(dict.fromkeys([*self._settings.apps, *names]))
        for app in self.apps.values():
            app.kinds = self._kinds(app.name, kinds)
        return kinds

    def reset(self) -> None:
        """Nobody signed in, configured policies, real time, an empty log."""
        self.backchannel.forget()
        for tenant in self.tenants.values():
            tenant.reset()
        for app in self.apps.values():
            app.reset()
        self.add_apps(())
        self.sign_in.reset()
        self.console.reset()
        self.faults.clear()
        self.holds.clear()
        self.connections.clear()
        self.clock.reset()
        self._keep_clock()
        self.log.clear()

    def move_clock(self, seconds: float) -> None:
        """Let time pass; raise ValueError for less than nothing or too much."""
        self.clock.advance(seconds)
        self._keep_clock()

    def _keep_clock(self) -> None:
        # A clock that stands still falls behind; it is not started again in the past.
        self.state.put("", "clock", "", {"offset": max(0.0, self.clock.offset)})
