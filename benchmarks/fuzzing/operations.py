"""A valid request of every operation of the server; names in braces are filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["BY_NAME", "HELD", "OPERATIONS", "REPLENISHING", "WHOLE", "Operation"]

HELD = "org_switched_off"
"""The one environment where answers are held back: whoever asks there may wait."""

WHOLE = ("application", "sign_in_cookie", "login_cookie")
"""Cookies that are kept with their names, which vary."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One request. `needs` names what must have been got from the server before (`pools`)."""

    name: str
    method: str
    path: str
    at: str = "idp"
    """`idp` or `app`: whose host."""
    query: Mapping[str, str] = field(default_factory=dict)
    query_of: str = ""
    """The value that holds the whole query, where the server has given it out."""
    form: Mapping[str, str] | None = None
    json: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    weight: float = 1.0
    """How often it is drawn, against the others."""
    waits: bool = False
    """Whether the answer may rightly take long, be it with another method."""


_AUTHORIZE = {
    "client_id": "demo_{environment}",
    "redirect_uri": "{app}/callback",
    "response_type": "code",
    "scope": "openid profile email offline",
    "state": "s1",
    "nonce": "n1",
    "org_code": "{org_code}",
    "code_challenge": "{challenge}",
    "code_challenge_method": "S256",
}
_CLIENT = {"client_id": "demo_{environment}", "client_secret": "{secret}"}
_PUBLIC = {"client_id": "public", "redirect_uri": "http://localhost:3000/callback?a=b+c&d="}
"""Registered in `acme` alone (`serving`)."""
_MACHINE = {"client_id": "admin_{environment}", "client_secret": "{admin_secret}"}
_BEARER = {"Authorization": "Bearer {access_token}"}
_MANAGER = {"Authorization": "Bearer {machine_token}"}
_FORM = {"login": "{login}", "csrf": "{csrf}", "email": "ada@example.com"}
_PASSWORD = {**_FORM, "password": "correct horse"}
_SIGN_IN_COOKIES = ("sign_in_cookie",)
_OPTIONAL = {
    "prompt": "login",
    "max_age": "60",
    "login_hint": "ada@example.com",
    "audience": "https://api.example.com",
    "response_mode": "form_post",
    "is_create_org": "true",
    "org_name": "New",
    "connection_id": "conn_password",
    "start_page": "registration",
}


