"""An application whose identity provider is the mock, as what is signed in to: its own surfaces,
and the mock's session beside them, with the mock's clock and administrator."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from harness.deeds import Provided
from harness.engines.administrator import Administrator
from harness.engines.browser_pool import BrowserPool
from harness.engines.control_client import ControlClient
from harness.engines.engine import Engine
from harness.engines.navigation import go_to, leave
from harness.engines.site import Opened, Passed, Sight
from harness.received import Received
from harness.scenario import Step, UnsupportedVerbError
from harness.setup import Setup
from harness.targets.client import SSO, Provider
from harness.targets.driven import TargetSite
from harness.targets.running import RunningTarget

__all__ = ["ProvidedSite", "heeds_of"]

_SCOPES = ("change_cookie_scope", "mend_cookie_scope")
_EMPTY = "about:blank"


class ProvidedSite(TargetSite):
    """One environment of the mock, and the application, for one lifecycle."""

    def __init__(
        self, running: RunningTarget, pool: BrowserPool, engine: Engine, setup: Setup
    ) -> None:
        super().__init__(running, pool, engine, setup)
        assert running.provider is not None
        self._provider: Provider = running.provider
        self._control: ControlClient = pool.control_of(self._provider.issuer)
        self._administrator = Administrator(self._control, (), {})
        self._heeds: frozenset[str] = frozenset()

    def check(self, step: Step) -> None:
        """The mock's administrator is there; what else is its demo applications' alone is not."""
        if step.verb in _SCOPES:
            raise UnsupportedVerbError(
                "the mock cannot change the scope of its cookie at the address that applications "
                "of one's own know it by"
            )
        if step.verb == "sign_in" and isinstance(step.value, str):
            raise UnsupportedVerbError(
                f"the application {self._running.target.name} asks nobody to sign in where "
                "somebody is signed in"
            )
        self.check_possible(step)

    async def begin(self) -> None:
        """Nobody is signed in, and the mock's clock stands still."""
        await self._anew()
        await super().begin()
        self._heeds = await heeds_of(self._pool, self._engine, self._running)
        await self._anew()
        served = await self._control.environments(self._setup.names)
        self._administrator = Administrator(
            self._control,
            served,
            {e.name: e.effective_policy.persistence for e in self._setup.environments},
        )

    async def administer(self, step: Step) -> None:
        """At the mock."""
        await self._administrator.act(step)

    async def wait(self, step: Step, seconds: float) -> Passed:
        """Move the mock's clock, and the application's, if it has one that can be moved."""
        await self._control.advance(seconds)
        how = "the mock server's clock was moved"
        if self._running.target.movable:
            how += f", {(await self.move(step, seconds)).how}"
        return Passed(how=how, aged=False)

    async def look(self, opened: Opened, names: Sequence[str]) -> Sight:
        """At the mock's session without touching it, then as at any target."""
        listed = await opened.engine.cookies(opened.context, opened.page, opened.preset)
        received = await self._look_at_mock(opened)
        sight = await super().look(opened, names)
        assert sight.target is not None
        cookie = self._provider.cookie
        came = frozenset({cookie} if cookie.name in received.cookies_sent else ())
        look = sight.target
        return replace(
            sight,
            seen={self._policy: {SSO: received, **sight.seen[self._policy]}},
            listed={
                **sight.listed,
                (self._policy, SSO): sorted({n for h, n in listed if cookie.place.startswith(h)}),
            },
            target=replace(
                look,
                carriers={SSO: [frozenset({cookie})], **look.carriers},
                sent={SSO: came, **look.sent},
                provided=Provided(
                    cookie=cookie, authorizes=self._provider.authorizes, heeds=self._heeds
                ),
            ),
        )

    async def _anew(self) -> None:
        await self._control.reset()
        await self._control.stop_clock()

    async def _look_at_mock(self, opened: Opened) -> Received:
        in_use = opened.page
        borrowed = in_use.url == _EMPTY
        page = in_use
        if not borrowed:
            page = await opened.engine.new_tab(opened.context, in_use, opened.preset)
        ticket = await self._control.begin_observation(
            [self._policy], tab_in_use=False, parts=("cookies",)
        )
        own, issuer = urlsplit(ticket.url), urlsplit(self._provider.issuer)
        await go_to(page, own._replace(netloc=issuer.netloc).geturl())
        seen = await self._control.observation(ticket.id)
        await leave(page, borrowed=borrowed)
        received = seen[self._policy][SSO]
        header = self._set.get(self._provider.cookie.name)
        return replace(received, who=(), set_cookie=(header,) if header else ())


async def heeds_of(pool: BrowserPool, engine: Engine, running: RunningTarget) -> frozenset[str]:
    """What ends the application's own session, of what ends the mock's: found once, in a browser of
    its own. Raises TargetError."""
    if engine.name not in running.heeds:
        running.heeds[engine.name] = await _heeded(pool, engine, running)
    return running.heeds[engine.name]


async def _heeded(pool: BrowserPool, engine: Engine, running: RunningTarget) -> frozenset[str]:
    assert running.provider is not None
    control, policy = pool.control_of(running.provider.issuer), running.provider.policy
    (served,) = await control.environments([policy])
    timeout = running.target.policies[policy].inactivity_timeout
    found = set()
    async with pool.beside(engine) as context:
        context.set_default_timeout(20_000)
        page = context.pages[0]

        async def signed_in() -> bool:
            for surface in running.target.surfaces:
                await running.visit(page, policy)
                if await running.is_signed_in(page, surface):
                    return True
            return False

        await running.sign_in(page, running.person(None), policy)
        await control.revoke(served)
        await control.told()
        if not await signed_in():
            found.add("revoked")
            await running.sign_in(page, running.person(None), policy)
            await control.advance(timeout)
            if not await signed_in():
                found.add("inactive")
    return frozenset(found)
