"""How long the whole suite takes on the models: every scenario, every model, every preset.

    python -m benchmarks.model

Process time of one process, the server's part included, so the figure is what one core needs. With
what `afterclose run --engine simulated` adds to it: pytest, result files and reports.
"""

import statistics
import subprocess
import sys
import tempfile
import time

from harness.engines import MODELS, presets_of
from harness.engines.ensemble import Member, play
from harness.engines.witness import Witness
from harness.engines.workshop import Options, Workshop
from harness.library import load_scenarios, scenario_files
from harness.policy import DEFAULT_ENVIRONMENTS
from harness.server.running import MockServer

_ROUNDS = 3


def suite(workshop: Workshop) -> tuple[int, int]:
    """Play everything once; lifecycles and observations."""
    lifecycles = observations = 0
    for scenario in load_scenarios(scenario_files()):
        members = [
            Member(
                family=family,
                witness=Witness(
                    scenario=scenario.name,
                    engine=name,
                    like=family.engine,
                    preset=preset,
                    environments=DEFAULT_ENVIRONMENTS,
                    keeps=scenario.keeps,
                    observed=lambda observation: None,
                ),
            )
            for name, family in MODELS.items()
            for preset in presets_of(name)
        ]
        play(workshop, scenario, members)
        lifecycles += len(members)
        observations += sum(len(member.observations) for member in members)
    return lifecycles, observations


def main() -> None:
    """Print the figures."""
    with MockServer() as server:
        workshop = Workshop(server.url, Options())
        suite(workshop)
        wall, cpu = [], []
        for _ in range(_ROUNDS):
            began, used = time.perf_counter(), time.process_time()
            lifecycles, observations = suite(workshop)
            wall.append(time.perf_counter() - began)
            cpu.append(time.process_time() - used)
        workshop.close()
    print(
        f"suite on the models: {lifecycles} lifecycles, {observations} observations, "
        f"{statistics.median(cpu):.2f} s of one core, {statistics.median(wall):.2f} s by the clock"
    )
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "harness.cli", "run", "--engine", "simulated",
             "--output", folder],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        print(f"afterclose run --engine simulated: {time.perf_counter() - began:.2f} s")


if __name__ == "__main__":
    main()
