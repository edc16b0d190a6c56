"""The report's page in a browser: what a person reads, opens, filters and shares."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from msgspec import structs
from playwright.sync_api import Browser, Page, expect, sync_playwright

from harness.records import Error, Observation, Record, Run, State, Verdict
from harness.reports import write_reports
from harness.reports.compare import Comparison, Results
from harness.reports.matrix import matrix_of
from harness.result_file import append_records, read_records
from harness.runner.installing import find_engines
from tests.patience import PATIENCE

pytestmark = pytest.mark.browser
A_WHILE = PATIENCE * 1000
"""Milliseconds."""
SCENARIOS = (
    "browser_close.quit_and_start", "crash.crash_after_settling",
    "inactivity.past_the_timeout_while_closed", "session_restore.several_tabs_and_windows",
)  # fmt: skip
BROKEN = ("chromium", "default", "persistent", "sso")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    """A run on models, told as one of browsers: one outcome is unexpected, one item broke off."""
    folder = tmp_path_factory.mktemp("run")
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", "run", *SCENARIOS, "--engine", "simulated-chromium",
         "--engine", "simulated-firefox", "--preset", "default", "--preset", "continue"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found: list[Record] = []
    for record in read_records([folder / "report" / "results.ndjson"]):
        if isinstance(record, Observation):
            engine = record.engine.removeprefix("simulated-")
            record = structs.replace(record, engine=engine, engine_version="9.1", attempt="")
            place = (record.engine, record.preset, record.policy, record.surface)
            if record.scenario == SCENARIOS[0] and place == BROKEN:
                record = structs.replace(
                    record, observed=State.SIGNED_OUT, verdict=Verdict.UNEXPECTED, limitation=None
                )
        found.append(record)
    died = Error(
        scenario=SCENARIOS[1], engine="firefox", engine_version="9.1", preset="continue",
        message="it <died>", steps=("Sign in.",), repetition=2,
    )  # fmt: skip
    return [*found, died]


@pytest.fixture(scope="module")
def observations(records: list[Record]) -> list[Observation]:
    return [record for record in records if isinstance(record, Observation)]


@pytest.fixture(scope="module")
def address(records: list[Record], tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    write_reports(matrix_of(records), folder)
    return (folder / "index.html").as_uri()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Not pytest-playwright's, which would keep an event loop running for all later tests."""
    installation = find_engines(["chromium"])["chromium"]
    assert installation is not None
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installation.path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def report(chromium: Browser, address: str) -> Iterator[Page]:
    """The page, without a network."""
    errors: list[str] = []
    context = chromium.new_context(offline=True, viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text))
    open_report(page, address)
    yield page
    context.close()
    assert errors == []


def open_report(page: Page, address: str, chosen: str = "") -> None:
    page.goto("about:blank")
    page.goto(f"{address}{chosen}")
    page.wait_for_selector("html[data-ready]")


def read(page: Page) -> dict[tuple[str, str, str, str], str]:
    """The verdict of each cell that is to be seen, by the headers above and before it."""
    heads = [head.split("\n")
             for head in page.locator(".matrix > thead th:visible").all_inner_texts()]  # fmt: skip
    found = {}
    for line in page.locator(".matrix > tbody > tr:visible:not(.pack):not(#open)").all():
        name = line.locator("th b").inner_text()
        for (browser, preset), cell in zip(
            heads[1:], line.locator("td:visible").all_inner_texts(), strict=True
        ):
            engine, version = browser.split()
            if cell:
                found[name, engine, version, preset] = cell.split()[1]
    return found


def worst(observations: list[Observation]) -> dict[tuple[str, str, str, str], str]:
    order = [Verdict.UNEXPECTED, Verdict.LIMITATION, Verdict.KEPT]
    found: dict[tuple[str, str, str, str], str] = {}
    for o in observations:
        key = o.scenario, o.engine, o.engine_version, o.preset
        found[key] = min(Verdict(found.get(key, o.verdict)), o.verdict, key=order.index)
    return found


def test_each_cell_has_the_worst_verdict_of_its_place(
    report: Page, observations: list[Observation]
) -> None:
    expected = worst(observations)
    expected[SCENARIOS[1], "firefox", "9.1", "continue"] = "error"
    assert read(report) == expected
    assert set(expected.values()) == {"unexpected", "error", "limitation"}


def test_filters_are_in_the_address_and_work_from_there(
    report: Page, address: str, observations: list[Observation]
) -> None:
    report.get_by_label("engine").select_option("firefox")
    report.get_by_label("policy").select_option("non_persistent")
    report.get_by_label("surface").select_option("sso")
    chosen = [
        o for o in observations
        if (o.engine, o.policy, o.surface) == ("firefox", "non_persistent", "sso")
    ]  # fmt: skip
    assert read(report) == worst(chosen)
    assert set(read(report).values()) == {"limitation", "kept"}
    shared = report.url
    other = report.context.new_page()
    open_report(other, shared)
    assert read(other) == worst(chosen)
    assert other.get_by_label("engine").input_value() == "firefox"
    other.get_by_role("button", name="Show all").click()
    assert len(read(other)) == 16
    open_report(report, address, "#limitation=crash-recovery-revives-session")
    bent = [o for o in observations if o.limitation == "crash-recovery-revives-session"]
    assert read(report) == worst(bent) != {}
    open_report(report, address, "#text=Stay%20away")
    expect(report.locator("#shown")).to_contain_text("0 of ")
    open_report(report, address, "#text=inactivity.past")
    assert {place[0] for place in read(report)} == {"inactivity.past_the_timeout_while_closed"}


