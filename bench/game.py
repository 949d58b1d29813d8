"""The whole game under a stopwatch: start, first byte, submit to feedback, memory.

`python -m bench.game` starts the game on this machine as a user does (but for a sweep that looks
for lost attempts sooner), plays it in a real Chromium, and prints a table. It wants an idle
machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil
from playwright.sync_api import Page, sync_playwright

from bench.figures import Figure, p95, show
from bench.imports import write_ct
from tests.browser.conftest import FLAGS, WHOLE_CHROMIUM
from tests.browser.player import Player
from tests.game import ROOT, Game, logged_in, started

CASES = 10_000
PAGES = 100
PLAYED = 40
NEXT_CASES = 20
SLICES = 300
THROUGH = """async () => {
  const { viewer } = radgame.page.views[0];
  const start = performance.now();
  for (let frame = viewer.image.frames - 1; frame >= 0; frame -= 1) {
    await viewer.show(frame);
    await new Promise(requestAnimationFrame);
  }
  return (performance.now() - start) / 1000;
}"""
"""Seconds that it takes to show each slice of a stack, from the last to the first."""
MEGABYTE = 1e6
Measured = TypeVar("Measured")


def first_page(folder: Path) -> float:
    """Seconds from the command to the first page, on a start that is not the first."""
    start = time.monotonic()
    with started(data_dir=folder) as game:
        logged_out_page(game)
        return time.monotonic() - start


def logged_out_page(game: Game) -> None:
    import httpx

    httpx.get(f"{game.address}/account/login/").raise_for_status()


def first_bytes(game: Game) -> list[float]:
    """Milliseconds to the first byte of the case pages of a large library."""
    client = logged_in(game)
    cases = [case for (case,) in game.rows("SELECT public_id FROM cases_case ORDER BY public_id")]
    step = len(cases) // PAGES
    times = []
    for case in cases[:: max(1, step)][:PAGES]:
        start = time.perf_counter()
        with client.stream("GET", f"/localize/cases/{case}/") as response:
            next(response.iter_raw())
            times.append((time.perf_counter() - start) * 1000)
    return times


def play(game: Game, page: Page, count: int) -> list[float]:
    """Milliseconds from the click on Submit to the feedback on the screen, a case each."""
    player = Player(game, page)
    player.log_in_by_form("trainee")
    return [_one_case(player) for _ in range(count)]


def _one_case(player: Player) -> float:
    page = player.page
    page.goto(f"{player.game.address}/next/localize/")
    player.wait_until_shown()
    if not player.drawn():
        player.choose("nodule")
        player.draw([0.3, 0.3, 0.4, 0.4])
        if page.locator(".position.change").count():  # beside a prior film it is asked, too
            page.keyboard.press("q")
    player.wait_until_saved()
    return _submitted_to_shown(page, "review-data")


def _submitted_to_shown(page: Page, feedback: str) -> float:
    """Milliseconds, timed inside the page, so that the driver's own round trips do not count."""
    return page.evaluate(
        """(feedback) => new Promise((resolve) => {
          const start = performance.now();
          const shown = () => {
            if (document.getElementById(feedback)) {
              requestAnimationFrame(() => resolve(performance.now() - start));
              watcher.disconnect();
            }
          };
          const watcher = new MutationObserver(shown);
          watcher.observe(document.getElementById("panel"), { childList: true, subtree: true });
          document.querySelector("[data-role=submit]").click();
        })""",
        feedback,
    )


def write(game: Game, page: Page, count: int) -> list[float]:
    """The same for reports: each writes the reference of another case, or what it can get."""
    player = Player(game, page)
    player.log_in_by_form("trainee")
    texts = [text for (text,) in game.rows("SELECT findings FROM cases_referencereport")]
    return [_one_report(player, texts[number % len(texts)]) for number in range(count)]


def _one_report(player: Player, text: str) -> float:
    page = player.page
    page.goto(f"{player.game.address}/next/report/")
    player.wait_until_shown()
    page.locator("#text").fill(text)
    page.wait_for_function(
        "() => radgame.page.autosave.version > 0 && !radgame.page.autosave.unsaved"
    )
    return _submitted_to_shown(page, "review-boxes")


