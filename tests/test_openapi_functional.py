"""The OpenAPI document against the server, by schemathesis."""

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from harness.server.routes import Routes
from harness.server.running import MockServer
from tests.client import Client
from tests.patience import PATIENCE

CASES = 2_000
_COUNTED: list[int] = []

# Kinde declares 403, and no 401, for a management call without a token; schemathesis has 401 in
# its code for a missing Authorization header. No other header is required anywhere.
MANAGEMENT = ("^/api/", "--exclude-checks", "missing_required_header")
CONTROL = ("^/_afterclose/",)


def document(server: MockServer) -> Any:
    with urllib.request.urlopen(f"{server.url}/_afterclose/openapi.json") as answer:
        return json.load(answer)


def real(server: MockServer) -> dict[str, str]:
    """Identifiers of what is there, for the parameters of these names."""
    tenant = server.site.tenants["persistent"]
    return {
        "org_code": "org_persistent",
        "application_id": "demo_persistent",
        "user_id": tenant.people.first.id,
    }


@pytest.mark.parametrize(
    ("only", "known"),
    [(MANAGEMENT, False), (MANAGEMENT, True), (CONTROL, False)],
    ids=["management", "management-of-what-is-there", "control"],
)
def test_no_answer_outside_the_document(
    tmp_path: Path, only: tuple[str, ...], known: bool
) -> None:
    with MockServer() as server:
        token = Client(server).admin_token("persistent").json["access_token"]
        config = tmp_path / "schemathesis.toml"
        lines = [f'{name} = "{value}"' for name, value in real(server).items()] if known else []
        config.write_text("\n".join(["[parameters]", *lines, ""]))
        outcome = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")),
                "--config-file", str(config),
                "run", f"{server.url}/_afterclose/openapi.json",
                "--include-path-regex", *only,
                "--checks", "all",
                "--header", f"Authorization: Bearer {token}",
                "--max-examples", "55",
                "--generation-database", "none",
                "--no-color",
            ],
            cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    counted = re.search(r"^ *(\d+) generated", outcome.stdout, re.MULTILINE)
    assert counted is not None, outcome.stdout
    _COUNTED.append(int(counted[1]))


def test_there_were_enough_cases() -> None:
    if len(_COUNTED) < 3:
        pytest.skip("counts the cases of the tests above")
    assert sum(_COUNTED) >= CASES


def test_the_document_names_what_kinde_names() -> None:
    with MockServer() as server:
        described = document(server)
    operation = described["paths"]["/api/v1/organizations/{org_code}/sessions"]["patch"]
    assert operation["operationId"] == "UpdateOrganizationSessions"
    assert "`update:organizations`" in operation["description"]
    assert set(operation["responses"]) >= {"200", "400", "403", "429"}
    body = described["components"]["schemas"]["UpdateOrganizationSessions"]
    assert set(body["properties"]) == {
        "is_use_org_sso_session_policy",
        "sso_session_persistence_mode",
        "is_use_org_authenticated_session_lifetime",
        "authenticated_session_lifetime",
    }
    assert "required" not in body
    mode = body["properties"]["sso_session_persistence_mode"]["$ref"].rpartition("/")[2]
    assert described["components"]["schemas"][mode]["enum"] == ["persistent", "non_persistent"]
    lifetime = body["properties"]["authenticated_session_lifetime"]
    assert (lifetime["type"], lifetime["minimum"]) == ("integer", 1)


def test_every_route_of_the_json_apis_is_in_the_document() -> None:
    with MockServer() as server:
        described = document(server)
        application = Routes(server.site).application()
    helpers = ("/_afterclose/observe/", "/_afterclose/openapi.json")
    routes = {
        (str(route.method), route.resource.canonical)
        for route in application.router.routes()
        if route.resource and route.resource.canonical.startswith(("/api/", "/_afterclose/"))
    }
    wanted = {
        (method, path)
        for method, path in routes
        if method != "HEAD" and not path.startswith(helpers)
    }
    listed = {
        (method.upper(), path)
        for path, operations in described["paths"].items()
        for method in operations
    }
    assert listed == wanted
