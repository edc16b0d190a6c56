"""The server's pages, rendered from the templates beside this module."""

from collections.abc import Mapping
from functools import cache

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

__all__ = ["error_page", "page"]


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("harness.server"), autoescape=True, undefined=StrictUndefined
    )


def page(template: str, *, status: int = 200, **values: object) -> web.Response:
    """Render a page that no cache keeps and no other site may frame."""
    return web.Response(
        text=_templates().get_template(template).render(values),
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
