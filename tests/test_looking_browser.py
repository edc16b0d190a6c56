"""Tabs that are looked into and left, in a real browser."""

from collections.abc import Iterator

import pytest

from harness.engines import ENGINES
from harness.engines.browser_pool import BrowserPool, Options
from harness.engines.looking import go_to, leave
from harness.policy import DEFAULT_ENVIRONMENTS
from harness.server.running import MockServer
from tests.patience import PATIENCE

pytestmark = pytest.mark.browser
OFTEN = 40
"""Without waiting, a tab in forty stayed."""


@pytest.fixture
def pool() -> Iterator[BrowserPool]:
    with MockServer(environments=DEFAULT_ENVIRONMENTS[:1]) as server:
        pool = BrowserPool(server.url, Options())
        yield pool
        pool.close()


def test_a_tab_is_gone_when_it_is_left(pool: BrowserPool) -> None:
    """Even one that has just come to a page of another process."""
    chromium = ENGINES["chromium"]

    async def come_and_go() -> int:
        async with pool.beside(chromium) as context:
            in_use = context.pages[0]
            (environment,) = await pool.control.environments([DEFAULT_ENVIRONMENTS[0].name])
            await in_use.goto(environment.app_url)
            for _ in range(OFTEN):
                tab = await chromium.new_tab(context, in_use, "default")
                ticket = await pool.control.begin_observation(
                    [environment.name], tab_in_use=False, parts=("cookies",)
                )
                await go_to(tab, ticket.url)
                await pool.control.observation(ticket.id)
                await leave(tab, borrowed=False)
            return len(context.pages)

    assert pool.run(come_and_go(), PATIENCE) == 1
