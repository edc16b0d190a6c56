"""`afterclose guide`."""

import io
import os
import signal
import sys
from collections.abc import Sequence
from itertools import dropwhile
from pathlib import Path
from typing import Annotated

import segno
import typer

from harness.cli.common import (
    HARNESS_FAILED,
    INTERRUPTED,
    BaselineOption,
    ConfigOption,
    fail,
    say,
)
from harness.config import Config, ConfigError, load_config
from harness.engines.control_client import ControlClientError
from harness.guiding.floor import Floor
from harness.guiding.leading import Lead
from harness.guiding.measured import MeasuredBrowser, browser_named
from harness.guiding.network import Place, place_of
from harness.guiding.terminal import Terminal
from harness.records import Error, Record, Run
from harness.reports.baseline import Baseline, Standing
from harness.reports.caveats import caveats_of
from harness.reports.matrix import matrix_of
from harness.result_file import RecordsError, read_records
from harness.runner.baseline_file import read_baseline, today
from harness.runner.chosen import seconds_of
from harness.runner.library import LibraryError, scenarios_named
from harness.runner.telling import report
from harness.scenario import Scenario
from harness.server.desk import AUTHORITY, PAGE, Desk
from harness.server.running import MockServer, PortInUseError

__all__ = ["guide"]

_POLICIES = ("persistent", "non_persistent")


