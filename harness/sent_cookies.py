"""The `Cookie` header of a request, read as a server does: each cookie that came, in order.

Sections are those of RFC 6265bis (draft-ietf-httpbis-rfc6265bis-22). A browser sends every cookie
that fits, two of one name too: the one with the longer path first, then the one that was made first
(section 5.8.3). A server is not to rely on that (section 4.2.2), and has to choose all the same.
Here the first of a name counts, as with Rack, Werkzeug and npm's `cookie`; `request.cookies` of
aiohttp, a mapping, has the last of them, and neither the order nor the other.
"""

from collections import Counter
from dataclasses import dataclass

from aiohttp import web
from multidict import MultiMapping

__all__ = ["SentCookies", "shorten"]

_SHOWN = 6


def shorten(name: str, value: str) -> str:
    """The pair with its value cut to six characters: evidence, not a credential."""
    return f"{name}={value if len(value) <= _SHOWN else f'{value[:_SHOWN]}…'}"


@dataclass(frozen=True)
class SentCookies:
    """The cookies of one request: names and values, in order."""

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, request: web.Request) -> "SentCookies":
        """Those of a request, read once."""
        sent = request.get(_READ)
        if sent is None:
            sent = request[_READ] = cls.read(request.headers)
        return sent

    @classmethod
    def read(cls, headers: MultiMapping[str]) -> "SentCookies":
        """Read a request's headers: `Cookie` is one of them, unless something on the way has split
        it (RFC 9113, section 8.2.3). What has no `=` is a value without a name (section 5.8.3)."""
        cookies = headers.getall("Cookie", [])
        parts = (part.strip() for header in cookies for part in header.split(";"))
        return cls(tuple(_pair(part) for part in parts if part))

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each."""
        return tuple(name for name, _ in self.pairs)

    @property
    def duplicates(self) -> tuple[str, ...]:
        """Those whose name came more than once, their values shortened: the first of a name is the
        one that counts."""
        if len(dict(self.pairs)) == len(self.pairs):
            return ()
        count = Counter(self.names)
        return tuple(shorten(name, value) for name, value in self.pairs if count[name] > 1)

    def first(self, name: str) -> str | None:
        """The value of the first cookie of a name, or None."""
        return next((value for known, value in self.pairs if known == name), None)


_READ = web.RequestKey("sent_cookies", SentCookies)


def _pair(part: str) -> tuple[str, str]:
    name, equals, value = part.partition("=")
    name, value = (name.strip(), value.strip()) if equals else ("", part)
    return _readable(name), _readable(value)


def _readable(text: str) -> str:
    """Bytes that are no UTF-8 come as surrogates, which JSON cannot carry."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
