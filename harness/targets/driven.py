"""A target as what is signed in to: what its functions do, and what comes over the wire."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from playwright.async_api import BrowserContext, Page

from harness.deeds import Carrier, Deed, TargetLook
from harness.engines.browser_pool import BrowserPool
from harness.engines.engine import Engine
from harness.engines.site import Opened, Passed, Sight
from harness.people import FIRST
from harness.received import Received
from harness.scenario import Step, UnsupportedVerbError
from harness.sent_cookies import shorten
from harness.setup import Setup
from harness.targets.carriers import Found, carriers_of, find_carriers
from harness.targets.recording import Recorder, Sent, host_of, storages_of
from harness.targets.running import RunningTarget
from harness.verbs import VERBS

__all__ = ["TargetSite"]

_IN_TIME = 120.0
"""Seconds that a target is given to show what is about to expire, or half of the time if that is
less: its clock goes on."""
_FINDING = 600.0
"""Seconds in which what carries the session is found."""
_ALONE = (
    "looked at by coming back, which may count as activity: the lifecycle was played for this "
    "check alone"
)
_WITHOUT = ("refresh_tokens", "sign_out_during_visit")


class TargetSite:
    """One policy of a target, for one lifecycle. Raises TargetError wherever the target does not do
    what it says."""

    def __init__(
        self, running: RunningTarget, pool: BrowserPool, engine: Engine, setup: Setup
    ) -> None:
        self._running = running
        self._pool = pool
        self._engine = engine
        self._setup = setup
        (self._policy,) = setup.names
        self._recorder = Recorder()
        self._deeds: list[Deed] = []
        self._person: str | None = None
        self._people: dict[str, str] = {}
        """What the target calls those who have signed in."""
        self._began = False
        """Whether somebody has signed in."""
        self._before: Sequence[object] | None = None
        self._found: Found | None = None
        self._set: dict[str, str] = {}
        """The latest `Set-Cookie` of each cookie, by its name."""

    def check(self, step: Step) -> None:
        """An administrator's verbs, and some others, are the mock's alone."""
        name = self._running.target.name
        if VERBS[step.verb].administrator:
            raise UnsupportedVerbError(f"the target {name} has no administrator to do that")
        self.check_possible(step)
        if step.verb == "sign_in" and isinstance(step.value, str):
            self._running.person(step.value)

    def check_possible(self, step: Step) -> None:
        """Raise UnsupportedVerbError for what no page of a target offers."""
        if step.verb in _WITHOUT:
            name = self._running.target.name
            raise UnsupportedVerbError(f"the target {name} cannot be made to do that at that time")

    def patience(self, step: Step) -> float:
        """What is waited for real, and signing in as people do."""
        if step.verb == "start":
            return _FINDING
        return self._running.real_wait if step.verb == "wait" else 90

    async def begin(self) -> None:
        """See what carries the session, unless that is known."""
        if self._setup.keeps:
            raise UnsupportedVerbError(
                f"the scenario asks for applications of the mock ({', '.join(self._setup.keeps)}); "
                f"the target {self._running.target.name} has none"
            )
        self._pool.base_url = self._running.url(self._policy)
        self._found = await find_carriers(self._pool, self._engine, self._running, self._policy)

    async def started(self, context: BrowserContext) -> None:
        """Listen from now on."""
        self._recorder.listen(context)

    async def done(self, step: Step, page: Page | None) -> None:
        """Note what was set meanwhile."""
        acted = step.verb in ("sign_in", "sign_out", "visit")
        before = self._before if acted else None
        deed = await self._recorder.deed(page, before)  # type: ignore[arg-type]
        await self._recorder.sent()
        self._note(deed)
        self._deeds.append(deed)

    @property
    def origins(self) -> Sequence[str]:
        """Where the session's storage items are."""
        found = self._found
        places = {c.place for c in carriers_of(found) if c.kind == "local"} if found else ()
        return sorted(places)

    async def sign_in(self, page: Page, name: str | None) -> None:
        """As whoever signed in last, or as somebody else."""
        self._person = name or self._person
        self._before = await self._recorder.cookies(page)
        running = self._running
        person = running.person(self._person)
        self._people[self._person or FIRST] = person.email
        if self._began and name is None:
            # Whoever is signed in still finds no form to fill in.
            await running.visit(page, self._policy)
            if await running.is_signed_in(page, next(iter(running.target.surfaces))):
                return
        await running.sign_in(page, person, self._policy)
        self._began = True

    async def visit(self, page: Page) -> None:
        """Come back."""
        self._before = await self._recorder.cookies(page)
        await self._running.visit(page, self._policy)

    async def sign_out(self, page: Page) -> None:
        """As the target says."""
        self._before = await self._recorder.cookies(page)
        await self._running.sign_out(page)

    async def refresh_tokens(self, page: Page) -> None:
        """Never: see `check`."""

    async def sign_out_during_visit(self, page: Page, other: Page) -> None:
        """Likewise."""

    async def administer(self, step: Step) -> None:
        """Likewise."""

    async def move(self, step: Step, seconds: float) -> Passed:
        """Move the target's clock."""
        less = _less(step, seconds)
        told = f", but for {less:.0f} s, for its clock goes on" if less else ""
        how = await self._running.advance(seconds - less)
        return Passed(how=how + told, aged=False, less=less)

    async def wait(self, step: Step, seconds: float) -> Passed:
        """Move the target's clock, or wait."""
        running, less = self._running, _less(step, seconds)
        if running.target.movable:
            return await self.move(step, seconds)
        if seconds > running.real_wait:
            raise UnsupportedVerbError(
                f"the target {running.target.name} has no clock that can be moved, and "
                f"{seconds:.0f} s are more than may be waited for real ({running.real_wait:.0f} s):"
                " give it a clock, or use --real-wait"
            )
        await asyncio.sleep(seconds - less)
        told = f", but for {less:.0f} s, for its clock goes on" if less else ""
        return Passed(how=f"waited for real{told}", aged=True, less=less)

    async def look(self, opened: Opened, names: Sequence[str]) -> Sight:
        """Come back, in the tab in use, once for each surface, and ask its function."""
        running, page, found = self._running, opened.page, self._found
        assert found is not None
        listed = await opened.engine.cookies(opened.context, page, opened.preset)
        seen, sent = {}, {}
        stored = await self._stored(page)
        await self._recorder.sent()
        for surface in running.target.surfaces:
            await running.visit(page, self._policy)
            stored |= await self._stored(page)
            shown = await running.seen(page, surface)
            meanwhile = await self._recorder.deed(page, None)
            requests = _brought(await self._recorder.sent(), meanwhile)
            carriers = frozenset(c for one in found.carriers[surface] for c in one)
            here = {host_of(running.url(self._policy)), host_of(page.url)}
            cookies = _in_order(requests, here)
            sent[surface] = _with_it(requests, carriers) | (stored & carriers)
            known = [c.name for c in sorted(carriers) if c.kind == "cookie"]
            seen[surface] = Received(
                signed_in=bool(shown),
                who=(shown,) if isinstance(shown, str) else (),
                cookies_sent=tuple(name for name, _ in cookies),
                duplicates=_twice(cookies),
                set_cookie=tuple(self._set[name] for name in known if name in self._set),
            )
        hosts = {c.place.partition("/")[0] for c in carriers_of(found)} | {
            host_of(running.url(self._policy))
        }
        return Sight(
            seen={self._policy: seen},
            listed={
                (self._policy, surface): sorted(
                    {name for host, name in listed if host.removeprefix(".") in hosts}
                )
                for surface in seen
            },
            notes=(*found.notes, _ALONE),
            target=TargetLook(
                deeds=tuple(self._deeds),
                carriers=found.carriers,
                sent=sent,
                people=dict(self._people),
            ),
        )

    async def picture(self, page: Page, path: Path) -> None:
        """Passwords are blacked out."""
        await self._running.picture(page, path)

    def kept(self, trace: Path) -> None:
        """Secrets are taken out."""
        self._running.secrets.redact_zip(trace)

    async def _stored(self, page: Page) -> frozenset[Carrier]:
        """Storage items that the tab has where it is."""
        origin, local, session = await storages_of(page)
        return frozenset(
            [
                *(Carrier(kind="local", name=name, place=origin) for name in local),
                *(Carrier(kind="session", name=name, place=origin) for name in session),
            ]
        )

    def _note(self, deed: Deed) -> None:
        for _, header in deed.cookies:
            name, value = _pair(header)
            _, separator, rest = header.partition(";")
            self._set[name] = shorten(name, value) + separator + rest


