"""Limitations that no run of the suite shows, since they take settings or a lifecycle of their own:
each shown by the files of a folder, which a reader copies and carries out.

    python -m documentation.shown

carries all of them out in the browsers that are here, and writes down where each was seen.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from documentation.advice import ADVICE
from documentation.results import SCENARIOS
from harness.engines import ENGINES
from harness.records import Observation
from harness.result_file import read_records
from harness.runner.library import load_scenarios
from harness.scenario import Scenario, narrate, steps_of
from tests.patience import PATIENCE

__all__ = ["SHOWN", "Seen", "Shown", "observe"]

_FOLDER = Path(__file__).parent / "examples"
_RECORD = _FOLDER / "seen.json"


@dataclass(frozen=True)
class Seen:
    """What a browser made of it, and when."""

    version: str
    day: str
    """As ISO 8601 has it."""
    surfaces: Sequence[str]
    """Where the limitation was the reason; nowhere where it is empty."""


@dataclass(frozen=True)
class Shown:
    """A limitation, and how to see it."""

    id: str
    scenario: str
    """One that comes with Afterclose, or the name of the file."""
    preset: str
    policy: str
    engines: Sequence[str] = tuple(ENGINES)
    """Those that show it."""

    @property
    def words(self) -> list[str]:
        """The command, after `afterclose`."""
        engines = [word for engine in self.engines for word in ("--engine", engine)]
        chosen = ["--preset", self.preset, "--policy", self.policy]
        return ["run", self.scenario, *engines, *chosen]

    @cached_property
    def files(self) -> Mapping[str, str]:
        """The texts of its files, by name."""
        return {
            path.name: path.read_text(encoding="utf-8")
            for path in sorted((_FOLDER / self.id).iterdir())
            if path.is_file()
        }

    @property
    def steps(self) -> list[str]:
        """The lifecycle, told to a person, but for the check that it ends with."""
        *steps, _ = steps_of(self._carried_out)
        return [narrate(step) for step in steps]

    @property
    def _carried_out(self) -> Scenario:
        if self.scenario in SCENARIOS:
            return SCENARIOS[self.scenario][1]
        (found,) = load_scenarios([_FOLDER / self.id / self.scenario])
        return found

    @property
    def seen(self) -> Mapping[str, Seen]:
        """By a browser's name, as it was recorded."""
        recorded = json.loads(_RECORD.read_text(encoding="utf-8"))[self.id]
        return {engine: Seen(**what) for engine, what in recorded.items()}

    def carry_out(self, folder: Path) -> dict[str, Seen]:
        """Copy its files to an empty folder, and run the command there, in real browsers. Raises as
        `observe` does."""
        for name, text in self.files.items():
            (folder / name).write_text(text, encoding="utf-8")
        found: dict[str, tuple[str, list[str]]] = {}
        for o in observe(self.words, folder):
            _, surfaces = found.setdefault(o.engine, (o.engine_version, []))
            if o.limitation == self.id:
                surfaces.append(o.surface)
        day = datetime.now(UTC).date().isoformat()
        return {engine: Seen(version, day, where) for engine, (version, where) in found.items()}


SHOWN: Mapping[str, Shown] = {
    name: Shown(name, **advice["shown"]) for name, advice in ADVICE.items() if "shown" in advice
}
"""By their ids."""


def observe(words: Sequence[str], folder: Path) -> list[Observation]:
    """What a command of `afterclose` observes, carried out in an empty folder, in one process.
    Raises RuntimeError, with what it says, where it does not end with 0."""
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", *words, "-n", "0"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"afterclose {' '.join(words)}:\n{done.stdout}{done.stderr}")
    records = read_records([folder / "report" / "results.ndjson"])
    return [record for record in records if isinstance(record, Observation)]


def main() -> None:
    """Carry all of them out, and write down where they were seen."""
    recorded = {}
    for one in SHOWN.values():
        with tempfile.TemporaryDirectory() as folder:
            seen = one.carry_out(Path(folder))
        recorded[one.id] = {engine: vars(what) for engine, what in sorted(seen.items())}
        print(one.id, *(f"{engine}: {len(what.surfaces)}" for engine, what in seen.items()))
    _RECORD.write_text(json.dumps(recorded, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
