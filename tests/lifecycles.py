"""A lifecycle that exploring tests share."""

from datetime import timedelta

from harness.exploring.lifecycle import Lifecycle
from harness.scenario import Step

LIFECYCLE = Lifecycle(
    engine="firefox",
    preset="continue",
    policies=("persistent", "non_persistent"),
    steps=(
        Step("sign_in"),
        Step("open_tab"),
        Step("close_tab", 1),
        Step("wait", timedelta(hours=7)),
        Step("revoke_sessions"),
        Step("quit"),
        Step("start", "restoring"),
        Step("check", "check 1"),
    ),
)
