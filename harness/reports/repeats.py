"""Repeats: what the same cell showed each time that it was carried out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec import structs

from harness.records import Done, Error, Observation, Record, Run, Shown, Unsupported, Verdict

__all__ = ["Outcome", "Repeats", "completed", "counted", "made_good", "outcome_of"]

Outcome = tuple[Shown, bool]
"""What repeats must agree in: what was shown, and whether that was unexpected."""


def counted(records: Iterable[Record]) -> list[Record]:
    """The records that reports are about: not those of an attempt that was cut short, which are of
    an item that was carried out again, or is still to be; nor those of one that broke off, where
    another came to its end."""
    listed = list(records)
    ended = {record.attempt for record in listed if isinstance(record, Done)}
    ended -= {error.attempt for error in made_good(listed)}
    return [
        record
        for record in listed
        if isinstance(record, Run) or not record.attempt or record.attempt in ended
    ]


def made_good(records: Sequence[Record]) -> list[Error]:
    """What broke items off that came to their end another time, on the same version of their
    engine."""
    errors = [record for record in records if isinstance(record, Error)]
    broken = {error.attempt for error in errors}
    ended = {record.attempt for record in records if isinstance(record, Done)} - broken
    whole = {
        _place(record)
        for record in records
        if isinstance(record, Observation | Unsupported) and record.attempt in ended
    }
    return [error for error in errors if error.attempt and _place(error) in whole]


def completed(records: Sequence[Record]) -> list[tuple[str, int]]:
    """The items that need not be carried out again, by name and repetition: those that came to
    their end, well or not."""
    broken = {record.attempt for record in records if isinstance(record, Error)}
    return [
        (record.item, record.repetition)
        for record in records
        if isinstance(record, Done) and record.attempt not in broken
    ]


def _place(record: Observation | Unsupported | Error) -> tuple[str, int, str]:
    return record.item, record.repetition, record.engine_version


def outcome_of(observation: Observation) -> Outcome | None:
    """What an observation says of its cell, or None where it says nothing."""
    if observation.verdict is Verdict.INCONCLUSIVE:
        return None
    return observation.shown, observation.verdict is Verdict.UNEXPECTED


@dataclass(frozen=True)
class Repeats:
    """The observations of one cell, by repetition."""

    observations: Mapping[int, Observation]

    @property
    def outcomes(self) -> dict[Outcome, list[Observation]]:
        """Those that say something, by what they say, in the order of the repetitions."""
        found: dict[Outcome, list[Observation]] = {}
        for _, observation in sorted(self.observations.items()):
            outcome = outcome_of(observation)
            if outcome is not None:
                found.setdefault(outcome, []).append(observation)
        return found

    @property
    def flaky(self) -> bool:
        """Whether the cell disagreed with itself."""
        return len(self.outcomes) > 1

    @property
    def shown(self) -> Observation:
        """What stands for all: the first that says something."""
        first = next((of for of in self.outcomes.values()), None)
        if first is None:
            return self.observations[min(self.observations)]
        if self.flaky:
            return structs.replace(first[0], verdict=Verdict.FLAKY, limitation=None)
        return first[0]

    @property
    def sentence(self) -> str:
        """How often it agreed with itself."""
        outcomes, times = self.outcomes, len(self.observations)
        said = sum(map(len, outcomes.values()))
        unsaid = f", {times - said} inconclusive" if said < times else ""
        if len(outcomes) == 1:
            return f"agreed {said} of {times}{unsaid}"
        told = [f"{len(of)} of {times} {_told(of[0])}" for of in outcomes.values()]
        return ", ".join(told) + unsaid if told else f"{times} of {times} inconclusive"

    @property
    def evidence(self) -> list[str]:
        """What there is to tell the outcomes apart: repetition by repetition, when they were
        observed, and what the engine and the clock did until then."""
        return [
            f"repetition {number}: {_told(o)} after {o.duration_s:.3f} s"
            + "".join(f"; time: {text}" for text in o.evidence.time)
            + "".join(f"; note: {text}" for text in o.evidence.notes)
            for number, o in sorted(self.observations.items())
        ]


def _told(observation: Observation) -> str:
    special = (Verdict.UNEXPECTED, Verdict.INCONCLUSIVE)
    suffix = f" ({observation.verdict})" if observation.verdict in special else ""
    return f"{observation.told_observed}{suffix}"