def _oauth() -> list[Operation]:
    o, person = Operation, ("person",)
    auth = "/oauth2/auth"
    token = "/oauth2/token"
    tokens = ("tokens",)
    return [
        o(name="discovery", method="GET", path="/.well-known/openid-configuration"),
        o(name="jwks", method="GET", path="/.well-known/jwks", weight=0.5),
        o(name="jwks.json", method="GET", path="/.well-known/jwks.json", weight=0.5),
        o(name="auth.page", method="GET", path=auth, query=_AUTHORIZE | {"prompt": "login"},
          weight=3),
        o(name="auth.sign_up", method="GET", path=auth, query=_AUTHORIZE | {"prompt": "create"}),
        o(name="auth", method="GET", path=auth, query=_AUTHORIZE, cookies=("sso_session",),
          needs=person, weight=3),
        o(name="auth.silent", method="GET", path=auth, query=_AUTHORIZE | {"prompt": "none"},
          cookies=("sso_session",), needs=person),
        o(name="auth.everything", method="GET", path=auth, query=_AUTHORIZE | _OPTIONAL,
          cookies=("sso_session",), needs=person, weight=2),
        o(name="auth.vouched", method="GET", path=auth,
          query=_AUTHORIZE | {"connection_id": "{connection_id}"}, needs=("connection",)),
        o(name="auth.public", method="GET", path=auth, query=_AUTHORIZE | _PUBLIC,
          cookies=("sso_session",), needs=person),
        o(name="auth.post", method="POST", path=auth, form=_AUTHORIZE, cookies=("sso_session",),
          needs=person),
        o(name="sign_in", method="POST", path="/sign-in", form=_PASSWORD,
          cookies=_SIGN_IN_COOKIES, needs=("attempt",), weight=4),
        o(name="sign_in.again", method="POST", path="/sign-in", form=_PASSWORD,
          cookies=(*_SIGN_IN_COOKIES, "sso_session"), needs=("attempt", "person"), weight=2),
        o(name="sign_in.other", method="POST", path="/sign-in", form=_FORM | {"other": "1"},
          cookies=_SIGN_IN_COOKIES, needs=("attempt",)),
        o(name="sign_in.sign_up", method="POST", path="/sign-in", cookies=_SIGN_IN_COOKIES,
          form=_PASSWORD | {"email": "{new}@example.com", "given_name": "E", "family_name": "K"},
          needs=("attempt",)),
        o(name="token.code", method="POST", path=token, needs=("code",), weight=4,
          form=_CLIENT | {"grant_type": "authorization_code", "code": "{code}",
                          "redirect_uri": "{app}/callback", "code_verifier": "{verifier}"}),
        o(name="token.public", method="POST", path=token, needs=("code",),
          form=_PUBLIC | {"grant_type": "authorization_code", "code": "{code}",
                          "code_verifier": "{verifier}"}),
        o(name="token.refresh", method="POST", path=token, needs=tokens, weight=3,
          form=_CLIENT | {"grant_type": "refresh_token", "refresh_token": "{refresh_token}",
                          "scope": "openid"}),
        o(name="token.machine", method="POST", path=token,
          form=_MACHINE | {"grant_type": "client_credentials"}, weight=2),
        o(name="token.basic", method="POST", path=token, headers={"Authorization": "{basic}"},
          form={"grant_type": "client_credentials", "scope": "read:organizations",
                "audience": "{idp}/api"}),
        o(name="user_profile", method="GET", path="/oauth2/v2/user_profile", headers=_BEARER,
          needs=tokens, weight=2),
        o(name="user_profile.post", method="POST", path="/oauth2/v2/user_profile",
          form={"access_token": "{access_token}"}, needs=tokens),
        o(name="introspect", method="POST", path="/oauth2/introspect", needs=tokens, weight=2,
          form=_CLIENT | {"token": "{access_token}", "token_type_hint": "access_token"}),
        o(name="introspect.refresh", method="POST", path="/oauth2/introspect", headers=_BEARER,
          form={"token": "{refresh_token}"}, needs=tokens),
        o(name="revoke", method="POST", path="/oauth2/revoke", needs=tokens, weight=0.5,
          form=_CLIENT | {"token": "{refresh_token}"}),
        o(name="revoke.access", method="POST", path="/oauth2/revoke", needs=tokens, weight=0.5,
          form=_CLIENT | {"token": "{access_token}"}),
        *(o(name=f"account.{what}", method="GET", path=f"/account_api/v1/{what}", headers=_BEARER,
            needs=tokens, weight=0.4)
          for what in ("permissions", "entitlement", "portal_link", "nothing")),
        o(name="logout", method="GET", path="/logout", cookies=("sso_session",), needs=person,
          query={"redirect": "{app}/", "state": "s"}, weight=0.5),
        o(name="logout.everything", method="POST", path="/logout", cookies=("sso_session",),
          form={"post_logout_redirect_uri": "{app}/", "client_id": "demo_{environment}",
                "id_token_hint": "{id_token}", "all_sessions": "true", "state": "s"},
          needs=("person", "tokens"), weight=0.5),
    ]  # fmt: skip


