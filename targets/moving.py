"""A clock for the servers of these targets that a request can move: their software is as it came,
and asks the time of a process whose clock is ahead."""

import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import time_machine

__all__ = ["moving"]


def moving(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """A WSGI application with `POST /_advance?seconds=…` beside its own addresses."""
    clock = time_machine.travel(time.time(), tick=True).start()

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        asked = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if asked != ("POST", "/_advance"):
            return application(environ, start_response)
        clock.shift(timedelta(seconds=float(parse_qs(environ["QUERY_STRING"])["seconds"][0])))
        start_response("204 No Content", [])
        return []

    return serve
