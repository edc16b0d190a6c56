"""What comes from the environment and is never to be written down: taken out of whatever is."""

import json
import os
import zipfile
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

__all__ = ["Secrets"]

_SHOWN = "•••"


class Secrets:
    """Values that are blacked out, in whatever spelling they come."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        spelt = {form for value in values if value for form in _spellings(value)}
        # The longest first: one may be a part of another.
        self._forms = sorted(spelt, key=lambda form: (-len(form), form))

    def redact(self, text: str) -> str:
        """A text without them."""
        for form in self._forms:
            text = text.replace(form, _SHOWN)
        return text

    def redact_all(self, value: Any) -> Any:
        """The same for every text in what JSON can say."""
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, dict):
            return {self.redact_all(key): self.redact_all(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.redact_all(item) for item in value]
        return value

    def redact_zip(self, path: Path) -> None:
        """Write an archive anew without them."""
        if not self._forms:
            return
        clean = path.with_suffix(".clean")
        forms = [form.encode() for form in self._forms]
        try:
            with zipfile.ZipFile(path) as old, zipfile.ZipFile(
                clean, "w", zipfile.ZIP_DEFLATED
            ) as new:
                for entry in old.infolist():
                    content = old.read(entry)
                    for form in forms:
                        content = content.replace(form, _SHOWN.encode())
                    new.writestr(entry.filename, content)
            os.replace(clean, path)
        except BaseException:
            clean.unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            raise


def _spellings(value: str) -> set[str]:
    in_json = json.dumps(value)[1:-1]
    return {
        value,
        quote(value),
        quote(value, safe=""),
        quote_plus(value),
        in_json,
        json.dumps(value, ensure_ascii=False)[1:-1],
        json.dumps(in_json)[1:-1],
        escape(value),
        escape(value, quote=False),
    }
