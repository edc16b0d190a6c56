"""A report that is served while its run goes on: rendered again as the result file grows."""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from harness.records import Done, Record, Run
from harness.reports.baseline import Baseline, Standing
from harness.reports.caveats import caveats_of, unfinished
from harness.reports.html import Live, render_html
from harness.reports.matrix import matrix_of
from harness.result_file import Tail

__all__ = ["LiveReport", "application"]


class LiveReport:
    """The report of a folder, as its result file is now; it need not be there yet.

    `rest`: how many times as long as it took to render the page it is not rendered again; a large
    run goes on beside.
    """

    def __init__(
        self, folder: Path, baseline: Baseline | None = None, *, rest: float = 4.0
    ) -> None:
        self._rest = rest
        self._folder = folder
        self._baseline = baseline
        self._tail = Tail(folder / "results.ndjson")
        self._records: list[Record] = []
        self._page = ""
        self._version = 0
        self._again = 0.0
        self._started = f"{os.getpid()}-{time.time_ns()}"
        self._lock = asyncio.Lock()

    async def version(self) -> str:
        """What tells the page from what it was."""
        async with self._lock:
            if not self._page or time.monotonic() >= self._again:
                await asyncio.to_thread(self._renew)
            return f"{self._started}-{self._version}"

    async def page(self) -> str:
        """The page."""
        await self.version()
        return self._page

    def _renew(self) -> None:
        anew, records = self._tail.read()
        if not (anew or records or not self._page):
            return
        began = time.monotonic()
        self._records = [*([] if anew else self._records), *records]
        self._version += 1
        self._page = self._rendered()
        self._again = time.monotonic() + self._rest * (time.monotonic() - began)

    def _rendered(self) -> str:
        left = unfinished(self._records)
        name = os.path.relpath(self._folder / "results.ndjson")
        matrix = matrix_of(self._records, () if left else caveats_of({name: self._records}))
        baseline = self._baseline
        standing = Standing.of(matrix, baseline) if baseline else None
        live = Live(f"{self._started}-{self._version}", self._sentence(len(left)))
        return render_html(matrix, standing, live=live, there=self._there)

    def _sentence(self, left: int) -> str:
        if not self._records:
            return f"Nothing is in {self._folder} yet: a run that writes there appears here."
        ended = len({(r.item, r.repetition) for r in self._records if isinstance(r, Done)})
        if left:
            return f"The run goes on, or was interrupted. Items ended: {ended}; left: {left}."
        runs = sum(isinstance(record, Run) for record in self._records)
        return f"{'The run is' if runs == 1 else 'The runs are'} complete. Items ended: {ended}."

    def _there(self, path: str) -> bool:
        return self.file(path) is not None

    def file(self, path: str) -> Path | None:
        """A file of the folder, by its address there; None where there is none."""
        folder = self._folder.resolve()
        with contextlib.suppress(OSError, ValueError):
            file = (folder / path).resolve()
            if file.is_file() and file.is_relative_to(folder):
                return file
        return None


def application(report: LiveReport) -> web.Application:
    """The server of a report, for whoever is on this machine."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=await report.page(), content_type="text/html", charset="utf-8")

    async def version(_: web.Request) -> web.Response:
        return web.Response(text=await report.version())

    async def file(request: web.Request) -> web.StreamResponse:
        found = await asyncio.to_thread(report.file, request.match_info["path"])
        if found is None:
            raise web.HTTPNotFound
        return web.FileResponse(found)

    app = web.Application(middlewares=[_by_our_name])
    app.router.add_get("/", page)
    app.router.add_get("/index.html", page)
    app.router.add_get("/version", version)
    app.router.add_get("/{path:.+}", file)
    return app


@web.middleware
async def _by_our_name(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """A page of somebody else's, under a name that it has led to loopback, is told nothing."""
    if request.url.host not in ("127.0.0.1", "localhost"):
        raise web.HTTPForbidden(text="This report is at 127.0.0.1 alone.")
    response = await handler(request)
    response.headers["Cache-Control"] = "no-store"
    return response
