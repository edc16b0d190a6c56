"""Express with express-openid-connect, whose identity provider is the mock.

Promised (express-openid-connect, documentation of `session`): the session of the application is a
cookie of its own, `appSession`, which lasts a day after it was last used (`rollingDuration`) and a
week at most (`absoluteDuration`). See
https://auth0.github.io/express-openid-connect/interfaces/SessionConfigParams.html
"""

from pathlib import Path

from afterclose import Target

target = Target(
    name="express-openid-connect",
    url="http://localhost:{port}/",
    identity_provider="mock",
    command=["node", str(Path(__file__).with_name("server.mjs")), "--port", "{port}"],
    clock="http://localhost:{port}/_advance?seconds={seconds}",
    login="/login",
    logout="/logout",
)


@target.signed_in("app")
async def app(page):
    return await page.get_by_text("Signed in as ada@example.com").is_visible()
