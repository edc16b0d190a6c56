"""Logins of other makes, in a real browser: what is found of them, and what comes out."""

import os
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from harness.engines import ENGINES
from harness.engines.browser_pool import BrowserPool, Options
from harness.records import Observation, Verdict
from harness.result_file import read_records
from harness.targets.loading import load_target
from harness.targets.one_time import OneTimeCodes
from harness.targets.running import RunningTarget, _post
from tests.patience import PATIENCE
from tests.targets import PASSWORD, SECRET, in_python, in_toml

pytestmark = pytest.mark.browser
API = (
    '[signed_in.api]\njson = { url = "/me", field = "user", equals = "ada@example.com" }\n', ""
)
"""Of a session in a tab no other request knows."""
KNOWN = {"SHOP_PASSWORD": PASSWORD, "SHOP_TOTP": SECRET, "BOB_PASSWORD": PASSWORD}
ASKED = '\n[[sign_in]]\nfill = { label = "Code" }\nwith = "person.one_time_code"\n'
CONTINUE = '\n[[sign_in]]\nclick = { role = "button", name = "Continue" }\n\n[[sign_out]]\ngoto'


@pytest.fixture(scope="module")
def pool() -> Iterator[BrowserPool]:
    pool = BrowserPool("", Options())
    yield pool
    pool.close()


def test_a_one_time_code(
    pool: BrowserPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the server's clock; a code that was given is waited out, for it is taken once."""
    text = in_toml(tmp_path, "code").read_text()
    file = tmp_path / "shop.toml"
    file.write_text(
        text.replace("\n[[sign_out]]\ngoto", f"{ASKED}{CONTINUE}", 1).replace(
            'password = "env', 'one_time_code = { totp = "env:SHOP_TOTP" }\npassword = "env', 1
        )
    )
    with closing(RunningTarget(load_target(file), file, environment=KNOWN)) as running:
        running.prepare("default")
        until_another, asked, began = OneTimeCodes.until_another, [], time.time()

        def passes(codes: OneTimeCodes, now: float) -> float:
            asked.append(until_another(codes, now))
            running._ahead += asked[-1]
            _post(f"{running.target.url}advance?seconds={asked[-1]}")
            return 0

        monkeypatch.setattr(OneTimeCodes, "until_another", passes)
        # Signing in may take as long as a code is good for.
        monkeypatch.setattr(RunningTarget, "_now", lambda target: began + target._ahead)

        async def signs_in() -> list[bool]:
            seen = []
            async with pool.beside(ENGINES["chromium"]) as context:
                for ahead in (0, 0, 86_400):
                    if ahead:
                        await running.advance(ahead)
                    await context.clear_cookies()
                    page = await context.new_page()
                    await running.sign_in(page, running.person(None), "default")
                    await running.visit(page, "default")
                    seen.append(await running.is_signed_in(page, "app"))
            return seen

        assert pool.run(signs_in(), 60) == [True, True, True]
        assert asked[0] == asked[2] == 0
        assert 0 < asked[1] <= 30
        assert SECRET not in running.secrets.redact(f"it was {SECRET}")


def test_a_picture_shows_no_password(pool: BrowserPool, tmp_path: Path) -> None:
    file = in_toml(tmp_path)
    picture = tmp_path / "picture.png"
    with closing(RunningTarget(load_target(file), file, environment=KNOWN)) as running:
        running.prepare("default")

        async def colours() -> tuple[int, int]:
            async with pool.beside(ENGINES["chromium"]) as context:
                page = context.pages[0]
                await page.goto(running.target.url)
                field = page.get_by_label("Password")
                await field.fill("password")
                box = await field.bounding_box()
                assert box is not None
                await running.picture(page, picture)
                url = f"data:image/png;base64,{b64encode(picture.read_bytes()).decode()}"
                masked: int = await page.evaluate(_MASKED, url)
                return masked, round(box["width"] * box["height"])

        masked, wanted = pool.run(colours(), 60)
    assert masked >= wanted * 0.95


_MASKED = """async url => {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const {data} = canvas.getImageData(0, 0, image.width, image.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] === 255 && data[at + 1] === 0 && data[at + 2] === 255) { count += 1; }
  }
  return count;
}"""
"""How many pixels have the colour that Playwright masks with."""


CLOCK = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], data=b'').close()"
SCENARIOS = """
from datetime import timedelta
from harness import Browser, scenario


@scenario(title="Somebody else comes", claims="Who signs in is signed in.")
def somebody_else(browser: Browser) -> None:
    browser.sign_in()
    browser.sign_out()
    browser.sign_in(as_="bob")
    browser.quit()
    browser.start()
    browser.check("afterwards")


@scenario(title="An hour passes", claims="A session ends half an hour after it was last used.")
def an_hour(browser: Browser) -> None:
    browser.sign_in()
    browser.wait(timedelta(hours=1))
    browser.check("an hour later")
"""


