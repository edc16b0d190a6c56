"""What comes in, made fit to be read: the host that is meant, headers that are text, and the body
within a time limit.

A request that cannot be read is the sender's mistake, and answered with 400 or 408. Parsers raise
many things for broken input; that is why only this module catches whatever they raise, and an error
anywhere else stays an error of this server.
"""

import asyncio
import ipaddress
import json
import re
from collections.abc import Awaitable
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from aiohttp import hdrs, web
from aiohttp.http import HttpVersion11

__all__ = ["check_host", "form_of", "is_loopback", "json_of", "normalized", "pairs_of"]

_BODY_TIMEOUT = 20.0
"""Seconds until a body has to be there."""
_MAX_FIELDS = 1000
_HOST = re.compile(r"([A-Za-z0-9._~-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?")
_PORT = re.compile(r":[0-9]*$")
_DEFAULT_PORTS = {"http": 80, "https": 443}

_T = TypeVar("_T")


def normalized(request: web.BaseRequest) -> web.BaseRequest:
    """The request with its host in lower case and with a port, and with headers that are text.

    An absolute target names the host, whatever the header says (RFC 9112 section 3.2.2). Bytes that
    are no UTF-8 become replacement characters, so that they can be logged and shown.
    """
    headers = request.headers.items()
    if not _is_text("".join([*request.headers, *request.headers.values()])):
        request = request.clone(headers=[(_text(name), _text(value)) for name, value in headers])
    host = request.headers.get(hdrs.HOST, "")
    if request.host == host and host == host.lower() and ":" in host:
        return request
    # The target of the copy is relative: an absolute one would go before the host given here.
    return request.clone(rel_url=request.rel_url, host=_host(request))


def _host(request: web.BaseRequest) -> str:
    try:
        host = request.url.authority.lower()
    except ValueError:
        host = request.host
    return host if _PORT.search(host) else f"{host}:{_DEFAULT_PORTS[request.scheme]}"


def check_host(request: web.Request) -> None:
    """Raise HTTPBadRequest where the Host header is missing, ambiguous or no host (RFC 9112 section
    3.2)."""
    hosts = request.headers.getall(hdrs.HOST, [])
    if len(hosts) > 1 or (not hosts and request.version >= HttpVersion11):
        raise web.HTTPBadRequest(reason="One Host header is needed")
    if hosts and not _HOST.fullmatch(hosts[0]):
        raise web.HTTPBadRequest(reason="The Host header names no host")


def is_loopback(address: str | None) -> bool:
    """Whether a request from that address is of this machine."""
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def _is_text(value: str) -> bool:
    return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)


def _text(value: str) -> str:
    # aiohttp keeps bytes that are no UTF-8 as lone surrogates, which nothing can encode.
    return value.encode(errors="surrogateescape").decode(errors="replace")


async def pairs_of(request: web.Request) -> list[tuple[str, str]]:
    """The fields of a form in their order, without files; none for a body that is no form. Only
    UTF-8 is accepted (RFC 6749 appendix B)."""
    if request.content_type == "application/x-www-form-urlencoded":
        if (request.charset or "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
            raise web.HTTPBadRequest(reason="A form must be UTF-8")
        body = await _read(request.read())
        try:
            return parse_qsl(
                body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS
            )
        except ValueError:
            raise web.HTTPBadRequest(reason="The form cannot be read") from None
    if request.content_type == "multipart/form-data":
        fields = await _read(request.post())
        return [(name, value) for name, value in fields.items() if isinstance(value, str)]
    return []


async def form_of(request: web.Request) -> dict[str, str]:
    """The fields of a form, the last of each name."""
    return dict(await pairs_of(request))


async def json_of(request: web.Request) -> Any:
    """The body as JSON (RFC 8259: UTF-8, and no NaN); raise HTTPBadRequest."""
    body = await _read(request.read())
    try:
        value = json.loads(body.decode(), parse_constant=_refuse)
        if b"\\u" in body:
            # Half of a pair of surrogates can be written so, and cannot be encoded (section 8.2).
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except (ValueError, RecursionError):
        raise web.HTTPBadRequest(reason="The body is not JSON") from None


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


async def _read(reading: Awaitable[_T]) -> _T:
    try:
        async with asyncio.timeout(_BODY_TIMEOUT):
            return await reading
    except web.HTTPException:
        raise
    except TimeoutError:
        raise web.HTTPRequestTimeout(reason="The body did not come") from None
    except Exception:
        raise web.HTTPBadRequest(reason="The body cannot be read") from None
