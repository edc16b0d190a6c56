"""What the engine asks of Chromium, against what Chromium's source says; the browser is none."""

from harness.engines.chromium import fillers

OPERATIONS = 512
"""As many make the cookie store write (sqlite_persistent_cookie_store.cc)."""
MOST_OF_A_SITE = 180
"""Cookies: with one more, it is down to 150 again (cookie_monster.h)."""


def operations(cookies: list[dict[str, str]], there: set[str]) -> int:
    """Of the cookie store, when they are set, all in one site."""
    count = 0
    for cookie in cookies:
        count += 1 + (cookie["name"] in there)
        there.add(cookie["name"])
        assert len(there) <= MOST_OF_A_SITE, "deletes some"
    return count


def test_fillers_are_no_more_than_make_it_write() -> None:
    """Of any more, a busy machine leaves as many for the next time as it likes."""
    there: set[str] = set()
    for number in range(20):
        cookies = fillers(f"first-{number}")
        assert {cookie["domain"] for cookie in cookies} == {".filler.localhost"}
        assert OPERATIONS <= operations(cookies, there) <= OPERATIONS + 1
