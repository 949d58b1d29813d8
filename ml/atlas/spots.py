"""Where on a frontal film a mark lies, as far as the mark alone tells: what may deceive there."""

from __future__ import annotations

from collections.abc import Sequence

SPOTS = {
    "first_rib": ((0.06, 0.19), (0.17, 0.34)),
    "hilum": ((0.05, 0.17), (0.34, 0.54)),
    "breast": ((0.14, 0.33), (0.54, 0.76)),
    "heart": ((-0.06, 0.15), (0.52, 0.80)),
    "spine": ((-0.05, 0.05), (0.0, 1.0)),
    "edge": ((0.36, 0.50), (0.0, 1.0)),
    "apex": ((0.03, 0.33), (0.0, 0.22)),
}
"""Spot → how far from the midline (fractions of the width) and from the top (of the height) the
center of a mark lies, on a film that shows the whole chest. ``first_rib`` is the front end of
the first rib, ``edge`` the outer chest wall, ``heart`` what lies behind it. The lateral range
is taken on both sides, that of the heart from a little right of the midline to the left."""
ONE_SIDED = ("heart", "spine")


def spots_of(box: Sequence[float]) -> frozenset[str]:
    """The spots at which the center of a box lies; the patient's left is on the right.

    `box` is ``x0 y0 x1 y1`` in fractions of a frontal image, origin top left. The film is
    taken as it is customarily framed: no anatomy is measured.
    """
    across, down = (box[0] + box[2]) / 2 - 0.5, (box[1] + box[3]) / 2
    return frozenset(
        name
        for name, ((inner, outer), (top, bottom)) in SPOTS.items()
        if inner <= (across if name in ONE_SIDED else abs(across)) <= outer
        and top <= down <= bottom
    )
