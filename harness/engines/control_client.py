"""The server as an engine sees it: over HTTP only.

Most of what imports this asks nothing of a server, so it loads aiohttp when it does.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import TypeAdapter

from harness.policy import Persistence
from harness.received import Part, Received, Seen

if TYPE_CHECKING:
    import aiohttp

__all__ = [
    "OBSERVE_PATH",
    "PARTS",
    "ControlClient",
    "ControlClientError",
    "ServedEnvironment",
    "Ticket",
    "listed_for",
]


OBSERVE_PATH = "/_afterclose/observe/"
"""What is in the path of every address of an observation."""
_SCOPE_CHANGED = "scope_changed"
"""The fault that scenarios can have."""

_PATIENCE = 30
"""Seconds."""

PARTS: Sequence[Part] = ("cookies", "browser", "tab")
"""What a browser keeps apart, and can be looked at apart: its cookies, the storages of all its
tabs, and those of one tab."""


_SEEN = TypeAdapter(dict[str, dict[str, Received]])


class ControlClientError(Exception):
    """The server did not answer as it should."""


@dataclass(frozen=True, kw_only=True)
class ServedEnvironment:
    """One environment's addresses, and who can do what there."""

    name: str
    issuer: str
    app_url: str
    organization: str
    admin_id: str
    admin_secret: str


def listed_for(
    environments: Sequence[ServedEnvironment], cookies: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], tuple[str, ...]]:
    """A browser's own cookies, given as (host, name), by the environment whose auth server (`sso`)
    or application (`app`) they are of."""
    names: dict[str, set[str]] = {}
    for host, name in cookies:
        names.setdefault(host, set()).add(name)
    return {
        (environment.name, what): tuple(sorted(names.get(urlsplit(url).hostname or "", ())))
        for environment in environments
        for what, url in (("sso", environment.issuer), ("app", environment.app_url))
    }


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """An observation under way: where to send a browser, and the frames to put into the tab in
    use, unless that is where the browser comes in."""

    id: str
    url: str
    tab_frames: Sequence[str]


