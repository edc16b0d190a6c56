import pytest

from harness.policy import (
    DEFAULT_ENVIRONMENTS,
    MAX_TIMEOUT,
    EffectivePolicy,
    Level,
    Limits,
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
        name: (policy.persistence.value, policy.inactivity_timeout, policy.absolute_timeout)
        for name, policy in policies.items()
    } == {
        "persistent": ("persistent", 86_400, None),
        "non_persistent": ("non_persistent", 86_400, None),
        "org_persistent": ("persistent", 86_400, None),
        "org_non_persistent": ("non_persistent", 86_400, None),
        "org_timeout": ("persistent", 3600, None),
        "org_switched_off": ("non_persistent", 86_400, None),
        "absolute": ("persistent", 86_400, 129_600),
    }
    off = {e.name: e.organization.override for e in DEFAULT_ENVIRONMENTS}["org_switched_off"]
    assert (off.persistence, off.inactivity_timeout, off.absolute_timeout) == (
        Persistence.PERSISTENT, 3600, 3600,
    )  # fmt: skip


@pytest.mark.parametrize("use_persistence", [True, False])
@pytest.mark.parametrize("use_timeout", [True, False])
@pytest.mark.parametrize("use_limit", [True, False])
def test_each_switch_acts_on_its_own(
    use_persistence: bool, use_timeout: bool, use_limit: bool
) -> None:
    override = Override(
        use_persistence=use_persistence,
        persistence=Persistence.PERSISTENT,
        use_inactivity_timeout=use_timeout,
        inactivity_timeout=7,
        use_absolute_timeout=use_limit,
        absolute_timeout=8,
    )
    effective = override.apply(POLICY)
    assert (effective.persistence is Persistence.PERSISTENT) == use_persistence
    assert effective.inactivity_timeout == (7 if use_timeout else 100)
    assert effective.absolute_timeout == (8 if use_limit else None)
    in_force = EffectivePolicy.of(POLICY, override)
    assert in_force.limits == effective.limits == Limits(
        7 if use_timeout else 100, 8 if use_limit else None
    )
    levels = in_force.inactivity_timeout_from, in_force.absolute_timeout_from
    expected = [Level.ORGANIZATION if on else Level.ENVIRONMENT for on in (use_timeout, use_limit)]
    assert levels == tuple(expected)


def test_a_switch_without_a_value_changes_nothing() -> None:
    switches = Override(
        use_persistence=True, use_inactivity_timeout=True, use_absolute_timeout=True
    )
    assert switches.apply(POLICY) == POLICY


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
