"""What can be set about the whole server: questions that Kinde's documentation leaves open."""

import re
from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "APP_KINDS",
    "ATTRIBUTE_KINDS",
    "COOKIE_PATHS",
    "DEFAULT_COOKIE_NAME",
    "INFORMED_KINDS",
    "Activity",
    "OrganizationSwitch",
    "PolicyChange",
    "Settings",
    "host_of",
]

DEFAULT_COOKIE_NAME = "sso_session"
"""Kinde does not document the name of its SSO cookie, so this one is neutral, and a setting."""

COOKIE_PATHS = ("/", "/oauth2", "/oauth2/", "/oauth2/auth")
"""Those of which a cookie goes with a request for `/oauth2/auth` (RFC 6265bis, section 5.1.4): with
any other nobody would ever be signed in."""

_IDP_DOMAIN = "idp.localhost"
_COOKIE_DOMAIN = re.compile(rf"([a-z0-9]([a-z0-9_-]*[a-z0-9])?\.)?{re.escape(_IDP_DOMAIN)}")


def host_of(environment: str) -> str:
    """The host of an environment's auth server, without a port."""
    return f"{environment}.{_IDP_DOMAIN}"


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
    cookie_path: str = "/"
    """One of `COOKIE_PATHS`. With another than `/`, the sign-out page does not get the cookie, so a
    sign-out ends no session: it only has the browser delete the cookie."""
    cookie_domain: str | None = None
    """What every auth server's host is, or is below: the cookie then goes to all of that domain.
    None: to the very host that set it."""
    activity: frozenset[Activity] = frozenset({Activity.SIGN_IN, Activity.REFRESH})
    policy_change: PolicyChange = PolicyChange.NEXT_SIGN_IN
    organization_switch: OrganizationSwitch = OrganizationSwitch.SILENT
    refresh_overlap: int = 30
    """Seconds that a refresh token still works after it has been exchanged for the next. Kinde
    documents "a small overlap window", not how long."""
    apps: tuple[str, ...] = APP_KINDS

    def __post_init__(self) -> None:
        """Raise ValueError for a cookie that browsers would not take, or not send."""
        path, domain = self.cookie_path, self.cookie_domain
        if path not in COOKIE_PATHS:
            accepted = ", ".join(f'"{path}"' for path in COOKIE_PATHS)
            raise ValueError(
                f"cookie_path: must be one of {accepted}, so that the cookie goes with a request "
                f"for /oauth2/auth, not {path!r}"
            )
        if domain is not None and not _COOKIE_DOMAIN.fullmatch(str(domain)):
            raise ValueError(
                f'cookie_domain: must be "{_IDP_DOMAIN}", which every auth server is below, or the '
                f"host of one, not {domain!r}"
            )
        if self.cookie_name.lower().startswith("__host-") and (domain or path != "/"):
            raise ValueError(
                f"cookie_name: {self.cookie_name!r} allows no cookie_domain, and no cookie_path "
                "but / (RFC 6265bis, section 4.1.3.2)"
            )

    def check_host(self, environment: str) -> None:
        """Raise ValueError where browsers would not take the cookie from an environment's host."""
        host, domain = host_of(environment), self.cookie_domain
        if domain not in (None, host, _IDP_DOMAIN):
            raise ValueError(
                f"cookie_domain: {domain} does not fit the host {host}; leave that environment "
                f'out, or set "{_IDP_DOMAIN}"'
            )

    def cookie_name_at(self, environment: str) -> str:
        """What the cookie is called there. One that goes to every environment's auth server is
        named after its own, so that they do not overwrite each other's."""
        if self.cookie_domain in (None, host_of(environment)):
            return self.cookie_name
        return f"{self.cookie_name}_{environment}"
