"""A browser at the reference site: the cookies that it sends with a request, and takes from an
answer."""

from collections.abc import Callable, Mapping, Sequence

from harness.model.agent import Stores
from harness.model.cookies import Cookie, Request
from harness.model.family import Facts, Family, Question
from harness.model.trail import Decision
from harness.presets import Choices

__all__ = ["ReferenceBrowser"]


class ReferenceBrowser:
    """One browser's stores, by the rules of its family. `now` is the time on the person's
    computer."""

    def __init__(
        self, stores: Stores, now: Callable[[], float], family: Family, choices: Choices
    ) -> None:
        self._stores = stores
        self._now = now
        facts = Facts(choices=choices)
        redirects_count = family.decide(Question.REDIRECTS_COUNT, facts)
        trusts_localhost = family.decide(Question.TRUSTS_LOCALHOST, facts)
        self._redirects_count = bool(redirects_count.answer)
        self._trusts_localhost = bool(trusts_localhost.answer)
        self.kept_back: Decision = family.say(redirects_count)
        """Why a cookie does not go with a request that another site has redirected."""
        self.refused: Decision = family.say(trusts_localhost)
        """Why a cookie is not taken."""
        self._requests: dict[tuple[str, bool], Request] = {}

    def sent(self, url: str, *, redirected: bool = False) -> Sequence[tuple[str, str]]:
        """Names and values, in order, two of one name too. `redirected`: by another site."""
        header = self._stores.cookies.header(self._request(url, redirected), self._now())
        return [(name, value) for name, _, value in _pairs(header)]

    def first(self, url: str, *, redirected: bool = False) -> Mapping[str, str]:
        """The same, as a server reads it: the first of each name."""
        return dict(reversed(self.sent(url, redirected=redirected)))

    def take(self, url: str, header: str) -> Cookie | None:
        """Take a `Set-Cookie` header; the cookie that it sets or deletes, or None."""
        return self._stores.cookies.take(self._request(url, False), header, self._now())

    def has(self, cookie: Cookie) -> bool:
        """Whether a cookie that it took is still there as it was, whenever that was made: session
        restore makes some anew."""
        return any(
            kept.identity == cookie.identity and kept.value == cookie.value
            for kept in self._stores.cookies
        )

    def expired(self, cookie: Cookie | None) -> bool:
        """Whether that cookie's time is over, on the person's computer."""
        return cookie is not None and cookie.expiry is not None and cookie.expiry <= self._now()

    def _request(self, url: str, redirected: bool) -> Request:
        crossed = redirected and self._redirects_count
        if (url, crossed) not in self._requests:
            self._requests[url, crossed] = Request(
                url=url, crossed=crossed, trusts_localhost=self._trusts_localhost
            )
        return self._requests[url, crossed]


def _pairs(header: str) -> list[tuple[str, str, str]]:
    return [pair.partition("=") for pair in header.split("; ") if pair]
