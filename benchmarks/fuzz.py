"""Random requests to the server, of every kind: none may be answered with 5xx or late.

    python -m benchmarks.fuzz [--requests 200000] [--seed 1] [--state] [--only NUMBER]

Over raw sockets, several at once, to `afterclose serve` in a process of its own. What is sent
follows from the seed and the request's number, but for the codes, tokens and cookies that the
server gives out. Exit status 1 if there was an answer of 5xx, or none, or one that took more than a
second; if the server does not answer health, its exchange log and its lists of sessions any
more; or if it printed a traceback. Each kind of these is told once, with the smallest request that
shows it. `--only` sends the request of one number again, and prints it with its answer.
"""

import argparse
import asyncio
import sys
import time

from benchmarks.fuzzing.campaign import Campaign
from benchmarks.fuzzing.operations import OPERATIONS
from benchmarks.fuzzing.serving import Served, serving
from benchmarks.fuzzing.shrinking import Shrinking
from benchmarks.fuzzing.wire import Connection


async def fuzz(served: Served, *, requests: int, seed: int) -> Campaign:
    """Send them all; the campaign says what came of it."""
    campaign = Campaign(served, seed)
    await campaign.run(requests)
    await Shrinking(campaign).finish()
    return campaign


async def again(served: Served, *, number: int, seed: int) -> None:
    """Send one request of a campaign alone, and print it."""
    campaign, connection = Campaign(served, seed), Connection(served.port)
    await campaign.prepare(connection)
    message = campaign.message(number).message
    print(message.raw)
    began = time.monotonic()
    print(*await connection.send([message]), f"after {time.monotonic() - began:.3f} s")
    connection.close()
    print(*served.causes(), sep="\n")


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--state", action="store_true", help="let the server keep a state file")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="send this one again, alone")
    arguments = parser.parse_args()
    with serving(state=arguments.state) as served:
        if arguments.only is not None:
            asyncio.run(again(served, number=arguments.only, seed=arguments.seed))
            return
        began = time.monotonic()
        campaign = asyncio.run(fuzz(served, requests=arguments.requests, seed=arguments.seed))
        took = time.monotonic() - began
    sent = campaign.statuses.total()
    print(f"{sent} requests in {took:.0f} s, seed {arguments.seed}; answers by status, 0 for none:")
    print(", ".join(f"{status}: {n}" for status, n in sorted(campaign.statuses.items())))
    refused = [o.name for o in OPERATIONS if not campaign.reached[o.name]]
    print(f"never answered with less than 400: {', '.join(refused) or 'none'}")
    faults = campaign.faults.told()
    print(f"{len(faults)} faults", *faults, sep="\n\n")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
