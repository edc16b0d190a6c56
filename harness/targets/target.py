"""What people write about a login of their own: where it is, who signs in and how, how one sees
whether they are signed in, and what is promised."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

from harness.engines.site import SiteError
from harness.policy import Policy, check_persistence, check_timeout
from harness.targets.client import MOCK, Client, client_id_of

__all__ = ["Person", "Target", "TargetError", "problem_of_address"]

_F = TypeVar("_F", bound=Callable[..., Any])
_FROM_ENVIRONMENT = "env:"


class TargetError(SiteError):
    """A mistake in a target, or what did not go as it says; the message is for the user."""


def problem_of_address(url: str) -> str | None:
    """What an address must be so that a browser can go there, or None where it is. Its port may
    still be `{port}`."""
    try:
        there = urlsplit(url).hostname
    except ValueError:
        there = None
    if there and url.startswith(("http://", "https://")):
        return None
    return "must begin with http:// or https://, and a host"


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who can sign in. A value that begins with `env:` is taken from the environment
    variable of that name; the password has to, and the secret of an authenticator (`totp`)."""

    email: str = ""
    password: str = field(default="", repr=False)
    totp: str = field(default="", repr=False)
    code: Callable[[], str] | None = field(default=None, repr=False)

    def one_time_code(self) -> str:
        """A second factor, of the authenticator's secret or from the function that the target has
        for it. Raises TargetError."""
        if self.code is None:
            raise TargetError(
                "one_time_code: the target has no function for it; mark one with "
                '@target.one_time_code, or give the person totp="env:NAME", an authenticator\'s '
                "secret"
            )
        return self.code()

    def problem(self) -> str | None:
        """What is wrong with it as it is written, or None."""
        for key in ("password", "totp"):
            value = getattr(self, key)
            if value and not value.startswith(_FROM_ENVIRONMENT):
                return (
                    f"{key}: must come from the environment, as env:NAME; a secret in a file is "
                    "read by everybody who reads the file"
                )
        return None

    def resolved(self, environment: Mapping[str, str], code: Callable[[], str] | None) -> "Person":
        """With what the environment says. Raises TargetError for a variable that is not set."""
        return replace(
            self,
            email=_value_of("email", self.email, environment),
            password=_value_of("password", self.password, environment),
            totp=_value_of("totp", self.totp, environment),
            code=code,
        )

    def secrets(self, environment: Mapping[str, str]) -> list[str]:
        """What comes from the environment."""
        return [
            _value_of(key, text, environment)
            for key in ("email", "password", "totp")
            for text in (getattr(self, key),)
            if text.startswith(_FROM_ENVIRONMENT)
        ]


def _value_of(key: str, text: str, environment: Mapping[str, str]) -> str:
    if not text.startswith(_FROM_ENVIRONMENT):
        return text
    name = text.removeprefix(_FROM_ENVIRONMENT)
    if not environment.get(name):
        raise TargetError(
            f"{key}: the environment variable {name} is not set; set it before the run, as "
            f"{name}=… afterclose …"
        )
    return environment[name]


