"""Studies that the demo cases do not hold, put into a running game by its own importer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.game import ROOT, Game

SPACING_MM = 0.2
FRAMES = 24
HU_OFFSET = -1024
DOT = 9
"""Pixels across a bright square of `dots`."""


def dots(rows: int = 800, columns: int = 600) -> NDArray[np.uint16]:
    """Black but for white squares of `DOT` pixels, centered at `dot_places`."""
    values = np.zeros((rows, columns), np.uint16)
    for x, y in dot_places(rows, columns):
        values[y - DOT // 2 : y + DOT // 2 + 1, x - DOT // 2 : x + DOT // 2 + 1] = 4095
    return values


def dot_places(rows: int = 800, columns: int = 600) -> list[tuple[int, int]]:
    """Column and row of the middle pixel of each square."""
    return [(columns * i // 4, rows * j // 4) for i in (1, 2, 3) for j in (1, 2, 3)]


def chest(rows: int, columns: int, seed: int) -> NDArray[np.uint16]:
    """Two dark fields on a bright ground with some noise: enough for windows and contrast."""
    y, x = np.mgrid[0:rows, 0:columns] / np.array([rows, columns]).reshape(2, 1, 1)
    values = 2600 + 600 * np.cos(6 * y)
    for middle in (0.3, 0.7):
        values -= 1500 * (((x - middle) / 0.16) ** 2 + ((y - 0.45) / 0.33) ** 2 < 1)
    noise = np.random.default_rng(seed).normal(0, 40, (rows, columns))
    return np.clip(values + noise, 0, 4095).astype(np.uint16)


def slice_of(number: int, size: int = 256) -> NDArray[np.uint16]:
    """A CT slice, air and water, with a bright bar as wide as its number."""
    values = np.full((size, size), -1000 - HU_OFFSET, np.uint16)
    values[40:216, 40:216] = 40 - HU_OFFSET
    values[100:120, 50 : 52 + 5 * number] = 700 - HU_OFFSET
    values += np.random.default_rng(number).integers(0, 60, values.shape, dtype=np.uint16)
    return values


def add_studies(game: Game) -> dict[str, str]:
    """Import the studies into the game; their public ids by name.

    `dots`: one frontal of white squares. `pair`: frontal and lateral. `followed`: frontal and
    lateral, and the frontal of a prior study. `stack`: a CT series of `FRAMES`.
    """
    with tempfile.TemporaryDirectory(prefix="radgame-studies-") as name:
        folder = Path(name)
        cases = [
            _case(folder, "dots", [("PA", dots())]),
            _case(folder, "pair", [("LATERAL", chest(700, 500, 2)), ("PA", chest(700, 640, 1))]),
            _case(
                folder,
                "followed",
                [
                    ("PA", chest(700, 640, 3)),
                    ("LATERAL", chest(700, 500, 4)),
                    ("PA", chest(660, 600, 5)),
                ],
            ),
            _stack(folder),
        ]
        cases[2]["images"][2] |= {"study": "prior", "study_label": "2 years ago"}
        dataset = {"slug": "viewer-studies", "title": "Viewer studies"}
        (folder / "cases.json").write_text(json.dumps({"dataset": dataset, "cases": cases}))
        _import(game, folder)
    query = (
        "SELECT c.source_key, c.public_id FROM cases_case c JOIN cases_dataset d "
        "ON d.id = c.dataset_id WHERE d.slug = 'viewer-studies'"
    )
    return dict(game.rows(query))


def _case(folder: Path, key: str, images: list[tuple[str, NDArray[np.uint16]]]) -> dict[str, Any]:
    entries = []
    for number, (view, values) in enumerate(images):
        file = f"{key}-{number}.png"
        Image.fromarray(values).save(folder / file)
        entries.append({"file": file, "view": view, "pixel_spacing_mm": SPACING_MM})
    report = {"findings": "The lungs are clear."}
    return {"key": key, "images": entries, "findings": [], "report": report}


def _stack(folder: Path) -> dict[str, Any]:
    frames = [f"stack-{number:02}.png" for number in range(FRAMES)]
    for number, file in enumerate(frames):
        Image.fromarray(slice_of(number)).save(folder / file)
    stack = {"frames": frames, "hu_offset": HU_OFFSET}
    return {"key": "stack", "images": [{"view": "CT", "stack": stack}], "findings": []}


def _import(game: Game, folder: Path) -> None:
    environment = os.environ | {"DATA_DIR": str(game.data_dir)}
    if game.database_url:
        environment["DATABASE_URL"] = game.database_url
    subprocess.run(
        [sys.executable, "manage.py", "import_cases", "simulated", str(folder), "--jobs", "1"],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
    )