def test_a_cell_opens_what_it_rests_on(report: Page, observations: list[Observation]) -> None:
    o = next(
        o for o in observations
        if o.scenario == SCENARIOS[0] and (o.engine, o.preset, o.policy, o.surface) == BROKEN
    )  # fmt: skip
    line = report.locator(".matrix tbody tr", has_text=o.scenario).first
    button = line.get_by_role("button", name="unexpected")
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    detail = report.locator("#open")
    assert detail.locator("li").all_inner_texts() == list(o.steps)
    terms = dict(zip(detail.locator("dt").all_inner_texts(), detail.locator("dd").all_inner_texts(),
                     strict=True))  # fmt: skip
    assert terms["promised"] == "signed_in"
    assert terms["observed"].startswith("signed_out")
    assert terms["Set-Cookie"] == o.evidence.set_cookie[0]
    assert "the promise is broken, and nothing known explains it" in terms["unexpected"]
    detail.get_by_role("button", name="signed in, persistent, app:long_cookie").click()
    expect(detail.locator("h4").last).to_have_text("persistent, app:long_cookie")
    shared = report.url
    other = report.context.new_page()
    open_report(other, shared)
    expect(other.locator("#open h4").last).to_have_text("persistent, app:long_cookie")
    button.click()
    expect(detail).to_have_count(0)


def test_a_timeline_tells_lives_absence_and_what_was_sent(report: Page, address: str) -> None:
    scenario = "inactivity.past_the_timeout_while_closed"
    cell = f"#open={scenario}~chromium~9.1~default"
    checks = report.locator("#open h4", has_text="Check:")
    open_report(report, address, cell)
    count = checks.count()
    drawing = report.locator("svg.timeline")
    assert drawing.locator(".life").count() == 2, "started, closed and started again"
    assert drawing.locator(".skipped").count() == 1
    assert drawing.locator(".limit").count() == 1, "the timeout is in it"
    texts = drawing.locator("text").all_text_contents()
    assert {"sign in", "close browser", "stay away", "check"} <= set(texts)
    assert drawing.locator("circle").count() == 2 * count
    check = report.locator("#open h4", has_text="Check:").last.inner_text().removeprefix("Check: ")
    open_report(report, address, f"{cell}&at={check}~persistent~sso")
    assert drawing.locator("circle.away").count() >= 1, "the session is over"
    crash = f"#open={SCENARIOS[1]}~chromium~9.1~default"
    open_report(report, address, f"{crash}")
    assert drawing.locator("path.end").get_attribute("d").count("l") == 2  # type: ignore[union-attr]


def test_the_answer_says_what_became_of_each_policy(report: Page) -> None:
    section = report.get_by_role("region", name="The answer")
    told = section.get_by_role("listitem").all_inner_texts()
    assert any("Non-persistent sessions ended when the browser was closed, in 2 of 2 browsers as "
               "installed. Set to continue where you left off, they were kept, in 2 of 2 browsers."
               in text for text in told)  # fmt: skip
    section.get_by_role("link", name="Show").first.click()
    assert report.evaluate("location.hash").startswith("#text=")
    assert len({place[0] for place in read(report)}) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_nothing_keeps_anybody_out(
    chromium: Browser, address: str, scheme: str, width: int
) -> None:
    """By the rules of axe-core: names, contrast, headings, regions, what a keyboard reaches."""
    context = chromium.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 900},
    )
    page = context.new_page()
    open_report(page, address, f"#open={SCENARIOS[3]}~firefox~9.1~continue")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "nothing sticks out"
    context.close()


def test_the_keyboard_opens_a_cell(report: Page) -> None:
    report.locator(".matrix td button").first.focus()
    report.keyboard.press("Enter")
    expect(report.locator("#open")).to_be_visible()
    assert "open=" in report.url


