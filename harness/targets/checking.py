"""What can be said of a target after one sign-in: what appeared, what carries the session, and what
contradicts the promise already."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playwright.async_api import BrowserContext

from harness.deeds import Carrier
from harness.engines.browser_pool import BrowserPool
from harness.engines.engine import Engine
from harness.policy import Persistence, Policy
from harness.sent_cookies import shorten
from harness.targets.carriers import Found, again, carrier_of, carriers_of, find_carriers
from harness.targets.provided import heeds_of
from harness.targets.recording import Recorder
from harness.targets.running import RunningTarget

__all__ = ["Checked", "check_policy", "contradictions"]


_STILL_TAKEN = (
    "the cookie is deleted, and the server still takes it: whatever brings it back, a crash say, "
    "signs in again"
)


@dataclass(frozen=True)
class Left:
    """A surface that is signed in after a sign-out, and how."""

    surface: str
    how: str


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What was found about one policy."""

    policy: str
    promised: str
    told: Sequence[tuple[str, Sequence[str]]]
    """Headings, and lines below each."""
    contradictions: Sequence[str]


async def check_policy(
    pool: BrowserPool, engine: Engine, running: RunningTarget, policy: str
) -> Checked:
    """Sign in, see what carries the session, sign out. Raises TargetError."""
    pool.base_url = running.url(policy)
    found = await find_carriers(pool, engine, running, policy)
    ends = await _ends_with_mock(pool, engine, running) if running.provider else ()
    left: Sequence[Left] | None = None
    if running.target.signs_out:
        async with pool.beside(engine) as context:
            left = await _left_signed_in(context, running, policy, found)
    promised = running.target.policies[policy]
    return Checked(
        policy=policy,
        promised=_promise(promised),
        told=(*_told(found, left), *ends),
        contradictions=(
            *contradictions(found, promised),
            *(f"{told.surface}: sign_out does not sign out: {told.how}" for told in left or ()),
        ),
    )


async def _left_signed_in(
    context: BrowserContext, running: RunningTarget, policy: str, found: Found
) -> Sequence[Left]:
    """Those surfaces that are signed in after a sign-out: with what the browser has then, or with
    the cookies that it had before."""
    context.set_default_timeout(20_000)
    page, recorder = context.pages[0], Recorder()
    recorder.listen(context)
    await running.sign_in(page, running.person(None), policy)
    await recorder.deed(page, None)
    before = await recorder.cookies(page)
    await running.sign_out(page)
    left = []
    for surface in running.target.surfaces:
        await running.visit(page, policy)
        if await running.is_signed_in(page, surface):
            left.append(Left(surface, "who comes back is signed in as before"))
    carriers = carriers_of(found)
    back = [cookie for cookie in before if carrier_of(cookie) in carriers]
    if back and not left:
        await context.add_cookies([again(cookie) for cookie in back])
        for surface in running.target.surfaces:
            await running.visit(page, policy)
            if await running.is_signed_in(page, surface):
                left.append(Left(surface, _STILL_TAKEN))
    return left


def contradictions(found: Found, policy: Policy) -> list[str]:
    """What of the carriers is not as the policy promises, in sentences."""
    persistent = policy.persistence is Persistence.PERSISTENT
    carriers = carriers_of(found)
    cookies = {carrier_of(cookie): cookie for cookie in found.kept.cookies}
    said = []
    for surface, sets in found.carriers.items():
        lasting = [one for one in sets if one and all(_lasts(c, cookies) for c in one)]
        if persistent and not lasting and any(sets):
            ends = [c.told for one in sets for c in sorted(one) if not _lasts(c, cookies)]
            said.append(
                f"{surface}: {', '.join(ends)} ends with the browser, and persistent is promised"
            )
        if not persistent and lasting:
            stays = [c.told for one in lasting for c in sorted(one)]
            said.append(
                f"{surface}: {', '.join(stays)} outlasts the browser, and non_persistent is "
                "promised"
            )
    for carrier in sorted(carriers):
        lifetime = _lifetime(cookies[carrier]) if carrier in cookies else None
        if persistent and lifetime is not None and lifetime < policy.inactivity_timeout * 0.99:
            said.append(
                f"{carrier.told} lasts {lifetime:.0f} s, and the session "
                f"{policy.inactivity_timeout} s"
            )
    return said


def _lasts(carrier: Carrier, cookies: Mapping[Carrier, Mapping[str, Any]]) -> bool:
    if carrier.kind == "cookie":
        return carrier in cookies and _lifetime(cookies[carrier]) is not None
    return carrier.kind == "local"


def _lifetime(cookie: Mapping[str, Any]) -> float | None:
    return None if cookie["expires"] <= 0 else float(cookie["expires"]) - time.time()


async def _ends_with_mock(
    pool: BrowserPool, engine: Engine, running: RunningTarget
) -> Sequence[tuple[str, Sequence[str]]]:
    heeded = await heeds_of(pool, engine, running)
    ways = (("revoked", "is revoked"), ("inactive", "goes inactive"))
    lines = [f"{way}: the application's {'ends' if key in heeded else 'goes on'}"
             for key, way in ways]  # fmt: skip
    return [("when the mock's session", lines)]


def _promise(policy: Policy) -> str:
    more = f", {policy.absolute_timeout} s at most" if policy.absolute_timeout else ""
    return f"{policy.persistence} promised, {policy.inactivity_timeout} s of inactivity{more}"


def _told(found: Found, left: Sequence[Left] | None) -> list[tuple[str, Sequence[str]]]:
    carriers = [
        f"{surface}: {' or '.join(_set(one) for one in sets)}"
        for surface, sets in found.carriers.items()
    ]
    items = [
        *(f"localStorage {name}" for name in sorted(found.kept.local)),
        *(f"sessionStorage {name}" for name in sorted(found.kept.session)),
    ]
    recognised = [
        f"{surface}: signed in after sign_in, signed out without what carries the session"
        if any(sets)
        else f"{surface}: signed in after sign_in, and whatever is taken away"
        for surface, sets in found.carriers.items()
    ]
    out = "not described" if left is None else "signs out" if not left else "does not sign out"
    return [
        ("cookies", [_cookie(cookie) for cookie in found.kept.cookies]),
        ("storage items", items),
        ("carries the session", [*carriers, *found.notes]),
        ("recognised", recognised),
        ("sign-out", [out]),
    ]


def _set(one: frozenset[Carrier]) -> str:
    return " and ".join(carrier.told for carrier in sorted(one)) or "nothing in the browser"


def _cookie(cookie: Mapping[str, Any]) -> str:
    lifetime = _lifetime(cookie)
    told = "session cookie" if lifetime is None else f"lasts {lifetime:.0f} s"
    attributes = [
        f"Domain {cookie['domain']}",
        f"Path {cookie['path']}",
        *(["HttpOnly"] if cookie["httpOnly"] else []),
        *(["Secure"] if cookie["secure"] else []),
        f"SameSite {cookie.get('sameSite') or 'not said'}",
    ]
    return f"{shorten(cookie['name'], cookie['value'])}: {told}; {', '.join(attributes)}"
