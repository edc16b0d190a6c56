"""A server as somebody sets it up who points a Kinde SDK at it."""

from collections.abc import Iterator

import pytest

from harness.policy import Application, Environment, Organization, Persistence, Policy
from harness.server.running import MockServer

CALLBACK = "http://localhost:3000/callback"
HOME = "http://localhost:3000/"
SECRET = "aSecretOfFortyToSixtyLettersAndDigits0123456789"
MANAGEMENT = (
    "read:organizations",
    "update:organizations",
    "update:application_tokens",
    "read:user_sessions",
    "delete:user_sessions",
)

ENVIRONMENTS = (
    Environment(
        name="acme",
        policy=Policy(persistence=Persistence.NON_PERSISTENT),
        organizations=(Organization(code="org_acme"), Organization(code="org_other")),
        applications=(
            Application(
                id="web",
                secret=SECRET,
                redirect_uris=(CALLBACK,),
                logout_uris=(HOME, CALLBACK),
            ),
            Application(id="spa", redirect_uris=(CALLBACK,), logout_uris=(HOME,)),
            Application(id="m2m", secret=SECRET, scopes=MANAGEMENT),
        ),
    ),
)


@pytest.fixture
def acme() -> Iterator[MockServer]:
    """Over http."""
    with MockServer(ENVIRONMENTS) as server:
        yield server


@pytest.fixture
def acme_tls() -> Iterator[MockServer]:
    """Over https."""
    with MockServer(ENVIRONMENTS, https=True) as server:
        yield server
