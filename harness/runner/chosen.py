"""What the options of a run, and its configuration file, choose."""

import contextlib
import os
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from harness.config import Config, ConfigError, load_config, name_one_of, preset_named
from harness.engines import ENGINES, MODELS, NAMES, PRESETS, expand, takes
from harness.engines.browser_pool import Options
from harness.policy import MORE_ENVIRONMENTS, Environment
from harness.presets import canonical
from harness.reports.baseline import Baseline
from harness.runner.baseline_file import read_baseline
from harness.runner.providing import provided_by
from harness.targets.loading import load_target
from harness.targets.target import Target, TargetError

__all__ = ["Chosen", "check_repeat", "config_of", "has_playwright", "seconds_of"]

_DEFAULT_PRESETS = ("default", "continue")


class Chosen:
    """Engines, presets, environments, and how browsers are started.

    A name that means nothing stays as it is until `check` or `check_options`: what needs none of
    this must not fail by it.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._pytest = config
        asked = [*config.getoption("afterclose_engine"), *_playwrights(config, "browser", [])]
        asked = asked or config.getini("afterclose_engines")
        self._names_engines = bool(asked)
        self.engines: tuple[str, ...] = tuple(dict.fromkeys(expand(asked) or ENGINES))
        # On models alone nothing costs much.
        self._drives = not set(self.engines) <= set(MODELS)
        usual = _DEFAULT_PRESETS if self._drives else PRESETS
        asked = config.getoption("afterclose_preset") or config.getini("afterclose_presets")
        self._names_presets = bool(asked)
        self.presets: tuple[str, ...] = tuple(dict.fromkeys(map(_canonical, asked or usual)))
        self._repeat: str = config.getoption("afterclose_repeat")
        self.artifacts = config.invocation_params.dir / _playwrights(
            config, "output", "test-results"
        )
        self.options = Options(
            headed=_playwrights(config, "headed", False),
            slow_mo=_playwrights(config, "slowmo", 0),
            tracing=_playwrights(config, "tracing", "off"),
            screenshot=_playwrights(config, "screenshot", "off"),
        )

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Each engine with each preset that it can be set up with."""
        return _pairs(self.engines, self.presets)

    def pairs_for(
        self, engines: Sequence[str] = (), presets: Sequence[str] = ()
    ) -> list[tuple[str, str]]:
        """The same for a test that names its own: of them those that were asked for, where
        something was. Raises ConfigError."""
        mine = tuple(dict.fromkeys(expand(engines)))
        for name in mine:
            name_one_of("engine", name, NAMES)
        for name in presets:
            preset_named(name)
        set_up = tuple(dict.fromkeys(map(_canonical, presets)))
        return _pairs(
            _narrowed(mine, self.engines if self._names_engines else ()) if mine else self.engines,
            _narrowed(set_up, self.presets if self._names_presets else ())
            if set_up
            else self.presets,
        )

    @property
    def repeat(self) -> int:
        """How often each scenario is carried out."""
        return int(self._repeat) if self._repeat.isdecimal() else 1

    @cached_property
    def config(self) -> Config:
        """The configuration, with the environments that were asked for; raises ConfigError."""
        asked = self._pytest.getoption("afterclose_policy") or self._pytest.getini(
            "afterclose_policies"
        )
        if self.target is not None and self.target.client is None:
            return config_of(self.target).only(asked)
        if not asked and self._drives:
            asked = [e.name for e in self._file.environments if e.name not in MORE_ENVIRONMENTS]
        return self._file.only(asked)

    @cached_property
    def target(self) -> Target | None:
        """The login that is described by a file, or None for the mock. Raises ConfigError."""
        if self.target_file is None:
            return None
        try:
            target = load_target(self.target_file)
            target.check_secrets(os.environ)
            if target.client is not None:
                provided_by(self._file, target)
            return target
        except TargetError as error:
            raise ConfigError(str(error)) from None

    @property
    def target_file(self) -> Path | None:
        """Where that is."""
        named = self._pytest.getoption("afterclose_target")
        path = self._pytest.invocation_params.dir / (named or "")
        return Path(os.path.relpath(path)) if named else None

    @property
    def real_wait(self) -> float:
        """Seconds that may be waited for real. Raises ConfigError."""
        return seconds_of("--real-wait", self._pytest.getoption("afterclose_real_wait"))

    @cached_property
    def baseline(self) -> Baseline | None:
        """What is known and accepted, or None where there is no baseline; raises ConfigError."""
        named = self._pytest.getoption("afterclose_baseline")
        path = self._pytest.invocation_params.dir / (named or "")
        return read_baseline(Path(os.path.relpath(path))) if named else None

    def check(self) -> None:
        """Raise ConfigError for a mistake, wherever it is."""
        self._check_names()
        _ = self.config, self.baseline, self.real_wait

    def check_options(self) -> None:
        """Raise ConfigError for a mistake in what the command line names."""
        self._check_names()
        _ = self.baseline, self.target, self.real_wait
        try:
            _ = self._file
        except ConfigError:
            # That of a file that just lies there is told to those who need it.
            if self._pytest.getoption("afterclose_config"):
                raise
        else:
            _ = self.config

    def _check_names(self) -> None:
        for name in self.engines:
            name_one_of("engine", name, NAMES)
        for name in self.presets:
            preset_named(name)
        check_repeat(self._repeat)
        if self.target is not None and (models := sorted({*self.engines} & {*MODELS})):
            raise ConfigError(
                f"{', '.join(models)}: a model has no way to a target's pages; choose of "
                f"{', '.join(ENGINES)}"
            )

    @cached_property
    def _file(self) -> Config:
        named = self._pytest.getoption("afterclose_config")
        configured = self._pytest.getini("afterclose_config")
        if configured and not named:
            named = str(self._pytest.rootpath / configured)
        path = self._pytest.invocation_params.dir / (named or "afterclose.toml")
        if not named and not path.exists():
            return Config()
        return load_config(Path(os.path.relpath(path)))


def has_playwright(config: pytest.Config) -> bool:
    """Whether pytest-playwright is there, by either of the names that it can be loaded by."""
    there = config.pluginmanager.hasplugin
    return any(map(there, ("playwright", "pytest_playwright.pytest_playwright")))


def check_repeat(text: str) -> None:
    """Raise ConfigError for what is no number of times."""
    if not re.fullmatch("[1-9][0-9]{0,5}", text):
        raise ConfigError(f"--repeat: must be a whole number from 1 to 999999, not '{text}'")


def config_of(target: Target) -> Config:
    """Each policy of a target is an environment."""
    return Config(
        environments=tuple(
            Environment(name=name, policy=policy) for name, policy in target.policies.items()
        )
    )


def seconds_of(option: str, text: str) -> float:
    """A time as people write it: `90`, `90s`, `2m`, `1h`. Raises ConfigError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if not found:
        raise ConfigError(f"{option}: must be a time as 90, 90s, 2m or 1h, not '{text}'")
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


def _pairs(engines: Sequence[str], presets: Sequence[str]) -> list[tuple[str, str]]:
    return [
        (engine, preset)
        for engine in engines
        for preset in presets
        if engine not in NAMES or not _is_preset(preset) or takes(engine, preset)
    ]


def _narrowed(mine: Sequence[str], asked: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in mine if not asked or name in asked)


def _canonical(preset: str) -> str:
    """A preset's one name; one that means nothing stays as it is."""
    with contextlib.suppress(ValueError):
        return canonical(preset)
    return preset


def _is_preset(name: str) -> bool:
    try:
        canonical(name)
    except ValueError:
        return False
    return True


def _playwrights(config: pytest.Config, name: str, default: Any) -> Any:
    """An option of pytest-playwright. Without it there is none, or one that means something
    else."""
    return config.getoption(f"--{name}") if has_playwright(config) else default
