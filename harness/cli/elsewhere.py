"""The option `--dask`: what is asked of a cluster before anything is begun there. What does not
name one does not load what it takes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.cli.common import NO_ENGINE, fail, say

if TYPE_CHECKING:
    from harness.runner.cluster import Cluster

__all__ = ["connect", "lacking_of", "refuse_with_dask"]


def refuse_with_dask(given: Mapping[str, bool]) -> None:
    """End where an option was given that means nothing on a cluster."""
    for option, there in given.items():
        if there:
            fail(f"--dask and {option}: {_REASONS[option]}")


_REASONS = {
    "-n": "a cluster's workers are what they are; choose one of the two",
    "--target": "its process and its secrets are on this machine alone",
    "-v": "steps happen on its machines; the report has them",
    "--headed": "nobody sees the browsers of a cluster's workers",
}


def connect(address: str, engines: Sequence[str]) -> "Cluster":
    """The cluster, or the end."""
    from harness.runner.cluster import Cluster, ClusterError, NoWorkerError

    try:
        return Cluster(address=address, engines=engines, tell=lambda line: say(f"--dask: {line}"))
    except NoWorkerError as error:
        fail(f"--dask: {error}", NO_ENGINE)
    except ClusterError as error:
        fail(f"--dask: {error}")


def lacking_of(address: str, engines: Sequence[str]) -> dict[str, str]:
    """The browsers that no worker has, by the name of their engine, and in words."""
    cluster = connect(address, engines)
    try:
        return {
            name: f"no worker of {address} has {name}"
            for name, version in cluster.versions.items()
            if not version
        }
    finally:
        cluster.close()
