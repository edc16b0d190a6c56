"""The verbs of scenarios: one table of all that a person, an administrator or chance does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from harness.people import PEOPLE
from harness.policy import Limits

__all__ = [
    "VERBS",
    "Argument",
    "Moment",
    "ScenarioError",
    "Step",
    "UnsupportedVerbError",
    "Verb",
    "narrate",
    "verbs_that",
]


class ScenarioError(Exception):
    """A scenario that asks for what a person could not do: the message says what and when."""


class UnsupportedVerbError(Exception):
    """A verb that this engine cannot do, or that is about what these environments have not; the
    message is the reason. The row becomes unsupported."""


class Moment(Enum):
    """A time relative to the policy: to the second by the server's clock, which stands still but
    for such waits. The inactivity timeout is counted from when the person last signed in or
    visited, or a page exchanged its refresh token; the absolute limit (where there is one) from
    when they last signed in."""

    JUST_BEFORE_THE_TIMEOUT = "just before the inactivity timeout has passed"
    JUST_AFTER_THE_TIMEOUT = "just after the inactivity timeout has passed"
    JUST_BEFORE_THE_ABSOLUTE_LIMIT = "just before the absolute limit has passed"
    JUST_AFTER_THE_ABSOLUTE_LIMIT = "just after the absolute limit has passed"

    @property
    def is_before(self) -> bool:
        """Whether what it is about is still to come."""
        return self in (Moment.JUST_BEFORE_THE_TIMEOUT, Moment.JUST_BEFORE_THE_ABSOLUTE_LIMIT)

    @property
    def is_absolute(self) -> bool:
        """Whether it is about the absolute limit."""
        return self in (
            Moment.JUST_BEFORE_THE_ABSOLUTE_LIMIT,
            Moment.JUST_AFTER_THE_ABSOLUTE_LIMIT,
        )

    def limit(self, limits: Limits) -> int | None:
        """Which of the limits it is about, in seconds; None where there is no such limit."""
        return limits.absolute if self.is_absolute else limits.inactivity

    def after(self, limit: int) -> timedelta:
        """How long after what it is counted from that is, with a limit in seconds."""
        return timedelta(seconds=limit - 1 if self.is_before else limit + 1)


@dataclass(frozen=True)
class Step:
    """One thing that is done. `value` is the verb's argument, where it has one; `until` is the
    moment that a wait is for. As long as nobody knows the policy, a wait that depends on it has no
    value."""

    verb: str
    value: int | str | timedelta | None = None
    until: Moment | None = None


class Argument(Enum):
    """What may be the value of a step."""

    NOTHING = auto()
    NUMBER = auto()
    """Which tab or window, counted from 1; None is the one in use."""
    TIME = auto()
    LABEL = auto()
    RESTORING = auto()
    """`restoring`, or None."""
    PERSON = auto()
    """The name of somebody else than who signed in last; None is the same person again."""


@dataclass(frozen=True, kw_only=True)
class Verb:
    """What one verb is."""

    sentence: Callable[[Step], str]
    """For a person."""
    argument: Argument = Argument.NOTHING
    server: bool = False
    """Whether it changes something on the server."""
    browser: bool = False
    """Whether it changes, in a browser that goes on running, what that will write to disk."""
    administrator: bool = False
    """Whether it is somebody else who does it, at the auth server's console."""


def narrate(step: Step) -> str:
    """The step as a sentence for a person."""
    return VERBS[step.verb].sentence(step)


def verbs_that(asked: Callable[[Verb], bool]) -> frozenset[str]:
    """The names of verbs of one kind."""
    return frozenset(name for name, verb in VERBS.items() if asked(verb))


_ORDINALS = ("first", "second", "third", "fourth", "fifth")


def _which(kind: str, value: object) -> str:
    if isinstance(value, int):
        return f"the {_ORDINALS[value - 1] if value <= len(_ORDINALS) else f'{value}th'} {kind}"
    return f"the {kind} in use"


