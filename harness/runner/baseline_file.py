"""The file of a baseline: TOML that people keep beside their code, write reasons into, and review.

    [[accepted]]
    scenario = "crash.crash_at_once"
    engine = "chromium"
    observed = "signed_in"
    versions = ">=128, <160"
    reason = "our proxy keeps the cookie; ticket 4711"
    expires = 2027-01-31
"""

import contextlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from harness.config import ConfigError, name_one_of, only_keys, read_toml
from harness.engines import ENGINES, MODELS, PRESETS
from harness.presets import canonical
from harness.records import State, Verdict
from harness.reports.baseline import FAILING, PLACE, Baseline, Entry
from harness.reports.matrix import Matrix
from harness.reports.versions import VersionRange, version_range
from harness.runner.library import load_scenarios, scenario_files

__all__ = ["read_baseline", "strangers", "today", "write_baseline"]

_TABLE = "accepted"
_KEYS = (*PLACE, "verdict", "observed", "versions", "reason", "expires")
_HEAD = """\
# What is known and accepted: 'afterclose run --baseline' fails for anything else.
# 'afterclose baseline update' writes this file; it keeps reasons, and the comment at its head.
"""


def today() -> date:
    """The day that entries are held against: the same wherever the run is."""
    return datetime.now(UTC).date()


def read_baseline(path: Path) -> Baseline:
    """Read the file. Raises ConfigError with file, entry, what was wrong and what is accepted."""
    data = read_toml(path)
    try:
        only_keys(data, "", [_TABLE])
        tables = data.get(_TABLE, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise ConfigError(f"{_TABLE}: must be tables, each headed [[{_TABLE}]]")
        entries: dict[tuple[object, ...], Entry] = {}
        for number, table in enumerate(tables, start=1):
            try:
                entry = _entry(number, table)
            except ConfigError as error:
                raise ConfigError(f"entry {number}: {error}") from None
            earlier = entries.setdefault(entry.cells, entry)
            if earlier is not entry:
                raise ConfigError(
                    f"entry {number}: is of the same cells as entry {earlier.number}; keep one"
                )
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return Baseline(name=str(path), entries=tuple(entries.values()), today=today())


def _entry(number: int, table: Mapping[str, Any]) -> Entry:
    only_keys(table, "", _KEYS)
    texts = {key: _text(table, key) for key in _KEYS[:-1] if key in table}
    if "reason" not in texts:
        raise ConfigError("reason is missing: say why this is accepted")
    expires = table.get("expires")
    if expires is not None and (not isinstance(expires, date) or isinstance(expires, datetime)):
        raise ConfigError(f"expires: must be a date without quotes, 2027-01-31, not {expires!r}")
    place = {key: texts[key] for key in PLACE if key in texts}
    with contextlib.suppress(ValueError, KeyError):
        place["preset"] = canonical(place["preset"])
    return Entry(
        number=number,
        **place,
        verdict=_verdict(texts["verdict"]) if "verdict" in texts else None,
        observed=_observed(texts["observed"]) if "observed" in texts else None,
        versions=_versions(texts["versions"]) if "versions" in texts else None,
        reason=texts["reason"],
        expires=expires,
    )


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table[key]
    if not isinstance(value, str) or not (value or key == "reason"):
        raise ConfigError(f"{key}: must be a text in quotes, not {value!r}")
    return value


def _verdict(text: str) -> Verdict:
    accepted = [verdict.value for verdict in Verdict if verdict in FAILING]
    if text not in accepted:
        choices = " or ".join(f'"{verdict}"' for verdict in accepted)
        raise ConfigError(f"verdict: must be {choices}, which fail a run, not {text!r}")
    return Verdict(text)


def _observed(text: str) -> str:
    if text.partition(" as ")[0] not in [*State, *(f"{state}*" for state in State)]:
        raise ConfigError(
            f'observed: must be "signed_in" or "signed_out", or with whom as reports tell it, '
            f'"signed_in as bob@example.com", not {text!r}'
        )
    return text


def _versions(text: str) -> VersionRange:
    try:
        return version_range(text)
    except ValueError as error:
        raise ConfigError(f"versions: {error}") from None


def strangers(baseline: Baseline, matrix: Matrix) -> list[str]:
    """A line for each name of a scenario, engine or preset in a baseline that is there nowhere:
    neither in what comes with Afterclose nor in what was run."""
    known = {
        "scenario": [
            *(scenario.name for scenario in load_scenarios(scenario_files())),
            *matrix.scenarios, *(row.scenario for row in matrix.rows),
        ],
        "engine": [*ENGINES, *MODELS, *matrix.engines],
        "preset": [*PRESETS, *(column.preset for column in matrix.columns)],
    }  # fmt: skip
    return [
        f"{baseline.name}: {entry.told}: accepts nothing: {_unknown(key, pattern, names)}"
        for entry in baseline.entries
        for key, names in known.items()
        if (pattern := getattr(entry, key)) and not _is_there(key, pattern, names)
    ]


def _is_there(key: str, pattern: str, names: Iterable[str]) -> bool:
    if any(fnmatchcase(name, pattern) for name in names):
        return True
    # Any that can be composed is a preset, be it measured or not.
    with contextlib.suppress(ValueError):
        return key == "preset" and bool(canonical(pattern))
    return False


def _unknown(key: str, pattern: str, names: Iterable[str]) -> str:
    try:
        name_one_of(key, pattern, dict.fromkeys(names))
    except ConfigError as error:
        return str(error).partition(" Known: ")[0]
    return ""


def write_baseline(path: Path, entries: Iterable[Entry]) -> None:
    """Write entries, in one order whatever theirs, under the comment that the file begins with.
    Raises OSError; then the file is as it was."""
    written = "\n".join(
        [_head(path), *(_written(entry) for entry in sorted(entries, key=_order))]
    )
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_text(written, encoding="utf-8")
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _order(entry: Entry) -> tuple[str, ...]:
    return tuple(map(str, entry.cells))


def _head(path: Path) -> str:
    lines: Sequence[str] = []
    if path.exists():
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    comment = ""
    for line in lines:
        if not line.startswith("#"):
            break
        comment += line
    return comment or _HEAD


def _written(entry: Entry) -> str:
    values = {key: getattr(entry, key) for key in _KEYS}
    lines = [f"[[{_TABLE}]]"]
    for key, value in values.items():
        if isinstance(value, date):
            lines.append(f"{key} = {value.isoformat()}")
        elif value is not None and not (key in PLACE and value == "*"):
            text = value.text if isinstance(value, VersionRange) else str(value)
            # JSON's strings are TOML's, but for one character that TOML wants escaped.
            quoted = json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
            lines.append(f"{key} = {quoted}")
    return "\n".join([*lines, ""])
