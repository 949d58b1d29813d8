"""Reading DICOM files in this process within bounds: none of them swells when it is read.

Deflated Explicit VR Little Endian (PS3.5 A.5) packs a whole data set; a few kilobytes of it may
unfold to gigabytes. Pixels of films are decoded elsewhere, in processes with limits of their own.
"""

from __future__ import annotations

import warnings
import zlib
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pydicom
from pydicom.dataset import Dataset, FileDataset
from pydicom.filereader import read_dataset, read_file_meta_info, read_partial
from pydicom.tag import BaseTag, Tag
from pydicom.uid import DeflatedExplicitVRLittleEndian

LARGEST_HEADER = 64 << 20
"""Bytes of a header, unfolded; that of an enhanced CT of 2,000 slices has some ten million."""
LARGEST_WHOLE = 512 << 20
"""Bytes of a file whose pixels are read here too: segmentations, reports, outlines."""
PIXELS = 0x7FE00008
"""Where pixels begin: float ones lie before the usual element."""
PREAMBLE = 132
GROUP_LENGTH = 12
"""Bytes of the element that tells how long the file's own header is behind it."""
BLOCK = 1 << 20


Seen = tuple[BaseTag, str | None, int]
"""Of an element its tag, kind of value and length in bytes."""


def head_of(path: Path, tags: list[str], seen: list[Seen] | None = None) -> Dataset:
    """These elements of a file's header; its pixels are not read.

    All that are there, wanted or not, come to `seen`; their values are not read.

    Raises:
        pydicom.errors.InvalidDicomError, OSError: it is no DICOM, or cannot be read.
        ValueError: its header unfolds to more than `LARGEST_HEADER`.
    """
    wanted: list[BaseTag | int] = [Tag(tag) for tag in tags]

    def stop(tag: BaseTag, vr: str | None, length: int) -> bool:
        if _at_pixels(tag, vr, length):
            return True
        if seen is not None:
            seen.append((tag, vr, length))
        return False

    with path.open("rb") as stream:
        unfolded = _unfolded(path, stream, LARGEST_HEADER)
        if unfolded is None:
            stream.seek(0)
            return read_partial(stream, stop, specific_tags=wanted)
        dataset = read_dataset(unfolded, False, True, stop_when=stop, specific_tags=wanted)
        if unfolded.tell() >= LARGEST_HEADER:
            raise ValueError("its header is far too large")
        return dataset


def whole_of(path: Path) -> Dataset:
    """A file with its pixels as they are packed.

    Raises:
        pydicom.errors.InvalidDicomError, OSError: it is no DICOM, or cannot be read.
        ValueError: it is larger than `LARGEST_WHOLE`, or unfolds to more.
    """
    if path.stat().st_size > LARGEST_WHOLE:
        raise ValueError("it is far too large")
    with warnings.catch_warnings(), path.open("rb") as stream:
        warnings.simplefilter("ignore")
        unfolded = _unfolded(path, stream, LARGEST_WHOLE)
        if unfolded is None:
            stream.seek(0)
            return pydicom.dcmread(stream)
        if unfolded.getbuffer().nbytes >= LARGEST_WHOLE:
            raise ValueError("it unfolds to far too much")
        dataset = read_dataset(unfolded, False, True)
        return FileDataset(str(path), dataset, file_meta=read_file_meta_info(path))


def _unfolded(path: Path, stream: BinaryIO, most: int) -> BytesIO | None:
    """The first `most` bytes of a deflated data set; None where the file is not deflated."""
    if stream.read(PREAMBLE)[-4:] != b"DICM":
        return None
    meta = read_file_meta_info(path)
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return None
    length = meta.get("FileMetaInformationGroupLength")
    if length is None:
        raise ValueError("its own header has no length")
    stream.seek(PREAMBLE + GROUP_LENGTH + int(length))
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    found = BytesIO()
    while found.tell() < most and not unpacker.eof:
        block = unpacker.unconsumed_tail or stream.read(BLOCK)
        if not block:
            break
        found.write(unpacker.decompress(block, most - found.tell()))
    found.seek(0)
    return found


def _at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
    return tag >= PIXELS
