"""Whether the server's log has what a person was to do, at every environment."""

from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

from harness.engines.control_client import ServedEnvironment
from harness.engines.person import login_as
from harness.people import PEOPLE
from harness.scenario import Step
from harness.server.exchanges import Exchange

__all__ = ["AT_SERVER", "Trace", "address_of", "credentials"]

AT_SERVER = ("sign_in", "visit", "sign_out")
"""What the server sees for itself."""

_HANDOVER = "demo_handover="
"""The cookie that an application sets when somebody has signed in there."""


def address_of(step: Step, environments: Sequence[ServedEnvironment]) -> str:
    """Where the person is sent to do one of those steps, at one application after the other."""
    applications = [environment.app_url for environment in environments]
    if step.verb == "sign_out":
        first, *rest = [f"{application}/sign-out" for application in applications]
        return f"{first}?{urlencode([('return_to', stop) for stop in rest])}" if rest else first
    if step.verb == "visit":
        return _through(applications, "/login?prompt=none")
    if isinstance(step.value, str):
        return _through(applications, login_as(PEOPLE[step.value]))
    return _through(applications, "/login")


def _through(applications: Sequence[str], login: str) -> str:
    """The address where a visit begins that goes to every application's login and home, each a page
    of its own: WebKit forgets what a frame has kept, be it of the same site. The last home shows
    the others beside it nevertheless, for Firefox remembers of a tab what pages have in it that are
    there at the end."""
    *others, last = applications
    beside = urlencode([("beside", f"{application}/") for application in others])
    stops = [stop for app in applications for stop in (f"{app}{login}", f"{app}/")]
    if beside:
        stops[-1] = f"{last}/?{beside}"
    first, *rest = stops
    separator = "&" if "?" in first else "?"
    return f"{first}{separator}{urlencode([('return_to', stop) for stop in rest])}"


class Trace:
    """One step, as it shows in the log."""

    def __init__(self, step: Step, environments: Sequence[ServedEnvironment]) -> None:
        self._verb = step.verb
        self._left = {urlsplit(environment.app_url).netloc for environment in environments}
        self._half_way: set[str] = set()

    @property
    def complete(self) -> bool:
        """Whether the step is done everywhere."""
        return not self._left

    def take(self, exchange: Exchange) -> None:
        """Account for one more exchange. An application is done with once its home has been shown,
        after the exchange that counts: the page keeps what it is to keep."""
        if exchange.host not in self._left:
            return
        if self._counts(exchange):
            self._half_way.add(exchange.host)
        elif exchange.path == "/" and exchange.status == 200 and exchange.host in self._half_way:
            self._left.discard(exchange.host)

    def _counts(self, exchange: Exchange) -> bool:
        if self._verb == "sign_out":
            return exchange.path == "/sign-out"
        if exchange.path != "/callback" or exchange.status != 302:
            return False
        kept = any(header.startswith(_HANDOVER) for header in exchange.cookies_out)
        return kept or self._verb == "visit"


def credentials(name: str) -> str:
    """As whom the person is to sign in, in words."""
    person = PEOPLE[name]
    return f"Sign in as {person.email} with the password “{person.password}”"
