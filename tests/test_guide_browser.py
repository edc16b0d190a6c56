"""`afterclose guide`, with a driven Chromium in the person's place: on a profile that is closed and
started again."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, Playwright, expect, sync_playwright

from harness.engines import ENGINES
from harness.engines.browser_pool import BrowserPool, Options
from harness.engines.engine import LaunchOptions
from harness.people import FIRST, PEOPLE
from harness.records import Observation
from harness.result_file import read_records
from harness.runner.library import scenarios_named
from harness.server.running import MockServer
from harness.setup import Setup
from tests.guided import guided
from tests.judged import FOUR, observe

pytestmark = pytest.mark.browser
SCENARIO = "browser_close.quit_and_start"


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


def started(playwright: Playwright, profile: Path) -> tuple[BrowserContext, Page]:
    installation = ENGINES["chromium"].find("")
    assert installation is not None
    options = LaunchOptions(
        installation=installation, profile=profile, preset="default", temporary=profile.parent
    )
    context = playwright.chromium.launch_persistent_context(
        profile, **options.arguments(args=[], env={}, channel="chromium", chromium_sandbox=False)
    )
    return context, context.pages[0]


def sign_in(page: Page, address: str) -> None:
    page.goto(address)
    for environment in ("persistent", "non_persistent"):
        page.wait_for_url(re.compile(rf"//{environment}\.idp\."))
        page.get_by_label("Email").fill(PEOPLE[FIRST].email)
        page.get_by_label("Password").fill(PEOPLE[FIRST].password)
        page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile(r"//non_persistent\.app\.[^/]*/$"))


def in_another_window(playwright: Playwright, address: str) -> None:
    """The page is kept current, can be used by everybody, and says that the step is done."""
    installation = ENGINES["chromium"].find("")
    assert installation is not None
    with playwright.chromium.launch(
        executable_path=installation.path, chromium_sandbox=False
    ) as browser:
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto(address)
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        expect(page.get_by_role("status")).to_have_text("Close the browser.")
        watching = browser.new_page()
        watching.goto(address)
        page.get_by_role("button", name="Done").click()
        expect(watching.get_by_role("status")).to_have_text("Start the browser.")


def observed(path: Path) -> list[Observation]:
    return [record for record in read_records([path]) if isinstance(record, Observation)]


def test_a_person_sees_what_the_driver_sees(playwright: Playwright, tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    results = tmp_path / "report" / "results.ndjson"
    with guided(tmp_path, SCENARIO, "--browser", "chromium") as guide:
        other_window = guide.until(r"Guide: +(\S+)")
        address = guide.until(r"Address: (\S+)")
        context, page = started(playwright, profile)
        page.goto(address)
        guide.until("taken for chromium")
        guide.until(r"1\. Sign in")
        sign_in(page, address)
        guide.until("Seen by the server")
        guide.until(r"2\. Close the browser")
        context.close()
        in_another_window(playwright, other_window)
        guide.until(r"3\. Start the browser")
        context, page = started(playwright, profile)
        # Coming back says that it was started, and shows every surface.
        page.goto(address)
        guide.until("non_persistent: ")
        guide.until("Report: ")
        assert guide.end()[0] == 0
        context.close()
    by_hand = observed(results)
    with MockServer() as server:
        pool = BrowserPool(server.url, Options())
        try:
            setup = Setup(engine="chromium", preset="default", environments=FOUR[:2])
            (scenario,) = scenarios_named(SCENARIO)
            driven = observe(pool, setup, scenario)
        finally:
            pool.close()
    assert {_cell(o) for o in by_hand} == {_cell(o) for o in driven}
    assert len(by_hand) == len(driven) == 14


def _cell(o: Observation) -> tuple[object, ...]:
    evidence = o.evidence
    return (
        o.check, o.policy, o.surface, o.shown, o.promised, o.expected, o.verdict, o.limitation,
        o.steps, evidence.reason, evidence.cookies_sent, evidence.decisions,
        tuple(re.sub(r"=[^;]*", "", header, count=1) for header in evidence.set_cookie),
    )  # fmt: skip
