"""Which part of which image the feedback shows close up, and what it is compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cases.models import Image
from ml import atlas

MIRRORED_VIEWS = (Image.View.PA, Image.View.AP, Image.View.FRONTAL, Image.View.CT)
MIDLINE = 0.25
"""A box with more than this part of its width on the other side lies in the middle."""
WINDOW_WORDS = {
    "lung": "lung window",
    "bone": "bone window",
    "mediastinum": "mediastinal window",
    "default": "window of the image",
}


def closeup_of(
    row: Mapping[str, Any], truths: Iterable[Mapping[str, Any]], images: Mapping[str, Image]
) -> dict[str, Any] | None:
    """The close-up pair of a row with a place; None for one without.

    `mirror` tells of the other side: ``healthy``, ``affected`` (a finding of the case
    lies there too) or empty (no mirrored place: lateral views, the middle, and tips of devices).
    """
    if row["box"] is None or row["image"] not in images:
        return None
    window = atlas.entry(row["label"]).window if row["label"] in atlas.entries() else "default"
    return {
        "image": row["image"],
        "frame": row["frame"],
        "box": row["box"],
        "window": window,
        "window_name": WINDOW_WORDS[window],
        "mirror": "" if row.get("point") else _mirror(row, truths, images[row["image"]]),
    }


def _mirror(row: Mapping[str, Any], truths: Iterable[Mapping[str, Any]], image: Image) -> str:
    x0, y0, x1, y1 = row["box"]
    beyond = min(x1, 1.0) - 0.5 if (x0 + x1) / 2 < 0.5 else 0.5 - max(x0, 0.0)
    if image.view not in MIRRORED_VIEWS or beyond > MIDLINE * (x1 - x0):
        return ""
    other = (1 - x1, y0, 1 - x0, y1)
    here = [t for t in truths if t["image"] == row["image"] and t["box"] is not None]
    return "affected" if any(_meet(other, truth["box"]) for truth in here) else "healthy"


def _meet(one: Sequence[float], other: Sequence[float]) -> bool:
    across = min(one[2], other[2]) > max(one[0], other[0])
    return across and min(one[3], other[3]) > max(one[1], other[1])
