"""From what went wrong to the smallest request that shows it."""

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace

from benchmarks.fuzzing.campaign import LATE, SLOW, UNANSWERED, Campaign
from benchmarks.fuzzing.findings import Fault
from benchmarks.fuzzing.wire import Connection, Message

__all__ = ["Shrinking", "smaller"]

_TRIES = 100
_REPEATED = 1_000
"""Failed requests that are sent again, at most."""
_PATIENCE = 5.0
"""Seconds to wait for an answer."""
_BRIEF = 0.3
"""The same where none need come."""


class Shrinking:
    """Sends requests of a campaign again, each alone."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        self._faults = campaign.faults
        self._connection = Connection(campaign.served.port)

    async def finish(self) -> None:
        """Sort what failed by its cause, and make each kind as small as it goes."""
        await self._campaign.reset(self._connection)
        for request in self._faults.failed[:_REPEATED]:
            found = None
            # What it was, and the same with what the server gives out now.
            for same in (request, self._campaign.message(request.number)):
                kinds = await self._kinds(same.message)
                found = found or next((kind for kind in kinds if kind.startswith("5")), None)
            self._faults.show(found or f"5xx for {request.operation.name}, not again", request)
            if found:
                # The traceback is told with its status.
                self._faults.by_kind.pop(found.partition(", ")[2], None)
        for fault in list(self._faults.by_kind.values()):
            await self._shrink(fault)
        self._connection.close()

    async def _shrink(self, fault: Fault) -> None:
        for example in fault.examples:
            for request in (example, self._campaign.message(example.number)):
                message = request.message

                async def shows(raw: bytes, message: Message = message) -> bool:
                    return fault.kind in await self._kinds(replace(message, raw=raw))

                if await shows(message.raw):
                    fault.smallest = await _smallest(message.raw, shows)
                    fault.number = example.number
                    return
        if fault.suspects:
            fault.smallest = await self._culprit(fault)

    async def _kinds(self, message: Message) -> list[str]:
        """All that is wrong with the answer to one request: causes of tracebacks, a status of
        5xx, that it is late."""
        served = self._campaign.served
        served.causes()
        wait = _PATIENCE if message.wait is None else max(message.wait, _BRIEF)
        began, waited = time.monotonic(), served.waited()
        (answer,) = await self._connection.send([replace(message, wait=wait)])
        took = time.monotonic() - began - (served.waited() - waited)
        kinds = served.causes()
        if answer is None:
            return kinds if message.wait is not None else [*kinds, UNANSWERED]
        if answer.status >= 500:
            kinds.append(", ".join((f"{answer.status}", *kinds[-1:])))
        return [*kinds, LATE] if took > SLOW else kinds

    async def _culprit(self, fault: Fault) -> bytes | None:
        """Which of the requests that were sent before spoils what everybody relies on."""
        suspects = fault.suspects
        if not await self._spoils(fault, suspects):
            return None
        while len(suspects) > 1:
            half = len(suspects) // 2
            for part in (suspects[:half], suspects[half:]):
                if await self._spoils(fault, part):
                    suspects = part
                    break
            else:
                return None
        fault.number = suspects[0]

        async def spoils(raw: bytes) -> bool:
            return await self._spoils(fault, (), raw)

        return await _smallest(self._sent, spoils)

    async def _spoils(
        self, fault: Fault, numbers: Sequence[int], instead: bytes | None = None
    ) -> bool:
        """Whether requests do so, or one `instead` of them."""
        await self._campaign.reset(self._connection)
        self._campaign.served.causes()
        for number in numbers:
            self._sent = await self._campaign.again(self._connection, number)
        if instead is not None:
            await self._connection.send([Message(raw=instead, wait=_BRIEF)])
        causes = self._campaign.served.causes()
        failing = await self._campaign.looked(self._connection)
        return fault.kind in (*causes, *(kind for _, kind in failing))


async def _smallest(raw: bytes, shows: Callable[[bytes], Awaitable[bool]]) -> bytes:
    tries = 0
    candidates = smaller(raw)
    while (candidate := next(candidates, None)) is not None and tries < _TRIES:
        tries += 1
        if await shows(candidate):
            raw, candidates = candidate, smaller(candidate)
    return raw


def smaller(raw: bytes) -> Iterator[bytes]:
    """Requests with a header, a parameter or half of something less."""
    head, end, body = raw.partition(b"\r\n\r\n")
    first, *headers = head.split(b"\r\n")

    def joined(first: bytes, headers: Sequence[bytes], body: bytes) -> bytes:
        # A length that was right is to stay so.
        right, now = b"Content-Length: %d" % before, b"Content-Length: %d" % len(body)
        return b"\r\n".join([first, *(now if h == right else h for h in headers)]) + end + body

    before = len(body)
    for number in range(len(headers)):
        yield joined(first, [*headers[:number], *headers[number + 1 :]], body)
    path, question, rest = first.partition(b"?")
    query, blank, version = rest.rpartition(b" ")
    if question:
        yield joined(path + blank + version, headers, body)
        for fewer in _fewer(query.split(b"&")):
            yield joined(path + question + fewer + blank + version, headers, body)
    if body:
        yield joined(first, headers, b"")
        for fewer in _fewer(body.split(b"&")):
            yield joined(first, headers, fewer)
        for half in (body[: before // 2], body[before // 2 :]):
            yield joined(first, headers, half)
    for number, header in enumerate(headers):
        if len(header) > 60:
            shorter = header[: len(header) // 2]
            yield joined(first, [*headers[:number], shorter, *headers[number + 1 :]], body)


def _fewer(parts: Sequence[bytes]) -> Iterator[bytes]:
    if len(parts) > 1:
        for number in range(len(parts)):
            yield b"&".join([*parts[:number], *parts[number + 1 :]])
