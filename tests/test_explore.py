"""`afterclose explore`: what is found on models."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from msgspec import structs

from harness.cli.explore import explore as explore_command
from harness.config import load_config
from harness.engines.driver import DriverError
from harness.engines.stopwatch import TOO_SLOW
from harness.exploring.generating import explore
from harness.exploring.lifecycle import Lifecycle
from harness.exploring.oracle import ChanceError, Oracle
from harness.exploring.shortening import is_sharp, shorten
from harness.records import Observation, State
from harness.scenario import Step, UnsupportedVerbError
from tests.patience import PATIENCE


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "harness.cli", "explore", *arguments],
        cwd=cwd, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--seed", "many"), "--seed: must be a whole number of at least 0, not 'many'"),
        (("--seed", "-1"), "--seed: must be a whole number of at least 0, not '-1'"),
        (("--engine", "safari"), "unknown engine 'safari'"),
        (("--engine", "firefox", "--preset", "background"), "firefox cannot be set up with"),
        (("--policy", "nobody"), "nobody"),
        (("--corpus", "damaged"), "damaged/a.json: not a lifecycle"),
        (("--corpus", "file"), "file: not a folder"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "a.json").write_text("[]")
    (tmp_path / "file").write_text("")
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert message in line


def test_an_engine_without_a_model_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from harness.engines import MODELS

    monkeypatch.delitem(MODELS, "simulated-firefox")
    with pytest.raises(typer.Exit) as ended:
        explore_command(engine="firefox")
    assert ended.value.exit_code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "firefox has no model to be held against; engines that have: chromium" in line


def test_what_is_wrong_is_found_and_made_short() -> None:
    wrong: list[Lifecycle] = []

    def both(lifecycle: Lifecycle) -> bool:
        return {"crash", "visit"} <= {step.verb for step in lifecycle.steps}

    def judge(lifecycle: Lifecycle) -> str | None:
        if both(lifecycle):
            wrong.append(lifecycle)
        return "both" if both(lifecycle) else None

    with pytest.raises(AssertionError):
        explore(
            judge, engine="chromium", presets=("default",), cannot=(),
            policies=frozenset({"persistent", "non_persistent"}), examples=3000, random_seed=1,
        )  # fmt: skip
    shortest = shorten(wrong[0], both)
    assert [step.verb for step in shortest.steps] in (
        ["visit", "crash", "start", "check"],
        ["crash", "start", "visit", "check"],
        ["check", "visit", "crash"],
        ["visit", "check", "crash"],
    )


@pytest.mark.parametrize(
    ("verbs", "sharp"),
    [
        ("sign_in crash", True),
        ("sign_in visit crash", True),
        ("sign_in visit open_tab crash", False),
        ("sign_in visit open_tab settle crash", True),
        ("sign_in visit open_tab settle quit start crash", True),
        ("sign_in settle sign_out end_os_session", True),
        ("sign_in sign_out settle crash", False),
        ("sign_in sign_out quit start settle crash", True),
        ("sign_in restart crash", True),
        ("sign_in restart visit crash", False),
        ("sign_in restart crash start crash", True),
        ("sign_in restart crash start visit crash", False),
        ("sign_in restart crash start settle visit crash", True),
        ("sign_in restart quit start visit crash", True),
        ("sign_in restart settle crash", True),
    ],
)
def test_a_crash_comes_at_once_or_when_all_is_on_disk(verbs: str, sharp: bool) -> None:
    assert is_sharp([Step(verb) for verb in verbs.split()]) is sharp


def test_the_same_seed_explores_the_same() -> None:
    def ids(random_seed: int) -> list[str]:
        seen: list[str] = []

        def judge(lifecycle: Lifecycle) -> str | None:
            seen.append(lifecycle.id)
            return None

        explore(
            judge, engine="firefox", presets=("default", "private"), cannot=(),
            policies=frozenset({"persistent", "non_persistent"}), examples=20,
            random_seed=random_seed,
        )  # fmt: skip
        return seen

    assert ids(1) == ids(1) != ids(2)


def test_what_no_limitation_explains_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that loses persistent cookies when it is closed keeps no promise."""
    from harness.model.machine import Machine

    original = Machine.end

    def forgetful(self: Machine, verb: str) -> None:
        original(self, verb)
        self._disk.cookies = []

    lifecycle = Lifecycle(
        engine="simulated-chromium", preset="default", policies=("persistent",),
        steps=(Step("sign_in"), Step("quit"), Step("start"), Step("check", "c")),
    )  # fmt: skip
    with Oracle(load_config(None)) as oracle:
        assert oracle.wrong_with(lifecycle) is None
        monkeypatch.setattr(Machine, "end", forgetful)
        found = oracle.wrong_with(lifecycle)
    assert found is not None
    assert any("persistent/sso: promised signed_in" in sentence for sentence in found.what)


