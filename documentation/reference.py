"""The reference, out of the code: command line, configuration, results, control API, verbs."""

import ast
import inspect
import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import typer
from typer.core import TyperCommand, TyperGroup

import harness
from documentation.tables import table
from harness import records, settings
from harness.cli import app
from harness.config import ConfigError, load_config
from harness.engines import ENGINES, MODELS, presets_of
from harness.policy import DEFAULT_ENVIRONMENTS, Override
from harness.presets import PRESETS
from harness.scenario import Administrator, Browser
from harness.server.running import MockServer
from harness.verbs import VERBS, Moment

__all__ = ["configuration_keys", "pages"]

_EXAMPLE = Path(harness.__file__).parent / "cli" / "afterclose.toml"


def pages() -> dict[str, str]:
    """Their texts, by the name of the file."""
    return {
        "command-line.md": _command_line(),
        "configuration.md": _configuration(),
        "results.md": _results(),
        "control-api.md": _control_api(),
        "verbs.md": _verbs(),
        "presets.md": _presets(),
    }


def _command_line() -> str:
    lines = ["# Command line", ""]
    root: Any = typer.main.get_command(app)
    # A width, so that no terminal's decides how a default is told.
    context = typer.Context(root, info_name="afterclose", terminal_width=100)
    for name, command, inner in _commands(root, context):
        lines += [f"## {name}", "", *_told(command, inner), ""]
    return "\n".join(lines)


def _commands(
    group: TyperGroup, context: typer.Context
) -> Iterator[tuple[str, TyperCommand, typer.Context]]:
    for name in group.list_commands(context):
        command: Any = group.get_command(context, name)
        inner = typer.Context(command, info_name=name, parent=context)
        if isinstance(command, TyperGroup):
            yield from _commands(command, inner)
        else:
            yield inner.command_path, command, inner


def _told(command: TyperCommand, context: typer.Context) -> list[str]:
    lines = [_plain(inspect.cleandoc(command.help or "")), ""]
    rows = []
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if record is not None:
            rows.append([f"`{_metavar(record[0])}`", _plain(" ".join(record[1].split()))])
    return [*lines, table(["argument or option", "meaning"], rows)] if rows else lines


def _metavar(told: str) -> str:
    """Names of Python's types are no help to whoever types."""
    option, _, kind = told.partition(" <")
    kinds = {"": "", "int range>": " N", "int>": " N", "path>": " PATH"}
    return option + ("" if not option.startswith("-") else kinds.get(kind, " TEXT"))


def _plain(text: str) -> str:
    """Markdown takes `*` and `<` for its own."""
    return re.sub(r"([*<])", r"\\\1", text)


def configuration_keys() -> dict[str, list[str]]:
    """The keys that each table takes, as the mistake with an unknown one names them."""
    tables = {
        "": "no_such_key = 1",
        "environments.NAME": "[environments.a]\nno_such_key = 1",
        "environments.NAME.organizations.CODE": "[environments.a]\npersistence = 'persistent'\n"
        "[environments.a.organizations.b]\nno_such_key = 1",
        "environments.NAME.applications.CLIENT_ID": "[environments.a]\n"
        "persistence = 'persistent'\n[environments.a.applications.b]\nno_such_key = 1",
    }
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "afterclose.toml"
        for name, text in tables.items():
            file.write_text(text)
            try:
                load_config(file)
            except ConfigError as error:
                found[name] = str(error).rpartition("Known: ")[2].removesuffix(".").split(", ")
    return found


def _configuration() -> str:
    lines = [
        "# Configuration", "",
        "`afterclose.toml`, read from the folder that a command is started in, or from `--config "
        "FILE`. Without it the environments below are there. An unknown key is a mistake, which "
        "names the nearest that is known. What pytest is told: [in tests of your "
        "own](../pytest.md#what-a-project-says-of-both).", "",
        "## Environments that are always there", "",
        table(
            ["environment", "persistence", "inactivity timeout", "absolute timeout",
             "its organization"],
            [
                [
                    f"`{e.name}`", e.policy.persistence, _seconds(e.policy.inactivity_timeout),
                    _seconds(e.policy.absolute_timeout), _override(e.organization.override),
                ]
                for e in DEFAULT_ENVIRONMENTS
            ],
        ), "",
        "## Keys", "",
    ]  # fmt: skip
    rows = [
        [f"`[{name}]`" if name else "top level", ", ".join(f"`{key}`" for key in keys)]
        for name, keys in configuration_keys().items()
    ]
    lines += [table(["table", "keys"], rows), "", "## A file with everything", ""]
    lines += ["`afterclose init` writes it.", "", "```toml", _EXAMPLE.read_text().rstrip(), "```"]
    for name, kind in (
        ("activity", settings.Activity),
        ("policy_change", settings.PolicyChange),
        ("organization_switch", settings.OrganizationSwitch),
    ):
        documented = _documented(settings, kind.__name__)
        lines += ["", f"## Values of {name}", ""]
        lines += [f"* `{value}`{_after(documented.get(value.name, ''))}" for value in kind]
    return "\n".join([*lines, ""])


