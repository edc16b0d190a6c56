"""What applications do by themselves, whatever the policy: their part of a thing's trail."""

from harness.model.trail import Decision

__all__ = [
    "CAPPED",
    "COOKIE_LASTS",
    "COOKIE_NEVER_LASTS",
    "COOKIE_NOT_PROLONGED",
    "EXPIRED",
    "INACTIVITY_NOT_TOLD",
    "IN_LOCAL_STORAGE",
    "IN_ONE_TAB",
    "NOT_TOLD",
    "OTHER_TAB_NOT_TOLD",
    "REMOVAL_NOT_WRITTEN",
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
NOT_TOLD = Decision(
    because="nobody told the application that the session is over",
    limitations=("application-session-outlives-sso",),
)
INACTIVITY_NOT_TOLD = Decision(
    because="the session went inactive, of which the auth server sends no logout token",
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
