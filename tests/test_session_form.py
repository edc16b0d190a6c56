import pytest

from harness.policy import Override, Persistence, Policy
from harness.server.session_form import SessionForm

PERSISTENT = Persistence.PERSISTENT


@pytest.mark.parametrize("limit", [None, 7200])
def test_what_an_environment_has_comes_back_as_it_was(limit: int | None) -> None:
    policy = Policy(persistence=PERSISTENT, inactivity_timeout=3600, absolute_timeout=limit)
    assert SessionForm.of_policy(policy).to_policy() == policy


def test_left_empty_a_value_of_an_organization_stays_and_is_not_applied() -> None:
    typed = {"persistence": "persistent", "inactivity_timeout": " 60", "absolute_timeout": "70 "}
    override = SessionForm.typed(typed).to_override(Override())
    assert SessionForm.of_override(override) == SessionForm(
        persistence="persistent", inactivity_timeout="60", absolute_timeout="70"
    )
    assert override.use_absolute_timeout
    emptied = SessionForm.typed({}).to_override(override)
    assert emptied == Override(
        persistence=PERSISTENT, inactivity_timeout=60, absolute_timeout=70
    )
    assert SessionForm.of_override(emptied) == SessionForm()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"persistence": "never"}, "^Session policy must be"),
        ({"inactivity_timeout": "0"}, "^Session inactivity timeout must be from 1 to"),
        ({"absolute_timeout": "0"}, "^Absolute limit must be from 1 to"),
        ({"absolute_timeout": "²"}, "^Absolute limit must be a whole number"),
    ],
)
def test_a_mistake_names_its_field(typed: dict[str, str], said: str) -> None:
    form = SessionForm.typed({"persistence": "persistent", "inactivity_timeout": "60", **typed})
    with pytest.raises(ValueError, match=said):
        form.to_policy()
    with pytest.raises(ValueError, match=said):
        form.to_override(Override())
