"""How the Python servers of these targets are served: on loopback, until they are asked to end."""

import argparse
import signal
import socketserver
import sys
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from moving import moving

__all__ = ["arguments", "serve"]


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def arguments(*flags: str) -> argparse.Namespace:
    """`--port`, and flags."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    for flag in flags:
        parser.add_argument(flag, action="store_true")
    return parser.parse_args()


def serve(application: Callable[..., Iterable[bytes]], port: int) -> None:
    """Until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with make_server("127.0.0.1", port, moving(application), _Server, _Quiet) as server:
        server.serve_forever()
