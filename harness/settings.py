"""What can be set about the whole server: questions that Kinde's documentation leaves open."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "APP_KINDS",
    "ATTRIBUTE_KINDS",
    "DEFAULT_COOKIE_NAME",
    "INFORMED_KINDS",
    "Activity",
    "OrganizationSwitch",
    "PolicyChange",
    "Settings",
]

DEFAULT_COOKIE_NAME = "sso_session"
"""Kinde does not document the name of its SSO cookie, so this one is neutral, and a setting."""

APP_KINDS = (
    "ksp_cookie",
    "long_cookie",
    "session_cookie",
    "local_storage",
    "session_storage",
    "memory",
)
"""How applications keep a login of their own; each is a surface `app:<kind>`."""

ATTRIBUTE_KINDS = ("secure_cookie", "strict_cookie", "partitioned_cookie", "domain_cookie")
"""Session cookies with attributes that the tests of browser vendors set; where asked for."""

INFORMED_KINDS = ("backchannel_cookie", "refreshing")
"""Kinds of applications that hear of the auth server's session after the sign-in; likewise."""


class Activity(StrEnum):
    """What a session's inactivity clock may be reset by.

    This is the one list of it. What does not reach the auth server, such as a page view of an
    application, cannot be in it. Kinde: a sign-in counts, "token refresh can count as activity",
    machine-to-machine and management traffic is not equivalent to activity; "there is no public
    list of every action" (docs.kinde.com, session-management).
    """

    SIGN_IN = "sign_in"
    """`/oauth2/auth` for somebody who is signed in already, silent or not."""
    REFRESH = "refresh"
    """The refresh grant."""
    USER_PROFILE = "user_profile"
    INTROSPECTION = "introspection"
    MANAGEMENT = "management"
    """A management call that reads the sessions of a user."""


class PolicyChange(StrEnum):
    """What a changed policy does to sessions that are alive. Not documented by Kinde.

    The inactivity timeout in force is read at each request, whatever is chosen here.
    """

    NEXT_SIGN_IN = "next_sign_in"
    """Nothing: the cookie keeps its kind until its owner signs in again."""
    NEXT_ACTIVITY = "next_activity"
    """The cookie is made anew, by the policy in force, when the session is next active."""
    END_SESSIONS = "end_sessions"
    """The sessions that the change concerns end at once."""


class OrganizationSwitch(StrEnum):
    """What an application that names another organization gets for a person who is signed in.

    Kinde: "sign-in without prompting while the cookie is alive"; of another organization it says
    nothing.
    """

    SILENT = "silent"
    """A code at once, since everybody is a member of every organization here. The session moves to
    the newest organization, and its cookie is made anew by that organization's policy."""
    SIGN_IN = "sign_in"
    """The sign-in page; the session of before ends."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The server's settings; the defaults are what is documented, or else the mildest choice."""

    cookie_name: str = DEFAULT_COOKIE_NAME
    activity: frozenset[Activity] = frozenset({Activity.SIGN_IN, Activity.REFRESH})
    policy_change: PolicyChange = PolicyChange.NEXT_SIGN_IN
    organization_switch: OrganizationSwitch = OrganizationSwitch.SILENT
    refresh_overlap: int = 30
    """Seconds that a refresh token still works after it has been exchanged for the next. Kinde
    documents "a small overlap window", not how long."""
    apps: tuple[str, ...] = APP_KINDS
