"""Whether results can be relied on: on a busy machine, with processes killed, in trouble.

    python -m benchmarks.reliability verdicts --items 1000
    python -m benchmarks.reliability kills --moments 50 --seed 1
    python -m benchmarks.reliability troubles

Each carries out `afterclose run` in real browsers, as a process of its own with a temporary folder
of its own, and judges by the results that it leaves and by the processes that there are. Exit
status 1 where a promise is broken. What is measured, and how: docs/reliability.md.
"""

import argparse
import signal
import sys
import time

from benchmarks.reliability import kills, troubles, verdicts
from harness.engines import NAMES


def main() -> None:
    """Read the arguments, carry one of the three out, say how long it took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability")
    commands = parser.add_subparsers(required=True)
    for module in (verdicts, kills, troubles):
        command = commands.add_parser(module.__name__.rpartition(".")[2], help=module.__doc__)
        command.add_argument("--engine", action="append", choices=NAMES, help="may be repeated")
        module.add_arguments(command)
        command.set_defaults(carry_out=module.carry_out)
    arguments = parser.parse_args()
    # Told to end, it ends what it has started, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    try:
        broken = arguments.carry_out(arguments)
    except KeyboardInterrupt:
        sys.exit(130)
    print(f"{(time.monotonic() - began) / 60:.1f} min", flush=True)
    for sentence in broken:
        print(f"broken: {sentence}", file=sys.stderr)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
