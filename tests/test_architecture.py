"""The import rule of ARCHITECTURE.md."""

import ast
from collections.abc import Collection, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import harness

PACKAGE = Path(harness.__file__).parent
LAYERS = (
    {"policy", "people", "presets", "clock", "records", "settings", "config", "received", "windows"}
    | {"deeds", "result_file", "state", "ledger", "faults", "sent_cookies"},
    {"apps"},
    {"server"},
    {"scenario", "setup", "promise", "verbs", "absence"},
    {"model"},
    {"engines", "targets"},
    {"reference", "expectation", "limitations", "races", "judging"},
    {"reports"},
    {"runner", "exploring", "guiding", "cli"},
)
_GROUND = {"policy", "people", "presets", "records", "settings", "received", "deeds", "windows"}
_SERVED = {"policy", "people", "clock", "settings", "state", "ledger", "faults", "sent_cookies"}
ALLOWED = {
    0: set(),
    1: _SERVED,
    2: {*_SERVED, "received", "deeds", "apps"},
    3: _GROUND,
    4: {"scenario", "verbs", "presets", "windows"},
    5: {"scenario", "verbs", "setup", "model", "policy", "people", "presets"}
    | {"received", "deeds", "windows", "sent_cookies"},
    6: {"scenario", "verbs", "setup", "promise", "model"} | _GROUND,
    7: {"records"},
    8: set().union(*LAYERS[:8]),
}


def layer_of(module: str) -> int:
    return next(number for number, names in enumerate(LAYERS) if module in names)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("harness"):
            assert node.level == 0
            parts = (node.module or "").split(".")
            yield from [parts[1]] if len(parts) > 1 else (alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("harness."):
                    yield alias.name.split(".")[1]


FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if "scenarios" not in path.parts[-3:]]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_follow_the_layers(path: Path) -> None:
    module = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if module == "__init__":
        return
    layer = layer_of(module)
    allowed = ALLOWED[layer] | LAYERS[layer]
    wrong = sorted(set(imports(path)) - allowed - {"harness"})
    assert not wrong, f"{module} must not import {wrong}"


def _name(path: Path) -> str:
    parts = ("harness", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


def _modules(path: Path, known: Collection[str]) -> Iterator[str]:
    """What a module imports of ours, wherever in it, and be it for its types alone."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("harness"):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in known else str(node.module)


def test_no_module_imports_one_that_imports_it() -> None:
    """Circles inside a layer, too."""
    names = {_name(path): path for path in FILES}
    graph = {name: set(_modules(path, names)) - {name} for name, path in names.items()}
    # What a package's `__init__` offers comes from its own modules.
    graph = {
        name: {module for module in found if not name.startswith(f"{module}.")}
        for name, found in graph.items()
    }
    assert tuple(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_stay_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 370