class Target:
    """A login. Functions are added by its decorators; all but `one_time_code` are asynchronous.

    `{port}` in `url`, `urls`, `command` and `clock` is a free port; once it is chosen, `url` is
    the address itself. With `identity_provider="mock"` the policies and the people are the mock's,
    and `client_id` and what follows it say how the application is registered there. Raises
    TargetError for what cannot be so.
    """

    def __init__(
        self,
        *,
        name: str,
        url: str,
        policies: Mapping[str, Policy] | None = None,
        person: Person | None = None,
        people: Mapping[str, Person] | None = None,
        command: Sequence[str] = (),
        urls: Mapping[str, str] | None = None,
        clock: str | Sequence[str] | None = None,
        ignore_https_errors: bool = False,
        identity_provider: str | None = None,
        client_id: str | None = None,
        callbacks: Sequence[str] | None = None,
        backchannel_logout: str | None = None,
        login: str | Mapping[str, str] | None = None,
        logout: str | Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.url = url
        self.policies = dict(policies or {})
        self.person = person or Person()
        self.people = dict(people or {})
        self.command = tuple(command)
        self.urls = dict(urls or {})
        self.ignore_https_errors = ignore_https_errors
        self.clock = clock if clock is None or isinstance(clock, str) else tuple(clock)
        self.surfaces: dict[str, Callable[..., Awaitable[bool]]] = {}
        self.functions: dict[str, Callable[..., Any]] = {}
        """The others, by the name of their decorator."""
        self.client: Client | None = None
        """The application, where the mock is its identity provider."""
        told: dict[str, Any] = {
            "client_id": client_id, "callbacks": callbacks, "login": login, "logout": logout,
            "backchannel_logout": backchannel_logout, "environment": environment,
        }  # fmt: skip
        told = {key: value for key, value in told.items() if value is not None}
        if identity_provider is not None:
            self._check_provided(identity_provider)
            named = told.pop("client_id", None) or client_id_of(name)
            self.client = Client(id=named, **told)
        elif told:
            raise TargetError(
                f"{next(iter(told))}: is for an application whose identity provider is the mock: "
                f'identity_provider="{MOCK}"'
            )
        self._check()

    def _check_provided(self, named: object) -> None:
        if named != MOCK:
            raise TargetError(
                f'identity_provider: must be "{MOCK}", the server that Afterclose starts, not '
                f"{named!r}; with any other, leave it out"
            )
        for key in ("policies", "urls"):
            if getattr(self, key):
                raise TargetError(
                    f"{key}: the policies are those of afterclose.toml, where the identity "
                    "provider is the mock; leave it out"
                )
        if self.people or self.person != Person():
            raise TargetError(
                "person: it is the mock's ada@example.com who signs in, where the identity "
                "provider is the mock; leave it out"
            )
        if not self.command:
            raise TargetError(
                "command: must say how the application is started, where the identity provider is "
                'the mock: it has to be told of it; as command=["node", "server.js", "{port}"]'
            )

    def _check(self) -> None:
        if isinstance(self.clock, str) and not self.clock.startswith(("http://", "https://")):
            raise TargetError(
                f"clock: must be an address that moves the clock, or a list that is a command, not "
                f"{self.clock!r}"
            )
        if not self.policies and self.client is None:
            raise TargetError(
                "policies: what is promised has to be said: policies={\"default\": "
                "Policy(persistence=\"non_persistent\", inactivity_timeout=1800)}"
            )
        for key in self.urls:
            if key not in self.policies:
                raise TargetError(
                    f"urls: there is no policy '{key}'; known: {', '.join(self.policies)}"
                )
        for name, policy in self.policies.items():
            for key, check, value in (
                ("persistence", check_persistence, policy.persistence),
                ("inactivity_timeout", check_timeout, policy.inactivity_timeout),
                ("absolute_timeout", check_timeout, policy.absolute_timeout),
            ):
                try:
                    if value is not None or key != "absolute_timeout":
                        check(value)
                except ValueError as error:
                    raise TargetError(f"policies.{name}.{key}: {error}") from None
        for key, person in (("person", self.person), *self.people.items()):
            if problem := person.problem():
                raise TargetError(f"{key}.{problem}")
        named = {"url": self.url, **{f"urls.{name}": url for name, url in self.urls.items()}}
        for key, url in named.items():
            if problem := problem_of_address(url):
                raise TargetError(f"{key}: {problem}, not {url!r}")

    def sign_in(self, function: _F) -> _F:
        """How a person signs in: `(page, person)`, or `(page, person, policy)` with its name."""
        return self._add("sign_in", function)

    def sign_out(self, function: _F) -> _F:
        """How a person signs out: `(page)`."""
        return self._add("sign_out", function)

    def visit(self, function: _F) -> _F:
        """How a person comes back: `(page)`. Without it, to the address where it starts."""
        return self._add("visit", function)

    def advance(self, function: _F) -> _F:
        """Moves the clock of the target: `(seconds)`, instead of `clock`."""
        return self._add("advance", function)

    def one_time_code(self, function: _F) -> _F:
        """Makes a second factor: `()`."""
        return self._add("one_time_code", function)

    def signed_in(self, surface: str) -> Callable[[_F], _F]:
        """How one sees, where a person comes back, whether they are signed in: `(page)`, which
        returns a bool. A surface is what one can be signed in to; there may be several."""
        if not isinstance(surface, str):
            raise TargetError('signed_in: takes the name of a surface: @target.signed_in("app")')

        def add(function: _F) -> _F:
            if surface in self.surfaces:
                raise TargetError(f"signed_in: there are two functions for '{surface}'")
            self.surfaces[surface] = function
            return function

        return add

    def url_of(self, policy: str) -> str:
        """Where it starts, for a policy."""
        return self.urls.get(policy, self.url)

    @property
    def movable(self) -> bool:
        """Whether it has a clock that can be moved."""
        return self.clock is not None or "advance" in self.functions

    @property
    def signs_out(self) -> bool:
        """Whether it says how a person signs out."""
        return "sign_out" in self.functions or bool(self.client and self.client.logout)

    def check_secrets(self, environment: Mapping[str, str]) -> None:
        """Raise TargetError for a variable that is not set."""
        for person in (self.person, *self.people.values()):
            person.secrets(environment)

    def check_whole(self) -> None:
        """Raise TargetError where something is missing without which nothing can be done."""
        if "sign_in" not in self.functions and self.client is None:
            raise TargetError("nothing says how a person signs in: mark a function @target.sign_in")
        if not self.surfaces:
            raise TargetError(
                "nothing says how one sees whether somebody is signed in: mark a function "
                '@target.signed_in("app")'
            )

    def _add(self, name: str, function: _F) -> _F:
        if name in self.functions:
            raise TargetError(f"{name}: there are two functions for it")
        self.functions[name] = function
        return function
