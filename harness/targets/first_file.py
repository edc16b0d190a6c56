"""The first file of a target, to be filled in."""

from collections.abc import Sequence

__all__ = ["first_file"]

_PYTHON = '''"""How one signs in to this login, for Afterclose: afterclose target check FILE."""

from afterclose import Person, Policy, Target

target = Target(
    name="mine",
    url="URL",
    # An application whose people sign in at an identity provider can have the mock for one:
    # identity_provider="mock", and then neither policies, person nor sign_in (docs/recipe.md).
    # What is promised; a lifecycle is carried out for each.
    policies={"default": Policy(persistence="non_persistent", inactivity_timeout=1800)},
    # Secrets come from the environment: MY_PASSWORD=… afterclose …
    person=Person(email="ada@example.com", password="env:MY_PASSWORD"),
    # command=["python", "app.py", "--port", "{port}"],  # started before, ended after
    # clock="http://localhost:{port}/advance?seconds={seconds}",  # moves its clock (POST)
)


@target.sign_in
async def sign_in(page, person):
    """From the page at `url`, with Playwright; returns once the person is signed in."""
SIGN_IN
    await page.get_by_text("Welcome").wait_for()


@target.sign_out
async def sign_out(page):
    await page.goto(target.url)
    await page.get_by_role("button", name="Sign out").click()


@target.signed_in("app")
async def app(page):
    """Whether somebody is signed in, at the page at `url`."""
    return await page.get_by_text("Welcome").is_visible()
'''
_SIGN_IN = """\
    await page.get_by_label("Email").fill(person.email)
    await page.get_by_label("Password").fill(person.password)
    await page.get_by_role("button", name="Sign in").click()"""
_TOML = """# How one signs in to this login, for Afterclose: afterclose target check FILE.
name = "mine"
url = "URL"
# command = ["python", "app.py", "--port", "{port}"]              # started before, ended after
# clock = "http://localhost:{port}/advance?seconds={seconds}"     # moves its clock (POST)

[person]
email = "ada@example.com"
password = "env:MY_PASSWORD"     # from the environment, never in this file

# An application whose people sign in at an identity provider can have the mock for one:
# identity_provider = "mock" above, and then neither policies, person nor sign_in (docs/recipe.md).

# What is promised; a lifecycle is carried out for each.
[policies.default]
persistence = "non_persistent"
inactivity_timeout = 1800        # seconds

# From the page at url: goto, fill, check, click or press, by label, role (and name), test_id or
# selector.
[[sign_in]]
fill = { label = "Email" }
with = "person.email"

[[sign_in]]
fill = { label = "Password" }
with = "person.password"

[[sign_in]]
click = { role = "button", name = "Sign in" }

[[sign_out]]
goto = "/"

[[sign_out]]
click = { role = "button", name = "Sign out" }

# Whether somebody is signed in, at the page at url: by text, address, selector, status or json.
[signed_in.app]
text = "Welcome"
"""


def first_file(url: str, suffix: str, sign_in: Sequence[str] = ()) -> str:
    """Its text, for a file of that suffix: `.py` or `.toml`. `sign_in`: lines of Python, of a
    sign-in that was recorded."""
    if suffix == ".toml":
        return _TOML.replace("URL", url)
    return _PYTHON.replace("URL", url).replace("SIGN_IN", "\n".join(sign_in) or _SIGN_IN)
