"""Numbers keep their meaning: Hounsfield units, precision, padding, bits, default windows."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset

from cases.imaging import Decoded, ImageProblem, Source, decode_file, decode_files, prepare_image
from cases.imaging.render import pixels_of
from cases.imaging.windows import robust_window
from tests.cases.files import dicom, ramp, write_dicom, write_png

pytestmark = pytest.mark.pure


def hounsfield(decoded: Decoded) -> np.ndarray:
    assert decoded.value_scale is not None
    return decoded.frames * decoded.value_scale + decoded.value_offset


def ct_slice(folder, name, low, high, **elements):
    values = np.linspace(low, high, 1200).round().astype(np.int16).reshape(20, 60)
    return write_dicom(folder / name, values, Modality="CT", **elements)


# Stacks


@pytest.mark.parametrize("lows", [(-50, -1000), (-1000, -50), (-50, -300, -1000, 10)])
def test_a_stack_keeps_its_hounsfield_units_whatever_its_first_slice_holds(tmp_path, lows):
    paths = [ct_slice(tmp_path, f"{low}.dcm", low, 400) for low in lows]
    units = hounsfield(decode_files(paths))
    for low, frame in zip(lows, units, strict=True):
        assert np.array_equal(frame.ravel(), np.linspace(low, 400, 1200).round())


def test_slices_with_rescales_of_their_own_are_brought_to_one_scale(tmp_path):
    rescales = [(1, -1024), (1, -1000), (2, -1024), (0.5, -24)]
    paths = [
        write_dicom(
            tmp_path / f"{index}.dcm",
            ramp(top=1000),
            Modality="CT",
            RescaleSlope=slope,
            RescaleIntercept=intercept,
        )
        for index, (slope, intercept) in enumerate(rescales)
    ]
    units = hounsfield(decode_files(paths))
    for (slope, intercept), frame in zip(rescales, units, strict=True):
        assert np.array_equal(frame, ramp(top=1000).astype(float) * slope + intercept)


def test_a_stack_that_16_bits_cannot_hold_in_full_is_spread_over_them_as_a_whole(tmp_path):
    slopes = (0.001, 40)
    paths = [
        write_dicom(
            tmp_path / f"{slope}.dcm",
            Modality="CT",
            RescaleSlope=slope,
            RescaleIntercept=0,
        )
        for slope in slopes
    ]
    units = hounsfield(decode_files(paths))
    assert np.abs(units[1] - ramp() * 40.0).max() <= 4095 * 40 / 65535
    assert np.abs(units[0] - ramp() * 0.001).max() <= 4095 * 40 / 65535


def test_a_table_says_what_the_values_of_png_slices_mean(tmp_path):
    paths = [write_png(tmp_path / f"{shift}.png", ramp() >> shift) for shift in (0, 1)]
    decoded = decode_files(paths, value_offset=-1024)
    assert (decoded.value_scale, decoded.value_offset) == (1, -1024)
    assert np.array_equal(decoded.frames, [ramp(), ramp() >> 1])


# Scale and polarity of a CT


@pytest.mark.parametrize("slope", [0.01, 0.0001, 0.5, 1, 2, 1e-7])
def test_a_ct_keeps_every_gray_level_whatever_its_slope(tmp_path, slope):
    values = ramp(60, 120)
    path = write_dicom(
        tmp_path / "a.dcm", values, Modality="CT", RescaleSlope=slope, RescaleIntercept=-10
    )
    decoded = decode_file(path)
    assert len(np.unique(decoded.frames)) == len(np.unique(values))
    assert hounsfield(decoded)[0] == pytest.approx(values * float(slope) - 10, rel=1e-6)


@pytest.mark.parametrize(("slope", "intercept"), [(1, -1024), (-1, 3071), (0.5, -1024)])
def test_a_monochrome1_ct_is_shown_turned_and_keeps_its_hounsfield_units(
    tmp_path, slope, intercept
):
    path = write_dicom(
        tmp_path / "a.dcm",
        Modality="CT",
        PhotometricInterpretation="MONOCHROME1",
        RescaleSlope=slope,
        RescaleIntercept=intercept,
        WindowCenter=0,
        WindowWidth=1001,
    )
    decoded = decode_file(path)
    real = ramp().astype(float) * slope + intercept
    assert np.array_equal(hounsfield(decoded)[0], real)
    darkest, brightest = np.argmin(decoded.frames[0, 0]), np.argmax(decoded.frames[0, 0])
    assert real[0, darkest] == real.max()
    assert real[0, brightest] == real.min()
    assert decoded.window.center * decoded.value_scale + decoded.value_offset == -0.5
    assert decoded.window.width == 1000 / abs(slope)


@pytest.mark.parametrize(
    ("elements", "known"),
    [
        ({"RescaleSlope": 1, "RescaleIntercept": -1024}, True),
        ({"RescaleSlope": 1, "RescaleIntercept": -1024, "RescaleType": "HU"}, True),
        ({"RescaleSlope": 1, "RescaleIntercept": 0, "RescaleType": "US"}, False),
        ({"RescaleSlope": 0, "RescaleIntercept": -1024}, False),
        ({}, False),
        ({"Modality": "DX", "RescaleSlope": 1, "RescaleIntercept": 0}, False),
    ],
)
def test_hounsfield_units_are_only_given_where_the_file_gives_them(tmp_path, elements, known):
    decoded = decode_file(write_dicom(tmp_path / "a.dcm", **{"Modality": "CT", **elements}))
    assert (decoded.value_scale is not None) is known
    assert decoded.window is None or known, "nor is there a lung window without them"


def test_the_prepared_image_says_how_stored_values_become_hounsfield_units(tmp_path):
    path = ct_slice(tmp_path, "a.dcm", -1000, 400, RescaleSlope=0.5, RescaleIntercept=-24)
    prepared = prepare_image(Source((path,)))
    stored = pixels_of(prepared.renditions[0])
    units = stored * prepared.value_scale + prepared.value_offset
    assert (units.min(), units.max()) == (-524, 176)


# Enhanced multi-frame


def item(**elements):
    made = Dataset()
    for name, value in elements.items():
        setattr(made, name, value)
    return made


def enhanced(values, depths, *, shared=True, **elements):
    """A data set that has what matters in its functional groups, and not at its root."""
    dataset = dicom(values, **elements)
    common = item(
        PixelMeasuresSequence=[item(PixelSpacing=[0.7, 0.7])],
        PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
        FrameVOILUTSequence=[item(WindowCenter=-600, WindowWidth=1500)],
    )
    rescale = [item(RescaleSlope=1, RescaleIntercept=-1024, RescaleType="HU")]
    if shared:
        common.PixelValueTransformationSequence = rescale
    dataset.SharedFunctionalGroupsSequence = [common]
    dataset.PerFrameFunctionalGroupsSequence = []
    for index, depth in enumerate(depths):
        frame = item(PlanePositionSequence=[item(ImagePositionPatient=[0, 0, depth])])
        if not shared:
            frame.PixelValueTransformationSequence = [
                item(RescaleSlope=index + 1, RescaleIntercept=-1024, RescaleType="HU")
            ]
        dataset.PerFrameFunctionalGroupsSequence.append(frame)
    return dataset


def test_an_enhanced_ct_is_read_from_its_functional_groups(tmp_path):
    values = np.stack([ramp(top=2000 + level) for level in range(3)])
    path = tmp_path / "a.dcm"
    enhanced(values, (0, 5, 10), Modality="CT").save_as(path, enforce_file_format=True)
    decoded = decode_file(path)
    assert np.array_equal(hounsfield(decoded), values - 1024.0)
    assert decoded.spacing_mm == (0.7, 0.7)
    assert decoded.window.center * decoded.value_scale + decoded.value_offset == -600.5
    assert (decoded.view, decoded.orientation) == ("CT", "LP")


def test_rescales_that_differ_from_frame_to_frame_are_undone_frame_by_frame(tmp_path):
    values = np.stack([ramp(top=500)] * 3)
    path = tmp_path / "a.dcm"
    dataset = enhanced(values, (0, 5, 10), shared=False, Modality="CT")
    dataset.save_as(path, enforce_file_format=True)
    for index, frame in enumerate(hounsfield(decode_file(path))):
        assert np.array_equal(frame, ramp(top=500) * (index + 1.0) - 1024)


@pytest.mark.parametrize(
    ("depths", "order"),
    [
        ((0, 10, 5), (0, 2, 1)),
        ((30, 10, 20), (0, 2, 1)),
        ((0, 5, 10), (0, 1, 2)),
        ((10, 5, 0), (0, 1, 2)),
        ((0, 5, 5), (0, 1, 2)),
    ],
)
def test_frames_lie_in_the_order_of_their_positions(tmp_path, depths, order):
    values = np.stack([ramp(top=1000 * (index + 1)) for index in range(3)])
    path = tmp_path / "a.dcm"
    enhanced(values, depths, Modality="CT").save_as(path, enforce_file_format=True)
    prepared = prepare_image(Source((path,)))
    assert prepared.frame_order == order
    tops = [pixels_of(one).max() for one in prepared.renditions]
    assert tops == [1000 * (index + 1) for index in order]


# Bits and padding


@pytest.mark.parametrize("signed", [False, True])
def test_bits_that_lie_at_the_upper_end_are_brought_down(tmp_path, signed):
    values = ramp().astype(np.int16) - 2048 if signed else ramp()
    shifted = (values << 4) | 9  # the four bits below belong to an overlay
    path = write_dicom(tmp_path / "a.dcm", shifted, BitsStored=12, HighBit=15)
    decoded = decode_file(path)
    assert np.array_equal(decoded.frames[0], ramp())


@pytest.mark.parametrize("high_bit", [15, 14, 5, 99])
def test_a_high_bit_that_the_pixels_contradict_is_not_believed(tmp_path, high_bit):
    path = write_dicom(tmp_path / "a.dcm", BitsStored=12, HighBit=high_bit)
    assert np.array_equal(decode_file(path).frames[0], ramp())


def test_bits_above_the_stored_ones_are_no_pixels(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", ramp() | 0xA000, BitsStored=12, HighBit=11)
    assert np.array_equal(decode_file(path).frames[0], ramp())


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_written_without_its_sign_is_padding_all_the_same(tmp_path, photometric):
    values = ramp(top=2000).astype(np.int16) - 1000
    values[:3] = -2000
    dataset = dicom(values, Modality="CT", PhotometricInterpretation=photometric)
    dataset.add_new("PixelPaddingValue", "US", 65536 - 2000)
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    decoded = decode_file(tmp_path / "a.dcm")
    assert not decoded.frames[0, :3].any()
    assert hounsfield(decoded)[0, 3:].min() == -1000
    assert hounsfield(decoded)[0, 3:].max() == 1000


def test_padding_with_a_sign_is_found_among_unsigned_pixels(tmp_path):
    values = ramp()
    values[0] = 65535
    dataset = dicom(values)
    dataset.add_new("PixelPaddingValue", "SS", -1)
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    decoded = decode_file(tmp_path / "a.dcm")
    assert not decoded.frames[0, 0].any()
    assert decoded.max_value == 4095


def test_padding_stays_padding_behind_a_modality_table(tmp_path):
    table = item(LUTData=(np.arange(4096) + 100).astype("<u2").tobytes(), ModalityLUTType="US")
    table.add_new("LUTDescriptor", "US", [4096, 0, 16])
    values = ramp() // 2 + 50
    values[0] = 0
    path = write_dicom(tmp_path / "a.dcm", values, ModalityLUTSequence=[table], PixelPaddingValue=0)
    frame = decode_file(path).frames[0]
    assert not frame[0].any()
    assert np.array_equal(frame[1:], values[1:] + 100)


# Headers that say something else than the pixels


@pytest.mark.parametrize("frames", [None, 0, 1, 2])
def test_how_many_frames_there_are_is_told_by_the_pixels(tmp_path, frames):
    values = np.stack([ramp(), ramp() // 2])
    path = write_dicom(tmp_path / "a.dcm", values, NumberOfFrames=frames)
    assert len(prepare_image(Source((path,))).renditions) == 2


def test_more_frames_promised_than_there_are_is_a_damaged_file(tmp_path):
    values = np.stack([ramp(), ramp() // 2])
    path = write_dicom(tmp_path / "a.dcm", values, NumberOfFrames=3)
    with pytest.raises(ImageProblem, match=r"holds 9,600 of the 14,400 bytes"):
        prepare_image(Source((path,)))


# Default windows


@pytest.mark.parametrize(
    ("center", "width"),
    [(32767, 65535), (8192, 16384), (2048, 1e300), (0, 1e29), (2048, 0.0001), (-500, 400)],
)
def test_a_window_that_makes_no_picture_is_not_believed(tmp_path, center, width):
    path = write_dicom(tmp_path / "a.dcm", WindowCenter=center, WindowWidth=width)
    prepared = prepare_image(Source((path,)))
    assert prepared.window == robust_window(ramp()[np.newaxis], 4095)


@pytest.mark.parametrize(("center", "width"), [(2048, 4096), (2048, 8192), (1000, 600)])
def test_a_window_that_shows_the_image_is_kept(tmp_path, center, width):
    path = write_dicom(tmp_path / "a.dcm", WindowCenter=center, WindowWidth=width)
    assert prepare_image(Source((path,))).window.width == width - 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (4, 4), (2, 9)])
@pytest.mark.parametrize("values", [(0,), (0, 9), (0, 1, 2)])
def test_images_of_a_few_pixels_are_images(tmp_path, shape, values):
    pixels = np.resize(np.array(values, np.uint8), shape)
    for path in (write_png(tmp_path / "a.png", pixels), write_dicom(tmp_path / "a.dcm", pixels)):
        prepared = prepare_image(Source((path,)))
        assert (prepared.height, prepared.width) == shape
        assert prepared.window.width >= 1
