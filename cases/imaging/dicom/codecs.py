"""The pixels of a DICOM file, by whichever decoder can read them, as its header ought to say.

Sections named "C." are of DICOM PS3.3 (Information Object Definitions).
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import generate_frames, get_frame
from pydicom.pixels import apply_color_lut

from cases.imaging.dicom import deep_jpeg
from cases.imaging.dicom.header import brief, text, whole
from cases.imaging.pixels import ImageProblem

# What its decoders run into is told in one sentence here, not in traces on the way.
logging.getLogger("pydicom").setLevel(logging.CRITICAL)

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
ITEM = b"\xfe\xff\x00\xe0"
"""How pixel data that are cut into fragments begin (PS3.5, A.4)."""
COLOR_MODELS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
JPEG_FRAMES = {
    0xC0: uid.JPEGBaseline8Bit,
    0xC1: uid.JPEGExtended12Bit,
    0xC3: uid.JPEGLosslessSV1,
    0xF7: uid.JPEGLSLossless,
}
"""The marker that begins a JPEG's frame header, and the transfer syntax that has it."""
NATIVE_BITS, CODED_BITS = (1, 8, 16, 32, 64), (8, 16, 32)


def gray_frames(dataset: Dataset, path: Path) -> NDArray[Any]:
    """The file's numbers, shape ``(frames, rows, columns)``; color turned to gray.

    Raises:
        ImageProblem: an incomplete or contradictory header, pixels cut off, or no decoder.
    """
    _complete(dataset, path.name)
    shift = _shift(dataset)
    bits_stored = whole(dataset.get("BitsStored"))
    if shift:  # else the decoder would mask away the upper bits
        dataset.BitsStored = dataset.BitsAllocated
        dataset.HighBit = dataset.BitsAllocated - 1
    values = _decoded(dataset, path)
    samples = whole(dataset.get("SamplesPerPixel")) or 1
    if text(dataset.PhotometricInterpretation) == "PALETTE COLOR":
        values, samples = apply_color_lut(values, dataset), 3
    # How many frames there are is told by the pixels: the header may say something else.
    values = values.reshape(-1, dataset.Rows, dataset.Columns, *([samples] * (samples > 1)))
    if samples > 1:
        values = _luminance(values)
    return _aligned(values, bits_stored, shift) if shift else values


def _complete(dataset: Dataset, name: str) -> None:
    """Fill in what follows from the rest of the header; refuse what cannot be known."""
    is_float = "PixelData" not in dataset
    if is_float:
        dataset.PhotometricInterpretation = dataset.get("PhotometricInterpretation", "MONOCHROME2")
    needed = ["PhotometricInterpretation", "BitsAllocated"]
    needed += [] if is_float else ["PixelRepresentation"]
    missing = [key for key in needed if dataset.get(key) in (None, "")]
    if missing:
        raise ImageProblem(
            name,
            f"has a header without {' and '.join(missing)}, so that its pixels mean nothing",
            "export it again from its source, as DICOM with a complete header",
        )
    dataset.PhotometricInterpretation = text(dataset.PhotometricInterpretation)
    is_color = dataset.PhotometricInterpretation in COLOR_MODELS
    if not whole(dataset.get("SamplesPerPixel")):
        dataset.SamplesPerPixel = 3 if is_color else 1
    bits = whole(dataset.BitsAllocated)
    if not 0 < whole(dataset.get("BitsStored")) <= bits:
        dataset.BitsStored = bits
    if not dataset.BitsStored <= whole(dataset.get("HighBit")) + 1 <= bits:
        dataset.HighBit = dataset.BitsStored - 1
    if whole(dataset.get("NumberOfFrames")) < 1 and "NumberOfFrames" in dataset:
        del dataset.NumberOfFrames
    if bits not in (CODED_BITS if _is_coded(dataset) else NATIVE_BITS):
        raise ImageProblem(
            name,
            f"has pixels of {bits} bits (Bits Allocated), which its kind of pixel data cannot have",
            "export it again from its source",
        )


def _is_coded(dataset: Dataset) -> bool:
    """Whether the pixels are in fragments, whatever the transfer syntax says."""
    return "PixelData" in dataset and bytes(dataset.PixelData[:4]) == ITEM


def _decoded(dataset: Dataset, path: Path) -> NDArray[Any]:
    """By each decoder, first as the header says the pixels are coded, then as they look."""
    coded = _is_coded(dataset)
    if not coded:
        _refuse_too_short(dataset, path.name)
    if not hasattr(dataset, "file_meta"):
        dataset.file_meta = FileMetaDataset()
    stated = dataset.file_meta.get("TransferSyntaxUID")
    first: Exception | None = None
    for syntax in _syntaxes(dataset, stated, coded):
        # 12-bit JPEG is left out by pydicom; gdcm reads it when asked directly.
        is_deep_jpeg = syntax == uid.JPEGExtended12Bit and dataset.BitsStored > 8
        try:
            return _by_gdcm(dataset) if is_deep_jpeg else _by_pydicom(dataset, syntax)
        except MemoryError:
            raise
        except Exception as error:  # each codec raises its own kinds
            first = first or error
    why = brief(first) if first else "no decoder knows it"
    name = uid.UID(str(stated)).name if stated else "no transfer syntax"
    name = "an unknown transfer syntax" if name == stated else name
    raise ImageProblem(
        path.name,
        f"has pixels that cannot be decoded ({name}: {why})",
        "copy it again, or export it uncompressed (Explicit VR Little Endian)"
        if coded
        else "export it again from its source",
    )


