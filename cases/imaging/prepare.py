"""One image of a case, ready to store: renditions, thumbnail and what the page must know."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cases.imaging import render
from cases.imaging.decode import decode_file
from cases.imaging.pixels import (
    CT_WINDOW,
    Decoded,
    ImageProblem,
    Window,
    check_size,
    robust_window,
)


@dataclass(frozen=True)
class Source:
    """The file of an image, or the files of a stack in order, and what its table says of it."""

    paths: tuple[Path, ...]
    view: str = ""
    """A value of `Image.View`; empty to ask the file."""
    spacing_mm: tuple[float, float] | None = None
    """Between rows and columns of the file's own pixels, mm."""
    extent_mm: tuple[float, float] | None = None
    """Height and width of the whole image, mm, where the pixels were resampled."""
    value_offset: float | None = None
    """Add to a stored value to get Hounsfield units (CT only)."""
    window: Window | None = None


@dataclass(frozen=True)
class PreparedImage:
    """An image's renditions (PNG, one a frame), its thumbnail (WebP) and its description."""

    sha256: str
    source_width: int
    source_height: int
    width: int
    height: int
    bits: int
    max_value: int
    window: Window
    spacing_mm: tuple[float, float] | None
    """Between rows and columns of the rendition, mm."""
    view: str
    age: int | None
    sex: str
    value_offset: float
    renditions: tuple[bytes, ...]
    thumbnail: bytes


def digest_of(paths: Sequence[Path]) -> str:
    """SHA-256 over the bytes of all files in order, 64 hexadecimal digits.

    Raises:
        ImageProblem: a file is missing or not readable.
    """
    digest = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
        except OSError as error:
            raise ImageProblem(
                path.name, f"cannot be read ({error.strerror})", "check that it is there"
            ) from None
    return digest.hexdigest()


def prepare_image(source: Source, *, sha256: str = "") -> PreparedImage:
    """Decode, scale and encode one image or stack.

    Raises:
        ImageProblem: a file cannot be used; nothing is returned of the others.
    """
    decoded = _decoded(source.paths, exact=source.value_offset is not None)
    _, rows, columns = decoded.frames.shape
    height, width = render.scaled_size(rows, columns, render.LONG_SIDE)
    window = source.window or decoded.window or _usual_window(source, decoded)
    middle = decoded.frames[len(decoded.frames) // 2]
    return PreparedImage(
        sha256=sha256 or digest_of(source.paths),
        source_width=columns,
        source_height=rows,
        width=width,
        height=height,
        bits=8 if decoded.frames.dtype == np.uint8 else 16,
        max_value=decoded.max_value,
        window=window,
        spacing_mm=_rendition_spacing(source, decoded, (height, width)),
        view=source.view or decoded.view or "FRONTAL",
        age=decoded.age,
        sex=decoded.sex,
        value_offset=(decoded.value_offset if source.value_offset is None else source.value_offset),
        renditions=tuple(
            render.png_bytes(render.downscaled(frame, height, width)) for frame in decoded.frames
        ),
        thumbnail=render.thumbnail_bytes(middle, window),
    )


def _usual_window(source: Source, decoded: Decoded) -> Window:
    """The lungs' of a CT with known Hounsfield units; of any other by its values."""
    if source.value_offset is None:
        return robust_window(decoded.frames, decoded.max_value)
    return Window(CT_WINDOW.center - source.value_offset, CT_WINDOW.width)


def _decoded(paths: Sequence[Path], *, exact: bool) -> Decoded:
    """One file, or the single frames of several files as one stack of equal size."""
    if not paths:
        raise ImageProblem("The image", "has no file", "name at least one")
    first = decode_file(paths[0], exact=exact or len(paths) > 1)
    if len(paths) == 1:
        return first
    _, rows, columns = first.frames.shape
    check_size(paths[0].name, rows, columns, len(paths))
    frames = np.zeros((len(paths), rows, columns), np.uint16)
    max_value, offset = 255, first.value_offset
    for index, path in enumerate(paths):
        one = first if index == 0 else decode_file(path, exact=True)
        if one.frames.shape != (1, rows, columns):
            raise ImageProblem(
                path.name,
                f"has another size than the first frame ({columns} × {rows})",
                "make all frames of a stack alike",
            )
        # Frames of one stack share one scale: their values must stay comparable.
        shift = round(one.value_offset - offset)
        frames[index] = np.clip(one.frames[0].astype(np.int32) + shift, 0, 65535)
        max_value = max(max_value, one.max_value)
    kept = frames.astype(np.uint8) if max_value == 255 else frames
    return Decoded(
        frames=kept,
        max_value=max_value,
        window=first.window,
        spacing_mm=first.spacing_mm,
        view=first.view,
        age=first.age,
        sex=first.sex,
        value_offset=offset,
    )


def _rendition_spacing(
    source: Source, decoded: Decoded, size: tuple[int, int]
) -> tuple[float, float] | None:
    _, rows, columns = decoded.frames.shape
    spacing = source.spacing_mm or decoded.spacing_mm
    extent = source.extent_mm or (spacing and (spacing[0] * rows, spacing[1] * columns))
    return (extent[0] / size[0], extent[1] / size[1]) if extent else None
