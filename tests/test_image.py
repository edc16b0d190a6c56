"""The image for people whose machines are not Debian."""

import re
from pathlib import Path

from harness.engines import ENGINES

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_the_image_has_the_packages_that_the_project_names() -> None:
    """Browsers as the engines name them, and what README asks for."""
    (installed,) = re.findall(r"apt-get install -y --no-install-recommends \\\n(.*?)&&",
                              DOCKERFILE, re.DOTALL)  # fmt: skip
    readme = (ROOT / "README.md").read_text()
    (asked,) = re.findall(r"with Python 3\.11 or newer, (\w+), (\w+) and (\w+):", readme)
    python = {"python3", *(f"python3-{name}" for name in asked if name != "make")}
    packages = set(installed.replace("\\", "").split())
    assert packages == {engine.package for engine in ENGINES.values()} | python | {"make"}


def test_the_image_ends_not_as_root_and_with_chromiums_sandbox() -> None:
    instructions = [line for line in DOCKERFILE.splitlines() if line and line[0] not in "# \t"]
    users = [line.split()[1] for line in instructions if line.startswith("USER ")]
    assert users[-1:] == ["1000"], "the one that is made, by number"
    assert "useradd --create-home --uid 1000 afterclose" in DOCKERFILE
    assert instructions[-1] == 'ENTRYPOINT ["afterclose"]'
    assert "--no-sandbox" not in "\n".join(instructions)
    copied = [name for line in instructions if line.startswith("COPY ")
              for name in line.split()[1:-1]]  # fmt: skip
    assert [name for name in copied if not (ROOT / name).exists()] == []
