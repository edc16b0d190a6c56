"""`afterclose guide` under way, and somebody who does what it says without a browser."""

import html
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urljoin

from harness.people import FIRST, PEOPLE
from harness.server.running import MockServer
from tests.client import Answer, Client

__all__ = ["PATIENCE", "Guide", "Person", "guided"]

PATIENCE = 30.0
"""Seconds."""


class Guide:
    """The command, under way."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.told: list[str] = []
        self._lines = queue.Queue[str]()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def until(self, pattern: str) -> str:
        """The first line from now on with that in it; its group, if there is one."""
        while True:
            try:
                line = self._lines.get(timeout=PATIENCE)
            except queue.Empty:
                raise AssertionError(f"no {pattern!r} after:\n{''.join(self.told)}") from None
            self.told.append(line)
            if found := re.search(pattern, line):
                return found[1] if found.groups() else line

    def enter(self, text: str = "") -> None:
        """At the terminal."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()

    def end(self) -> tuple[int, str]:
        """The exit status, and what was said on stderr."""
        status = self.process.wait(PATIENCE)
        self._thread.join()
        assert self.process.stderr is not None
        return status, self.process.stderr.read()


@contextmanager
def guided(folder: Path, *arguments: str) -> Iterator[Guide]:
    """With free hands: standard input is a pipe."""
    with subprocess.Popen(
        [sys.executable, "-m", "harness.cli", "guide", "--port", "0", *arguments],
        cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    ) as process:
        guide = Guide(process)
        try:
            yield guide
        finally:
            process.kill()
            guide._thread.join()


class Person:
    """Follows redirects and a page's script, fills in forms, and keeps cookies."""

    def __init__(self, address: str, environments: tuple[str, ...]) -> None:
        self.address = address
        self.environments = environments
        base = address.removesuffix("/go")
        self.client = Client(cast(MockServer, SimpleNamespace(url=base)))
        self.stored: dict[str, str | None] = {"local_storage": None, "session_storage": None}

    def come(self, **headers: str) -> Answer:
        """Open the address."""
        first = self.client.get(self.address, headers={"User-Agent": "Test/1.0", **headers})
        location = first.header("Location")
        return self.client.follow(location) if location else first

    def sign_in(self) -> None:
        """At every environment, as Ada."""
        page = self.come()
        while 'action="/sign-in"' in page.text:
            answer = self.client.post(
                urljoin(page.url, "/sign-in"),
                {
                    "login": page.field("login"),
                    "csrf": page.field("csrf"),
                    "email": PEOPLE[FIRST].email,
                    "password": PEOPLE[FIRST].password,
                },
            )
            page = self.client.follow(answer.header("Location") or "")
        self._homes()

    def visit(self) -> None:
        """Of every application, silently."""
        self.come()
        self._homes()

    def sign_out(self) -> None:
        """Through the pages that go on by themselves."""
        page = self.come()
        while found := re.search(r'location\.replace\("([^"]+)"\)', page.text):
            page = self.client.follow(urljoin(page.url, found[1]))

    def _homes(self) -> None:
        for environment in self.environments:
            self.client.get(self.client.url(environment, "/", "app"))

    def show(self) -> None:
        """Show every surface, and go back to the page."""
        page = self.come()
        frames = [html.unescape(found) for found in re.findall(r'<iframe src="([^"]+)"', page.text)]
        for shown in (page, *map(self.client.get, frames)):
            for path in re.findall(r'fetch\("([^"]+)"', shown.text):
                parts = path.rpartition("/")[2].split("-")
                names: Mapping[str, str] = {"browser": "local_storage", "tab": "session_storage"}
                tokens: Any = {names[part]: self.stored[names[part]] for part in parts}
                self.client.json("POST", urljoin(shown.url, path), tokens)
        (back,) = re.findall(r'location\.replace\("([^"]+)"\)', page.text)
        assert self.client.get(back).status == 200

    def forget_all(self) -> None:
        """As another profile."""
        self.client.jar.clear()
