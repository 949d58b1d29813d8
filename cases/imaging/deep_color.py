"""Color of 16 bits a sample, of which Pillow keeps only 8.

Pillow's decoders take the upper byte of each sample and are told the byte order by the "raw mode"
of an image's tiles; told the other one, they give the lower byte. Both readings together are the
samples. JPEG 2000 is read by OpenJPEG.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openjpeg
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps

from cases.imaging.pixels import ImageProblem

OTHER_BYTE = {"16L": "16B", "16B": "16L", "16N": "16B" if sys.byteorder == "little" else "16L"}
BITS_PER_SAMPLE, PLANAR_CONFIGURATION, ORIENTATION = 258, 284, 274
"""Tags of TIFF 6.0."""
APART = 2
"""The planar configuration of colors stored one after the other."""
DEEP_MODES = ("RGB", "RGBX", "RGBA", "RGBa")
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Rec. 601."""


@dataclass(frozen=True)
class Deep:
    """Samples of more than 8 bits, shape ``(rows, columns, 3)`` or, of gray, ``(…, 1)``."""

    colors: NDArray[np.uint16]
    alpha: NDArray[np.uint16] | None = None
    """From 0 (see-through) to 65535; None where all is opaque or multiplied in already."""

    @property
    def gray(self) -> NDArray[np.uint16]:
        """Luma as on a black ground."""
        gray: NDArray[Any] = self.colors[..., 0]
        if self.colors.shape[-1] > 1:
            gray = self.colors[..., :3].astype(np.float32) @ LUMA
        if self.alpha is not None:
            gray = gray.astype(np.float64) * self.alpha / 65535
        return np.rint(gray).astype(np.uint16)


def read(image: ImageFile.ImageFile, path: Path) -> Deep | None:
    """The samples of an image just opened and not loaded yet; None when 8 bits hold them.

    Raises:
        ImageProblem: a TIFF that Pillow reads wrongly: deep colors stored apart, or for print.
    """
    if image.format == "JPEG2000":
        return _jpeg_2000(image, path)
    if image.format not in ("PNG", "TIFF") or not image.tile:
        return None
    raw_mode = _raw_mode(image)
    mode, _, order = raw_mode.partition(";")
    _refuse_misread(image, path)
    if image.format == "PNG" and raw_mode == "LA;16B":
        return _gray_and_alpha(image)
    if mode not in DEEP_MODES or order not in OTHER_BYTE:
        return None
    plain = mode.replace("RGBa", "RGBA")
    with path.open("rb") as stream, Image.open(stream, formats=(image.format,)) as again:
        lower = _read_as(again, f"{plain};{OTHER_BYTE[order]}")
    samples = _joined(_read_as(image, f"{plain};{order}"), lower)
    alpha = samples[..., 3] if mode == "RGBA" else _color_key(image, samples)
    return Deep(samples[..., :3], alpha)


def upright(image: Image.Image) -> Image.Image:
    """The image loaded, and turned as its EXIF block says (Pillow does it itself for TIFF)."""
    image.load()
    if image.getexif().get(ORIENTATION, 1) == 1:
        return image
    return ImageOps.exif_transpose(image)


def _raw_mode(image: ImageFile.ImageFile) -> str:
    args = image.tile[0].args or ""
    return str(args if isinstance(args, str) else args[0])


def _read_as(image: ImageFile.ImageFile, raw_mode: str) -> NDArray[np.uint8]:
    """The bytes that the decoder gives when told another raw mode."""
    image.tile = [
        tile._replace(args=(raw_mode, *tile.args[1:]) if isinstance(tile.args, tuple) else raw_mode)
        for tile in image.tile
    ]
    return np.asarray(upright(image))


def _joined(upper: NDArray[np.uint8], lower: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Samples of 16 bits from their two bytes."""
    return np.bitwise_or(np.left_shift(upper, 8, dtype=np.uint16), lower, dtype=np.uint16)


def _refuse_misread(image: Image.Image, path: Path) -> None:
    tags: Any = getattr(image, "tag_v2", {})
    deep = max(tags.get(BITS_PER_SAMPLE, (8,)), default=8) > 8
    if deep and image.mode == "CMYK":
        raise ImageProblem(
            path.name,
            "is a TIFF of more than 8 bits in the colors of print (CMYK)",
            "export it as gray or RGB",
        )
    apart = tags.get(PLANAR_CONFIGURATION) == APART
    if apart and (image.mode == "LA" or (deep and image.mode in ("RGB", "RGBA"))):
        raise ImageProblem(
            path.name,
            "is a TIFF of a rare kind, whose colors are stored one after the other",
            "export it as gray, or with its colors together",
        )


def _gray_and_alpha(image: ImageFile.ImageFile) -> Deep:
    """Two samples of two bytes, read as four of one."""
    parts = _read_as(image, "RGBA")
    gray, alpha = _joined(parts[..., 0], parts[..., 1]), _joined(parts[..., 2], parts[..., 3])
    return Deep(gray[..., np.newaxis], alpha)


def _color_key(image: Image.Image, samples: NDArray[np.uint16]) -> NDArray[np.uint16] | None:
    """PNG's other way to be see-through: one color that is not there."""
    key = image.info.get("transparency")
    if not isinstance(key, tuple) or len(key) != 3:
        return None
    gone = (samples[..., :3] == np.array(key, np.uint16)).all(axis=-1)
    return np.where(gone, 0, 65535).astype(np.uint16)


def _jpeg_2000(image: ImageFile.ImageFile, path: Path) -> Deep | None:
    if image.mode not in ("RGB", "RGBA", "LA"):
        return None
    about = openjpeg.get_parameters(path)
    if not 8 < int(about["precision"]) <= 16 or about["is_signed"]:
        return None
    samples = openjpeg.decode(path)
    alpha = samples[..., -1] if image.mode != "RGB" else None
    if alpha is not None:
        top = (1 << int(about["precision"])) - 1
        alpha = (alpha.astype(np.uint32) * 65535 // top).astype(np.uint16)
    return Deep(samples[..., : 3 if image.mode != "LA" else 1], alpha)
