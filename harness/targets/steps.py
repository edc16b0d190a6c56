"""The steps of a target in TOML: each does one thing in a page."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urljoin

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Locator, Page

from harness.targets.target import Person, Target, TargetError
from harness.targets.traffic import Traffic

__all__ = ["check_locator", "check_step", "do_steps", "located"]

_DOES = ("goto", "fill", "check", "click", "press")
_LOCATES = ("label", "role", "test_id", "selector")
_WITH = ("person.email", "person.password", "person.one_time_code")
_MORE = {"fill": ("with", "text"), "press": ("on",)}


def check_step(step: object, where: str, policies: Sequence[str] | None) -> None:
    """Raise TargetError for what cannot be done. `policies`: their names, where they are known."""
    if not isinstance(step, dict):
        raise TargetError(f"{where}: must be a table")
    does = [key for key in step if key in _DOES]
    if len(does) != 1:
        raise TargetError(
            f"{where}: must have one of {', '.join(_DOES)}, not {' and '.join(does) or 'none'}"
        )
    (do,) = does
    known = (do, "only", *_MORE.get(do, ()))
    for key in step:
        if key not in known:
            close = difflib.get_close_matches(key, (*known, *_DOES), n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            raise TargetError(f"{where}: unknown key '{key}'.{hint} Known: {', '.join(known)}.")
    if do in ("fill", "check", "click"):
        check_locator(step[do], f"{where}, {do}")
    elif not isinstance(step[do], str):
        raise TargetError(f"{where}, {do}: must be text, not {step[do]!r}")
    if "on" in step:
        check_locator(step["on"], f"{where}, on")
    if do == "fill":
        _check_fill(step, where)
    only = step.get("only", [])
    if not isinstance(only, list):
        raise TargetError(f"{where}, only: must be a list of policies")
    for policy in only:
        if policies is not None and policy not in policies:
            raise TargetError(
                f"{where}, only: there is no policy '{policy}'; known: {', '.join(policies)}"
            )


def _check_fill(step: Mapping[str, Any], where: str) -> None:
    if ("with" in step) is ("text" in step):
        raise TargetError(f"{where}: fill takes either with, one of {', '.join(_WITH)}, or text")
    if "with" in step and step["with"] not in _WITH:
        raise TargetError(f"{where}, with: must be one of {', '.join(_WITH)}")


def check_locator(value: object, where: str) -> None:
    """Raise TargetError for what names nothing in a page."""
    if not isinstance(value, dict):
        raise TargetError(f'{where}: must say what it is, as {{ label = "Email" }}')
    ways = [key for key in value if key in _LOCATES]
    if len(ways) != 1:
        raise TargetError(
            f"{where}: must have one of {', '.join(_LOCATES)}, not {' and '.join(ways) or 'none'}"
        )
    known = (*ways, *(["name"] if ways == ["role"] else []))
    for key, text in value.items():
        if key not in known:
            raise TargetError(f"{where}: unknown key '{key}'. Known: {', '.join(known)}.")
        if not isinstance(text, str):
            raise TargetError(f"{where}, {key}: must be text, not {text!r}")


def located(page: Page, value: Mapping[str, Any]) -> Locator:
    """What it names in a page."""
    if "label" in value:
        return page.get_by_label(value["label"], exact=True)
    if "role" in value:
        name = value.get("name")
        return page.get_by_role(value["role"], name=name, exact=True if name else None)
    if "test_id" in value:
        return page.get_by_test_id(value["test_id"])
    return page.locator(value["selector"])


async def do_steps(
    target: Target,
    steps: Sequence[Mapping[str, Any]],
    name: str,
    page: Page,
    person: Person | None,
    policy: str | None,
) -> None:
    """Do them, those for other policies left out, until what the last has set off is done; what
    went wrong says at which."""
    async with Traffic(page) as traffic:
        for number, step in enumerate(steps, start=1):
            if policy is not None and "only" in step and policy not in step["only"]:
                continue
            try:
                await _do(target, step, page, person)
            except PlaywrightError as error:
                raise type(error)(f"step {number}: {error}") from None
        await traffic.settled()


async def _do(
    target: Target, step: Mapping[str, Any], page: Page, person: Person | None
) -> None:
    if "goto" in step:
        await page.goto(urljoin(page.url if page.url.startswith("http") else target.url,
                                step["goto"]))
    elif "fill" in step:
        await located(page, step["fill"]).fill(_text(step, person))
    elif "check" in step:
        await located(page, step["check"]).check()
    elif "click" in step:
        await located(page, step["click"]).click()
    elif "on" in step:
        await located(page, step["on"]).press(step["press"])
    else:
        await page.keyboard.press(step["press"])


def _text(step: Mapping[str, Any], person: Person | None) -> str:
    if "text" in step:
        return str(step["text"])
    if person is None:
        raise TargetError("with: only sign_in has a person")
    key = step["with"].removeprefix("person.")
    return person.one_time_code() if key == "one_time_code" else str(getattr(person, key))
