"""`python -m bench.simulated_sheet`: the pictures of docs/simulated-cases.md, of the demo set.

With `SIMULATE_CT` also that of lowered arms, of three persons made for it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from ml import boxes
from ml.simulate import base
from ml.simulate.anatomy import Anatomy
from ml.simulate.cases import generate
from ml.simulate.plans import Plan
from ml.simulate.verdicts import bounds
from tests.game import ROOT

DEMO = ROOT / "cases" / "demo"
FOLDER = ROOT / "docs" / "images"
CASES, ACROSS, TILE = 24, 6, 250
CLOSE_ACROSS, CLOSE_TILE = 6, 250
OVER_TIME_ACROSS, OVER_TIME_TILE = 4, 330
SIGNS_ACROSS, SIGN_TILE = 4, 360
CHANGES_SHOWN = (
    ("consolidation", "larger"),
    ("pleural_effusion", "smaller"),
    ("atelectasis", "new"),
    ("nodule_mass", "larger"),
)
SIGNS_SHOWN = {
    "film-217": "Collapse of the right lower lobe",
    "film-211": "Sclerotic lesions",
    "film-208": "Displaced fractures",
    "film-210": "Healed fracture",
    "film-096": "Interstitial edema",
    "film-126": "Tension pneumothorax",
    "film-212": "Lytic lesion",
    "film-214": "Rib notching",
}
"""Films of the signs of bones, collapse, water and tension, which is the first finding of each."""
LOWERED_SHOWN = (("arms-1", ""), ("arms-2", ""), ("arms-3", "supine"))
LOWERED_TILE = 430
MIDDLE = (0.15, 0.15, 0.85, 0.85)
QUALITY = 80


def picture(case: dict[str, Any], number: int = 0) -> Image.Image:
    values = np.asarray(Image.open(DEMO / case["images"][number]["file"]))
    return Image.fromarray((np.clip(values, 0, 4095) >> 4).astype(np.uint8))


def captioned(picture: Image.Image, text: str, tile: int) -> Image.Image:
    canvas = Image.new("L", (tile, tile + 16))
    picture.thumbnail((tile - 4, tile - 4))
    canvas.paste(picture, ((tile - picture.width) // 2, 16))
    ImageDraw.Draw(canvas).text((4, 2), text, fill=255)
    return canvas


def sheet(tiles: list[Image.Image], across: int, name: str) -> None:
    wide, tall = tiles[0].size
    canvas = Image.new("L", (across * wide, -(-len(tiles) // across) * tall))
    for index, tile in enumerate(tiles):
        canvas.paste(tile, (index % across * wide, index // across * tall))
    canvas.save(FOLDER / name, quality=QUALITY)


def contact(cases: list[dict[str, Any]]) -> None:
    step = len(cases) / CASES
    chosen = [cases[int(index * step)] for index in range(CASES)]
    tiles = []
    for case in chosen:
        labels = [finding["label"] for finding in case["findings"]] or ["normal"]
        is_last = len(tiles) % 8 == 7 and "earlier" not in case
        number = len(case["images"]) - 1 if is_last else 0
        tiles.append(captioned(picture(case, number), ", ".join(labels)[:40], TILE))
    sheet(tiles, ACROSS, "simulated-cases.webp")


def close_ups(cases: list[dict[str, Any]]) -> None:
    """One picture of each label, around its first box where it has one."""
    seen: dict[str, Image.Image] = {}
    for case in sorted(cases, key=lambda case: len(case["findings"])):
        for finding in case["findings"]:
            if finding["label"] in seen:
                continue
            places = [_place(region) for region in finding["regions"]] or [MIDDLE]
            seen[finding["label"]] = around(picture(case), places[0])
    tiles = [captioned(one, label, CLOSE_TILE) for label, one in sorted(seen.items())]
    sheet(tiles, CLOSE_ACROSS, "simulated-findings.webp")


def _place(region: dict[str, Any]) -> tuple[float, ...]:
    return boxes.around(region["point"]) if "point" in region else bounds(region)


def around(whole: Image.Image, box: tuple[float, ...]) -> Image.Image:
    width, height = whole.size
    x, y = (box[0] + box[2]) / 2 * width, (box[1] + box[3]) / 2 * height
    reach = max(0.65 * (box[2] - box[0]) * width, 0.65 * (box[3] - box[1]) * height, 0.1 * width)
    return whole.crop(
        (
            int(max(0, x - reach)),
            int(max(0, y - reach)),
            int(min(width, x + reach)),
            int(min(height, y + reach)),
        )
    )


def over_time(cases: list[dict[str, Any]]) -> None:
    """Patients today and, beside it, before: one of each of `CHANGES_SHOWN`."""
    tiles = []
    for label, change in CHANGES_SHOWN:
        case = next(
            case
            for case in cases
            if any(one["label"] == label and one.get("progression") == change
                   for one in case["findings"])
        )  # fmt: skip
        days = f"{case['earlier']['days']} days before"
        tiles.append(captioned(picture(case), f"{label}, {change}", OVER_TIME_TILE))
        tiles.append(captioned(picture(case, 1), days, OVER_TIME_TILE))
    sheet(tiles, OVER_TIME_ACROSS, "patients-over-time.webp")


def signs(cases: list[dict[str, Any]]) -> None:
    """The first finding of each of `SIGNS_SHOWN`, around its box where it has one."""
    shown = {case["key"]: case for case in cases}
    tiles = []
    for key, name in SIGNS_SHOWN.items():
        finding = shown[key]["findings"][0]
        places = [bounds(region) for region in finding["regions"]] or [MIDDLE]
        places = places[:1] if finding["side"] == "bilateral" else places
        low, high = np.min(places, axis=0)[:2], np.max(places, axis=0)[2:]
        close = around(picture(shown[key]), (*low, *high))
        tiles.append(captioned(close, name, SIGN_TILE))
    sheet(tiles, SIGNS_ACROSS, "simulated-signs.webp")


def lowered_arms(wheel: Path) -> None:
    """Three persons whose films show neck and shoulders, without anything to find, from the CT."""
    anatomy = Anatomy(base.load(wheel))
    tiles = []
    for key, finding in LOWERED_SHOWN:
        plan = Plan((finding,) if finding else (), lowered=True)
        film = generate(anatomy, key, plan, seed=1, size=900)
        whole = Image.fromarray((film.pictures[0].values >> 4).astype(np.uint8))
        said = f"{film.pictures[0].view}, {film.sex} {film.age}"
        tiles.append(captioned(whole, said, LOWERED_TILE))
    sheet(tiles, len(tiles), "lowered-arms.webp")


def main() -> int:
    cases = json.loads((DEMO / "cases.json").read_text(encoding="utf-8"))["cases"]
    cases = [case for case in cases if "file" in case["images"][0]]
    FOLDER.mkdir(exist_ok=True)
    contact(cases)
    close_ups(cases)
    over_time(cases)
    signs(cases)
    if wheel := os.environ.get("SIMULATE_CT"):
        lowered_arms(Path(wheel))
    return 0


if __name__ == "__main__":
    sys.exit(main())
