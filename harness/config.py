"""`afterclose.toml`: the environments that a project adds to those that are always there, and the
server's settings."""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from harness.policy import (
    DEFAULT_ENVIRONMENTS,
    Application,
    Environment,
    Organization,
    Override,
    Persistence,
    Plan,
    Policy,
    check_persistence,
    check_timeout,
)
from harness.presets import CHOOSABLE, PRESETS, canonical
from harness.settings import (
    APP_KINDS,
    ATTRIBUTE_KINDS,
    INFORMED_KINDS,
    Activity,
    OrganizationSwitch,
    PolicyChange,
    Settings,
)

__all__ = [
    "Config",
    "ConfigError",
    "load_config",
    "name_one_of",
    "only_keys",
    "preset_named",
    "read_toml",
]

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_COOKIE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TIMEOUTS = ("inactivity_timeout", "absolute_timeout")
_CLIENT_ID = re.compile(r"[A-Za-z0-9._~-]{1,100}")
_ADDRESSES = ("redirect_uris", "logout_uris", "backchannel_logout_uris", "origins")
"""Of an application."""
_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)


class ConfigError(Exception):
    """A mistake in the configuration; the message is one line for the user."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """What `afterclose.toml` says, or would say if it were there."""

    environments: tuple[Environment, ...] = DEFAULT_ENVIRONMENTS
    settings: Settings = field(default_factory=Settings)

    def only(self, names: Iterable[str]) -> "Config":
        """The same with just the environments named; raise ConfigError for an unknown one, or
        where the cookie's domain does not fit one that is left."""
        known = {environment.name: environment for environment in self.environments}
        chosen = [known[name_one_of("policy", name, known)] for name in names]
        left = replace(self, environments=tuple(chosen)) if chosen else self
        for environment in left.environments:
            try:
                self.settings.check_host(environment.name)
            except ValueError as error:
                raise ConfigError(str(error)) from None
        return left


def name_one_of(what: str, name: str, known: Iterable[str], *, lists: str = "") -> str:
    """Return `name` if it is known; else raise ConfigError with the nearest that is, and all of
    them; `lists`: the command that does so, where they are too many for a message."""
    names = list(known)
    if name in names:
        return name
    close = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    told = f"what '{lists}' lists" if lists else ", ".join(names)
    raise ConfigError(f"unknown {what} '{name}'.{hint} Known: {told}.")


def preset_named(name: str) -> str:
    """The one name of a preset; raise ConfigError where there is none of that name."""
    try:
        return canonical(name)
    except ValueError as error:
        if "+" not in name:
            name_one_of("preset", name, [*PRESETS, *CHOOSABLE])
        raise ConfigError(str(error)) from None


