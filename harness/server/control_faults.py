"""The control API's part that makes things go wrong: one-shot faults, and answers held back."""


from aiohttp import web

from harness.faults import Fault
from harness.server.control_operations import answer_with, control_operation, refuse
from harness.server.openapi import Operation, read_body
from harness.server.site import Site

__all__ = ["fault_operations"]


def fault_operations(site: Site) -> list[Operation]:
    """What there is to call."""
    handlers = _Handlers(site)
    unknown = {404: ("There is no such thing.", "ControlError")}
    path = {"environment": "The environment's name."}
    return [
        control_operation(
            "faults", "GET", "faults", "Faults that are armed, and that have struck",
            handlers.listed, "FaultList",
        ),
        control_operation(
            "armFault", "POST", "faults", "Let something go wrong once", handlers.arm,
            "FaultList", unknown, body="NewFault",
        ),
        control_operation(
            "mendFault", "DELETE", "faults/{environment}/{fault}",
            "Let a fault strike no more, and clear up what it left behind", handlers.mend,
            "FaultList", unknown,
            path_parameters={**path, "fault": "The fault's name."},
        ),
        control_operation(
            "hold", "POST", "holds", "Hold back the next answer of the authorization endpoint",
            handlers.hold, "HoldState", unknown, body="NewHold",
        ),
        control_operation(
            "held", "GET", "holds/{environment}", "Wait until there is an answer to hold back",
            handlers.held, "HoldState",
            unknown | {408: ("No request came.", "ControlError")}, path_parameters=path,
        ),
        control_operation(
            "release", "DELETE", "holds/{environment}", "Let the answer go", handlers.release,
            "HoldState", unknown, path_parameters=path,
        ),
    ]  # fmt: skip


class _Handlers:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def listed(self, request: web.Request) -> web.Response:
        from harness.server import control_models as models

        return answer_with(
            models.FaultList(
                faults=[
                    models.FaultState(environment=name, **self._site.faults.state(name))
                    for name in self._site.tenants
                ]
            )
        )

    async def arm(self, request: web.Request) -> web.Response:
        from harness.server import control_models as models

        body = await read_body(request, models.NewFault)
        if body.environment not in ("", *self._site.tenants):
            return self._unknown(body.environment)
        names = [body.environment] if body.environment else self._site.tenants
        for name in names:
            self._site.faults.arm(name, body.fault)
        return await self.listed(request)

    async def mend(self, request: web.Request) -> web.Response:
        name, fault = request.match_info["environment"], request.match_info["fault"]
        if name not in self._site.tenants:
            return self._unknown(name)
        if fault not in list(Fault):
            return refuse(404, f"no fault {fault}; known: {', '.join(Fault)}")
        self._site.faults.mend(name, Fault(fault))
        return await self.listed(request)

    async def hold(self, request: web.Request) -> web.Response:
        from harness.server import control_models as models

        name = (await read_body(request, models.NewHold)).environment
        if name not in self._site.tenants:
            return self._unknown(name)
        self._site.holds.arm(name)
        return answer_with(models.HoldState(environment=name, held=False))

    async def held(self, request: web.Request) -> web.Response:
        from harness.server import control_models as models

        name = request.match_info["environment"]
        try:
            await self._site.holds.reached(name)
        except KeyError:
            return refuse(404, "nothing is to be held back there")
        except TimeoutError:
            return refuse(408, "no request came whose answer could be held back")
        return answer_with(models.HoldState(environment=name, held=True))

    async def release(self, request: web.Request) -> web.Response:
        from harness.server import control_models as models

        name = request.match_info["environment"]
        try:
            self._site.holds.release(name)
        except KeyError:
            return refuse(404, "nothing is to be held back there")
        return answer_with(models.HoldState(environment=name, held=False))

    def _unknown(self, name: str) -> web.Response:
        return refuse(404, f"no environment {name}; known: {', '.join(self._site.tenants)}")
