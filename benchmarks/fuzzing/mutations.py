"""How a valid request becomes one that nobody expects."""

import gzip
import re
from collections.abc import Callable
from random import Random

from benchmarks.fuzzing import hostile
from benchmarks.fuzzing.drafts import Draft, encoded
from benchmarks.fuzzing.wire import Message

__all__ = ["mutated"]

_Change = Callable[[Draft, Random], None]

_DOUBTFUL = 0.15
"""Seconds to wait for an answer to bytes that may be no request at all."""
_CUT_OFF = 0.03
"""Seconds to wait for an answer to a request that does not end: most get none."""


# Before it is encoded: parameters.


def _parameters(draft: Draft, rng: Random) -> hostile.Pairs:
    return rng.choice([pairs for pairs in (draft.query, draft.fields) if pairs] or [draft.query])


def _value(draft: Draft, rng: Random) -> None:
    pairs = _parameters(draft, rng)
    if pairs:
        number = rng.randrange(len(pairs))
        pairs[number] = (pairs[number][0], _new_value(draft, pairs, rng))


def _new_value(draft: Draft, pairs: hostile.Pairs, rng: Random) -> bytes:
    in_json = pairs is draft.fields and draft.kind == "json"
    return hostile.fragment(rng) if in_json else hostile.text(rng)


def _damage(draft: Draft, rng: Random) -> None:
    """A value almost as it was: a letter more, less, other."""
    pairs = _parameters(draft, rng)
    if pairs:
        number = rng.randrange(len(pairs))
        name, value = pairs[number]
        at = rng.randrange(len(value) + 1)
        middle = rng.choice((b"", b"\0", b"\xff", b" ", b"%", b"A", "é".encode()))
        pairs[number] = (name, value[:at] + middle + value[at + rng.randrange(2) :])


def _without(draft: Draft, rng: Random) -> None:
    pairs = _parameters(draft, rng)
    if pairs:
        del pairs[rng.randrange(len(pairs))]


def _empty(draft: Draft, rng: Random) -> None:
    pairs = _parameters(draft, rng)
    if pairs:
        number = rng.randrange(len(pairs))
        pairs[number] = (pairs[number][0], b"")


def _again(draft: Draft, rng: Random) -> None:
    pairs = _parameters(draft, rng)
    if pairs:
        name, value = rng.choice(pairs)
        pairs.append((name, value if rng.random() < 0.5 else _new_value(draft, pairs, rng)))


def _another(draft: Draft, rng: Random) -> None:
    pairs = _parameters(draft, rng)
    name = rng.choice(hostile.NAMES).encode("latin-1")
    pairs.insert(rng.randrange(len(pairs) + 1), (name, _new_value(draft, pairs, rng)))


def _segment(draft: Draft, rng: Random) -> None:
    """Another segment of the path."""
    parts = draft.path.split(b"/")
    number = rng.randrange(len(parts))
    parts[number] = hostile.text(rng)[:500]
    draft.path = b"/".join(parts)


def _moved(draft: Draft, rng: Random) -> None:
    """What belongs into the body, in the query, or the other way round."""
    draft.query, draft.fields = draft.fields, draft.query


def _kind(draft: Draft, rng: Random) -> None:
    draft.kind = rng.choice(("form", "multipart", "multipart", "json"))


def _raw_bytes(draft: Draft, rng: Random) -> None:
    """Parameters with less percent-encoding than they need."""
    draft.safe = rng.choice((b"/:", b"%", b"+ %", bytes(range(0x80, 0x100)), bytes(range(256))))


_PARAMETERS: dict[_Change, int] = {
    _value: 12, _damage: 4, _without: 4, _empty: 4, _again: 4, _another: 6, _segment: 2, _moved: 1,
    _kind: 2, _raw_bytes: 2,
}  # fmt: skip


# On the wire: target, headers, body.


def _method(draft: Draft, rng: Random) -> None:
    draft.method = rng.choice(hostile.METHODS).encode("latin-1")


def _target(draft: Draft, rng: Random) -> None:
    target, host = draft.target, draft.host
    draft.target = rng.choice(
        (
            b"http://" + host + target,
            b"HTTP://" + host.upper() + target,
            b"https://" + host + target,
            b"http://evil.example" + target,
            b"http://user:secret@" + host + target,
            b"http://[" + target,
            b"http://" + host + b":99999999" + target,
            b"ftp:" + target,
            host,
            b"*",
            b"",
            b"/" + target,
            target.replace(b"/", b"//"),
            target + b"/",
            target + b"?",
            target + b"#a",
            target + b"%",
            target + b"%ff",
            target + b"%00",
            target + b"%2f..",
            target + b"/../.." + target,
            target.replace(b"e", b"%65"),
            target.upper(),
            target + b"\xff\xfe",
            target + " é".encode(),
            target + b";a=b",
            target + b"?" + b"&".join(b"a%d=b" % number for number in range(400)),
            target + b"?" + b"a" * rng.choice((3_000, 8_150, 9_000)),
            target[1:],
            b"?" + target,
            b"\\" + target,
        )
    )


