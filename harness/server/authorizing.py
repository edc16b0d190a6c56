"""`/oauth2/auth`, and the way back to the application.

Contract: facts section 3.3 (Kinde's parameters); errors: RFC 6749 section 4.1.2.1, OpenID Connect
Core section 3.1.2.6, RFC 7636 section 4.4.1. Parameters that are not read here are ignored, as
Kinde's SDKs send many.
"""

import re
from collections.abc import Mapping

from aiohttp import web

from harness.faults import Fault, Faults
from harness.policy import Application
from harness.server.connections import Connections
from harness.server.grants import CODE_LIFETIME, AuthorizationCode
from harness.server.holds import Holds
from harness.server.pages import error_page, form_post_page
from harness.server.protocol import (
    OAuthError,
    Parameters,
    hinted,
    parameters_of,
    with_query,
)
from harness.server.sessions import Session
from harness.server.signing_in import Login, SignIn
from harness.server.tenants import Tenant
from harness.settings import OrganizationSwitch

__all__ = ["Authorizing"]

_PROMPTS = ("none", "login", "create")
_RESPONSE_MODES = ("query", "fragment", "form_post")
_UNSUPPORTED = {"request", "request_uri", "registration"}
"""OpenID Connect Core 1.0 section 3.1.2.6 has an error for each."""
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
"""SHA-256 in base64url (RFC 7636 section 4.2)."""


class Authorizing:
    """From an application's request to a code, by way of the sign-in page if need be."""

    def __init__(
        self, sign_in: SignIn, *, connections: Connections, holds: Holds, faults: Faults
    ) -> None:
        self._sign_in = sign_in
        self._connections = connections
        self._holds = holds
        self._faults = faults

    async def authorize(self, request: web.Request, tenant: Tenant) -> web.StreamResponse:
        """`/oauth2/auth`, by GET or POST (OpenID Connect Core 1.0 section 3.1.2.1): a code at once
        for whoever is signed in, else the sign-in page."""
        parameters = await parameters_of(request)
        if "id_token_hint" in parameters:
            await tenant.key.ready()
        response, session = self._answer(request, tenant, parameters)
        late = await self._holds.hold(tenant.name)
        if late and session and self._faults.strikes(tenant.name, Fault.LATE_RENEWAL):
            session.ended = None
            tenant.sessions.save(session)
        return response

    def _answer(
        self, request: web.Request, tenant: Tenant, parameters: Parameters
    ) -> tuple[web.Response, Session | None]:
        """The answer, and the session that it prolongs."""
        client = tenant.applications.get(parameters.get("client_id", ""))
        if client is None or not client.redirect_uris:
            return error_page("No application is registered under this client_id."), None
        redirect_uri = parameters.get("redirect_uri", "")
        if redirect_uri not in client.redirect_uris:
            return error_page("This redirect_uri is not registered for the application."), None
        mode = parameters.get("response_mode", "query")
        if mode not in _RESPONSE_MODES:
            return error_page(f"response_mode must be one of {', '.join(_RESPONSE_MODES)}."), None
        if twice := parameters.repeated & {"client_id", "redirect_uri", "response_mode"}:
            return error_page(f"{min(twice)} is given more than once."), None
        # 303: a request that was posted is not to be posted to the application, too.
        status = 303 if request.method == "POST" else 302
        try:
            login = _login(tenant, client, parameters)
            session = self._usable(request, tenant, login)
            if session is None and login.silent:
                raise OAuthError("login_required", "User authentication is required")
        except OAuthError as error:
            told = {"error": error.error, "error_description": str(error)}
            told |= {"state": parameters["state"]} if "state" in parameters else {}
            return _deliver(status, redirect_uri, mode, told), None
        if session is None:
            return self._begin(request, status, tenant, login), None
        response = self._callback(status, tenant, login, session)
        self._sign_in.resume(request, tenant, session, login.org_code, response)
        return response, session

    def _begin(
        self, request: web.Request, status: int, tenant: Tenant, login: Login
    ) -> web.Response:
        """The page, or what it would have come to for whom the connection vouches."""
        vouched = self._connections.take(login.connection_id, tenant.name)
        user = tenant.people.get(vouched) if vouched else None
        if user is None or login.sign_up or login.subject not in (None, user.id):
            return self._sign_in.show(tenant, login)
        session = self._sign_in.begin(request, tenant, login, user)
        response = self._callback(status, tenant, login, session)
        self._sign_in.complete(request, tenant, session, response)
        return response

    async def sign_in(self, request: web.Request, tenant: Tenant) -> web.StreamResponse:
        """`POST /sign-in`: the form's answer; on success back to the application with a code."""
        outcome = await self._sign_in.submit(request, tenant)
        if isinstance(outcome, web.Response):
            response = outcome
        else:
            login, session = outcome
            # 303: the application is to be asked with GET, and never gets the password (RFC 9700
            # section 4.12).
            response = self._callback(303, tenant, login, session)
            self._sign_in.complete(request, tenant, session, response)
        self._sign_in.tidy(request, tenant, response)
        return response

    def silent(self, request: web.Request, tenant: Tenant) -> dict[str, str]:
        """What `prompt=none` would send the demo application, without counting as activity: an
        observation of an application that signs in at load asks for it."""
        client = tenant.applications[f"demo_{tenant.name}"]
        parameters = Parameters(request.query.items())
        try:
            if parameters.get("redirect_uri") not in client.redirect_uris:
                raise OAuthError("invalid_request", "redirect_uri is not the application's")
            login = _login(tenant, client, parameters)
        except OAuthError as error:
            return {"error": error.error, "state": request.query.get("state", "")}
        session = self._usable(request, tenant, login)
        values = self._code(tenant, login, session) if session else {"error": "login_required"}
        return {k: v for k, v in {**values, "state": login.state}.items() if v is not None}

    def _usable(self, request: web.Request, tenant: Tenant, login: Login) -> Session | None:
        """The session that spares the person the page, or None."""
        session = self._sign_in.current(request, tenant)
        if session is None or login.asks or login.subject not in (None, session.user_id):
            return None
        if session.org_code != login.org_code and (
            tenant.settings.organization_switch is OrganizationSwitch.SIGN_IN
        ):
            return None
        age = tenant.clock.now() - session.started
        # `max_age=0` is as `prompt=login` (OpenID Connect Core 1.0 section 3.1.2.1).
        too_old = login.max_age is not None and (age > login.max_age or login.max_age == 0)
        return None if too_old else session

    def _callback(
        self, status: int, tenant: Tenant, login: Login, session: Session
    ) -> web.Response:
        values = self._code(tenant, login, session)
        return _deliver(status, login.redirect_uri, login.response_mode, values)

    def _code(self, tenant: Tenant, login: Login, session: Session) -> dict[str, str | None]:
        code = tenant.grants.issue_code(
            AuthorizationCode(
                client_id=login.client_id,
                redirect_uri=login.redirect_uri,
                scope=login.scope,
                audiences=list(login.audiences),
                nonce=login.nonce,
                challenge=login.challenge,
                org_code=session.org_code if login.create_organization else login.org_code,
                session_id=session.id,
                expires=tenant.clock.now() + CODE_LIFETIME,
            )
        )
        return {"code": code, "state": login.state, "scope": login.scope}


