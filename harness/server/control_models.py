"""The control API's bodies."""

from typing import Annotated, get_args

from pydantic import BaseModel, Field, Strict, StrictBool, StrictStr

from harness.faults import Fault
from harness.policy import Level, Persistence
from harness.received import Part, Received
from harness.server.models import MAX_PAGE_SIZE, PageSize
from harness.server.sessions import EndReason

__all__ = [
    "AppList",
    "BeginObservation",
    "ClockState",
    "ControlError",
    "EnvironmentList",
    "ExchangeList",
    "ExchangesQuery",
    "FaultList",
    "FaultState",
    "Health",
    "HoldState",
    "MoreApps",
    "MoveClock",
    "NewFault",
    "NewHold",
    "Observed",
    "Peek",
    "Reset",
    "Revoked",
    "SessionList",
    "SessionListQuery",
    "SessionsQuery",
    "Ticket",
]

MAX_ENVIRONMENTS = 16
"""Environments in one observation: browsers follow twenty redirects."""


class ControlError(BaseModel):
    """What was wrong."""

    error: str


class Health(BaseModel):
    """The server answers."""

    status: str = "ok"
    version: str


class Peek(BaseModel):
    """What the session is that the request's cookie names. Seconds, only where there is one."""

    signed_in: bool
    end_reason: EndReason | None
    who: str | None = None
    """Whose it is: their email address."""
    idle: float | None = None
    """Since the last activity."""
    inactivity_timeout: int | None = None
    """In force now; null where the session's organization is gone, too."""
    age: float | None = None
    """Since the sign-in."""
    absolute_timeout: int | None = None
    """This mock's own; null where none is set."""


class PolicyState(BaseModel):
    """The policy in force, and where each part of it comes from. The absolute timeout is this
    mock's own; null where none is set."""

    persistence: Persistence
    persistence_from: Level
    inactivity_timeout: int
    inactivity_timeout_from: Level
    absolute_timeout: int | None
    absolute_timeout_from: Level


class UserState(BaseModel):
    """Who can sign in."""

    id: str
    email: str
    password: str


class EnvironmentState(BaseModel):
    """An environment's addresses, applications and policy."""

    name: str
    issuer: str
    app_url: str
    organization: str
    plan: str
    policy: PolicyState
    clients: dict[str, str | None]
    """Secrets by client id; null for a public application."""
    user: UserState
    """Whom the sign-in page suggests."""
    people: dict[str, UserState]
    """Everybody who has not signed up, by the name that scenarios know them by."""
    console: str
    """The address of the admin console."""


class EnvironmentList(BaseModel):
    """Every environment."""

    environments: list[EnvironmentState]


class ClockState(BaseModel):
    """The server's clock, in seconds since the epoch, and how far it is ahead of real time."""

    now: float
    offset: float


class MoveClock(BaseModel):
    """How far to move the clock, and whether to stop it."""

    advance: Annotated[float, Strict(), Field(ge=0, le=3_153_600_000, allow_inf_nan=False)] = 0.0
    """Seconds; the clock goes a hundred years ahead at most."""
    stop: StrictBool = False
    """From then on it shows the time that it is moved to, until the next reset."""


class Reset(BaseModel):
    """It is done."""

    reset: bool = True


class SessionState(BaseModel):
    """A session, alive or not. Times in seconds since the epoch."""

    environment: str
    session_id: str
    user_id: str
    org_code: str
    client_id: str
    persistence: Persistence
    started: float
    last_activity: float
    end_reason: EndReason | None


class SessionList(BaseModel):
    """A page of the sessions, environment by environment, oldest first."""

    sessions: list[SessionState]
    next_token: str | None = None
    """What to ask for the next page by; null on the last."""


class SessionsQuery(BaseModel):
    """Whose sessions."""

    environment: str | None = Field(None, description="An environment's name; default: all.")


class SessionListQuery(SessionsQuery):
    """Which part of the list of sessions."""

    page_size: PageSize | None = Field(
        None, description=f"Number of results per page; default: {MAX_PAGE_SIZE}."
    )
    next_token: str | None = Field(None, description="What the page before said comes next.")


class Revoked(BaseModel):
    """How many sessions were alive until now."""

    revoked: int


class ExchangeState(BaseModel):
    """One request and its answer."""

    time: float
    host: str
    method: str
    path: str
    status: int
    cookies_in: list[str]
    """Names of the cookies received, in order, two of one name too."""
    duplicates: list[str]
    """Those whose name came more than once, in order, their values shortened: the first counts."""
    cookies_out: list[str]
    """`Set-Cookie` headers sent, their values shortened."""


class ExchangeList(BaseModel):
    """The latest exchanges, oldest first."""

    exchanges: list[ExchangeState]


class ExchangesQuery(BaseModel):
    """Which exchanges."""

    host: str | None = Field(None, description="A host with its port; default: all.")


class BeginObservation(BaseModel):
    """Which environments to look at, and at what of a browser: its cookies, the storages that it
    keeps for all tabs, or those of one tab."""

    environments: Annotated[
        list[StrictStr], Field(min_length=1, max_length=MAX_ENVIRONMENTS)
    ]
    parts: Annotated[list[Part], Field(min_length=1)] = list(get_args(Part))
    tab_in_use: StrictBool = False
    """Whether the browser will come in the tab that the person has in use."""
    in_frames: StrictBool = False
    """Or whether that tab can show frames of every application: then the browser comes to the auth
    servers alone, and is shown no page. Where frames will not do, it is as if this was not set."""


class Ticket(BaseModel):
    """What to ask for the observation by, where to send the browser, and the addresses of what the
    tab in use is to show: put them into frames of that tab once the browser has been there."""

    ticket: str
    url: str
    tab_frames: list[str]


class Observed(BaseModel):
    """What the server received, by environment and surface."""

    seen: dict[str, dict[str, Received]]


class MoreApps(BaseModel):
    """Ways for the demo applications to keep a login, beside those that are configured."""

    apps: list[StrictStr]


class AppList(BaseModel):
    """All ways in which they do now; each is a surface `app:<kind>`."""

    apps: list[str]


class NewConnection(BaseModel):
    """For whom an identity provider vouches, and in which environments."""

    person: StrictStr
    """By the name that scenarios know them by."""
    environments: list[StrictStr] = []
    """Default: every environment."""


class Connection(BaseModel):
    """What to send as `connection_id` with an authorization request, in each of the environments
    once: whoever comes is that person, and is shown no page."""

    connection_id: str


class NewFault(BaseModel):
    """A fault to arm: it strikes once in the environment, or in each."""

    fault: Fault
    environment: StrictStr = ""
    """Default: every environment."""


class FaultState(BaseModel):
    """The faults of one environment."""

    environment: str
    armed: list[Fault]
    struck: list[Fault]
    mended: list[Fault]


class FaultList(BaseModel):
    """The faults of every environment."""

    faults: list[FaultState]


class NewHold(BaseModel):
    """Where to hold back the next answer of the authorization endpoint."""

    environment: StrictStr


class HoldState(BaseModel):
    """An answer that is held, or was."""

    environment: str
    held: bool
