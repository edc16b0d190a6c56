"""The judge: each observation is held against what the policy promises, and what this browser does.

| observed, expected, promised | verdict |
|---|---|
| all the same | `kept` |
| as expected, and not as promised | `limitation`, with its reason |
| not as expected, or its cookie has other attributes | `unexpected`, whichever way |
| the machine was too slow for the question, or a declared race decided | `inconclusive` |
| nobody knows what to expect of this browser | `kept` as promised, else `unexplained` |
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Protocol

from harness.deeds import TargetLook
from harness.expectation import Expectation, Expected
from harness.limitations import Limitation, reason_for
from harness.model.families import family_of
from harness.people import PEOPLE
from harness.policy import Policy
from harness.presets import choices_of
from harness.promise import history_of
from harness.races import Race, race_in
from harness.received import Look, Received
from harness.records import Evidence, Observation, Shown, State, Verdict
from harness.reference.blame import behind
from harness.reference.foreseeing import asking_alone, foresee
from harness.reference.target import Foreseen
from harness.scenario import Check, Step, narrate
from harness.settings import Settings
from harness.setup import Setup

__all__ = ["Acting", "Judge", "Judged", "verdict_of"]


class Acting(Protocol):
    """What does a scenario's steps, and looks: a driver of a browser, or a model of one."""

    def perform(self, step: Step) -> None:
        """Do one step; raise UnsupportedVerbError if that cannot be done."""

    def look(self) -> Look:
        """Show every surface of every environment to the server, without disturbing any."""


class Judge:
    """One lifecycle's judge. `version` is the engine's; `rules` the name of the one whose rules it
    is expected to follow, where that is not its own, and empty for none."""

    def __init__(
        self, scenario: str, setup: Setup, version: str = "", *, rules: str | None = None
    ) -> None:
        self._scenario = scenario
        self._setup = setup
        self._version = version
        self._began = time.perf_counter()
        family = family_of(setup.engine if rules is None else rules)
        self._family = family
        at_mock = family and not setup.target
        self._expectation = Expectation(family, setup) if family and at_mock else None
        self._measured = family.measured or None if family else None

    def observations(
        self, label: str, steps: tuple[Step, ...], look: Look
    ) -> Sequence[Observation]:
        """What a look at the end of the steps amounts to, surface by surface."""
        duration = round(time.perf_counter() - self._began, 3)
        expected = self._expectation.after(steps) if self._expectation else {}
        setup, found = self._setup, []
        for environment in setup.environments:
            policy = environment.effective_policy
            counted = steps if look.target is None else asking_alone(steps, look.target)
            promised = _promised(policy, counted, setup.settings)
            foreseen: Mapping[str, Foreseen] = {}
            if look.target is not None:
                people = look.target.people
                promised = promised[0], tuple(_called(email, people) for email in promised[1])
                if self._family is not None:
                    choices = choices_of(setup.preset)
                    foreseen = foresee(
                        self._family, choices, policy, steps, look.target, setup.settings
                    )
                    expected = {(environment.name, s): _of(foreseen[s], people) for s in foreseen}
            for surface, received in look.seen[environment.name].items():
                wanted, to_be = promised, expected.get((environment.name, surface))
                if look.target is not None and not received.who:
                    # There it is told whether somebody is signed in, and not who.
                    wanted, to_be = (wanted[0], ()), to_be and replace(to_be, who=())
                observation = self._judge(
                    received,
                    environment.name,
                    surface,
                    promised=wanted,
                    expected=to_be,
                    look=look,
                    race=race_in(setup, surface, steps),
                    listed=tuple(
                        look.listed.get((environment.name, surface.partition(":")[0]), ())
                    ),
                    target=_of_target(look.target, surface, foreseen.get(surface), received),
                    about={"check": label, "steps": _told(steps), "duration_s": duration},
                )
                found.append(observation)
        return found

    def _judge(
        self,
        received: Received,
        policy: str,
        surface: str,
        *,
        promised: Shown,
        expected: Expected | None,
        look: Look,
        race: Race | None,
        listed: tuple[str, ...],
        target: Mapping[str, Any],
        about: Mapping[str, Any],
    ) -> Observation:
        observed = State.SIGNED_IN if received.signed_in else State.SIGNED_OUT, received.who
        trail = expected.trail if expected else ()
        bent = expected and expected.shown != promised
        limitation = reason_for(trail, expected.state) if expected and bent else None
        attributes = (
            _difference_of(received.set_cookie, self._expectation.set_cookie(policy, surface))
            if self._expectation
            else None
        )
        verdict = verdict_of(
            observed,
            attributes=attributes,
            expected=expected.shown if expected else None,
            promised=promised,
            limitation=limitation,
            by_chance=look.too_slow or race is not None,
        )
        named = limitation if verdict is Verdict.LIMITATION else None
        return Observation(
            scenario=self._scenario,
            engine=self._setup.engine,
            engine_version=self._version,
            preset=self._setup.preset,
            policy=policy,
            surface=surface,
            promised=promised[0],
            promised_who=promised[1],
            expected=expected.state if expected else None,
            expected_who=expected.who if expected else (),
            measured=self._measured,
            observed=observed[0],
            verdict=verdict,
            limitation=named.id if named else None,
            evidence=Evidence(
                who=received.who,
                cookies_sent=received.cookies_sent,
                duplicates=received.duplicates,
                set_cookie=received.set_cookie,
                attributes=attributes,
                reason=received.reason,
                persistent_claim=received.persistent_claim,
                tabs=received.tabs,
                browser_cookies=listed,
                time=tuple(look.time),
                notes=(*look.notes, *([race.because] if race else [])),
                decisions=tuple(decision.because for decision in trail),
                **target,
            ),
            **about,
        )


