"""A shop with a login of its own, as people have one: what tests of one's own go to, and a target.

Its form has a box *Remember me*: with it the cookie lasts a week, else as long as the browser. A
session ends half an hour after it was last used, one that is remembered after a week, by a clock
that can be moved (`POST /advance?seconds=`). `FLAWS` are what it can be made to do wrong, `WAYS`
how else it can be made to keep a session.
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

from harness.targets.one_time import STEP, code_at, key_of

__all__ = ["FLAWS", "WAYS", "shop"]

FLAWS = {
    "deaf": "a sign-out deletes the cookie, and the session stays",
    "lame": "a sign-out does nothing",
    "eager": "every cookie lasts a week",
    "brief": "no cookie lasts",
    "endless": "no session ends by itself",
    "forgetful": "a session ends a minute after it was last used",
}
WAYS = {
    "code": "after the password it asks for a one-time code, and takes each once",
    "rotating": "each visit replaces the cookie, and the one before is used up",
    "slow": "a sign-in takes a moment",
    "tab": "the page signs in by itself, and keeps the key in the sessionStorage of the tab",
}
_CODE = """<form method="post" action="/code"><input type="hidden" name="key" value="{key}">
<label>Code <input name="code"></label><button>Continue</button></form>"""
_IN_TAB = """<main></main><script>
const key = sessionStorage.getItem("shop") || "";
fetch("/me", {headers: {Authorization: key}}).then(answer => answer.json()).then(({user}) => {
  document.querySelector("main").innerHTML = user ? `<p>Welcome back, ${user}</p>
<form method="post" action="/logout"><input type="hidden" name="key" value="${key}">
<button>Sign out</button></form>` : `FORM`;
});
addEventListener("submit", async event => {
  if (!event.target.action.endsWith("/login")) { return; }
  event.preventDefault();
  const body = new URLSearchParams(new FormData(event.target));
  const answer = await fetch("/login", {method: "POST", body});
  sessionStorage.setItem("shop", (await answer.json()).key);
  document.querySelector("main").textContent = "Welcome";
});
</script>"""
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
    secret: str
    moved: list[float]
    pending: dict[str, dict[str, list[str]]]
    codes: set[str]

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/favicon.ico":
            self._answer("", kind="image/png")
            return
        session = self._session()
        if urlsplit(self.path).path == "/me":
            who = f'"{session.person}"' if session else "null"
            self._answer(f'{{"user": {who}}}', kind="application/json")
        elif "tab" in self.flaws:
            self._answer(_IN_TAB.replace("FORM", _FORM))
        elif session and "rotating" in self.flaws:
            out = '<form method="post" action="/logout"><button>Sign out</button></form>'
            cookie = self._cookie(self.sessions.pop(self._key()))
            self._answer(f"<p>Welcome back, {session.person}</p>{out}", cookie)
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
            self._sign_out(parse_qs(body))
        elif path == "/code":
            self._take_code(parse_qs(body))
        else:
            self._sign_in(parse_qs(body))

    def _sign_in(self, form: dict[str, list[str]]) -> None:
        if "slow" in self.flaws:
            time.sleep(0.3)
        if self.password and form.get("password", [""])[0] != self.password:
            self._answer(f"<p>Wrong password</p>{_FORM}")
        elif "code" in self.flaws:
            key = secrets.token_hex()
            self.pending[key] = form
            self._answer(_CODE.format(key=key))
        else:
            self._begin(form)

    def _take_code(self, form: dict[str, list[str]]) -> None:
        code = form.get("code", [""])[0]
        # RFC 6238, section 5.2: the one before is taken, too, for what comes is on its way a while.
        key, now = key_of(self.secret), self._now()
        if code in self.codes or code not in {code_at(key, now - ago) for ago in (0, STEP)}:
            self._answer(f"<p>Wrong code</p>{_CODE.format(key=form['key'][0])}")
            return
        self.codes.add(code)
        self._begin(self.pending.pop(form["key"][0]))

    def _begin(self, form: dict[str, list[str]]) -> None:
        lasts = _WEEK if "remember" in form else _HALF_AN_HOUR
        cookie = self._cookie(_Session(form["email"][0], lasts, self._now()))
        if "tab" in self.flaws:
            key = cookie.partition(";")[0].removeprefix("shop=")
            self._answer(f'{{"key": "{key}"}}', kind="application/json")
        else:
            self._answer("<p>Welcome</p>", cookie)

    def _cookie(self, session: _Session) -> str:
        """One with a new key for a session."""
        key = secrets.token_hex()
        self.sessions[key] = session
        lasting = session.lasts == _WEEK or "eager" in self.flaws
        age = f"; Max-Age={_WEEK}" if lasting and "brief" not in self.flaws else ""
        return f"shop={key}; Path=/; HttpOnly; SameSite=Lax{age}"

    def _sign_out(self, form: dict[str, list[str]]) -> None:
        if "tab" in self.flaws:
            self.sessions.pop(form["key"][0], None)
            self._answer('<p>Goodbye</p><script>sessionStorage.removeItem("shop")</script>')
            return
        if "lame" in self.flaws:
            self._answer("<p>Goodbye</p>")
            return
        if "deaf" not in self.flaws:
            self.sessions.pop(self._key(), None)
        self._answer("<p>Goodbye</p>", "shop=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")

    def _key(self) -> str:
        if "tab" in self.flaws:
            return self.headers.get("Authorization", "")
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
def shop(
    port: int = 0, flaws: Collection[str] = (), password: str = "", secret: str = ""
) -> Iterator[str]:
    """Its address. `flaws`: of `FLAWS` and `WAYS`; `secret`: that of the codes."""
    state = {
        "sessions": {}, "moved": [], "pending": {}, "codes": set(), "flaws": frozenset(flaws),
        "password": password, "secret": secret,
    }  # fmt: skip
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
    parser.add_argument("--flaw", action="append", choices=[*FLAWS, *WAYS], default=[])
    parser.add_argument("--secret", default="")
    asked = parser.parse_args()
    with shop(asked.port, asked.flaw, asked.password, asked.secret):
        threading.Event().wait()