def _console() -> list[Operation]:
    o, cookies, needs = Operation, ("console_session",), ("console",)
    settings = {"csrf": "{csrf}", "persistence": "persistent", "inactivity_timeout": "86400"}
    organization = "/admin/organizations/{org_code}"
    return [
        o(name="console.sign_in_page", method="GET", path="/admin/sign-in"),
        o(name="console.sign_in", method="POST", path="/admin/sign-in", cookies=("console_csrf",),
          form={"csrf": "{csrf}", "email": "admin@example.com", "password": "administrator"},
          needs=("console_attempt",)),
        o(name="console", method="GET", path="/admin", cookies=cookies, needs=needs, weight=0.5),
        *(o(name=f"console{path}", method="GET", path=path, cookies=cookies, needs=needs)
          for path in ("/admin/organizations", organization, f"{organization}/sessions",
                       "/admin/environment/sessions", "/admin/live-sessions")),
        o(name="console.organization", method="POST", path=f"{organization}/sessions",
          cookies=cookies, form=settings, needs=needs, weight=2),
        o(name="console.environment", method="POST", path="/admin/environment/sessions",
          cookies=cookies, form=settings, needs=needs, weight=2),
        o(name="console.end", method="POST", path="/admin/live-sessions/{session_id}/end",
          cookies=cookies, form={"csrf": "{csrf}"}, needs=("session", *needs), weight=0.5),
        o(name="console.sign_out", method="POST", path="/admin/sign-out", cookies=cookies,
          form={"csrf": "{csrf}"}, needs=needs, weight=0.3),
    ]  # fmt: skip


def _management() -> list[Operation]:
    o, needs, headers = Operation, ("machine",), _MANAGER
    lifetimes = ("access_token_lifetime", "refresh_token_lifetime", "id_token_lifetime")
    return [
        o(name="organization.sessions", method="PATCH", headers=headers, needs=needs, weight=3,
          path="/api/v1/organizations/{org_code}/sessions",
          json={"is_use_org_sso_session_policy": True,
                "sso_session_persistence_mode": "persistent",
                "is_use_org_authenticated_session_lifetime": True,
                "authenticated_session_lifetime": 86_400}),
        o(name="application.tokens", method="PATCH", headers=headers, needs=needs, weight=2,
          path="/api/v1/applications/demo_{environment}/tokens",
          json={**dict.fromkeys(lifetimes, 86_400), "authenticated_session_lifetime": 86_400,
                "is_hasura_mapping_enabled": False}),
        o(name="user.sessions", method="GET", path="/api/v1/users/{user_id}/sessions",
          headers=headers, needs=needs, weight=2),
        o(name="user.sessions.delete", method="DELETE", path="/api/v1/users/{user_id}/sessions",
          headers=headers, needs=needs, weight=0.2),
        o(name="organization", method="GET", path="/api/v1/organization", headers=headers,
          query={"code": "{org_code}"}, needs=needs),
        o(name="organizations", method="GET", path="/api/v1/organizations", headers=headers,
          query={"sort": "name_desc", "page_size": "1", "next_token": "b3JnX2V1"}, needs=needs),
    ]  # fmt: skip


def _control() -> list[Operation]:
    o = Operation
    at = "/_afterclose"
    held = {"environment": HELD}
    return [
        o(name="peek", method="GET", path=f"{at}/peek", cookies=("sso_session",),
          needs=("person",)),
        *(o(name=name, method="GET", path=f"{at}/{name}")
          for name in ("health", "environments", "clock", "openapi.json")),
        o(name="clock.move", method="POST", path=f"{at}/clock",
          json={"advance": 0.5, "stop": False}, weight=0.5),
        o(name="reset", method="POST", path=f"{at}/reset", weight=0.02),
        o(name="apps", method="POST", path=f"{at}/apps", json={"apps": ["domain_cookie"]}),
        o(name="sessions", method="GET", path=f"{at}/sessions",
          query={"environment": "{environment}"}),
        o(name="sessions.all", method="GET", path=f"{at}/sessions", weight=0.3),
        o(name="sessions.delete", method="DELETE", path=f"{at}/sessions",
          query={"environment": "{environment}"}, weight=0.1),
        o(name="exchanges", method="GET", path=f"{at}/exchanges", query={"host": "{idp_host}"},
          weight=0.3),
        o(name="exchanges.all", method="GET", path=f"{at}/exchanges", weight=0.1),
        o(name="faults", method="GET", path=f"{at}/faults"),
        o(name="faults.arm", method="POST", path=f"{at}/faults",
          json={"fault": "late_renewal", "environment": "{environment}"}),
        o(name="faults.mend", method="DELETE", path=f"{at}/faults/{{environment}}/late_renewal"),
        o(name="holds", method="POST", path=f"{at}/holds", json=held),
        o(name="holds.held", method="GET", path=f"{at}/holds/{HELD}", waits=True),
        o(name="holds.release", method="DELETE", path=f"{at}/holds/{HELD}", waits=True,
          weight=2),
        *(o(name=f"observations.begin{where}", method="POST", path=f"{at}/observations",
            json={"environments": ["{environment}"], "parts": ["cookies", "browser", "tab"],
                  "tab_in_use": not where, "in_frames": bool(where)})
          for where in ("", ".beside")),
        o(name="connections.add", method="POST", path=f"{at}/connections",
          json={"person": "bob", "environments": ["{environment}"]}),
        o(name="observations", method="GET", path=f"{at}/observations/{{ticket}}", waits=True,
          needs=("ticket",), weight=0.5),
    ]  # fmt: skip


