"""The simulated browser: carries a scenario's steps out in a model, in milliseconds.

It speaks HTTP to the same server and signs in through the same pages as a real browser. What it
rests on is in `harness/model/`: cookies by RFC 6265bis, pages and their scripts, and each family's
rules. It is trusted as far as real browsers agree with it (docs/model.md).
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from functools import partial

from harness.engines.answer_memo import CHANGING, AnswerMemo
from harness.engines.control_client import PARTS, ServedEnvironment, listed_for
from harness.engines.person import login_as, visit_of
from harness.engines.tabs import in_any_tab
from harness.model.agent import EMPTY, AgentError, Tab, UserAgent
from harness.model.document import Form, ScriptError
from harness.model.family import Facts, Family, Question
from harness.model.playing import Clock, Player
from harness.people import FIRST, PEOPLE
from harness.policy import Persistence
from harness.presets import choices_of
from harness.received import Look, Received, Seen
from harness.scenario import Step
from harness.setup import Setup

__all__ = ["Simulated", "SimulationError"]


class SimulationError(Exception):
    """The model could not go on: a page that it does not understand, or that is in the way."""


class Simulated:
    """One lifecycle in one model, for every environment at once. A context manager."""

    def __init__(self, memo: AnswerMemo, family: Family, setup: Setup) -> None:
        self._memo = memo
        self._setup = setup
        self._clock = Clock(memo.began)
        choices = choices_of(setup.preset)
        facts = Facts(choices=choices)
        self._agent = UserAgent(
            memo.connection,
            name=f"Afterclose {family.name}",
            now=self._clock.now,
            redirects_count=bool(family.decide(Question.REDIRECTS_COUNT, facts).answer),
            trusts_localhost=bool(family.decide(Question.TRUSTS_LOCALHOST, facts).answer),
        )
        self._site = _HttpSite(memo, self._agent)
        self._player = Player(family, choices, self._agent, self._site, self._clock)
        self._time: list[str] = []

    def __enter__(self) -> "Simulated":
        setup = self._setup
        self._site.environments = self._memo.begin(setup.names, setup.keeps)
        self._site.persistence = {
            environment.name: environment.effective_policy.persistence
            for environment in setup.environments
        }
        self._player.perform(Step("start"))
        return self

    def __exit__(self, *_: object) -> None:
        self._memo.close()

    def perform(self, step: Step) -> None:
        """Do one step in the model."""
        self._setup.check(step)
        self._site.moment += step.verb in CHANGING
        try:
            self._player.perform(step)
        except (AgentError, ScriptError) as error:
            raise SimulationError(f"{step.verb}: {error}") from None
        self._time += _how_time_was_moved(step)

    def look(self) -> Look:
        """Show every surface to the server."""
        try:
            seen = self._site.look(self._player.current, self._player.came_back)
        except (AgentError, ScriptError) as error:
            raise SimulationError(f"check: {error}") from None
        cookies = [(cookie.domain, cookie.name) for cookie in self._agent.cookies]
        listed = listed_for(self._site.environments, cookies)
        return Look(seen=seen, time=tuple(self._time), listed=listed)


def _how_time_was_moved(step: Step) -> list[str]:
    if not isinstance(step.value, timedelta):
        return []
    seconds = f"{step.value.total_seconds():.0f} s"
    if step.verb == "wait":
        return [f"{seconds}: the server's clock was moved, and the model's with it"]
    return [f"{seconds} back on the person's computer alone"]


class _HttpSite:
    """The server under test, with its applications."""

    def __init__(self, memo: AnswerMemo, agent: UserAgent) -> None:
        self._memo = memo
        self._control = memo.control
        self._agent = agent
        self.environments: list[ServedEnvironment] = []
        self.persistence: dict[str, Persistence] = {}
        self._someone = PEOPLE[FIRST]
        self.moment = 0
        """By how many steps the server has been changed."""

    def sign_in(self, tab: Tab, person: str | None) -> None:
        """Through the pages of every application and auth server."""
        login = "/login"
        if person is not None:
            self._someone = PEOPLE[person]
            login = login_as(self._someone)
        self._interact("sign_in", tab, lambda: self._visit_applications(tab, login))

    def visit(self, tab: Tab) -> None:
        """Silently."""
        login = "/login?prompt=none"
        self._interact("visit", tab, lambda: self._visit_applications(tab, login))

    def refresh_tokens(self, tab: Tab) -> None:
        """By what the open page sends."""
        self._interact("refresh_tokens", tab, lambda: self._refresh_everywhere(tab))

    def sign_out(self, tab: Tab) -> None:
        """By the link of every application."""
        self._interact("sign_out", tab, lambda: self._sign_out_everywhere(tab))

    def sign_out_during_visit(self, tab: Tab) -> None:
        """With a connection of its own for the other tab."""
        action = partial(self._sign_out_with_another_tab, tab)
        self._interact("sign_out_during_visit", tab, action)

    def wait(self, seconds: float) -> None:
        """By the server's clock."""
        self._memo.once(self.moment, "wait", lambda: self._control.advance(seconds))

    def override_session_policy(self) -> None:
        """By the management API."""
        self.persistence = {name: p.opposite for name, p in self.persistence.items()}
        for environment in self.environments:
            override = partial(
                self._control.override_persistence, environment, self.persistence[environment.name]
            )
            self._memo.once(self.moment, f"override {environment.name}", override)

    def change_cookie_scope(self) -> None:
        """By the fault of the control API."""
        for environment in self.environments:
            change = partial(self._control.change_cookie_scope, environment)
            self._memo.once(self.moment, f"change scope {environment.name}", change)

    def mend_cookie_scope(self) -> None:
        """Likewise."""
        for environment in self.environments:
            mend = partial(self._control.mend_cookie_scope, environment)
            self._memo.once(self.moment, f"mend scope {environment.name}", mend)

    def revoke_sessions(self) -> None:
        """By the control API."""
        for environment in self.environments:
            revoke = partial(self._control.revoke, environment)
            self._memo.once(self.moment, f"revoke {environment.name}", revoke)

    def look(self, in_use: Tab, others: Sequence[Tab]) -> Seen:
        """As the driver of a real browser looks: what belongs to a tab is read in the tab in use,
        in place if that is empty and else in frames, and in frames of those that came back."""
        in_tab = partial(self._look_at, in_use, in_frames=not in_use.empty)
        first = self._memo.look(self.moment, in_tab, self._agent, in_use, PARTS)
        seen = in_any_tab(first, [(tab.url, self._look_behind(tab)) for tab in others])
        for tab in others:
            tab.pending = False
        return seen

    def _interact(self, what: str, tab: Tab, action: Callable[[], None]) -> None:
        """Do something that the server sees; done once for all models in the same state."""
        self._memo.share(self.moment, what, action, self._agent, [tab])

    def _visit_applications(self, tab: Tab, login: str) -> None:
        applications = [environment.app_url for environment in self.environments]
        document = self._agent.navigate(tab, visit_of(applications, login))
        while document.url.partition("?")[0] != f"{applications[-1]}/":
            form, someone = self._form(document.url, document.forms), self._someone
            fields = form.filled_in(email=someone.email, password=someone.password)
            document = self._agent.submit(tab, form, fields)

    def _form(self, url: str, forms: Sequence[Form]) -> Form:
        for environment in self.environments:
            if url.startswith(f"{environment.issuer}/oauth2/auth?") and forms:
                return forms[0]
        raise AgentError(f"{url}: neither a sign-in page nor where the visit should end")

    def _refresh_everywhere(self, tab: Tab) -> None:
        for environment in self.environments:
            self._agent.post(tab, f"{environment.app_url}/refresh")

    def _sign_out_everywhere(self, tab: Tab) -> None:
        for environment in self.environments:
            self._sign_out_of(environment, tab)

    def _sign_out_of(self, environment: ServedEnvironment, tab: Tab) -> None:
        shown = self._agent.navigate(tab, f"{environment.app_url}/sign-out").url
        if shown != f"{environment.app_url}/":
            raise AgentError(f"{shown}: not where a sign-out should end")

    def _sign_out_with_another_tab(self, tab: Tab) -> None:
        beside, call = self._agent.beside(), self._memo.call
        with ThreadPoolExecutor(max_workers=1) as another_tab, closing(beside):
            for environment in self.environments:
                call(self._control.hold(environment))
                url = f"{environment.app_url}/login?prompt=none"
                loading = another_tab.submit(beside.navigate, Tab(), url)
                call(self._control.held(environment))
                self._sign_out_of(environment, tab)
                call(self._control.release(environment))
                loading.result()

    def _look_behind(self, tab: Tab) -> Seen:
        look = partial(self._look_at, tab, in_frames=True)
        return self._memo.look(self.moment, look, self._agent, tab, ("tab",))

    def _look_at(self, tab: Tab, parts: Sequence[str], *, in_frames: bool) -> Mapping[str, Seen]:
        """What the server received of each of the parts."""
        seen: dict[str, dict[str, dict[str, Received]]] = {part: {} for part in parts}
        in_tab = "tab" in parts and not in_frames
        names = [environment.name for environment in self.environments]
        ticket = self._memo.call(
            self._control.begin_observation(names, parts=parts, tab_in_use=not in_frames)
        )
        if in_tab or set(parts) != {"tab"}:
            self._agent.navigate(tab if in_tab else Tab(), ticket.url)
        if in_frames:
            for address in ticket.tab_frames:
                self._agent.frame(tab, address)
        observation = self._memo.call(self._control.observation(ticket.id))
        for environment, surfaces in observation.items():
            for surface, shown in surfaces.items():
                seen[shown.part or ""].setdefault(environment, {})[surface] = shown
        if in_tab:
            self._agent.navigate(tab, EMPTY)
        return seen
