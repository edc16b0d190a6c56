"""Verdicts do not change, on a quiet machine or a busy one.

The first run is quiet, and what it found is expected of every later one. One in three of those has
four processes beside it that compute.
"""

import argparse
import contextlib
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

from benchmarks.reliability.runs import cells, differing, end_with_me, ended, options, workplace

__all__ = ["add_arguments", "carry_out"]

_COMPUTING = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be asked for."""
    parser.add_argument("paths", nargs="*", help="scenarios (default: the essential pack)")
    parser.add_argument("--items", type=int, default=1000, help="at least so many, all in all")
    parser.add_argument("-n", dest="workers", default=None, help="as for afterclose run")


def carry_out(arguments: argparse.Namespace) -> list[str]:
    """Print what came of each run; what is broken, in sentences."""
    workers = ["-n", arguments.workers] if arguments.workers else []
    asked = [*arguments.paths, *options(arguments.engine), *workers]
    with workplace() as place:
        place.run(*asked)
        records = place.records()
        expected, items = cells(records), ended(records).total()
        told = differing(expected, expected)
        if not items or told:
            return [f"the quiet run is no measure: {items} items, {dict(told)}: {place.said()}"]
        print(f"quiet: {items} items, {len(expected)} cells: what is expected", flush=True)
        number, busy_items = 0, 0
        found: Counter[str] = Counter()
        while items < arguments.items:
            number += 1
            busy = number % 3 == 1
            with computing() if busy else contextlib.nullcontext():
                status = place.run(*asked, output=f"r{number}")
            records = place.records(f"r{number}")
            told, carried_out = differing(expected, cells(records)), ended(records).total()
            print(f"{'busy' if busy else 'quiet'}: {carried_out} items, exit status {status}, "
                f"{dict(told) or 'all the same'}", flush=True)
            if status or not carried_out:
                print(place.said(f"r{number}"), flush=True)
            if not carried_out:
                return ["a run carried out nothing"]
            items += carried_out
            busy_items += carried_out if busy else 0
            found += told
    print(f"{items} items, {busy_items} of them on a busy machine: "
        f"{found['changed']} cells changed, {found['inconclusive']} inconclusive, "
        f"{found['error']} items broke off, {found['missing']} cells missing")
    return [f"{found[what]} {what}" for what in ("changed", "error", "missing") if found[what]]


@contextlib.contextmanager
def computing() -> Iterator[None]:
    """A machine that is made busy."""
    processes = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"], preexec_fn=end_with_me())
        for _ in range(_COMPUTING)
    ]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()
