"""A cookie store by the rules of RFC 6265bis (draft-ietf-httpbis-rfc6265bis-22).

Section numbers in this module are that draft's. Two things follow browsers where the draft leaves
them to the user agent: names below `localhost` count as trustworthy (W3C Secure Contexts, section
3.1), and a cookie that says `Partitioned` is kept apart by top-level site (CHIPS).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property, lru_cache
from urllib.parse import SplitResult, urlsplit

__all__ = ["LIFETIME_CAP", "Cookie", "CookieStore", "Request", "site_of"]

LIFETIME_CAP = 400 * 86_400
"""Seconds: the limit that section 5.5 recommends, and browsers keep."""
_MAX_SIZE = 4096
"""Octets of a name and its value together (section 5.7, step 5)."""


@dataclass(frozen=True, kw_only=True)
class Cookie:
    """One cookie. Times are in seconds since the epoch; `expiry` None makes a session cookie."""

    name: str
    value: str
    domain: str
    host_only: bool
    path: str
    secure: bool
    http_only: bool
    same_site: str
    """`none`, `lax` or `strict`."""
    expiry: float | None
    created: float
    partition: str | None = None
    """The top-level site that a partitioned cookie belongs to."""

    @property
    def identity(self) -> tuple[str, str, bool, str, str | None]:
        """What a newer cookie must have in common with this one to take its place."""
        return self.name, self.domain, self.host_only, self.path, self.partition


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a store has to know of a request.

    `site_for_cookies` is the site of the top-level page (section 5.2); `initiator` that of the page
    that asked for it, None where the person did (address bar, session restore).
    """

    url: str
    method: str = "GET"
    site_for_cookies: str | None = None
    initiator: str | None = None
    top_level: bool = True
    crossed: bool = False
    """Whether another site's redirect led to it, in a browser to which that matters."""
    trusts_localhost: bool = True
    """Whether the browser takes a host below `localhost` for a secure one, whatever the scheme."""

    @cached_property
    def target(self) -> SplitResult:
        """The parts of the address."""
        return urlsplit(self.url)

    @cached_property
    def host(self) -> str:
        """The host's name."""
        return self.target.hostname or ""

    @cached_property
    def site(self) -> str:
        """Scheme and registrable domain."""
        return site_of(self.url)

    @cached_property
    def same_site(self) -> bool:
        """Whether no other site has a hand in it (section 5.2.1)."""
        asked = self.initiator in (None, self.site) and not self.crossed
        return asked and (self.top_level or self.site_for_cookies == self.site)

    @property
    def safe_navigation(self) -> bool:
        """Whether a `Lax` cookie goes with it although it comes from another site."""
        return self.top_level and self.method in ("GET", "HEAD")


def site_of(url: str) -> str:
    """Scheme and registrable domain. No public suffix list: the mock's hosts are below
    `localhost`, where the list's default rule makes the last two labels the domain."""
    parts = urlsplit(url)
    labels = (parts.hostname or "").split(".")
    return f"{parts.scheme}://{'.'.join(labels[-2:])}"


class CookieStore:
    """The cookies of one browser, private window or profile."""

    def __init__(self, cookies: Iterable[Cookie] = (), *, operations: int = 0) -> None:
        self._cookies = {cookie.identity: cookie for cookie in cookies}
        self.operations = operations
        """Cookies set, replaced or deleted so far."""

    def __iter__(self) -> Iterator[Cookie]:
        return iter(self._cookies.values())

    def put(self, cookie: Cookie) -> None:
        """Add a cookie, in the place of one of the same identity (section 5.7, steps 21 to 24)."""
        old = self._cookies.get(cookie.identity)
        self._cookies[cookie.identity] = replace(cookie, created=old.created) if old else cookie
        self.operations += 1

    def discard(self, cookie: Cookie) -> None:
        """Remove a cookie, if it is there."""
        if self._cookies.pop(cookie.identity, None) is not None:
            self.operations += 1

    @property
    def rivals(self) -> tuple[Cookie, ...]:
        """Those that may go with one request beside another of their name, in the order in which
        they were made: one of that name goes to more than one host."""
        names = {cookie.name for cookie in self if not cookie.host_only}
        return tuple(cookie for cookie in self if cookie.name in names) if names else ()

    def expire(self, now: float) -> bool:
        """Remove what has expired; whether there was anything."""
        past = [c for c in self if c.expiry is not None and c.expiry <= now]
        for cookie in past:
            self.discard(cookie)
        return bool(past)

    def take(self, request: Request, header: str, now: float) -> Cookie | None:
        """Account for one `Set-Cookie` header of the answer to a request; the cookie that it sets
        or deletes, or None where it is not accepted."""
        cookie = _parse(header, request, now)
        if cookie is None or not _acceptable(cookie, request):
            return None
        if cookie.expiry is not None and cookie.expiry <= now:
            self.discard(cookie)
        else:
            self.put(cookie)
        return cookie

    def header(self, request: Request, now: float) -> str:
        """The `Cookie` header for a request (section 5.8.3), empty where there is nothing to send.
        """
        self.expire(now)
        fitting = [cookie for cookie in self if _goes_with(cookie, request)]
        # Those made in one moment are in the order in which they were made.
        fitting.sort(key=lambda cookie: (-len(cookie.path), cookie.created))
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in fitting)


