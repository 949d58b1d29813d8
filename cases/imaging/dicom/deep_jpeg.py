"""12-bit JPEG (JPEG Extended) by gdcm, in a process of its own.

pydicom has no decoder for it. gdcm has one, which ends the process on damaged code; so this file is
also the program of that process: a header and codes on standard input, 16-bit pixels on
standard output.
"""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Iterable

HEADER = struct.Struct("<HHBB")
"""Rows, columns, bits of a pixel, whether pixels are signed."""
LENGTH = struct.Struct("<I")
SECONDS = 300


def decode(codes: Iterable[bytes], rows: int, columns: int, bits: int, *, signed: bool) -> bytes:
    """The pixels of gray frames of one size, one after the other, 16 bits each.

    Raises:
        ValueError: damaged code.
    """
    sent = HEADER.pack(rows, columns, bits, signed)
    sent += b"".join(LENGTH.pack(len(code)) + code for code in codes)
    try:
        done = subprocess.run(
            [sys.executable, "-I", __file__],
            input=sent,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ValueError("decoding its 12-bit JPEG does not come to an end") from None
    if done.returncode:
        raise ValueError("its 12-bit JPEG is damaged")
    return done.stdout


def main() -> None:
    sent = sys.stdin.buffer.read()
    rows, columns, bits, signed = HEADER.unpack_from(sent)
    at = HEADER.size
    while at < len(sent):
        (length,) = LENGTH.unpack_from(sent, at)
        at += LENGTH.size
        frame = _frame(sent[at : at + length], rows, columns, bits, signed)
        sys.stdout.buffer.write(frame)
        at += length


def _frame(code: bytes, rows: int, columns: int, bits: int, signed: int) -> bytes:
    import gdcm

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(code)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((columns, rows, 1))
    image.SetDataElement(element)
    gray = gdcm.PhotometricInterpretation.MONOCHROME2
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(gray))
    syntax = gdcm.TransferSyntax.JPEGExtendedProcess2_4
    image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    image.SetPixelFormat(gdcm.PixelFormat(1, 16, bits, bits - 1, signed))
    return image.GetBuffer().encode("utf-8", "surrogateescape")


if __name__ == "__main__":
    main()
