"""The access token in a variable of the page, and a silent sign-in (`prompt=none`) whenever a page
is loaded: as single-page SDKs do that store nothing. So the application is signed in just where the
auth server's own session is."""

from harness.apps.kind import AppKind

__all__ = ["Memory"]


class Memory(AppKind):
    """Has nothing of its own."""
