"""A file of any accepted kind → grey pixels. The kind is told by content, not by name."""

from __future__ import annotations

from pathlib import Path

from cases.imaging import raster
from cases.imaging.pixels import Decoded, ImageProblem

KINDS = "PNG, JPEG, TIFF, JPEG 2000 and DICOM"
DICOM_SUFFIXES = {".dcm", ".dicom", ".dic", ".ima", ""}


def decode_file(path: Path, *, exact: bool = False) -> Decoded:
    """Read one image file.

    `exact` keeps the file's own values: where they mean something (Hounsfield units), or must
    agree with those of other files. Else values stretched to 16 bits get their precision back.

    Raises:
        ImageProblem: the file is missing, not an image, broken, empty or too large.
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
    if head[128:132] == b"DICM":
        return _dicom(path)
    if raster.is_known(head):
        return raster.decode(path, exact=exact)
    if path.suffix.lower() in DICOM_SUFFIXES and _starts_a_data_set(head):
        return _dicom(path)
    raise ImageProblem(name, "is not an image of a kind that can be read", f"use {KINDS}")


def _dicom(path: Path) -> Decoded:
    from cases.imaging import dicom

    return dicom.decode(path)


def _starts_a_data_set(head: bytes) -> bool:
    """A DICOM file without its preamble: the first group is 0002 or 0008, either byte order."""
    return head[:2] in (b"\x02\x00", b"\x08\x00", b"\x00\x08")
