"""A cookie that follows the `ksp` claim, of an application that takes somebody for signed in for as
long as it has an access token that is good, and whose page exchanges the refresh token for the next
while it is open (scope `offline`). The tokens stay on the application's server, as in Kinde's
Next.js SDK with its middleware, or in any backend for frontend."""

from harness.apps.kind import Record
from harness.apps.ksp_cookie import KspCookie

__all__ = ["Refreshing"]


class Refreshing(KspCookie):
    """Hears of the session whenever it exchanges its refresh token."""

    def over(self, login: Record, now: float) -> str | None:
        """When the token is, or the auth server has refused to give another."""
        reason = super().over(login, now)
        if reason is None and login.refresh_token is None:
            return "refused"
        return reason or ("expired" if now >= login.token_expires else None)
