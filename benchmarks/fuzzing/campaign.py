"""Many requests, several at once; looking after the server now and then."""

import asyncio
import base64
import hashlib
import json
import re
import time
from collections import Counter, deque
from collections.abc import Iterator
from random import Random
from typing import Any

from benchmarks.fuzzing.drafts import begin
from benchmarks.fuzzing.findings import Faults, Request
from benchmarks.fuzzing.mutations import mutated
from benchmarks.fuzzing.operations import BY_NAME, HELD, OPERATIONS, REPLENISHING, Operation
from benchmarks.fuzzing.pools import Pools
from benchmarks.fuzzing.serving import ENVIRONMENTS, Served
from benchmarks.fuzzing.wire import Answer, Connection, Message

__all__ = ["LATE", "SLOW", "UNANSWERED", "Campaign"]

SLOW = 1.0
"""Seconds within which every request is to be answered."""

LATE = "later than a second"
UNANSWERED = "no answer"

_CONNECTIONS = 16
_ROUND = 500
"""Requests after which there is something of everything again, and the server is looked after."""
_RESET = 5_000
"""Requests after which the server forgets: some of what it keeps only grows."""
_LOOKS = ("health", "exchanges.all", "sessions.all", "user.sessions", "console/admin/live-sessions")
_WEIGHTS = [operation.weight for operation in OPERATIONS]
_VERIFIER = "v" * 43
_HOLD = re.compile(rb'\{"environment":"([^"]+)","held":')


