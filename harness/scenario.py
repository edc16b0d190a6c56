"""Scenarios: plain functions that say what a person does, and nothing about what should come out.

The verbs are methods of `Browser`. What carries them out is an interpreter: a driver of a real
browser, or the narrator of this module.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from harness.windows import Windows

if TYPE_CHECKING:
    from harness.records import Observation

__all__ = [
    "Administrator",
    "Browser",
    "Check",
    "Interpreter",
    "Scenario",
    "ScenarioError",
    "Step",
    "Unread",
    "UnsupportedVerbError",
    "narrate",
    "scenario",
    "steps_of",
]

Check = Mapping[tuple[str, str], "Observation"]
"""What was observed at a check, by policy (the environment's name) and surface."""


class ScenarioError(Exception):
    """A scenario that asks for what a person could not do: the message says what and when."""


class UnsupportedVerbError(Exception):
    """A verb that this engine cannot do; the message is the reason. The row becomes unsupported."""


class Unread(Mapping[tuple[str, str], "Observation"]):
    """What a scenario is given at its checks: it says what a person does, the same in a browser, in
    many models at once and when it is told as steps, so nothing in it may depend on what came out.
    Reading it raises ScenarioError."""

    def __getitem__(self, key: object) -> "Observation":
        raise self._error

    def __iter__(self) -> Iterator[tuple[str, str]]:
        raise self._error

    def __len__(self) -> int:
        raise self._error

    @property
    def _error(self) -> ScenarioError:
        return ScenarioError(
            "check: a scenario is told nothing of what came out, for it says what a person does "
            "whatever that is; assert in a test of your own, with the fixture session_browser"
        )


@dataclass(frozen=True)
class Step:
    """One thing that is done. `value` is the verb's argument, where it has one."""

    verb: str
    value: int | str | timedelta | None = None


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


_SENTENCES: Mapping[str, Callable[[Step], str]] = {
    "sign_in": lambda step: "Sign in to the application.",
    "sign_out": lambda step: "Sign out in the application.",
    "sign_out_during_visit": lambda step: "Open the application in another tab and, while it is "
    "still loading, sign out in this one.",
    "visit": lambda step: "Open the application again and let it ask the auth server who you are.",
    "open_tab": lambda step: "Open a new tab.",
    "close_tab": lambda step: f"Close {_which('tab', step.value)}.",
    "open_window": lambda step: "Open a new window.",
    "open_popup": lambda step: "Let the page open a popup window.",
    "pin_tab": lambda step: "Pin the tab in use.",
    "close_window": lambda step: f"Close {_which('window', step.value)}.",
    "quit": lambda step: "Close the browser.",
    "crash": lambda step: "The browser crashes.",
    "end_os_session": lambda step: "The operating system shuts down and asks the browser to end.",
    "restart": lambda step: "Let the browser restart itself, as after an update.",
    "start": lambda step: "Start the browser, told to restore the last session this once."
    if step.value
    else "Start the browser.",
    "restore_previous_session": lambda step: "Ask the browser for the tabs of the last session.",
    "settle": lambda step: "Wait until what the browser remembers is on disk.",
    "wait": lambda step: f"Stay away for {_duration(step.value)}."
    if isinstance(step.value, timedelta)
    else "",
    "set_clock_back": lambda step: f"Set the computer's clock back by {_duration(step.value)}."
    if isinstance(step.value, timedelta)
    else "",
    "override_session_policy": lambda step: "An administrator overrides the organization's session "
    "policy with the opposite one.",
    "revoke_sessions": lambda step: "An administrator revokes every session.",
    "check": lambda step: f"Check: {step.value}.",
}


def narrate(step: Step) -> str:
    """The step as a sentence for a person."""
    return _SENTENCES[step.verb](step)


class Interpreter(Protocol):
    """What carries steps out."""

    def perform(self, step: Step) -> None:
        """Do one step; raise UnsupportedVerbError if that cannot be done."""

    def observe(self, label: str, steps: tuple[Step, ...]) -> Check:
        """Observe every surface of every environment, without disturbing any."""


class Administrator:
    """Somebody at the auth server's console, not at the browser."""

    def __init__(self, do: Callable[[Step], None]) -> None:
        self._do = do

    def override_session_policy(self) -> None:
        """Switch on the organization's override, with the persistence it does not have now."""
        self._do(Step("override_session_policy"))

    def revoke_sessions(self) -> None:
        """End every session on the server."""
        self._do(Step("revoke_sessions"))


class Browser:
    """A browser in the hands of a person. It has been started on a fresh profile."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._steps: list[Step] = []
        self._windows = Windows[object]()
        self._windows.start(object())
        self.administrator = Administrator(self._do)
        self.tells = True
        """Whether a check returns what came out."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """What has been done so far."""
        return tuple(self._steps)

    def sign_in(self) -> None:
        """Sign in to the application of every environment, in the tab in use."""
        self._do_running(Step("sign_in"))

    def sign_out(self) -> None:
        """Sign out in every application, which signs out at the auth server too."""
        self._do_running(Step("sign_out"))

    def sign_out_during_visit(self) -> None:
        """Sign out while every application is being opened in another tab: what that tab asked the
        auth server before the sign-out is answered after it. The other tab is closed then."""
        self._do_running(Step("sign_out_during_visit"))

    def visit(self) -> None:
        """Open every application again; each asks the auth server, which counts as activity."""
        self._do_running(Step("visit"))

    def open_tab(self) -> None:
        """Open an empty tab in the window in use; it is then the one in use."""
        self._do_running(Step("open_tab"))
        self._windows.open_tab(object())

    def close_tab(self, number: int | None = None) -> None:
        """Close a tab of the window in use: the one in use, or the `number`th, counted from 1.

        The browser ends with its last tab, as browsers on Linux and Windows do.
        """
        self._check_number(number, sum(self._windows.counts[-1:]), "tab")
        self._do_running(Step("close_tab", number))
        self._windows.close_tab(number)

    def open_window(self) -> None:
        """Open a second window with an empty tab; it is then the one in use."""
        self._do_running(Step("open_window"))
        self._windows.open_window(object())

    def open_popup(self) -> None:
        """Let the page in use open a popup window, empty; it is then the one in use."""
        self._do_running(Step("open_popup"))
        self._windows.open_window(object())

    def pin_tab(self) -> None:
        """Pin the tab in use."""
        self._do_running(Step("pin_tab"))

    def close_window(self, number: int | None = None) -> None:
        """Close the window in use, or the `number`th. The browser ends with its last window."""
        self._check_number(number, len(self._windows.counts), "window")
        self._do_running(Step("close_window", number))
        self._windows.close_window(number)

    def quit(self) -> None:
        """Close the browser as a person does."""
        self._end(Step("quit"))

    def crash(self) -> None:
        """The browser's processes are killed."""
        self._end(Step("crash"))

    def end_os_session(self) -> None:
        """The operating system shuts down: it asks every process of the session to end."""
        self._end(Step("end_os_session"))

    def restart(self) -> None:
        """The browser ends and starts again by itself, as it does after an update."""
        self._do_running(Step("restart"))
        self._windows.start(object())

    def start(self, *, restoring: bool = False) -> None:
        """Start the browser on the profile it had; `restoring`: told to restore the last session
        this once (Chromium's `--restore-last-session`, Firefox's `resume_session_once`)."""
        if self._windows:
            raise ScenarioError("start: the browser is running already")
        self._do(Step("start", "restoring" if restoring else None))
        self._windows.start(object())

    def restore_previous_session(self) -> None:
        """Ask the browser, which has just been started, to bring back the tabs of the last
        session. Later on Chromium offers those that were closed meanwhile, too."""
        self._do_running(Step("restore_previous_session"))

    def settle(self) -> None:
        """Wait until what the browser remembers is on disk."""
        self._do_running(Step("settle"))

    def wait(self, time: timedelta) -> None:
        """Let time pass, on the server and for the browser, without waiting for it."""
        if time <= timedelta(0):
            raise ScenarioError(f"wait: the time must be more than nothing, not {time}")
        self._do(Step("wait", time))

    def set_clock_back(self, time: timedelta) -> None:
        """Set the clock of the person's computer back; the server's goes on as it is."""
        if time <= timedelta(0):
            raise ScenarioError(f"set_clock_back: the time must be more than nothing, not {time}")
        self._do(Step("set_clock_back", time))

    def check(self, label: str) -> Check:
        """Observe every surface of every environment; `label` names the check in the report. What
        came out is for tests to read, not for scenarios (`Unread`)."""
        if not self._windows:
            raise ScenarioError(f"check {label!r}: the browser is not running; start it first")
        self._steps.append(Step("check", label))
        seen = self._interpreter.observe(label, self.steps)
        return seen if self.tells else Unread()

    def _do(self, step: Step) -> None:
        self._steps.append(step)
        self._interpreter.perform(step)

    def _do_running(self, step: Step) -> None:
        if not self._windows:
            raise ScenarioError(f"{step.verb}: the browser is not running; start it first")
        self._do(step)

    def _end(self, step: Step) -> None:
        self._do_running(step)
        self._windows.gone()

    def _check_number(self, number: int | None, count: int, kind: str) -> None:
        if number is not None and not 1 <= number <= count:
            raise ScenarioError(f"close_{kind}: there is no {kind} {number}; {count} open")


@dataclass(frozen=True)
class Scenario:
    """A named lifecycle. Call it with a `Browser`."""

    function: Callable[[Browser], None]
    title: str
    claims: str
    covers: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """`module.function`, as results and reports name it."""
        return f"{self.function.__module__.rpartition('.')[2]}.{self.function.__name__}"

    def __call__(self, browser: Browser) -> None:
        browser.tells = False
        self.function(browser)


def scenario(
    *, title: str, claims: str, covers: tuple[str, ...] = (), keeps: tuple[str, ...] = ()
) -> Callable[[Callable[[Browser], None]], Scenario]:
    """Make a function a scenario.

    `title` is what it is called in reports, `claims` the sentence about sessions it puts to the
    test, `covers` the standards' sections or vendors' tests it stands for, `keeps` ways in which
    the applications keep a login for it, beside the usual ones (`harness/apps`).
    """

    def decorate(function: Callable[[Browser], None]) -> Scenario:
        return Scenario(function, title, claims, covers, keeps)

    return decorate


@dataclass
class _Narrator:
    """An interpreter that only listens."""

    performed: list[Step] = field(default_factory=list)

    def perform(self, step: Step) -> None:
        """Note the step."""
        self.performed.append(step)

    def observe(self, label: str, steps: tuple[Step, ...]) -> Check:
        """Nothing is there to see."""
        return {}


def steps_of(scenario: Scenario) -> tuple[Step, ...]:
    """The steps of a scenario, found by running it without a browser."""
    browser = Browser(_Narrator())
    scenario(browser)
    return browser.steps
