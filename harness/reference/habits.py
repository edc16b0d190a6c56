"""What applications and auth servers do by themselves, whatever the policy, and what they make of
what a browser has kept or lost that it should not: their part of a thing's trail."""

from harness.model.trail import Decision

__all__ = [
    "BEGUN_ANEW",
    "CAPPED",
    "COOKIE_LASTS",
    "COOKIE_NEVER_LASTS",
    "COOKIE_NOT_PROLONGED",
    "COUNTED_FROM_BEFORE",
    "EXPIRED",
    "GOES_ON_AS_BEFORE",
    "INACTIVITY_NOT_TOLD",
    "IN_LOCAL_STORAGE",
    "IN_ONE_TAB",
    "NOT_TOLD",
    "OLD_COOKIE_STAYS",
    "OTHER_TAB_NOT_TOLD",
    "REMOVAL_NOT_WRITTEN",
    "SHADOWED",
    "SIGN_OUT_MISSED",
]

COOKIE_LASTS = Decision(
    because="the application gave its cookie a lifetime of 29 days, whatever the policy",
    limitations=("application-cookie-outlives-the-browser",),
)
COOKIE_NEVER_LASTS = Decision(
    because="the application gave its cookie no lifetime, whatever the policy",
    limitations=("application-cookie-ends-with-the-browser",),
)
IN_LOCAL_STORAGE = Decision(
    because="the application put its token into localStorage, which ends with no browser",
    limitations=("local-storage-outlives-the-browser",),
)
IN_ONE_TAB = Decision(
    because="the application put its token into the sessionStorage of one tab",
    limitations=("session-storage-belongs-to-one-tab",),
)
EXPIRED = Decision(
    because="what the application keeps had expired by itself",
    limitations=("application-session-ends-first",),
)
GOES_ON_AS_BEFORE = Decision(
    because="nobody told the application, or this tab of it, that somebody else has signed in",
    limitations=("application-goes-on-as-the-person-before",),
)
NOT_TOLD = Decision(
    because="nobody told the application that the session is over",
    limitations=("application-session-outlives-sso",),
)
INACTIVITY_NOT_TOLD = Decision(
    because="the session passed one of its limits, of which the auth server sends no logout token",
    limitations=("inactivity-sends-no-logout-token",),
)
OTHER_TAB_NOT_TOLD = Decision(
    because="nobody told this tab that the person had signed out in another",
    limitations=("sign-out-does-not-reach-other-tabs",),
)
REMOVAL_NOT_WRITTEN = Decision(
    because="the sign-out had removed it, which had not been written to disk",
    limitations=("sign-out-not-yet-on-disk",),
)
COOKIE_NOT_PROLONGED = Decision(
    because="the application's refresh prolonged the session on the server, and no cookie",
    limitations=("refresh-prolongs-no-cookie",),
)
CAPPED = Decision(
    because="the cookie was gone 400 days after it was last set",
    limitations=("cookie-lifetime-capped",),
)
BEGUN_ANEW = Decision(
    because="the browser had lost the session, so signing in began another, and its absolute limit "
    "anew",
    limitations=("lost-session-begins-its-limit-anew",),
)
COUNTED_FROM_BEFORE = Decision(
    because="signing in went on with the session that was there, its absolute limit counted from "
    "before",
    limitations=("kept-session-counts-its-limit-from-before",),
)
SHADOWED = Decision(
    because="the browser sent an older cookie of that name first, and the auth server took that",
    limitations=("stale-cookie-comes-first",),
)
SIGN_OUT_MISSED = Decision(
    because="the sign-out deleted the cookie, and did not get it, so it ended no session",
    limitations=("sign-out-misses-the-session",),
)
OLD_COOKIE_STAYS = Decision(
    because="a cookie that was set before the auth server changed its scope was still there",
    limitations=("old-cookie-stays",),
)
