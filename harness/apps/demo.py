"""The demo application: a relying party that keeps a login of its own in two ways.

* `app:cookie`: a session cookie whose kind follows the access token's `ksp` claim, as Kinde's
  Next.js and PHP SDKs do: 29 days when it says persistent, no lifetime when it says not.
* `app:local_storage`: the access token in `localStorage`, as single-page SDKs do.

It is a client like any other: it talks to the auth server over HTTP and checks what it gets.

`return_to` may be repeated: where to go after this page, and after that, among the addresses of
the same site. So one visit takes a person through the applications of many environments.
"""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
from aiohttp import web
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from harness.clock import Clock

__all__ = ["COOKIE", "COOKIE_LIFETIME", "STORAGE_KEY", "DemoApp"]

COOKIE = "demo_session"
COOKIE_LIFETIME = 29 * 86_400
"""Seconds; `KINDE_COOKIE_MAX_AGE` of kinde-auth-nextjs."""
STORAGE_KEY = "demo_access_token"
_LOGIN_COOKIE = "demo_login"


@dataclass(frozen=True, kw_only=True)
class _Login:
    state: str
    nonce: str
    verifier: str
    return_to: tuple[str, ...]


@dataclass(kw_only=True)
class _Session:
    name: str
    expires: float
    token: str | None
    """Until the home page has put it into `localStorage`."""


@dataclass(frozen=True, kw_only=True)
class State:
    """Whether the application takes somebody for signed in, and the reason if it does not."""

    signed_in: bool
    reason: str | None


