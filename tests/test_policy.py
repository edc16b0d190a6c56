import pytest

from harness.policy import (
    DEFAULT_ENVIRONMENTS,
    MAX_TIMEOUT,
    Override,
    Persistence,
    Policy,
    check_persistence,
    check_timeout,
)

POLICY = Policy(persistence=Persistence.NON_PERSISTENT, inactivity_timeout=100)


def test_the_environments_that_are_always_there() -> None:
    """Each switch of an override is on in one of them, and off although a value is stored."""
    policies = {e.name: e.effective_policy for e in DEFAULT_ENVIRONMENTS}
    assert {
        name: (policy.persistence.value, policy.inactivity_timeout)
        for name, policy in policies.items()
    } == {
        "persistent": ("persistent", 86_400),
        "non_persistent": ("non_persistent", 86_400),
        "org_persistent": ("persistent", 86_400),
        "org_non_persistent": ("non_persistent", 86_400),
        "org_timeout": ("persistent", 3600),
        "org_switched_off": ("non_persistent", 86_400),
    }
    off = {e.name: e.organization.override for e in DEFAULT_ENVIRONMENTS}["org_switched_off"]
    assert (off.persistence, off.inactivity_timeout) == (Persistence.PERSISTENT, 3600)


@pytest.mark.parametrize("use_persistence", [True, False])
@pytest.mark.parametrize("use_timeout", [True, False])
def test_each_switch_acts_on_its_own(use_persistence: bool, use_timeout: bool) -> None:
    override = Override(
        use_persistence=use_persistence,
        persistence=Persistence.PERSISTENT,
        use_inactivity_timeout=use_timeout,
        inactivity_timeout=7,
    )
    effective = override.apply(POLICY)
    assert (effective.persistence is Persistence.PERSISTENT) == use_persistence
    assert effective.inactivity_timeout == (7 if use_timeout else 100)


def test_a_switch_without_a_value_changes_nothing() -> None:
    assert Override(use_persistence=True, use_inactivity_timeout=True).apply(POLICY) == POLICY


def test_a_hyphen_is_refused_naming_both_values() -> None:
    with pytest.raises(ValueError, match='"persistent" or "non_persistent"'):
        check_persistence("non-persistent")


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "60", None, MAX_TIMEOUT + 1])
def test_timeouts_that_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="seconds"):
        check_timeout(value)


def test_timeouts_that_are_accepted() -> None:
    assert check_timeout(1) == 1
    assert check_timeout(MAX_TIMEOUT) == MAX_TIMEOUT