def _duration(time: timedelta) -> str:
    parts = []
    minutes, seconds = divmod(round(time.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    for amount, unit in ((days, "day"), (hours, "hour"), (minutes, "minute"), (seconds, "second")):
        if amount:
            parts.append(f"{amount} {unit}{'' if amount == 1 else 's'}")
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) if parts else "no time"


def _absence(step: Step) -> str:
    until = f"until {step.until.value}" if step.until else ""
    how_long = f"for {_duration(step.value)}" if isinstance(step.value, timedelta) else ""
    said = ", ".join(filter(None, [until, how_long]))
    return said or "for less than the inactivity timeout, once or more"


VERBS: Mapping[str, Verb] = {
    "sign_in": Verb(
        sentence=lambda step: f"Sign in to the application as somebody else: "
        f"{PEOPLE[step.value].given_name}."
        if isinstance(step.value, str)
        else "Sign in to the application.",
        argument=Argument.PERSON,
        server=True,
        browser=True,
    ),
    "sign_out": Verb(
        sentence=lambda step: "Sign out in the application.", server=True, browser=True
    ),
    "sign_out_during_visit": Verb(
        sentence=lambda step: "Open the application in another tab and, while it is still loading, "
        "sign out in this one.",
        server=True,
        browser=True,
    ),
    "visit": Verb(
        sentence=lambda step: "Open the application again and let it ask the auth server who you "
        "are.",
        server=True,
        browser=True,
    ),
    "refresh_tokens": Verb(
        sentence=lambda step: "The application's page, which is still open, exchanges its refresh "
        "token.",
        server=True,
    ),
    "open_tab": Verb(sentence=lambda step: "Open a new tab.", browser=True),
    "close_tab": Verb(
        sentence=lambda step: f"Close {_which('tab', step.value)}.",
        argument=Argument.NUMBER,
        browser=True,
    ),
    "open_window": Verb(sentence=lambda step: "Open a new window.", browser=True),
    "open_popup": Verb(sentence=lambda step: "Let the page open a popup window.", browser=True),
    "pin_tab": Verb(sentence=lambda step: "Pin the tab in use.", browser=True),
    "close_window": Verb(
        sentence=lambda step: f"Close {_which('window', step.value)}.",
        argument=Argument.NUMBER,
        browser=True,
    ),
    "quit": Verb(sentence=lambda step: "Close the browser."),
    "crash": Verb(sentence=lambda step: "The browser crashes."),
    "end_os_session": Verb(
        sentence=lambda step: "The operating system shuts down and asks the browser to end."
    ),
    "restart": Verb(sentence=lambda step: "Let the browser restart itself, as after an update."),
    "start": Verb(
        sentence=lambda step: "Start the browser, told to restore the last session this once."
        if step.value
        else "Start the browser.",
        argument=Argument.RESTORING,
    ),
    "restore_previous_session": Verb(
        sentence=lambda step: "Ask the browser for the tabs of the last session.", browser=True
    ),
    "settle": Verb(sentence=lambda step: "Wait until what the browser remembers is on disk."),
    "wait": Verb(
        sentence=lambda step: f"Stay away {_absence(step)}.",
        argument=Argument.TIME,
        server=True,
        browser=True,
    ),
    "set_clock_back": Verb(
        sentence=lambda step: f"Set the computer's clock back by {_duration(step.value)}."
        if isinstance(step.value, timedelta)
        else "",
        argument=Argument.TIME,
        browser=True,
    ),
    "override_session_policy": Verb(
        sentence=lambda step: "An administrator overrides the organization's session policy with "
        "the opposite one.",
        server=True,
        administrator=True,
    ),
    "change_cookie_scope": Verb(
        sentence=lambda step: "The auth server is to set its cookie for another domain from now "
        "on.",
        server=True,
        administrator=True,
    ),
    "mend_cookie_scope": Verb(
        sentence=lambda step: "The auth server is to delete the cookie of the domain before, too, "
        "at each sign-in and sign-out.",
        server=True,
        administrator=True,
    ),
    "revoke_sessions": Verb(
        sentence=lambda step: "An administrator revokes every session.",
        server=True,
        administrator=True,
    ),
    "check": Verb(sentence=lambda step: f"Check: {step.value}.", argument=Argument.LABEL),
}
"""Every verb, by its name."""
