"""How Firefox is asked to quit; the browser is none."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.engines import marionette
from harness.engines.marionette import MarionetteError, forget, quit_by_itself
from tests.patience import PATIENCE

QUITS = [None, {"cause": "shutdown", "forced": False, "in_app": True}]


def asked(profile: Path, answer: Sequence[Any] | None, **how: Any) -> list[Any]:
    """What a browser hears that gives an answer, or hangs up."""
    heard: list[Any] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(message: Any) -> None:
            # Firefox counts bytes.
            text = json.dumps(message, ensure_ascii=False).encode()
            writer.write(b"%d:%s" % (len(text), text))

        say({"applicationType": "gecko", "marionetteProtocol": 3})
        length = int((await reader.readuntil(b":"))[:-1])
        heard.append(json.loads(await reader.readexactly(length)))
        if answer is not None:
            say([1, heard[-1][1], *answer])
        writer.close()

    async def carried_out() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            (profile / "MarionetteActivePort").write_text(str(port))
            await quit_by_itself(profile, **how)

    asyncio.run(asyncio.wait_for(carried_out(), PATIENCE))
    return heard


def test_it_is_asked_as_its_menu_asks_it(tmp_path: Path) -> None:
    assert asked(tmp_path, QUITS) == [[0, 1, "Marionette:Quit", {"flags": ["eAttemptQuit"]}]]
    ((*_, restarts),) = asked(tmp_path, QUITS, restart=True)
    assert restarts == {"flags": ["eAttemptQuit", "eRestart"]}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([{"error": "x", "message": "„Nein“ is no flag"}, None], "does not quit: „Nein“ is no fl"),
        ([None, {"forced": True}], "does not quit: a page or an extension keeps it from that"),
        (None, "cannot be asked to quit: .*bytes"),
    ],
)
def test_what_does_not_quit_is_told(
    tmp_path: Path, answer: Sequence[Any] | None, said: str
) -> None:
    with pytest.raises(MarionetteError, match=f"^Firefox {said}"):
        asked(tmp_path, answer)


@pytest.mark.parametrize(("port", "said"), [(None, "No such file"), ("1", "refused|failed")])
def test_one_that_is_not_there_is_told(tmp_path: Path, port: str | None, said: str) -> None:
    if port is not None:
        (tmp_path / "MarionetteActivePort").write_text(port)
    with pytest.raises(MarionetteError, match=f"^Firefox cannot be asked to quit: .*({said})"):
        asyncio.run(quit_by_itself(tmp_path))


def test_one_that_does_not_answer_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    async def carried_out() -> None:
        async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            (tmp_path / "MarionetteActivePort").write_text(str(port))
            try:
                await quit_by_itself(tmp_path)
            finally:
                await left.wait()

    monkeypatch.setattr(marionette, "_TIMEOUT", 0.05)
    with pytest.raises(MarionetteError, match=r"^Firefox does not quit within"):
        asyncio.run(asyncio.wait_for(carried_out(), PATIENCE))


def test_the_port_of_a_life_before_is_forgotten(tmp_path: Path) -> None:
    """A crash leaves it, and another may listen there by now."""
    (tmp_path / "MarionetteActivePort").write_text("2828")
    forget(tmp_path)
    forget(tmp_path)
    assert not list(tmp_path.iterdir())
