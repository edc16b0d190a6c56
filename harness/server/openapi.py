"""Operations of the JSON APIs, and the OpenAPI document that is generated from them.

The models that check a request are the ones that describe it, so the document cannot say anything
else than what the server does.
"""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from harness.server.incoming import json_of

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

__all__ = ["InputError", "Operation", "document", "filled", "read_body", "read_query"]

_WANTED = {
    "bool_type": "true or false",
    "list_type": "a list",
    "string_type": "text",
    "float_type": "a number",
    "finite_number": "a number",
    "int_type": "a whole number",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
}
"""pydantic's kinds of errors, in words."""

_PARTS = 100
"""Items of a long list that are sent at a time."""

_M = TypeVar("_M", bound="BaseModel")


class InputError(Exception):
    """A request that does not fit its model; the message says what was wrong."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path. `responses` maps a status to its meaning and its body's model.

    Models are named, not given: they are looked up in the module `models` when they are first
    needed. Importing pydantic takes longer than a server's whole start.
    """

    id: str
    method: str
    path: str
    tag: str
    summary: str
    handler: Callable[..., Awaitable[web.StreamResponse]]
    models: str
    responses: Mapping[int, tuple[str, str]]
    description: str = ""
    scope: str | None = None
    """What the bearer token must be good for; None where no token is needed."""
    body: str | None = None
    query: str | None = None
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    """What each is, by name."""

    def model(self, name: str) -> "type[BaseModel]":
        """The model of that name."""
        found: type[BaseModel] = getattr(import_module(self.models), name)
        return found


async def read_body(request: web.Request, model: type[_M]) -> _M:
    """The request's JSON object as a model; raise InputError, or HTTPBadRequest for no JSON."""
    value = await json_of(request)
    if not isinstance(value, dict):
        raise InputError("the body must be a JSON object")
    return _checked(model, value)


def read_query(request: web.Request, model: type[_M]) -> _M:
    """The request's query as a model; raise InputError."""
    return _checked(model, dict(request.query))


async def filled(
    answer: "BaseModel", name: str, items: "AsyncIterable[BaseModel]"
) -> AsyncIterator[bytes]:
    """The answer as JSON, its list of that name, which is empty, filled with items as they come:
    what is None is left out. A body that is sent while it is made, so that it may be long."""
    before, found, after = answer.model_dump_json(exclude_none=True).partition(f'"{name}":[]')
    assert found
    parts, separator = [f'{before}"{name}":['], ""
    async for item in items:
        parts.append(separator + item.model_dump_json(exclude_none=True))
        separator = ","
        if len(parts) >= _PARTS:
            yield "".join(parts).encode()
            parts.clear()
    yield ("".join(parts) + f"]{after}").encode()


def _checked(model: type[_M], value: dict[str, Any]) -> _M:
    from pydantic import ValidationError

    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise InputError(_sentence(error)) from None


def _sentence(error: "ValidationError") -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] in _WANTED:
        wanted = _WANTED[first["type"]].format(**first.get("ctx", {}))
        message = f"must be {wanted}, not {str(first['input'])[:100]!r}"
    elif first["type"] == "missing":
        message = "is missing"
    return f"{where} {message}" if where else message


def document(operations: list[Operation], *, title: str, version: str, url: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the operations."""
    from pydantic.json_schema import GenerateJsonSchema, models_json_schema

    class Schema(GenerateJsonSchema):
        """Optional means that it may be left out of a request; null is not taken."""

        def nullable_schema(self, schema: Any) -> Any:
            if self.mode == "serialization":
                return super().nullable_schema(schema)
            return self.generate_inner(schema["schema"])

        def default_schema(self, schema: Any) -> Any:
            described = super().default_schema(schema)
            if described.get("default", "") is None:
                del described["default"]
            return described

    requests = {o.model(o.body) for o in operations if o.body}
    answers = {o.model(name) for o in operations for _, name in o.responses.values()}
    wanted = [(m, "validation") for m in requests] + [(m, "serialization") for m in answers]
    references, definitions = models_json_schema(
        sorted(wanted, key=lambda pair: pair[0].__name__),  # type: ignore[arg-type]
        ref_template="#/components/schemas/{model}",
        schema_generator=Schema,
    )

    def described(operation: Operation) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "operationId": operation.id,
            "tags": [operation.tag],
            "summary": operation.summary,
            "description": operation.description,
            "parameters": [
                {
                    "name": name,
                    "in": "path",
                    "required": True,
                    "description": what,
                    "schema": {"type": "string", "minLength": 1},
                }
                for name, what in operation.path_parameters.items()
            ],
            "responses": {
                str(status): {
                    "description": meaning,
                    "content": {
                        "application/json": {
                            "schema": references[operation.model(name), "serialization"]
                        }
                    },
                }
                for status, (meaning, name) in operation.responses.items()
            },
        }
        if operation.query is not None:
            schema = operation.model(operation.query).model_json_schema(schema_generator=Schema)
            entry["parameters"] += [
                {
                    "name": name,
                    "in": "query",
                    "required": name in schema.get("required", []),
                    "description": about.get("description", ""),
                    "schema": {k: v for k, v in about.items() if k != "description"},
                }
                for name, about in schema["properties"].items()
            ]
        if operation.body is not None:
            schema = references[operation.model(operation.body), "validation"]
            content = {"application/json": {"schema": schema}}
            entry["requestBody"] = {"required": True, "content": content}
        if operation.scope is not None:
            entry["security"] = [{"kindeBearerAuth": []}]
            entry["description"] += f"\n\nScope: `{operation.scope}`."
        return entry

    paths: dict[str, Any] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = described(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "servers": [{"url": url}],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {
                "kindeBearerAuth": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "An access token obtained with the client_credentials grant.",
                }
            },
        },
    }
