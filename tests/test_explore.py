"""`afterclose explore`: lifecycles as data, the corpus, and what is found on models."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pytest
import typer
from msgspec import structs

from harness.cli.explore import explore as explore_command
from harness.config import load_config
from harness.engines.driver import DriverError
from harness.engines.stopwatch import TOO_SLOW
from harness.exploring import workers
from harness.exploring.corpus import Corpus, CorpusError
from harness.exploring.generating import explore
from harness.exploring.lifecycle import Lifecycle, LifecycleError
from harness.exploring.oracle import ChanceError, Found, Oracle
from harness.exploring.shortening import is_sharp, shorten
from harness.exploring.workers import Progress, Task, run_workers
from harness.records import Observation, State
from harness.runner.library import load_scenarios
from harness.scenario import Step, UnsupportedVerbError, steps_of
from tests.patience import PATIENCE

LIFECYCLE = Lifecycle(
    engine="firefox",
    preset="continue",
    policies=("persistent", "non_persistent"),
    steps=(
        Step("sign_in"),
        Step("open_tab"),
        Step("close_tab", 1),
        Step("wait", timedelta(hours=7)),
        Step("revoke_sessions"),
        Step("quit"),
        Step("start", "restoring"),
        Step("check", "check 1"),
    ),
)


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "harness.cli", "explore", *arguments],
        cwd=cwd, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip


def test_a_lifecycle_survives_its_file() -> None:
    assert Lifecycle.from_json(LIFECYCLE.to_json()) == LIFECYCLE


def test_a_lifecycle_becomes_a_scenario_that_can_be_pasted(tmp_path: Path) -> None:
    file = tmp_path / "found.py"
    file.write_text(f"from harness import Browser, scenario\n{LIFECYCLE.to_scenario('So.')}")
    (found,) = load_scenarios([file])
    assert steps_of(found) == LIFECYCLE.steps


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": []}, "steps: List should have at least 1 item"),
        ({"steps": [{"verb": "fly"}]}, "there is no step 'fly'"),
        ({"steps": [{"verb": "start"}]}, "start: the browser is running already"),
        ({"steps": [{"verb": "close_tab", "value": "x"}]}, "no step 'close_tab' with 'x'"),
        ({"engine": None}, "engine: Input should be a valid string"),
    ],
)
def test_what_is_no_lifecycle_is_told(change: dict[str, object], message: str) -> None:
    text = json.dumps(json.loads(LIFECYCLE.to_json()) | change)
    with pytest.raises(LifecycleError, match=message):
        Lifecycle.from_json(text)


def test_the_corpus_keeps_what_fits(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path / "new")
    assert corpus.load("firefox", ("continue",), {"persistent"}) == []
    corpus.save(LIFECYCLE)
    environments = {"persistent", "non_persistent", "more"}
    assert corpus.load("firefox", ("default", "continue"), environments) == [LIFECYCLE]
    assert corpus.load("firefox", ("default",), environments) == []
    assert corpus.load("chromium", ("continue",), environments) == []
    assert corpus.load("firefox", ("continue",), {"persistent"}) == []


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "{", "a.json: not a lifecycle: Invalid JSON"),
        ("a.json", LIFECYCLE.to_json().replace("firefox", "lynx"), "a.json: no engine lynx"),
        ("a.json", LIFECYCLE.to_json().replace("continue", "background"),
         "a.json: firefox has no preset background"),
    ],
)
def test_a_damaged_corpus_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(CorpusError, match=message):
        Corpus(tmp_path).load("firefox", ("continue",), {"persistent"})


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


def _found_at_the_end(task: Task, folder: Path, messages: Any, stop: Event) -> None:
    messages.put(("done", 1))
    assert stop.wait(60)
    messages.put(("found", Found(lifecycle=LIFECYCLE, what=["late"])))


def _deaf(task: Task, folder: Path, messages: Any, stop: Event) -> None:
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    messages.put(("done", 1))
    threading.Event().wait()


TASK = Task(
    engine="simulated-firefox", presets=("default",), config=load_config(None), examples=2,
    random_seed=1, seconds=None,
)  # fmt: skip


def test_what_is_found_while_it_ends_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "explore_part", _found_at_the_end)
    found: list[Found] = []

    def told(progress: Progress) -> None:
        found[:] = progress.found
        if progress.lifecycles == 2 and not found:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run_workers(TASK, 2, told)
    assert len(found) == 2


def test_interrupted_again_it_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "explore_part", _deaf)

    def told(progress: Progress) -> None:
        if progress.lifecycles == 2:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run_workers(TASK, 2, told)
    assert multiprocessing.active_children() == []
    assert signal.getsignal(signal.SIGINT) is before


def test_time_can_be_limited(tmp_path: Path) -> None:
    done = run("--engine", "simulated-firefox", "--examples", "1000000", "--minutes", "0.05",
               "-n", "1", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0


def test_a_worker_that_fails_is_no_agreement(tmp_path: Path) -> None:
    """One that dies of a mistake has found nothing, which must not pass for nothing wrong."""
    code = (
        "from harness.exploring import workers as w\n"
        "from harness.config import load_config\n"
        "def told(progress): pass\n"
        "if __name__ == '__main__':\n"
        "    task = w.Task(engine='nothing', presets=('default',), config=load_config(None),\n"
        "                  examples=1, random_seed=1, seconds=None)\n"
        "    try:\n"
        "        w.run_workers(task, 1, told)\n"
        "    except w.WorkerError as error:\n"
        "        print('failed:', error)\n"
    )
    file = tmp_path / "failing.py"
    file.write_text(code)
    done = subprocess.run(
        [sys.executable, file], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    assert done.stdout.startswith("failed: a process of the exploration failed")
    assert "KeyError: 'nothing'" in done.stderr


def test_what_cannot_be_done_is_not_counted_as_agreement() -> None:
    lifecycle = Lifecycle(
        engine="simulated-chromium", preset="default", policies=("persistent",),
        steps=(Step("sign_in"), Step("pin_tab"), Step("check", "c")),
    )  # fmt: skip
    with Oracle(load_config(None)) as oracle, pytest.raises(UnsupportedVerbError):
        oracle.wrong_with(lifecycle)
