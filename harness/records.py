"""What a run leaves behind: one JSON object a line. Every report is a fold over these records."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

__all__ = [
    "FORMAT",
    "Done",
    "Error",
    "Evidence",
    "Item",
    "LimitationNote",
    "Move",
    "Observation",
    "Place",
    "Record",
    "Run",
    "ScenarioNote",
    "Shown",
    "State",
    "Unsupported",
    "Verdict",
    "item_name",
]

FORMAT = 2
"""Of result files. 1, which did not say so, had no `done` and knew of no repetitions."""


class State(StrEnum):
    """What somebody is, at one surface of one environment."""

    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"


Shown = tuple[State, tuple[str, ...]]
"""What is to be seen at a surface: whether somebody is signed in, and who (email addresses)."""


class Verdict(StrEnum):
    """What became of a promise."""

    FLAKY = "flaky"
    """It disagreed with itself when it was repeated: never one repeat's verdict, only a cell's."""
    KEPT = "kept"
    LIMITATION = "limitation"
    UNEXPECTED = "unexpected"
    INCONCLUSIVE = "inconclusive"
    """The machine was too slow for the question."""
    UNEXPLAINED = "unexplained"
    """Not as promised, in a browser of which nobody knows what to expect."""
    UNSUPPORTED = "unsupported"
    ERROR = "error"


class Evidence(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an observation rests on; everything but `browser_cookies` comes from the server."""

    who: tuple[str, ...] = ()
    """As whom somebody is signed in: email addresses, several where several tabs were looked
    at."""

    cookies_sent: tuple[str, ...] = ()
    """Names of the cookies that the browser sent to this surface's host at the check, in order, two
    of one name too."""
    duplicates: tuple[str, ...] = ()
    """Those whose name came more than once, in order, their values shortened: the server takes the
    first."""
    set_cookie: tuple[str, ...] = ()
    """The latest `Set-Cookie` of each cookie the surface rests on, its value shortened."""
    attributes: str | None = None
    """How the attributes of its `Set-Cookie` differ from what the policy makes of them."""
    reason: str | None = None
    """Why the server says the session is over; None where it is not."""
    persistent_claim: bool | None = None
    """What the access token that the login began with said (`ksp.persistent`); None where there is
    no such token, or it said nothing."""
    tabs: tuple[str, ...] = ()
    """What each tab showed, where what belongs to a tab was looked at in several."""
    time: tuple[str, ...] = ()
    """How time was moved, in the order it was."""
    notes: tuple[str, ...] = ()
    """What the engine did that a reader should know (a process that it had to end, say)."""
    decisions: tuple[str, ...] = ()
    """What became of the thing that the surface rests on, as it is expected of this browser: each
    decision that touched it, in order."""
    carriers: tuple[str, ...] = ()
    """At somebody's own login: what carries the session there, as it was found; where there are
    several, each suffices."""
    behind: str | None = None
    """At somebody's own login, where something is not as expected: which of browser, server and
    application it is, and why."""
    kept: tuple[str, ...] = ()
    """Files that were kept of the lifecycle, a screenshot or a trace: relative to the result
    file."""
    browser_cookies: tuple[str, ...] = ()
    """The browser's own cookie list for the host: a diagnostic, never the verdict's ground."""


class Run(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="run"):
    """The first line of a run."""

    id: str = ""
    """Tells it from every other run."""
    format: int = 1
    """Of the file: `FORMAT`, as whoever wrote it knew it."""
    started: str
    """ISO 8601, UTC."""
    versions: dict[str, str]
    platform: str
    configuration: dict[str, object]
    scenarios: dict[str, "ScenarioNote"] = {}
    """What the run's scenarios say of themselves, by name."""
    limitations: dict[str, "LimitationNote"] = {}
    """The registry at the time of the run, by id."""
    items: tuple[str, ...] = ()
    """What the run is to carry out: each `Place.item`, as often as `repeat` in the configuration
    says."""
    shard: str = ""
    """Which part of a whole those are, and of how many: `2/4`. Empty: they are all of it."""
    whole: str = ""
    """The same for all shards that are cut from the same items in the same way."""

    @property
    def policies(self) -> Mapping[str, Mapping[str, object]]:
        """What was promised, by environment, where the configuration tells it."""
        told = self.configuration.get("policies")
        known = told.items() if isinstance(told, dict) else ()
        return {name: policy for name, policy in known if isinstance(policy, dict)}


