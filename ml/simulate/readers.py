"""What the four readers of LIDC-IDRI-0001, the CT of the demo set, drew and said of its mass.

The outlines are around the mass: their pixels are the first outside of it (Armato et al. 2011,
Med Phys 38:915). Ratings go from 1 to 5.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from ml.tables import DATA

FILE = DATA / "lidc_readers.json"
RATINGS = ("subtlety", "spiculation", "malignancy")


@cache
def said() -> dict[str, Any]:
    """The file: where its slices lie, whose it is, and each reader's contours and ratings."""
    document: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return document


def regions(frames: int) -> list[dict[str, Any]]:
    """The outlines on a stack of the CT's slices from the head down, the first reader's first.

    In the form of ``cases.json``: frame, polygon in fractions of the image, reader, and whether it
    is another reader's. Frames beyond `frames` are left out.
    """
    document = said()
    found = []
    for number, reader in enumerate(document["readers"], start=1):
        for height, flat in reader["contours"]:
            frame = round((document["first_slice_mm"] - height) / document["slice_mm"])
            if not 0 <= frame < frames:
                continue
            polygon = [
                [round((x + 0.5) / document["columns"], 5), round((y + 0.5) / document["rows"], 5)]
                for x, y in zip(flat[::2], flat[1::2], strict=True)
            ]
            region = {"image": 0, "frame": frame, "polygon": polygon, "reader": f"{number}"}
            found.append(region | ({"alternate": True} if number > 1 else {}))
    return found


def sentence() -> str:
    """How the readers rated it, one number a reader."""
    readers = said()["readers"]
    parts = [f"{name} {', '.join(str(one[name]) for one in readers)}" for name in RATINGS]
    return f"The {len(readers)} readers' ratings, each from 1 to 5: {'; '.join(parts)}."
