"""A login to begin with, in the place of your own: python login.py PORT."""

import secrets
import sys
import time
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

SESSIONS = {}
MOVED = []
FORM = """<form method="post" action="/login"><label>Email <input name="email"></label>
<label><input type="checkbox" name="remember"> Remember me</label><button>Sign in</button></form>"""
OUT = '<form method="post" action="/logout"><button>Sign out</button></form>'


class Login(BaseHTTPRequestHandler):
    def do_GET(self):
        session = SESSIONS.get(self.key())
        if session is None or now() - session["used"] >= session["lasts"]:
            return self.answer(FORM)
        session["used"] = now()
        return self.answer(f"<p>Welcome back</p>{OUT}")

    def do_POST(self):
        body = parse_qs(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())
        address = urlsplit(self.path)
        if address.path == "/advance":
            MOVED.append(float(parse_qs(address.query)["seconds"][0]))
            return self.answer("")
        if address.path == "/logout":
            SESSIONS.pop(self.key(), None)
            return self.answer(FORM, "session=; Path=/; Max-Age=0")
        key, remembered = secrets.token_hex(), "remember" in body
        SESSIONS[key] = {"lasts": 604800 if remembered else 1800, "used": now()}
        cookie = f"session={key}; Path=/; HttpOnly; SameSite=Lax"
        return self.answer("<p>Welcome</p>", cookie + ("; Max-Age=604800" if remembered else ""))

    def key(self):
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get("session")
        return cookie.value if cookie else ""

    def answer(self, page, cookie=""):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(page.encode())


def now():
    return time.time() + sum(MOVED)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Login).serve_forever()