class Campaign:
    """What is sent for a seed, and what went wrong with it."""

    def __init__(self, served: Served, seed: int) -> None:
        self.served = served
        self.faults = Faults()
        self.statuses: Counter[int] = Counter()
        """Answers by status; 0: none."""
        self.reached: Counter[str] = Counter()
        """Answers with a status below 400, by operation: how deep the requests go."""
        self._seed = seed
        self._pools = Pools()
        self._constants: dict[str, dict[str, str]] = {}
        self._waited = 0.0
        self._latest: deque[Request] = deque(maxlen=2 * _CONNECTIONS)

    async def run(self, requests: int) -> None:
        """Send this many, and look after the server now and then."""
        connection = Connection(self.served.port)
        await self.prepare(connection)
        ticking = asyncio.create_task(self._tick())
        for start in range(1, requests + 1, _ROUND):
            numbers = range(start, min(start + _ROUND, requests + 1))
            following = iter(numbers)
            await asyncio.gather(*(self._work(following) for _ in range(_CONNECTIONS)))
            await self.replenish(connection)
            for cause in self.served.causes():
                self.faults.suspect(cause, self._latest)
            failing = await self.looked(connection)
            for operation, kind in failing:
                self.faults.spoilt(kind, operation, numbers)
            if failing or numbers[-1] % _RESET == 0:
                await self.reset(connection)
        ticking.cancel()
        connection.close()

    async def prepare(self, connection: Connection) -> None:
        """Ask for what is configured, and get something of everything."""
        host = f"localhost:{self.served.port}"
        raw = f"GET /_afterclose/environments HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        (answer,) = await connection.send([Message(raw=raw)])
        assert answer is not None
        for environment in json.loads(answer.body)["environments"]:
            constants = _constants(environment, self.served.port)
            self._constants[environment["name"]] = constants
        await self.replenish(connection)

    async def _tick(self) -> None:
        while True:
            self._waited = self.served.waited()
            await asyncio.sleep(0.1)

    async def _work(self, numbers: Iterator[int]) -> None:
        connection = Connection(self.served.port)
        for number in numbers:
            batch = [self.message(number)]
            if Random(f"{self._seed}/{number}").random() < 0.1:
                # Pipelining: what follows goes out before the answer has come.
                while batch[-1].message.wait is None and len(batch) < 5:
                    following = next(numbers, None)
                    if following is None:
                        break
                    batch.append(self.message(following))
            await self._send(connection, batch)
        connection.close()

    def message(self, number: int) -> Request:
        """The request of this number. The seed decides on all of it but for what the server has
        given out."""
        rng = Random(f"{self._seed}:{number}")
        operation = rng.choices(OPERATIONS, _WEIGHTS)[0]
        environment = rng.choices(ENVIRONMENTS, (8, 8, 1, 1))[0]
        values = self._values(operation, environment, rng)
        message = mutated(begin(operation, values), rng, waits=_waits(operation, environment))
        return Request(number=number, operation=operation, values=values, message=message)

    def _values(
        self, operation: Operation, environment: str, rng: Random | None = None
    ) -> dict[str, str]:
        drawn = self._pools.draw(environment, operation.needs, rng)
        new = {"new": f"p{rng.randrange(10**6)}" if rng else "p"}
        return self._constants[environment] | new | drawn

    async def _send(self, connection: Connection, batch: list[Request]) -> None:
        self._latest += batch
        began, waited = time.monotonic(), self._waited
        answers = await connection.send([request.message for request in batch])
        ended = time.monotonic()
        held_up = self.served.waited() - waited if ended - began > SLOW else 0.0
        for request, answer in zip(batch, answers, strict=True):
            # The last of several may be one that is waited for in vain.
            took = (answer.at if answer else ended) - began - held_up
            status = answer.status if answer else 0
            self.statuses[status] += 1
            must = request.message.wait is None
            if must and took > SLOW:
                self.faults.show(LATE, request)
            elif must and answer is None and len(batch) == 1:
                self.faults.show(UNANSWERED, request)
            if answer is None or status == 400 or status >= 500:
                # With several requests under way it is not sure which one a traceback is about:
                # each is sent again, alone.
                for cause in self.served.causes():
                    self.faults.suspect(cause, self._latest)
            if answer is not None:
                self.reached[request.operation.name] += status < 400
                self._pools.learn(request.values["environment"], request.values, answer)
                if held := _HOLD.match(answer.body):
                    await self._let_go(connection, held[1].decode())
            if status >= 500:
                self.faults.failed.append(request)

    async def _let_go(self, connection: Connection, environment: str) -> None:
        """A request may have been changed to hold answers back where nobody is to wait."""
        if environment != HELD:
            host = f"localhost:{self.served.port}"
            target = f"/_afterclose/holds/{environment}"
            raw = f"DELETE {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
            await connection.send([Message(raw=raw, wait=SLOW)])

    async def again(self, connection: Connection, number: int) -> bytes:
        """Send the request of a number, with what the server has given out by now."""
        request = self.message(number)
        (answer,) = await connection.send([request.message])
        if answer is not None:
            self._pools.learn(request.values["environment"], request.values, answer)
        return request.message.raw

    async def plain(
        self, connection: Connection, operation: Operation, environment: str
    ) -> Answer | None:
        """Send the valid request of an operation, and learn from its answer."""
        values = self._values(operation, environment)
        draft = begin(operation, values)
        draft.finish()
        wait = SLOW if _waits(operation, environment) else None
        (answer,) = await connection.send([Message(raw=draft.raw(), wait=wait)])
        if answer is not None:
            self._pools.learn(environment, values, answer)
        return answer

    async def replenish(self, connection: Connection) -> None:
        """Get something of everything in every environment."""
        for environment in ENVIRONMENTS:
            for operation in REPLENISHING:
                await self.plain(connection, operation, environment)

    async def reset(self, connection: Connection) -> None:
        """Let the server forget, and begin anew."""
        await self.plain(connection, BY_NAME["reset"], ENVIRONMENTS[0])
        self._pools.clear()
        await self.replenish(connection)

    async def looked(self, connection: Connection) -> list[tuple[str, str]]:
        """What everybody relies on and the server does not answer: the operation, and how."""
        failing = []
        for environment in ENVIRONMENTS:
            for name in _LOOKS:
                answer = await self.plain(connection, BY_NAME[name], environment)
                status = answer.status if answer else 0
                causes = self.served.causes()
                if status != 200:
                    failing.append((name, ", ".join((f"{status} for {name}", *causes[-1:]))))
        return failing


def _waits(operation: Operation, environment: str) -> bool:
    """Whether the answer may rightly take long."""
    return operation.waits or (environment == HELD and operation.path == "/oauth2/auth")


def _constants(environment: dict[str, Any], port: int) -> dict[str, str]:
    name, clients = environment["name"], environment["clients"]
    admin = clients[f"admin_{name}"]
    digest = hashlib.sha256(_VERIFIER.encode()).digest()
    return {
        "environment": name,
        "idp_host": f"{name}.idp.localhost:{port}",
        "app_host": f"{name}.app.localhost:{port}",
        "idp": f"http://{name}.idp.localhost:{port}",
        "app": f"http://{name}.app.localhost:{port}",
        "org_code": environment["organization"],
        "user_id": environment["user"]["id"],
        "secret": clients[f"demo_{name}"],
        "admin_secret": admin,
        "basic": f"Basic {base64.b64encode(f'admin_{name}:{admin}'.encode()).decode()}",
        "verifier": _VERIFIER,
        "challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
    }
