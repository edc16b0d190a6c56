"""Playwright's own pages of a browser that is quit and started in a test of one's own."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.records import Error, Observation
from harness.result_file import read_records
from tests.shop import shop

README = (Path(__file__).parents[1] / "README.md").read_text()
ONE = ("--afterclose-preset", "default", "--afterclose-policy", "persistent")


@pytest.fixture
def address() -> Iterator[str]:
    with shop() as running:
        yield running


def recipe(address: str) -> str:
    """README's, against this shop."""
    (found,) = re.findall(r"```python\n([^`]*?def test_remember_me.*?)```", README, re.DOTALL)
    return str(found).replace("http://localhost:3000", address)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("options", "browsers"),
    [((), 2), (("-p", "no:playwright", "--afterclose-engine", "chromium"), 1)],
    ids=["as it is", "alone"],
)
def test_the_recipe_of_readme(
    pytester: pytest.Pytester, address: str, options: tuple[str, ...], browsers: int,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """It passes in every browser; without the box it fails."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    code = recipe(address)
    forgetful = re.sub(r".*Remember me.*\n", "", code).replace("test_remember_me", "test_forget")
    assert forgetful.count("\n") == code.count("\n") - 1
    pytester.makepyfile(test_mine=f"{code}\n\n{forgetful}")
    done = pytester.runpytest_subprocess(*ONE, *options)
    done.assert_outcomes(passed=browsers, failed=browsers)
    assert "Welcome back" in done.stdout.str()
    kept = [path for path in home.rglob("*") if path.is_file() and "playwright" in str(path)]
    assert kept == [], "a note of a browser that others may connect to"


TABS = """
import pytest
from playwright.sync_api import Error, expect


def test_tabs(session_browser, afterclose_server):
    first = session_browser.page
    first.goto("SHOP")
    session_browser.open_tab()
    second = session_browser.page
    assert (first.url, second.url) == ("SHOP/", "about:blank")
    assert session_browser.context.pages == [first, second]
    session_browser.close_tab()
    assert session_browser.page is first
    with pytest.raises(Error, match="closed"):
        second.title()
    asked = []

    def counted(route):
        asked.append(route.request.url)
        route.continue_()

    session_browser.context.route("**/*", counted)
    session_browser.sign_in()
    port = afterclose_server.url.rpartition(":")[2]
    assert asked and all(f".localhost:{port}/" in url for url in asked), asked
    session_browser.quit()
    with pytest.raises(Error, match="closed"):
        first.title()
    session_browser.start()
    assert session_browser.page is not first
    expect(session_browser.page).to_have_url("about:blank")
    assert session_browser.check("again")["persistent", "sso"].signed_in
"""


@pytest.mark.browser
def test_pages_are_of_the_tab_in_use_and_of_one_life(
    pytester: pytest.Pytester, address: str
) -> None:
    """Handlers of the test answer while the driver goes somewhere, and the server is the browser's
    own."""
    pytester.makepyfile(test_mine=TABS.replace("SHOP", address))
    pytester.runpytest_subprocess(*ONE).assert_outcomes(passed=2)
    records = list(read_records([pytester.path / "report" / "results.ndjson"]))
    assert {r.engine for r in records if isinstance(r, Observation)} == {"chromium", "firefox"}
    assert not any(isinstance(record, Error) for record in records)


@pytest.mark.browser
def test_what_has_settled_outlives_a_crash(pytester: pytest.Pytester, address: str) -> None:
    """As docs/pytest.md says, of what an application of one's own has stored."""
    code = recipe(address)
    crashed = code.replace("quit()", "settle()\n    session_browser.crash()")
    assert crashed != code
    pytester.makepyfile(crashed)
    pytester.runpytest_subprocess(*ONE).assert_outcomes(passed=2)


def test_a_model_has_no_pages(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_mine(session_browser):\n    session_browser.page.goto('/')\n")
    done = pytester.runpytest_subprocess(*ONE, "--afterclose-engine", "simulated-chromium", "-rs")
    done.assert_outcomes(skipped=1)
    done.stdout.fnmatch_lines(["SKIPPED*: page: a model of a browser has none"])


def test_a_browser_that_is_not_running_has_no_pages(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "def test_mine(session_browser):\n"
        "    session_browser.quit()\n"
        "    session_browser.page\n"
    )
    done = pytester.runpytest_subprocess(*ONE, "--afterclose-engine", "simulated-chromium")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*page: the browser is not running; start it first*"])


def test_the_server_is_the_one_that_the_browser_is_signed_in_to(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import pytest\n"
        "@pytest.fixture\n"
        "def prepared(afterclose_server):\n"
        "    return afterclose_server.url\n"
        "def test_mine(prepared, session_browser, afterclose_server):\n"
        "    session_browser.sign_in()\n"
        "    assert prepared == afterclose_server.url\n"
        "    assert len([*afterclose_server.site.tenants['persistent'].sessions]) == 1\n"
        "def test_alone(afterclose_server):\n"
        "    assert not any([*t.sessions] for t in afterclose_server.site.tenants.values())\n"
    )
    pytester.runpytest_subprocess(
        *ONE, "--afterclose-engine", "simulated-chromium"
    ).assert_outcomes(passed=2)
