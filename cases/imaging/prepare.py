"""One image of a case, ready to store: renditions, thumbnail and what the page must know."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cases.imaging import htj2k, render
from cases.imaging.decode import decode_files, is_burned_in
from cases.imaging.fingerprint import fingerprint
from cases.imaging.lettering import text_boxes
from cases.imaging.orientation import orientation_for
from cases.imaging.packed import Packed, frames_of
from cases.imaging.pixels import Decoded, ImageProblem, Window
from cases.imaging.windows import robust_window

UNKNOWN_VIEW = "OTHER"
TEXT = "Letters seem to be burned into its pixels: look for a name, and black it out."


@dataclass(frozen=True)
class Source:
    """The file of an image, or the files of a stack in order, and what its table says of it."""

    paths: tuple[Path, ...]
    view: str = ""
    """A value of `Image.View`; empty to ask the file."""
    usual_view: str = ""
    """What all films of the data set show, where neither table nor file says it."""
    spacing_mm: tuple[float, float] | None = None
    """Between rows and columns of the file's own pixels, mm."""
    extent_mm: tuple[float, float] | None = None
    """Height and width of the whole image, mm, where the pixels were resampled."""
    value_offset: float | None = None
    """Add to the files' own numbers to get Hounsfield units (CT only)."""
    window: Window | None = None
    """In stored values."""
    max_error: int = 0
    """What the rendition may be off, in 4095ths of the range of values; 0 is lossless."""
    packed: Packed | None = None
    """Renditions of another installation, in place of `paths`."""
    look_for_text: bool = False
    """Whether letters in the pixels are a doubt: of images that no data set's makers looked at."""


@dataclass(frozen=True)
class PreparedImage:
    """An image's renditions (HTJ2K, one a frame), its thumbnail (WebP) and its description."""

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
    pixel_aspect: float
    """Height of a rendition's pixel over its width."""
    view: str
    orientation: str
    """Where rows and columns run to in the patient (see `imaging.orientation`); empty: unknown."""
    age: int | None
    sex: str
    value_scale: float | None
    """Hounsfield units of one stored step, below 0 where gray falls; None where unknown."""
    value_offset: float
    """The Hounsfield units of a stored 0."""
    frame_order: tuple[int, ...]
    """For each rendition the number of its frame in the source, from 0."""
    doubt: str
    """What a curator should see before learners do, as a sentence; empty as a rule."""
    fingerprint: str
    """What the thumbnail looks like (`imaging.fingerprint`)."""
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
    if source.packed:
        return _unpacked(source.packed, source.view)
    decoded = decode_files(source.paths, value_offset=source.value_offset)
    _, rows, columns = decoded.frames.shape
    height, width = render.scaled_size(rows, columns, render.LONG_SIDE)
    window = source.window or decoded.window or robust_window(decoded.frames, decoded.max_value)
    middle = decoded.frames[len(decoded.frames) // 2]
    view = source.view or decoded.view or source.usual_view or UNKNOWN_VIEW
    spacing = _rendition_spacing(source, decoded, (height, width))
    max_error = htj2k.max_error_for(source.max_error, decoded.max_value)
    thumbnail = render.thumbnail_bytes(middle, window)
    return PreparedImage(
        sha256=sha256 or digest_of(source.paths),
        source_width=columns,
        source_height=rows,
        width=width,
        height=height,
        bits=8 if decoded.frames.dtype == np.uint8 else 16,
        max_value=decoded.max_value,
        window=window,
        spacing_mm=spacing,
        pixel_aspect=(
            spacing[0] / spacing[1]
            if spacing
            else decoded.pixel_aspect * (rows / height) / (columns / width)
        ),
        view=view,
        orientation=orientation_for(view, decoded.orientation),
        age=decoded.age,
        sex=decoded.sex,
        value_scale=decoded.value_scale,
        value_offset=decoded.value_offset,
        frame_order=decoded.frame_order,
        doubt=_doubts(decoded, source),
        fingerprint=fingerprint(thumbnail),
        renditions=tuple(
            htj2k.encode(render.downscaled(frame, height, width), max_error)
            for frame in decoded.frames
        ),
        thumbnail=thumbnail,
    )


def text_doubt(source: Source) -> str:
    """What `prepare_image` would say of letters in the pixels, with no rendition made.

    Raises:
        ImageProblem: a file cannot be used.
    """
    if is_burned_in(source.paths):
        return TEXT
    if not source.look_for_text:
        return ""
    return _text_doubt(decode_files(source.paths, value_offset=source.value_offset))


def _doubts(decoded: Decoded, source: Source) -> str:
    said = TEXT if decoded.is_burned_in else _text_doubt(decoded) if source.look_for_text else ""
    return " ".join(part for part in (decoded.doubt, said) if part)


def _text_doubt(decoded: Decoded) -> str:
    """Of a stack its first, middle and last frame are looked at: what burns in does so in all."""
    count = len(decoded.frames)
    looked_at = sorted({0, count // 2, count - 1})
    return TEXT if any(text_boxes(decoded.frames[number]) for number in looked_at) else ""


def _unpacked(packed: Packed, view: str) -> PreparedImage:
    frames = frames_of(packed)
    middle = frames[len(frames) // 2][1]
    thumbnail = render.thumbnail_bytes(middle, packed.window)
    return PreparedImage(
        sha256=packed.sha256,
        source_width=packed.source_width,
        source_height=packed.source_height,
        width=middle.shape[1],
        height=middle.shape[0],
        bits=8 if middle.dtype == np.uint8 else 16,
        max_value=packed.max_value,
        window=packed.window,
        spacing_mm=packed.spacing_mm,
        pixel_aspect=packed.pixel_aspect,
        view=view or UNKNOWN_VIEW,
        orientation=packed.orientation,
        age=None,
        sex="",
        value_scale=packed.value_scale,
        value_offset=packed.value_offset,
        frame_order=packed.frame_order,
        doubt="",
        fingerprint=fingerprint(thumbnail),
        renditions=tuple(content for content, _ in frames),
        thumbnail=thumbnail,
    )


def _rendition_spacing(
    source: Source, decoded: Decoded, size: tuple[int, int]
) -> tuple[float, float] | None:
    _, rows, columns = decoded.frames.shape
    spacing = source.spacing_mm or decoded.spacing_mm
    extent = source.extent_mm or (spacing and (spacing[0] * rows, spacing[1] * columns))
    return (extent[0] / size[0], extent[1] / size[1]) if extent else None