def _syntaxes(dataset: Dataset, stated: str | None, coded: bool) -> Iterator[str]:
    """The transfer syntax of the header, unless the pixels rule it out, then the one they show."""
    known = stated is not None and uid.UID(stated).is_transfer_syntax
    if stated is not None and known and uid.UID(stated).is_encapsulated == coded:
        yield stated
    shown = _shown_syntax(dataset) if coded else _native_syntax(dataset)
    if shown and shown != stated:
        yield shown


def _native_syntax(dataset: Dataset) -> str:
    implicit, little = dataset.original_encoding
    if little is False:
        return uid.ExplicitVRBigEndian
    return uid.ImplicitVRLittleEndian if implicit else uid.ExplicitVRLittleEndian


def _shown_syntax(dataset: Dataset) -> str | None:
    """The transfer syntax that the first frame's own code begins like."""
    try:
        code = get_frame(dataset.PixelData, 0, number_of_frames=1)
    except Exception:  # damaged fragments, in many ways
        return None
    if code.startswith(b"\xff\xd8"):
        return _jpeg_syntax(code)
    if code.startswith(b"\x00\x00\x00\x0cjP  "):
        return uid.JPEG2000
    if code.startswith(b"\xff\x4f\xff\x51"):
        header = code[: max(code.find(b"\xff\x90"), 0)]
        return uid.HTJ2K if b"\xff\x50" in header else uid.JPEG2000
    planes, first = (int.from_bytes(code[at : at + 4], "little") for at in (0, 4))
    return uid.RLELossless if 1 <= planes <= 15 and first == 64 else None


def _jpeg_syntax(code: bytes) -> str | None:
    head = _jpeg_frame_header(code)
    return JPEG_FRAMES[head[0]] if head else None


def _jpeg_frame_header(code: bytes) -> tuple[int, int, int, int, int] | None:
    """Marker, bits, rows, columns and components of a JPEG (ISO 10918-1, B.2.2)."""
    at = 2
    while at + 10 <= len(code) and code[at] == 0xFF:
        if code[at + 1] in JPEG_FRAMES:
            bits, rows, columns, components = struct.unpack(">BHHB", code[at + 4 : at + 10])
            return code[at + 1], bits, rows, columns, components
        at += 2 + int.from_bytes(code[at + 2 : at + 4], "big")
    return None


def _refuse_too_short(dataset: Dataset, name: str) -> None:
    """Pixels that are not coded have a size that follows from the header."""
    key = next(key for key in PIXELS if key in dataset)
    bits = {"PixelData": whole(dataset.BitsAllocated), "FloatPixelData": 32}.get(key, 64)
    samples = 2 if dataset.PhotometricInterpretation == "YBR_FULL_422" else dataset.SamplesPerPixel
    frames = whole(dataset.get("NumberOfFrames", 1))
    wanted = -(-dataset.Rows * dataset.Columns * samples * frames * bits // 8)
    given = len(dataset[key].value)
    if given < wanted:
        raise ImageProblem(
            name,
            f"is cut off or damaged (it holds {given:,} of the {wanted:,} bytes of pixels that "
            "its header promises)",
            "copy or download it again",
        )


def _by_pydicom(dataset: Dataset, syntax: str) -> NDArray[Any]:
    dataset.file_meta.TransferSyntaxUID = uid.UID(syntax)
    return dataset.pixel_array


def _by_gdcm(dataset: Dataset) -> NDArray[Any]:
    """Gray pixels of 12-bit JPEG frames."""
    if dataset.SamplesPerPixel != 1 or dataset.BitsAllocated != 16:
        raise ValueError("12-bit JPEG is read as gray of 16 bits only")
    count = max(1, whole(dataset.get("NumberOfFrames", 1)))
    codes = list(generate_frames(dataset.PixelData, number_of_frames=count))
    heads = {_jpeg_frame_header(code) for code in codes}
    _, bits, *size = (heads.pop() if len(heads) == 1 else None) or (0, 0)
    if bits not in (12, 16) or size != [dataset.Rows, dataset.Columns, 1]:
        raise ValueError("the JPEG inside is of another size or kind than the header says")
    bits = min(bits, whole(dataset.BitsStored))  # gdcm itself writes 12 bits as if they were 16
    signed = whole(dataset.PixelRepresentation) == 1
    pixels = deep_jpeg.decode(codes, dataset.Rows, dataset.Columns, bits, signed=signed)
    return np.frombuffer(pixels, "<i2" if signed else "<u2")


def _luminance(values: NDArray[Any]) -> NDArray[Any]:
    """Rec. 601 luma of RGB pixels (the decoders turn YBR to RGB), in the dtype they came in."""
    luma = values[..., :3].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.rint(luma).astype(values.dtype)


def _shift(dataset: Dataset) -> int:
    """How many bits lie below the stored ones, by the header (PS3.5, 8.1.1)."""
    if "PixelData" not in dataset or whole(dataset.SamplesPerPixel) != 1:
        return 0
    return whole(dataset.HighBit) + 1 - whole(dataset.BitsStored)


def _aligned(values: NDArray[Any], bits: int, shift: int) -> NDArray[Any]:
    """Numbers of `bits` bits that lie `shift` bits up, brought down.

    Where all of them fit into `bits` and the lowest bits are in use, the header is wrong about
    its High Bit, and they stay as they are.
    """
    signed = values.dtype.kind == "i"
    low, high = (-(1 << (bits - 1)), 1 << (bits - 1)) if signed else (0, 1 << bits)
    if low <= values.min() and values.max() < high and (values & ((1 << shift) - 1)).any():
        return values
    above = values.dtype.itemsize * 8 - bits - shift
    return (values << above) >> (above + shift)
