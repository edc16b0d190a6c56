"""How a target in TOML says whether somebody is signed in: by text, address, selector, status, or
what a JSON endpoint says."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urljoin, urlsplit

from playwright.async_api import Page
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from harness.targets.target import Target, TargetError

__all__ = ["SIGNS", "seeing"]

SIGNS = ("text", "address", "selector", "status", "json")
_WITHIN = 3.0
"""Seconds in which a page shows that somebody is signed in."""
_ASK = """async url => {
  const answer = await fetch(url, {credentials: 'include', headers: {Accept: 'application/json'}});
  return [answer.status, await answer.text()];
}"""
_JSON = ("url", "field", "equals")


def seeing(
    target: Target, sign: Mapping[str, Any], where: str
) -> Callable[[Page], Awaitable[bool]]:
    """The function of a surface. Raises TargetError with `where` for what cannot be seen."""
    ways = [key for key in sign if key in SIGNS]
    if len(ways) != 1:
        raise TargetError(
            f"{where}: must have one of {', '.join(SIGNS)}, not {' and '.join(ways) or 'none'}"
        )
    (way,) = ways
    within = sign.get("within", _WITHIN)
    _check(way, sign[way], where)
    if isinstance(within, bool) or not isinstance(within, int | float) or within <= 0:
        raise TargetError(f"{where}.within: must be a number of seconds, not {within!r}")
    if not isinstance(sign.get("goto", ""), str):
        raise TargetError(f"{where}.goto: must be text, not {sign['goto']!r}")

    async def sees(page: Page) -> bool:
        response = None
        if "goto" in sign or way == "status":
            response = await page.goto(urljoin(page.url, sign.get("goto", page.url)))
        if way == "status":
            return response is not None and response.status == sign["status"]
        if way == "json":
            return await _says(page, sign["json"])
        try:
            if way == "address":
                await page.wait_for_url(
                    lambda url: _fits(url, sign["address"]), timeout=within * 1000
                )
            elif way == "text":
                found = page.get_by_text(re.compile(re.escape(sign["text"]))).first
                await found.wait_for(state="visible", timeout=within * 1000)
            else:
                found = page.locator(sign["selector"]).first
                await found.wait_for(state="visible", timeout=within * 1000)
        except PlaywrightTimeoutError:
            return False
        return True

    return sees


def _check(way: str, value: object, where: str) -> None:
    if way == "json":
        if not isinstance(value, dict) or not {"url", "field"} <= {*value}:
            raise TargetError(
                f'{where}.json: must be as {{ url = "/api/me", field = "user.email" }}'
            )
        for key in value:
            if key not in _JSON:
                raise TargetError(f"{where}.json: unknown key '{key}'. Known: {', '.join(_JSON)}.")
    elif way == "status":
        if isinstance(value, bool) or not isinstance(value, int):
            raise TargetError(f"{where}.status: must be a number as 200, not {value!r}")
    elif not isinstance(value, str) or not value:
        raise TargetError(f"{where}.{way}: must be text, not {value!r}")


def _fits(url: str, pattern: str) -> bool:
    whole = "://" in pattern
    return fnmatchcase(url if whole else urlsplit(url).path or "/", pattern)


async def _says(page: Page, asked: Mapping[str, Any]) -> bool:
    status, text = await page.evaluate(_ASK, urljoin(page.url, asked["url"]))
    if status >= 400:
        return False
    try:
        value = json.loads(text)
    except ValueError:
        return False
    for key in asked["field"].split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return bool(value == asked["equals"] if "equals" in asked else value)
