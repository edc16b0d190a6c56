"""Signing in and out of an application whose identity provider is the mock: by its own way there,
and the mock's form."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urljoin

from playwright.async_api import Page, Request

from harness.targets.client import SSO, Asking, Client, Provider, client_id_of
from harness.targets.steps import check_locator, located
from harness.targets.target import Person, Target, TargetError

__all__ = ["asking", "check_client", "sign_in_at_mock", "sign_out_there"]

_ASKS_WITHIN = 5.0
"""Seconds in which an application asks the mock, from when it has come to what begins a sign-in."""
_WITHIN = 20.0
"""Seconds in which the mock shows its form, and people come back from there."""
_FORM = 'form[action="/sign-in"]'
_REFUSED = ".error"
_FILL_IN = """([email, password]) => {
  document.getElementById('email').value = email;
  document.getElementById('password').value = password;
}"""
"""Not typed: Firefox ESR 153 was seen to have the address twice then."""


def check_client(target: Target, client: Client) -> None:
    """Raise TargetError for what an application cannot be registered as."""
    if SSO in target.surfaces:
        raise TargetError(
            f"signed_in: '{SSO}' is the mock's own session, which is looked at in any case; call "
            "yours something else"
        )
    if not isinstance(client.id, str) or client_id_of(client.id) != client.id:
        raise TargetError(
            f"client_id: must be letters, digits and -._~, 100 at most, not {client.id!r}"
        )
    if isinstance(client.callbacks, str) or not all(isinstance(c, str) for c in client.callbacks):
        raise TargetError(
            f'callbacks: must be a list of addresses, as ["/callback"], not {client.callbacks!r}'
        )
    if not isinstance(client.backchannel_logout, str):
        raise TargetError(
            f"backchannel_logout: must be an address, not {client.backchannel_logout!r}"
        )
    for key in ("login", "logout"):
        way = getattr(client, key)
        if not isinstance(way, str):
            check_locator(way, key)
    if not isinstance(client.environment, Mapping) or not all(
        isinstance(text, str) for pair in client.environment.items() for text in pair
    ):
        raise TargetError(
            f'environment: must be names and texts, as {{"AUTH_ISSUER": "{{issuer}}"}}, not '
            f"{client.environment!r}"
        )


@contextlib.asynccontextmanager
async def asking(page: Page, provider: Provider) -> AsyncIterator[Asking]:
    """Watch whether the application asks the mock."""
    seen = Asking(provider)

    def note(request: Request) -> None:
        seen.note(request.url)

    page.on("request", note)
    try:
        yield seen
    finally:
        page.remove_listener("request", note)


async def sign_in_at_mock(
    page: Page, person: Person, target: Target, provider: Provider, asked: Asking
) -> None:
    """From the page that it starts at: through the mock's form, or back at once where the mock
    knows who this is. Raises TargetError."""
    assert target.client is not None
    if target.client.login and not asked.back.is_set():
        await _go(page, target, target.client.login)
    try:
        await asyncio.wait_for(asked.asked.wait(), _ASKS_WITHIN)
    except TimeoutError:
        raise TargetError(
            "the application does not lead to the mock's form: say what begins a sign-in, as "
            'login="/login" or login={"role": "link", "name": "Sign in"}, and see that it asks '
            f"{provider.issuer}, which its command is told of as {{issuer}}"
        ) from None
    # A form in the page, or a word of refusal, or the way back without either.
    stops = page.locator(_FORM).or_(page.locator(_REFUSED)).first
    shown = asyncio.ensure_future(stops.wait_for(timeout=_WITHIN * 1000))
    came = asyncio.ensure_future(asked.back.wait())
    await asyncio.wait((shown, came), timeout=_WITHIN, return_when=asyncio.FIRST_COMPLETED)
    for task in (shown, came):
        task.cancel()
    await asyncio.gather(shown, came, return_exceptions=True)
    if not asked.back.is_set():
        await _fill_in(page, person)
        try:
            await asyncio.wait_for(asked.back.wait(), _WITHIN)
        except TimeoutError:
            raise TargetError("nobody came back from the mock to the application") from None
    await page.wait_for_url(lambda url: not url.startswith(provider.issuer))
    await page.wait_for_load_state()


async def sign_out_there(page: Page, target: Target) -> None:
    """By the application's own way."""
    assert target.client is not None
    await page.goto(target.url)
    await _go(page, target, target.client.logout)
    await page.wait_for_load_state()


async def _fill_in(page: Page, person: Person) -> None:
    if await page.locator(_REFUSED).count():
        said = await page.locator(_REFUSED).first.inner_text()
        raise TargetError(f"the mock refuses what the application asks: {said}")
    await page.evaluate(_FILL_IN, [person.email, person.password])
    await page.locator("#submit").click()


async def _go(page: Page, target: Target, way: str | Mapping[str, Any]) -> None:
    if isinstance(way, str):
        await page.goto(urljoin(target.url, way))
    else:
        await located(page, way).click()
