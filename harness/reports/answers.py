"""The answer, in the words of somebody who has set a policy: what became of its sessions."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness.records import Observation, Run, Verdict
from harness.reports.matrix import SSO, SYMBOLS, Matrix

__all__ = ["QUESTIONS", "Answer", "Policies", "answers"]

QUESTIONS: Mapping[str, str] = {
    "tab_close.close_one_of_two_tabs": "when one of two tabs was closed",
    "window_close.close_one_of_two_windows": "when one of two windows was closed",
    "browser_close.quit_and_start": "when the browser was closed",
    "session_restore.restore_previous_session": "when the browser was closed and asked for the "
    "tabs of the last session",
    "crash.crash_after_settling": "when the browser crashed",
    "os_shutdown.end_session_after_settling": "when the computer was shut down",
    "inactivity.past_the_timeout_while_closed": "after the inactivity timeout",
}
"""What somebody who has set a policy asks, by the scenario that answers it."""

_PRESETS = {"default": "as installed", "continue": "set to continue where you left off"}
_MODEL = "simulated-"
_WORST = (
    Verdict.ERROR, Verdict.UNEXPECTED, Verdict.FLAKY, Verdict.UNEXPLAINED, Verdict.INCONCLUSIVE,
    Verdict.LIMITATION, Verdict.KEPT,
)  # fmt: skip
_AMISS = _WORST[: _WORST.index(Verdict.LIMITATION)]


@dataclass
class Answer:
    """What became of the sessions in one kind of event, in words."""

    verdict: Verdict
    """The worst of browsers as installed or set to continue; of other presets, what is amiss."""
    text: str
    scenario: str

    @property
    def symbol(self) -> str:
        """The verdict's."""
        return SYMBOLS[self.verdict]


@dataclass
class Policies:
    """Policies that say the same of how long a session lasts, and the answers about them."""

    persistent: bool
    names: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What their sessions are called."""
        return "Persistent sessions" if self.persistent else "Non-persistent sessions"


def answers(matrix: Matrix) -> list[Policies]:
    """Of the sessions of the auth server, or of a login's first surface; nothing of what no
    scenario here asks. Real browsers go before models: of those nothing is said beside them."""
    groups: dict[bool, Policies] = {}
    for name, persistent in _persistence(matrix.runs).items():
        groups.setdefault(persistent, Policies(persistent)).names.append(name)
    real = any(not engine.startswith(_MODEL) for engine in matrix.engines)
    asked: dict[str, list[Observation]] = {}
    for o in matrix.observations():
        if o.scenario in QUESTIONS and not (real and o.engine.startswith(_MODEL)):
            asked.setdefault(o.scenario, []).append(o)
    for group in groups.values():
        for scenario, when in QUESTIONS.items():
            found = [o for o in asked.get(scenario, []) if o.policy in group.names]
            found = _last(matrix, found)
            if found:
                usual = {_first({o.preset for o in found}), "continue"}
                worst = min(
                    (o.verdict for o in found if o.preset in usual or o.verdict in _AMISS),
                    key=_WORST.index,
                )
                text = " ".join(_sentences(group.title, when, found))
                group.answers.append(Answer(worst, text, scenario))
    return [group for group in groups.values() if group.answers]


def _persistence(runs: Iterable[Run]) -> dict[str, bool]:
    return {
        name: policy["persistence"] == "persistent"
        for run in runs
        for name, policy in run.policies.items()
        if "persistence" in policy
    }


def _last(matrix: Matrix, observations: Sequence[Observation]) -> list[Observation]:
    """Those of the last check, at one surface."""
    surfaces = {o.surface for o in observations}
    surface = SSO if SSO in surfaces else min(surfaces, default=SSO)
    checks = [row.check for row in matrix.rows if observations
              and row.scenario == observations[0].scenario and row.check]  # fmt: skip
    return [o for o in observations if o.surface == surface and checks and o.check == checks[-1]]


def _first(presets: Collection[str]) -> str:
    return "default" if "default" in presets else min(presets)


def _sentences(title: str, when: str, found: Sequence[Observation]) -> Iterator[str]:
    presets: dict[str, dict[str, dict[str, bool]]] = {}
    for o in found:
        model = o.engine.startswith(_MODEL)
        browser = o.engine if model else f"{o.engine} {o.engine_version.partition('.')[0]}"
        presets.setdefault(o.preset, {}).setdefault(browser, {})[o.policy] = o.signed_in
    first = _first(presets)
    yield f"{title} {_outcome(presets[first], when, _preset(first))}."
    other: dict[str, list[str]] = {}
    for preset, browsers in sorted(presets.items()):
        if preset == "continue" != first:
            told = _preset(preset)
            yield f"{told[0].upper()}{told[1:]}, they {_outcome(browsers)}."
        elif preset != first:
            other.setdefault(_told(browsers), []).append(preset)
    for told, alike in other.items():
        if told != _told(presets[first]):
            yield f"With {_listed(alike, 'or')} they {told}."


def _preset(preset: str) -> str:
    return _PRESETS.get(preset, f"with {preset}")


def _outcome(browsers: Mapping[str, Mapping[str, bool]], when: str = "", how: str = "") -> str:
    """What became of the sessions in some browsers with one preset, and in how many."""
    alike = len({_lasted(policies) for policies in browsers.values()}) == 1
    count = len(browsers)
    where = f", in {count} of {count} browser{'' if count == 1 else 's'}" if alike else ""
    how = f"{' ' if alike else ', '}{how}" if how else ""
    return f"{_told(browsers, f' {when}' if when else '')}{where}{how}"


def _told(browsers: Mapping[str, Mapping[str, bool]], when: str = "") -> str:
    lasted: dict[str, list[str]] = {}
    for browser, policies in browsers.items():
        lasted.setdefault(_lasted(policies), []).append(browser)
    if len(lasted) == 1:
        return f"{next(iter(lasted))}{when}"
    parts = [f"{told} in {_listed(where, 'and')}" for told, where in lasted.items()]
    return f"{', and '.join([parts[0] + when, *parts[1:]])}"


def _lasted(policies: Mapping[str, bool]) -> str:
    if len(set(policies.values())) == 1:
        return "were kept" if all(policies.values()) else "ended"
    kept = [name for name, lasts in policies.items() if lasts]
    ended = [name for name, lasts in policies.items() if not lasts]
    return f"were kept under {_listed(kept, 'and')} (and ended under {_listed(ended, 'and')})"


def _listed(names: Sequence[str], word: str) -> str:
    return f" {word} ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
