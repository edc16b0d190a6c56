"""The user agent: tabs that fetch pages over HTTP, run their scripts and keep their history."""

import http.client
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from harness.model.cookies import CookieStore, Request, site_of
from harness.model.document import Document, Effects, Fetch, Form, parse, run_scripts
from harness.model.trail import Trails

__all__ = ["EMPTY", "AgentError", "Storages", "Stores", "Tab", "UserAgent", "copy_of"]

EMPTY = "about:blank"
_REDIRECTS = 20
"""The Fetch standard, section 4.4, step 7."""
_DOCUMENTS = 40
"""Pages in a row that send each other on by script, before it counts as a loop."""

_KEYS = count()

Storages = dict[str, dict[str, str]]
"""A storage's items, by origin."""


def copy_of(storages: Storages) -> Storages:
    """Storages that can be changed apart."""
    return {origin: dict(items) for origin, items in storages.items() if items}


class AgentError(Exception):
    """A page that a person could not have got past."""


@dataclass(kw_only=True, eq=False)
class Tab:
    """A tab: where it has been, what its session storage holds, what it shows. Two are never the
    same tab, whatever they show."""

    history: list[str] = field(default_factory=lambda: [EMPTY])
    session_storage: Storages = field(default_factory=dict)
    unused: set[str] = field(default_factory=set)
    """Origins whose session storage came back with the tab, and no page has looked at since."""
    pinned: bool = False
    window: int = 0
    """The window that it is in; no two have the same number, whatever life they are of."""
    pending: bool = False
    """Whether it came back behind another and is not loaded before somebody looks at it."""
    key: int = field(default_factory=lambda: next(_KEYS))
    """What it has in common with what comes back as this tab."""
    document: Document = field(default_factory=lambda: Document(url=EMPTY))

    @property
    def url(self) -> str:
        """What the tab shows."""
        return self.history[-1]

    @property
    def empty(self) -> bool:
        """Whether it shows nothing."""
        return self.url == EMPTY

    def show_as(self, other: "Tab") -> None:
        """Be where another tab is."""
        self.history, self.document = list(other.history), other.document

    def keep_as(self, other: "Tab") -> None:
        """Have in its storage what another tab has."""
        self.session_storage = copy_of(other.session_storage)
        self.unused = set(other.unused)

    def copy(self) -> "Tab":
        """As it is now, for a session file."""
        return replace(
            self,
            history=list(self.history),
            session_storage=copy_of(self.session_storage),
            unused=set(self.unused),
        )

    def come_back(self) -> "Tab":
        """As a browser brings it back."""
        tab = self.copy()
        tab.unused = {origin for origin, items in tab.session_storage.items() if items}
        return tab


class Stores:
    """What a browser has in memory for all of its tabs."""

    def __init__(self) -> None:
        self.cookies = CookieStore()
        self.local_storage: Storages = {}
        self.trails = Trails()