def _parse(header: str, request: Request, now: float) -> Cookie | None:
    """Sections 5.6 and 5.7 up to the storage model's checks; None for a cookie to ignore."""
    pair, _, rest = header.partition(";")
    name, equals, value = pair.partition("=")
    name, value = (name.strip(), value.strip()) if equals else ("", name.strip())
    if not (name or value) or len((name + value).encode()) > _MAX_SIZE:
        return None
    attributes = _attributes(rest)
    domain = attributes.get("domain", "").lower().removeprefix(".")
    path = attributes.get("path", "")
    same_site = attributes.get("samesite", "").lower()
    return Cookie(
        name=name,
        value=value,
        domain=domain or request.host,
        host_only=not domain,
        path=path if path.startswith("/") else _default_path(request.target.path),
        secure="secure" in attributes,
        http_only="httponly" in attributes,
        same_site=same_site if same_site in ("none", "lax", "strict") else "lax",
        expiry=_expiry(attributes, now),
        created=now,
        partition=request.site_for_cookies or request.site
        if "partitioned" in attributes
        else None,
    )


@lru_cache(maxsize=256)
def _attributes(text: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for part in text.split(";") if text else ():
        key, _, value = part.partition("=")
        found[key.strip().lower()] = value.strip()
    return found


def _expiry(attributes: Mapping[str, str], now: float) -> float | None:
    """`Max-Age` before `Expires`, neither further away than the cap (sections 5.6.1, 5.6.2)."""
    max_age = attributes.get("max-age", "")
    if max_age.removeprefix("-").isdecimal():
        return now + min(int(max_age), LIFETIME_CAP) if int(max_age) > 0 else 0.0
    try:
        date: datetime = parsedate_to_datetime(attributes["expires"])
    except (KeyError, ValueError):
        return None
    stamp = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    return min(stamp, now + LIFETIME_CAP)


def _acceptable(cookie: Cookie, request: Request) -> bool:
    """Whether the host may set this cookie (section 5.7)."""
    if not cookie.host_only and (
        not _domain_matches(request.host, cookie.domain)
        or "." not in cookie.domain
    ):
        return False
    if (cookie.secure or cookie.partition is not None) and not (
        cookie.secure and _trustworthy(request)
    ):
        return False
    if cookie.same_site == "none" and not cookie.secure:
        # Not in the draft: browsers refuse it (web.dev, "SameSite cookies explained").
        return False
    if cookie.same_site != "none" and not (request.same_site or request.top_level):
        return False
    prefixed = cookie.name.lower()
    if prefixed.startswith("__secure-"):
        return cookie.secure
    if prefixed.startswith("__host-"):
        return cookie.secure and cookie.host_only and cookie.path == "/"
    return bool(cookie.name) or not cookie.value.lower().startswith(("__secure-", "__host-"))


def _goes_with(cookie: Cookie, request: Request) -> bool:
    host, domain = request.host, cookie.domain
    fits = host == domain if cookie.host_only else _domain_matches(host, domain)
    if not fits or not _path_matches(request.target.path or "/", cookie.path):
        return False
    if cookie.secure and not _trustworthy(request):
        return False
    if cookie.partition not in (None, request.site_for_cookies or request.site):
        return False
    return (
        cookie.same_site == "none"
        or request.same_site
        or (cookie.same_site == "lax" and request.safe_navigation)
    )


def _domain_matches(host: str, domain: str) -> bool:
    """Section 5.1.3."""
    numeric = host.replace(".", "").isdecimal() or ":" in host
    return host == domain or (not numeric and host.endswith(f".{domain}"))


def _path_matches(path: str, cookie_path: str) -> bool:
    """Section 5.1.4."""
    if not path.startswith(cookie_path):
        return False
    return path == cookie_path or cookie_path.endswith("/") or path[len(cookie_path)] == "/"


def _default_path(path: str) -> str:
    """Section 5.1.4."""
    return path[: path.rfind("/")] or "/" if path.startswith("/") else "/"


def _trustworthy(request: Request) -> bool:
    """Whether a `Secure` cookie may come and go with it."""
    host = request.host
    local = host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")
    return request.target.scheme in ("https", "wss") or (local and request.trusts_localhost)
