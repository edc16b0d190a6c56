"""Which cookies and storage items carry the session at a target: found, not asked.

In a browser of its own somebody signs in; then what the browser has is put back without one thing
after the other. Those without which nobody is signed in carry the session.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from playwright.async_api import BrowserContext, Page

from harness.deeds import Carrier
from harness.engines.browser_pool import BrowserPool
from harness.engines.engine import Engine
from harness.targets.recording import Recorder, storages_of
from harness.targets.running import RunningTarget
from harness.targets.target import TargetError

__all__ = ["Found", "Kept", "again", "carrier_of", "carriers_of", "find_carriers", "kept_by"]

_PUT_BACK = """([origin, local, session, mark]) => {
  if (location.origin !== origin || window.name === mark) { return; }
  window.name = mark;
  localStorage.clear();
  for (const [key, value] of local) { localStorage.setItem(key, value); }
  for (const [key, value] of session) { sessionStorage.setItem(key, value); }
}"""
"""For each page as it begins: once in a tab, so that what the page does itself stays."""
_TRIED = 12
"""Storage items that are taken away one at a time; more are taken away together first."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What a browser has of a target."""

    cookies: Sequence[Mapping[str, Any]]
    origin: str
    local: Mapping[str, str]
    session: Mapping[str, str]

    @property
    def carriers(self) -> list[Carrier]:
        """Everything that may carry a session."""
        return [
            *(carrier_of(cookie) for cookie in self.cookies),
            *(Carrier(kind="local", name=name, place=self.origin) for name in self.local),
            *(Carrier(kind="session", name=name, place=self.origin) for name in self.session),
        ]

    def only(self, left: Collection[Carrier]) -> "Kept":
        """What is left of it."""
        return replace(
            self,
            cookies=[cookie for cookie in self.cookies if carrier_of(cookie) in left],
            local=self._of("local", self.local, left),
            session=self._of("session", self.session, left),
        )

    def _of(
        self, kind: Any, items: Mapping[str, str], left: Collection[Carrier]
    ) -> dict[str, str]:
        return {
            name: value
            for name, value in items.items()
            if Carrier(kind=kind, name=name, place=self.origin) in left
        }


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found out about one policy of a target in one engine."""

    carriers: Mapping[str, Sequence[frozenset[Carrier]]]
    """By surface: sets of which each suffices."""
    kept: Kept
    """After the sign-in."""
    set_cookie: Sequence[str]
    """The headers that came meanwhile."""
    notes: Sequence[str] = ()


def carrier_of(cookie: Mapping[str, Any]) -> Carrier:
    """A cookie that a browser lists."""
    place = f"{cookie['domain'].removeprefix('.')}{cookie['path']}"
    return Carrier(kind="cookie", name=cookie["name"], place=place)


async def kept_by(recorder: Recorder, page: Page) -> Kept:
    """What the browser has of the target that a tab shows."""
    origin, local, session = await storages_of(page)
    cookies = await recorder.cookies(page)
    return Kept(cookies=cookies, origin=origin, local=local, session=session)


async def find_carriers(
    pool: BrowserPool, engine: Engine, running: RunningTarget, policy: str
) -> Found:
    """Sign in, in a browser of its own, and take things away; once. Raises TargetError where that
    does not sign in."""
    key = engine.name, policy
    if key not in running.found:
        async with pool.beside(engine) as context:
            context.set_default_timeout(20_000)
            running.found[key] = await _Finder(context, running, policy).find()
    found: Found = running.found[key]
    return found


class _Finder:
    def __init__(self, context: BrowserContext, running: RunningTarget, policy: str) -> None:
        self._context = context
        self._running = running
        self._policy = policy
        self._recorder = Recorder()
        self._tries = 0
        self._anew = False
        """Whether each try takes a sign-in of its own: what was used once is used up."""

    async def find(self) -> Found:
        self._recorder.listen(self._context)
        page = self._context.pages[0]
        kept, headers = await self._sign_in(page)
        await page.goto("about:blank")
        surfaces = self._running.target.surfaces
        carriers: dict[str, Sequence[frozenset[Carrier]]] = {}
        notes: list[str] = []
        for surface in surfaces:
            if not await self._shows(surface, kept, kept.carriers):
                self._anew = True
            carriers[surface] = await self._suffice(surface, kept, notes)
            if not self._anew and not await self._shows(surface, kept, kept.carriers):
                self._anew = True
                notes.clear()
                carriers[surface] = await self._suffice(surface, kept, notes)
        if self._anew:
            notes.append("what carries the session changes with its use: signed in for each try")
        return Found(carriers=carriers, kept=kept, set_cookie=headers, notes=notes)

    async def _sign_in(self, page: Page) -> tuple[Kept, list[str]]:
        running, recorder = self._running, self._recorder
        await running.sign_in(page, running.person(None), self._policy)
        for surface in running.target.surfaces:
            await running.visit(page, self._policy)
            if not await running.is_signed_in(page, surface):
                shown = await running.shown(page)
                raise TargetError(
                    f"{running.target.name}: sign_in came to its end, and {surface!r} is signed "
                    f"out: a wrong password, a captcha, a second factor, a rate limit, or a sign "
                    f"of being signed in that is not there{shown}"
                )
        deed = await recorder.deed(page, None)
        return await kept_by(recorder, page), [header for _, header in deed.cookies]

    async def _suffice(
        self, surface: str, kept: Kept, notes: list[str]
    ) -> Sequence[frozenset[Carrier]]:
        everything = kept.carriers
        stored = [c for c in everything if c.kind != "cookie"]
        tried = everything
        if len(stored) > _TRIED and await self._shows(
            surface, kept, [c for c in everything if c.kind == "cookie"]
        ):
            tried = [c for c in everything if c.kind == "cookie"]
        needed = frozenset(
            [c for c in tried if not await self._shows(surface, kept, _without(everything, c))]
        )
        if needed and await self._shows(surface, kept, needed):
            return [needed]
        more = [
            needed | {c}
            for c in tried
            if c not in needed and await self._shows(surface, kept, needed | {c})
        ]
        if more:
            told = ", ".join(sorted(c.told for one in more for c in one - needed))
            notes.append(f"{surface}: any of these carries the session by itself: {told}")
            return more
        if not everything or await self._shows(surface, kept, ()):
            notes.append(f"{surface}: nothing in the browser carries the session")
            return [frozenset()]
        notes.append(
            f"{surface}: no single cookie or storage item carries the session, and none can be "
            "told from the others: all of them together are taken for it"
        )
        return [frozenset(everything)]

    async def _shows(self, surface: str, kept: Kept, left: Collection[Carrier]) -> bool:
        running, context = self._running, self._context
        if self._anew:
            fresh = await context.new_page()
            await context.clear_cookies()
            kept = (await self._sign_in(fresh))[0]
            await fresh.close()
        state = kept.only(left)
        await context.clear_cookies()
        await context.add_cookies([again(cookie) for cookie in state.cookies])
        page = await context.new_page()
        self._tries += 1
        items = [
            state.origin,
            list(state.local.items()),
            list(state.session.items()),
            f"afterclose-{self._tries}",
        ]
        await page.add_init_script(f"({_PUT_BACK})({json.dumps(items)})")
        try:
            await running.visit(page, self._policy)
            return await running.is_signed_in(page, surface)
        finally:
            await page.close()


def _without(everything: Sequence[Carrier], one: Carrier) -> list[Carrier]:
    return [carrier for carrier in everything if carrier != one]


def again(cookie: Mapping[str, Any]) -> Any:
    """A cookie that a browser lists, for Playwright to set."""
    keys = ("name", "value", "domain", "path", "expires", "httpOnly", "secure", "sameSite")
    return {key: cookie[key] for key in keys if key in cookie}


def carriers_of(found: Found) -> frozenset[Carrier]:
    """Everything that may carry a session at any surface."""
    return frozenset(c for sets in found.carriers.values() for one in sets for c in one)
