"""An environment with two organizations, and a client whose names and addresses need quoting."""

from harness.policy import (
    Application,
    Environment,
    Organization,
    Override,
    Persistence,
    Policy,
)

_NO_COOKIE = Override(use_persistence=True, persistence=Persistence.NON_PERSISTENT)

ACME = Environment(
    name="acme",
    policy=Policy(persistence=Persistence.PERSISTENT),
    organizations=(Organization(code="org_a"), Organization(code="org_b", override=_NO_COOKIE)),
    applications=(
        Application(
            id="a client",
            secret="a+b c%d:é",
            redirect_uris=("http://localhost:3000/callback?next=a+b&empty=",),
            logout_uris=("http://localhost:3000/bye?next=a+b&empty=",),
            scopes=("read:organizations",),
        ),
    ),
)
