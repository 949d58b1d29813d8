"""PNG, JPEG, TIFF and JPEG 2000 by Pillow, turned to gray without losing bits."""

from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError

from cases.imaging import deep_color
from cases.imaging.pixels import FileImage, ImageProblem, check_size, too_large

FORMATS = ("PNG", "JPEG", "TIFF", "JPEG2000")
MAGIC = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"II*\x00",
    b"MM\x00*",
    b"\x00\x00\x00\x0cjP  \r\n\x87\n",
    b"\xff\x4f\xff\x51",
)
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    OverflowError,
    struct.error,
    zlib.error,
)
"""What Pillow raises on files that are cut off or damaged."""
SOME_ROWS = 100
PHOTOMETRIC, MIN_IS_WHITE = 262, 0
"""The TIFF tag that says what 0 means, and its value for white (TIFF 6.0, section 8)."""


def is_known(head: bytes) -> bool:
    return head.startswith(MAGIC)


def read(path: Path, *, exact: bool = False) -> FileImage:
    """Read a raster file; its first page when it has several.

    `exact` keeps the numbers as they are; else those that were stretched to 16 bits get their
    precision back.

    Raises:
        ImageProblem: broken, empty or too large (seen from the header, before decoding).
        MemoryError: decoding it takes more than there is, or than is allowed.
    """
    name = path.name
    with warnings.catch_warnings():
        # Pillow warns of large files; the limit here is checked by `check_size`.
        warnings.simplefilter("ignore")
        try:
            # Opened as a stream: given a name, Pillow maps some files into memory, and then mixes
            # up rows and columns of a TIFF that is to be turned.
            with path.open("rb") as stream, Image.open(stream, formats=FORMATS) as image:
                check_size(name, image.height, image.width)
                values, falls = _gray(image, path)
        except ImageProblem:
            raise
        except Image.DecompressionBombError as error:
            raise too_large(name, _size_in(path, error)) from None
        except UnidentifiedImageError:
            raise ImageProblem(
                name,
                "has a damaged header, or is of a rare kind of its format",
                "copy it again, or export it as PNG",
            ) from None
        except BROKEN as error:
            raise _broken(name, str(error)) from None
    if values.dtype == np.uint16 and not exact:
        values = unstretched(values)
    return FileImage(name=name, values=values[np.newaxis], falls=falls)


def unstretched(values: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Values in their real precision, where they were only scaled up to fill 16 bits.

    Without loss: 8 bits times 257, or fewer bits shifted left.
    """
    if not values.any():
        return values
    # Most films tell by their first rows already: a remainder takes long to work out.
    if not (values[:SOME_ROWS] % 257).any() and not (values % 257).any():
        return values // np.uint16(257)
    used = int(np.bitwise_or.reduce(values, axis=None))
    shift = (used & -used).bit_length() - 1
    return values >> np.uint16(shift) if shift else values


def _broken(name: str, why: str) -> ImageProblem:
    return ImageProblem(
        name,
        f"is cut off or damaged ({why.strip().rstrip('.') or 'unreadable'})",
        "copy or download it again",
    )


def _size_in(path: Path, error: Exception) -> str:
    """The size of an image that Pillow refused to open: columns and rows where a PNG says them."""
    with path.open("rb") as stream:
        head = stream.read(24)
    if head.startswith(MAGIC[0]) and len(head) == 24:
        columns, rows = struct.unpack(">II", head[16:])
        return f"{columns:,} × {rows:,} pixels"
    pixels = [int(part) for part in str(error).replace("(", " ").split() if part.isdigit()]
    return f"{pixels[0] // 1_000_000:,} megapixels" if pixels else "too many pixels"


def _gray(image: ImageFile.ImageFile, path: Path) -> tuple[NDArray[Any], bool]:
    """Rows × columns of numbers, as many bits as the file has, and whether 0 is white."""
    deep = deep_color.read(image, path)
    return (deep.gray, False) if deep is not None else _plain_gray(deep_color.upright(image))


def _plain_gray(image: Image.Image) -> tuple[NDArray[Any], bool]:
    falls = getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == MIN_IS_WHITE
    if image.mode in ("1", "L"):  # Pillow turns those where 0 is white itself
        return np.asarray(image.convert("L")), False
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        values = np.asarray(image)
        return (values.astype(np.uint16) if image.mode == "I;16B" else values), falls
    if "A" in image.getbands() or "transparency" in image.info:
        # See-through parts show black, as a viewer's ground does.
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image)
    return np.asarray(image.convert("RGB").convert("L")), False