def images(game: Game, page: Page) -> list[float]:
    """Milliseconds from asking for a case to its first image on the screen.

    The first with an empty cache; the others are the next cases, gone on to from the feedback
    once their images are there: a learner reads longer than it takes to fetch them.
    """
    player = Player(game, page)
    player.log_in_by_form("trainee")
    page.goto(f"{game.address}/next/localize/")
    times = [_seen_after(page)]
    for _ in range(NEXT_CASES):
        player.wait_until_shown()
        page.keyboard.press("n")
        if page.evaluate("!radgame.page.answer.normal"):
            page.keyboard.press("n")
        player.submit()
        player.wait_for_feedback()
        page.evaluate("radgame.page.ahead")
        before = page.evaluate("radgame.page.data.attempt")
        page.keyboard.press("n")
        page.wait_for_function("(before) => radgame.page.data.attempt !== before", arg=before)
        times.append(_seen_after(page))
    return times


def _seen_after(page: Page) -> float:
    pane = page.wait_for_selector(".pane[data-previewed]")
    assert pane is not None
    return float(pane.get_attribute("data-previewed") or "nan")


def slices(game: Game, page: Page) -> list[Figure]:
    """A CT of many slices: its first one with an empty cache, then the way through all of them.

    A slice counts when the viewer has drawn it and the browser has made a picture of that.
    """
    with tempfile.TemporaryDirectory(prefix="radgame-ct-") as root:
        folder = write_ct(Path(root) / "ct", SLICES)
        game.manage("import_cases", "dicom", str(folder), "--status", "published")
    case = game.one(
        "SELECT c.public_id FROM cases_case c JOIN cases_image i ON i.case_id = c.id "
        "WHERE i.frames = ?",
        SLICES,
    )
    player = Player(game, page)
    player.log_in_by_form("trainee")
    page.goto(f"{game.address}/localize/cases/{case}/")
    first = _seen_after(page)
    player.wait_until_shown()
    page.evaluate(THROUGH)  # fetches what is not there yet
    seconds = page.evaluate(THROUGH)
    return [
        Figure(f"CT of {SLICES} slices: the first on screen, empty cache", first, "ms", 500),
        Figure(
            "a slice of it, once they are there (30 a second)", 1000 * seconds / SLICES, "ms", 33.3
        ),
    ]


def memory(game: Game) -> list[Figure]:
    """Resident memory of the web process and of the worker's largest process, in MB."""
    children = game.children()
    web = psutil.Process(children["web"])
    worker = psutil.Process(children["celery"])
    family = [worker, *worker.children(recursive=True)]
    largest = max(process.memory_info().rss for process in family)
    shared_out = sum(process.memory_full_info().pss for process in family)
    return [
        Figure("web process, resident", web.memory_info().rss / MEGABYTE, "MB", 200),
        Figure("worker, largest process, resident", largest / MEGABYTE, "MB", 250),
        Figure(f"worker, all {len(family)} processes, proportional", shared_out / MEGABYTE, "MB"),
    ]


def in_browser(work: Callable[[Page], list[Measured]]) -> list[Measured]:
    """What is measured in a Chromium; nothing where there is none."""
    if WHOLE_CHROMIUM is None:
        return []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=WHOLE_CHROMIUM, args=FLAGS)
        try:
            return work(browser.new_page(viewport={"width": 1280, "height": 720}))
        finally:
            browser.close()


def fill(folder: Path) -> None:
    variables = {**os.environ, "DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "bench.library", str(CASES)]
    subprocess.run(command, cwd=ROOT, env=variables, check=True)


def measure(folder: Path) -> list[Figure]:
    with started(data_dir=folder) as game:
        passwords = game.passwords
        game.wait_until_at_rest()
        times = in_browser(lambda page: play(game, page, PLAYED))
        figures = memory(game)
        reports = in_browser(lambda page: write(game, page, PLAYED))
        seen = in_browser(lambda page: images(game, page))
        figures += in_browser(lambda page: slices(game, page))
    if times:
        figures += [
            Figure(f"submit to feedback, p95 of {PLAYED}", p95(times), "ms", 200),
            Figure("submit to feedback, median", sorted(times)[len(times) // 2], "ms"),
            Figure(f"report, submit to feedback, p95 of {PLAYED}", p95(reports), "ms", 250),
            Figure("first image on screen, empty cache", seen[0], "ms", 800),
            Figure(
                f"next case's image on screen, fetched ahead, p95 of {NEXT_CASES}",
                p95(seen[1:]),
                "ms",
                200,
            ),
        ]
    figures.append(Figure("second start to the first page", first_page(folder), "s", 5))
    fill(folder)
    with started(data_dir=folder) as game:
        game.passwords = passwords
        game.wait_until_at_rest()
        figures.append(
            Figure(
                f"case page among {CASES:,} cases without files, first byte p95",
                p95(first_bytes(game)),
                "ms",
                60,
            )
        )
    return figures


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="radgame-bench-"))
    try:
        return show(f"The game, {psutil.cpu_count()} processors", measure(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
