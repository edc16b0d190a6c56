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
from collections.abc import Sequence

from harness.engines import MODELS, presets_of
from harness.engines.ensemble import Member, play
from harness.engines.witness import Witness
from harness.engines.workshop import Options, Workshop
from harness.library import load_scenarios, scenario_files
from harness.policy import DEFAULT_ENVIRONMENTS
from harness.server.running import MockServer

_ROUNDS = 3


def suite(workshop: Workshop, models: Sequence[str]) -> tuple[int, int]:
    """Play everything once in these models; lifecycles and observations."""
    lifecycles = observations = 0
    for scenario in load_scenarios(scenario_files()):
        members = [
            Member(
                family=MODELS[name],
                witness=Witness(
                    scenario=scenario.name,
                    engine=name,
                    preset=preset,
                    environments=DEFAULT_ENVIRONMENTS,
                    keeps=scenario.keeps,
                    observed=lambda observation: None,
                ),
            )
            for name in models
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
        for models in (*([name] for name in MODELS), list(MODELS)):
            cpu = []
            for _ in range(_ROUNDS):
                used = time.process_time()
                lifecycles, observations = suite(workshop, models)
                cpu.append(time.process_time() - used)
            print(
                f"{', '.join(models)}: {lifecycles} lifecycles, {observations} observations, "
                f"{statistics.median(cpu):.2f} s of one core"
            )
        workshop.close()
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
