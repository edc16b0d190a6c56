"""The corpus: lifecycles that were found, kept as files and replayed first."""

from dataclasses import dataclass
from pathlib import Path

from harness.engines import ENGINES, MODELS, takes
from harness.exploring.lifecycle import Lifecycle, LifecycleError
from harness.presets import canonical

__all__ = ["Corpus", "CorpusError"]


class CorpusError(Exception):
    """A corpus that cannot be read or written; the message is for the user."""


@dataclass(frozen=True)
class Corpus:
    """A folder of JSON files, one for each lifecycle."""

    folder: Path

    def load(self, engine: str, presets: tuple[str, ...], policies: set[str]) -> list[Lifecycle]:
        """Those of an engine that the presets and environments fit. Raises CorpusError naming the
        file that is damaged."""
        if not self.folder.exists():
            return []
        if not self.folder.is_dir():
            raise CorpusError(f"{self.folder}: not a folder")
        found = []
        for file in sorted(self.folder.glob("*.json")):
            try:
                lifecycle = Lifecycle.from_json(file.read_text(encoding="utf-8"))
            except OSError as error:
                raise CorpusError(f"{file}: cannot be read: {error.strerror}") from None
            except (LifecycleError, UnicodeDecodeError) as error:
                raise CorpusError(
                    f"{file}: not a lifecycle: {error}; mend it or remove it"
                ) from None
            if lifecycle.engine not in {*ENGINES, *MODELS}:
                raise CorpusError(f"{file}: no engine {lifecycle.engine}")
            try:
                preset = canonical(lifecycle.preset)
            except ValueError as error:
                raise CorpusError(f"{file}: {error}") from None
            if not takes(lifecycle.engine, preset):
                raise CorpusError(f"{file}: {lifecycle.engine} has no preset {lifecycle.preset}")
            fits = lifecycle.engine == engine and preset in presets
            if fits and policies >= set(lifecycle.policies):
                found.append(lifecycle)
        return found

    def save(self, lifecycle: Lifecycle) -> Path:
        """Keep a lifecycle; where. Raises CorpusError."""
        file = self.folder / f"{lifecycle.engine}-{lifecycle.id}.json"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file.write_text(lifecycle.to_json(), encoding="utf-8")
        except OSError as error:
            raise CorpusError(f"{file}: cannot be written: {error.strerror}") from None
        return file
