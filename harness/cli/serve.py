"""`afterclose serve`."""

import asyncio
import gc
import json
import signal
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.common import ConfigOption, fail
from harness.config import ConfigError, load_config
from harness.server.running import MockServer, PortInUseError
from harness.server.tenants import Tenant
from harness.state import StateError

__all__ = ["serve"]


def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8443,
    host: Annotated[
        str, typer.Option(help="Address to listen on. Never expose a mock to a network.")
    ] = "127.0.0.1",
    config: ConfigOption = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            help="An environment's name; may be repeated. The first one is at localhost, too."
        ),
    ] = None,
    https: Annotated[
        bool, typer.Option("--https", help="With a certificate made for this run.")
    ] = False,
    ca_out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write the authority to trust (with --https)."),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep sessions, policies and codes there (SQLite)."),
    ] = None,
) -> None:
    """Run the mock auth server alone, until Ctrl+C. The first line on stdout is JSON."""
    if ca_out is not None and not https:
        fail("--ca-out: there is no certificate authority without --https")
    try:
        loaded = load_config(config).only(policy or [])
    except ConfigError as error:
        fail(str(error))
    server = MockServer(
        loaded.environments,
        host=host,
        port=port,
        https=https,
        settings=loaded.settings,
        state=state,
    )
    try:
        asyncio.run(_serve(server, ca_out))
    except (PortInUseError, StateError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{ca_out}: cannot be written: {error.strerror}; choose another with --ca-out")
    except asyncio.CancelledError:
        return


async def _serve(server: MockServer, ca_out: Path | None) -> None:
    async with server:
        if ca_out is not None:
            await asyncio.to_thread(ca_out.write_bytes, server.ca_pem)
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel if task else lambda: None)
        for notice in server.site.notices:
            typer.echo(f"afterclose: {notice}", err=True)
        # What was read from a state file lives as long as the server: a collection that walks all
        # of it would hold everybody up (0.14 s with 100,000 sessions).
        gc.freeze()
        environments = {t.name: _addresses(t) for t in server.site.tenants.values()}
        ready = {"ready": True, "url": server.url, "environments": environments}
        print(json.dumps(ready), flush=True)
        typer.echo("This is a mock: it protects nothing. Ctrl+C ends it.", err=True)
        await asyncio.Event().wait()


def _addresses(tenant: Tenant) -> dict[str, str]:
    return {
        "issuer": tenant.issuer,
        "app_url": tenant.app_url,
        "console": f"{tenant.issuer}/admin",
    }
