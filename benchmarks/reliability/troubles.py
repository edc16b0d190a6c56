"""Trouble of every kind ends in clear sentences, and leaves nothing.

What an item breaks off by is in its row; what ends a run is told at its end. Items that come out
despite the trouble come out as they always do.
"""

import argparse
import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.reliability.fakes import fake_browser, server_that_stops
from benchmarks.reliability.runs import (
    Cells,
    Workplace,
    cells,
    differing,
    ended,
    errors,
    options,
    workplace,
)
from harness.engines import ENGINES

__all__ = ["add_arguments", "carry_out"]

_SCENARIOS = (
    "tab_close.close_one_of_two_tabs",
    "browser_close.quit_and_start",
    "sign_out.sign_out_in_another_tab",
)
_HARNESS_FAILED = 4


@dataclass(frozen=True)
class Scene:
    """One engine's part of the benchmark."""

    place: Workplace
    asked: Sequence[str]
    engine: str
    expected: Cells

    def judged(self, output: str, status: int, *said: str, row: str = "") -> list[str]:
        """What is broken: the exit status must be 4, and the run must have said all of that. Where
        a `row` is asked for, each item broke off by a sentence that has it, or came out as it
        always does."""
        told = errors(self.place.records(output))
        found = cells(self.place.records(output))
        now = {at: shown for at, shown in found.items() if at in self.expected}
        changed = differing({at: self.expected[at] for at in now}, now)["changed"]
        return [
            *([f"exit status {status}"] if status != _HARNESS_FAILED else []),
            *(f"it did not say: {text}" for text in said if text not in self.place.said(output)),
            *(["no item broke off"] if row and not told else []),
            *(f"an item broke off by: {m}" for m in told if row not in m or "\n" in m or not row),
            *(["cells came out otherwise"] if changed else []),
            *self.place.left(output),
        ]

    def when(self, ready: Callable[[], bool], do: Callable[[], None], output: str) -> int:
        """Do something in the middle of a run; its exit status."""
        asked = ("run", *self.asked, "--output", output)
        command = self.place.start(*asked, output=output)
        while command.poll() is None and not ready():
            time.sleep(0.02)
        do()
        return command.wait()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be asked for."""
    parser.add_argument("--only", choices=[name for name, _ in _TROUBLES], action="append")


def carry_out(arguments: argparse.Namespace) -> list[str]:
    """Print what came of each trouble; what is broken, in sentences."""
    broken: list[str] = []
    for engine in arguments.engine or ENGINES:
        asked = [*_SCENARIOS, *options([engine]), "--preset", "default", "-n", "2"]
        with workplace() as place:
            place.run(*asked)
            expected = cells(place.records())
        if not expected or differing(expected, expected):
            return [f"{engine}: the undisturbed run is no measure"]
        for name, provoke in _TROUBLES:
            if arguments.only and name not in arguments.only:
                continue
            began = time.monotonic()
            with workplace() as place:
                found = provoke(Scene(place, asked, engine, expected))
                told = sorted({*errors(place.records())})
                said = place.said().splitlines()
            told += [line for line in said if line.startswith("afterclose: ")]
            print(f"{engine}: {name}: {'; '.join(found) or 'as it should be'} "
                f"({time.monotonic() - began:.0f} s)", flush=True)
            for sentence in told:
                print(f"    {sentence}", flush=True)
            if found:
                print("\n".join(said), flush=True)
            broken += [f"{engine}: {name}: {sentence}" for sentence in found]
    return broken


def _swept(scene: Scene) -> list[str]:
    def profiles() -> bool:
        return any(scene.place.temporary.glob("afterclose-*/pool-*/profile.whole"))

    def sweep() -> None:
        for folder in scene.place.temporary.glob("afterclose-*"):
            shutil.rmtree(folder, ignore_errors=True)

    status = scene.when(profiles, sweep, "report")
    return scene.judged("report", status, row=str(scene.place.temporary))


def _results_removed(scene: Scene) -> list[str]:
    report = scene.place.folder / "report"
    status = scene.when(
        lambda: bool(ended(scene.place.records())),
        lambda: shutil.rmtree(report, ignore_errors=True),
        "report",
    )
    return scene.judged("report", status) + _finished(scene, "report")


def _finished(scene: Scene, output: str) -> list[str]:
    """What is broken once the run has been finished."""
    status = scene.place.run(*scene.asked, "--resume", output=output)
    told = differing(scene.expected, cells(scene.place.records(output)))
    twice = any(times > 1 for times in ended(scene.place.records(output)).values())
    return [
        *([f"exit status {status} when it was finished"] if status else []),
        *([f"finished, its cells: {dict(told)}"] if set(told) - {"inconclusive"} else []),
        *(["an item was carried out twice"] if twice else []),
    ]


@contextlib.contextmanager
def _small_disk(folder: Path, size: str) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def _results_full(scene: Scene) -> list[str]:
    if os.geteuid():
        return ["only root can mount a small disk"]
    report = scene.place.folder / "report"
    with _small_disk(report, "256k"):
        (report / "full").write_bytes(bytes(240 * 1024))
        status = scene.place.run(*scene.asked)
        said = "results.ndjson: cannot be written: No space left on device; see to that"
        broken = scene.judged("report", status, said)
        (report / "full").unlink()
        subprocess.run(["mount", "-o", "remount,size=64m", report], check=True)
        return broken + _finished(scene, "report")


def _temporary_full(scene: Scene) -> list[str]:
    if os.geteuid():
        return ["only root can mount a small disk"]
    with _small_disk(scene.place.temporary, "2m"):
        status = scene.place.run(*scene.asked)
        return scene.judged("report", status, row="No space left on device")


def _server_stopped(scene: Scene) -> list[str]:
    pack = server_that_stops(scene.place.folder)
    asked = [pack, *options([scene.engine]), "--preset", "default", "-n", "0"]
    status = scene.place.run(*asked)
    told = len(errors(scene.place.records()))
    broken = scene.judged("report", status, row="the mock server cannot be asked")
    return [*broken, *([f"{told} of 2 items broke off"] if told != 2 else [])]


def _ends_at_once(scene: Scene) -> list[str]:
    fake = fake_browser(scene.place.folder, scene.engine, "false")
    status = scene.place.run(*scene.asked, **fake)
    return scene.judged("report", status, row="ended while it was started")


def _hangs_at_start(scene: Scene) -> list[str]:
    fake = fake_browser(scene.place.folder, scene.engine, "sleep 600")
    status = scene.place.run(*scene.asked, **fake)
    return scene.judged("report", status, row="did not start in time")


def _port_taken(scene: Scene) -> list[str]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status = scene.place.start("serve", "--port", str(port)).wait()
    said = scene.place.said().strip()
    sentence = f"afterclose: cannot listen on 127.0.0.1:{port}: "
    whole = said.startswith(sentence) and len(said.splitlines()) == 1
    return [
        *([f"exit status {status}"] if status != 2 else []),
        *([] if whole else ["no sentence"]),
        *scene.place.left(),
    ]


def _beside_each_other(scene: Scene) -> list[str]:
    commands = [
        scene.place.start("run", *scene.asked, "--output", output, output=output)
        for output in ("report", "other")
    ]
    statuses = [command.wait() for command in commands]
    found = [
        differing(scene.expected, cells(scene.place.records(output)))
        for output in ("report", "other")
    ]
    return [
        *([f"exit statuses {statuses}"] if any(statuses) else []),
        *(f"cells: {dict(told)}" for told in found if set(told) - {"inconclusive"}),
        *scene.place.left(),
    ]


_TROUBLES: Sequence[tuple[str, Callable[[Scene], list[str]]]] = (
    ("swept", _swept),
    ("results-removed", _results_removed),
    ("results-full", _results_full),
    ("temporary-full", _temporary_full),
    ("server-stopped", _server_stopped),
    ("ends-at-once", _ends_at_once),
    ("hangs-at-start", _hangs_at_start),
    ("port-taken", _port_taken),
    ("beside-each-other", _beside_each_other),
)