def _host(draft: Draft, rng: Random) -> None:
    name, _, port = draft.host.partition(b":")
    other = rng.choice(
        (
            draft.host.upper(),
            name.capitalize() + b":" + port,
            name + b".:" + port,
            name,
            name + b":",
            name + b":80",
            name + b":0" + port,
            name + b":" + port + b"0",
            b"localhost:" + port,
            b"127.0.0.1:" + port,
            b"[::1]:" + port,
            b"[",
            b"",
            b" ",
            b"\xff\xfe:" + port,
            "é.localhost:".encode() + port,
            b"\xed\xa0\x80",
            b"a" * 5_000,
            b"evil.example",
            b"user@" + draft.host,
            draft.host + b"/x?y",
            draft.host + b", " + draft.host,
            b"%6c" + draft.host[1:],
            name.replace(b".app.", b".idp.") + b":" + port,
            b"acme.idp.localhost:" + port,
            b"acme.app.localhost:" + port,
            b"free.idp.localhost:" + port,
        )
    )
    kept = [header for header in draft.headers if header[0] != b"Host"]
    draft.headers = rng.choice(
        (
            *([[(b"Host", other), *kept]] * 8),
            kept,
            [(b"Host", draft.host), (b"Host", other), *kept],
            [(b"host", draft.host), *kept],
        )
    )


def _header(draft: Draft, rng: Random) -> None:
    name, value = hostile.header(rng)
    if rng.random() < 0.7:
        draft.headers = [h for h in draft.headers if h[0].lower() != name.lower()]
    draft.headers.append((name, value))


def _damaged_header(draft: Draft, rng: Random) -> None:
    number = rng.randrange(len(draft.headers)) if draft.headers else None
    if number is not None:
        name, value = draft.headers[number]
        at = rng.randrange(len(value) + 1)
        value = (
            value[:at] + rng.choice((b"\xff", b"\0", b"\r", b"\n ", b"A", b"")) + value[at + 1 :]
        )
        draft.headers[number] = (name, value)


def _without_header(draft: Draft, rng: Random) -> None:
    if draft.headers:
        del draft.headers[rng.randrange(len(draft.headers))]


def _huge_header(draft: Draft, rng: Random) -> None:
    size = rng.choice((4_000, 8_000, 8_190, 8_200, 20_000))
    draft.headers.append((b"X-Large", b"x" * size))


def _many_headers(draft: Draft, rng: Random) -> None:
    draft.headers += [(b"X-%d" % number, b"x") for number in range(rng.choice((90, 300, 2_000)))]


