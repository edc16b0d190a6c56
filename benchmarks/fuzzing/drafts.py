"""A request that is being made: first by its parameters, then by its parts on the wire."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter
from typing import Literal
from urllib.parse import parse_qsl, quote_from_bytes

from benchmarks.fuzzing.operations import WHOLE, Operation

__all__ = ["Draft", "begin", "encoded"]

_Pairs = list[tuple[bytes, bytes]]


@dataclass(kw_only=True)
class Draft:
    """`query`, `form` and `json` are names and values that are not encoded yet; the values of
    `json` are JSON already. `body` is made of them by `finish`, unless it is there."""

    method: bytes
    path: bytes
    host: bytes
    query: _Pairs
    fields: _Pairs
    kind: Literal["none", "form", "multipart", "json"]
    """How `fields` go into the body."""
    headers: _Pairs
    target: bytes = b""
    version: bytes = b"HTTP/1.1"
    body: bytes = b""
    safe: bytes = field(default=b"", repr=False)
    """Bytes that are not percent-encoded in parameters."""
    chunked: bool = False
    length: bytes | None = None
    """A Content-Length that is not the body's."""

    def finish(self) -> None:
        """Put the parameters into the target and the body."""
        self.target = quote_from_bytes(self.path, safe="/%:@!$&'()*+,;=~").encode()
        if self.query:
            self.target += b"?" + encoded(self.query, self.safe)
        if self.kind == "form":
            self.body = encoded(self.fields, self.safe)
            self.headers.append((b"Content-Type", b"application/x-www-form-urlencoded"))
        elif self.kind == "json":
            pairs = (json.dumps(k.decode("latin-1")).encode() + b":" + v for k, v in self.fields)
            self.body = b"{" + b",".join(pairs) + b"}"
            self.headers.append((b"Content-Type", b"application/json"))
        elif self.kind == "multipart":
            self.body = b"".join(
                b'--edge\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % pair
                for pair in self.fields
            )
            self.body += b"--edge--\r\n"
            self.headers.append((b"Content-Type", b"multipart/form-data; boundary=edge"))

    def raw(self) -> bytes:
        """The bytes to send."""
        lines = [b" ".join((self.method, self.target, self.version))]
        lines += [b"%s: %s" % header for header in self.headers]
        body = self.body
        if self.chunked:
            lines.append(b"Transfer-Encoding: chunked")
            half = len(body) // 2
            parts = [part for part in (body[:half], body[half:]) if part]
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        elif self.length is not None:
            lines.append(b"Content-Length: " + self.length)
        elif body or self.method not in (b"GET", b"HEAD", b"DELETE"):
            lines.append(b"Content-Length: %d" % len(body))
        return b"\r\n".join(lines) + b"\r\n\r\n" + body


def encoded(pairs: Sequence[tuple[bytes, bytes]], safe: bytes = b"") -> bytes:
    """Parameters as in a query or a form."""
    return b"&".join(
        quote_from_bytes(name, safe=safe).encode() + b"=" + quote_from_bytes(v, safe=safe).encode()
        for name, v in pairs
    )


class _Filling(Formatter):
    """Names that the server has given nothing out for stay as they are."""

    def get_value(
        self, key: int | str, args: Sequence[object], kwargs: Mapping[str, object]
    ) -> object:
        return kwargs.get(str(key), f"no_{key}")


_filling = _Filling()


def begin(operation: Operation, values: Mapping[str, str]) -> Draft:
    """The valid request of an operation."""

    def fill(template: str) -> bytes:
        if "{" not in template:
            return template.encode()
        return _filling.vformat(template, (), values).encode("utf-8", "surrogateescape")

    def fill_json(value: object) -> bytes:
        if isinstance(value, str):
            return json.dumps(fill(value).decode(errors="replace")).encode()
        if isinstance(value, list):
            return b"[" + b",".join(fill_json(item) for item in value) + b"]"
        return json.dumps(value).encode()

    query = [(name.encode(), fill(value)) for name, value in operation.query.items()]
    if operation.query_of:
        given = parse_qsl(values.get(operation.query_of, ""), keep_blank_values=True)
        query = [(name.encode(), value.encode()) for name, value in given]
    fields: _Pairs = []
    if operation.form is not None:
        fields = [(name.encode(), fill(value)) for name, value in operation.form.items()]
    elif operation.json is not None:
        fields = [(name.encode(), fill_json(value)) for name, value in operation.json.items()]
    host = values[f"{operation.at}_host"].encode()
    headers = [(b"Host", host), (b"User-Agent", b"Mozilla/5.0 (X11; Linux x86_64)")]
    headers += [(name.encode(), fill(value)) for name, value in operation.headers.items()]
    cookies = [
        values[name] if name in WHOLE else f"{name}={values[name]}"
        for name in operation.cookies
        if values.get(name)
    ]
    if cookies:
        headers.append((b"Cookie", "; ".join(cookies).encode()))
    return Draft(
        method=operation.method.encode(),
        path=fill(operation.path),
        host=host,
        query=query,
        fields=fields,
        kind="form" if operation.form is not None else "json" if operation.json else "none",
        headers=headers,
    )
