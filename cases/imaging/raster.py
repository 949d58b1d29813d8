"""PNG, JPEG, TIFF and JPEG 2000 by Pillow, turned to grey without losing bits."""

from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from cases.imaging.pixels import (
    Decoded,
    ImageProblem,
    check_size,
    fit_to_16_bits,
    narrowest,
    too_large,
    unstretched,
)

FORMATS = ("PNG", "JPEG", "TIFF", "JPEG2000", "MPO")
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
ORIENTATION = 0x0112


def is_known(head: bytes) -> bool:
    return head.startswith(MAGIC)


def decode(path: Path, *, exact: bool = False) -> Decoded:
    """Read a raster file; its first page when it has several.

    Raises:
        ImageProblem: broken, empty or too large (seen from the header, before decoding).
    """
    name = path.name
    with warnings.catch_warnings():
        # Pillow warns of large files; the limit here is checked by `check_size`.
        warnings.simplefilter("ignore")
        try:
            with Image.open(path, formats=FORMATS) as image:
                check_size(name, image.height, image.width)
                values = _grey(image, name)
        except ImageProblem:
            raise
        except Image.DecompressionBombError as error:
            raise too_large(name, _size_in(path, error)) from None
        except UnidentifiedImageError:
            raise _broken(name, "its header is damaged") from None
        except MemoryError:
            raise ImageProblem(
                name, "needs more memory than there is", "make it smaller and import it again"
            ) from None
        except BROKEN as error:
            raise _broken(name, str(error)) from None
    if values.dtype == np.uint16 and not exact:
        values = unstretched(values.astype(np.uint16, copy=False))
    frames, max_value = narrowest(values)
    return Decoded(frames=frames[np.newaxis], max_value=max_value)


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
        columns, rows = struct.unpack(">II", head[16:24])
        return f"{columns:,} × {rows:,} pixels"
    pixels = [int(part) for part in str(error).replace("(", " ").split() if part.isdigit()]
    return f"{pixels[0] // 1_000_000:,} megapixels" if pixels else "too many pixels"


def _grey(image: Image.Image, name: str) -> NDArray[np.integer]:
    """Rows × columns of unsigned integers, as many bits as the file has."""
    # Asked before loading: a damaged file must not be hidden by a missing EXIF block.
    if image.getexif().get(ORIENTATION, 1) != 1:
        image = ImageOps.exif_transpose(image)
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L"))
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        values = np.asarray(image)
        if image.mode.startswith("I;16"):
            return values.astype(np.uint16, copy=False)
        return fit_to_16_bits(values, name)
    if "A" in image.getbands() or "transparency" in image.info:
        # See-through parts show black, as a viewer's ground does.
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)
    return np.asarray(image.convert("RGB").convert("L"))
