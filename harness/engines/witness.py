"""What an interpreter of scenarios says of a check: promise, expectation, verdict and evidence."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from harness.engines.stopwatch import TOO_SLOW
from harness.expectation import Expectation
from harness.judging import difference_of, verdict_of
from harness.limitations import Situation, reason_for
from harness.model.families import family_of
from harness.model.family import Family
from harness.policy import Environment
from harness.promise import history_of
from harness.records import Evidence, Observation, State, Verdict
from harness.scenario import Check, Step, narrate
from harness.settings import Settings

__all__ = ["Context", "Seen", "Witness"]

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

    @cached_property
    def _family(self) -> Family | None:
        return family_of(self.engine)

    @cached_property
    def _expectation(self) -> Expectation | None:
        if self._family is None:
            return None
        return Expectation(
            self._family, self.preset, self.environments, self.settings, self.keeps
        )

    def account(
        self, label: str, steps: tuple[Step, ...], seen: Seen, context: Context
    ) -> Check:
        """Hold everything seen at a check against the promise, and against what to expect."""
        told = _told(steps)
        duration = round(time.perf_counter() - self.began, 3)
        common = {
            "time": tuple(context.time),
            "notes": tuple(context.notes),
            "decisions": tuple(context.decisions),
        }
        listed = _by_host(context.listed)
        expected = self._expectation.after(steps) if self._expectation else {}
        engine = self._family.engine if self._family else self.engine
        check: dict[tuple[str, str], Observation] = {}
        for environment in self.environments:
            history = _history(environment.effective_policy, steps, self.settings)
            for surface, shown in seen[environment.name].items():
                state = State.SIGNED_IN if shown["signed_in"] else State.SIGNED_OUT
                to_come = expected.get((environment.name, surface))
                situation = Situation(
                    engine=engine, preset=self.preset, surface=surface, history=history
                )
                bent = to_come not in (None, history.state)
                limitation = reason_for(situation) if bent else None
                attributes = (
                    difference_of(
                        shown["set_cookie"],
                        self._expectation.set_cookie(environment.name, surface),
                    )
                    if self._expectation
                    else None
                )
                verdict = verdict_of(
                    state,
                    attributes=attributes,
                    expected=to_come,
                    promised=history.state,
                    limitation=limitation,
                    too_slow=TOO_SLOW in context.notes,
                )
                named = limitation if verdict is Verdict.LIMITATION else None
                host = f"{environment.name}.{'idp' if surface == 'sso' else 'app'}.localhost"
                check[environment.name, surface] = Observation(
                    scenario=self.scenario,
                    check=label,
                    engine=self.engine,
                    engine_version=self.engine_version,
                    preset=self.preset,
                    policy=environment.name,
                    surface=surface,
                    promised=history.state,
                    expected=to_come,
                    observed=state,
                    verdict=verdict,
                    limitation=named.id if named else None,
                    steps=told,
                    evidence=Evidence(
                        cookies_sent=tuple(shown["cookies_sent"]),
                        set_cookie=tuple(shown["set_cookie"]),
                        attributes=attributes,
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


def _by_host(listed: Sequence[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    names: dict[str, set[str]] = {}
    for host, name in listed:
        names.setdefault(host, set()).add(name)
    return {host: tuple(sorted(found)) for host, found in names.items()}


# Models that carry the same scenario out together are told, and promised, the same.
_history = lru_cache(maxsize=16)(history_of)


@lru_cache(maxsize=4)
def _told(steps: tuple[Step, ...]) -> tuple[str, ...]:
    return tuple(narrate(step) for step in steps)
