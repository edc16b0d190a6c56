"""The access token in `localStorage`: as kinde-auth-react keeps the refresh token on localhost, or
where "insecure" storage is switched on. It is where the complaint comes from that somebody is still
signed in although `ksp.persistent` is false (kinde-auth-react issue 201)."""

from harness.apps.kind import StorageKind

__all__ = ["LocalStorage"]


class LocalStorage(StorageKind):
    """Belongs to the browser's profile, for good."""

    storage = "localStorage"
