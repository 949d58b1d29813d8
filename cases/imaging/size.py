"""How large a file's own pixels are together, by its header alone."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from PIL import Image

from cases.imaging.pixels import ImageProblem
from cases.imaging.raster import FORMATS

TAGS: list[Any] = ["Rows", "Columns"]


def size_of(path: Path) -> tuple[int, int]:
    """Width and height in the file's own pixels, which are never turned.

    Raises:
        ImageProblem: the header does not tell; decoding the file says more.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        width, height = _of_picture(path) or _of_dicom(path) or (0, 0)
    if width > 0 and height > 0:
        return width, height
    raise ImageProblem(path.name, "does not tell how large it is", "check that it is an image")


def _of_picture(path: Path) -> tuple[int, int] | None:
    try:
        with Image.open(path, formats=FORMATS) as image:
            return image.size
    except Exception:  # headers fail in many ways
        return None


def _of_dicom(path: Path) -> tuple[int, int] | None:
    import pydicom  # slow to import: pages need none

    try:
        header = pydicom.dcmread(path, force=True, stop_before_pixels=True, specific_tags=TAGS)
        return int(header.Columns), int(header.Rows)
    except Exception:
        return None
