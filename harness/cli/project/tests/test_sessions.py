"""What we rely on: a test of our own, in a browser that is really closed and started again."""

import pytest


@pytest.mark.afterclose(engines="chromium", presets="default")
def test_a_session_ends_with_the_browser(session_browser):
    session_browser.sign_in()
    assert session_browser.check("at once")["ours", "sso"].signed_in
    session_browser.quit()
    session_browser.start()
    check = session_browser.check("after the browser was started again")
    assert not check["ours", "sso"].signed_in
