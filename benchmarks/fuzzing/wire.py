"""Raw HTTP/1.1: bytes out, the answers' status, headers and bodies in."""

import asyncio
import contextlib
import socket
import time
from dataclasses import dataclass, field
from functools import cached_property

__all__ = ["Answer", "Connection", "Message"]

_AT_MOST = 30.0
"""Seconds until an answer is given up."""
_LARGEST = 2**24


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is sent: one request, or what is left of one."""

    raw: bytes
    wait: float | None = None
    """Seconds to wait for an answer that need not come; None: it must."""
    pieces: int = 1
    """In how many parts it is sent."""
    half_close: bool = False
    """Whether to say that nothing more will come, instead of hanging up."""

    @property
    def method(self) -> bytes:
        """The request's method, as it is on the wire."""
        return self.raw.lstrip(b"\r\n").partition(b" ")[0]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response. `closed`: whether the connection is of no more use."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    closed: bool = False
    at: float = 0.0
    """When it was all there, by the monotonic clock."""

    def header(self, name: str) -> str | None:
        """The first header of that name, in lower case."""
        return next((v for k, v in self.headers if k == name), None)

    @cached_property
    def cookies(self) -> dict[str, str]:
        """Cookies that are set, by name; deleted ones are empty."""
        pairs = (v.partition(";")[0].partition("=") for k, v in self.headers if k == "set-cookie")
        return {name: value.strip('"') for name, _, value in pairs}


class _Stream:
    """A socket, and all that comes from it.

    Not `asyncio.open_connection`: a write to a server that has hung up makes it drop what has
    arrived and is not read yet, and a refusal that came before all was sent is lost.
    """

    def __init__(self, connected: socket.socket) -> None:
        self.reader = asyncio.StreamReader(limit=_LARGEST)
        self._socket = connected
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(connected, self._arrived)

    def _arrived(self) -> None:
        try:
            data = self._socket.recv(2**16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.reader.feed_data(data)
        else:
            self._loop.remove_reader(self._socket)
            self.reader.feed_eof()

    async def write(self, data: bytes) -> None:
        """Send all of it; raise OSError where the server has hung up."""
        await self._loop.sock_sendall(self._socket, data)

    def end(self) -> None:
        """Say that nothing more will come."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Hang up."""
        self._loop.remove_reader(self._socket)
        self._socket.close()


class Connection:
    """One connection at a time to the server, opened when it is needed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stream: _Stream | None = None

    async def _open(self) -> _Stream:
        if self._stream is None or self._stream.reader.at_eof():
            self.close()
            connected = socket.socket()
            connected.setblocking(False)
            await asyncio.get_running_loop().sock_connect(connected, ("127.0.0.1", self._port))
            self._stream = _Stream(connected)
        return self._stream

    def close(self) -> None:
        """Hang up, whatever is under way."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    async def send(self, messages: list[Message]) -> list[Answer | None]:
        """Send these in one go, and read their answers; None for each that did not come.

        A connection that the server closed meanwhile is opened anew for the first of them.
        """
        fresh = self._stream is None
        answers = await self._once(messages)
        if answers[0] is None and messages[0].wait is None and not fresh:
            answers = await self._once(messages)
        return answers

    async def _once(self, messages: list[Message]) -> list[Answer | None]:
        stream = await self._open()
        with contextlib.suppress(OSError):
            for message in messages:
                await _write(stream, message)
            # Not after others: their answers would be lost with it.
            if len(messages) == 1 and messages[0].half_close:
                stream.end()
        answers: list[Answer | None] = []
        for message in messages:
            answer = None
            try:
                async with asyncio.timeout(_AT_MOST if message.wait is None else message.wait):
                    answer = await _read(stream.reader, message.method)
            except (OSError, EOFError, ValueError):
                pass
            answers.append(answer)
            if answer is None or answer.closed:
                break
        answers += [None] * (len(messages) - len(answers))
        if any(m.wait is not None for m in messages) or any(a is None or a.closed for a in answers):
            self.close()
        return answers


async def _write(stream: _Stream, message: Message) -> None:
    size = -(-len(message.raw) // message.pieces) or 1
    for start in range(0, len(message.raw), size):
        await stream.write(message.raw[start : start + size])
        if message.pieces > 1:
            await asyncio.sleep(0)


async def _read(reader: asyncio.StreamReader, method: bytes) -> Answer:
    """The next response that is not an interim one; raise EOFError or ValueError."""
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head[:-4].decode("latin-1").split("\r\n")
        status = int(first.split(" ", 2)[1])
        if status >= 200 or status == 101:
            break
    pairs = (line.partition(":") for line in lines)
    headers = [(name.lower(), value.strip()) for name, _, value in pairs]
    values = dict(headers)
    body, closed = b"", values.get("connection", "").lower() in ("close", "upgrade")
    if method == b"HEAD" or status in (101, 204, 304):
        pass
    elif "content-length" in values:
        body = await reader.readexactly(int(values["content-length"]))
    elif values.get("transfer-encoding", "").lower() == "chunked":
        body = await _chunks(reader)
    else:
        body, closed = await reader.read(), True
    at = time.monotonic()
    return Answer(status=status, headers=headers, body=body, closed=closed, at=at)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(size)
        await reader.readuntil(b"\r\n")
    await reader.readuntil(b"\r\n")
    return body
