"""A shop with a login of its own, as people have one: what tests of one's own go to.

Its form has a box *Remember me*: with it the cookie lasts a week, else as long as the browser.
"""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

__all__ = ["shop"]

_FORM = """<form method="post" action="/login">
<label>Email <input name="email"></label>
<label>Remember me <input type="checkbox" name="remember"></label>
<button>Sign in</button></form>"""
_WEEK = 7 * 24 * 3600


class _Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sessions: dict[str, str]

    def do_GET(self) -> None:
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get("shop")
        person = self.sessions.get(cookie.value) if cookie else None
        self._answer(f"<p>Welcome back, {person}</p>" if person else _FORM)

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        session = secrets.token_hex()
        self.sessions[session] = form["email"][0]
        lasting = f"; Max-Age={_WEEK}" if "remember" in form else ""
        self._answer("<p>Welcome</p>", f"shop={session}; Path=/; HttpOnly; SameSite=Lax{lasting}")

    def _answer(self, page: str, cookie: str = "") -> None:
        body = f"<!doctype html><title>Shop</title>{page}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def shop(port: int = 0) -> Iterator[str]:
    """Its address."""
    handler = type("Shop", (_Shop,), {"sessions": {}})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
