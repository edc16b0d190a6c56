"""Time-based one-time codes (RFC 6238), as an authenticator makes them: six digits, by SHA-1, a new
one every thirty seconds."""

import base64
import binascii
import hashlib
import hmac

__all__ = ["STEP", "OneTimeCodes", "code_at", "key_of"]

STEP = 30
"""Seconds."""
_DIGITS = 6


def key_of(secret: str) -> bytes:
    """The key of a secret as people are shown it: in base 32, in groups or not. Raises
    ValueError."""
    plain = "".join(secret.split()).replace("-", "").upper().rstrip("=")
    try:
        key = base64.b32decode(plain + "=" * (-len(plain) % 8))
    except binascii.Error:
        raise ValueError("is no secret of an authenticator, which has A to Z and 2 to 7") from None
    if not key:
        raise ValueError("is empty")
    return key


def code_at(key: bytes, time: float, digits: int = _DIGITS) -> str:
    """The code of a moment, in seconds since the epoch."""
    counter = int(time // STEP).to_bytes(8, "big")
    digest = hmac.digest(key, counter, hashlib.sha1)
    at = digest[-1] & 0x0F
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


class OneTimeCodes:
    """One person's, each given once: a server is not to take one twice (section 5.2)."""

    def __init__(self) -> None:
        self._given = -1
        """The time step of the latest."""

    def code(self, secret: str, now: float) -> str:
        """The code of now."""
        self._given = int(now // STEP)
        return code_at(key_of(secret), now)

    def until_another(self, now: float) -> float:
        """Seconds until there is one that was not given yet."""
        step = int(now // STEP)
        return (step + 1) * STEP - now if step == self._given else 0.0
