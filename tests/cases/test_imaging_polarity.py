"""Whatever makes gray fall with the stored value is taken from the header, as dcmtk takes it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset

from cases.imaging import ImageProblem, Source, Window, decode_file, prepare_image
from cases.imaging.render import pixels_of, windowed
from tests.cases.files import ramp, write_dicom

pytestmark = [
    pytest.mark.pure,
    pytest.mark.filterwarnings("ignore:Invalid value for VR CS"),  # of headers made to be odd
]

needs_dcmtk = pytest.mark.skipif(
    shutil.which("dcm2pnm") is None, reason="needs dcm2pnm of the dcmtk package to compare with"
)


def table(
    values: NDArray[Any], *, first: int = 0, bits: int = 16, width: str = "<u2", **elements: Any
) -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [len(values) % 65536, first, bits]
    item["LUTDescriptor"].VR = "US"
    item.LUTData = np.asarray(values).astype(width).tobytes()
    for name, value in elements.items():
        setattr(item, name, value)
    return item


RISING = np.arange(4096) * 16
FALLING = 65535 - RISING
SIGMOID = (65535 / (1 + np.exp(-(np.arange(4096) - 2000) / 200))).round()
LATE = np.concatenate([np.zeros(1000), np.linspace(0, 65535, 3096)]).round()

HEADERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "monochrome1": {"PhotometricInterpretation": "MONOCHROME1"},
    "small letters": {"PhotometricInterpretation": "monochrome1"},
    "shape turns monochrome2": {"PresentationLUTShape": "INVERSE"},
    "shape and monochrome1 agree": {
        "PhotometricInterpretation": "MONOCHROME1",
        "PresentationLUTShape": "INVERSE",
    },
    "shape overrules monochrome1": {
        "PhotometricInterpretation": "MONOCHROME1",
        "PresentationLUTShape": "IDENTITY",
    },
    "an unknown shape says nothing": {
        "PhotometricInterpretation": "MONOCHROME1",
        "PresentationLUTShape": "LIN OD",
    },
    "slope below 0": {"RescaleSlope": -10, "RescaleIntercept": 3000},
    "slope below 0 in monochrome1": {
        "RescaleSlope": -0.5,
        "RescaleIntercept": 9,
        "PhotometricInterpretation": "MONOCHROME1",
    },
    "slope below 0 with a window": {
        "RescaleSlope": -10,
        "RescaleIntercept": 3000,
        "WindowCenter": -15000,
        "WindowWidth": 30000,
    },
    "slope of 0 is none": {"RescaleSlope": 0, "RescaleIntercept": 3000},
    "VOI LUT": {"VOILUTSequence": [table(LATE)]},
    "falling VOI LUT": {"VOILUTSequence": [table(FALLING)]},
    "falling VOI LUT in monochrome1": {
        "VOILUTSequence": [table(FALLING)],
        "PhotometricInterpretation": "MONOCHROME1",
    },
    "falling VOI LUT and INVERSE": {
        "VOILUTSequence": [table(SIGMOID[::-1])],
        "PresentationLUTShape": "INVERSE",
    },
    "falling VOI LUT after a slope below 0": {
        "VOILUTSequence": [table(FALLING)],
        "RescaleSlope": -1,
        "RescaleIntercept": 4095,
    },
    "VOI LUT of 8 bits in words": {"VOILUTSequence": [table(LATE // 256, bits=8)]},
    "falling modality LUT": {"ModalityLUTSequence": [table(FALLING, ModalityLUTType="US")]},
}


def film(noise: int = 3) -> NDArray[np.uint16]:
    """12 bits: a slope with a bright square, so that upside down and turned around both show."""
    values = ramp(48, 64, 4095).astype(int)
    values[8:20, 4:20] += 900
    values += np.random.default_rng(noise).integers(-40, 40, values.shape)
    return values.clip(0, 4095).astype(np.uint16)


def shown(path: Path) -> NDArray[np.uint8]:
    """What a learner first sees of a file."""
    decoded = decode_file(path)
    return windowed(decoded.frames[0], prepare_image(Source((path,))).window)


def shown_by_dcmtk(path: Path, option: str) -> NDArray[np.uint8]:
    picture = path.with_suffix(".pgm")
    arguments = ["+Wl", "1"] if option == "table" else ["+Wi", "1"] if option == "window" else []
    subprocess.run(
        ["dcm2pnm", *(arguments or ["+Wm"]), str(path), str(picture)],
        check=True,
        capture_output=True,
    )
    with Image.open(picture) as image:
        return np.asarray(image.convert("L"))


@needs_dcmtk
@pytest.mark.parametrize("name", sorted(HEADERS))
def test_a_file_looks_as_it_does_in_dcmtk(tmp_path, name):
    elements = HEADERS[name]
    path = write_dicom(tmp_path / "a.dcm", film(), BitsStored=12, HighBit=11, **elements)
    how = "table" if "VOILUTSequence" in elements else ""
    how = how or ("window" if "WindowWidth" in elements else "")
    ours, theirs = shown(path).astype(float), shown_by_dcmtk(path, how).astype(float)
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.97
    assert np.abs(ours - theirs).mean() < 20


FALLS = {
    "plain": False,
    "monochrome1": True,
    "shape turns monochrome2": True,
    "shape and monochrome1 agree": True,
    "shape overrules monochrome1": False,
    "slope below 0": True,
    "slope below 0 in monochrome1": False,
    "falling VOI LUT": True,
    "falling VOI LUT in monochrome1": False,
    "falling VOI LUT and INVERSE": False,
    "falling VOI LUT after a slope below 0": False,
    "falling modality LUT": True,
}


@pytest.mark.parametrize(("name", "falls"), FALLS.items())
def test_every_part_of_the_header_that_turns_grays_around_counts_once(tmp_path, name, falls):
    path = write_dicom(tmp_path / "a.dcm", ramp(), BitsStored=12, HighBit=11, **HEADERS[name])
    row = decode_file(path).frames[0, 0].astype(int)
    steps = np.diff(row)
    assert (steps <= 0).all() if falls else (steps >= 0).all()
    assert len(np.unique(row)) == len(np.unique(ramp())), "no gray is lost"


def test_a_window_goes_with_a_slope_below_0(tmp_path):
    path = write_dicom(
        tmp_path / "a.dcm",
        RescaleSlope=-10,
        RescaleIntercept=3000,
        WindowCenter=-16999.5,
        WindowWidth=10001,
    )
    # -22000 … -12000 of the rescaled values are the stored 2500 … 1500 of the file.
    assert decode_file(path).window == Window(4095 - 2000, 1000)


@pytest.mark.parametrize("width", ["<u2", "u1"])
def test_a_table_of_8_bits_is_read_in_the_width_it_was_written_in(tmp_path, width):
    item = table(np.arange(4096) >> 4, bits=8, width=width)
    window = decode_file(write_dicom(tmp_path / "a.dcm", VOILUTSequence=[item])).window
    assert window.center == pytest.approx(2048, abs=20)
    assert window.width == pytest.approx(3930, abs=40)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_a_modality_table_of_any_depth_is_applied(tmp_path, bits):
    top = (1 << bits) - 1
    item = table(np.linspace(top, 0, 4096).round(), bits=bits, ModalityLUTType="US")
    frames = decode_file(write_dicom(tmp_path / "a.dcm", ModalityLUTSequence=[item])).frames
    assert (int(frames[0, 0, 0]), int(frames[0, 0, -1])) == (top, 0)


def test_a_table_for_numbers_below_0_starts_there(tmp_path):
    values = ramp().astype(np.int16) - 2048
    item = table(LATE, first=-2048 % 65536)
    window = decode_file(write_dicom(tmp_path / "a.dcm", values, VOILUTSequence=[item])).window
    assert window.low == pytest.approx(1000 + 62, abs=20)


def test_only_the_part_of_a_table_that_the_pixels_use_tells_its_direction(tmp_path):
    rises_in_use = np.concatenate([np.linspace(0, 60_000, 500), np.linspace(60_000, 0, 3596)])
    path = write_dicom(
        tmp_path / "a.dcm", ramp(top=499), VOILUTSequence=[table(rises_in_use.round())]
    )
    assert (np.diff(decode_file(path).frames[0, 0].astype(int)) >= 0).all()


def test_padding_stays_black_however_the_grays_are_turned(tmp_path):
    values = ramp() + 10
    values[0] = 0
    for name in ("slope below 0", "shape turns monochrome2", "falling VOI LUT"):
        path = write_dicom(tmp_path / "a.dcm", values, PixelPaddingValue=0, **HEADERS[name])
        frame = decode_file(path).frames[0]
        assert not frame[0].any()
        assert frame[1, 0] > frame[1, -1]


def test_a_stack_of_monochrome1_files_shows_the_same_value_as_the_same_gray(tmp_path):
    tops = (4095, 9000, 700)
    paths = tuple(
        write_dicom(tmp_path / f"{top}.dcm", ramp(top=top), PhotometricInterpretation="MONOCHROME1")
        for top in tops
    )
    prepared = prepare_image(Source(paths))
    for top, rendition in zip(tops, prepared.renditions, strict=True):
        frame = pixels_of(rendition).astype(int)
        assert np.array_equal(frame[0], prepared.max_value - ramp(top=top)[0].astype(int))


def test_files_of_unlike_polarity_are_no_stack(tmp_path):
    paths = (
        write_dicom(tmp_path / "0.dcm"),
        write_dicom(tmp_path / "1.dcm", PhotometricInterpretation="MONOCHROME1"),
    )
    with pytest.raises(ImageProblem, match=r"^1\.dcm .*another polarity than .*0\.dcm"):
        prepare_image(Source(paths))
