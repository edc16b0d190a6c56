"""A cookie that follows the `ksp` claim, of an application that lets the auth server tell it when a
session is over (OpenID Connect Back-Channel Logout 1.0)."""

from harness.apps.kind import Record
from harness.apps.ksp_cookie import KspCookie

__all__ = ["BackchannelCookie"]


class BackchannelCookie(KspCookie):
    """Ends with the session, wherever that is ended."""

    def over(self, login: Record, now: float) -> str | None:
        """Whatever the cookie says."""
        return super().over(login, now) or ("logged_out" if login.logged_out else None)
