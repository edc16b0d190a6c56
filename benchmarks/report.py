"""What a report costs: how large it is, how long a browser takes to show it and to filter it.

    python -m benchmarks.report [FILE]...

Without files the whole suite is played on every model first, some ninety thousand observations.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from playwright.async_api import async_playwright

from harness.reports.html import render_html
from harness.reports.matrix import Matrix, matrix_of
from harness.result_file import read_records
from harness.runner.installing import find_engines

_FILTERS = (
    ("engine", "{engine}"), ("surface", "sso"), ("verdict", "limitation"), ("text", "crash"),
    ("text", ""), ("verdict", ""), ("surface", ""), ("engine", ""),
)  # fmt: skip

_ROUNDS = 3
_TIME = """([name, value]) => {
  const began = performance.now();
  window.report.change({ [name]: value });
  document.body.getBoundingClientRect();
  return performance.now() - began;
}"""


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    files = parser.parse_args().files
    with tempfile.TemporaryDirectory() as folder:
        if not files:
            subprocess.run(
                [sys.executable, "-m", "harness.cli", "run", "--engine", "simulated", "--all"],
                cwd=folder, check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            files = [Path(folder) / "report" / "results.ndjson"]
        matrix = matrix_of(read_records(files))
        began = time.process_time()
        page = render_html(matrix)
        seconds = time.process_time() - began
        path = Path(folder) / "index.html"
        path.write_text(page, encoding="utf-8")
        count = sum(1 for _ in matrix.observations())
        print(f"{count} observations: {len(page.encode()) / 1e6:.2f} MB, "
            f"put together in {seconds:.1f} s of processor time")
        chromium = find_engines(["chromium"])["chromium"]
        if chromium is None:
            sys.exit("chromium is not installed; get it with: afterclose engines --install")
        asyncio.run(_show(path, matrix, chromium.path))


async def _show(path: Path, matrix: Matrix, chromium: Path) -> None:
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = await playwright.chromium.launch(executable_path=chromium, args=arguments)
        page = await browser.new_page()
        began = time.perf_counter()
        await page.goto(path.as_uri())
        await page.wait_for_selector("html[data-ready]")
        shown = time.perf_counter() - began
        times = [
            await page.evaluate(_TIME, [what, value.format(engine=matrix.engines[0])])
            for _ in range(_ROUNDS)
            for what, value in _FILTERS
        ]
        session = await page.context.new_cdp_session(page)
        await session.send("HeapProfiler.collectGarbage")
        used = await session.send("Runtime.getHeapUsage")
        print(
            f"chromium: shown after {shown:.2f} s; a filter takes {median(times):.0f} ms, "
            f"{max(times):.0f} ms at most; {used['usedSize'] / 1e6:.0f} MB of JavaScript's heap"
        )
        await browser.close()


if __name__ == "__main__":
    main()