def guide(
    scenarios: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SCENARIO...", help="Names of scenarios, their modules, or files of your own."
        ),
    ] = None,
    browser: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which one is measured: safari, edge, …")
    ] = None,
    browser_version: Annotated[
        str, typer.Option(metavar="V", help="Its version (default: what it says itself).")
    ] = "",
    setting: Annotated[
        str,
        typer.Option(metavar="TEXT", help="How it is set up: a preset, or words of your own."),
    ] = "",
    rules: Annotated[
        str | None,
        typer.Option(
            metavar="ENGINE",
            help="Whose rules it is judged by: chromium, firefox, webkitgtk or none (default: "
            "those of the browser of that name, if there are any).",
        ),
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            help="An environment's name; may be repeated (default: persistent, non_persistent)."
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            help="This machine's address in your network, for a phone; 0.0.0.0 finds it. Listens "
            "on all of its addresses then."
        ),
    ] = "127.0.0.1",
    domain: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A name that, with every name below it, leads to this machine (default: "
            "localhost; with --host, one of sslip.io).",
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8443,
    https: Annotated[
        bool, typer.Option("--https", help="With a certificate made for this run.")
    ] = False,
    ca_out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write the authority to trust (with --https)."),
    ] = None,
    real_wait: Annotated[
        str, typer.Option(metavar="LIMIT", help="How long may be waited for real: 90s, 2m.")
    ] = "0",
    output: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for results, which are appended.")
    ] = Path("report"),
    config: ConfigOption = None,
    baseline: BaselineOption = None,
) -> None:
    """Guide a person through scenarios in a browser that cannot be driven: Safari, a phone.

    Exit status as that of 'afterclose run': 0 every observation kept or explained, or of a browser
    without rules; 1 something unexpected, or differing from the baseline; 2 bad usage; 4 the
    harness failed; 130 ended by Ctrl+C, with what was observed until then kept.
    """
    if not scenarios:
        fail("name a scenario, browser_close.quit_and_start say; 'afterclose scenarios' tells them")
    if ca_out is not None and not https:
        fail("--ca-out: there is no certificate authority without --https")
    results = output / "results.ndjson"
    try:
        known = read_baseline(baseline) if baseline else Baseline(today=today())
        chosen = {s.name: s for argument in scenarios for s in scenarios_named(argument)}
        configured = load_config(config).only(policy or _POLICIES)
        seconds = seconds_of("--real-wait", real_wait)
        place = place_of(host, domain)
        if place.domain != "localhost" and configured.settings.cookie_domain:
            raise ConfigError("cookie_domain: is one of localhost; do without it, or --host")
        asked = browser if browser is not None else _ask()
        measured = browser_named(asked, version=browser_version, setting=setting, rules=rules)
        output.mkdir(parents=True, exist_ok=True)
        with results.open("a"):
            pass
        if results.stat().st_size:
            # Nobody is to go through all of it for a file that nothing can be added to.
            list(read_records([results], lambda _: None))
    except (ConfigError, LibraryError, RecordsError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{output}: cannot be written: {error.strerror}; choose another with --output")
    desk = Desk()
    server = MockServer(
        configured.environments,
        host=place.host,
        port=port,
        https=https,
        settings=configured.settings,
        domain=place.domain,
        aliases=place.aliases,
        desk=desk,
    )
    try:
        with server:
            lead, finished = _lead(
                server, desk, place, configured, measured, list(chosen.values()), results,
                ca_out=ca_out, real_wait=seconds,
            )  # fmt: skip
    except PortInUseError as error:
        fail(str(error))
    except (RecordsError, ControlClientError) as error:
        fail(str(error), HARNESS_FAILED)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    if not lead.wrote:
        say("nothing was observed")
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(_tell(results, lead.run_id, known, baseline is not None, finished=finished))


def _ask() -> str:
    """Which browser it is. Raises ConfigError where nobody can be asked."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError("say which browser is measured with --browser NAME: safari, edge, …")
    try:
        asked: str = typer.prompt("Which browser is measured (safari, edge, …)")
    except typer.Abort:
        raise typer.Exit(INTERRUPTED) from None
    return asked


def _lead(
    server: MockServer,
    desk: Desk,
    place: Place,
    config: Config,
    browser: MeasuredBrowser,
    scenarios: Sequence[Scenario],
    results: Path,
    *,
    ca_out: Path | None,
    real_wait: float,
) -> tuple[Lead, bool]:
    """Tell where it is, and lead through all of it; whether it came to its end."""
    scheme, _, _ = server.url.partition("://")
    desk.base = f"{scheme}://{place.domain}:{server.url.rpartition(':')[2]}"
    code = segno.make(desk.address, micro=False)
    desk.picture = code.svg_inline(scale=5)
    terminal = Terminal(desk.heard.put, write=typer.echo)
    floor = Floor(server, desk, terminal)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, floor.leave)
    terminal.say(f"Guide:   {server.url}{PAGE}")
    terminal.say(f"Address: {desk.address}")
    if terminal.styled:
        picture = io.StringIO()
        code.terminal(out=picture, compact=True)
        terminal.say(picture.getvalue().rstrip())
    for warning in place.warnings:
        say(warning)
    if desk.authority:
        if ca_out is not None:
            try:
                ca_out.write_bytes(desk.authority)
            except OSError as error:
                fail(f"{ca_out}: cannot be written: {error.strerror}; choose another with --ca-out")
        where = ca_out or f"{desk.base}{AUTHORITY}"
        say(
            f"Its certificate is of an authority made for this run: {where}. Have the browser "
            "trust it, among the authorities of its settings; on a phone as a profile or user "
            "certificate, which iOS wants to be switched on in Settings, General, About, "
            "Certificate Trust Settings. Remove it afterwards."
        )
    say("This is a mock: it protects nothing. Ctrl+C ends it.")
    terminal.listen()
    lead = Lead(
        floor,
        config,
        browser,
        results,
        url=server.url,
        domain=place.domain,
        real_wait=real_wait,
    )
    return lead, lead.carry_out(scenarios)


def _tell(results: Path, run: str, known: Baseline, given: bool, *, finished: bool) -> int:
    """Render the reports of all that the file has; the status by what this run added."""
    try:
        records: list[Record] = list(read_records([results], say))
        matrix = matrix_of(records, caveats_of({os.path.relpath(results): records}))
        for line in report(matrix, results.parent, known if given else None):
            typer.echo(line)
    except RecordsError as error:
        fail(str(error), HARNESS_FAILED)
    except OSError as error:
        fail(f"{results.parent}: the reports cannot be written: {error.strerror}", HARNESS_FAILED)
    if not finished:
        return INTERRUPTED
    own = dropwhile(lambda r: not (isinstance(r, Run) and r.id == run), records)
    standing = Standing.of(matrix_of(list(own)), known)
    if not standing.fails:
        return 0
    broke_off = all(isinstance(failure, Error) for failure in standing.new)
    return HARNESS_FAILED if broke_off else 1
