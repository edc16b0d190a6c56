"""Flask's sessions, permanent and not.

Promised, where the setting is defined (`flask/sansio/app.py`): "A timedelta which is used to set
the expiration date of a permanent session. The default is 31 days which makes a permanent session
survive for roughly one month." One that is not permanent has no date. See
https://flask.palletsprojects.com/en/stable/api/#sessions

A permanent session's cookie is set again with each answer (`SESSION_REFRESH_EACH_REQUEST`). The
session is in the cookie: nobody can end it on the server, and what is signed out comes back with
its cookie.
"""

import sys
from pathlib import Path

from afterclose import Person, Policy, Target

_A_MONTH = 31 * 24 * 3600

target = Target(
    name="flask",
    url="http://localhost:{port}/",
    policies={
        "permanent": Policy(persistence="persistent", inactivity_timeout=_A_MONTH),
        # Its cookie is not set again: the signature is then that of the sign-in.
        "not_permanent": Policy(
            persistence="non_persistent",
            inactivity_timeout=_A_MONTH,
            absolute_timeout=_A_MONTH,
        ),
    },
    person=Person(email="ada", password="env:FLASK_PASSWORD"),
    command=[sys.executable, str(Path(__file__).with_name("server.py")), "--port", "{port}"],
    clock="http://localhost:{port}/_advance?seconds={seconds}",
)


@target.sign_in
async def sign_in(page, person, policy):
    await page.get_by_label("Username").fill(person.email)
    await page.get_by_label("Password").fill(person.password)
    if policy == "permanent":
        await page.get_by_label("Remember me").check()
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_text("Signed in as").wait_for()


@target.sign_out
async def sign_out(page):
    await page.goto("/")
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("button", name="Sign in").wait_for()


@target.signed_in("app")
async def app(page):
    return await page.get_by_text("Signed in as ada").is_visible()
