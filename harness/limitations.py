"""The registry of limitations: the reasons why a browser does not do what a policy promises.

A limitation says which way it bends a promise. Which one is behind a cell, if any, follows from the
decisions that touched what the cell rests on (`harness/model/trail.py`).

Marks in `sources`: a URL or a file of a vendor's source tree is where the rule was read;
"measured" is what a run of this project showed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.model.trail import Decision
from harness.records import State

__all__ = ["LIMITATIONS", "Limitation", "reason_for"]

_KINDE = "https://docs.kinde.com/authenticate/manage-authentication/session-management/"
_CHROMIUM = "chromium: chrome/browser/"
_FIREFOX = "firefox: browser/components/sessionstore/"


@dataclass(frozen=True, kw_only=True)
class Limitation:
    """A documented way in which browsers bend a promise."""

    id: str
    sentence: str
    explains: State
    """What may be observed although the opposite is promised."""
    sources: tuple[str, ...]


LIMITATIONS: tuple[Limitation, ...] = (
    Limitation(
        id="tab-close-is-not-session-end",
        sentence="Closing a tab does not end a session: session cookies belong to the browser, and "
        "stay until all of it is closed.",
        explains=State.SIGNED_IN,
        sources=(
            f'{_KINDE} ("Session cookies are not destroyed when a tab is closed, the full browser '
            'window must be closed.")',
            f"{_CHROMIUM}sessions/session_data_service_unittest.cc, CleanupOnWindowClosed",
        ),
    ),
    Limitation(
        id="window-close-is-not-browser-close",
        sentence="Closing one window does not end a session while another window of the same "
        "profile is open.",
        explains=State.SIGNED_IN,
        sources=(
            f"{_CHROMIUM}sessions/session_data_service.cc (cleans up with a profile's last window)",
            "measured: window_close.close_one_of_two_windows",
        ),
    ),
    Limitation(
        id="crash-recovery-revives-session",
        sentence="After a crash, the browser brings session cookies back so that people can go on.",
        explains=State.SIGNED_IN,
        sources=(
            f"{_CHROMIUM}profiles/profile_impl.cc, ShouldRestoreOldSessionCookies (last exit type "
            "Crashed)",
            f"{_CHROMIUM}sessions/session_data_service.cc (deletes nothing after a crash)",
            f"{_FIREFOX}SessionStartup.sys.mjs (RECOVER_SESSION)",
            "measured: crash.crash_after_settling, os_shutdown.end_session_after_settling",
        ),
    ),
    Limitation(
        id="unacknowledged-crash-revives-session",
        sentence="Until somebody reacts to the message that the browser has crashed, it takes each "
        "of its ends for a crash, and brings session cookies back.",
        explains=State.SIGNED_IN,
        sources=(
            f"{_CHROMIUM}sessions/exit_type_service_browsertest.cc, CrashCrashNewBrowser",
            "measured: crash.close_after_a_crash",
        ),
    ),
    Limitation(
        id="pinned-tab-revives-session",
        sentence="One pinned tab is enough for Firefox to bring the session cookies of every site "
        "back, although it is not set to restore sessions.",
        explains=State.SIGNED_IN,
        sources=(
            f"{_FIREFOX}SessionStore.sys.mjs, _prepDataForDeferredRestore",
            "measured: browser_close.quit_with_a_pinned_tab",
        ),
    ),
    Limitation(
        id="session-restore-revives-session",
        sentence="A browser that restores its last session also restores session cookies, and "
        "what its tabs keep to themselves.",
        explains=State.SIGNED_IN,
        sources=(
            f'{_KINDE} ("Restoring a browser session can also restore a session cookie.")',
            f"{_CHROMIUM}profiles/profile_impl.cc, ShouldRestoreOldSessionCookies",
            f"{_FIREFOX}SessionCookies.sys.mjs, restore()",
            "https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie",
        ),
    ),
    Limitation(
        id="sign-out-not-yet-on-disk",
        sentence="A crash right after a sign-out brings back what the application kept in "
        "the browser's storages: its removal had not been written to disk.",
        explains=State.SIGNED_IN,
        sources=("measured: sign_out.sign_out_then_crash",),
    ),
    Limitation(
        id="clear-on-exit-takes-persistent-cookies",
        sentence="A browser set to clear data when it closes forgets persistent cookies too.",
        explains=State.SIGNED_OUT,
        sources=(
            f"{_CHROMIUM}sessions/session_data_deleter.cc (content setting SESSION_ONLY)",
            "firefox: browser/modules/Sanitizer.sys.mjs (privacy.sanitize.sanitizeOnShutdown)",
        ),
    ),
    Limitation(
        id="private-window-forgets",
        sentence="What was signed in to in a private window is forgotten when it closes, whatever "
        "the policy.",
        explains=State.SIGNED_OUT,
        sources=(
            "https://support.mozilla.org/kb/private-browsing-use-firefox-without-history",
            "https://support.google.com/chrome/answer/9845881",
        ),
    ),
    Limitation(
        id="not-yet-on-disk",
        sentence="What a browser has not written to disk when it is killed is lost, persistent "
        "cookies too.",
        explains=State.SIGNED_OUT,
        sources=(
            "chromium: net/extras/sqlite/sqlite_persistent_cookie_store.cc (commits every 30 "
            "seconds, 512 operations, or at a flush)",
            f"{_FIREFOX}SessionSaver.sys.mjs (browser.sessionstore.interval)",
            "measured: crash.crash_at_once, os_shutdown.end_session_at_once",
        ),
    ),
    Limitation(
        id="restart-loses-what-is-never-on-disk",
        sentence="A browser that restarts itself loses what it never writes to disk: session "
        "cookies and the storages of tabs in WebKitGTK, and in a Firefox set to keep no data of "
        "sites in its session file.",
        explains=State.SIGNED_OUT,
        sources=(
            "firefox: browser/components/sessionstore/PrivacyLevel.sys.mjs",
            "libsoup: libsoup/cookies/soup-cookie-jar-db.c",
            "measured: vendor_chromium.restart, preset continue+privacy-2",
        ),
    ),
    Limitation(
        id="application-session-outlives-sso",
        sentence="A session that an application keeps itself goes on when the SSO session is over: "
        "nobody tells the application.",
        explains=State.SIGNED_IN,
        sources=(f'{_KINDE} (the settings "only apply to Kinde sessions")',),
    ),
    Limitation(
        id="application-goes-on-as-the-person-before",
        sentence="Whoever signs in in another tab is somebody else at the auth server and there: "
        "what an application has in a tab from before, or what a browser brings back, goes on as "
        "the person before.",
        explains=State.SIGNED_IN,
        sources=(
            "https://github.com/AxaFrance/oidc-client/issues/1022",
            "https://github.com/getodk/central/issues/1013",
            "measured: another_person.signs_in_in_another_tab",
        ),
    ),
    Limitation(
        id="inactivity-sends-no-logout-token",
        sentence="A session that goes inactive, or passes its absolute limit, is found to be over "
        "when somebody asks: no logout token is sent, and an application that heeds them goes on.",
        explains=State.SIGNED_IN,
        sources=("https://github.com/keycloak/keycloak/issues/25171",),
    ),
    Limitation(
        id="refresh-prolongs-no-cookie",
        sentence="A refresh in the background prolongs the session on the server, and not the "
        "cookie of the browser, which takes no part in it: the cookie ends first.",
        explains=State.SIGNED_OUT,
        sources=(
            f'{_KINDE} ("token refresh can count as activity")',
            "RFC 6749 section 6 (the client asks the token endpoint, not the browser)",
        ),
    ),
    Limitation(
        id="local-storage-outlives-the-browser",
        sentence="A token in localStorage has no session to end with: it is there when the browser "
        "starts again.",
        explains=State.SIGNED_IN,
        sources=(
            "https://html.spec.whatwg.org/multipage/webstorage.html#the-localstorage-attribute",
            f'{_KINDE} (the settings "only apply to Kinde sessions")',
        ),
    ),
    Limitation(
        id="application-cookie-outlives-the-browser",
        sentence="A cookie that an application makes to last, whatever the policy, is there when "
        "the browser starts again.",
        explains=State.SIGNED_IN,
        sources=(
            "kinde-remix-sdk: KINDE_COOKIE_MAX_AGE (29 days, always)",
            f'{_KINDE} (the settings "only apply to Kinde sessions")',
        ),
    ),
    Limitation(
        id="application-cookie-ends-with-the-browser",
        sentence="A cookie that an application makes without a lifetime, whatever the policy, ends "
        "with the browser: a persistent policy does not reach it.",
        explains=State.SIGNED_OUT,
        sources=(
            "kinde-python-sdk with Flask-Session: SESSION_PERMANENT=False",
            "https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie",
        ),
    ),
    Limitation(
        id="secure-cookie-needs-https",
        sentence="WebKitGTK takes no Secure cookie over http, not even of localhost: signing in "
        "there leaves none.",
        explains=State.SIGNED_OUT,
        sources=(
            "libsoup: libsoup/cookies/soup-cookie-jar.c",
            "https://github.com/keycloak/keycloak/issues/33926 (Safari on localhost)",
        ),
    ),
    Limitation(
        id="strict-cookie-stays-at-home",
        sentence="Firefox sends no SameSite=Strict cookie with a navigation that another site has "
        "redirected, so whoever comes back from the auth server looks signed out.",
        explains=State.SIGNED_OUT,
        sources=(
            "rfc6265bis 5.2.1 (same-site requests: every redirect counts)",
            "measured: vendor_firefox.kinds_of_cookies",
        ),
    ),
    Limitation(
        id="session-storage-belongs-to-one-tab",
        sentence="What an application keeps in sessionStorage is in no other tab, and goes with "
        "its own: a persistent policy does not reach it.",
        explains=State.SIGNED_OUT,
        sources=(
            "https://html.spec.whatwg.org/multipage/webstorage.html#the-sessionstorage-attribute",
            "measured: tab_close.close_one_of_two_tabs, browser_close.quit_and_start",
        ),
    ),
    Limitation(
        id="sign-out-does-not-reach-other-tabs",
        sentence="A sign-out in one tab leaves what another tab has in sessionStorage, and what "
        "comes back with it.",
        explains=State.SIGNED_IN,
        sources=(
            "https://html.spec.whatwg.org/multipage/webstorage.html#the-sessionstorage-attribute",
            "measured: sign_out.sign_out_in_another_tab, "
            "session_restore.several_tabs_after_sign_out",
        ),
    ),
    Limitation(
        id="cookie-lifetime-capped",
        sentence="Browsers keep no cookie longer than 400 days after it was set, however long the "
        "session lasts on the server.",
        explains=State.SIGNED_OUT,
        sources=(
            "rfc6265bis 5.6.2 (the limit should not be greater than 400 days)",
            "measured: long_time.past_the_cap, with a timeout of 500 days",
        ),
    ),
    Limitation(
        id="lost-session-begins-its-limit-anew",
        sentence="Whoever signs in again because the browser has lost a session that is alive on "
        "the server begins another one, and its absolute limit anew.",
        explains=State.SIGNED_IN,
        sources=(
            'auth0: actions/reference/post-login/post-login-api-object (without its cookie, "the '
            'session itself will remain valid until its absolute or idle expiration")',
        ),
    ),
    Limitation(
        id="kept-session-counts-its-limit-from-before",
        sentence="Whoever signs in where a browser has kept a session that was meant to be over "
        "goes on with it: its absolute limit is counted from the first sign-in.",
        explains=State.SIGNED_OUT,
        sources=(f'{_KINDE} ("Restoring a browser session can also restore a session cookie.")',),
    ),
    Limitation(
        id="stale-cookie-comes-first",
        sentence="After the auth server has changed its cookie's path or domain, browsers send the "
        "cookie of before beside it, and first: whoever signs in again is locked out.",
        explains=State.SIGNED_OUT,
        sources=(
            "rfc6265bis 5.7 (another path or domain makes another cookie), 5.8.3 (the order)",
            "https://github.com/code-dot-org/code-dot-org/pull/74198",
            "https://github.com/metabase/metabase/pull/9600",
        ),
    ),
    Limitation(
        id="old-cookie-stays",
        sentence="A cookie of a path or domain that the auth server has given up stays in the "
        "browser as long as it was meant to, whatever the policy has become.",
        explains=State.SIGNED_IN,
        sources=(
            "rfc6265bis 5.7 (another path or domain makes another cookie)",
            "https://github.com/forem/forem/pull/10169",
        ),
    ),
    Limitation(
        id="sign-out-misses-the-session",
        sentence="A sign-out that does not get the session's cookie ends no session: what brings "
        "the cookie back, a crash say, signs in again.",
        explains=State.SIGNED_IN,
        sources=(
            "rfc6265bis 5.8.3 (a cookie goes with requests for its path alone; the order)",
            "https://github.com/forem/forem/pull/10169",
        ),
    ),
    Limitation(
        id="application-session-ends-first",
        sentence="What an application keeps can expire while the SSO session goes on.",
        explains=State.SIGNED_OUT,
        sources=("https://docs.kinde.com/build/tokens/configure-tokens/",),
    ),
)


_BY_ID = {limitation.id: limitation for limitation in LIMITATIONS}


def reason_for(trail: Sequence[Decision], shown: State) -> Limitation | None:
    """Why something shows this although the opposite is promised: the limitation of the last
    decision that is a case of one, or None. Raises KeyError for an id that is not registered."""
    for decision in reversed(trail):
        for limitation in map(_BY_ID.__getitem__, decision.limitations):
            if limitation.explains is shown:
                return limitation
    return None