class ScenarioNote(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario, as reports show it."""

    title: str
    claims: str
    covers: tuple[str, ...] = ()
    pack: str = ""
    """The folder that it is in."""
    moves: tuple["Move", ...] = ()
    """Its steps, for whoever draws them; empty where they cannot be told without a browser."""


class Move(msgspec.Struct, frozen=True, array_like=True):
    """A step of a scenario, its checks among them."""

    verb: str
    value: str | float | None = None
    """Seconds, the number of a tab or window, or a label, as the verb has it; None where it has
    none, or where it depends on the policy."""
    until: str = ""
    """The moment relative to the policy that a wait is for."""


class LimitationNote(msgspec.Struct, frozen=True, kw_only=True):
    """A limitation, as reports show it."""

    sentence: str
    sources: tuple[str, ...]


def item_name(scenario: str, engine: str, preset: str) -> str:
    """The name of an item, the same on every machine."""
    return f"{scenario}[{engine}-{preset}]"


class Place(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="type"):
    """Which item a record is of, and of which time that it was carried out."""

    scenario: str
    engine: str
    preset: str
    repetition: int = 1
    """Counted from 1."""
    attempt: str = ""
    """Tells carrying it out once from every other time, those that were cut short included. Empty
    in files of format 1."""

    @property
    def item(self) -> str:
        """The item's name, the same in every repetition."""
        return item_name(self.scenario, self.engine, self.preset)


class Done(Place, frozen=True, kw_only=True, gc=False, tag="done"):
    """An item has ended, and everything that came of it is written down: the last record of its
    attempt. An attempt without it was cut short, and does not count."""

    duration_s: float
    failed: bool = False
    """Whether it failed by itself: by an assertion of the scenario's own, say."""


class Item(Place, frozen=True, kw_only=True, gc=False, tag_field="type"):
    """What every record of what came of an item has in common."""

    engine_version: str


class Observation(Item, frozen=True, kw_only=True, gc=False, tag="observation"):
    """One surface, of one environment, at one check."""

    check: str
    policy: str
    surface: str
    promised: State
    promised_who: tuple[str, ...] = ()
    """As whom: an email address."""
    expected: State | None = None
    """What this browser does after the steps at a site without a bug; None where nobody knows."""
    expected_who: tuple[str, ...] = ()
    """As whom, likewise."""
    measured: str | None = None
    """The version of this browser that was measured; None where none was."""
    observed: State
    verdict: Verdict
    limitation: str | None = None
    steps: tuple[str, ...]
    evidence: Evidence
    duration_s: float
    """Seconds from the start of the item to this check."""

    @property
    def comparison(self) -> str:
        """What was promised, expected and observed; and which of two it is, if it is unexpected."""
        expected = f"expected {self.told_expected}, " if self.expected else ""
        text = f"promised {self.told_promised}, {expected}observed {self.told_observed}"
        if self.verdict is not Verdict.UNEXPECTED:
            return text
        if self.evidence.behind:
            return f"{text}: {self.evidence.behind}"
        if self.evidence.attributes and self.shown == (self.expected, self.expected_who):
            return f"{text}: {self.evidence.attributes}"
        if self.shown == (self.promised, self.promised_who):
            return (
                f"{text}: the promise is kept although this browser was measured to bend it; the "
                f"browser, or how it is set up, has changed ({self._versions})"
            )
        return f"{text}: the promise is broken, and nothing known explains it ({self._versions})"

    @property
    def _versions(self) -> str:
        return f"measured {self.measured or 'in no version'}, running {self.engine_version}"

    @property
    def shown(self) -> Shown:
        """What was observed, and of whom: all that a model, or another run, must agree in."""
        return self.observed, self.evidence.who

    @property
    def told_promised(self) -> str:
        """The promise in words: as whom, too, where not all are the same person."""
        return self._told(self.promised, self.promised_who)

    @property
    def told_expected(self) -> str:
        """Likewise."""
        return self._told(self.expected, self.expected_who) if self.expected else ""

    @property
    def told_observed(self) -> str:
        """Likewise."""
        return self._told(self.observed, self.evidence.who)

    def _told(self, state: State, who: tuple[str, ...]) -> str:
        people = {*self.promised_who, *self.expected_who, *self.evidence.who}
        return f"{state} as {' and '.join(who)}" if who and len(people) > 1 else state.value

    @property
    def signed_in(self) -> bool:
        """Whether the server took the browser for signed in."""
        return self.observed is State.SIGNED_IN


class Unsupported(Item, frozen=True, kw_only=True, gc=False, tag="unsupported"):
    """An item that the engine cannot do, and why."""

    reason: str
    steps: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """What became of the promises: none could be tested."""
        return Verdict.UNSUPPORTED

    @property
    def sentence(self) -> str:
        """What a reader is told."""
        return self.reason


class Error(Item, frozen=True, kw_only=True, gc=False, tag="error"):
    """An item that broke off: what was seen."""

    message: str
    steps: tuple[str, ...]
    kept: tuple[str, ...] = ()
    """As in `Evidence`."""

    @property
    def verdict(self) -> Verdict:
        """What became of the promises: from here on nothing is known."""
        return Verdict.ERROR

    @property
    def sentence(self) -> str:
        """What a reader is told."""
        return self.message


Record = Run | Observation | Unsupported | Error | Done
