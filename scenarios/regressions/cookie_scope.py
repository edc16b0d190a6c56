"""The auth server changes its cookie's path or domain while people are signed in.

Their browsers keep the cookie of before, and send it first: nothing that the server sets or deletes
with another path or domain reaches it (code-dot-org/code-dot-org 74198, metabase/metabase 9577).
"""

from harness import Browser, scenario

_COVERS = ("rfc6265bis 5.8.3", "code-dot-org/code-dot-org 74198", "metabase/metabase 9577")


@scenario(
    title="The auth server's cookie gets another domain while you are signed in",
    claims="Who signs in is signed in, whatever the server has set before.",
    covers=_COVERS,
)
def scope_changed_while_signed_in(browser: Browser) -> None:
    browser.sign_in()
    browser.administrator.change_cookie_scope()
    browser.visit()
    browser.check("after the change, signed in before it")
    browser.sign_out()
    browser.sign_in()
    browser.check("after signing out and in again")
    browser.quit()
    browser.start()
    browser.sign_in()
    browser.check("after closing the browser and signing in once more")


@scenario(
    title="The auth server deletes the cookie that it had set before",
    claims="Who is locked out by an older cookie is let in once the server deletes that, too.",
    covers=_COVERS,
)
def old_cookie_deleted(browser: Browser) -> None:
    browser.sign_in()
    browser.administrator.change_cookie_scope()
    browser.sign_out()
    browser.sign_in()
    browser.check("locked out")
    browser.administrator.mend_cookie_scope()
    browser.sign_in()
    browser.check("after signing in once the server deletes the older cookie")
    browser.sign_out()
    browser.check("after signing out")
