"""The desk of a guided lifecycle: what a person is told to do in a browser that nobody drives, and
what is heard of it.

Whoever guides shows one notice at a time. The person reads it here, on a page that any other window
or device may have open; comes, in the browser that is measured, to one address, which sends them
where the step is done; and says what the server cannot see.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from queue import SimpleQueue

from aiohttp import web

from harness.server.control_operations import from_elsewhere
from harness.server.exchanges import Exchange
from harness.server.incoming import form_of
from harness.server.pages import page

__all__ = ["AUTHORITY", "ENTRANCE", "PAGE", "Came", "Desk", "Heard", "Notice", "Returned", "Said"]

ENTRANCE = "/go"
"""Where the person comes with the browser that is measured, at any host of the server."""
PAGE = "/_afterclose/guide"
"""The page for any other window; with `here` in its query, in that browser itself."""

AUTHORITY = f"{PAGE}/authority.pem"
"""The certificate to trust, where there is one."""
_TURN = 20.0
"""Seconds that a page which asks for what is new is kept waiting."""
_EAGER = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
"""What browsers send that load a page before anybody has asked for it."""

_SCRIPT = """(async () => {
  for (;;) {
    const main = document.querySelector('main');
    const { version, here, over } = main.dataset;
    if (over === 'true') return;
    try {
      const answer = await fetch(`/_afterclose/guide/step?after=${version}&here=${here}`);
      const text = await answer.text();
      const fresh = new DOMParser().parseFromString(text, 'text/html').querySelector('main');
      if (fresh.dataset.version !== version) main.replaceWith(fresh);
    } catch {
      await new Promise(resolve => setTimeout(resolve, 2000));
    }
  }
})();"""


class Said(StrEnum):
    """What a person says on a page."""

    DONE = "done"
    SKIP = "skip"


@dataclass(frozen=True, kw_only=True)
class Came:
    """Somebody came to the entrance."""

    agent: str
    """The `User-Agent` of their browser."""


@dataclass(frozen=True)
class Returned:
    """The browser that is measured has shown everything, and is back at the page."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What a person is to do now."""

    scenario: str = ""
    """Its title."""
    number: int = 0
    of: int = 0
    """Which step it is, of how many."""
    done: Sequence[str] = ()
    """What was done before, in that scenario."""
    sentence: str
    hints: Sequence[str] = ()
    """How it is done, a sentence each."""
    sends: str = ""
    """Where whoever comes to the entrance is sent."""
    arrival: bool = False
    """Whether coming to the entrance is all that it takes: what comes after is waited for there."""
    says: Sequence[Said] = ()
    """What the person may say of it."""
    over: bool = False
    """Whether nothing comes after it."""


Heard = Came | Returned | Said | Exchange
"""What comes in."""


class Desk:
    """What is told and heard. A server has one, and whoever guides reads `heard`."""

    def __init__(self, picture: str = "") -> None:
        self.heard = SimpleQueue[Heard]()
        """What came in, in order."""
        self.picture = picture
        """SVG: the entrance as a QR code, or nothing."""
        self.base = ""
        """The server's address, as it is told to people."""
        self.authority = b""
        """The certificate of the authority to trust, in PEM, or nothing."""
        self._notice = Notice(sentence="One moment, please.")
        self._version = 0
        self._changed = asyncio.Event()

    @property
    def address(self) -> str:
        """The entrance, as it is told to people."""
        return f"{self.base}{ENTRANCE}"

    @property
    def way_back(self) -> str:
        """Where the browser that is measured goes once it has shown everything."""
        return f"{self.base}{PAGE}?here"

    def show(self, notice: Notice) -> None:
        """Tell this from now on. Called where the server runs."""
        self._notice = notice
        self._version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    def hear(self, exchange: Exchange) -> None:
        """An exchange of the server's log, unless it is of the desk's own pages."""
        if exchange.path != ENTRANCE and not exchange.path.startswith(PAGE):
            self.heard.put(exchange)

    def routes(self) -> list[web.RouteDef]:
        """What is answered, at any host of the server."""
        return [
            web.get(ENTRANCE, self._enter),
            web.get(PAGE, self._show),
            web.get(f"{PAGE}/step", self._step),
            web.get(AUTHORITY, self._trust),
            web.post(f"{PAGE}/{{word:done|skip}}", self._say),
        ]

    async def _enter(self, request: web.Request) -> web.Response:
        opened = request.headers.get("Sec-Fetch-Dest", "document") == "document"
        if not opened or any(request.headers.get(name) for name in _EAGER):
            raise web.HTTPServiceUnavailable(reason="Nobody has opened this page yet")
        notice, version = self._notice, self._version
        came = Came(agent=request.headers.get("User-Agent", "")[:500])
        self.heard.put(came)
        if notice.arrival:
            await self._news(version)
            notice = self._notice
            self.heard.put(came)
        if notice.sends:
            headers = {"Location": notice.sends, "Cache-Control": "no-store"}
            return web.Response(status=302, headers=headers)
        return self._page(here=True)

    async def _show(self, request: web.Request) -> web.Response:
        here = "here" in request.query
        if here:
            self.heard.put(Returned())
        return self._page(here=here)

    async def _step(self, request: web.Request) -> web.Response:
        """The page anew, once there is something new on it."""
        if request.query.get("after") == str(self._version):
            await self._news(self._version)
        return self._page(here=request.query.get("here") == "true")

    async def _trust(self, request: web.Request) -> web.Response:
        if not self.authority:
            raise web.HTTPNotFound()
        return web.Response(
            body=self.authority,
            content_type="application/x-x509-ca-cert",
            headers={"Content-Disposition": 'attachment; filename="afterclose.pem"'},
        )

    async def _say(self, request: web.Request) -> web.Response:
        if from_elsewhere(request):
            raise web.HTTPForbidden(reason="This is for the guide's own page")
        word = Said(request.match_info["word"])
        form = await form_of(request)
        # Of a page that shows what is over, or pressed twice, nothing follows.
        if form.get("version") == str(self._version) and word in self._notice.says:
            version = self._version
            self.heard.put(word)
            await self._news(version)
        back = ENTRANCE if form.get("here") == "true" else PAGE
        return web.Response(status=303, headers={"Location": back, "Cache-Control": "no-store"})

    async def _news(self, version: int) -> None:
        """Return once something else than that is shown, or after a while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_TURN):
                while self._version == version:
                    await self._changed.wait()

    def _page(self, *, here: bool) -> web.Response:
        """`here`: in the browser that is measured."""
        return page(
            "guide.html",
            script=_SCRIPT,
            own=True,
            here=here,
            entrance=ENTRANCE,
            notice=self._notice,
            version=self._version,
            picture=self.picture,
            address=self.address,
            authority=AUTHORITY if self.authority else "",
        )
