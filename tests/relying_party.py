"""An application of one's own that is told of logouts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any
from urllib.parse import parse_qs

from tests.client import Client
from tests.oauth import claims_of
from tests.patience import PATIENCE

__all__ = ["NAME", "Told", "listening"]

NAME = "shop"


@dataclass
class Told:
    """An application's server that is told of logouts, and answers as it is set to."""

    server: ThreadingHTTPServer
    answers: list[int] = field(default_factory=list)
    """Statuses, one after the other; then 200."""
    bodies: "Queue[dict[str, str]]" = field(default_factory=Queue)
    types: list[str] = field(default_factory=list)
    silent: threading.Event | None = None
    """Until when it does not answer, if that is within its patience, in seconds."""
    patience: float = 10
    answered: int = 0

    @property
    def uri(self) -> str:
        return f"http://rp.localhost:{self.server.server_port}/logout?from=op"

    def claims(self, client: Client) -> dict[str, Any]:
        """What the next logout token says."""
        return claims_of(client, self.bodies.get(timeout=PATIENCE)["logout_token"], NAME)

    def nothing_more(self, client: Client) -> bool:
        client.control("POST", "clock", {"advance": 0})
        return self.bodies.empty()


@contextmanager
def listening() -> Iterator[Told]:
    """Such a server, running."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            found.types.append(self.headers["Content-Type"])
            assert self.headers["Host"] == f"rp.localhost:{found.server.server_port}"
            assert self.path == "/logout?from=op"
            status = found.answers.pop(0) if found.answers else 200
            found.bodies.put({name: values[0] for name, values in parse_qs(body).items()})
            if found.silent is not None:
                found.silent.wait(found.patience)
            found.answered += 1
            self.send_response(status)
            self.send_header("Location", "http://rp.localhost/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    found = Told(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
    thread = threading.Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    if found.silent is not None:
        found.silent.set()
    found.server.shutdown()
    thread.join()
    found.server.server_close()
