"""Files of any accepted kind → gray pixels. The kind is told by content, not by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from cases.imaging import raster
from cases.imaging.pixels import (
    LUNG_WINDOW,
    Decoded,
    FileImage,
    Gray,
    ImageProblem,
    Place,
    Window,
    check_size,
)
from cases.imaging.series import check_series, gap_in, order_of
from cases.imaging.stored import Scale, stored_frames
from cases.imaging.windows import is_usable

KINDS = "PNG, JPEG, TIFF, JPEG 2000 and DICOM"


def decode_files(paths: Sequence[Path], *, value_offset: float | None = None) -> Decoded:
    """One file, or single frames of several files as one stack.

    `value_offset` is what a table says must be added to the files' own numbers to get Hounsfield
    units; else the files say it themselves, or nobody does.

    Raises:
        ImageProblem: no file, one that cannot be used, or files that are not one stack.
    """
    if not paths:
        raise ImageProblem("The image", "has no file", "name at least one")
    # Numbers that mean something, or are compared with those of other files, are left as they are.
    exact = value_offset is not None or len(paths) > 1
    images = [read_file(paths[0], exact=exact)]
    if len(paths) > 1:
        frames, rows, columns = images[0].values.shape
        check_size(paths[0].name, rows, columns, max(frames, len(paths)))
        images += [read_file(path, exact=exact) for path in paths[1:]]
        check_series(images)
    if value_offset is not None:
        images = [_in_hu(image, value_offset) for image in images]
    return _decoded(images)


def decode_file(path: Path, *, exact: bool = False) -> Decoded:
    """One file, as `decode_files` does it; `exact` leaves stretched values as they are."""
    return _decoded([read_file(path, exact=exact)])


def _in_hu(image: FileImage, offset: float) -> FileImage:
    return replace(image, intercepts=(offset,) * len(image.values), in_hu=True)


def _decoded(images: Sequence[FileImage]) -> Decoded:
    order = order_of(images)
    frames, max_value, scale = stored_frames(images, order)
    first = images[0]
    return Decoded(
        frames=frames,
        max_value=max_value,
        window=_default_window(images, scale, frames),
        spacing_mm=first.spacing_mm,
        pixel_aspect=first.pixel_aspect,
        view=first.view,
        orientation=first.orientation,
        age=first.age,
        sex=first.sex,
        value_scale=scale.step if first.in_hu else None,
        value_offset=scale.start if first.in_hu else 0.0,
        frame_order=order,
        doubt=gap_in([place for image in images for place in image.places]),
        is_burned_in=any(image.is_burned_in for image in images),
    )


def doubt_of(paths: Sequence[Path]) -> str:
    """What `Decoded.doubt` of these files says, from their headers alone; no file is refused."""
    return gap_in([place for path in paths for place in _places(path)])


def is_burned_in(paths: Sequence[Path]) -> bool:
    """What `Decoded.is_burned_in` of these files is, from their headers alone."""
    from cases.imaging import dicom

    return any(is_dicom(path) and dicom.is_burned_in(path) for path in paths)


def _places(path: Path) -> Sequence[Place | None]:
    if _kind(path) != "DICOM":
        return (None,)
    from cases.imaging import dicom

    return dicom.places(path)


def _default_window(images: Sequence[FileImage], scale: Scale, frames: Gray) -> Window | None:
    """The first window of the files; of a CT without one the lungs'; None if it is of no use."""
    real = next((image.window for image in images if image.window), None)
    real = real or (LUNG_WINDOW if images[0].in_hu else None)
    if real is None:
        return None
    window = scale.stored(real)
    return window if is_usable(window, frames) else None


def read_file(path: Path, *, exact: bool = False) -> FileImage:
    """Read one image file.

    `exact` keeps the numbers of a PNG or TIFF as they are; else those that were stretched to 16
    bits get their precision back.

    Raises:
        ImageProblem: the file is missing, not an image, broken, empty or too large.
    """
    if _kind(path) == "raster":
        return raster.read(path, exact=exact)
    from cases.imaging import dicom

    return dicom.read(path)


def is_dicom(path: Path) -> bool:
    """Whether a file is there and begins as DICOM does."""
    try:
        return _kind(path) == "DICOM"
    except ImageProblem:
        return False


def _kind(path: Path) -> Literal["raster", "DICOM"]:
    """Told by the first bytes.

    Raises:
        ImageProblem: the file is missing, empty, or no image.
    """
    name = path.name
    try:
        with path.open("rb") as stream:
            head = stream.read(132)
    except OSError as error:
        raise ImageProblem(
            name, f"cannot be read ({error.strerror})", "check that it is there and readable"
        ) from None
    if not head:
        raise ImageProblem(name, "is empty (0 bytes)", "copy it again from its source")
    if raster.is_known(head) and head[128:132] != b"DICM":
        return "raster"
    if head[128:132] == b"DICM" or _starts_a_data_set(head):
        return "DICOM"
    raise ImageProblem(name, "is not an image of a kind that can be read", f"use {KINDS}")


def _starts_a_data_set(head: bytes) -> bool:
    """Whether this is DICOM without its preamble: an element of group 0002 or 0008 comes first.

    Its tag is followed by two capitals (the kind of its value) or, where that is left out, by a
    length of at most some hundred bytes; in either byte order.
    """
    for order in ("little", "big"):
        group, element = (int.from_bytes(head[at : at + 2], order) for at in (0, 2))
        length = int.from_bytes(head[4:8], order)
        if group in (2, 8) and element < 0x2000 and len(head) >= 8:
            kind = head[4:6]
            if (kind.isalpha() and kind.isupper()) or length < 1000:
                return True
    return False
