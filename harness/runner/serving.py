"""What a project's own fixtures say of the server and the browsers of its tests."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness.config import Config, ConfigError, name_one_of
from harness.engines.browser_pool import Options
from harness.policy import Environment
from harness.server.running import MockServer
from harness.settings import Settings

__all__ = ["Serving"]

_SERVER = ("https", "host", "port", "state", "patience", "clock")
_OURS = {
    "self", "user_data_dir", "channel", "executable_path", "headless", "chromium_sandbox",
    "ignore_default_args", "artifacts_dir", "handle_sigint", "handle_sigterm", "handle_sighup",
    "timeout", "no_viewport", "viewport", "slow_mo", "firefox_user_prefs",
}  # fmt: skip
"""Arguments of Playwright's `launch_persistent_context` that decide what is measured here, or that
an option of the command line is for."""


@dataclass(frozen=True, kw_only=True)
class Serving:
    """The fixtures `afterclose_environments`, `afterclose_settings`, `afterclose_server_args` and
    `afterclose_launch_args`, as a test sees them."""

    environments: tuple[Environment, ...]
    settings: Settings
    server_args: Mapping[str, Any] = field(default_factory=dict)
    launch_args: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Config) -> "Serving":
        """As it is where no fixture says anything else."""
        return cls(environments=config.environments, settings=config.settings)

    def config(self) -> Config:
        """What is served. Raises ConfigError."""
        return Config(environments=self.environments, settings=self.settings).only(())

    def server(self) -> MockServer:
        """One that serves it, not started. Raises ConfigError."""
        config = self.config()
        _check("afterclose_server_args", self.server_args, _SERVER)
        return MockServer(config.environments, settings=config.settings, **self.server_args)

    def options(self, options: Options) -> Options:
        """How browsers are started then. Raises ConfigError."""
        from playwright.async_api import BrowserType

        known = inspect.signature(BrowserType.launch_persistent_context).parameters
        _check("afterclose_launch_args", self.launch_args, [n for n in known if n not in _OURS])
        return replace(
            options,
            ignore_https_errors=options.ignore_https_errors or bool(self.server_args.get("https")),
            launch_args=self.launch_args,
        )


def _check(fixture: str, given: Mapping[str, Any], known: Sequence[str]) -> None:
    for name in given:
        if fixture == "afterclose_launch_args" and name in _OURS:
            raise ConfigError(f"{fixture}: {name} is for Afterclose to say")
        try:
            name_one_of("argument", name, known)
        except ConfigError as error:
            raise ConfigError(f"{fixture}: {error}") from None
