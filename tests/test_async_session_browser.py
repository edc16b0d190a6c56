"""A browser that is quit and started in an asynchronous test of one's own."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.records import Error, Observation, Verdict
from harness.result_file import read_records
from tests.shop import shop

DOCS = (Path(__file__).parents[1] / "docs" / "pytest.md").read_text()
ONE = ("--afterclose-preset", "default", "--afterclose-policy", "persistent")
MODEL = (*ONE, "--afterclose-engine", "simulated-chromium")


@pytest.fixture(autouse=True)
def with_pytest_asyncio(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:schemathesis -p no:hypothesispytest")


@pytest.fixture
def address() -> Iterator[str]:
    with shop() as running:
        yield running


def recipe(address: str) -> str:
    """The page's, against this shop."""
    (found,) = re.findall(r"```python\n(import pytest[^`]*?async def test_remember_me.*?)```", DOCS,
                          re.DOTALL)  # fmt: skip
    return str(found).replace("http://localhost:3000", address)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("options", "browsers"),
    [((), 2), (("-p", "no:playwright", "--afterclose-engine", "chromium"), 1)],
    ids=["as it is", "without pytest-playwright"],
)
def test_the_recipe(
    pytester: pytest.Pytester, address: str, options: tuple[str, ...], browsers: int
) -> None:
    """It passes in every browser; without the box it fails."""
    code = recipe(address)
    forgetful = re.sub(r".*Remember me.*\n", "", code).replace("test_remember_me", "test_forget")
    assert forgetful.count("\n") == code.count("\n") - 1
    pytester.makepyfile(test_mine=f"{code}\n\n{forgetful}")
    done = pytester.runpytest_subprocess(*ONE, *options)
    done.assert_outcomes(passed=browsers, failed=browsers)
    assert "Welcome back" in done.stdout.str()


TABS = """
import pytest
from playwright.async_api import Error, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_tabs(async_session_browser, afterclose_server):
    browser = async_session_browser
    first = await browser.page()
    await first.goto("SHOP")
    await browser.open_tab()
    second = await browser.page()
    assert (first.url, second.url) == ("SHOP/", "about:blank")
    assert (await browser.context()).pages == [first, second]
    await browser.close_tab()
    assert await browser.page() is first
    with pytest.raises(Error, match="closed"):
        await second.title()
    asked = []

    async def counted(route):
        asked.append(route.request.url)
        await route.continue_()

    await (await browser.context()).route("**/*", counted)
    await browser.sign_in()
    port = afterclose_server.url.rpartition(":")[2]
    assert asked and all(f".localhost:{port}/" in url for url in asked), asked
    await browser.quit()
    with pytest.raises(Error, match="closed"):
        await first.title()
    await browser.start()
    assert await browser.page() is not first
    await expect(await browser.page()).to_have_url("about:blank")
    assert (await browser.check("again"))["persistent", "sso"].signed_in
    await browser.administrator.revoke_sessions()
    assert not (await browser.check("in the end"))["persistent", "sso"].signed_in
"""


@pytest.mark.browser
def test_pages_are_of_the_tab_in_use_and_of_one_life(
    pytester: pytest.Pytester, address: str
) -> None:
    """Handlers answer while a verb is carried out; here in a loop that all tests share."""
    pytester.makepyfile(test_mine=TABS.replace("SHOP", address))
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = session\n")
    pytester.runpytest_subprocess(*ONE).assert_outcomes(passed=2)
    records = list(read_records([pytester.path / "report" / "results.ndjson"]))
    assert {r.engine for r in records if isinstance(r, Observation)} == {"chromium", "firefox"}
    assert not any(isinstance(record, Error) for record in records)


@pytest.mark.browser
def test_a_loop_of_another_scope_is_told(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import pytest\n"
        "@pytest.mark.asyncio(loop_scope='session')\n"
        "async def test_mine(async_session_browser):\n"
        "    await async_session_browser.page()\n"
    )
    done = pytester.runpytest_subprocess(*ONE, "--afterclose-engine", "chromium")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*page: the test runs in another event loop than its fixtures; *"])


def test_verbs_are_those_of_scenarios(pytester: pytest.Pytester) -> None:
    """On a model, which has no pages; what it cannot do is a reason to skip."""
    pytester.makepyfile(
        "import pytest\n"
        "from datetime import timedelta\n"
        "from harness import Browser\n"
        "from harness.scenario import ScenarioError\n"
        "pytestmark = pytest.mark.asyncio\n"
        "async def test_verbs(async_session_browser):\n"
        "    browser = async_session_browser\n"
        "    public = [n for n, v in vars(Browser).items() if n[0] != '_' and callable(v)]\n"
        "    assert set(public) <= set(dir(browser))\n"
        "    await browser.sign_in(as_='bob')\n"
        "    await browser.wait(timedelta(hours=1))\n"
        "    await browser.quit()\n"
        "    with pytest.raises(ScenarioError, match='not running'):\n"
        "        await browser.check('closed')\n"
        "    await browser.start()\n"
        "    assert (await browser.check('again'))['persistent', 'sso'].signed_in\n"
        "    assert [s.verb for s in browser.steps][:3] == ['sign_in', 'wait', 'quit']\n"
        "async def test_page(async_session_browser):\n"
        "    await async_session_browser.page()\n"
    )
    done = pytester.runpytest_subprocess(*MODEL, "-rs")
    done.assert_outcomes(passed=1, skipped=1)
    done.stdout.fnmatch_lines(["SKIPPED*: page: a model of a browser has none"])


def test_what_is_unexpected_fails_a_test_at_its_end(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import pytest\n"
        "from datetime import timedelta\n"
        "pytestmark = pytest.mark.asyncio\n"
        "async def test_mine(async_session_browser, afterclose_server):\n"
        "    afterclose_server.arm('endless_session', 'non_persistent')\n"
        "    await async_session_browser.sign_in()\n"
        "    await async_session_browser.wait(timedelta(hours=23))\n"
        "    await async_session_browser.visit()\n"
        "    await async_session_browser.wait(timedelta(hours=25))\n"
        "    await async_session_browser.check('long after')\n"
    )
    done = pytester.runpytest_subprocess(*MODEL[:2], *MODEL[4:])
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["unexpected: non_persistent/sso long after: promised signed_out*"])
    records = read_records([pytester.path / "report" / "results.ndjson"])
    assert Verdict.UNEXPECTED in {r.verdict for r in records if isinstance(r, Observation)}


def test_without_pytest_asyncio_one_is_told_how_to_get_it(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also that nothing else needs it."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:schemathesis -p no:asyncio")
    pytester.makepyfile(
        "def test_mine(async_session_browser):\n    pass\n"
        "def test_other(session_browser):\n    session_browser.sign_in()\n"
    )
    pytester.makepyfile(
        missing="import sys\nsys.modules['pytest_asyncio'] = None\n"
    )
    done = pytester.runpytest_subprocess("-p", "missing", *MODEL)
    done.assert_outcomes(errors=1, passed=1)
    done.stdout.fnmatch_lines(["*async_session_browser: needs pytest-asyncio; get it with: pip *"])
