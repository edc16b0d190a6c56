"""What travels to a worker of a cluster and back: files of scenarios, and what came of items.

Scenarios exist where they were collected. What is imported beside the harness has to be there
already.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.config import Config
from harness.records import Record
from harness.reports.baseline import Baseline

__all__ = [
    "Announcement",
    "Carried",
    "Luggage",
    "Order",
    "Place",
    "Setting",
    "place_of",
    "unpack",
]

Place = tuple[str, str]
"""A file that travels, relative to the others, and the item's name in it."""


@dataclass(frozen=True, kw_only=True)
class Announcement:
    """What a worker has."""

    version: str
    """Of Afterclose."""
    slots: int = 1
    """How many items it carries out at a time."""
    engines: Mapping[str, str] = field(default_factory=dict)
    """The version of each browser that was asked for and is there."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a worker is told of a run before it is asked for anything of it."""

    run: str
    module: str
    """Which its children run."""
    setting: object
    """What they are told."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A run, as the process that carries items of it out is told."""

    arguments: tuple[str, ...]
    """For pytest."""
    config: Config
    baseline: Baseline | None
    files: Mapping[str, bytes]
    """By path, relative to each other."""
    collected: tuple[str, ...]
    """Those that have items."""


@dataclass(frozen=True, kw_only=True)
class Carried:
    """What came of an item."""

    place: Place
    records: list[Record] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    """pytest's."""
    artifacts: dict[str, bytes] = field(default_factory=dict)
    """Traces and screenshots, by path in their folder."""
    trouble: str = ""
    """Why it could not be carried out there, in a sentence."""


@dataclass(frozen=True)
class Luggage:
    """The files that items and their fixtures are in, with the packages they belong to."""

    root: Path
    files: Mapping[str, bytes]

    @classmethod
    def of(cls, config: pytest.Config, items: Iterable[pytest.Item]) -> "Luggage":
        """All that these need. Raises OSError."""
        plugins = config.pluginmanager.get_plugins()
        fixtures = [
            Path(file)
            for file in (getattr(plugin, "__file__", None) for plugin in plugins)
            if file and Path(file).name == "conftest.py"
        ]
        paths = {path for file in (*(i.path for i in items), *fixtures) for path in _with(file)}
        root = Path(os.path.commonpath([_root(path) for path in paths]))
        return cls(root, {str(p.relative_to(root)): p.read_bytes() for p in sorted(paths)})


def place_of(item: pytest.Item, root: Path) -> Place:
    """Where an item is, on any machine."""
    return str(item.path.relative_to(root)), item.nodeid.partition("::")[2]


def unpack(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files into a folder of their own."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _root(path: Path) -> Path:
    """The folder that a file, or the outermost package that it is in, lies in."""
    folder = path.parent
    while (folder / "__init__.py").exists():
        folder = folder.parent
    return folder


def _with(path: Path) -> Iterator[Path]:
    """A file, and what makes its folders packages."""
    yield path
    for folder in path.parents:
        if not (folder / "__init__.py").exists():
            return
        yield folder / "__init__.py"
