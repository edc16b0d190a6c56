"""Scenarios: plain functions that say what a person does, and nothing about what should come out.

The verbs are methods of `Browser`. What carries them out is an interpreter: a driver of a real
browser, or the narrator of this module.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from harness.absence import Absence, some_time
from harness.people import FIRST, PEOPLE
from harness.policy import Limits
from harness.verbs import VERBS, Moment, ScenarioError, Step, UnsupportedVerbError, narrate
from harness.windows import Windows

if TYPE_CHECKING:
    from harness.records import Observation

__all__ = [
    "Administrator",
    "Browser",
    "Check",
    "Interpreter",
    "Moment",
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


class Interpreter(Protocol):
    """What carries steps out."""

    def perform(self, step: Step) -> None:
        """Do one step; raise UnsupportedVerbError if that cannot be done."""

    def observe(self, label: str, steps: tuple[Step, ...]) -> Check:
        """Observe every surface of every environment, without disturbing any."""


class Administrator:
    """Somebody who runs the auth server, not at the browser."""

    def __init__(self, do: Callable[[Step], None]) -> None:
        self._do = do

    def override_session_policy(self) -> None:
        """Switch on the organization's override, with the persistence it does not have now."""
        self._do(Step("override_session_policy"))

    def change_cookie_scope(self) -> None:
        """Have the auth server set its cookie for another domain, the next time that it sets or
        deletes that of somebody who has one (the fault `scope_changed`)."""
        self._do(Step("change_cookie_scope"))

    def mend_cookie_scope(self) -> None:
        """Have it delete the cookie of the domain before, too, whenever it sets or deletes its
        own."""
        self._do(Step("mend_cookie_scope"))

    def revoke_sessions(self) -> None:
        """End every session on the server."""
        self._do(Step("revoke_sessions"))