def _less(step: Step, seconds: float) -> float:
    """How much less than it says a target's clock is moved."""
    before = step.until is not None and step.until.is_before
    return min(_IN_TIME, seconds / 2) if before else 0.0


def _brought(requests: Sequence[Sent], meanwhile: Deed) -> list[Sent]:
    """The requests with what the browser had before the first of them: a server that knows nobody
    may give a cookie of the same name to whoever comes."""
    given = {_pair(header) for _, header in meanwhile.cookies}
    first: dict[str, set[tuple[str, str]]] = {}
    brought = []
    for one in requests:
        at_first = first.setdefault(host_of(one.url), set(one.cookies))
        cookies = tuple(p for p in one.cookies if p in at_first or p not in given)
        brought.append(replace(one, cookies=cookies))
    return brought


def _pair(header: str) -> tuple[str, str]:
    name, _, value = header.partition(";")[0].partition("=")
    return name.strip(), value.strip()


def _in_order(requests: Sequence[Sent], hosts: set[str]) -> list[tuple[str, str]]:
    """The cookies that came to some hosts, each pair once."""
    pairs = [pair for one in requests if host_of(one.url) in hosts for pair in one.cookies]
    return list(dict.fromkeys(pairs))


def _twice(cookies: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    names = [name for name, _ in cookies]
    return tuple(shorten(name, value) for name, value in cookies if names.count(name) > 1)


def _with_it(requests: Sequence[Sent], carriers: frozenset[Carrier]) -> frozenset[Carrier]:
    """Carriers that a request took with it."""
    went = {
        (host_of(one.url), name) for one in requests for name, _ in one.cookies
    }
    return frozenset(
        c
        for c in carriers
        if c.kind == "cookie"
        and any(
            name == c.name and (f".{host}").endswith(f".{c.place.partition('/')[0]}")
            for host, name in went
        )
    )
