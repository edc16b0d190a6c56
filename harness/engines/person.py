"""The person at the applications: pages, forms and links, in the tab they have in use."""

import asyncio
import json
from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlencode

from playwright.async_api import Page

from harness.engines.control_client import ControlClient, ServedEnvironment
from harness.people import FIRST, PEOPLE, Person

__all__ = ["PER_VISIT", "PersonAtApplications", "batches", "login_as", "visit_of"]

_T = TypeVar("_T")
PER_VISIT = 4
"""Environments that one visit goes through: browsers follow twenty redirects, and a silent sign-in
takes three. Firefox's session file, too, has what a tab keeps of the last four sites alone that it
showed: it asks pages that are still in memory (`BackgroundSessionStorageManager::GetData`), and
keeps three behind the one in front (measured with a page for each of five environments; with all
of them in one page it was not)."""

_FILL_IN = """([email, password]) => {
  if (window !== top || location.pathname !== '/oauth2/auth') { return; }
  addEventListener('DOMContentLoaded', () => {
    if (document.querySelector('.error')) { return; }
    document.getElementById('email').value = email;
    document.getElementById('password').value = password;
    document.getElementById('submit').click();
  });
}"""
"""For each page as it begins, which takes no message there and back."""

_REFRESH = """addresses => Promise.all(addresses.map(
  address => fetch(address, {method: 'POST', mode: 'no-cors', credentials: 'include'})
))"""
"""The applications are of one site, so one's page sends the cookies of all."""


def login_as(someone: Person) -> str:
    """An application's address for somebody who is to sign in whoever is signed in."""
    return f"/login?{urlencode({'prompt': 'login', 'login_hint': someone.email})}"


def batches(environments: Sequence[_T]) -> list[Sequence[_T]]:
    """Few enough environments, or names of them, at a time for one visit."""
    return [
        environments[start : start + PER_VISIT] for start in range(0, len(environments), PER_VISIT)
    ]


def visit_of(applications: Sequence[str], login: str) -> list[str]:
    """Where one visit goes: every application's login, and the last one's home with the others
    beside it."""
    *others, last = applications
    beside = urlencode([("beside", f"{application}/") for application in others])
    home = f"{last}/?{beside}" if beside else f"{last}/"
    return [*(f"{application}{login}" for application in applications), home]


class PersonAtApplications:
    """Whoever sits at a browser, at the applications of every environment."""

    def __init__(self, control: ControlClient, environments: Sequence[ServedEnvironment]) -> None:
        self._control = control
        self._environments = environments
        self._someone = PEOPLE[FIRST]

    async def sign_in(self, page: Page, name: str | None) -> None:
        """Sign in everywhere; `name`: as somebody else than the last time."""
        login = "/login"
        if name is not None:
            self._someone = PEOPLE[name]
            login = login_as(self._someone)
        who = json.dumps([self._someone.email, self._someone.password])
        async with await page.add_init_script(f"({_FILL_IN})({who})"):
            await self._visit_all(page, login)

    async def visit(self, page: Page) -> None:
        """Open every application, which asks the auth server who this is."""
        await self._visit_all(page, "/login?prompt=none")

    async def refresh_tokens(self, page: Page) -> None:
        """Let the page that is open send what each application's sends to refresh its tokens."""
        addresses = [f"{environment.app_url}/refresh" for environment in self._environments]
        await page.evaluate(f"async addresses => {{ await ({_REFRESH})(addresses); }}", addresses)

    async def sign_out(self, page: Page) -> None:
        """Sign out of every application."""
        for environment in self._environments:
            await _sign_out(page, environment)

    async def sign_out_during_visit(self, page: Page, other: Page) -> None:
        """The same, while another tab is visiting, whose answer comes last."""
        for environment in self._environments:
            await self._control.hold(environment)
            loading = asyncio.ensure_future(
                other.goto(f"{environment.app_url}/login?prompt=none")
            )
            await self._control.held(environment)
            await _sign_out(page, environment)
            await self._control.release(environment)
            await loading

    async def _visit_all(self, page: Page, login: str) -> None:
        for batch in batches(self._environments):
            await _visit(page, batch, login)


async def _visit(page: Page, environments: Sequence[ServedEnvironment], login: str) -> None:
    """One visit through every application's login, then to the last one's home, which shows the
    others beside it."""
    first, *rest = visit_of([environment.app_url for environment in environments], login)
    separator = "&" if "?" in first else "?"
    query = urlencode([("return_to", stop) for stop in rest])
    await page.goto(f"{first}{separator}{query}", wait_until="commit")
    home = f"{environments[-1].app_url}/"
    await page.wait_for_url(lambda url: url.partition("?")[0] == home, wait_until="load")


async def _sign_out(page: Page, environment: ServedEnvironment) -> None:
    """Follow the application's link to sign out, and come back signed out."""
    await page.goto(f"{environment.app_url}/sign-out", wait_until="commit")
    await page.wait_for_url(f"{environment.app_url}/", wait_until="domcontentloaded")
