"""What really went over the wire between a browser and a target: cookies sent and set, and what the
storages have afterwards."""

import asyncio
import contextlib
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Page, Request, Response
from playwright.async_api import Error as PlaywrightError

from harness.deeds import Deed

__all__ = ["Recorder", "Sent", "as_max_age", "header_of", "host_of", "storages_of"]

_T = TypeVar("_T")
_PATIENCE = 10.0
"""Seconds in which headers that have come are told."""
_STORAGES = """() => [location.origin, {...localStorage}, {...sessionStorage}]"""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One request: where to, and which cookies went with it, in order."""

    url: str
    cookies: tuple[tuple[str, str], ...]


class Recorder:
    """Listens to the browsers of one lifecycle, one after the other."""

    def __init__(self) -> None:
        self._context: BrowserContext | None = None
        self._responses: list[asyncio.Task[tuple[str, list[str]]]] = []
        self._requests: list[asyncio.Task[Sent]] = []
        self._known: set[tuple[str, str]] = set()
        """Cookies that came by a header, or were told as one: names and values."""
        self._origins: dict[str, None] = {}

    def listen(self, context: BrowserContext) -> None:
        """To a browser that has been started."""
        if context is not self._context:
            self._context = context
            context.on("response", self._came)
            context.on("request", self._went)

    async def sent(self) -> list[Sent]:
        """What was sent since the last time that somebody asked."""
        tasks, self._requests = self._requests, []
        return await _done(tasks)

    async def deed(self, page: Page | None, before: Sequence[Mapping[str, Any]] | None) -> Deed:
        """What was set since the last time. `before`: the browser's cookies then, where what
        scripts did with them is to be told, too."""
        tasks, self._responses = self._responses, []
        came = await _done(tasks)
        headers = [(url, header) for url, found in came for header in found]
        answered = frozenset(url.partition("?")[0] for url, _ in came)
        for url, header in headers:
            name, _, value = header.partition(";")[0].partition("=")
            self._known.add((name.strip(), value.strip()))
            self._origins[url] = None
        if page is None:
            return Deed(cookies=headers, answered=answered)
        if before is not None:
            headers += self._by_scripts(before, await self.cookies(page), headers)
        origin, local, session = await storages_of(page)
        return Deed(
            cookies=headers,
            local={origin: local} if origin else {},
            session={origin: session} if origin else {},
            url=page.url,
            answered=answered,
        )

    async def cookies(self, page: Page) -> Sequence[Mapping[str, Any]]:
        """Those that the browser lists for where it has been."""
        addresses = [url for url in (page.url, *self._origins) if url.startswith("http")]
        return [dict(cookie) for cookie in await page.context.cookies(addresses)]

    def _by_scripts(
        self,
        before: Sequence[Mapping[str, Any]],
        after: Sequence[Mapping[str, Any]],
        headers: Sequence[tuple[str, str]],
    ) -> list[tuple[str, str]]:
        """As the headers that would have done it."""
        told = []
        named = {header.partition("=")[0].strip() for _, header in headers}
        there = {_identity(cookie) for cookie in after}
        for cookie in after:
            if (cookie["name"], cookie["value"]) not in self._known:
                self._known.add((cookie["name"], cookie["value"]))
                told.append(header_of(cookie))
        told += [
            header_of(cookie, deleted=True)
            for cookie in before
            if _identity(cookie) not in there and cookie["name"] not in named
        ]
        return told

    def _came(self, response: Response) -> None:
        self._responses.append(_heard(_set_cookies(response)))

    def _went(self, request: Request) -> None:
        self._requests.append(_heard(_sent(request)))


def _heard(work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
    """Its task; that it failed, because the browser ended, is nothing to complain of where nobody
    asks any more."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(lambda task: task.cancelled() or task.exception())
    return task


async def storages_of(page: Page) -> tuple[str, dict[str, str], dict[str, str]]:
    """Origin, `localStorage` and `sessionStorage` of what a tab shows; nothing where it has none.
    """
    if page.url.startswith("http"):
        with contextlib.suppress(PlaywrightError):
            origin, local, session = await page.evaluate(_STORAGES)
            return origin, local, session
    return "", {}, {}


async def _done(tasks: Sequence[asyncio.Task[Any]]) -> list[Any]:
    """What of it has come: of a browser that has ended nothing does any more."""
    if not tasks:
        return []
    await asyncio.wait(tasks, timeout=_PATIENCE)
    for task in tasks:
        task.cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    return [one for one in found if not isinstance(one, BaseException)]


async def _set_cookies(response: Response) -> tuple[str, list[str]]:
    headers = await response.headers_array()
    date = next((h["value"] for h in headers if h["name"].lower() == "date"), "")
    found = [
        as_max_age(line, date)
        for header in headers
        if header["name"].lower() == "set-cookie"
        for line in header["value"].split("\n")
    ]
    return response.url, found


async def _sent(request: Request) -> Sent:
    # Headers are known in full once something has come back.
    await request.response()
    headers = await request.all_headers()
    pairs = [part.strip().partition("=") for part in headers.get("cookie", "").split(";")]
    cookies = tuple((name, value) for name, _, value in pairs if name or value)
    return Sent(url=request.url, cookies=cookies)


def as_max_age(header: str, date: str) -> str:
    """A `Set-Cookie` header whose time is told as the browser reckons it: an `Expires` alone is
    counted from the response's own `Date`."""
    pair, *attributes = header.split(";")
    names = [attribute.partition("=")[0].strip().lower() for attribute in attributes]
    if "max-age" in names or "expires" not in names:
        return header
    try:
        expires = parsedate_to_datetime(
            attributes[names.index("expires")].partition("=")[2].strip()
        ).timestamp()
        now = parsedate_to_datetime(date).timestamp() if date else time.time()
    except ValueError:
        return header
    attributes[names.index("expires")] = f" Max-Age={max(0, round(expires - now))}"
    return ";".join((pair, *attributes))


def header_of(cookie: Mapping[str, Any], *, deleted: bool = False) -> tuple[str, str]:
    """An address, and the header by which it would have set a cookie that the browser lists, or
    deleted it."""
    domain = cookie["domain"]
    host = domain.removeprefix(".")
    parts = [f"{cookie['name']}={'' if deleted else cookie['value']}", f"Path={cookie['path']}"]
    if domain.startswith("."):
        parts.append(f"Domain={host}")
    if deleted:
        parts.append("Max-Age=0")
    elif cookie["expires"] > 0:
        parts.append(f"Max-Age={max(0, round(cookie['expires'] - time.time()))}")
    if cookie["httpOnly"]:
        parts.append("HttpOnly")
    if cookie["secure"]:
        parts.append("Secure")
    if cookie.get("sameSite") in ("Lax", "Strict") or cookie["secure"]:
        parts.append(f"SameSite={cookie.get('sameSite', 'Lax')}")
    scheme = "https" if cookie["secure"] and not host.endswith("localhost") else "http"
    return f"{scheme}://{host}{cookie['path']}", "; ".join(parts)


def _identity(cookie: Mapping[str, Any]) -> tuple[str, str, str]:
    return cookie["name"], cookie["domain"], cookie["path"]


def host_of(url: str) -> str:
    """The name of an address's host."""
    return urlsplit(url).hostname or ""