class ControlClient:
    """The control and management APIs of one server. Use it from one event loop."""

    def __init__(self, url: str) -> None:
        # Some clients do not resolve names below .localhost; the server is on loopback anyway.
        self.url = url
        parts = urlsplit(url)
        self._address = f"{parts.scheme}://127.0.0.1:{parts.port}"
        self._http: aiohttp.ClientSession | None = None
        self.resets = 0
        """How often the server has been reset."""

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def environments(self, names: Sequence[str]) -> list[ServedEnvironment]:
        """The environments named, in the server's order."""
        listed = (await self._control("GET", "environments"))["environments"]
        return [_environment(e) for e in listed if e["name"] in names]

    async def reset(self, apps: Sequence[str] = ()) -> None:
        """Nobody signed in, configured policies, real time; `apps` names ways in which the
        applications keep a login beside the usual ones."""
        self.resets += 1
        await self._control("POST", "reset")
        if apps:
            await self._control("POST", "apps", {"apps": list(apps)})

    async def stop_clock(self) -> None:
        """Let time go by where it is moved alone, until the next reset."""
        await self._control("POST", "clock", {"stop": True})

    async def advance(self, seconds: float) -> None:
        """Move the server's clock."""
        await self._control("POST", "clock", {"advance": seconds})

    async def told(self) -> None:
        """Return once every application has been told of what ended (back-channel logout): whoever
        moves the clock waits for that."""
        await self.advance(0)

    async def vouch(self, person: str, names: Sequence[str]) -> str:
        """The `connection_id` by which somebody signs in without the page, in each of these
        environments once."""
        asked = {"person": person, "environments": list(names)}
        answer = await self._control("POST", "connections", asked)
        connection: str = answer["connection_id"]
        return connection

    async def revoke(self, environment: ServedEnvironment) -> None:
        """End every session of the environment."""
        await self._control("DELETE", f"sessions?environment={environment.name}")

    async def arm(self, fault: str) -> None:
        """Let a fault strike once in every environment."""
        await self._control("POST", "faults", {"fault": fault})

    async def change_cookie_scope(self, environment: ServedEnvironment) -> None:
        """Let the auth server's cookie have another domain from now on: a fault."""
        asked = {"fault": _SCOPE_CHANGED, "environment": environment.name}
        await self._control("POST", "faults", asked)

    async def mend_cookie_scope(self, environment: ServedEnvironment) -> None:
        """Let it delete the cookie of the domain before, too."""
        await self._control("DELETE", f"faults/{environment.name}/{_SCOPE_CHANGED}")

    async def hold(self, environment: ServedEnvironment) -> None:
        """Hold back the next answer of the environment's authorization endpoint."""
        await self._control("POST", "holds", {"environment": environment.name})

    async def held(self, environment: ServedEnvironment) -> None:
        """Return once an answer is held back."""
        await self._control("GET", f"holds/{environment.name}")

    async def release(self, environment: ServedEnvironment) -> None:
        """Let that answer go."""
        await self._control("DELETE", f"holds/{environment.name}")

    async def begin_observation(
        self,
        names: Sequence[str],
        *,
        tab_in_use: bool,
        in_frames: bool = False,
        parts: Sequence[str] = PARTS,
    ) -> Ticket:
        """Begin to look, at these parts of the browser; `tab_in_use`: whether it will come in the
        tab in use; `in_frames`: or whether that can show frames of the applications."""
        asked = {
            "environments": list(names),
            "parts": list(parts),
            "tab_in_use": tab_in_use,
            "in_frames": in_frames,
        }
        answer = await self._control("POST", "observations", asked)
        return Ticket(id=answer["ticket"], url=answer["url"], tab_frames=answer["tab_frames"])

    async def observation(self, ticket: str) -> Seen:
        """What the server received, by environment and surface."""
        answer = await self._control("GET", f"observations/{ticket}")
        return _SEEN.validate_python(answer["seen"])

    async def override_persistence(
        self, environment: ServedEnvironment, persistence: Persistence
    ) -> None:
        """Switch the organization's override on, through the management API."""
        host = {"Host": urlsplit(environment.issuer).netloc}
        token = await self._json(
            "POST",
            "/oauth2/token",
            headers=host,
            data={
                "grant_type": "client_credentials",
                "client_id": environment.admin_id,
                "client_secret": environment.admin_secret,
                "audience": f"{environment.issuer}/api",
                "scope": "update:organizations",
            },
        )
        await self._json(
            "PATCH",
            f"/api/v1/organizations/{environment.organization}/sessions",
            headers=host | {"Authorization": f"Bearer {token['access_token']}"},
            json={
                "is_use_org_sso_session_policy": True,
                "sso_session_persistence_mode": persistence.value,
            },
        )

    async def _control(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        return await self._json(method, f"/_afterclose/{path}", json=body)

    async def _json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        import aiohttp

        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=False),
                timeout=aiohttp.ClientTimeout(total=_PATIENCE),
            )
        try:
            async with self._http.request(
                method, f"{self._address}{path}", **options
            ) as response:
                text = await response.text()
        except TimeoutError:
            raise ControlClientError(
                f"the mock server has not answered {method} {path} for {_PATIENCE} s"
            ) from None
        except aiohttp.ClientError as error:
            raise ControlClientError(
                f"the mock server cannot be asked {method} {path}: {error}"
            ) from None
        if response.status >= 400:
            raise ControlClientError(f"{method} {path}: {response.status}: {text[:200]}")
        answer: dict[str, Any] = json.loads(text)
        return answer


def _environment(entry: dict[str, Any]) -> ServedEnvironment:
    name = entry["name"]
    return ServedEnvironment(
        name=name,
        issuer=entry["issuer"],
        app_url=entry["app_url"],
        organization=entry["organization"],
        admin_id=f"admin_{name}",
        admin_secret=entry["clients"][f"admin_{name}"],
    )
