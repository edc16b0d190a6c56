"""Calls from pages of the registered applications (CORS, the Fetch standard).

On an auth server that is not at `*.kinde.com`, js-utils sends `credentials: "include"`: the origin
is then named exactly, never `*`.
"""

from aiohttp import web

from harness.server.tenants import Tenant

__all__ = ["allow", "preflight"]

_PREFIXES = (
    "/oauth2/token",
    "/oauth2/revoke",
    "/oauth2/v2/user_profile",
    "/.well-known/",
    "/account_api/",
)


def _origin(request: web.Request, tenant: Tenant | None) -> str | None:
    """The request's origin, if pages of it may call this path."""
    origin = request.headers.get("Origin")
    if tenant is None or not request.path.startswith(_PREFIXES):
        return None
    return origin if origin in tenant.origins else None


def preflight(request: web.Request, tenant: Tenant | None) -> web.Response | None:
    """The answer to a browser that asks beforehand, or None for any other request."""
    if request.method != "OPTIONS" or _origin(request, tenant) is None:
        return None
    return web.Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": request.headers.get(
                "Access-Control-Request-Headers", "Authorization, Content-Type"
            ),
            "Access-Control-Max-Age": "600",
        },
    )


def allow(request: web.Request, tenant: Tenant | None, response: web.StreamResponse) -> None:
    """Let the page of a registered application read the answer."""
    if not request.path.startswith(_PREFIXES):
        return
    response.headers["Vary"] = "Origin"
    origin = _origin(request, tenant)
    if origin is not None:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Credentials"] = "true"