class Judged:
    """An interpreter of scenarios: somebody acts and looks, and a judge says what that amounts to.

    `note` is told of each observation.
    """

    def __init__(
        self, acting: Acting, judge: Judge, note: Callable[[Observation], None]
    ) -> None:
        self._acting = acting
        self._judge = judge
        self._note = note

    def perform(self, step: Step) -> None:
        """Do one step."""
        self._acting.perform(step)

    def observe(self, label: str, steps: tuple[Step, ...]) -> Check:
        """Look, and judge."""
        observations = self._judge.observations(label, steps, self._acting.look())
        for observation in observations:
            self._note(observation)
        return {(o.policy, o.surface): o for o in observations}


def verdict_of(
    observed: Shown,
    *,
    expected: Shown | None,
    promised: Shown,
    limitation: Limitation | None,
    attributes: str | None = None,
    by_chance: bool,
) -> Verdict:
    """The verdict on one observation. `limitation` is the reason why this browser bends the
    promise, or None where nothing known does; `attributes` is how those of its cookie differ from
    what the policy makes of them, or None; `by_chance`: the machine was too slow for the question,
    or a race in the browser decided."""
    if by_chance:
        return Verdict.INCONCLUSIVE
    if expected is None:
        return Verdict.KEPT if observed == promised else Verdict.UNEXPLAINED
    if observed != expected or attributes:
        return Verdict.UNEXPECTED
    if expected == promised:
        return Verdict.KEPT
    return Verdict.UNEXPECTED if limitation is None else Verdict.LIMITATION


def _of(foreseen: Foreseen, people: Mapping[str, str]) -> Expected:
    state = State.SIGNED_IN if foreseen.signed_in else State.SIGNED_OUT
    who = (people[foreseen.who],) if foreseen.who in people else ()
    return Expected(state=state, who=who, trail=foreseen.trail)


def _called(email: str, people: Mapping[str, str]) -> str:
    """What a target calls somebody of whom the promise has the address at the mock."""
    (name,) = (name for name, person in PEOPLE.items() if person.email == email)
    return people.get(name, email)


def _of_target(
    look: TargetLook | None, surface: str, foreseen: Foreseen | None, received: Received
) -> Mapping[str, Any]:
    """What belongs into the evidence of a target's cell alone."""
    if look is None:
        return {}
    sets = look.carriers[surface]
    because = foreseen and behind(
        foreseen, signed_in=received.signed_in, sets=sets, sent=look.sent[surface]
    )
    carriers = [" and ".join(c.told for c in sorted(one)) for one in sets if one]
    return {"carriers": tuple(carriers), "behind": because or None}


def _difference_of(headers: Sequence[str], expected: str | None) -> str | None:
    """How the attributes of the latest `Set-Cookie` differ from what the policy makes of them, in
    words, or None: what no browser shows, `HttpOnly` say, is found here."""
    if not headers and expected is None:
        return None
    asked = _attributes(expected) if expected is not None else None
    for header in headers:
        if asked is None or _attributes(header) != asked:
            break
    else:
        if headers:
            return None
    sent = " | ".join(headers) or "none"
    wanted = "; ".join(sorted(asked)) if asked is not None else "none"
    return f"the cookie's attributes are not those of the policy: sent {sent}; expected {wanted}"


def _attributes(header: str) -> frozenset[str]:
    """Without the value; a cookie that is deleted may say so by its date as well."""
    return _attributes_in(header.partition(";")[2])


@lru_cache(maxsize=256)
def _attributes_in(text: str) -> frozenset[str]:
    parts = (part.strip() for part in text.split(";") if text)
    return frozenset(
        f"{name.lower()}{equals}{value}"
        for name, equals, value in (part.partition("=") for part in parts)
        if name.lower() != "expires"
    )


# Models that carry the same scenario out together are told, and promised, the same.
@lru_cache(maxsize=16)
def _promised(policy: Policy, steps: tuple[Step, ...], settings: Settings) -> Shown:
    return history_of(policy, steps, settings).shown


@lru_cache(maxsize=4)
def _told(steps: tuple[Step, ...]) -> tuple[str, ...]:
    return tuple(narrate(step) for step in steps)
