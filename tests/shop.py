"""A shop with a login of its own, as people have one: what tests of one's own go to, and a target.

Its form has a box *Remember me*: with it the cookie lasts a week, else as long as the browser. A
session ends half an hour after it was last used, one that is remembered after a week, by a clock
that can be moved (`POST /advance?seconds=`). `FLAWS` are what it can be made to do wrong.
"""

import argparse
import secrets
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

__all__ = ["FLAWS", "shop"]

FLAWS = {
    "deaf": "a sign-out deletes the cookie, and the session stays",
    "lame": "a sign-out does nothing",
    "eager": "every cookie lasts a week",
    "brief": "no cookie lasts",
    "endless": "no session ends by itself",
    "forgetful": "a session ends a minute after it was last used",
}
_FORM = """<form method="post" action="/login">
<label>Email <input name="email"></label>
<label>Password <input name="password" type="password"></label>
<label>Remember me <input type="checkbox" name="remember"></label>
<button>Sign in</button></form>"""
_WEEK = 7 * 24 * 3600
_HALF_AN_HOUR = 1800


@dataclass
class _Session:
    person: str
    lasts: int
    used: float


class _Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sessions: dict[str, _Session]
    flaws: frozenset[str]
    password: str
    moved: list[float]

    def do_GET(self) -> None:
        session = self._session()
        if urlsplit(self.path).path == "/me":
            who = f'"{session.person}"' if session else "null"
            self._answer(f'{{"user": {who}}}', kind="application/json")
        elif session:
            out = '<form method="post" action="/logout"><button>Sign out</button></form>'
            self._answer(f"<p>Welcome back, {session.person}</p>{out}")
        else:
            self._answer(_FORM)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if path == "/advance":
            self.moved.append(float(query["seconds"][0]))
            self._answer("")
        elif path == "/logout":
            self._sign_out()
        else:
            self._sign_in(parse_qs(body))

    def _sign_in(self, form: dict[str, list[str]]) -> None:
        if self.password and form.get("password", [""])[0] != self.password:
            self._answer(f"<p>Wrong password</p>{_FORM}")
            return
        remembered = "remember" in form
        lasting = (remembered or "eager" in self.flaws) and "brief" not in self.flaws
        key = secrets.token_hex()
        lasts = _WEEK if remembered else _HALF_AN_HOUR
        self.sessions[key] = _Session(form["email"][0], lasts, self._now())
        age = f"; Max-Age={_WEEK}" if lasting else ""
        self._answer("<p>Welcome</p>", f"shop={key}; Path=/; HttpOnly; SameSite=Lax{age}")

    def _sign_out(self) -> None:
        if "lame" in self.flaws:
            self._answer("<p>Goodbye</p>")
            return
        if "deaf" not in self.flaws:
            self.sessions.pop(self._key(), None)
        self._answer("<p>Goodbye</p>", "shop=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")

    def _key(self) -> str:
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get("shop")
        return cookie.value if cookie else ""

    def _session(self) -> _Session | None:
        session = self.sessions.get(self._key())
        if session is None:
            return None
        lasts = 60 if "forgetful" in self.flaws else session.lasts
        if self._now() - session.used >= lasts and "endless" not in self.flaws:
            return None
        session.used = self._now()
        return session

    def _now(self) -> float:
        return time.time() + sum(self.moved)

    def _answer(self, page: str, cookie: str = "", kind: str = "text/html") -> None:
        body = page if kind != "text/html" else f"<!doctype html><title>Shop</title>{page}"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body.encode())))
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def shop(port: int = 0, flaws: Collection[str] = (), password: str = "") -> Iterator[str]:
    """Its address."""
    state = {"sessions": {}, "moved": [], "flaws": frozenset(flaws), "password": password}
    server = ThreadingHTTPServer(("127.0.0.1", port), type("Shop", (_Shop,), state))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--password", default="")
    parser.add_argument("--flaw", action="append", choices=FLAWS, default=[])
    asked = parser.parse_args()
    with shop(asked.port, asked.flaw, asked.password):
        threading.Event().wait()
