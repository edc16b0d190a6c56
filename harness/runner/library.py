"""Where scenarios come from: the packs that the package carries, and people's own files."""

import importlib.util
import inspect
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType

import harness
from harness.config import name_one_of
from harness.scenario import Scenario

__all__ = [
    "ESSENTIAL",
    "LibraryError",
    "load_scenarios",
    "name_a_scenario",
    "packs",
    "scenario_files",
    "scenarios_named",
]

ESSENTIAL = "essential"
"""The pack that answers what people ask."""
_OF_PYTEST = ("__init__", "conftest")


class LibraryError(Exception):
    """A path that holds no scenarios; the message is for the user."""


def _packaged_folder() -> Path:
    """In a wheel it lies inside the package, in a checkout beside it."""
    package = Path(harness.__file__).parent
    inside = package / "scenarios"
    return inside if inside.is_dir() else package.parent / "scenarios"


def packs() -> dict[str, Path]:
    """The folders of the scenarios that come with Afterclose, by name."""
    folders = sorted(path for path in _packaged_folder().iterdir() if _files_in(path))
    return {path.name: path for path in folders}


def scenario_files(paths: Sequence[Path] = ()) -> list[Path]:
    """The files that may hold scenarios: `paths`, or every pack's where there are none.

    Raises LibraryError for a path that is neither a folder nor a Python file.
    """
    files: list[Path] = []
    for path in paths or packs().values():
        if path.is_dir():
            files += _files_in(path)
        elif path.suffix == ".py" and path.is_file():
            files.append(path)
        else:
            raise LibraryError(f"{path}: no such folder or Python file")
    return files


def _files_in(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*.py") if file.stem not in _OF_PYTEST)


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


def scenarios_named(argument: str) -> list[Scenario]:
    """Those of a name or module that comes with Afterclose, of a folder or file, or the one of
    `FILE::FUNCTION`. Raises LibraryError, and ConfigError for a name that there is not."""
    path, _, function = argument.partition("::")
    if Path(path).exists():
        try:
            found = load_scenarios(scenario_files([Path(path)]))
        except LibraryError:
            raise
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            raise LibraryError(f"{path}: cannot be read as Python: {told}") from None
        if function:
            names = {scenario.function.__name__: scenario for scenario in found}
            found = [names[name_one_of("scenario", function, names)]]
        if not found:
            raise LibraryError(f"{path}: no scenarios there")
        return found
    if function or "/" in argument or argument.endswith(".py"):
        raise LibraryError(f"{path}: no such file or folder")
    known = scenario_files()
    module = [file for file in known if file.stem == argument]
    if module:
        return load_scenarios(module)
    named = {scenario.name: scenario for scenario in load_scenarios(known)}
    return [named[name_a_scenario(argument, named)]]


def name_a_scenario(name: str, known: Iterable[str]) -> str:
    """Return `name` if it is that of a scenario that comes with Afterclose; else raise ConfigError
    with the nearest, be it a scenario or a file of them."""
    names = list(known)
    files = [] if "." in name else [scenario.partition(".")[0] for scenario in names]
    return name_one_of("scenario", name, [*names, *files], lists="afterclose scenarios")


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
