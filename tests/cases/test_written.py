"""A film of the library as a DICOM file: what its header says of its pixels."""

from __future__ import annotations

import io
import math

import numpy as np
import pydicom
import pytest
from pydicom.uid import (
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
)

from cases.imaging.dicom.written import uid_of, written
from tests.cases.files import ramp

pytestmark = pytest.mark.pure


def read_back(frames, **said):
    made = written(frames, study="s", image="i", number=3, **said)
    stream = io.BytesIO()
    made.save_as(stream, enforce_file_format=True)
    stream.seek(0)
    return pydicom.dcmread(stream)


@pytest.mark.parametrize(
    ("values", "most", "bits"),
    [
        (ramp(), 4095, (16, 12, 11)),
        (ramp(), 0, (16, 1, 0)),
        ((ramp() >> 4).astype(np.uint8), 255, (8, 8, 7)),
        ((ramp() >> 4).astype(np.uint8)[:1, :3], 255, (8, 8, 7)),
    ],
)
def test_pixels_come_back_and_their_bits_are_told(values, most, bits):
    file = read_back([values], max_value=most)
    assert (file.BitsAllocated, file.BitsStored, file.HighBit) == bits
    assert (file.PixelRepresentation, file.SamplesPerPixel) == (0, 1)
    assert file.PhotometricInterpretation == "MONOCHROME2"
    assert (file.Rows, file.Columns) == values.shape
    assert file.PixelData[: values.nbytes] == values.tobytes()
    assert len(file.PixelData) % 2 == 0
    assert file.SOPClassUID == SecondaryCaptureImageStorage


def test_a_stack_is_a_file_of_many_frames():
    wide, narrow = ramp(), (ramp() >> 4).astype(np.uint8)
    file = read_back([wide, wide + 1], view="CT", max_value=4096)
    assert file.SOPClassUID == MultiFrameGrayscaleWordSecondaryCaptureImageStorage
    assert (file.NumberOfFrames, file.Modality) == (2, "CT")
    assert np.array_equal(file.pixel_array, np.stack([wide, wide + 1]))
    file = read_back([narrow] * 3)
    assert file.SOPClassUID == MultiFrameGrayscaleByteSecondaryCaptureImageStorage
    assert (file.NumberOfFrames, file.Modality) == (3, "OT")


@pytest.mark.parametrize(
    ("window", "hounsfield", "said"),
    [
        ((1024, 400), (1.0, -1024.0), (0, 400, "HU")),
        ((100, 50), (0.5, 10.0), (60, 25, "HU")),
        ((100, 50), (-2.0, 0.0), (-200, 100, "HU")),
        ((7, 0.25), None, (7, 1, "US")),
        ((math.pi, math.e), None, (3.141593, 2.718282, "US")),
    ],
)
def test_a_window_is_said_in_the_units_of_the_slope(window, hounsfield, said):
    file = read_back([ramp()], window=window, hounsfield=hounsfield)
    assert (file.WindowCenter, file.WindowWidth, file.RescaleType) == said
    assert (file.RescaleSlope, file.RescaleIntercept) == (hounsfield or (1, 0))


def test_spacing_goes_before_the_shape_of_a_pixel():
    assert read_back([ramp()], spacing=(0.5, 0.123456789), aspect=2.0).PixelSpacing == [
        0.5,
        0.12345679,
    ]
    assert read_back([ramp()], aspect=0.75).PixelAspectRatio == [750, 1000]
    assert read_back([ramp()], aspect=0.0001).PixelAspectRatio == [1, 1000]
    plain = read_back([ramp()])
    assert "PixelAspectRatio" not in plain
    assert "PixelSpacing" not in plain


def test_what_is_known_of_the_person_and_no_more_is_said():
    file = read_back([ramp()], view="AP", age=7, sex="F", orientation="LF", is_free_of_text=True)
    assert (file.PatientAge, file.PatientSex, file.ViewPosition) == ("007Y", "F", "AP")
    assert file.PatientOrientation == ["L", "F"]
    assert (file.BurnedInAnnotation, file.Modality) == ("NO", "DX")
    assert (file.PatientID, file.SeriesNumber, file.InstanceNumber) == ("s", 3, 1)
    assert file.ImageType == ["DERIVED", "SECONDARY"]
    assert (file.StudyInstanceUID, file.SOPInstanceUID) == (uid_of("s"), uid_of("i"))
    assert file.SeriesInstanceUID == uid_of("i", "series") != uid_of("i")
    silent = read_back([ramp()], view="OTHER")
    for name in ("PatientAge", "ViewPosition", "BurnedInAnnotation", "WindowCenter"):
        assert name not in silent
