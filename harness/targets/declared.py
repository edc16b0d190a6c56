"""A target in TOML, for those who write no Python: what to fill in and to press, in order, and how
one sees that somebody is signed in."""

import difflib
import tomllib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.policy import Policy
from harness.targets.seeing import SIGNS, seeing
from harness.targets.steps import check_step, do_steps
from harness.targets.target import Person, Target, TargetError

__all__ = ["declared_target"]

_REGISTERED = (
    "client_id", "callbacks", "backchannel_logout", "login", "logout", "environment",
)  # fmt: skip
"""What is said of an application whose identity provider is the mock."""
_KEYS = (
    "name", "url", "urls", "command", "clock", "person", "people", "policies", "sign_in",
    "sign_out", "visit", "signed_in", "ignore_https_errors", "identity_provider", *_REGISTERED,
)  # fmt: skip
_POLICY = ("persistence", "inactivity_timeout", "absolute_timeout")


def declared_target(path: Path) -> Target:
    """The target that a file describes. Raises TargetError with file and key."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise TargetError(f"{path}: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise TargetError(f"{path}: cannot be read: {error}") from None
    try:
        return _target(data)
    except TargetError as error:
        raise TargetError(f"{path}: {error}") from None


def _target(data: Mapping[str, Any]) -> Target:
    only(data, _KEYS, "")
    for key in ("name", "url"):
        if not isinstance(data.get(key), str):
            raise TargetError(f"{key}: must be there, and be text")
    target = Target(
        name=data["name"],
        url=data["url"],
        policies={
            name: _policy(policy, f"policies.{name}")
            for name, policy in table(data.get("policies", {}), "policies").items()
        },
        person=_person(data.get("person", {}), "person"),
        people={
            name: _person(person, f"people.{name}")
            for name, person in table(data.get("people", {}), "people").items()
        },
        command=_texts(data.get("command", []), "command"),
        urls={
            name: _text(url, f"urls.{name}")
            for name, url in table(data.get("urls", {}), "urls").items()
        },
        clock=_clock(data.get("clock")),
        ignore_https_errors=data.get("ignore_https_errors", False) is True,
        identity_provider=data.get("identity_provider"),
        **{key: data[key] for key in _REGISTERED if key in data},
    )
    for name in ("sign_in", "sign_out", "visit"):
        if name in data:
            target.functions[name] = _steps(target, name, data[name])
    for surface, sign in table(data.get("signed_in", {}), "signed_in").items():
        where = f"signed_in.{surface}"
        only(table(sign, where), (*SIGNS, "goto", "within"), where)
        target.signed_in(surface)(seeing(target, sign, where))
    return target


def _steps(target: Target, name: str, steps: object) -> Callable[..., Awaitable[None]]:
    if not isinstance(steps, list) or not steps:
        raise TargetError(f"{name}: must be a list of steps: [[{name}]] before each")
    policies = None if target.client is not None else tuple(target.policies)
    for number, step in enumerate(steps, start=1):
        check_step(step, f"{name}, step {number}", policies)

    if name == "sign_in":

        async def sign_in(page: Any, person: Person, policy: str) -> None:
            await do_steps(target, steps, name, page, person, policy)

        return sign_in

    async def others(page: Any) -> None:
        await do_steps(target, steps, name, page, None, None)

    return others


def _policy(value: object, where: str) -> Policy:
    data = table(value, where)
    only(data, _POLICY, where)
    if "persistence" not in data:
        raise TargetError(f"{where}.persistence: must be there: persistent or non_persistent")
    try:
        return Policy(**data)
    except ValueError as error:
        raise TargetError(f"{where}.persistence: {error}") from None


def _person(value: object, where: str) -> Person:
    data = table(value, where)
    only(data, ("email", "password", "one_time_code"), where)
    texts = {
        key: _text(data[key], f"{where}.{key}") for key in ("email", "password") if key in data
    }
    return Person(
        email=texts.get("email", ""),
        password=texts.get("password", ""),
        totp=_totp(data, f"{where}.one_time_code"),
    )


def _totp(data: Mapping[str, Any], where: str) -> str:
    """The secret of an authenticator, or nothing."""
    if "one_time_code" not in data:
        return ""
    code = data["one_time_code"]
    if not isinstance(code, dict) or "totp" not in code:
        raise TargetError(f'{where}: must be as {{ totp = "env:SHOP_TOTP" }}')
    only(code, ("totp",), where)
    return _text(code["totp"], f"{where}.totp")


def _clock(value: object) -> str | Sequence[str] | None:
    return value if value is None or isinstance(value, str) else _texts(value, "clock")


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise TargetError(f"{where}: must be text, not {value!r}")
    return value


def _texts(value: object, where: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise TargetError(f'{where}: must be a list of texts, as ["python", "shop.py"]')
    return value


def table(value: object, where: str) -> Mapping[str, Any]:
    """What must be a table."""
    if not isinstance(value, dict):
        raise TargetError(f"{where}: must be a table, as [{where}]")
    return value


def only(data: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    """Raise TargetError for a key that means nothing."""
    for key in data:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            place = f"{where}: " if where else ""
            raise TargetError(f"{place}unknown key '{key}'.{hint} Known: {', '.join(known)}.")