def load_config(path: Path | None) -> Config:
    """Read a configuration file, or `afterclose.toml` in this folder where `path` is None.

    Raises ConfigError with file, place, what was wrong and what is accepted.
    """
    if path is None:
        path = Path("afterclose.toml")
        if not path.exists():
            return Config()
    data = read_toml(path)
    try:
        return _config(data)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def read_toml(path: Path) -> dict[str, Any]:
    """What a file of TOML says. Raises ConfigError with file, and line where there is one."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {_with_line(str(error), text)}") from None


def _with_line(message: str, text: str) -> str:
    message = message.replace("at end of document", f"at line {len(text.splitlines())}")
    place = re.search(r" \(at line (\d+)(?:, column \d+)?\)$", message)
    if place is None:
        return f"bad TOML: {message}"
    return f"line {place[1]}: bad TOML: {message[: place.start()]}"


def _config(data: Mapping[str, Any]) -> Config:
    keys = ("environments", *(setting.name for setting in fields(Settings)))
    only_keys(data, "", keys)
    environments = {environment.name: environment for environment in DEFAULT_ENVIRONMENTS}
    for name, table in _tables(data, "environments", ""):
        environments[name] = _environment(name, table)
    return Config(environments=tuple(environments.values()), settings=_settings(data))


def _settings(data: Mapping[str, Any]) -> Settings:
    settings = Settings()
    if "cookie_name" in data:
        name = data["cookie_name"]
        if not isinstance(name, str) or not _COOKIE_NAME.fullmatch(name):
            raise ConfigError(f"cookie_name: must be letters, digits, '_' and '-', not {name!r}")
        settings = replace(settings, cookie_name=name)
    where = {key: data[key] for key in ("cookie_path", "cookie_domain") if key in data}
    try:
        settings = replace(settings, **where)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    if "activity" in data:
        names = _strings(data, "", "activity")
        counted = frozenset(_choice("activity", name, Activity) for name in names)
        settings = replace(settings, activity=counted)
    if "policy_change" in data:
        change = _choice("policy_change", data["policy_change"], PolicyChange)
        settings = replace(settings, policy_change=change)
    if "organization_switch" in data:
        switch = _choice("organization_switch", data["organization_switch"], OrganizationSwitch)
        settings = replace(settings, organization_switch=switch)
    if "refresh_overlap" in data:
        overlap = data["refresh_overlap"]
        if isinstance(overlap, bool) or not isinstance(overlap, int) or not 0 <= overlap <= 3600:
            raise ConfigError(f"refresh_overlap: must be from 0 to 3600 seconds, not {overlap!r}")
        settings = replace(settings, refresh_overlap=overlap)
    if "apps" in data:
        named = _strings(data, "", "apps")
        known = (*APP_KINDS, *ATTRIBUTE_KINDS, *INFORMED_KINDS)
        kinds = [name_one_of("kind in apps", kind, known) for kind in named]
        settings = replace(settings, apps=tuple(kind for kind in known if kind in kinds))
    return settings


def _environment(name: str, table: Mapping[str, Any]) -> Environment:
    where = f"environments.{name}"
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{where}: a name is part of a host, so it has lower-case letters, digits, '_' and "
            "'-', 63 at most"
        )
    keys = ("plan", "audiences", "organizations", "applications")
    only_keys(table, where, ("persistence", *_TIMEOUTS, *keys))
    if "persistence" not in table:
        raise ConfigError(f'{where}: persistence is missing: "persistent" or "non_persistent"')
    persistence = _checked(table, where, "persistence", check_persistence)
    return Environment(
        name=name,
        policy=Policy(persistence=persistence, **_timeouts(table, where)),
        organizations=tuple(
            _organization(code, override, where)
            for code, override in _tables(table, "organizations", f"{where}.")
        ),
        plan=_choice(f"{where}.plan", table.get("plan", Plan.SCALE), Plan),
        applications=tuple(
            _application(client_id, application, where)
            for client_id, application in _tables(table, "applications", f"{where}.")
        ),
        audiences=_strings(table, f"{where}.", "audiences"),
    )


def _application(client_id: str, table: Mapping[str, Any], environment: str) -> Application:
    where = f"{environment}.applications.{client_id}"
    if not _CLIENT_ID.fullmatch(client_id):
        raise ConfigError(f"{where}: a client_id has letters, digits and -._~, 100 at most")
    only_keys(table, where, ("secret", *_ADDRESSES, "scopes"))
    secret = table.get("secret")
    if secret is not None and (not isinstance(secret, str) or not secret):
        raise ConfigError(f"{where}.secret: must be text, or left out for a public application")
    for key in _ADDRESSES:
        for url in _strings(table, f"{where}.", key):
            if not _is_absolute(url):
                raise ConfigError(
                    f"{where}.{key}: must be absolute addresses without a fragment, not {url!r}"
                )
            if key == "backchannel_logout_uris" and not _is_web_address(url):
                raise ConfigError(f"{where}.{key}: must be http or https addresses, not {url!r}")
    scopes = _strings(table, f"{where}.", "scopes")
    if scopes and secret is None:
        raise ConfigError(f"{where}.scopes: client credentials need a secret")
    return Application(
        id=client_id,
        secret=secret,
        redirect_uris=_strings(table, f"{where}.", "redirect_uris"),
        logout_uris=_strings(table, f"{where}.", "logout_uris"),
        backchannel_logout_uris=_strings(table, f"{where}.", "backchannel_logout_uris"),
        origins=tuple(url.rstrip("/") for url in _strings(table, f"{where}.", "origins")),
        scopes=scopes,
    )


def _is_absolute(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) and not parts.fragment


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _organization(code: str, table: Mapping[str, Any], environment: str) -> Organization:
    where = f"{environment}.organizations.{code}"
    only_keys(table, where, ("persistence", *_TIMEOUTS))
    persistence: Persistence | None = None
    if "persistence" in table:
        persistence = _checked(table, where, "persistence", check_persistence)
    timeouts = _timeouts(table, where)
    return Organization(
        code=code,
        override=Override(
            use_persistence=persistence is not None,
            persistence=persistence,
            use_inactivity_timeout="inactivity_timeout" in timeouts,
            use_absolute_timeout="absolute_timeout" in timeouts,
            **timeouts,
        ),
    )


def _timeouts(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Those that are set, checked."""
    return {
        key: _checked(table, where, key, check_timeout) for key in _TIMEOUTS if key in table
    }


def _checked(table: Mapping[str, Any], where: str, key: str, check: Callable[[object], _T]) -> _T:
    try:
        return check(table[key])
    except ValueError as error:
        raise ConfigError(f"{where}.{key}: {error}") from None


def _choice(where: str, value: object, choices: type[_E]) -> _E:
    try:
        return choices(value)  # type: ignore[arg-type]
    except ValueError:
        accepted = ", ".join(f'"{choice}"' for choice in choices)
        raise ConfigError(f"{where}: must be one of {accepted}, not {value!r}") from None


def _strings(table: Mapping[str, Any], where: str, key: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"{where}{key}: must be a list of texts, not {value!r}")
    return tuple(value)


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


def only_keys(table: Mapping[str, Any], where: str, accepted: Iterable[str]) -> None:
    """Raise ConfigError for a key that is not accepted, with the nearest that is."""
    for key in table:
        try:
            name_one_of("key", key, accepted)
        except ConfigError as error:
            raise ConfigError(f"{where + ': ' if where else ''}{error}") from None
