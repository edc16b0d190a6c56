"""`afterclose guide` under way, and somebody who does what it says without a browser."""

import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from urllib.parse import urljoin

from harness.people import FIRST, PEOPLE
from harness.server.running import MockServer
from tests.client import Answer, Client, storages
from tests.patience import PATIENCE

__all__ = ["Guide", "Person", "guided"]


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

    def __init__(self, address: str) -> None:
        self.address = address
        base = address.removesuffix("/go")
        self.client = Client(cast(MockServer, SimpleNamespace(url=base)))

    def come(self, **headers: str) -> None:
        """Open the address, and do what the pages want."""
        page = self.client.get(self.address, headers={"User-Agent": "Test/1.0", **headers})
        while onward := self._onward(page):
            page = self.client.get(urljoin(page.url, onward))

    def _onward(self, page: Answer) -> str | None:
        """Where a page leads to: whoever is asked signs in as Ada, and a script goes on once what
        it has read is sent."""
        if 'action="/sign-in"' in page.text:
            page = self.client.post(
                urljoin(page.url, "/sign-in"),
                {
                    "login": page.field("login"),
                    "csrf": page.field("csrf"),
                    "email": PEOPLE[FIRST].email,
                    "password": PEOPLE[FIRST].password,
                },
            )
        for path in re.findall(r'fetch\("([^"]+/observe/[^"]+)"', page.text):
            self.client.json("POST", urljoin(page.url, path), dict.fromkeys(storages(path)))
        script = re.search(r'location\.replace\("([^"]+)"\)', page.text)
        return script[1] if script else page.header("Location")

    def forget_all(self) -> None:
        """As another profile."""
        self.client.jar.clear()
