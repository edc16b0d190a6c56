"""What Playwright's recorder writes, as a target's `sign_in`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.targets.first_file import first_file
from harness.targets.loading import load_target
from harness.targets.recorded import steps_in
from tests.patience import PATIENCE
from tests.shop import shop

URL = "http://localhost:8000/"
SCRIPT = """import asyncio
import re
from playwright.async_api import Playwright, async_playwright, expect


async def run(playwright: Playwright) -> None:
    browser = await playwright.chromium.launch(headless=False)
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto("http://localhost:8000/")
    await page.get_by_role("textbox", name="Email").click()
    await page.get_by_role("textbox", name="Email").fill("ada")
    await page.get_by_role("textbox", name="Email").press("ControlOrMeta+a")
    await page.get_by_role("textbox", name="Email").fill("ada@example.com")
    await page.get_by_role("textbox", name="PIN").fill("hunter2 \\"quoted\\" .fill(\\\\)")
    await page.get_by_role("textbox", name="Code").fill("123456")
    await page.get_by_role("checkbox", name="Remember me").check()
    await page.get_by_role("button", name="Sign in").click()
    await page.close()

    # ---------------------
    await context.close()
    await browser.close()
"""


def test_the_lines_that_sign_in_without_what_was_typed() -> None:
    steps = steps_in(SCRIPT, URL)
    assert [line.strip().removeprefix("await page.") for line in steps] == [
        'get_by_role("textbox", name="Email").click()',
        'get_by_role("textbox", name="Email").fill(person.email)',
        'get_by_role("textbox", name="Email").press("ControlOrMeta+a")',
        'get_by_role("textbox", name="Email").fill(person.email)',
        'get_by_role("textbox", name="PIN").fill(person.password)',
        'get_by_role("textbox", name="Code").fill(person.one_time_code())',
        'get_by_role("checkbox", name="Remember me").check()',
        'get_by_role("button", name="Sign in").click()',
    ]


def test_they_are_in_the_first_file(tmp_path: Path) -> None:
    file = tmp_path / "target.py"
    file.write_text(first_file(URL, ".py", steps_in(SCRIPT, URL)))
    assert {"sign_in", "sign_out"} <= {*load_target(file).functions}
    text = file.read_text()
    assert text.count("person.email)") == 2
    for typed in ("hunter2", "123456", "get_by_label"):
        assert typed not in text.replace("ada@example.com", "")


def test_what_opens_no_page_has_no_lines() -> None:
    assert steps_in(SCRIPT.partition("    await page.goto")[0], URL) == []


@pytest.mark.browser
def test_the_recorder_is_told_which_browser(tmp_path: Path) -> None:
    """Without a display, and nobody to sign in: Playwright ends it at once, as in its own tests."""
    code = (
        "from harness.engines import ENGINES; from harness.targets.recorded import recorded; import"
        " sys; print(recorded(sys.argv[1], ENGINES['chromium'].find('').path))"
    )
    unseen = {
        "PWTEST_CLI_HEADLESS": "1", "PWTEST_CLI_IS_UNDER_TEST": "1",
        "PWTEST_CLI_EXIT_AFTER_TIMEOUT": "1",
    }  # fmt: skip
    with shop() as url:
        done = subprocess.run(
            [sys.executable, "-c", code, f"{url}/"], cwd=tmp_path, text=True, timeout=PATIENCE,
            env={**os.environ, **unseen}, capture_output=True, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