def _login(tenant: Tenant, client: Application, parameters: Parameters) -> Login:
    parameters.refuse_repeated()
    if unsupported := _UNSUPPORTED & parameters.keys():
        name = min(unsupported)
        raise OAuthError(f"{name}_not_supported", f"{name} is not supported")
    if "response_type" not in parameters:
        raise OAuthError("invalid_request", "response_type is missing")
    if parameters["response_type"] != "code":
        raise OAuthError("unsupported_response_type", "response_type must be code")
    challenge = parameters.get("code_challenge")
    if challenge is None and client.secret is None:
        raise OAuthError("invalid_request", "code_challenge is missing (PKCE)")
    if challenge is not None and parameters.get("code_challenge_method") != "S256":
        raise OAuthError("invalid_request", "code_challenge_method must be S256")
    if challenge is not None and not _CHALLENGE.fullmatch(challenge):
        raise OAuthError("invalid_request", "code_challenge must be 43 characters of base64url")
    prompt = set(parameters.get("prompt", "").split())
    if not prompt <= set(_PROMPTS) or len(prompt) > 1:
        raise OAuthError("invalid_request", f"prompt must be one of {', '.join(_PROMPTS)}")
    max_age = parameters.get("max_age")
    if max_age is not None and not (max_age.isascii() and max_age.isdigit() and len(max_age) <= 12):
        raise OAuthError("invalid_request", "max_age must be a whole number of seconds")
    org_code = parameters.get("org_code", tenant.environment.organization.code)
    if org_code not in tenant.organizations:
        raise OAuthError("invalid_request", "org_code names no organization")
    audiences = parameters.get("audience", "").split()
    unknown = [audience for audience in audiences if audience not in tenant.audiences]
    if unknown:
        raise OAuthError("invalid_request", f"audience {unknown[0]} is not registered")
    hint = parameters.get("id_token_hint")
    creates = parameters.get("is_create_org", "").lower() == "true"
    # `start_page` is the older name of `prompt=create`: kinde-typescript-sdk still sends it.
    sign_up = "create" in prompt or parameters.get("start_page") == "registration"
    return Login(
        client_id=client.id,
        redirect_uri=parameters["redirect_uri"],
        response_mode=parameters.get("response_mode", "query"),
        scope=parameters.get("scope", "openid"),
        audiences=tuple(audiences),
        state=parameters.get("state"),
        nonce=parameters.get("nonce"),
        challenge=challenge,
        org_code=org_code,
        create_organization=(
            parameters.get("org_name", "New organization")[:100] if creates else None
        ),
        connection_id=parameters.get("connection_id", "conn_password")[:100],
        login_hint=parameters.get("login_hint", "")[:254],
        subject=hinted(tenant, hint)["sub"] if hint else None,
        max_age=None if max_age is None else int(max_age),
        silent="none" in prompt,
        asks="login" in prompt or creates or sign_up,
        sign_up=sign_up,
    )


def _deliver(
    status: int, redirect_uri: str, mode: str, values: Mapping[str, str | None]
) -> web.Response:
    """Give the application its answer, in the way it asked for."""
    if mode == "form_post":
        return form_post_page(redirect_uri, {k: v for k, v in values.items() if v is not None})
    location = with_query(redirect_uri, values)
    if mode == "fragment":
        location = f"{redirect_uri}#{with_query('', values).removeprefix('?')}"
    headers = {"Location": location, "Cache-Control": "no-store"}
    return web.Response(status=status, headers=headers)
