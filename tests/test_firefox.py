"""What the engine waits for in Firefox's files; the browser is none."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from harness.engines.firefox import Firefox
from harness.engines.firefox_profile import cookie_rows
from tests.patience import PATIENCE

EXPIRES = 1_800_000_000


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    profile = tmp_path / "profile"
    profile.mkdir()
    return profile


def write(profile: Path, version: int, expiry: int) -> None:
    with closing(sqlite3.connect(profile / "cookies.sqlite")) as database, database:
        database.execute(f"PRAGMA user_version = {version}")
        database.execute("CREATE TABLE moz_cookies (host, name, value, expiry)")
        database.execute("INSERT INTO moz_cookies VALUES ('a.example', 'b', 'c', ?)", (expiry,))


@pytest.mark.parametrize(
    ("version", "expiry"),
    [(16, EXPIRES), (17, EXPIRES * 1000 + 499), (17, EXPIRES * 1000 - 500)],
)
def test_expiry_is_in_seconds_whatever_the_database_has(
    profile: Path, version: int, expiry: int
) -> None:
    """Rounded as Playwright does, of which a real Firefox tells (test_firefox_browser)."""
    write(profile, version, expiry)
    assert cookie_rows(profile) == {("a.example", "b", "c", EXPIRES)}


def test_a_cookie_that_a_page_renews_meanwhile_is_not_waited_for_in_vain(profile: Path) -> None:
    write(profile, 17, EXPIRES * 1000)
    lists = iter([EXPIRES - 100, EXPIRES])

    class Context:
        async def cookies(self) -> list[dict[str, Any]]:
            expires = next(lists)
            return [{"domain": "a.example", "name": "b", "value": "c", "expires": expires}]

    context: Any = Context()
    asyncio.run(asyncio.wait_for(Firefox().catch_up(context, profile), PATIENCE))
    assert not list(lists)