def _version(draft: Draft, rng: Random) -> None:
    versions = (b"HTTP/1.0", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.12", b"http/1.1", b"")
    draft.version = rng.choice(versions)


def _media_type(draft: Draft, rng: Random) -> None:
    """Another Content-Type, or the one that is there with another charset."""
    types = [value for name, value in draft.headers if name == b"Content-Type"]
    value = hostile.media_type(rng)
    if types and rng.random() < 0.6:
        charset = rng.choice(hostile.CHARSETS).encode("latin-1", "replace")
        value = types[0] + b"; charset=" + charset
    draft.headers = [header for header in draft.headers if header[0] != b"Content-Type"]
    draft.headers.append((b"Content-Type", value))


def _multipart(draft: Draft, rng: Random) -> None:
    """A form in parts that are not as they should be."""
    name = draft.fields[0][0] if draft.fields else b"grant_type"
    disposition = b'Content-Disposition: form-data; name="' + name + b'"'
    part = b"--edge\r\n" + disposition + b"\r\n%s\r\nvalue\r\n"
    extra = rng.choice(
        (
            b"Content-Transfer-Encoding: x\r\n",
            b"Content-Transfer-Encoding: base64\r\n",
            b"Content-Transfer-Encoding: quoted-printable\r\n",
            b"Content-Encoding: gzip\r\n",
            b"Content-Encoding: x\r\n",
            b"Content-Type: text/plain; charset=" + rng.choice(hostile.CHARSETS).encode() + b"\r\n",
            b"Content-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\n\r\nx\r\n--in--\r\n",
            b"Content-Type: multipart/mixed\r\n",
            b"Content-Length: 2\r\n",
            b"Content-Length: x\r\n",
            b"X: " + b"x" * 9_000 + b"\r\n",
            b"no header at all\r\n",
            b"",
        )
    )
    body = part % extra
    body += rng.choice(
        (
            b"--edge--\r\n",
            b"--edge",
            b"",
            b"--edge\r\n",
            b"--edge\r\n\r\nno disposition\r\n--edge--\r\n",
            b"--edge\r\nContent-Disposition: form-data\r\n\r\nx\r\n--edge--\r\n",
            b'--edge\r\nContent-Disposition: form-data; name=a; filename="f"\r\n\r\nx\r\n--edge--',
            b"--edge\r\nContent-Disposition: form-data; name*=utf-8''%ff\r\n\r\nx\r\n--edge--\r\n",
            part % b"" + b"--edge--\r\n",
            b"".join([part % b""] * 300) + b"--edge--\r\n",
        )
    )
    draft.body = body if rng.random() < 0.9 else body[: rng.randrange(len(body))]
    draft.headers = [header for header in draft.headers if header[0] != b"Content-Type"]
    draft.headers.append((b"Content-Type", b"multipart/form-data; boundary=edge"))


_BOMB = gzip.compress(b"a" * 10_000_000, mtime=0)


def _content_encoding(draft: Draft, rng: Random) -> None:
    name = rng.choice((b"gzip", b"gzip", b"deflate", b"br", b"zstd", b"x-gzip"))
    packed = gzip.compress(draft.body, mtime=0)
    draft.body = rng.choice((draft.body, packed, packed[:-5], b"", b"\x1f\x8b", _BOMB))
    draft.headers.append((b"Content-Encoding", name))


def _body(draft: Draft, rng: Random) -> None:
    body = draft.body
    draft.body = rng.choice(
        (
            hostile.noise(rng, 300),
            body[: rng.randrange(len(body) + 1)],
            body + hostile.noise(rng, 10),
            hostile.fragment(rng),
            b"\xef\xbb\xbf" + body,
            body.decode("latin-1").encode("utf-16"),
            b"&".join(b"a%d=b" % number for number in range(rng.choice((100, 1_100, 6_000)))),
            encoded([(b"a", b"b" * 70_000)]),
            b"=" * 3_000,
            b"",
        )
    )


_WIRE: dict[_Change, int] = {
    _method: 4, _target: 8, _host: 8, _header: 14, _damaged_header: 5, _without_header: 2,
    _huge_header: 1, _many_headers: 1, _version: 1, _media_type: 6, _multipart: 4,
    _content_encoding: 3, _body: 6,
}  # fmt: skip


_FRAMING = {b"content-length", b"transfer-encoding", b"connection", b"upgrade", b"expect", b""}


_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")


def _is_clear(draft: Draft) -> bool:
    """Whether both sides are of one mind where the request ends, and its answer."""
    usual = (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS")
    names = {name.strip().lower() for name, _ in draft.headers}
    lines = b"".join(part for header in draft.headers for part in header) + draft.target
    return draft.method in usual and not names & _FRAMING and not _CONTROL.search(lines)


def _drawn(changes: dict[_Change, int], rng: Random) -> _Change:
    return rng.choices(tuple(changes), tuple(changes.values()))[0]


def mutated(draft: Draft, rng: Random, *, waits: bool) -> Message:
    """The message that a draft becomes after some changes; `waits`: its answer may take long."""
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3))):
        _drawn(_PARAMETERS, rng)(draft, rng)
    draft.finish()
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
        _drawn(_WIRE, rng)(draft, rng)
    # Whether the end of the request is where this side takes it to be.
    wait = None if _is_clear(draft) else _DOUBTFUL
    framing = rng.random()
    if framing < 0.03:
        draft.chunked = True
    elif framing < 0.05:
        wait = _DOUBTFUL
        draft.length = rng.choice((b"0", b"%d" % (len(draft.body) // 2), b"x", b"-1", b"", b"1, 1"))
    elif framing < 0.06:
        wait = _CUT_OFF
        draft.length = b"%d" % (len(draft.body) + rng.randrange(1, 100))
    raw = draft.raw()
    if 0.06 < framing < 0.07:
        wait, raw = _CUT_OFF, raw[: rng.randrange(1, len(raw) + 1)]
    elif 0.07 < framing < 0.1:
        wait = _DOUBTFUL
        for _ in range(rng.choice((1, 1, 2, 8))):
            at = rng.randrange(len(raw))
            raw = raw[:at] + hostile.noise(rng, 3) + raw[at + rng.randrange(3) :]
    return Message(
        raw=raw,
        wait=_CUT_OFF if waits and wait is None else wait,
        pieces=rng.choice((1,) * 20 + (2, 5)),
        half_close=wait is not None and rng.random() < 0.3,
    )
