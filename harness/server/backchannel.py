"""Telling applications that a session is over: OpenID Connect Back-Channel Logout 1.0.

Every application that was given an ID token in a session is told when this server ends it: by a
sign-out, a revocation, another sign-in in the same browser, a change of policy, or the loss of its
organization. Inactivity and the absolute limit end a session without anybody doing anything, and
are found out when somebody asks; so nobody is told of them.

Nobody waits for it: whoever signs out is answered while the applications are being told.
"""

import asyncio
import sys
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from harness.server.sessions import Session
from harness.server.tenants import Tenant
from harness.server.tokens import SigningKey

__all__ = ["LOGOUT_EVENT", "BackchannelLogout"]

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
"""What a logout token says has happened (section 2.4)."""

_LIFETIME = 120
"""Seconds that a logout token is good for: section 4 advises two minutes at most."""
_TIMEOUT = 5.0
"""Seconds that an application may take to answer."""
_PAUSES = (0.0, 0.5, 2.0)
"""Seconds before each attempt."""
_AT_ONCE = 8
"""Tokens under way. Signing one keeps this server from everything else for a millisecond."""


class BackchannelLogout:
    """The logout tokens that are under way, and their delivery."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._under_way: set[asyncio.Task[None]] = set()
        self._earlier: list[tuple[Tenant, Session]] | None = []
        """What ended before the server had started; None from then on."""
        self._http: aiohttp.ClientSession | None = None

    def begin(self) -> None:
        """The server has started: tell of what ended before."""
        earlier, self._earlier = self._earlier or [], None
        for tenant, session in earlier:
            self.session_ended(tenant, session)

    def session_ended(self, tenant: Tenant, session: Session) -> None:
        """Begin to tell every application that took part in the session, once the server has
        started."""
        if self._earlier is not None:
            self._earlier.append((tenant, session))
            return
        for client_id, issuer in session.relying_parties.items():
            client = tenant.applications.get(client_id)
            for uri in client.backchannel_logout_uris if client else ():
                claims = {
                    "iss": issuer,
                    "aud": [client_id],
                    "sub": session.user_id,
                    "sid": session.id,
                    "events": {LOGOUT_EVENT: {}},
                }
                task = asyncio.get_running_loop().create_task(self._tell(tenant, uri, claims))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)

    async def settled(self) -> None:
        """Return once nobody is being told anything."""
        while self._under_way:
            await asyncio.wait(tuple(self._under_way))

    def forget(self) -> None:
        """Tell nobody what has not been told yet."""
        for task in self._under_way:
            task.cancel()

    async def close(self) -> None:
        """The same, for good, and close the connections to applications."""
        self.forget()
        await self.settled()
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def _tell(self, tenant: Tenant, uri: str, claims: dict[str, Any]) -> None:
        async with self._slots:
            await self._key.ready()
            now = tenant.clock.now()
            token = self._key.sign(claims, now=now, lifetime=_LIFETIME, typ="logout+jwt")
            problem = ""
            for pause in _PAUSES:
                await asyncio.sleep(pause)
                try:
                    status = await self._post(uri, token)
                except (aiohttp.ClientError, OSError) as error:
                    problem = str(error) or type(error).__name__
                    continue
                # 204: section 2.8 lets frameworks answer that when there is nothing to say.
                if status in (200, 204):
                    return
                problem = f"it answered {status}"
                if status < 500:
                    break
        print(f"afterclose: no logout token delivered to {uri}: {problem}", file=sys.stderr)

    async def _post(self, uri: str, token: str) -> int:
        """The status of the answer."""
        if self._http is None:
            # Whose certificate it is does not matter here: a mock's applications make their own.
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=False),
                timeout=aiohttp.ClientTimeout(total=_TIMEOUT),
            )
        parts = urlsplit(uri)
        address = uri
        if (parts.hostname or "").endswith(".localhost"):
            # On loopback by RFC 6761 section 6.3, which not every resolver knows.
            port = f":{parts.port}" if parts.port else ""
            address = urlunsplit(parts._replace(netloc=f"127.0.0.1{port}"))
        async with self._http.post(
            address,
            data={"logout_token": token},
            headers={"Host": parts.netloc},
            allow_redirects=False,
        ) as answer:
            return answer.status
