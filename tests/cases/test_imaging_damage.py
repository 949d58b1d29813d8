"""Whatever bytes come: an image, or one sentence."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from cases.imaging import ImageProblem, Source, prepare_image
from tests.cases.files import dicom, ramp, write_coded, write_png

pytestmark = [
    pytest.mark.pure,
    pytest.mark.filterwarnings("ignore::UserWarning"),  # pydicom's, of headers made to be odd
]

ROUNDS = 25
"""Mutations of each file by each kind of damage."""


def rich(**elements) -> Dataset:
    """A small data set with every part of a header that the reader looks at."""
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [64, 0, 16])
    table.LUTData = np.arange(64, dtype="<u2").tobytes()
    return dicom(
        ramp(12, 16, 60),
        VOILUTSequence=[table],
        WindowCenter=["30", "40"],
        WindowWidth=["60", "80"],
        RescaleSlope="1.5",
        RescaleIntercept="-20",
        PixelPaddingValue=3,
        PixelSpacing=[0.2, 0.3],
        PixelAspectRatio=[2, 3],
        PatientOrientation=["L", "F"],
        ViewPosition="PA",
        PatientAge="054Y",
        PresentationLUTShape="INVERSE",
        **elements,
    )


def enhanced() -> Dataset:
    dataset = dicom(np.stack([ramp(12, 16, 60)] * 3), Modality="CT")
    frames = []
    for depth in (0, 10, 5):
        position, scale, frame = Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = [0, 0, depth]
        scale.RescaleSlope, scale.RescaleIntercept = depth + 1, -1024
        frame.PlanePositionSequence, frame.PixelValueTransformationSequence = [position], [scale]
        frames.append(frame)
    directions, shared = Dataset(), Dataset()
    directions.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    shared.PlaneOrientationSequence = [directions]
    dataset.PerFrameFunctionalGroupsSequence = frames
    dataset.SharedFunctionalGroupsSequence = [shared]
    return dataset


@pytest.fixture(scope="module")
def originals(tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("originals")
    rich().save_as(folder / "rich.dcm", enforce_file_format=True)
    signed = rich(PixelRepresentation=1, BitsStored=12, HighBit=15, Modality="CT")
    signed.save_as(folder / "signed.dcm", enforce_file_format=True)
    enhanced().save_as(folder / "enhanced.dcm", enforce_file_format=True)
    plain = rich()
    del plain.file_meta
    pydicom.dcmwrite(folder / "bare.dcm", plain, implicit_vr=True, little_endian=True)
    compressed = rich()
    compressed.compress(pydicom.uid.RLELossless)
    compressed.save_as(folder / "rle.dcm", enforce_file_format=True)
    write_coded(folder / "jpeg.dcm", "JPEGExtendedProcess2_4", ramp(32, 32), 12)
    write_png(folder / "a.png", ramp(12, 16))
    write_png(folder / "a.tif", ramp(12, 16))
    write_png(folder / "c.png", np.full((12, 16, 4), 9, np.uint8))
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def flip(content: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 12)):
        content[chance.randrange(len(content))] = chance.randrange(256)


def cut(content: bytearray, chance: random.Random) -> None:
    del content[chance.randrange(len(content)) :]


def repeat(content: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(content))
    content[start:start] = content[start : start + chance.randint(1, 80)]


def blank(content: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(content))
    end = min(len(content), start + chance.randint(1, 40))
    content[start:end] = chance.choice([b"\0", b"\xff", b" "]) * (end - start)


def numbers(content: bytearray, chance: random.Random) -> None:
    """A 16-bit number, which may be a length, a size or a count, becomes an extreme one."""
    start = chance.randrange(max(1, len(content) - 2))
    content[start : start + 2] = chance.choice([b"\0\0", b"\1\0", b"\xff\xff", b"\0\x80", b"@\0"])


@pytest.mark.parametrize("damage", [flip, cut, repeat, blank, numbers])
def test_a_damaged_file_is_an_image_or_a_sentence(
    originals, tmp_path, damage: Callable[[bytearray, random.Random], None]
):
    chance = random.Random(damage.__name__)
    for name, content in originals.items():
        path = tmp_path / name
        for _ in range(ROUNDS):
            changed = bytearray(content)
            damage(changed, chance)
            path.write_bytes(changed)
            assert_image_or_sentence(path)


HEADER = {
    "Rows": st.integers(0, 65535),
    "Columns": st.integers(0, 65535),
    "SamplesPerPixel": st.integers(0, 9),
    "BitsAllocated": st.integers(0, 65),
    "BitsStored": st.integers(0, 65),
    "HighBit": st.integers(0, 65),
    "PixelRepresentation": st.integers(0, 3),
    "PixelPaddingValue": st.integers(0, 65535),
    "NumberOfFrames": st.integers(-1, 10**6),
    "PhotometricInterpretation": st.sampled_from(
        ["MONOCHROME1", "MONOCHROME2", "RGB", "YBR_FULL_422", "PALETTE COLOR", "", "?"]
    ),
    "RescaleSlope": st.sampled_from(["0", "-1", "1e-300", "1e300", "nan", "-0.01", ""]),
    "RescaleIntercept": st.sampled_from(["-1024", "1e300", "-inf", ""]),
    "WindowWidth": st.sampled_from(["0", "-5", "1e300", "nan", ["", ""]]),
    "PixelSpacing": st.sampled_from([["0", "0"], ["1"], ["nan", "1"], ["1e300", "1"]]),
    "PixelAspectRatio": st.sampled_from([["0", "0"], ["1"], ["-1", "1"], ["9999999", "1"]]),
    "PatientOrientation": st.sampled_from([["L"], ["", ""], ["R", "F"], ["X", "Y"], ["L", "L"]]),
    "ImageOrientationPatient": st.lists(st.sampled_from(["0", "1", "nan", "1e300"]), max_size=7),
    "ViewPosition": st.text(max_size=16),
}


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(elements=st.fixed_dictionaries({}, optional=HEADER))
def test_a_header_that_says_anything_is_an_image_or_a_sentence(tmp_path_factory, elements):
    dataset = rich()
    with pydicom.config.disable_value_validation():
        for key, value in elements.items():
            try:
                setattr(dataset, key, value)
            except (TypeError, ValueError, OverflowError):
                dataset[key] = pydicom.DataElement(key, "LO", str(value))
        path = tmp_path_factory.getbasetemp() / "odd-header.dcm"
        try:
            dataset.save_as(path, enforce_file_format=True)
        except (OSError, TypeError, ValueError, AttributeError):  # no such file can be written
            return
    assert_image_or_sentence(path)


def assert_image_or_sentence(path) -> None:
    try:
        prepared = prepare_image(Source((path,)))
    except ImageProblem as problem:
        sentence = str(problem)
        assert sentence.startswith(path.name)
        assert sentence.endswith(".")
        assert "\n" not in sentence
        assert "secret" not in sentence.lower(), "nor a word of the header"
    else:
        assert prepared.renditions
        assert prepared.window.width >= 1
        assert np.isfinite([prepared.window.center, prepared.value_offset]).all()
        assert prepared.value_scale is None or prepared.value_scale != 0
