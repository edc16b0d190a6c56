"""How one signs in to Django's own login view; what differs is what is promised."""

import sys
from pathlib import Path

from afterclose import Person, Policy, Target

__all__ = ["django"]


def django(name: str, policy: Policy, *flags: str) -> Target:
    """A target of `server.py`, with a policy of that name."""
    server = str(Path(__file__).with_name("server.py"))
    target = Target(
        name=f"django-{name}",
        url="http://localhost:{port}/",
        policies={name: policy},
        person=Person(email="ada", password="env:DJANGO_PASSWORD"),
        command=[sys.executable, server, "--port", "{port}", *flags],
        clock="http://localhost:{port}/_advance?seconds={seconds}",
    )

    @target.sign_in
    async def sign_in(page, person):
        await page.goto("/login")
        await page.get_by_label("Username").fill(person.email)
        await page.get_by_label("Password").fill(person.password)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_text("Signed in as").wait_for()

    @target.sign_out
    async def sign_out(page):
        await page.goto("/")
        await page.get_by_role("button", name="Sign out").click()
        await page.get_by_role("link", name="Sign in").wait_for()

    @target.signed_in("app")
    async def app(page):
        return await page.get_by_text("Signed in as ada").is_visible()

    return target