class Browser:
    """A browser in the hands of a person. It has been started on a fresh profile.

    `limits` are those in force in its environments; none where nobody carries anything out.
    """

    def __init__(self, interpreter: Interpreter, limits: Collection[Limits] = ()) -> None:
        self._interpreter = interpreter
        self._absence = Absence(limits)
        self._open_pages: list[object] = []
        """Tabs in which the person has signed in or visited."""
        self._person = FIRST
        """Who signed in last, or is about to."""
        self._steps: list[Step] = []
        self._windows = Windows[object]()
        self._started()
        self.administrator = Administrator(self._do)
        self.tells = True
        """Whether a check returns what came out."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """What has been done so far."""
        return tuple(self._steps)

    def sign_in(self, *, as_: str | None = None) -> None:
        """Sign in to the application of every environment, in the tab in use; `as_`: as which of
        the people (`harness/people.py`), whoever is signed in there. Without it, as whoever signed
        in last, at first Ada."""
        if as_ not in (None, *PEOPLE):
            known = ", ".join(PEOPLE)
            raise ScenarioError(f"sign_in: there is nobody called {as_!r}; known: {known}")
        another = None if as_ in (None, self._person) else as_
        self._person = another or self._person
        self._at_applications(Step("sign_in", another))

    def sign_out(self) -> None:
        """Sign out in every application, which signs out at the auth server too."""
        self._do_running(Step("sign_out"))

    def sign_out_during_visit(self) -> None:
        """Sign out while every application is being opened in another tab: what that tab asked the
        auth server before the sign-out is answered after it. The other tab is closed then."""
        self._do_running(Step("sign_out_during_visit"))

    def visit(self) -> None:
        """Open every application again; each asks the auth server, which counts as activity."""
        self._at_applications(Step("visit"))

    def refresh_tokens(self) -> None:
        """Let the page of every application, which has stayed open in the tab in use since
        somebody signed in there or visited, exchange its refresh token: what pages do by
        themselves while time passes. It takes a kind of application that does
        (`keeps=("refreshing",)`)."""
        if self._windows and self._windows.current not in self._open_pages:
            raise ScenarioError("refresh_tokens: no application is open in the tab in use")
        self._do_running(Step("refresh_tokens"))

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
        self._started()

    def start(self, *, restoring: bool = False) -> None:
        """Start the browser on the profile it had; `restoring`: told to restore the last session
        this once (Chromium's `--restore-last-session`, Firefox's `resume_session_once`)."""
        if self._windows:
            raise ScenarioError("start: the browser is running already")
        self._do(Step("start", "restoring" if restoring else None))
        self._started()

    def restore_previous_session(self) -> None:
        """Ask the browser, which has just been started, to bring back the tabs of the last
        session. Later on Chromium offers those that were closed meanwhile, too, and none of an
        address that is open again."""
        if self._windows and self._used:
            raise ScenarioError(
                "restore_previous_session: ask for it right after the start, before anything is "
                "opened, closed or signed in to"
            )
        self._do_running(Step("restore_previous_session"))

    def settle(self) -> None:
        """Wait until what the browser remembers is on disk."""
        self._do_running(Step("settle"))

    def wait(self, time: timedelta) -> None:
        """Let time pass, on the server and for the browser, without waiting for it."""
        self._do(Step("wait", some_time("wait", time)))

    def wait_until(self, moment: Moment) -> None:
        """Let time pass until a moment relative to the policy. Where the environments have
        different timeouts, a scenario is carried out once for each. Raises UnsupportedVerbError
        where none has the limit that it is about."""
        try:
            left = self._absence.until(moment)
        except ScenarioError as error:
            raise ScenarioError(f"wait_until: {error}") from None
        self._do(Step("wait", left, moment))

    def visit_until(self, moment: Moment) -> None:
        """The same, and open every application again meanwhile: once at least, and so often that
        the inactivity timeout never passes. Raises UnsupportedVerbError also where that is too
        often for anybody."""
        try:
            pauses = list(self._absence.pauses(moment))
        except ScenarioError as error:
            raise ScenarioError(f"visit_until: {error}") from None
        for pause in pauses:
            self._do(Step("wait", pause))
            self.visit()
        self.wait_until(moment)

    def set_clock_back(self, time: timedelta) -> None:
        """Set the clock of the person's computer back; the server's goes on as it is."""
        self._do(Step("set_clock_back", some_time("set_clock_back", time)))

    def check(self, label: str) -> Check:
        """Observe every surface of every environment; `label` names the check in the report, and
        no other of the scenario. What came out is for tests to read, not for scenarios (`Unread`).
        """
        if not isinstance(label, str) or not label.strip():
            raise ScenarioError(f"check: the label must be text, not {label!r}")
        if Step("check", label) in self._steps:
            raise ScenarioError(f"check {label!r}: there was one already; give each its own name")
        if not self._windows:
            raise ScenarioError(f"check {label!r}: the browser is not running; start it first")
        self._steps.append(Step("check", label))
        seen = self._interpreter.observe(label, self.steps)
        return seen if self.tells else Unread()

    def _do(self, step: Step) -> None:
        self._steps.append(step)
        self._interpreter.perform(step)
        self._absence.note(step)

    def _do_running(self, step: Step) -> None:
        if not self._windows:
            raise ScenarioError(f"{step.verb}: the browser is not running; start it first")
        if VERBS[step.verb].browser and step.verb != "restore_previous_session":
            self._used = True
        self._do(step)

    def _started(self) -> None:
        self._windows.start(object())
        self._used = False
        """Whether anything has been done in the browser since."""

    def _at_applications(self, step: Step) -> None:
        self._do_running(step)
        self._open_pages.append(self._windows.current)

    def _end(self, step: Step) -> None:
        self._do_running(step)
        self._windows.gone()

    def _check_number(self, number: int | None, count: int, kind: str) -> None:
        if number is not None and number not in range(1, count + 1):
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

    @property
    def moments(self) -> frozenset[Moment]:
        """Those relative to the policy that it waits for."""
        return frozenset(step.until for step in steps_of(self) if step.until is not None)

    def __call__(self, browser: Browser) -> None:
        """Raises ScenarioError also where nothing was looked at: that could not fail."""
        browser.tells = False
        self.function(browser)
        if not any(step.verb == "check" for step in browser.steps):
            raise ScenarioError('it looks at nothing: say when, as browser.check("at last")')


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


def steps_of(scenario: Scenario, limits: Limits | None = None) -> tuple[Step, ...]:
    """The steps of a scenario, found by running it without a browser; with times relative to the
    policy only where its limits are given."""
    browser = Browser(_Narrator(), () if limits is None else (limits,))
    scenario(browser)
    return browser.steps
