"""The server's pages, rendered from the templates beside this module."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["error_page", "form_post_page", "page"]


# Read at import: nothing may read files in the event loop.
_SOURCES = {
    path.name: path.read_text(encoding="utf-8")
    for path in Path(__file__).with_name("templates").glob("*.html")
}


@cache
def _templates() -> "Environment":
    # Imported with the first page: it is half of what a start would take.
    from jinja2 import DictLoader, Environment, StrictUndefined

    environment = Environment(
        loader=DictLoader(_SOURCES), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["duration"] = _duration
    return environment


def _duration(seconds: int) -> str:
    """The largest two units: `1 day`, `23 hours 55 minutes`."""
    units = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
    parts = []
    for unit, length in units:
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count:,} {unit}{'' if count == 1 else 's'}")
    return " ".join(parts[:2]) or "nothing"


def page(
    template: str,
    *,
    status: int = 200,
    script: str | None = None,
    own: bool = False,
    **values: object,
) -> web.Response:
    """Render a page that no cache keeps, no other site may frame, and that runs no script but
    the one given; `own`: that may ask this host for more, and says to it where its forms are."""
    policy = _POLICY
    if script is not None:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        policy += f"; script-src 'sha256-{digest}'"
    referrer = _HEADERS["Referrer-Policy"]
    if own:
        policy += "; connect-src 'self'; form-action 'self'"
        # With none, a form's `Origin` would be null.
        referrer = "same-origin"
    headers = {**_HEADERS, "Content-Security-Policy": policy, "Referrer-Policy": referrer}
    return web.Response(
        text=_templates().get_template(template).render(values, script=script),
        status=status,
        content_type="text/html",
        headers=headers,
    )


def error_page(message: str, *, status: int = 400) -> web.Response:
    """A page for the person at the browser, where redirecting would be unsafe."""
    return page("error.html", status=status, message=message)


def form_post_page(action: str, values: Mapping[str, str]) -> web.Response:
    """A page that posts itself (OAuth 2.0 Form Post Response Mode)."""
    script = "document.forms[0].submit()"
    return page("form_post.html", script=script, action=action, values=values)


_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
