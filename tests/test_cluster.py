"""Items are carried out by a Dask cluster, whatever becomes of it: the same as on one machine."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from distributed import Client

from harness.records import Done, Error, Record, Run, Unsupported
from harness.runner.cluster import fitting
from harness.runner.luggage import Announcement
from tests.clusters import DaskCluster, environment_without_browsers
from tests.killing import AFTERCLOSE, SCENARIOS, Cells, cells, ends, read, run, times, until
from tests.patience import PATIENCE

ONE = ("--engine", "simulated-chromium", "--preset", "default", "--policy", "persistent")
NAME = "browser_close.quit_and_start"


@pytest.fixture(scope="module")
def cluster() -> Iterator[DaskCluster]:
    """For tests that leave its workers alone."""
    with DaskCluster() as running:
        yield running


@pytest.fixture(scope="module")
def one_machine(tmp_path_factory: pytest.TempPathFactory) -> Cells:
    folder = tmp_path_factory.mktemp("one")
    done = run(*SCENARIOS, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return cells(read(folder))


def check_whole(records: list[Record], one_machine: Cells) -> None:
    """As if one machine had carried it out, each item in one go."""
    assert cells(records) == one_machine
    assert set(times(records).values()) == {1}
    assert isinstance(records[0], Run)
    assert {item for item, _ in times(records)} == {*records[0].items}
    attempts = [record.attempt for record in records[1:] if not isinstance(record, Run)]
    changes = sum(one != other for one, other in pairwise(attempts))
    assert changes == len(set(attempts)) - 1


def interrupted_by(
    do: Callable[[subprocess.Popen[str]], None], *arguments: str, cwd: Path
) -> tuple[int, str]:
    """`afterclose run`, and what is done once something of it has come back; status and what was
    said."""
    process = subprocess.Popen(
        [*AFTERCLOSE, "run", *arguments],
        cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    results = cwd / "report" / "results.ndjson"
    try:
        until(process, lambda: ends(results) > 0)
        do(process)
        said, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, said
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_the_same_cells_as_on_one_machine(
    cluster: DaskCluster, tmp_path: Path, one_machine: Cells
) -> None:
    done = run(*SCENARIOS, "--dask", cluster.address, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    # Before the client ends, and not because nobody asks anything any more.
    assert cluster.left() == []
    assert list(cluster.temporary.iterdir()) == []
    check_whole(read(tmp_path), one_machine)
    assert (tmp_path / "report" / "index.html").exists()
    assert re.search(r"^(\d+) of \1: ", done.stdout, re.M)
    assert " 0 error" in done.stdout


def test_items_of_a_lost_worker_are_carried_out_by_another(
    tmp_path: Path, one_machine: Cells
) -> None:
    with DaskCluster() as cluster:
        status, said = interrupted_by(
            lambda _: cluster.workers[0].kill(), *SCENARIOS, "--dask", cluster.address, cwd=tmp_path
        )
        assert status == 0, said
        check_whole(read(tmp_path), one_machine)
        # What the lost one had started ends by itself.
        cluster.wait_until_nothing_is_left()


def test_an_answer_that_is_lost_with_its_worker_is_had_from_another(
    tmp_path: Path, one_machine: Cells
) -> None:
    with DaskCluster() as cluster, Client(cluster.address, set_as_default=False) as observer:

        def lose_it(process: subprocess.Popen[str]) -> None:
            # The client hears nothing until its answers are there, and one is not any more.
            os.killpg(process.pid, signal.SIGSTOP)
            until(process, lambda: not any(observer.processing().values()))
            held = observer.has_what()
            has = [w for w in cluster.workers if held.get(w.address("Start worker at:"))]
            has[0].kill()
            until(process, lambda: len(observer.nthreads()) == 1)
            os.killpg(process.pid, signal.SIGCONT)

        status, said = interrupted_by(
            lose_it, *SCENARIOS, "--dask", cluster.address, cwd=tmp_path
        )
        assert status == 0, said
        check_whole(read(tmp_path), one_machine)


def test_a_worker_that_joins_gets_what_is_left(tmp_path: Path, one_machine: Cells) -> None:
    with DaskCluster(workers=1) as cluster:

        def replace(_: object) -> None:
            cluster.workers[0].kill()
            cluster.add_worker()

        status, said = interrupted_by(
            replace, *SCENARIOS, "--dask", cluster.address, cwd=tmp_path
        )
        assert status == 0, said
        check_whole(read(tmp_path), one_machine)
        cluster.wait_until_nothing_is_left()


def test_interrupted_nothing_is_left_anywhere_and_it_can_be_finished(
    cluster: DaskCluster, tmp_path: Path, one_machine: Cells
) -> None:
    arguments = (*SCENARIOS, "--dask", cluster.address)
    status, said = interrupted_by(
        lambda process: os.killpg(process.pid, signal.SIGINT), *arguments, cwd=tmp_path
    )
    assert status == 130, said
    assert cluster.left() == []
    assert list(cluster.temporary.iterdir()) == []
    before = times(read(tmp_path))
    assert 0 < len(before) < len({at[0] for at in one_machine})
    done = run(*arguments, "--resume", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    check_whole(read(tmp_path), one_machine)


def test_nothing_is_left_of_a_client_that_was_killed(
    cluster: DaskCluster, tmp_path: Path, telling: Callable[[], None]
) -> None:
    telling()
    (tmp_path / "meals.py").write_text(LUNCH + STUCK)
    status, _ = interrupted_by(
        lambda process: os.killpg(process.pid, signal.SIGKILL),
        "meals.py", *ONE, "--dask", cluster.address, cwd=tmp_path,
    )  # fmt: skip
    assert status == -signal.SIGKILL
    cluster.wait_until_nothing_is_left()


def fake_chromium(folder: Path) -> dict[str, str]:
    """For a worker that finds a browser, which cannot be started."""
    folder.mkdir()
    program = folder / "chromium"
    program.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Chromium 150.0.1.2"\n')
    program.chmod(0o755)
    return {**environment_without_browsers(folder)}


def test_a_worker_without_the_browser_gets_none_of_its_items(tmp_path: Path) -> None:
    """It would say that they are unsupported; the other says that its browser is broken."""
    (tmp_path / "none").mkdir()
    with DaskCluster(workers=0) as cluster:
        cluster.add_worker(**environment_without_browsers(tmp_path / "none"))
        cluster.add_worker(**fake_chromium(tmp_path / "some"))
        done = run(
            "tab_close", "--engine", "chromium", "--policy", "persistent",
            "--dask", cluster.address, cwd=tmp_path,
        )  # fmt: skip
    assert done.returncode == 4, done.stdout + done.stderr
    first, *rest = read(tmp_path)
    assert isinstance(first, Run)
    assert first.versions["chromium"] == "150.0.1.2"
    assert len(first.items) == sum(isinstance(record, Error) for record in rest) > 1
    assert not any(isinstance(record, Unsupported) for record in rest)


def test_what_no_worker_has_is_told_as_where_it_is_not_installed(tmp_path: Path) -> None:
    with DaskCluster(1, **environment_without_browsers(tmp_path)) as cluster:
        done = run(NAME, "--engine", "chromium", "--dask", cluster.address, cwd=tmp_path)
        assert done.returncode == 3
        assert done.stderr == f"afterclose: no worker of {cluster.address} has chromium\n"
        scenarios = tmp_path / "scenarios"
        scenarios.mkdir()
        (scenarios / "meals.py").write_text(LUNCH)
        subprocess.run(
            [sys.executable, "-m", "pytest", "--afterclose-engine", "chromium",
             "--afterclose-engine", "simulated-chromium", "--afterclose-preset", "default",
             "--afterclose-dask", cluster.address],
            cwd=tmp_path, check=True,
        )  # fmt: skip
    records = read(tmp_path)
    (unsupported,) = [record for record in records if isinstance(record, Unsupported)]
    assert unsupported.reason == f"no worker of {cluster.address} has chromium"
    assert {r.engine for r in records if isinstance(r, Done)} == {"chromium", "simulated-chromium"}


def test_who_fits() -> None:
    workers = {
        "a": Announcement(version="1", engines={"chromium": "150"}),
        "b": Announcement(version="1", engines={"firefox": "160", "chromium": "151"}),
        "c": Announcement(version="1"),
    }
    assert fitting(workers, "chromium") == ["a", "b"]
    assert fitting(workers, "firefox") == ["b"]
    assert fitting(workers, "") == ["a", "b", "c"]
    assert fitting({}, "") == []


LUNCH = """
import os
import re
import signal
import threading

