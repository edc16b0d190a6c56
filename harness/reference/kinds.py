"""The ways in which applications keep a login: names, attributes and lifetimes.

Sources: docs.kinde.com, build/tokens/configure-tokens (an access token lives a day, a refresh token
fifteen);
`KINDE_COOKIE_MAX_AGE` of Kinde's SDKs (29 days).
"""

from harness.settings import ATTRIBUTE_KINDS, INFORMED_KINDS

__all__ = [
    "COOKIE_KINDS",
    "KSP_KINDS",
    "LOGIN_LIFETIME",
    "REFRESH_LIFETIME",
    "TOKEN_LIFETIME",
    "attributes_of",
    "cookie_name",
]

TOKEN_LIFETIME = 86_400
"""Seconds."""
REFRESH_LIFETIME = 15 * 86_400
"""Likewise, from its last exchange."""
LOGIN_LIFETIME = 29 * 86_400
"""Seconds that an application keeps a login, in its cookie and in its records."""
KSP_KINDS = ("ksp_cookie", *INFORMED_KINDS)
"""Their cookie lasts where the policy is persistent."""
COOKIE_KINDS = (*KSP_KINDS, "long_cookie", "session_cookie", *ATTRIBUTE_KINDS)
_ATTRIBUTES = {
    "secure_cookie": "; Secure; SameSite=None",
    "strict_cookie": "; SameSite=Strict",
    "partitioned_cookie": "; Secure; SameSite=None; Partitioned",
    "domain_cookie": "; SameSite=Lax; Domain=app.localhost",
}


def attributes_of(kind: str, *, https: bool) -> str:
    """Those of a kind's cookie that do not depend on the policy."""
    return _ATTRIBUTES.get(kind, "; SameSite=Lax; Secure" if https else "; SameSite=Lax")


def cookie_name(kind: str, environment: str) -> str:
    """One that every host of the domain has is named after its environment."""
    return f"{kind}_{environment}" if kind == "domain_cookie" else kind
