"""`afterclose report --serve`: a report beside a run that goes on."""

import asyncio
import signal
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from harness.records import Done, Record, Verdict
from harness.reports.packed import unpacked
from harness.runner.live import LiveReport, application
from tests.patience import PATIENCE
from tests.test_cli import AFTERCLOSE, afterclose
from tests.test_reports import RUN, observation

ENCODER = msgspec.json.Encoder()
RUNNING = msgspec.structs.replace(
    RUN, id="one", format=2, items=("a.first[chromium-default]", "a.second[chromium-default]")
)


def item(scenario: str = "a.first") -> list[Record]:
    """Two cells, one of them unexpected, and the end of the item."""
    seen = [observation(policy="other"), observation(verdict=Verdict.UNEXPECTED)]
    done = Done(
        scenario=scenario, engine="chromium", preset="default", attempt=scenario, duration_s=1.0
    )
    return [*(msgspec.structs.replace(o, scenario=scenario, attempt=scenario) for o in seen), done]


def append(folder: Path, *records: Record, cut: int = 0) -> None:
    lines = ENCODER.encode_lines(records)
    with (folder / "results.ndjson").open("ab") as file:
        file.write(lines[: len(lines) - cut])


Client = TestClient[web.Request, web.Application]


def ask_of(folder: Path, ask: Callable[[Client], Awaitable[None]]) -> None:
    """Of a server of its own, which renders the page as often as it is asked."""

    async def main() -> None:
        server = TestServer(application(LiveReport(folder, rest=0)))
        async with TestClient(server) as client:
            await ask(client)

    asyncio.run(main())


def test_the_page_grows_with_the_file_by_whole_lines(tmp_path: Path) -> None:
    folder = tmp_path / "report"

    async def ask(client: Client) -> None:
        async def shown() -> tuple[str, int, str]:
            version = await (await client.get("/version")).text()
            page = await (await client.get("/")).text()
            data = unpacked(page)
            assert f'data-live="{version}"' in page
            count = len(data["observations"][0]) if data["observations"] else 0
            return version, count, page.partition('id="live"')[2].partition("</p>")[0]

        empty, count, said = await shown()
        assert count == 0
        assert "a run that writes there appears here" in said
        folder.mkdir()
        append(folder, RUNNING, *item())
        first, count, said = await shown()
        assert (first != empty, count) == (True, 2)
        assert "Items ended: 1; left: 1." in said
        assert (await shown())[0] == first, "nothing new"
        append(folder, *item("a.second"), cut=40)
        assert (await shown())[1] == 2, "half a line is none yet"
        line = ENCODER.encode_lines(item("a.second"))[-40:]
        with (folder / "results.ndjson").open("ab") as file:
            file.write(line)
        second, count, said = await shown()
        assert (second != first, count) == (True, 4)
        assert "complete. Items ended: 2." in said
        (folder / "results.ndjson").write_bytes(b"")
        append(folder, msgspec.structs.replace(RUNNING, id="two"))
        assert (await shown())[1] == 0, "another run has begun"

    ask_of(folder, ask)


def test_it_serves_the_files_of_the_folder_and_no_others(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    (folder / "artifacts").mkdir(parents=True)
    (folder / "artifacts" / "screenshot.png").write_bytes(b"a picture")
    (tmp_path / "secret").write_text("nobody's business")
    (folder / "link").symlink_to(tmp_path / "secret")

    async def ask(client: Client) -> None:
        picture = await client.get("/artifacts/screenshot.png")
        assert (picture.status, await picture.read()) == (200, b"a picture")
        for path in ("/none", "/%2e%2e/secret", "/..%2fsecret", "/link", "/artifacts", "/%00"):
            assert (await client.get(path)).status == 404, path
        stranger = await client.get("/", headers={"Host": "evil.example"})
        assert stranger.status == 403, "somebody else's page, led to loopback"

    ask_of(folder, ask)


def test_the_command_says_where_it_is_and_ends_when_told_to(tmp_path: Path) -> None:
    serving = subprocess.Popen(
        [*AFTERCLOSE, "report", "--serve", "--port", "0"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert serving.stdout is not None
        name, _, address = serving.stdout.readline().strip().partition(": ")
        assert name == "report"
        assert address.startswith("http://127.0.0.1:")
        port = address.rstrip("/").rpartition(":")[2]
        taken = afterclose("report", "--serve", "--port", port, cwd=tmp_path)
        assert taken.returncode == 2
        assert taken.stderr.splitlines() == [
            f"afterclose: port {port} of 127.0.0.1 is taken, or not allowed; choose another with "
            "--port"
        ]
        serving.send_signal(signal.SIGINT)
        _, said = serving.communicate(timeout=PATIENCE)
    finally:
        serving.kill()
        serving.communicate()
    assert serving.returncode == 0
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--serve", "a", "b"], "--serve shows one run"),
        (["--serve", "--compare", "a"], "--serve shows one run"),
        (["--port", "1"], "nothing is served without --serve"),
        (["--serve", "file.txt"], "file.txt: must be a folder with results"),
        (["file.txt"], "file.txt: holds no results"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "file.txt").touch()
    done = afterclose("report", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr
