"""What an interpreter of scenarios says of a check: the promise, the verdict and the evidence."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from harness.limitations import Judgement, Situation, judge
from harness.policy import Environment, Policy
from harness.promise import History, history_of
from harness.records import Evidence, Observation, State
from harness.scenario import Check, Step, narrate
from harness.settings import Settings

__all__ = ["MODEL_PREFIX", "Context", "Seen", "Witness"]

MODEL_PREFIX = "simulated-"
"""What the name of a model has before the engine's: the same limitations apply to both."""

Seen = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""What the server received, by environment and surface."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What an engine adds to the evidence of a check."""

    time: Sequence[str] = ()
    notes: Sequence[str] = ()
    decisions: Sequence[str] = ()
    listed: Sequence[tuple[str, str]] = ()
    """The browser's own cookies as (host, name)."""


@dataclass(kw_only=True)
class Witness:
    """One lifecycle's account. `policies` are as they are configured: what the server under test
    says of itself promises nothing."""

    scenario: str
    engine: str
    preset: str
    environments: Sequence[Environment]
    observed: Callable[[Observation], None]
    keeps: Sequence[str] = ()
    """Ways in which the applications keep a login for this scenario, beside the usual ones."""
    settings: Settings = field(default_factory=Settings)
    engine_version: str = ""
    began: float = field(default_factory=time.perf_counter)

    def account(
        self, label: str, steps: tuple[Step, ...], seen: Seen, context: Context
    ) -> Check:
        """Hold everything seen at a check against the promise."""
        told = _told(steps)
        duration = round(time.perf_counter() - self.began, 3)
        common = {
            "time": tuple(context.time),
            "notes": tuple(context.notes),
            "decisions": tuple(context.decisions),
        }
        own_cookies: dict[str, set[str]] = {}
        for host, name in context.listed:
            own_cookies.setdefault(host, set()).add(name)
        listed = {host: tuple(sorted(names)) for host, names in own_cookies.items()}
        judgements: dict[tuple[Policy, str, State], Judgement] = {}
        check: dict[tuple[str, str], Observation] = {}
        for environment in self.environments:
            policy = environment.effective_policy
            history = _history(policy, steps, self.settings)
            for surface, shown in seen[environment.name].items():
                state = State.SIGNED_IN if shown["signed_in"] else State.SIGNED_OUT
                # Environments with the same policy are judged alike.
                key = policy, surface, state
                if key not in judgements:
                    judgements[key] = self._judge(history, surface, state)
                judgement = judgements[key]
                host = f"{environment.name}.{'idp' if surface == 'sso' else 'app'}.localhost"
                check[environment.name, surface] = Observation(
                    scenario=self.scenario,
                    check=label,
                    engine=self.engine,
                    engine_version=self.engine_version,
                    preset=self.preset,
                    policy=environment.name,
                    surface=surface,
                    promised=judgement.promised,
                    observed=state,
                    verdict=judgement.verdict,
                    limitation=judgement.limitation.id if judgement.limitation else None,
                    steps=told,
                    evidence=Evidence(
                        cookies_sent=tuple(shown["cookies_sent"]),
                        set_cookie=tuple(shown["set_cookie"]),
                        reason=shown["reason"],
                        persistent_claim=shown["persistent_claim"],
                        tabs=tuple(shown.get("tabs", ())),
                        browser_cookies=listed.get(host, ()),
                        **common,
                    ),
                    duration_s=duration,
                )
        for observation in check.values():
            self.observed(observation)
        return check

    def _judge(self, history: History, surface: str, state: State) -> Judgement:
        situation = Situation(
            engine=self.engine.removeprefix(MODEL_PREFIX),
            preset=self.preset,
            surface=surface,
            history=history,
        )
        return judge(situation, state)


# Models that carry the same scenario out together are told, and promised, the same.
_history = lru_cache(maxsize=16)(history_of)


@lru_cache(maxsize=4)
def _told(steps: tuple[Step, ...]) -> tuple[str, ...]:
    return tuple(narrate(step) for step in steps)