def _application() -> list[Operation]:
    o, cookies = Operation, ("application",)
    observe = "/_afterclose/observe/{ticket}"
    stored = {"local_storage": "{access_token}", "session_storage": "x.y.z"}
    return [
        o(name="app", method="GET", path="/", at="app", cookies=cookies, needs=cookies),
        o(name="app.return", method="GET", path="/", at="app", query={"return_to": "{app}/"}),
        o(name="app.onward", method="GET", path="/onward", at="app",
          query={"return_to": "{app}/login"}),
        o(name="app.login", method="GET", path="/login", at="app",
          query={"prompt": "none", "return_to": "{app}/"}, weight=2),
        o(name="auth.demo", method="GET", path="/oauth2/auth", query_of="auth_query",
          cookies=("sso_session",), needs=("begun", "person"), weight=2),
        o(name="app.callback", method="GET", path="/callback", at="app",
          query_of="callback_query", cookies=("login_cookie",), needs=("returned",), weight=2),
        o(name="app.callback.refused", method="GET", path="/callback", at="app",
          query={"state": "{login_state}", "error": "login_required"}, cookies=("login_cookie",),
          needs=("begun",)),
        o(name="app.sign_out", method="GET", path="/sign-out", at="app", cookies=cookies,
          needs=cookies),
        o(name="app.refresh", method="POST", path="/refresh", at="app", cookies=cookies,
          needs=cookies),
        o(name="app.backchannel_logout", method="POST", path="/backchannel-logout", at="app",
          form={"logout_token": "{id_token}"}, needs=("tokens",)),
        o(name="observe.idp", method="GET", path=f"/oauth2/auth{observe}", query_of="hop_query",
          cookies=("sso_session",), needs=("ticket", "person")),
        o(name="observe.app", method="GET", path=observe, at="app", cookies=cookies,
          needs=("ticket", "application")),
        o(name="observe.app.nobody", method="GET", path=observe, at="app", needs=("ticket",)),
        o(name="observe.frame", method="GET", path=f"{observe}/cookies-browser-tab", at="app",
          cookies=cookies, needs=("ticket", "application")),
        *(o(name=f"observe.{part}", method="GET", path=f"{observe}/{part}", at="app",
            needs=("ticket",), weight=0.5) for part in ("browser", "tab")),
        *(o(name=f"observe.{part}.stored", method="POST", path=f"{observe}/{part}", at="app",
            json=stored, needs=("ticket", "tokens")) for part in ("browser", "tab")),
        *(o(name=f"nothing{path}", method="GET", path=path, at=at, weight=0.2)
          for path in ("/nothing", "/api/v1/nothing", "/oauth2/nothing", "/admin/nothing")
          for at in ("idp", "app")),
    ]  # fmt: skip


OPERATIONS = (*_oauth(), *_console(), *_management(), *_control(), *_application())
BY_NAME = {operation.name: operation for operation in OPERATIONS}

REPLENISHING = tuple(
    BY_NAME[name]
    for name in (
        "auth.page", "sign_in", "token.code", "auth", "token.code", "auth", "token.machine",
        "console.sign_in_page", "console.sign_in", "console/admin/organizations", "app.login",
        "auth.demo", "app.callback", "app.login", "auth.demo", "observations.begin", "sessions",
        "auth.page", "auth.sign_up",
    )
)  # fmt: skip
"""What a person, an administrator and a backend do one after the other: afterwards, there is
something of everything that operations need."""
