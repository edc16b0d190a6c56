"""Whoever runs the auth server, beside a lifecycle in a real browser: what they do, they do in each
of its environments."""

from collections.abc import Awaitable, Callable, Collection, Mapping

from harness.engines.control_client import ControlClient, ServedEnvironment
from harness.policy import Persistence
from harness.scenario import Step

__all__ = ["Administrator"]


class Administrator:
    """Acts through the control API. `persistence` is what is in force, by environment."""

    def __init__(
        self,
        control: ControlClient,
        environments: Collection[ServedEnvironment],
        persistence: Mapping[str, Persistence],
    ) -> None:
        self._control = control
        self._environments = environments
        self._persistence = dict(persistence)
        self._verbs: dict[str, Callable[[ServedEnvironment], Awaitable[None]]] = {
            "override_session_policy": self._override_session_policy,
            "change_cookie_scope": control.change_cookie_scope,
            "mend_cookie_scope": control.mend_cookie_scope,
            "revoke_sessions": control.revoke,
        }

    async def act(self, step: Step) -> None:
        """Do a step of an administrator's. Nobody comes back before applications know of it."""
        for environment in self._environments:
            await self._verbs[step.verb](environment)
        await self._control.told()

    async def _override_session_policy(self, environment: ServedEnvironment) -> None:
        persistence = self._persistence[environment.name].opposite
        await self._control.override_persistence(environment, persistence)
        self._persistence[environment.name] = persistence
