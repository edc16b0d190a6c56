"""Two people at one browser: whoever signs in last is who is signed in, and who goes on anyway.

Public reports: AxaFrance/oidc-client 1022; getodk/central 1013, 400.
"""

from datetime import timedelta

from harness import Browser, scenario


@scenario(
    title="Somebody else signs in in another tab",
    claims="Whoever signs in replaces who was signed in before, in every tab.",
    covers=("AxaFrance/oidc-client 1022",),
)
def signs_in_in_another_tab(browser: Browser) -> None:
    browser.sign_in()
    browser.open_tab()
    browser.sign_in(as_="bob")
    browser.check("in the second person's tab")
    browser.close_tab()
    browser.check("in the first person's tab")
    browser.visit()
    browser.check("after that tab asked the auth server")


@scenario(
    title="One person signs out, and another signs in, in another tab",
    claims="Whoever has signed out is not signed in any more, in any tab.",
    covers=("AxaFrance/oidc-client 1022", "getodk/central 1013"),
)
def signs_in_after_a_sign_out(browser: Browser) -> None:
    browser.sign_in()
    browser.open_tab()
    browser.sign_out()
    browser.sign_in(as_="bob")
    browser.close_tab()
    browser.check("in the first person's tab")


@scenario(
    title="Somebody signs in on a computer that another person has used",
    claims="What the browser has of the person before is not theirs who signs in.",
    covers=("Kinde: session management, limitations",),
)
def signs_in_after_a_restart(browser: Browser) -> None:
    browser.sign_in()
    browser.quit()
    browser.start()
    browser.restore_previous_session()
    browser.open_tab()
    browser.sign_in(as_="bob")
    browser.check("beside the tabs of the person before")
    browser.quit()
    browser.start()
    browser.check("after the browser was started again")


@scenario(
    title="The browser crashes right after somebody else has signed in",
    claims="What a crash brings back is of whoever signed in last.",
    covers=("rfc6265bis 5.7",),
)
def crash_after_signing_in(browser: Browser) -> None:
    browser.sign_in()
    browser.settle()
    browser.sign_in(as_="bob")
    browser.crash()
    browser.start()
    browser.check("after the browser was started again")


@scenario(
    title="Two people take turns",
    claims="Whoever signs in again finds nothing of the person in between.",
    covers=("AxaFrance/oidc-client 1022", "getodk/central 400"),
)
def take_turns(browser: Browser) -> None:
    browser.sign_in()
    browser.open_tab()
    browser.sign_in(as_="bob")
    browser.wait(timedelta(hours=1))
    browser.open_tab()
    browser.sign_in(as_="ada")
    browser.check("in the newest tab")
    browser.close_tab()
    browser.check("in the other person's tab")
    browser.close_tab()
    browser.check("in the first tab")
