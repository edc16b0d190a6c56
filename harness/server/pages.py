"""The server's pages, rendered from the templates beside this module."""

from collections.abc import Mapping
from pathlib import Path

from aiohttp import web
from jinja2 import DictLoader, Environment, StrictUndefined

__all__ = ["error_page", "page"]


# Read at import: nothing may read files in the event loop.
_TEMPLATES = Environment(
    loader=DictLoader(
        {
            path.name: path.read_text(encoding="utf-8")
            for path in Path(__file__).with_name("templates").glob("*.html")
        }
    ),
    autoescape=True,
    undefined=StrictUndefined,
)


def page(template: str, *, status: int = 200, **values: object) -> web.Response:
    """Render a page that no cache keeps and no other site may frame."""
    return web.Response(
        text=_TEMPLATES.get_template(template).render(values),
        status=status,
        content_type="text/html",
        headers=_HEADERS,
    )


def error_page(message: str, *, status: int = 400) -> web.Response:
    """A page for the person at the browser, where redirecting would be unsafe."""
    return page("error.html", status=status, message=message)


_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
