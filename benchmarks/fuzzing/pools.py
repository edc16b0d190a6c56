"""What the server has given out and takes back in later requests: cookies, codes, tokens, forms."""

import html
import json
import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from random import Random
from urllib.parse import parse_qs, urlsplit

from benchmarks.fuzzing.wire import Answer

__all__ = ["Pools"]

_KEPT = 12
"""The latest of each kind, for each environment."""

_Values = Mapping[str, str]


class Pools:
    """By environment and kind, values that belong together, such as a form's token and cookie."""

    def __init__(self) -> None:
        self._kept: defaultdict[tuple[str, str], deque[dict[str, str]]] = defaultdict(
            lambda: deque(maxlen=_KEPT)
        )

    def clear(self) -> None:
        """Forget everything: after a reset it is worth nothing."""
        self._kept.clear()

    def draw(
        self, environment: str, kinds: Iterable[str], rng: Random | None = None
    ) -> dict[str, str]:
        """One of each kind, the latest if nothing is random; kinds of which there is none are
        left out."""
        drawn: dict[str, str] = {}
        for kind in kinds:
            # Drawn even where there is nothing, so that a seed always leads the same way.
            position = rng.random() if rng else 0
            kept = self._kept[environment, kind]
            if kept:
                drawn |= kept[-1 - int(position**2 * len(kept))]
        return drawn

    def learn(self, environment: str, values: _Values, answer: Answer) -> None:
        """Keep what an answer gives out; `values`: what the request was filled in with."""
        for look in _LOOKS:
            for kind, found in look(values, answer):
                self._kept[environment, kind].append(found)


_Found = Iterable[tuple[str, dict[str, str]]]


def _forms(values: _Values, answer: Answer) -> _Found:
    if b'name="csrf"' not in answer.body:
        return
    fields = {
        name: html.unescape(value)
        for name, value in re.findall(
            r'name="(login|csrf)" value="([^"]*)"', answer.body.decode(errors="replace")
        )
    }
    cookies = answer.cookies
    name = f"sign_in_csrf_{fields.get('login')}"
    if name in cookies:
        yield "attempt", fields | {"sign_in_cookie": f"{name}={cookies[name]}"}
    elif "console_csrf" in cookies:
        yield "console_attempt", fields | {"console_csrf": cookies["console_csrf"]}
    elif "console_session" in values:
        yield "console", fields | {"console_session": values["console_session"]}


def _cookies(values: _Values, answer: Answer) -> _Found:
    cookies = answer.cookies
    if cookies.get("sso_session"):
        yield "person", {"sso_session": cookies["sso_session"]}
    if cookies.get("console_session"):
        yield "console", {"console_session": cookies["console_session"]}
    if "demo_handover" in cookies:
        together = "; ".join(f"{name}={value}" for name, value in cookies.items())
        yield "application", {"application": together}


def _redirects(values: _Values, answer: Answer) -> _Found:
    location = answer.header("location")
    if not location:
        return
    query = urlsplit(location).query
    names = parse_qs(query)
    if "code" in names:
        yield "code", {"code": names["code"][0]}
        if "auth_query" in values:
            yield "returned", {"callback_query": query, "login_cookie": values["login_cookie"]}
        return
    state = names.get("state", [""])[0]
    name = f"demo_login_{state}"
    if name in answer.cookies:
        cookie = f"{name}={answer.cookies[name]}"
        yield "begun", {"auth_query": query, "login_state": state, "login_cookie": cookie}


def _json(values: _Values, answer: Answer) -> _Found:
    if not answer.body.startswith(b"{"):
        return
    try:
        body = json.loads(answer.body)
    except ValueError:
        return
    if "refresh_token" in body:
        yield "tokens", {"id_token": "", **{k: str(v) for k, v in body.items()}}
    elif "read:organizations" in str(body.get("scope")) and "access_token" in body:
        yield "machine", {"machine_token": body["access_token"]}
    elif "ticket" in body:
        query = urlsplit(body["url"]).query
        yield "ticket", {"ticket": body["ticket"], "hop_query": query}
    elif "connection_id" in body:
        yield "connection", {"connection_id": body["connection_id"]}
    elif body.get("sessions"):
        yield "session", {"session_id": body["sessions"][-1]["session_id"]}


_LOOKS: tuple[Callable[[_Values, Answer], _Found], ...] = (_forms, _cookies, _redirects, _json)
