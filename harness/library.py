"""Where scenarios come from: the ones the package carries, and people's own files."""

import importlib.util
import inspect
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType

import harness
from harness.scenario import Scenario

__all__ = ["LibraryError", "load_scenarios", "packaged_folder", "scenario_files"]


class LibraryError(Exception):
    """A path that holds no scenarios; the message is for the user."""


def packaged_folder() -> Path:
    """The folder of the scenarios that come with Afterclose.

    In a wheel it lies inside the package, in a checkout beside it.
    """
    package = Path(harness.__file__).parent
    inside = package / "scenarios"
    return inside if inside.is_dir() else package.parent / "scenarios"


def scenario_files(paths: Sequence[Path] = ()) -> list[Path]:
    """The files that may hold scenarios: `paths`, or those of the package where there are none.

    Raises LibraryError for a path that is neither a folder nor a Python file.
    """
    files: list[Path] = []
    for path in paths or (packaged_folder(),):
        if path.is_dir():
            files += sorted(file for file in path.glob("*.py") if file.stem != "__init__")
        elif path.suffix == ".py" and path.is_file():
            files.append(path)
        else:
            raise LibraryError(f"{path}: no such folder or Python file")
    return files


def load_scenarios(files: Iterable[Path]) -> list[Scenario]:
    """The scenarios in files, in the order they are written."""
    found: list[Scenario] = []
    for file in files:
        module = _load(file)
        found += [
            value
            for value in vars(module).values()
            if isinstance(value, Scenario) and value.function.__module__ == module.__name__
        ]
    return sorted(found, key=_place)


def _place(scenario: Scenario) -> tuple[str, int]:
    source = inspect.getsourcefile(scenario.function) or ""
    return source, scenario.function.__code__.co_firstlineno


def _load(file: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location(file.stem, file)
    if specification is None or specification.loader is None:
        raise LibraryError(f"{file}: not a Python file")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
