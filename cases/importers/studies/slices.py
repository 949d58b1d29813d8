"""The slices and films of a case as DICOM objects refer to them: by UID, or by a place in mm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cases.importers.studies.headers import Instance

Frames = dict[tuple[str, int], tuple[int, int]]
"""SOP Instance UID and number of a frame, from 1, → image and frame of the case."""
OFF_MM = 1.0
"""How far a contour may lie from a slice along the slice's normal."""


@dataclass
class Slices:
    """Where each frame of a case is."""

    frames: Frames = field(default_factory=dict)
    files: dict[tuple[int, int], Instance] = field(default_factory=dict)
    """Image and frame → its file, of frames with a file of their own."""
    sizes: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Rows and columns of each image."""

    def fractions(
        self, points: Sequence[Sequence[float]], at: tuple[int, int] | None = None
    ) -> tuple[tuple[int, int], list[list[float]]] | None:
        """A frame and points on it (0 to 1) for points in the patient (mm, x y z).

        The frame is `at`, or the one whose plane they lie in; None where there is none.
        """
        values = np.asarray(points, float).reshape(-1, 3)
        wanted = [at] if at is not None else list(self.files)
        best: tuple[float, tuple[int, int]] | None = None
        for key in wanted:
            one = self.files.get(key)
            if one is None or one.place is None or one.place.position is None or not one.spacing:
                continue
            away = float(np.abs((values - one.place.position) @ one.place.normal).max())
            if best is None or away < best[0]:
                best = (away, key)
        if best is None or best[0] > OFF_MM:
            return None
        one = self.files[best[1]]
        assert one.place is not None and one.place.position is not None and one.spacing is not None
        moved = values - one.place.position
        # The position is the center of the first pixel (PS3.3 C.7.6.2.1.1).
        x = (moved @ np.array(one.place.row) / one.spacing[1] + 0.5) / one.size[1]
        y = (moved @ np.array(one.place.column) / one.spacing[0] + 0.5) / one.size[0]
        return best[1], [[float(a), float(b)] for a, b in zip(x, y, strict=True)]