from harness import Browser, scenario


@scenario(title="Lunch", claims="A session survives lunch.")
def lunch(browser: Browser) -> None:
    browser.sign_in()
    browser.check("at lunch")


"""
LOSING = """
@scenario(title="Losing", claims="It loses whoever carries it out.")
def losing(browser: Browser) -> None:
    browser.sign_in()
    if not os.environ.get("TELLING"):
        os.environ["TELLING"] = "yes"
        os.kill(PROCESS, signal.SIGKILL)
        threading.Event().wait()
"""
STUCK = """
@scenario(title="Stuck", claims="It does not end by itself.")
def stuck(browser: Browser) -> None:
    browser.sign_in()
    if not os.environ.get("TELLING"):
        os.environ["TELLING"] = "yes"
        threading.Event().wait()
"""


@pytest.fixture
def telling(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Once the cluster runs: whoever distributes scenarios carries none out, but tells their
    steps, and so does a process that has been interrupted."""
    return lambda: monkeypatch.setenv("TELLING", "yes")


@pytest.mark.parametrize(
    ("process", "sentence"),
    [
        ("os.getppid()", "each of the workers that tried it was lost, 1 in a row"),
        ("os.getpid()", "its process was ended by SIGKILL"),
    ],
    ids=["worker", "child"],
)
def test_an_item_that_loses_its_workers_is_told_in_a_sentence(
    tmp_path: Path, telling: Callable[[], None], process: str, sentence: str
) -> None:
    (tmp_path / "meals.py").write_text(LUNCH + LOSING.replace("PROCESS", process))
    with DaskCluster(DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as cluster:
        telling()
        done = run("meals.py", *ONE, "--dask", cluster.address, cwd=tmp_path)
        cluster.wait_until_nothing_is_left()
    assert done.returncode == 4, done.stdout + done.stderr
    assert done.stderr == ""
    assert "Traceback" not in done.stdout
    records = read(tmp_path)
    (error,) = [record for record in records if isinstance(record, Error)]
    assert (error.scenario, error.message) == ("meals.losing", sentence)
    assert {scenario for scenario, *_ in times(records)} == {
        "meals.lunch[simulated-chromium-default]", "meals.losing[simulated-chromium-default]"
    }  # fmt: skip


TOML = '[environments.acme]\npersistence = "persistent"\ninactivity_timeout = 60\n'


def test_files_of_ones_own_travel(cluster: DaskCluster, tmp_path: Path) -> None:
    """Scenarios, their package and what is configured; what else they import does not."""
    folder = tmp_path / "mine" / "scenarios"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "meals.py").write_text(LUNCH)
    (tmp_path / "mine" / "conftest.py").write_text("")
    (tmp_path / "afterclose.toml").write_text(TOML)
    arguments = ("--pack", str(folder), "--engine", "simulated", "--policy", "acme")
    assert run(*arguments, cwd=tmp_path).returncode == 0
    here = cells(read(tmp_path))
    assert len(here) > 50
    done = run(*arguments, "--dask", cluster.address, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert cells(read(tmp_path)) == here
    (folder / "helping.py").touch()
    (folder / "meals.py").write_text(f"from scenarios import helping\n{LUNCH}assert helping\n")
    done = run(*arguments, "--dask", cluster.address, cwd=tmp_path)
    assert done.returncode == 4
    errors = {record.message for record in read(tmp_path) if isinstance(record, Error)}
    (said,) = errors
    assert said.startswith("scenarios/meals.py cannot be read there: ImportError: cannot import")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--dask", "tcp://127.0.0.1:1"), "--dask: no Dask scheduler answers at tcp://127.0.0.1:1"),
        (("--dask", "here"), "--dask: 'here': not an address: missing port number"),
        (("--dask", "tcp://127.0.0.1:1", "-n", "2"), "--dask and -n: a cluster's workers are"),
        (("--dask", "tcp://127.0.0.1:1", "--headed"), "--dask and --headed: nobody sees the"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_mistake_is_one_line(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = run(NAME, *ONE, *arguments, cwd=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"afterclose: {said}")


@pytest.mark.parametrize("command", ["run", "explore"])
def test_without_the_extra_it_is_told_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    (tmp_path / "distributed.py").write_text("raise ModuleNotFoundError('distributed')\n")
    path = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *([path] if path else [])]))
    done = subprocess.run(
        [*AFTERCLOSE, command, "--engine", "simulated-chromium", "--dask", "tcp://127.0.0.1:1"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (
        2,
        "afterclose: --dask: needs the package 'distributed'; get it with: "
        "pip install 'afterclose[distributed]'\n",
    )


def test_workers_that_can_do_nothing_are_told(tmp_path: Path) -> None:
    without = tmp_path / "without" / "harness"
    without.mkdir(parents=True)
    (without / "__init__.py").write_text("raise ModuleNotFoundError('no harness')\n")
    with DaskCluster(workers=0) as cluster:
        done = run(NAME, *ONE, "--dask", cluster.address, cwd=tmp_path)
        assert done.returncode == 3
        assert done.stderr == (
            f"afterclose: --dask: the scheduler at {cluster.address} has no workers\n"
        )
        worker = cluster.add_worker(PYTHONPATH=str(without.parent))
        done = run(NAME, *ONE, "--dask", cluster.address, cwd=tmp_path)
        assert done.returncode == 3
        left_out, none = done.stderr.splitlines()
        assert worker.address("Start worker at:") in left_out
        assert "left out: has no Afterclose that can be asked: " in left_out
        assert "no harness" in left_out
        assert none.startswith("afterclose: --dask: no worker of ")
        cluster.add_worker()
        done = run(NAME, *ONE, "--dask", cluster.address, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert ends(tmp_path / "report" / "results.ndjson") == 1


FORGETFUL = """
from harness.model.machine import Machine

end = Machine.end


def forgetful(self, verb):
    end(self, verb)
    self._disk.cookies = []


Machine.end = forgetful
"""


def test_a_cluster_finds_what_one_machine_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(FORGETFUL)
    path = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *([path] if path else [])]))

    def explore(*arguments: str) -> tuple[int, set[str]]:
        done = subprocess.run(
            [*AFTERCLOSE, "explore", "--engine", "simulated-chromium", "--examples", "40",
             "--preset", "default", *arguments],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        assert "1 found" in done.stdout or "2 found" in done.stdout, done.stdout + done.stderr
        return done.returncode, {file.name for file in (tmp_path / arguments[-1]).iterdir()}

    with DaskCluster() as cluster:
        there = explore("--dask", cluster.address, "--corpus", "there")
        cluster.wait_until_nothing_is_left()
    assert there == explore("-n", "2", "--corpus", "here")
    assert there[0] == 1
