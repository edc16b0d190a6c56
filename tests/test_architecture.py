"""The import rule of ARCHITECTURE.md."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import harness

PACKAGE = Path(harness.__file__).parent
LAYERS = (
    {"policy", "presets", "clock", "records", "settings", "config", "received", "windows"},
    {"server", "apps"},
    {"scenario", "setup", "promise", "verbs"},
    {"model"},
    {"engines"},
    {"reference", "expectation", "limitations", "judging"},
    {"reports"},
    {"library", "installing", "chosen", "invocation", "results", "bench", "simulating", "items"}
    | {"exploring", "plugin", "cli"},
)
_GROUND = {"policy", "presets", "records", "settings", "received", "windows"}
ALLOWED = {
    0: set(),
    1: {"policy", "clock", "settings", "received"},
    2: _GROUND,
    3: {"scenario", "verbs", "presets", "windows"},
    4: {"scenario", "verbs", "setup", "model", "policy", "presets", "received", "windows"},
    5: {"scenario", "verbs", "setup", "promise", "model"} | _GROUND,
    6: {"records"},
    7: set().union(*LAYERS[:7]),
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


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_stay_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 370
