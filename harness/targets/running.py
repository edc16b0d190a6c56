"""A target that is carried out: its process, its people with their secrets, and its functions, with
whatever goes wrong in them told by the user's own line."""

import asyncio
import contextlib
import inspect
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from harness.people import FIRST, PEOPLE
from harness.scenario import UnsupportedVerbError
from harness.targets.client import Asking, Provider
from harness.targets.loading import line_of
from harness.targets.one_time import OneTimeCodes, key_of
from harness.targets.process import FreePort, TargetProcess, reachable, run_command
from harness.targets.secrets import Secrets
from harness.targets.signing import asking, sign_in_at_mock, sign_out_there
from harness.targets.target import Person, Target, TargetError

__all__ = ["RunningTarget"]

_SHOWN = 300
"""Characters of a page in a message."""
_UNTRUSTED = ("ERR_CERT", "SEC_ERROR", "SSL_ERROR", "ERR_SSL")
_UNREACHABLE = (
    "ERR_CONNECTION", "ERR_NAME_NOT_RESOLVED", "NS_ERROR_CONNECTION", "NS_ERROR_UNKNOWN_HOST",
)  # fmt: skip
_PASSWORDS = "input[type=password]"


class RunningTarget:
    """One process's. `path` is the target's file; `artifacts` is where pictures of what went wrong
    are put; `real_wait` is how many seconds may be waited for real; `provide` has the mock run for
    a policy, where that is its identity provider."""

    def __init__(
        self,
        target: Target,
        path: Path | None = None,
        *,
        artifacts: Path | None = None,
        real_wait: float = 0,
        environment: Mapping[str, str] | None = None,
        provide: Callable[[str], Provider] | None = None,
    ) -> None:
        self.target = target
        self.provider: Provider | None = None
        """The mock, once it runs for a policy."""
        self._provide = provide
        self.real_wait = real_wait
        self.moved = False
        """Whether its clock has been moved since it was started."""
        self.asked = False
        """Whether the application has ever asked the mock."""
        self._ahead = 0.0
        """Seconds by which."""
        self._codes: dict[str, OneTimeCodes] = {}
        """Of those who have an authenticator, by its secret."""
        self.found: dict[tuple[str, str], Any] = {}
        """What carries the session, by engine and policy; looked for once."""
        self.heeds: dict[str, frozenset[str]] = {}
        """What ends the application's session of what ends the mock's, by engine; likewise."""
        self._path = path
        self._artifacts = artifacts
        self._environment = os.environ if environment is None else environment
        self._port = FreePort()
        # A target's functions may ask where it is.
        target.url = self._filled(target.url)
        target.urls = {name: self._filled(url) for name, url in target.urls.items()}
        self._process: TargetProcess | None = None
        self._pictures = 0

    @cached_property
    def secrets(self) -> Secrets:
        """Those that are never to be written. Raises TargetError."""
        people = (self.target.person, *self.target.people.values())
        return Secrets(value for person in people for value in person.secrets(self._environment))

    def person(self, name: str | None) -> Person:
        """Somebody, by the name that scenarios know them by; the first is who the target names.
        Raises UnsupportedVerbError where there is nobody of that name, and TargetError."""
        target = self.target
        if target.client is not None:
            own = PEOPLE[name or FIRST]
            return Person(email=own.email, password=own.password)
        if name is not None and name not in target.people:
            raise UnsupportedVerbError(
                f"the target {target.name} has nobody called {name}; add people={{\"{name}\": "
                "Person(…)}"
            )
        person = target.person if name is None else target.people[name]
        known = person.resolved(self._environment, target.functions.get("one_time_code"))
        if not known.totp:
            return known
        try:
            key_of(known.totp)
        except ValueError as error:
            raise TargetError(f"totp: {person.totp} {error}") from None
        codes = self._codes.setdefault(known.totp, OneTimeCodes())
        return replace(known, code=lambda: codes.code(known.totp, self._now()))

    def url(self, policy: str) -> str:
        """Where it starts."""
        return self.target.url_of(policy)

    def prepare(self, policy: str) -> None:
        """Have it run for a policy, and with a clock that nobody has moved. Raises TargetError."""
        self.person(None)
        url = self.target.url
        if not self.target.command:
            if not reachable(url):
                raise TargetError(f"{self.target.name} is not reachable at {url}: does it run?")
            return
        provider = self._provide(policy) if self._provide is not None else None
        if self._process is not None and (self.moved or provider is not self.provider):
            self.close()
        self.provider = provider
        if self._process is None:
            command = [self._filled(part) for part in self.target.command]
            self._port.let_go()
            self._process = TargetProcess(command, url, self._variables())
            self.moved, self._ahead = False, 0.0

    def _variables(self) -> dict[str, str]:
        client, provider = self.target.client, self.provider
        if client is None or provider is None:
            return {}
        own = {name: self._filled(text) for name, text in client.environment.items()}
        return {**provider.variables(self.target.url), **own}

    def close(self) -> None:
        """End its process."""
        self._port.let_go()
        if self._process is not None:
            self._process.close()
            self._process = None

    async def sign_in(self, page: Page, person: Person, policy: str) -> None:
        """From where it starts, as the target says."""
        if self.provider is None:
            await self._sign_in(page, person, policy, None)
            return
        async with asking(page, self.provider) as asked:
            try:
                await self._sign_in(page, person, policy, asked)
            except TargetError:
                if asked.problem:
                    raise TargetError(f"{self.target.name}: {asked.problem}") from None
                raise
            self.asked = self.asked or asked.asked.is_set()
            if not self.asked:
                raise TargetError(
                    f"{self.target.name}: sign_in came to its end, and the application has not "
                    f"asked the mock for anything: it is to ask {self.provider.issuer}, "
                    "which its command is told of as {issuer}"
                )

    async def _sign_in(
        self, page: Page, person: Person, policy: str, asked: Asking | None
    ) -> None:
        url, provider = self.url(policy), self.provider
        await self._call("sign_in", lambda page: page.goto(url), page)
        function = self.target.functions.get("sign_in")
        if function is None:
            assert provider is not None
            assert asked is not None
            at_mock = partial(
                sign_in_at_mock, person=person, target=self.target, provider=provider, asked=asked
            )
            await self._call("sign_in", at_mock, page)
            return
        if person.totp in self._codes:
            await asyncio.sleep(self._codes[person.totp].until_another(self._now()))
        more = (policy,) if _takes(function, 3) else ()
        await self._call("sign_in", function, page, person, *more)

    async def sign_out(self, page: Page) -> None:
        """Likewise. Raises UnsupportedVerbError where it says nothing."""
        target, function = self.target, self.target.functions.get("sign_out")
        if function is None and target.client is not None and target.client.logout:
            function = partial(sign_out_there, target=target)
        if function is None:
            raise UnsupportedVerbError(
                f"the target {self.target.name} does not say how a person signs out "
                "(@target.sign_out)"
            )
        await self._call("sign_out", function, page)

    async def visit(self, page: Page, policy: str) -> None:
        """Likewise, or go to where it starts."""
        function = self.target.functions.get("visit")
        if function is not None:
            await self._call("visit", function, page)
            return
        url = self.url(policy)
        await self._call("visit", lambda page: page.goto(url), page)

    async def is_signed_in(self, page: Page, surface: str) -> bool:
        """What the target's function says of the page."""
        return bool(await self.seen(page, surface))

    async def seen(self, page: Page, surface: str) -> bool | str:
        """The same, and as whom, where it says that, too."""
        function = self.target.surfaces[surface]
        shown: object = await self._call(f"signed_in {surface!r}", function, page)
        if isinstance(shown, bool) or (isinstance(shown, str) and shown):
            return shown
        raise TargetError(
            f"{self.target.name}: signed_in {surface!r} must return True or False, or the email of "
            f"whoever is signed in, not {self.secrets.redact(repr(shown))}"
        )

    async def advance(self, seconds: float) -> str:
        """Move its clock; how, in words."""
        self.moved = True
        self._ahead += seconds
        function, clock = self.target.functions.get("advance"), self.target.clock
        if function is not None:
            await self._call("advance", function, None, seconds)
            return "the target's clock was moved by its function"
        assert clock is not None
        told = f"{seconds:.0f}"
        if isinstance(clock, str):
            await asyncio.to_thread(_post, self._filled(clock, told))
            return "the target's clock was moved through its address"
        await asyncio.to_thread(run_command, [self._filled(part, told) for part in clock])
        return "the target's clock was moved by its command"

    def _now(self) -> float:
        """By its clock."""
        return time.time() + self._ahead

    async def picture(self, page: Page, path: Path) -> None:
        """One of a tab, passwords blacked out."""
        path.parent.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=path, timeout=10_000, mask=[page.locator(_PASSWORDS)])

    async def shown(self, page: Page) -> str:
        """What a page shows, for a message, and where there is a picture of it."""
        text = ""
        with contextlib.suppress(PlaywrightError):
            text = " ".join((await page.inner_text("body", timeout=2_000)).split())[:_SHOWN]
        said = f"; the page ({page.url}) says: {text!r}"
        if self._artifacts is not None:
            self._pictures += 1
            path = self._artifacts / f"{self.target.name}-{os.getpid()}-{self._pictures}.png"
            with contextlib.suppress(PlaywrightError):
                await self.picture(page, path)
                said += f"; picture: {path}"
        return self.secrets.redact(said)

    async def _call(
        self, what: str, function: Callable[..., Any], page: Page | None, *more: Any
    ) -> Any:
        try:
            answer = function(*([page] if page is not None else []), *more)
            return await answer if inspect.isawaitable(answer) else answer
        except UnsupportedVerbError:
            raise
        except Exception as error:
            where = line_of(error, self._path)
            told = self.secrets.redact(self._told(error))
            shown = await self.shown(page) if page is not None and not page.is_closed() else ""
            place = f"{where}: " if where else ""
            raise TargetError(f"{place}{what}: {told}{shown}") from None

    def _told(self, error: Exception) -> str:
        if isinstance(error, TargetError):
            return str(error)
        text = str(error).strip()
        first, *rest = text.splitlines() or [""]
        if not isinstance(error, PlaywrightError):
            return f"{type(error).__name__}: {first}" if first else type(error).__name__
        if any(mark in text for mark in _UNTRUSTED):
            return (
                f"{first}: the certificate is not trusted; for one of your own, say "
                "ignore_https_errors=True in the target"
            )
        if any(mark in text for mark in _UNREACHABLE):
            return f"{first}: {self.target.name} is not reachable: does it run?"
        waited = [line.strip(" -") for line in rest if "waiting for" in line]
        return f"{first} ({waited[0]})" if waited else first

    def _filled(self, text: str, seconds: str = "") -> str:
        text = text.replace("{port}", str(self._port.number)).replace("{seconds}", seconds)
        provider = self.provider
        for name, value in provider.placeholders(self.target.url).items() if provider else ():
            text = text.replace(name, value)
        return text


def _takes(function: Callable[..., Any], count: int) -> bool:
    """Whether a function takes so many arguments by place."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in parameters):
        return True
    return sum(parameter.kind in kinds for parameter in parameters) >= count


def _post(url: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(urllib.request.Request(url, data=b"", method="POST"), timeout=30).close()
    except urllib.error.HTTPError as error:
        error.close()
        raise TargetError(f"clock: POST {url}: answered {error.code}") from None
    except (OSError, ValueError) as error:
        raise TargetError(f"clock: POST {url}: {error}") from None
