"""The management API's bodies: Kinde's specification, field by field.

What the specification leaves open (ranges, lengths) is this mock's and stands in the field.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StrictBool,
    WithJsonSchema,
    model_validator,
)

from harness.policy import MAX_TIMEOUT, Persistence, check_persistence

__all__ = [
    "MAX_PAGE_SIZE",
    "ErrorResponse",
    "GetOrganizationResponse",
    "GetOrganizationsResponse",
    "GetUserSessionsResponse",
    "NotFoundResponse",
    "OrganizationItem",
    "OrganizationQuery",
    "OrganizationsQuery",
    "PageSize",
    "SuccessResponse",
    "UpdateApplicationTokens",
    "UpdateOrganizationSessions",
    "UserSession",
]



def _integral(value: object) -> object:
    """JSON has one kind of number: 60.0 is 60."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_Seconds = Annotated[
    int,
    Strict(),
    Field(ge=1, le=MAX_TIMEOUT),
    BeforeValidator(_integral),
    WithJsonSchema(
        {"type": "integer", "minimum": 1, "maximum": MAX_TIMEOUT, "examples": [86_400]}
    ),
]
_Mode = Annotated[Persistence, BeforeValidator(check_persistence)]


class _Request(BaseModel):
    """Fields may be left out, not null; others are ignored, as Kinde's API forbids none."""

    @model_validator(mode="before")
    @classmethod
    def _no_null(cls, values: Any) -> Any:
        for name in cls.model_fields:
            if isinstance(values, dict) and name in values and values[name] is None:
                raise ValueError(f"{name} must not be null; leave it out")
        return values


class UpdateOrganizationSessions(_Request):
    """What to change of an organization's session settings."""

    is_use_org_sso_session_policy: StrictBool | None = Field(
        None, description="Whether to use the organization's SSO session policy override."
    )
    sso_session_persistence_mode: _Mode | None = Field(
        None, description="Determines if the session should be persistent or not."
    )
    is_use_org_authenticated_session_lifetime: StrictBool | None = Field(
        None,
        description="Whether to apply the organization's authenticated session lifetime override.",
    )
    authenticated_session_lifetime: _Seconds | None = Field(
        None, description="Authenticated session lifetime in seconds."
    )


class UpdateApplicationTokens(_Request):
    """What to change of an application's lifetimes."""

    access_token_lifetime: _Seconds | None = Field(
        None, description="The lifetime of an access token in seconds."
    )
    refresh_token_lifetime: _Seconds | None = Field(
        None, description="The lifetime of a refresh token in seconds."
    )
    id_token_lifetime: _Seconds | None = Field(
        None, description="The lifetime of an ID token in seconds."
    )
    authenticated_session_lifetime: _Seconds | None = Field(
        None, description="The lifetime of an authenticated session in seconds."
    )
    is_hasura_mapping_enabled: StrictBool | None = Field(
        None, description="Enable or disable Hasura mapping. Stored, and without effect here."
    )


class OrganizationQuery(BaseModel):
    """Which organization."""

    code: str | None = Field(None, description="The organization's code; default: the first.")


MAX_PAGE_SIZE = 500


def _page_size(value: str) -> int:
    # Decimal digits and nothing else: int() would take blanks and underscores, too.
    if not (value.isascii() and value.isdigit()) or not 1 <= int(value[:9]) <= MAX_PAGE_SIZE:
        raise ValueError(f"must be a whole number from 1 to {MAX_PAGE_SIZE}")
    return int(value)


PageSize = Annotated[
    int,
    BeforeValidator(_page_size),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE}),
]
"""How many results a page of a list has, in a query."""


class OrganizationsQuery(BaseModel):
    """Which part of the list of organizations."""

    sort: Literal["name_asc", "name_desc"] | None = Field(None, description="The order.")
    page_size: PageSize | None = Field(
        None, description="Number of results per page; default: 10."
    )
    next_token: str | None = Field(
        None, description="What the page before said comes next."
    )


class SuccessResponse(BaseModel):
    """It is done."""

    message: str = "Success"
    code: str = "OK"


class ErrorItem(BaseModel):
    """What was wrong."""

    code: str
    message: str


class ErrorResponse(BaseModel):
    """Why it was refused."""

    errors: list[ErrorItem]


class NotFoundResponse(BaseModel):
    """What is not there; here, `errors` is an object, as it is at Kinde."""

    errors: ErrorItem


class UserSession(BaseModel):
    """A session as the server has it, whatever became of the cookie."""

    user_id: str
    org_code: str
    client_id: str
    expires_on: datetime
    session_id: str
    started_on: datetime
    updated_on: datetime
    connection_id: str
    last_ip_address: str
    last_user_agent: str
    initial_ip_address: str
    initial_user_agent: str


class GetUserSessionsResponse(BaseModel):
    """A user's live sessions."""

    code: str = "OK"
    message: str = "Success"
    has_more: bool = False
    sessions: list[UserSession]


class OrganizationItem(BaseModel):
    """An organization in a list."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    name: str
    handle: str | None = None
    is_default: bool
    external_id: str | None = None
    is_auto_membership_enabled: bool = True


class GetOrganizationsResponse(BaseModel):
    """A page of the list of organizations."""

    code: str = "OK"
    message: str = "Success"
    organizations: list[OrganizationItem]
    next_token: str | None = None


class GetOrganizationResponse(OrganizationItem):
    """One organization; none of its session settings are in it, as at Kinde."""

    allowed_domains: list[str] = []
    created_on: datetime
    is_suspended: bool = False
