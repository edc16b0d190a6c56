"""The person at the applications: pages, forms and links, in the tab they have in use."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from playwright.async_api import Page

from harness.engines.control_client import ControlClient, ServedEnvironment
from harness.engines.navigation import follow
from harness.people import FIRST, PEOPLE, Person

__all__ = ["TOGETHER", "PersonAtApplications", "login_as", "visit_of"]

TOGETHER = 16
"""Environments in one lifecycle: as many as it was measured with."""

_IN_A_ROW = 6
"""Silent sign-ins in a row: browsers follow twenty redirects, and each takes three."""

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
    return _login({"prompt": "login", "login_hint": someone.email})


def _login(asked: Mapping[str, str]) -> str:
    return f"/login?{urlencode(asked)}" if asked else "/login"


def visit_of(applications: Sequence[str], login: str, *, after: str = "") -> str:
    """The address where a visit begins that goes to every application's login, with a page in
    between where redirects would be too many, and ends at the last one's home, which shows the
    others beside it. `after`: the login of all but the first, where that is another.

    They are in one page, for Firefox's session file has what a tab keeps of pages alone that are
    still in memory (`BackgroundSessionStorageManager::GetData`), the one in front and three behind
    it.
    """
    stops: list[str] = []
    for number, application in enumerate(applications):
        if number and number % _IN_A_ROW == 0:
            stops.append(f"{application}/onward")
        stops.append(f"{application}{(number and after) or login}")
    *others, last = applications
    beside = urlencode([("beside", f"{application}/") for application in others])
    first, *rest = [*stops, f"{last}/?{beside}" if beside else f"{last}/"]
    separator = "&" if "?" in first else "?"
    return f"{first}{separator}{urlencode([('return_to', stop) for stop in rest])}"


class PersonAtApplications:
    """Whoever sits at a browser, at the applications of every environment."""

    def __init__(self, control: ControlClient, environments: Sequence[ServedEnvironment]) -> None:
        self._control = control
        self._environments = environments
        self._someone = FIRST

    async def sign_in(self, page: Page, name: str | None) -> None:
        """Sign in everywhere; `name`: as somebody else than the last time.

        They fill in the form of the first auth server. At the others an identity provider vouches
        for them, so that there is no page: what the browser is sent is the same, of redirects of
        one visit.
        """
        asked = {}
        if name is not None:
            self._someone = name
            asked = {"prompt": "login", "login_hint": PEOPLE[name].email}
        someone = PEOPLE[self._someone]
        others = [environment.name for environment in self._environments[1:]]
        vouched = {"connection_id": await self._control.vouch(self._someone, others)}
        who = json.dumps([someone.email, someone.password])
        async with await page.add_init_script(f"({_FILL_IN})({who})"):
            await self._visit_all(page, _login(asked), after=_login(asked | vouched))

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

    async def _visit_all(self, page: Page, login: str, *, after: str = "") -> None:
        applications = [environment.app_url for environment in self._environments]
        home = f"{applications[-1]}/"

        def is_home(url: str) -> bool:
            return url.partition("?")[0] == home

        await follow(page, visit_of(applications, login, after=after), is_home, "load")


async def _sign_out(page: Page, environment: ServedEnvironment) -> None:
    """Follow the application's link to sign out, and come back signed out."""
    home = f"{environment.app_url}/"
    await follow(page, f"{home}sign-out", lambda url: url == home, "domcontentloaded")
