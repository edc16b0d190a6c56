"""`afterclose target`, and `run --target`: mistakes, in one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.targets import in_python, in_toml

AFTERCLOSE = [sys.executable, "-m", "harness.cli"]


def said(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [*AFTERCLOSE, *arguments],
        cwd=folder,
        env={**{k: v for k, v in os.environ.items() if k != "DISPLAY"}, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["target.py", "mine.toml"])
def test_init(name: str, tmp_path: Path) -> None:
    """It overwrites nothing."""
    command = ("target", "init", "http://localhost:3000/", "--output", name)
    status, text = said(tmp_path, *command)
    assert status == 0, text
    assert text.endswith(f"signs in, then: afterclose target check {name}\n")
    assert text.count("\n") == 1
    assert "http://localhost:3000/" in (tmp_path / name).read_text()
    (tmp_path / name).write_text("mine")
    assert said(tmp_path, *command) == (
        2, f"afterclose: {name}: is there already; choose another with --output\n"
    )  # fmt: skip
    assert (tmp_path / name).read_text() == "mine"


def test_init_names_what_records_a_sign_in(tmp_path: Path) -> None:
    """Where somebody could see a window, and nobody is at a terminal."""
    _, text = said(tmp_path, "target", "init", "http://localhost:3000/", WAYLAND_DISPLAY="x")
    assert "To record the sign-in: afterclose target init --record" in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("target", "init", "localhost"), "localhost: must begin with http:// or https://"),
        (("target", "init", "http://a/", "--output", "a.yaml"), "a.yaml: a target is a Python"),
        (("target", "init", "http://a/", "--record"), "--record: there is no display to show a"),
        (
            ("target", "init", "http://a/", "--record", "--output", "a.toml"),
            "--record: what is recorded is Python; choose a .py, not a.toml",
        ),
        (("target", "check", "none.py"), "none.py: there is no such file"),
        (("target", "check", "shop.toml", "--engine", "lynx"), "unknown engine 'lynx'"),
        (("target", "check", "shop.toml"), "password: the environment variable SHOP_PASSWORD"),
        (("run", "--target", "none.py"), "none.py: there is no such file"),
        (("run", "--target", "shop.toml"), "password: the environment variable SHOP_PASSWORD"),
        (("run", "--target", "bad.toml"), "bad.toml: unknown key 'nam'. Did you mean 'name'?"),
        (("run", "--target", "shop_target.py", "--engine", "simulated"), "--target: a model has"),
        (("run", "--target", "shop_target.py", "--policy", "x"), "unknown policy 'x'. Known: def"),
        (("run", "--real-wait", "soon"), "--real-wait: must be a time as 90, 90s, 2m or 1h, not"),
        (("run", "--target", "shop_target.py", "--dask", "tcp://a:1"), "--dask and --target: its"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_mistakes(arguments: tuple[str, ...], told: str, tmp_path: Path) -> None:
    in_python(tmp_path)
    text = in_toml(tmp_path).read_text()
    (tmp_path / "bad.toml").write_text(text.replace('name = "shop"', 'nam = "shop"'))
    known = {} if "shop.toml" in arguments else {"SHOP_PASSWORD": "x"}
    status, line = said(tmp_path, *arguments, **known)
    assert status == 2
    assert line.startswith(f"afterclose: {told}")
    assert line.count("\n") == 1
    assert not (tmp_path / "report").exists()
