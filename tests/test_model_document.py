"""Pages as the model reads them, and their scripts."""

import pytest

from harness.model.document import Fetch, ScriptError, parse, run_scripts

URL = "http://one.app.localhost:8000/x?y=1"


def nothing(fetch: Fetch) -> None:
    raise AssertionError(fetch)


def test_forms_frames_and_scripts() -> None:
    document = parse(
        URL,
        "<form method=post action=/sign-in><input type=hidden name=csrf value=c>"
        "<input id=password name=secret></form><iframe src='/frame'></iframe>"
        "<script>one()</script><p>text</p><script>two()</script>",
    )
    (form,) = document.forms
    assert (form.method, form.action) == ("POST", "http://one.app.localhost:8000/sign-in")
    assert form.filled_in(password="p") == {"csrf": "c", "secret": "p"}
    assert document.frames == ["http://one.app.localhost:8000/frame"]
    assert document.scripts == ["one()", "two()"]


def test_scripts_keep_and_remove_and_send_on() -> None:
    document = parse(
        URL,
        "<script>localStorage.setItem('a', 1); sessionStorage.removeItem('b');"
        "location.replace('/on');</script>",
    )
    local: dict[str, str] = {}
    session = {"b": "2"}
    effects = run_scripts(document, local, session, nothing)
    assert (local, session) == ({"a": "1"}, {})
    assert effects.location == "/on"
    assert effects.session_used


def test_storages_that_nobody_looks_at_are_not_used() -> None:
    document = parse(URL, "<script>localStorage.getItem('a')</script>")
    assert not run_scripts(document, {}, {}, nothing).session_used


def test_scripts_fetch_and_go_on_when_they_are_answered() -> None:
    document = parse(
        URL,
        "<script>fetch(location.pathname, {method: 'POST', headers: {'A': 'b'}, "
        "body: JSON.stringify({token: localStorage.getItem('t')})})"
        ".then(() => localStorage.setItem('answered', 'yes'));</script>",
    )
    fetched: list[Fetch] = []
    local = {"t": "token"}
    run_scripts(document, local, {}, fetched.append)
    (one,) = fetched
    assert (one.url, one.method, one.headers) == (
        "http://one.app.localhost:8000/x", "POST", {"A": "b"},
    )  # fmt: skip
    assert one.body == '{"token":"token"}'
    assert local["answered"] == "yes"


def test_what_is_promised_already_comes_after_the_script() -> None:
    document = parse(URL, "<script>Promise.resolve().then(() => location.replace('/on'));</script>")
    assert run_scripts(document, {}, {}, lambda _: None).location == "/on"


def test_a_script_beyond_the_model_is_named() -> None:
    document = parse(URL, "<script>document.write('x')</script>")
    with pytest.raises(ScriptError, match=r"one\.app\.localhost.*document"):
        run_scripts(document, {}, {}, nothing)