def test_what_changed_is_told_and_to_be_seen_where_it_is(
    chromium: Browser, records: list[Record], tmp_path: Path
) -> None:
    broken = [
        r for r in records if isinstance(r, Observation) and r.verdict is Verdict.UNEXPECTED
    ]
    before = [
        structs.replace(r, observed=State.SIGNED_IN, verdict=Verdict.KEPT) if r in broken else r
        for r in records
    ]
    comparison = Comparison.of(Results("old", before), Results("new", records))
    write_reports(matrix_of(records), tmp_path, comparison=comparison)
    page = chromium.new_page()
    open_report(page, (tmp_path / "index.html").as_uri())
    section = page.get_by_role("region", name="What changed")
    (cell,) = broken
    expect(section.get_by_role("row", name=cell.scenario)).to_contain_text(
        "signed_in (kept) → signed_out (unexpected)"
    )
    section.get_by_role("link", name="Show the cells that changed").click()
    expect(page.locator("select[name=changed]")).to_have_value("yes")
    assert read(page) == worst(broken)
    page.get_by_role("button", name="unexpected").click()
    detail = page.locator("#open")
    expect(detail.get_by_role("button", name=", changed")).to_have_count(1)
    terms = dict(zip(detail.locator("dt").all_inner_texts(), detail.locator("dd").all_inner_texts(),
                     strict=True))  # fmt: skip
    assert terms["before"] == "signed_in (kept)"
    page.close()


def test_a_limitation_is_shown_and_the_view_stays_as_it_is(report: Page) -> None:
    cell = f"{SCENARIOS[1]}~chromium~9.1~default"
    report.get_by_label("engine").select_option("chromium")
    report.get_by_role("button", name="limitation").and_(
        report.locator(f"[data-key='{cell}']")
    ).click()
    chosen, shown = report.url, read(report)
    link = report.locator("#open dd a[href^='#']").first
    name = link.inner_text()
    link.click()
    expect(report.locator(f"dt#{name}")).to_be_focused()
    expect(report.locator(f"dt#{name}")).to_be_in_viewport()
    assert (report.url, read(report)) == (chosen, shown)
    report.locator("a.skip").focus()
    report.keyboard.press("Enter")
    assert report.url == chosen


def test_what_was_kept_is_linked_where_it_is(
    report: Page, records: list[Record], tmp_path: Path
) -> None:
    folder = tmp_path / "artifacts" / "one"
    folder.mkdir(parents=True)
    (folder / "screenshot.png").touch()
    (folder / "trace-1.zip").touch()
    kept = tuple(f"artifacts/one/{n}" for n in ("screenshot.png", "trace-1.zip", "trace-2.zip"))
    with_kept: list[Record] = []
    for record in records:
        if isinstance(record, Observation):
            record = structs.replace(record, evidence=structs.replace(record.evidence, kept=kept))
        elif isinstance(record, Error):
            record = structs.replace(record, kept=kept[:1])
        with_kept.append(record)
    write_reports(matrix_of(with_kept), tmp_path)
    address = (tmp_path / "index.html").as_uri()
    open_report(report, address, f"#open={SCENARIOS[0]}~chromium~9.1~default")
    links = report.locator("#open dl a[href^=artifacts]")
    assert links.all_inner_texts() == ["screenshot.png", "trace-1.zip"]
    assert links.first.evaluate("link => link.href") == (folder / "screenshot.png").as_uri()
    open_report(report, address, f"#open={SCENARIOS[1]}~firefox~9.1~continue")
    expect(report.locator("#open p a[href^=artifacts]")).to_have_text("screenshot.png")


def test_rows_come_while_the_run_goes_on_and_nothing_else_changes(
    chromium: Browser, records: list[Record], tmp_path: Path
) -> None:
    first = [r for r in records if isinstance(r, Run) or getattr(r, "scenario", "") == SCENARIOS[0]]
    rest = [r for r in records if r not in first and not isinstance(r, Error)]
    results = tmp_path / "report" / "results.ndjson"
    append_records_to(results, first)
    serving = subprocess.Popen(
        [sys.executable, "-m", "harness.cli", "report", "--serve", "--port", "0"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    page = chromium.new_page()
    try:
        assert serving.stdout is not None
        address = serving.stdout.readline().partition(": ")[2].strip()
        open_report(page, address, f"#open={SCENARIOS[0]}~chromium~9.1~default")
        page.evaluate("window.stays = true")
        assert {place[0] for place in read(page)} == {SCENARIOS[0]}
        page.get_by_label("engine").select_option("chromium")
        page.get_by_label("text").fill("the")
        append_records_to(results, rest)
        expect(page.locator(".matrix tbody tr th b", has_text=SCENARIOS[2])).to_be_visible(
            timeout=A_WHILE
        )
        assert {place[1] for place in read(page)} == {"chromium"}
        assert len({place[0] for place in read(page)}) > 1
        expect(page.get_by_label("text")).to_be_focused()
        expect(page.get_by_label("text")).to_have_value("the")
        expect(page.locator("#open h3")).to_contain_text(SCENARIOS[0])
        assert page.evaluate("window.stays") is True, "and the page was not loaded again"
        assert "\n".join(page.get_by_role("region", name="The answer").all_inner_texts()).count(
            "after the inactivity timeout"
        ), "what is above the table has come, too"
        serving.terminate()
        expect(page.locator("#live")).to_contain_text("Nobody answers any more", timeout=A_WHILE)
    finally:
        page.close()
        serving.kill()
        serving.communicate()


def append_records_to(path: Path, records: Sequence[Record]) -> None:
    path.parent.mkdir(exist_ok=True)
    append_records(path, records)
