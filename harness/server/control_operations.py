"""What the operations of the control API have in common: whom they refuse, and how they answer."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from aiohttp import web

from harness.server.openapi import InputError, Operation

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["MODELS", "answer_with", "control_operation", "from_elsewhere", "refuse"]

MODELS = "harness.server.control_models"
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def control_operation(
    name: str,
    method: str,
    path: str,
    summary: str,
    handler: _Handler,
    answer: str,
    more: Mapping[int, tuple[str, str]] | None = None,
    body: str | None = None,
    query: str | None = None,
    path_parameters: Mapping[str, str] | None = None,
) -> Operation:
    """An operation below `/_afterclose/`; `answer`, `body` and `query` name models."""
    refusals = {
        400: ("The request does not fit.", "ControlError"),
        403: ("A page in a browser may not call this.", "ControlError"),
        413: ("The body is too large.", "ControlError"),
    }
    return Operation(
        id=name,
        models=MODELS,
        method=method,
        path=f"/_afterclose/{path}",
        tag="Control",
        summary=summary,
        handler=_guarded(handler),
        responses={200: ("Done.", answer)} | refusals | dict(more or {}),
        body=body,
        query=query,
        path_parameters=path_parameters or {},
    )


def from_elsewhere(request: web.Request) -> bool:
    """Whether a browser marks a request as made by a page of another origin."""
    # A browser that is too old for the second sends the first with what a page posts.
    here = f"{request.scheme}://{request.host}"
    site = request.headers.get("Sec-Fetch-Site", "none")
    return site not in ("none", "same-origin") or request.headers.get("Origin", here) != here


def _guarded(handler: _Handler) -> _Handler:
    """Mistakes in this API's shape; nothing for pages of other sites that a browser has open."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if from_elsewhere(request):
            return refuse(403, "a page in a browser may not call this")
        try:
            return await handler(request)
        except InputError as error:
            return refuse(400, str(error))

    return handle


def answer_with(body: "BaseModel", status: int = 200) -> web.Response:
    """A model as JSON."""
    return web.Response(text=body.model_dump_json(), status=status, content_type="application/json")


def refuse(status: int, message: str) -> web.Response:
    """What was wrong, as JSON."""
    from harness.server import control_models as models

    return answer_with(models.ControlError(error=message), status)
