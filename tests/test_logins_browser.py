"""Logins of other makes, in a real browser: what is found of them, and what comes out."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from harness.engines import ENGINES
from harness.engines.browser_pool import BrowserPool, Options
from harness.targets.carriers import find_carriers
from harness.targets.loading import load_target
from harness.targets.one_time import OneTimeCodes
from harness.targets.running import RunningTarget, _post
from tests.targets import PASSWORD, SECRET, in_toml

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
        running.prepare()
        until_another, asked = OneTimeCodes.until_another, []

        def passes(codes: OneTimeCodes, now: float) -> float:
            asked.append(until_another(codes, now))
            running._ahead += asked[-1]
            _post(f"{running.target.url}advance?seconds={asked[-1]}")
            return 0

        monkeypatch.setattr(OneTimeCodes, "until_another", passes)

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


def test_what_carries_the_session(pool: BrowserPool, tmp_path: Path) -> None:
    """An item of `sessionStorage`; a cookie that each visit replaces, for which each try takes a
    sign-in of its own. What the last step has set off is waited for."""
    for way, told in (("tab", "sessionStorage item shop"), ("rotating", "cookie shop")):
        file = in_toml(tmp_path, way, "slow", change=API)
        with closing(RunningTarget(load_target(file), file, environment=KNOWN)) as running:
            running.prepare()
            found = pool.run(find_carriers(pool, ENGINES["chromium"], running, "default"), 120)
        sets = [[c.told for c in one] for one in found.carriers["app"]]
        assert sets == [[told]]
        assert any("changes with its use" in note for note in found.notes) == (way == "rotating")


def test_a_picture_shows_no_password(pool: BrowserPool, tmp_path: Path) -> None:
    file = in_toml(tmp_path)
    picture = tmp_path / "picture.png"
    with closing(RunningTarget(load_target(file), file, environment=KNOWN)) as running:
        running.prepare()

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
