"""How one signs in to a login of our own: afterclose target check target.py."""

from afterclose import Person, Policy, Target

target = Target(
    name="login",
    url="http://localhost:{port}/",
    # What we promise; a lifecycle is carried out for each.
    policies={
        "default": Policy(persistence="non_persistent", inactivity_timeout=1800),
        "remembered": Policy(persistence="persistent", inactivity_timeout=604800),
    },
    # A password would come from the environment: password="env:OUR_PASSWORD".
    person=Person(email="ada@example.com"),
    # Started before, ended after. Without it, name an address that is there: url="https://…".
    command=["python", "login.py", "{port}"],
    # Moves its clock; without it, scenarios that wait are left out, or wait for real.
    clock="http://localhost:{port}/advance?seconds={seconds}",
)


@target.sign_in
async def sign_in(page, person, policy):
    """From the page at `url`, with Playwright; returns once the person is signed in."""
    await page.get_by_label("Email").fill(person.email)
    if policy == "remembered":
        await page.get_by_label("Remember me").check()
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_text("Welcome").wait_for()


@target.sign_out
async def sign_out(page):
    await page.goto(target.url)
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_label("Email").wait_for()


@target.signed_in("app")
async def app(page):
    """Whether somebody is signed in, at the page at `url`."""
    return await page.get_by_text("Welcome").is_visible()
