"""Write what the documentation has of the code and of measured results.

    python -m documentation
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from documentation import limitations, reference, regions
from documentation.results import Results, results

__all__ = ["written"]

ROOT = Path(__file__).parent.parent
_SIGN = "<!-- Written by `python -m documentation`: change what it comes from. -->"


def written(measured: Results) -> dict[Path, str]:
    """Every page that comes from elsewhere, whole or in part, as it should be."""
    docs = ROOT / "docs"
    found = {
        docs / folder / name: f"{_SIGN}\n\n{text.rstrip()}\n"
        for folder, pages in (
            ("limitations", limitations.pages(measured)),
            ("reference", reference.pages()),
        )
        for name, text in pages.items()
    }
    for page in (ROOT / "README.md", *sorted(docs.glob("*.md"))):
        text = page.read_text(encoding="utf-8")
        if "<!-- measured: " in text:
            found[page] = regions.filled(page, text, measured)
    return found


def main(arguments: Sequence[str]) -> None:
    """Write them, and say which have changed."""
    if arguments:
        sys.exit("python -m documentation takes no arguments; it writes docs/ and README.md")
    try:
        pages = written(results())
    except ValueError as error:
        sys.exit(str(error))
    for page, text in pages.items():
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.parent.mkdir(exist_ok=True)
            page.write_text(text, encoding="utf-8")
            print(page.relative_to(ROOT))


if __name__ == "__main__":
    main(sys.argv[1:])
