"""The access token in `sessionStorage`: as oidc-client-ts keeps its user by default."""

from harness.apps.kind import StorageKind

__all__ = ["SessionStorage"]


class SessionStorage(StorageKind):
    """Belongs to one tab."""

    storage = "sessionStorage"
