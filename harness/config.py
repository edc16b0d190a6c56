"""`afterclose.toml`: the environments that a project adds to the four that are always there."""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from harness.policy import (
    DEFAULT_ENVIRONMENTS,
    Environment,
    Organization,
    Override,
    Persistence,
    Policy,
    check_inactivity_timeout,
    check_persistence,
)

__all__ = ["DEFAULT_COOKIE_NAME", "Config", "ConfigError", "load_config", "name_one_of"]

DEFAULT_COOKIE_NAME = "sso_session"
"""Kinde does not document the name of its SSO cookie, so this one is neutral, and a setting."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_COOKIE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_T = TypeVar("_T")


class ConfigError(Exception):
    """A mistake in the configuration; the message is one line for the user."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """What `afterclose.toml` says, or would say if it were there."""

    environments: tuple[Environment, ...] = DEFAULT_ENVIRONMENTS
    cookie_name: str = DEFAULT_COOKIE_NAME

    def only(self, names: Iterable[str]) -> "Config":
        """The same with just the environments named; raise ConfigError for an unknown one."""
        known = {environment.name: environment for environment in self.environments}
        chosen = [known[name_one_of("policy", name, known)] for name in names]
        return replace(self, environments=tuple(chosen)) if chosen else self


def name_one_of(what: str, name: str, known: Iterable[str]) -> str:
    """Return `name` if it is known; else raise ConfigError listing what is, nearest first."""
    names = list(known)
    if name in names:
        return name
    close = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    raise ConfigError(f"unknown {what} '{name}'.{hint} Known: {', '.join(names)}.")


def load_config(path: Path | None) -> Config:
    """Read a configuration file, or `afterclose.toml` in this folder where `path` is None.

    Raises ConfigError with file, place, what was wrong and what is accepted.
    """
    if path is None:
        path = Path("afterclose.toml")
        if not path.exists():
            return Config()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text") from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {_with_line(str(error), text)}") from None
    try:
        return _config(data)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def _with_line(message: str, text: str) -> str:
    message = message.replace("at end of document", f"at line {len(text.splitlines())}")
    place = re.search(r" \(at line (\d+)(?:, column \d+)?\)$", message)
    if place is None:
        return f"bad TOML: {message}"
    return f"line {place[1]}: bad TOML: {message[: place.start()]}"


def _config(data: Mapping[str, Any]) -> Config:
    _only_keys(data, "", ("cookie_name", "environments"))
    cookie_name = data.get("cookie_name", DEFAULT_COOKIE_NAME)
    if not isinstance(cookie_name, str) or not _COOKIE_NAME.fullmatch(cookie_name):
        raise ConfigError(
            f"cookie_name: must be letters, digits, '_' and '-', not {cookie_name!r}"
        )
    environments = {environment.name: environment for environment in DEFAULT_ENVIRONMENTS}
    for name, table in _tables(data, "environments", ""):
        environments[name] = _environment(name, table)
    return Config(environments=tuple(environments.values()), cookie_name=cookie_name)


def _environment(name: str, table: Mapping[str, Any]) -> Environment:
    where = f"environments.{name}"
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{where}: a name is part of a host, so it has lower-case letters, digits, '_' and "
            "'-', 63 at most"
        )
    _only_keys(table, where, ("persistence", "inactivity_timeout", "organizations"))
    if "persistence" not in table:
        raise ConfigError(f'{where}: persistence is missing: "persistent" or "non_persistent"')
    policy = Policy(persistence=_checked(table, where, "persistence", check_persistence))
    if "inactivity_timeout" in table:
        timeout = _checked(table, where, "inactivity_timeout", check_inactivity_timeout)
        policy = replace(policy, inactivity_timeout=timeout)
    organizations = tuple(
        _organization(code, override, where)
        for code, override in _tables(table, "organizations", f"{where}.")
    )
    return Environment(name=name, policy=policy, organizations=organizations)


def _organization(code: str, table: Mapping[str, Any], environment: str) -> Organization:
    where = f"{environment}.organizations.{code}"
    _only_keys(table, where, ("persistence", "inactivity_timeout"))
    persistence: Persistence | None = None
    timeout: int | None = None
    if "persistence" in table:
        persistence = _checked(table, where, "persistence", check_persistence)
    if "inactivity_timeout" in table:
        timeout = _checked(table, where, "inactivity_timeout", check_inactivity_timeout)
    return Organization(
        code=code,
        override=Override(
            use_persistence=persistence is not None,
            persistence=persistence,
            use_inactivity_timeout=timeout is not None,
            inactivity_timeout=timeout,
        ),
    )


def _checked(
    table: Mapping[str, Any], where: str, key: str, check: Callable[[object], _T]
) -> _T:
    try:
        return check(table[key])
    except ValueError as error:
        raise ConfigError(f"{where}.{key}: {error}") from None


def _tables(
    table: Mapping[str, Any], key: str, where: str
) -> Iterable[tuple[str, Mapping[str, Any]]]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise ConfigError(f"{where}{key}: must be a table, not {value!r}")
    for name, inner in value.items():
        if not isinstance(inner, dict):
            raise ConfigError(f"{where}{key}.{name}: must be a table, not {inner!r}")
        yield name, inner


def _only_keys(table: Mapping[str, Any], where: str, accepted: tuple[str, ...]) -> None:
    for key in table:
        try:
            name_one_of("key", key, accepted)
        except ConfigError as error:
            raise ConfigError(f"{where + ': ' if where else ''}{error}") from None
