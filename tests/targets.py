"""The shop as a target, for tests: in Python and in TOML."""

import sys
from pathlib import Path

__all__ = ["PASSWORD", "SECRET", "in_python", "in_toml"]

PASSWORD = "tops3cret&more <b>"
"""One that is spelt in another way in an address, in JSON and in HTML."""
SECRET = "JBSW Y3DP EHPK 3PXP"
"""That of an authenticator."""
_SHOP = Path(__file__).parent / "shop.py"
_COMMAND = [sys.executable, str(_SHOP), "--port", "{port}", "--password", PASSWORD,
            "--secret", SECRET]  # fmt: skip
_PYTHON = """
from afterclose import Person, Policy, Target

target = Target(
    name="shop",
    url="http://localhost:{port}/",
    policies={
        "default": Policy(persistence="non_persistent", inactivity_timeout=1800),
        "remembered": Policy(persistence="persistent", inactivity_timeout=604800),
    },
    person=Person(email="ada@example.com", password="env:SHOP_PASSWORD"),
    command=COMMAND,
    clock="http://localhost:{port}/advance?seconds={seconds}",
)


@target.sign_in
async def sign_in(page, person, policy):
    await page.get_by_label("Email").fill(person.email)
    await page.get_by_label("Password").fill(person.password)
    if policy == "remembered":
        await page.get_by_label("Remember me").check()
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_text("Welcome").wait_for()


@target.sign_out
async def sign_out(page):
    await page.goto(target.url)
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_text("Goodbye").wait_for()


@target.signed_in("app")
async def app(page):
    return await page.get_by_text("Welcome back").is_visible()
"""
_TOML = """
name = "shop"
url = "http://localhost:{port}/"
command = COMMAND
clock = "http://localhost:{port}/advance?seconds={seconds}"

[person]
email = "ada@example.com"
password = "env:SHOP_PASSWORD"

[policies.default]
persistence = "non_persistent"
inactivity_timeout = 1800

[policies.remembered]
persistence = "persistent"
inactivity_timeout = 604800

[[sign_in]]
fill = { label = "Email" }
with = "person.email"

[[sign_in]]
fill = { selector = "input[type=password]" }
with = "person.password"

[[sign_in]]
check = { label = "Remember me" }
only = ["remembered"]

[[sign_in]]
click = { role = "button", name = "Sign in" }

[[sign_out]]
goto = "/"

[[sign_out]]
click = { role = "button", name = "Sign out" }

[signed_in.app]
text = "Welcome back"

[signed_in.api]
json = { url = "/me", field = "user", equals = "ada@example.com" }
"""


def _filled(text: str, flaws: tuple[str, ...]) -> str:
    command = [*_COMMAND, *(part for flaw in flaws for part in ("--flaw", flaw))]
    quoted = ", ".join(f"'{part}'" for part in command)
    return text.replace("COMMAND", f"[{quoted}]")


def in_python(folder: Path, *flaws: str, change: tuple[str, str] = ("", "")) -> Path:
    """A file with it; `change`: with other text in the place of some."""
    file = folder / "shop_target.py"
    text = _filled(_PYTHON, flaws)
    assert change[0] in text
    file.write_text(text.replace(*change) if change[0] else text)
    return file


def in_toml(folder: Path, *flaws: str, change: tuple[str, str] = ("", "")) -> Path:
    """Likewise."""
    file = folder / "shop.toml"
    text = _filled(_TOML, flaws)
    assert change[0] in text
    file.write_text(text.replace(*change) if change[0] else text)
    return file