def test_what_chance_decided_is_no_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    lifecycle = Lifecycle(
        engine="chromium", preset="default", policies=("persistent",),
        steps=(Step("sign_in"), Step("quit"), Step("start"), Step("check", "c")),
    )  # fmt: skip
    original = Oracle._observe
    notes: tuple[str, ...] = ()

    def observe(self: Oracle, lifecycle: Lifecycle, engine: str) -> list[Observation]:
        modelled = original(self, lifecycle, "simulated-chromium")
        if engine != "chromium":
            return modelled
        return [
            structs.replace(
                o,
                observed=State.SIGNED_OUT,
                evidence=structs.replace(o.evidence, notes=notes),
            )
            for o in modelled
        ]

    monkeypatch.setattr(Oracle, "_observe", observe)
    with Oracle(load_config(None)) as oracle:
        found = oracle.wrong_with(lifecycle)
        assert found is not None
        assert "the browser showed signed_out" in found.what[0]
        notes = (TOO_SLOW,)
        with pytest.raises(ChanceError, match="so slow"):
            oracle.wrong_with(lifecycle)


@pytest.mark.parametrize(("times", "found"), [(1, False), (2, True)])
def test_what_breaks_a_lifecycle_off_twice_is_found(
    monkeypatch: pytest.MonkeyPatch, times: int, found: bool
) -> None:
    lifecycle = Lifecycle(
        engine="simulated-chromium", preset="default", policies=("persistent",),
        steps=(Step("sign_in"), Step("check", "c")),
    )  # fmt: skip
    errors = [DriverError("start: Firefox: bc is null")] * times
    original = Oracle._observe

    def observe(self: Oracle, lifecycle: Lifecycle, engine: str) -> list[Observation]:
        if errors:
            raise errors.pop()
        return original(self, lifecycle, engine)

    monkeypatch.setattr(Oracle, "_observe", observe)
    with Oracle(load_config(None)) as oracle:
        wrong = oracle.wrong_with(lifecycle)
    assert (wrong is not None) is found
    if wrong is not None:
        assert wrong.what == ["it broke off: start: Firefox: bc is null"]


def test_lifecycles_with_several_tabs_in_use_are_explored() -> None:
    """Tabs and windows that are used, restored together, and looked at: two bugs were there."""
    restored = 0

    def judge(lifecycle: Lifecycle) -> str | None:
        nonlocal restored
        used, tabs = 0, 1
        for step in lifecycle.steps:
            tabs += step.verb in ("open_tab", "open_window")
            tabs -= step.verb.startswith("close_")
            used += step.verb in ("visit", "sign_out") and tabs > 1
            if step.verb == "start" and used and tabs > 1:
                restored += 1
                break
        return None

    explore(
        judge, engine="firefox", presets=("continue",), cannot=(),
        policies=frozenset({"persistent", "non_persistent"}), examples=1500, random_seed=1,
    )  # fmt: skip
    # Of 300 examples a seed makes from 1 to 18 of them, of 1,500 from 47 to 70.
    assert restored >= 20, restored


def test_models_are_held_against_the_promise(tmp_path: Path) -> None:
    done = run("--engine", "simulated-webkitgtk", "--examples", "20", "-n", "2", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lifecycles" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("end", "number"),
    [(os.killpg, signal.SIGINT), (os.kill, signal.SIGTERM)],
    ids=["interrupted by the terminal", "told to end"],
)
def test_it_can_be_interrupted(
    tmp_path: Path, end: Callable[[int, int], None], number: signal.Signals
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "harness.cli", "explore", "--engine", "simulated-firefox",
         "--examples", "100000", "-n", "2"],
        cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert process.stderr is not None
    with process:
        assert "lifecycles" in process.stderr.readline()
        end(process.pid, number)
        _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Interrupted: " in told
    assert "Traceback" not in told


def test_time_can_be_limited(tmp_path: Path) -> None:
    done = run("--engine", "simulated-firefox", "--examples", "1000000", "--minutes", "0.05",
               "-n", "1", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0


def test_what_cannot_be_done_is_not_counted_as_agreement() -> None:
    lifecycle = Lifecycle(
        engine="simulated-chromium", preset="default", policies=("persistent",),
        steps=(Step("sign_in"), Step("pin_tab"), Step("check", "c")),
    )  # fmt: skip
    with Oracle(load_config(None)) as oracle, pytest.raises(UnsupportedVerbError):
        oracle.wrong_with(lifecycle)
