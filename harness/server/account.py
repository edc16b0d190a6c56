"""The account API: what a signed-in person's own token may ask about them.

Contract: Kinde's frontend specification, `/account_api/v1/…`. This mock gives out no roles,
permissions, flags, properties or plans, so the lists are empty; the shapes are what SDKs read.
"""

from typing import Any

from aiohttp import web

from harness.server.protocol import answer, bearer
from harness.server.tenants import Tenant
from harness.server.tokens import TokenError

__all__ = ["account"]

_LISTS = {
    "permissions": ("permissions",),
    "roles": ("roles",),
    "feature_flags": ("feature_flags",),
    "properties": ("properties",),
    "entitlements": ("plans", "entitlements"),
}


async def account(request: web.Request, tenant: Tenant) -> web.Response:
    """`GET /account_api/v1/{what}`."""
    what = request.match_info["what"]
    try:
        claims = bearer(request, tenant)
        if tenant.people.get(claims.get("sub", "")) is None:
            raise TokenError("the token is not a user's")
    except TokenError as error:
        return answer(
            {"errors": [{"code": "INVALID_CREDENTIALS", "message": str(error)}]}, 403
        )
    if what == "portal_link":
        return answer({"url": f"{tenant.app_url}/"})
    data: dict[str, Any] = {"org_code": claims.get("org_code")}
    if what == "entitlement":
        return answer({"data": {**data, "entitlement": None}, "metadata": {}})
    if what not in _LISTS:
        raise web.HTTPNotFound()
    data |= {name: [] for name in _LISTS[what]}
    metadata = {"has_more": False, "next_page_starting_after": ""}
    return answer({"data": data, "metadata": metadata})
