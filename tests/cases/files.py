"""Small image files of every accepted kind, written by the tests themselves."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    generate_uid,
)

REAL_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_real_data = pytest.mark.skipif(
    not REAL_DATA.is_dir(), reason="needs the real data sets in ../shared/data"
)


def ramp(rows: int = 40, columns: int = 60, top: int = 4095) -> NDArray[np.uint16]:
    """Every row rises from 0 to `top`."""
    return np.tile(np.linspace(0, top, columns).round().astype(np.uint16), (rows, 1))


def write_png(path: Path, values: NDArray[Any] | None = None, **options: Any) -> Path:
    Image.fromarray(ramp() if values is None else values).save(path, **options)
    return path


def dicom(values: NDArray[Any], **elements: Any) -> Dataset:
    """A DX data set of gray (or, with three samples, color) pixels; None removes an element."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.SOPClassUID = DigitalXRayImageStorageForPresentation
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
    dataset.PatientName = "Secret^Name"
    dataset.PatientID = "SECRET-ID"
    dataset.Modality = "DX"
    color = values.ndim == 3 and values.shape[-1] == 3
    dataset.Rows, dataset.Columns = values.shape[:2] if color else values.shape[-2:]
    if values.ndim == 3 and not color:
        dataset.NumberOfFrames = values.shape[0]
    dataset.SamplesPerPixel = 3 if color else 1
    if color:
        dataset.PlanarConfiguration = 0
    dataset.PhotometricInterpretation = "RGB" if color else "MONOCHROME2"
    dataset.BitsAllocated = values.dtype.itemsize * 8
    dataset.BitsStored = dataset.BitsAllocated
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(values.dtype.kind == "i")
    dataset.PixelData = values.tobytes()
    for name, value in elements.items():
        if value is None:
            del dataset[name]
        else:
            setattr(dataset, name, value)
    return dataset


def write_dicom(path: Path, values: NDArray[Any] | None = None, **elements: Any) -> Path:
    dataset = dicom(ramp() if values is None else values, **elements)
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)
    return path


def write_coded(path: Path, syntax: str, values: NDArray[Any], bits: int) -> Dataset:
    """A DICOM file coded by gdcm, `syntax` by gdcm's own name of it; its data set.

    gdcm is loaded after Pillow: the other way round Pillow writes PNG by gdcm's zlib, and crashes.
    """
    import gdcm

    plain = write_dicom(path, values, BitsStored=bits, HighBit=bits - 1)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(plain))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return pydicom.dcmread(path)


def huge_png(path: Path, side: int) -> Path:
    """A PNG whose header promises `side` × `side` pixels; a few hundred bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path
