"""What a user agent needs of a page: its scripts, frames and forms, and a place to run scripts."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import quickjs

__all__ = ["Document", "Effects", "Fetch", "Form", "ScriptError", "parse", "run_scripts"]


class ScriptError(Exception):
    """A page's script that the model cannot run; the message says which and why."""


@dataclass(kw_only=True)
class Form:
    """A form, with the values its fields have."""

    action: str
    method: str
    values: dict[str, str]
    ids: dict[str, str]
    """Names of its fields, by their `id`."""

    def filled_in(self, **by_id: str) -> dict[str, str]:
        """What is sent when somebody fills in fields, by `id`, and submits it."""
        return self.values | {self.ids[key]: value for key, value in by_id.items()}


@dataclass(kw_only=True)
class Document:
    """A page, as far as anything here looks at it."""

    url: str
    scripts: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Fetch:
    """A request that a script made."""

    url: str
    method: str
    headers: dict[str, str]
    body: str


@dataclass(kw_only=True)
class Effects:
    """What a page's scripts did, but for storages, which they changed."""

    location: str | None = None
    shown: str | None = None
    """The address that the page has given itself, without going there."""
    session_used: bool = False
    """Whether a script has looked at the tab's storage."""


class _Parser(HTMLParser):
    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        forms = self._document.forms
        if tag == "script":
            self._in_script = True
            self._document.scripts.append("")
        elif tag == "iframe":
            self._document.frames.append(values.get("src", "about:blank"))
        elif tag == "form":
            method = values.get("method", "get").upper()
            forms.append(
                Form(action=values.get("action", ""), method=method, values={}, ids={})
            )
        elif tag == "input" and forms and "name" in values:
            forms[-1].values[values["name"]] = values.get("value", "")
            forms[-1].ids[values.get("id", values["name"])] = values["name"]

    def handle_endtag(self, tag: str) -> None:
        self._in_script = self._in_script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self._document.scripts[-1] += data


def parse(url: str, text: str) -> Document:
    """Read a page."""
    page = _page(text)
    return Document(
        url=url,
        scripts=page.scripts,
        frames=[urljoin(url, frame) for frame in page.frames],
        forms=[replace(form, action=urljoin(url, form.action)) for form in page.forms],
    )


@lru_cache(maxsize=64)
def _page(text: str) -> Document:
    """A page at no address: most are the same wherever they are shown."""
    document = Document(url="")
    parser = _Parser(document)
    parser.feed(text)
    parser.close()
    return document


_ENVIRONMENT = """
function run(page) {
  const effects = {location: null, shown: null, session_used: false, fetches: []};
  const waiting = [];
  const storage = (values, use) => ({
    getItem: key => { use(); return Object.hasOwn(values, key) ? values[key] : null; },
    setItem: (key, value) => { use(); values[String(key)] = String(value); },
    removeItem: key => { use(); delete values[key]; },
    clear: () => { use(); for (const key of Object.keys(values)) { delete values[key]; } },
  });
  const local = storage(page.local, () => {});
  const session = storage(page.session, () => { effects.session_used = true; });
  const go = address => { effects.location = String(address); };
  const location = {
    href: page.url, pathname: page.path, origin: page.origin, replace: go, assign: go,
  };
  const fetch = (url, options = {}) => {
    effects.fetches.push({
      url: String(url), method: options.method || 'GET', headers: options.headers || {},
      body: options.body === undefined ? '' : String(options.body),
    });
    return new Promise(resolve => waiting.push(resolve));
  };
  const parent = {postMessage: () => {}};
  const history = {replaceState: (state, title, address) => { effects.shown = address; }};
  for (const script of page.scripts) {
    const names = ['localStorage', 'sessionStorage', 'location', 'fetch', 'parent', 'history'];
    new Function(...names, script)(local, session, location, fetch, parent, history);
  }
  const state = () => JSON.stringify({effects, local: page.local, session: page.session});
  globalThis.answered = () => waiting.forEach(resolve => resolve());
  globalThis.state = state;
  return state();
}
"""
"""What pages of this project use of a browser: storages, `location`, `history`, `fetch`,
`postMessage`."""


@cache
def _context() -> Any:
    context = quickjs.Context()
    context.eval(_ENVIRONMENT)
    return context


def run_scripts(
    document: Document,
    local: dict[str, str],
    session: dict[str, str],
    fetch: Callable[[Fetch], None],
) -> Effects:
    """Run a page's scripts with QuickJS on the two storages of its origin, which they may change;
    `fetch` carries out each request they make. Raises ScriptError."""
    if not document.scripts:
        return Effects()
    parts = urlsplit(document.url)
    page = {
        "url": document.url,
        "path": parts.path,
        "origin": f"{parts.scheme}://{parts.netloc}",
        "scripts": document.scripts,
        "local": local,
        "session": session,
    }
    context = _context()
    try:
        state = json.loads(context.eval(f"run({json.dumps(page)})"))
        for asked in state["effects"]["fetches"]:
            fetch(Fetch(**{**asked, "url": urljoin(document.url, asked["url"])}))
        if state["effects"]["fetches"]:
            context.eval("answered()")
        if context.execute_pending_job():
            while context.execute_pending_job():
                pass
            state = json.loads(context.eval("state()"))
    except quickjs.JSException as error:
        raise ScriptError(f"{document.url}: {error}") from None
    _replace(local, state["local"])
    _replace(session, state["session"])
    effects = state["effects"]
    return Effects(
        location=effects["location"],
        shown=effects["shown"],
        session_used=effects["session_used"],
    )


def _replace(storage: dict[str, str], values: Mapping[str, str]) -> None:
    storage.clear()
    storage.update(values)