AND_AGAIN = """
from harness import Browser, scenario


@scenario(title="Come back", claims="A session ends with the browser.")
def come_back(browser: Browser) -> None:
    browser.sign_in()
    browser.visit()
    browser.quit()
    browser.start()
    browser.check("afterwards")
"""


def run(folder: Path, file: Path, *arguments: str) -> tuple[int, str, list[Observation]]:
    """Exit status, what was said, and what was observed."""
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", "run", "--output", "out", "--target", file.name,
         "--engine", "chromium", *arguments],
        cwd=folder, env={**os.environ, **KNOWN}, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    records = read_records([folder / "out" / "results.ndjson"])
    seen = [record for record in records if isinstance(record, Observation)]
    return done.returncode, done.stdout + done.stderr, seen


@pytest.mark.parametrize("way", ["tab", "rotating"])
def test_what_is_kept_otherwise_comes_back_as_the_model_says(way: str, tmp_path: Path) -> None:
    """Where the browser continues: what a tab kept, and the latest cookie of several, for which
    each try takes a sign-in of its own. What the last step of a sign-in set off is waited for."""
    (tmp_path / "mine.py").write_text(AND_AGAIN)
    file = in_toml(tmp_path, way, "slow", change=API)
    status, said, (seen,) = run(
        tmp_path, file, "mine.py", "-n", "0", "--preset", "continue", "--policy", "default"
    )
    assert status == 0, said
    assert (str(seen.observed), seen.limitation) == ("signed_in", "session-restore-revives-session")
    told = {"tab": "sessionStorage item shop", "rotating": "cookie shop"}
    assert seen.evidence.carriers == (told[way],)
    anew = [note for note in seen.evidence.notes if "changes with its use" in note]
    assert bool(anew) == (way == "rotating")


def test_a_run(tmp_path: Path) -> None:
    """Two at a time; each policy at its own address, to which a path is relative; a clock that is a
    command; somebody else who signs in."""
    (tmp_path / "clock.py").write_text(CLOCK)
    (tmp_path / "mine.py").write_text(SCENARIOS)
    file = in_python(tmp_path)
    text = file.read_text()
    text = text.replace(
        'clock="http://localhost:{port}/advance?seconds={seconds}",',
        f'clock=["{sys.executable}", "clock.py", '
        '"http://localhost:{port}/advance?seconds={seconds}"],\n'
        '    urls={"remembered": "http://remembered.localhost:{port}/"},\n'
        '    people={"bob": Person(email="bob@example.com", password="env:BOB_PASSWORD")},',
    )
    text = text.replace("page.goto(target.url)", 'page.goto("/")')
    text = text.replace(
        'return await page.get_by_text("Welcome back").is_visible()',
        'shown = page.get_by_text("Welcome back, ")\n'
        "    if not await shown.is_visible():\n"
        "        return False\n"
        '    return (await shown.inner_text()).removeprefix("Welcome back, ")',
    )
    file.write_text(text)
    status, said, observed = run(tmp_path, file, "mine.py", "-n", "2", "--preset", "default")
    assert status == 0, said
    seen = {(o.scenario, o.policy): o for o in observed}
    assert {key: (o.verdict, str(o.observed), o.evidence.who) for key, o in seen.items()} == {
        ("mine.somebody_else", "default"): (Verdict.KEPT, "signed_out", ()),
        ("mine.somebody_else", "remembered"): (Verdict.KEPT, "signed_in", ("bob@example.com",)),
        ("mine.an_hour", "default"): (Verdict.KEPT, "signed_out", ()),
        ("mine.an_hour", "remembered"): (Verdict.KEPT, "signed_in", ("ada@example.com",)),
    }
    hour = seen["mine.an_hour", "default"].evidence.time
    assert hour[0].startswith("3600 s: the target's clock was moved by its command")
