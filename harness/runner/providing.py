"""The mock as the identity provider of a target: one server for each policy, each with the
application registered.

Whatever reads a configuration imports this, so it loads the server when one is started."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from harness.config import Config, ConfigError
from harness.deeds import Carrier
from harness.policy import Application, Environment
from harness.targets.client import Client, Provider
from harness.targets.target import Target

if TYPE_CHECKING:
    from harness.server.running import MockServer

__all__ = ["Providers", "provided_by"]

_HOST = "127.0.0.1"
"""Where an application finds the mock. Not every system resolves names below `localhost`, and
cookies of `localhost` are shared by all its ports: another host it has to be, as in life."""


class Providers:
    """Those of one target. A server is started when it is first asked for. `config` is what
    `afterclose.toml` says."""

    def __init__(self, config: Config, target: Target) -> None:
        self._config = config
        self._target = target
        self._servers: list[MockServer] = []
        self._provided: dict[str, Provider] = {}

    def of(self, policy: str) -> Provider:
        """The one of an environment, running."""
        if policy not in self._provided:
            self._provided[policy] = self._start(policy)
        return self._provided[policy]

    def close(self) -> None:
        """End them all."""
        for server in self._servers:
            server.__exit__(None, None, None)
        self._servers.clear()

    def _start(self, policy: str) -> Provider:
        from harness.server.running import MockServer

        (environment,) = (e for e in self._config.environments if e.name == policy)
        client = self._target.client
        assert client is not None
        application = _registered(environment, client, self._target.url)
        others = [a for a in environment.applications if a.id != application.id]
        server = MockServer(
            [replace(environment, applications=(*others, application))],
            # Its demo applications have no part in it.
            settings=replace(self._config.settings, apps=()),
        )
        server.__enter__()
        self._servers.append(server)
        settings = self._config.settings
        place = f"{_HOST}{settings.cookie_path}"
        return Provider(
            policy=policy,
            issuer=f"http://{_HOST}:{urlsplit(server.url).port}",
            client_id=application.id,
            client_secret=application.secret or "",
            redirect_uris=application.redirect_uris,
            cookie=Carrier(kind="cookie", name=settings.cookie_name, place=place),
        )


def _registered(environment: Environment, client: Client, url: str) -> Application:
    """The application, with what `afterclose.toml` says of one of that client_id."""
    known = next(
        (a for a in environment.applications if a.id == client.id),
        Application(id=client.id, secret=sha256(client.id.encode()).hexdigest()[:48]),
    )
    told = [urljoin(url, client.backchannel_logout)] if client.backchannel_logout else []
    return replace(
        known,
        redirect_uris=_more(known.redirect_uris, client.redirect_uris(url)),
        logout_uris=_more(known.logout_uris, client.logout_uris(url)),
        backchannel_logout_uris=_more(known.backchannel_logout_uris, told),
    )


def _more(some: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*some, *others)))


def provided_by(config: Config, target: Target) -> Config:
    """The configuration of a target whose identity provider is the mock; the target has its
    policies then. Raises ConfigError for one that it cannot have."""
    if config.settings.cookie_domain is not None:
        raise ConfigError(
            f"cookie_domain: {config.settings.cookie_domain} is not the host at which an "
            f"application of your own finds the mock ({_HOST}); leave it out"
        )
    target.policies = {e.name: e.effective_policy for e in config.environments}
    return config