def _after(text: str) -> str:
    return f": {text[:1].lower()}{text[1:]}" if text else ""


def _seconds(seconds: int | None) -> str:
    return f"{seconds:,} s" if seconds is not None else "none"


def _override(override: Override) -> str:
    said = []
    for switch, value, what in (
        (override.use_persistence, override.persistence, "persistence"),
        (override.use_inactivity_timeout, override.inactivity_timeout, "inactivity timeout"),
        (override.use_absolute_timeout, override.absolute_timeout, "absolute timeout"),
    ):
        if value is not None:
            off = "" if switch else ", switched off"
            said.append(f"{what} {value if isinstance(value, str) else _seconds(value)}{off}")
    return "; ".join(said) or "overrides nothing"


def _documented(module: Any, name: str) -> dict[str, str]:
    """What a class says of each of its fields, in the text below it."""
    tree = ast.parse(inspect.getsource(module))
    body = next(n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
    found = {}
    for field, below in pairwise(body):
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            text = " ".join(str(below.value.value).split())
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                found[field.target.id] = text
            elif isinstance(field, ast.Assign) and isinstance(field.targets[0], ast.Name):
                found[field.targets[0].id] = text
    return found


_RECORDS = {
    "Run": "run", "Observation": "observation", "Unsupported": "unsupported", "Error": "error",
    "Done": "done",
}  # fmt: skip
_PARTS = ("Evidence", "ScenarioNote", "Move", "LimitationNote")


def _results() -> str:
    lines = [
        "# Results", "",
        "`results.ndjson` in the folder of a run (`report/` unless `--output` names another): one "
        "JSON object a line, appended as each item ends. `type` says which record it is. Format "
        f"{records.FORMAT}.", "",
    ]  # fmt: skip
    for name, tag in _RECORDS.items():
        lines += [f"## {tag}", "", *_fields(name), ""]
    lines += ["## What is inside", ""]
    for name in _PARTS:
        lines += [f"### {name}", "", *_fields(name), ""]
    lines += ["## Verdicts", ""]
    told = _documented(records, "Verdict")
    lines += [f"* `{v}`{_after(told.get(v.name, ''))}" for v in records.Verdict]
    return "\n".join([*lines, "", "How each comes about: [here](../verdict.md).", ""])


def _fields(name: str) -> list[str]:
    kind = getattr(records, name)
    documented: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if base.__module__ == records.__name__:
            documented |= _documented(records, base.__name__)
    hints = {key: hint for base in reversed(kind.__mro__)
             for key, hint in vars(base).get("__annotations__", {}).items()}  # fmt: skip
    rows = [
        [f"`{field}`", f"`{_type(hints[field])}`", documented.get(field, "")]
        for field in kind.__struct_fields__
    ]
    return [" ".join((kind.__doc__ or "").split()), "", table(["field", "type", "meaning"], rows)]


def _type(hint: Any) -> str:
    told = hint if isinstance(hint, str) else getattr(hint, "__name__", "")
    if not isinstance(hint, type) or getattr(hint, "__args__", None):
        told = str(hint)
    return re.sub(r"harness\.\w+\.|ForwardRef|[('\")]", "", told)


def _control_api() -> str:
    with MockServer() as server, urlopen(f"{server.url}/_afterclose/openapi.json") as answer:
        document = json.load(answer)
    lines = [
        "# Control and management API", "",
        "What the running mock answers at `/_afterclose/openapi.json`, as a list: below "
        "`/_afterclose/` the control API, which asks nobody who they are, and below `/api/v1` the "
        "management API in the shape of Kinde's, which wants a token with the scope that is named. "
        "Any operation may refuse with 400 (the request does not fit), 403 (a page in a browser "
        "may not call the control API; the token is not good for the other) or 413 (the body is "
        "too large). [The mock auth server](../server.md) says what they are for.", "",
    ]  # fmt: skip
    by_tag: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            told = _operation(method.upper(), path, operation)
            by_tag.setdefault(operation["tags"][0], []).extend(told)
    for tag in sorted(by_tag, key=lambda tag: (tag != "Control", tag)):
        lines += [f"## {tag}", "", *by_tag[tag]]
    lines += ["## Bodies", ""]
    for name, schema in document["components"]["schemas"].items():
        if "properties" in schema:
            lines += [f"### {name}", "", *_schema(schema), ""]
    return "\n".join(lines)


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> list[str]:
    lines = [f"### {method} {path}", "", f"{_plain(operation['summary'])}.", ""]
    scopes = [scope for needs in operation.get("security", []) for one in needs.values()
              for scope in one]  # fmt: skip
    facts = []
    if scopes:
        facts.append(f"scope `{'`, `'.join(scopes)}`")
    if operation.get("parameters"):
        facts.append("takes " + ", ".join(
            f"`{p['name']}` ({p['in']}{'' if p.get('required') else ', optional'})"
            for p in operation["parameters"]
        ))  # fmt: skip
    if "requestBody" in operation:
        facts.append(f"body {_reference(operation['requestBody'])}")
    answers = [
        f"{status} {_reference(response)}".rstrip()
        for status, response in operation["responses"].items()
        if status not in ("400", "403", "413")
    ]
    facts.append(f"answers {', '.join(answers)}")
    return [*lines, *(f"* {fact}" for fact in facts), ""]


def _reference(content: Mapping[str, Any]) -> str:
    for media in content.get("content", {}).values():
        found = media.get("schema", {}).get("$ref", "")
        if found:
            return f"`{found.rpartition('/')[2]}`"
    return ""


def _schema(schema: Mapping[str, Any]) -> list[str]:
    required = schema.get("required", [])
    rows = [
        [f"`{name}`{'' if name in required else ' (optional)'}", f"`{_kind(value)}`",
         " ".join(value.get("description", "").split())]
        for name, value in schema["properties"].items()
    ]  # fmt: skip
    described = " ".join(schema.get("description", "").split())
    return [*([described, ""] if described else []), table(["field", "type", "meaning"], rows)]


def _kind(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " or ".join(map(_kind, schema["anyOf"]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("type", "anything"))


def _verbs() -> str:
    lines = [
        "# Verbs", "",
        "What a scenario can say: the methods of `browser`, and of `browser.administrator`. Each "
        "is a step that a driver carries out, a model plays, and a person is told. An engine that "
        "cannot do one makes the item `unsupported`, with the reason (`afterclose engines`).", "",
        "## Of the browser", "", *_methods(Browser, "browser"),
        "## Of the administrator", "", *_methods(Administrator, "browser.administrator"),
        "## Moments", "",
        "For `wait_until` and `visit_until`, relative to the policy, to the second by the server's "
        "clock:", "",
        *(f"* `Moment.{moment.name}`: until {moment.value}" for moment in Moment), "",
        "## Steps", "",
        "What each is called in results, and what it may do elsewhere:", "",
        table(
            ["step", "changes the server", "is written to disk later", "by the administrator"],
            [
                [f"`{name}`", _yes(verb.server), _yes(verb.browser), _yes(verb.administrator)]
                for name, verb in VERBS.items()
            ],
        ), "",
    ]  # fmt: skip
    return "\n".join(lines)


def _yes(said: bool) -> str:
    return "yes" if said else ""


def _methods(kind: type, of: str) -> list[str]:
    rows = []
    for name, member in vars(kind).items():
        if name.startswith("_") or not inspect.isfunction(member):
            continue
        rows.append([f"`{of}.{name}({_parameters(member)})`", _doc(member)])
    return [table(["verb", "does"], rows), ""]


def _parameters(function: Callable[..., Any]) -> str:
    parameters = list(inspect.signature(function).parameters.values())[1:]
    told = []
    for p in parameters:
        default = "" if p.default is inspect.Parameter.empty else f"={p.default!r}"
        told.append(f"{p.name}{default}")
    return ", ".join(told)


def _doc(function: Callable[..., Any]) -> str:
    return " ".join((inspect.getdoc(function) or "").split())


def _presets() -> str:
    engines: Sequence[str] = [*ENGINES, *MODELS]
    rows = [
        [f"`{name}`", meaning, *("yes" if name in presets_of(e) else "" for e in engines)]
        for name, meaning in PRESETS.items()
    ]
    return "\n".join([
        "# Presets", "",
        "How a person has set a browser up; a model has those of its browser. Other compositions "
        "of the same choices are taken, too: their outcome is expected by the rules, and was not "
        "measured.", "",
        table(["preset", "meaning", *(f"`{e}`" for e in engines)], rows), "",
    ])  # fmt: skip
