"""Renditions as another installation made them, inside a pack (`cases.packing`).

They are taken as they are, after each was decoded and found to be what the pack says of it.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cases.imaging import htj2k
from cases.imaging.pixels import Gray, ImageProblem, Window
from cases.imaging.zipped import DAMAGED

LARGEST = 64 << 20
"""Bytes of a rendition; one of 2048² pixels of 16 bits without any compression has 8 MB."""


@dataclass(frozen=True)
class Packed:
    """The renditions of one image in a pack, and what the pack says of them."""

    archive: Path
    members: tuple[str, ...]
    """Of the archive, in the order they are shown in."""
    digests: tuple[str, ...]
    """SHA-256 of each."""
    sha256: str
    """Of the files that the image was made of."""
    recipe: str
    source_width: int
    source_height: int
    max_value: int
    window: Window
    spacing_mm: tuple[float, float] | None
    pixel_aspect: float
    orientation: str
    value_scale: float | None
    value_offset: float
    frame_order: tuple[int, ...]


@dataclass(frozen=True)
class PackedLayers:
    """What lies behind a case's first image, in a pack (`cases.behind`)."""

    archive: Path
    said: tuple[dict[str, Any], ...]
    """What the manifest says of each, as it came: nothing of it is checked yet."""

    def content(self, name: str, digest: str, most: int) -> bytes:
        """A member of that SHA-256, of `most` bytes at most.

        Raises:
            OSError: it is missing, damaged, too large or another.
        """
        try:
            with zipfile.ZipFile(self.archive) as archive, archive.open(name) as stream:
                content = stream.read(most + 1)
        except (KeyError, *DAMAGED):
            raise OSError(f"{name} is missing or damaged") from None
        if len(content) > most or hashlib.sha256(content).hexdigest() != digest:
            raise OSError(f"{name} is not what the pack says")
        return content


def frames_of(packed: Packed) -> list[tuple[bytes, Gray]]:
    """The renditions with their pixels.

    Raises:
        ImageProblem: one is missing, damaged, or not what the pack says.
    """
    try:
        with zipfile.ZipFile(packed.archive) as archive:
            frames = list(_frames(archive, packed))
    except (OSError, *DAMAGED):
        raise _problem(packed.archive.name, "is damaged") from None
    shapes = {(pixels.shape, pixels.dtype) for _, pixels in frames}
    if len(shapes) != 1 or any(int(pixels.max()) > packed.max_value for _, pixels in frames):
        raise _problem(packed.members[0], "is not as the pack describes it")
    return frames


def _frames(archive: zipfile.ZipFile, packed: Packed) -> Iterator[tuple[bytes, Gray]]:
    for name, digest in zip(packed.members, packed.digests, strict=True):
        try:
            with archive.open(name) as stream:
                content = stream.read(LARGEST + 1)
        except KeyError:
            raise _problem(name, "is not in the pack") from None
        if len(content) > LARGEST:
            raise _problem(name, f"is larger than {LARGEST >> 20} MB")
        if hashlib.sha256(content).hexdigest() != digest:
            raise _problem(name, "is not the one that was signed")
        try:
            yield content, htj2k.decode(content)
        except (htj2k.Damaged, ValueError, RuntimeError):
            raise _problem(name, "cannot be decoded") from None


def _problem(name: str, what: str) -> ImageProblem:
    return ImageProblem(name, what, "ask for the pack again where it comes from")