class DemoApp:
    """One environment's application. `connect_to` is the address behind the issuer's name."""

    def __init__(
        self,
        *,
        name: str,
        issuer: str,
        url: str,
        client_id: str,
        client_secret: str,
        org_code: str,
        clock: Clock,
        connect_to: str,
    ) -> None:
        self.name = name
        self._issuer = issuer
        self._url = url
        self._client_id = client_id
        self._client_secret = client_secret
        self._org_code = org_code
        self._clock = clock
        self._connect_to = connect_to
        self._secure = url.startswith("https:")
        self._logins: dict[str, _Login] = {}
        self._sessions: dict[str, _Session] = {}
        self._signed_out: set[str] = set()
        self._http: aiohttp.ClientSession | None = None
        self._keys: KeySet | None = None

    def reset(self) -> None:
        """Forget every login."""
        self._logins.clear()
        self._sessions.clear()
        self._signed_out.clear()

    async def close(self) -> None:
        """Close the connections to the auth server."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    def state_by_cookie(self, request: web.Request) -> State:
        """Surface `app:cookie`: what the application says to a request with these cookies."""
        value = request.cookies.get(COOKIE)
        if not value:
            return State(signed_in=False, reason="no_cookie")
        session = self._sessions.get(value)
        if session is None:
            reason = "signed_out" if value in self._signed_out else "unknown"
            return State(signed_in=False, reason=reason)
        if self._clock.now() >= session.expires:
            return State(signed_in=False, reason="expired")
        return State(signed_in=True, reason=None)

    async def state_by_token(self, token: str | None) -> State:
        """Surface `app:local_storage`: what it says to a request with this bearer token."""
        if not token:
            return State(signed_in=False, reason="no_token")
        try:
            claims = jwt.decode(token, await self._key_set(), algorithms=["RS256"]).claims
        except (JoseError, ValueError):
            return State(signed_in=False, reason="unknown")
        if claims.get("iss") != self._issuer or claims.get("azp") != self._client_id:
            return State(signed_in=False, reason="unknown")
        if self._clock.now() >= claims.get("exp", 0):
            return State(signed_in=False, reason="expired")
        return State(signed_in=True, reason=None)

    async def home(self, request: web.Request) -> web.Response:
        """`/`: says who is signed in by cookie, and stores a new token in `localStorage`."""
        onward = self._onward(self._return_to(request))
        session = self._sessions.get(request.cookies.get(COOKIE, ""))
        script = ""
        if session is not None and session.token is not None:
            name, token = json.dumps(STORAGE_KEY), json.dumps(session.token)
            script = f"localStorage.setItem({name}, {token});"
            session.token = None
        if onward is not None:
            script += f"location.replace({_in_script(onward)});"
        who = f"signed in as {session.name}" if session else "signed out"
        return _page(f'<p>You are {who}.</p><a href="/login">Sign in</a>', script=script)

    async def login(self, request: web.Request) -> web.Response:
        """`/login`: off to the auth server with PKCE, `state` and `nonce`.

        `prompt=none` asks silently: no sign-in page, whoever it is.
        """
        login = _Login(
            state=secrets.token_urlsafe(16),
            nonce=secrets.token_urlsafe(16),
            verifier=secrets.token_urlsafe(48),
            return_to=self._return_to(request),
        )
        self._logins[login.state] = login
        digest = hashlib.sha256(login.verifier.encode()).digest()
        prompt = {"prompt": "none"} if request.query.get("prompt") == "none" else {}
        query = urlencode(
            {
                **prompt,
                "client_id": self._client_id,
                "redirect_uri": f"{self._url}/callback",
                "response_type": "code",
                "scope": "openid profile email",
                "state": login.state,
                "nonce": login.nonce,
                "org_code": self._org_code,
                "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
                "code_challenge_method": "S256",
            }
        )
        response = _redirect(f"{self._issuer}/oauth2/auth?{query}")
        response.set_cookie(
            _LOGIN_COOKIE,
            login.state,
            path="/callback",
            httponly=True,
            samesite="Lax",
            secure=self._secure,
        )
        return response

    async def callback(self, request: web.Request) -> web.Response:
        """`/callback`: exchange the code, check the ID token, start the application's session."""
        state = request.query.get("state", "")
        login = self._logins.pop(state, None)
        if login is None or request.cookies.get(_LOGIN_COOKIE) != state:
            return _page("<p>This sign-in was not started in this browser.</p>", status=400)
        if "error" in request.query:
            # Whoever the auth server does not know keeps what the application has of its own.
            return _redirect(self._onward(login.return_to) or f"{self._url}/")
        async with self._client().post(
            f"{self._connect_to}/oauth2/token",
            headers=self._host_header(),
            data={
                "grant_type": "authorization_code",
                "client_id": self._client_id,
                "client_secret": self._client_secret,
                "code": request.query.get("code", ""),
                "redirect_uri": f"{self._url}/callback",
                "code_verifier": login.verifier,
            },
        ) as answer:
            tokens = await answer.json()
        if "access_token" not in tokens:
            return _page("<p>The auth server refused the code.</p>", status=400)
        keys = await self._key_set()
        identity = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"]).claims
        if (
            identity.get("iss") != self._issuer
            or self._client_id not in identity.get("aud", [])
            or identity.get("nonce") != login.nonce
        ):
            return _page("<p>The ID token is not for this sign-in.</p>", status=400)
        return self._signed_in(tokens["access_token"], identity, keys, login.return_to)

    def _signed_in(
        self,
        access_token: str,
        identity: dict[str, Any],
        keys: KeySet,
        return_to: tuple[str, ...],
    ) -> web.Response:
        access = jwt.decode(access_token, keys, algorithms=["RS256"]).claims
        # A missing claim means persistent: kinde-typescript-sdk, token-utils.ts.
        persistent = access.get("ksp", {}).get("persistent", True)
        value = secrets.token_urlsafe(24)
        self._sessions[value] = _Session(
            name=identity.get("given_name", "somebody"),
            expires=self._clock.now() + COOKIE_LIFETIME,
            token=access_token,
        )
        response = _redirect(self._onward(return_to) or f"{self._url}/")
        response.set_cookie(
            COOKIE,
            value,
            path="/",
            max_age=COOKIE_LIFETIME if persistent else None,
            httponly=True,
            samesite="Lax",
            secure=self._secure,
        )
        response.del_cookie(_LOGIN_COOKIE, path="/callback")
        return response

    async def sign_out(self, request: web.Request) -> web.Response:
        """`/sign-out`: forget the login here, then end the session at the auth server."""
        value = request.cookies.get(COOKIE)
        if value and self._sessions.pop(value, None):
            self._signed_out.add(value)
        target = f"{self._issuer}/logout?{urlencode({'redirect': f'{self._url}/'})}"
        response = _page(
            "<p>Signing out.</p>",
            script=f"localStorage.removeItem({json.dumps(STORAGE_KEY)});"
            f"location.replace({_in_script(target)});",
        )
        response.del_cookie(COOKIE, path="/", httponly=True, samesite="Lax", secure=self._secure)
        return response

    def _return_to(self, request: web.Request) -> tuple[str, ...]:
        """The addresses asked for, if all of them are on this site; else none (open redirect)."""
        asked = tuple(request.query.getall("return_to", []))
        here = urlsplit(self._url)
        site = f".app.localhost:{here.port}"
        for address in asked:
            parts = urlsplit(address)
            if parts.scheme != here.scheme or not parts.netloc.endswith(site):
                return ()
        return asked

    def _onward(self, return_to: tuple[str, ...]) -> str | None:
        if not return_to:
            return None
        first, *rest = return_to
        separator = "&" if urlsplit(first).query else "?"
        return f"{first}{separator}{urlencode([('return_to', address) for address in rest])}"

    def _client(self) -> aiohttp.ClientSession:
        if self._http is None:
            # The address is this very server's; with https its certificate is its own too.
            self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False))
        return self._http

    def _host_header(self) -> dict[str, str]:
        return {"Host": urlsplit(self._issuer).netloc}

    async def _key_set(self) -> KeySet:
        if self._keys is None:
            address = f"{self._connect_to}/.well-known/jwks.json"
            async with self._client().get(address, headers=self._host_header()) as answer:
                self._keys = KeySet.import_key_set(await answer.json())
        return self._keys


def _redirect(location: str) -> web.Response:
    return web.Response(status=302, headers={"Location": location, "Cache-Control": "no-store"})


def _in_script(text: str) -> str:
    return json.dumps(text).replace("<", "\\u003c")


def _page(body: str, *, script: str = "", status: int = 200) -> web.Response:
    return web.Response(
        text="<!doctype html><html lang=en><meta charset=utf-8><title>Demo application</title>"
        f'<link rel=icon href="data:,"><h1>Demo application</h1>{body}<script>{script}</script>',
        status=status,
        content_type="text/html",
        headers={"Cache-Control": "no-store"},
    )
