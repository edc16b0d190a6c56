"""Kinde's five steps in a real browser, and what the changed policy then does in it."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from harness.engines import ENGINES
from harness.engines.browser_pool import BrowserPool, Options
from harness.engines.driver import Driver
from harness.policy import DEFAULT_ENVIRONMENTS
from harness.records import Observation
from harness.server.running import MockServer
from harness.setup import Setup
from tests.judged import browser_of

pytestmark = pytest.mark.browser
Drive = Callable[[str], Driver]

_FOCUSED = """() => {
  const it = document.activeElement;
  const label = it.labels?.[0]?.textContent ?? it.textContent ?? '';
  return label.trim().split('\\n')[0];
}"""


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer() as running:
        yield running


@pytest.fixture(scope="module")
def pool(server: MockServer) -> Iterator[BrowserPool]:
    pool = BrowserPool(server.url, Options())
    yield pool
    pool.close()


def setup_of(engine: str) -> Setup:
    return Setup(engine=engine, preset="default", environments=DEFAULT_ENVIRONMENTS[:2])


@pytest.fixture
def drive(pool: BrowserPool) -> Drive:
    def make(engine: str) -> Driver:
        return Driver(pool, ENGINES[engine], setup_of(engine))

    return make


async def tab_to(page: Page, label: str) -> None:
    """Press Tab until the control of that label has the focus."""
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await page.evaluate(_FOCUSED) == label:
            return
    raise AssertionError(f"the keyboard does not reach {label!r}")


async def by_keyboard(page: Page, base: str, organization: str) -> None:
    """Sign in to the console and follow the steps, without a mouse: make it non-persistent."""
    await page.goto(f"{base}/admin")
    # The page asks for the focus; the browser gives it with the next frame, after the load.
    await expect(page.get_by_label("Password")).to_be_focused()
    await page.keyboard.type("administrator")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/admin/organizations")
    await tab_to(page, organization)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/admin/organizations/{organization}")
    await tab_to(page, "Sessions")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/sessions")
    await tab_to(page, "As the environment")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await tab_to(page, "Session inactivity timeout")
    await page.keyboard.type("3600")
    await tab_to(page, "Save")
    await page.keyboard.press("Enter")
    await confirmed(page, "non_persistent")


async def by_mouse(page: Page, base: str, organization: str) -> None:
    """The same with a mouse: make it persistent."""
    await page.goto(f"{base}/admin")
    await page.get_by_label("Password").fill("administrator")
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("link", name=organization).click()
    await page.get_by_role("link", name="Sessions", exact=True).click()
    section = page.get_by_role("region", name="SSO sessions")
    await section.get_by_role("radio", name="Persistent", exact=False).nth(1).check()
    await section.get_by_label("Session inactivity timeout").fill("3600")
    await section.get_by_role("button", name="Save").click()
    await confirmed(page, "persistent")


async def confirmed(page: Page, persistence: str) -> None:
    await page.get_by_role("status").wait_for()
    assert await page.get_by_role("status").inner_text() == "Session settings saved."
    shown = {
        name: await page.locator(f"#{name}").inner_text()
        for name in ("effective-persistence", "persistence-from", "effective-timeout",
                     "timeout-from")
    }
    assert shown == {
        "effective-persistence": persistence,
        "persistence-from": "organization",
        "effective-timeout": "3600",
        "timeout-from": "organization",
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_the_five_steps_and_the_next_lifecycle(
    pool: BrowserPool, drive: Drive, server: MockServer, engine: str
) -> None:
    tenants = server.site.tenants
    with drive(engine) as driver:
        page = driver._page
        for steps, name, organization in (
            (by_keyboard, "persistent", "org_persistent"),
            (by_mouse, "non_persistent", "org_non_persistent"),
        ):
            pool.run(steps(page, tenants[name].issuer, organization), 60)
        pool.run(page.goto("about:blank"), 30)

        browser = browser_of(driver, setup_of(engine), lambda observation: None)
        browser.sign_in()
        before = browser.check("signed in")
        assert "Max-Age" not in made(before["persistent", "sso"])
        assert "Max-Age=3600" in made(before["non_persistent", "sso"])
        assert before["persistent", "app:ksp_cookie"].evidence.persistent_claim is False
        assert before["non_persistent", "app:ksp_cookie"].evidence.persistent_claim is True
        browser.quit()
        browser.start()
        after = browser.check("after the browser was started again")
        assert not after["persistent", "sso"].signed_in
        assert after["non_persistent", "sso"].signed_in
        assert after["non_persistent", "app:ksp_cookie"].signed_in
        browser.wait(timedelta(hours=1))
        late = browser.check("an hour later")
        assert not late["non_persistent", "sso"].signed_in


def made(observation: Observation) -> str:
    (header,) = observation.evidence.set_cookie
    return header
