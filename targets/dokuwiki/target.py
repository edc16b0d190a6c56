"""DokuWiki as Debian has it, with *Remember me* and without.

Promised: "remember me" is the "use of permanent cookies", see
https://www.dokuwiki.org/config:rememberme; how long is said where the cookie is set
(`auth_setCookie` in `inc/auth.php`): one year, anew with each check of the password, which is every
15 minutes (https://www.dokuwiki.org/config:auth_security_timeout). Without it the cookie ends with
the browser.

The password is in the cookie, encrypted, and nothing on the server ends what it began: ten years is
what can be said of a login that is not remembered.
"""

import sys
from pathlib import Path

from afterclose import Person, Policy, Target

_A_YEAR = 365 * 24 * 3600
_TEN_YEARS = 10 * _A_YEAR
_HERE = Path(__file__).parent

target = Target(
    name="dokuwiki",
    url="http://localhost:{port}/doku.php?id=start",
    policies={
        "remembered": Policy(persistence="persistent", inactivity_timeout=_A_YEAR),
        "not_remembered": Policy(persistence="non_persistent", inactivity_timeout=_TEN_YEARS),
    },
    person=Person(email="ada", password="env:DOKUWIKI_PASSWORD"),
    command=[sys.executable, str(_HERE / "server.py"), "{port}"],
    clock=[sys.executable, str(_HERE / "clock.py"), "{port}", "{seconds}"],
)


@target.sign_in
async def sign_in(page, person, policy):
    await page.get_by_role("link", name="Log In").click()
    await page.get_by_label("Username").fill(person.email)
    await page.get_by_label("Password").fill(person.password)
    if policy == "remembered":
        await page.get_by_label("Remember me").check()
    await page.get_by_role("button", name="Log In").click()
    await page.get_by_text("Logged in as").wait_for()


@target.sign_out
async def sign_out(page):
    await page.goto(target.url)
    await page.get_by_role("link", name="Log Out").click()
    await page.get_by_role("link", name="Log In").wait_for()


@target.signed_in("wiki")
async def wiki(page):
    return await page.get_by_text("Logged in as").is_visible()
