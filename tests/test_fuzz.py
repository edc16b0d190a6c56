"""The fuzzer's own parts: what it sends is the seed's, and what it finds is told short."""

import asyncio
from random import Random

from benchmarks.fuzzing.drafts import begin
from benchmarks.fuzzing.mutations import mutated
from benchmarks.fuzzing.operations import BY_NAME
from benchmarks.fuzzing.pools import Pools
from benchmarks.fuzzing.serving import causes
from benchmarks.fuzzing.shrinking import smaller
from benchmarks.fuzzing.wire import Answer, Connection, Message

VALUES = {"environment": "acme", "idp_host": "acme.idp.localhost:1", "idp": "", "basic": "Basic x"}
PRINTED = """Error handling request
Traceback (most recent call last):
  File "/x/harness/server/routes.py", line 5, in handle
ValueError: first

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/x/harness/server/oauth.py", line 7, in revoke
    values = await form_of(request)
LookupError: unknown encoding: x
Error handling request
Traceback (most recent call last):
  File "/x/aiohttp/web_protocol.py", line 5, in start
aiohttp.http_exceptions.BadStatusLine: 400
"""


def test_a_seed_says_what_is_sent() -> None:
    def sent(seed: int) -> list[Message]:
        operation = BY_NAME["token.basic"]
        randoms = [Random(f"{seed}:{number}") for number in range(50)]
        return [mutated(begin(operation, VALUES), rng, waits=False) for rng in randoms]

    assert sent(1) == sent(1)
    assert sent(1) != sent(2)


def test_what_a_traceback_is_about() -> None:
    assert causes(PRINTED) == [
        "LookupError at harness/server/oauth.py:7 (revoke)",
        "aiohttp.http_exceptions.BadStatusLine at aiohttp",
    ]


def test_smaller_requests_keep_a_length_that_is_right() -> None:
    raw = b"POST /a?b=c&d=e HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n\r\nf=g&h=i"
    found = set(smaller(raw))
    assert b"POST /a?d=e HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n\r\nf=g&h=i" in found
    assert b"POST /a?b=c&d=e HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nh=i" in found
    assert b"POST /a?b=c&d=e HTTP/1.1\r\nContent-Length: 7\r\n\r\nf=g&h=i" in found
    assert all(len(candidate) < len(raw) for candidate in found)


def test_what_the_server_gives_out_is_used() -> None:
    pools = Pools()
    location = ("location", "http://acme.app.localhost/callback?code=c1&state=s")
    pools.learn("acme", {}, Answer(status=302, headers=[location]))
    assert pools.draw("acme", ["code"]) == {"code": "c1"}
    assert pools.draw("free", ["code"]) == {}


def test_answers_are_told_apart_on_one_connection() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chunks = b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\na\r\n0123456789\r\n0\r\n\r\n"
        for body in (chunks, b"Content-Length: 2\r\n\r\nab", b"Content-Length: 9\r\n\r\n"):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" + body)
        writer.close()

    async def sent() -> list[Answer | None]:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            connection = Connection(server.sockets[0].getsockname()[1])
            methods = (b"GET", b"GET", b"HEAD")
            messages = [Message(raw=b"%s / HTTP/1.1\r\n\r\n" % m) for m in methods]
            answers = await connection.send(messages)
            connection.close()
            return answers

    answers = [(answer.status, answer.body) for answer in asyncio.run(sent()) if answer]
    assert answers == [(200, b"ab0123456789"), (200, b"ab"), (200, b"")]


def test_an_answer_that_comes_before_all_is_sent_is_not_lost() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno")
        writer.close()

    async def sent() -> list[Answer | None]:
        server = await asyncio.start_server(refuse, "127.0.0.1", 0)
        async with server:
            connection = Connection(server.sockets[0].getsockname()[1])
            answers = await connection.send([Message(raw=b"x" * 1_000, pieces=1_000)])
            connection.close()
            return answers

    assert [answer and answer.body for answer in asyncio.run(sent())] == [b"no"]