class UserAgent(Stores):
    """HTTP with a cookie store and storages, over one connection: every host is on loopback.

    `name` is sent as `User-Agent`; `now` tells the time in seconds since the epoch;
    `redirects_count`: whether the redirect of another site makes a request cross-site;
    `trusts_localhost`: whether `Secure` cookies come and go over http there.
    """

    def __init__(
        self,
        connection: http.client.HTTPConnection,
        *,
        name: str,
        now: Callable[[], float],
        redirects_count: bool,
        trusts_localhost: bool,
    ) -> None:
        super().__init__()
        self._connection = connection
        self.redirects_count = redirects_count
        self.trusts_localhost = trusts_localhost
        self._name = name
        self._now = now

    def beside(self) -> "UserAgent":
        """One for another tab at the same time: the same stores, a connection of its own."""
        connection = http.client.HTTPConnection(
            self._connection.host, self._connection.port, timeout=self._connection.timeout
        )
        other = UserAgent(
            connection,
            name=self._name,
            now=self._now,
            redirects_count=self.redirects_count,
            trusts_localhost=self.trusts_localhost,
        )
        other.cookies, other.local_storage = self.cookies, self.local_storage
        other.trails = self.trails
        return other

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def navigate(self, tab: Tab, url: str, *, initiator: str | None = None) -> Document:
        """Show an address in a tab, and what it sends the tab on to; the page it stops at."""
        if url == EMPTY:
            self._show(tab, Document(url=EMPTY))
            return tab.document
        return self._load(tab, self._request(url=url, initiator=initiator), b"")

    def submit(self, tab: Tab, form: Form, values: dict[str, str]) -> Document:
        """Send a form of the page that the tab shows."""
        initiator = site_of(tab.url)
        body = urlencode(values)
        if form.method == "GET":
            return self.navigate(tab, f"{form.action}?{body}", initiator=initiator)
        request = self._request(url=form.action, method="POST", initiator=initiator)
        return self._load(tab, request, body.encode())

    def frame(self, tab: Tab, url: str) -> None:
        """Show an address in a hidden frame of the page in the tab; frames have no history here.
        """
        site = site_of(tab.url)
        request = self._request(url=url, site_for_cookies=site, initiator=site, top_level=False)
        document = self._document(request, b"")
        self._run(tab, document, site)

    def post(self, tab: Tab, url: str) -> None:
        """Let the page in the tab send an empty POST, as a script does."""
        site = site_of(tab.url)
        request = self._request(
            url=url, method="POST", site_for_cookies=site, initiator=site, top_level=False
        )
        self._exchange(request, {}, b"")

    def _load(self, tab: Tab, request: Request, body: bytes) -> Document:
        for _ in range(_DOCUMENTS):
            document = self._document(request, body)
            self._show(tab, document)
            effects = self._run(tab, document, site_of(document.url))
            for address in document.frames:
                self.frame(tab, address)
            if effects.shown is not None:
                document.url = tab.history[-1] = urljoin(document.url, effects.shown)
            if effects.location is None:
                return document
            location = urljoin(document.url, effects.location)
            request = self._request(url=location, initiator=site_of(document.url))
            body = b""
        raise AgentError(f"{request.url}: pages send each other on without an end")

    def _show(self, tab: Tab, document: Document) -> None:
        tab.document = document
        tab.history.append(document.url)

    def _run(self, tab: Tab, document: Document, top_level_site: str) -> Effects:
        parts = urlsplit(document.url)
        origin = f"{parts.scheme}://{parts.netloc}"

        def fetch(asked: Fetch) -> None:
            request = self._request(
                url=asked.url,
                method=asked.method,
                site_for_cookies=top_level_site,
                initiator=site_of(document.url),
                top_level=False,
            )
            self._exchange(request, asked.headers, asked.body.encode())

        effects = run_scripts(
            document,
            self.local_storage.setdefault(origin, {}),
            tab.session_storage.setdefault(origin, {}),
            fetch,
        )
        if effects.session_used:
            tab.unused.discard(origin)
        return effects

    def _document(self, request: Request, body: bytes) -> Document:
        """The page at the end of the redirects (Fetch: 301, 302 and 303 turn POST into GET)."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        for _ in range(_REDIRECTS + 1):
            status, location, text = self._exchange(request, headers, body)
            if location is None:
                return parse(request.url, text)
            if status not in (307, 308):
                request, body, headers = replace(request, method="GET"), b"", {}
            url = urljoin(request.url, location)
            crossed = self.redirects_count and site_of(url) != request.site
            request = replace(request, url=url, crossed=request.crossed or crossed)
        raise AgentError(f"{request.url}: more than {_REDIRECTS} redirects")

    def _request(self, **about: Any) -> Request:
        return Request(trusts_localhost=self.trusts_localhost, **about)

    def _exchange(
        self, request: Request, headers: dict[str, str], body: bytes
    ) -> tuple[int, str | None, str]:
        target = request.target
        sent = {"Host": target.netloc, "User-Agent": self._name, **headers}
        cookies = self.cookies.header(request, self._now())
        if cookies:
            sent["Cookie"] = cookies
        path = f"{target.path or '/'}{'?' + target.query if target.query else ''}"
        try:
            self._connection.request(request.method, path, body=body or None, headers=sent)
            answer = self._connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise AgentError(f"{request.url}: {error}") from None
        for header in answer.headers.get_all("Set-Cookie", []):
            self.cookies.take(request, header, self._now())
        redirected = answer.status in (301, 302, 303, 307, 308)
        return answer.status, answer.headers["Location"] if redirected else None, text
