"""The window an image is first shown through, and the values it is given in."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from cases.imaging import Source, Window, decode_file, prepare_image
from cases.imaging.dicom import codecs
from cases.imaging.dicom.contrast import Table
from cases.imaging.windows import robust_window
from tests.cases.files import ramp, write_dicom, write_png

pytestmark = pytest.mark.pure


def test_the_first_of_several_windows_is_taken(tmp_path):
    path = write_dicom(
        tmp_path / "a.dcm",
        WindowCenter=pydicom.multival.MultiValue(float, [1000, 3000]),
        WindowWidth=pydicom.multival.MultiValue(float, [1600, 900]),
    )
    assert prepare_image(Source((path,))).window == Window(999.5, 1599)


def test_burnt_in_white_and_the_black_of_a_collimator_do_not_widen_the_window():
    # Half of it between 1000 and 2000, a tenth white, the rest black.
    row = np.concatenate([np.zeros(400), np.linspace(1000, 2000, 500), np.full(100, 4095)])
    window = robust_window(np.tile(row.astype(np.uint16), (1, 20, 1)), 4095)
    assert (window.low, window.high) == pytest.approx((1005, 1995), abs=2)


def test_the_ends_of_a_narrow_image_are_cut_off_at_half_a_percent():
    window = robust_window(np.arange(10_001, dtype=np.uint16).reshape(1, 73, 137), 16383)
    assert (window.low, window.high) == pytest.approx((50, 9950), abs=1)


def test_an_image_of_two_grays_is_shown_over_both():
    pixels = np.tile(np.array([7, 900], np.uint16), (1, 20, 20))
    window = robust_window(pixels, 1023)
    assert (window.low, window.high) == (7, 900)


@pytest.mark.parametrize(("top", "as_it_is"), [(255, True), (100, False)])
def test_8_bits_are_shown_as_they_are_when_their_range_is_used(top, as_it_is):
    window = robust_window(ramp(top=top).astype(np.uint8)[np.newaxis], 255)
    assert ((window.low, window.high) == (0, 255)) == as_it_is


def pixels_of(path):
    return decode_file(path).frames[0]


def test_unsigned_values_are_stored_as_they_are_however_high_they_begin(tmp_path):
    values = ramp(top=1000) + np.uint16(20_000)
    assert np.array_equal(pixels_of(write_png(tmp_path / "a.png", values)), values)
    assert np.array_equal(pixels_of(write_dicom(tmp_path / "a.dcm", values)), values)


def test_values_below_0_are_stored_from_the_lowest_one(tmp_path):
    values = ramp(top=1000).astype(np.int16) - np.int16(300)
    found = pixels_of(write_dicom(tmp_path / "a.dcm", values))
    assert np.array_equal(found, (values + 300).astype(np.uint16))


def test_a_stack_without_a_window_is_shown_over_all_of_its_slices(tmp_path):
    paths = [
        write_png(tmp_path / "a.png", ramp(top=1000)),
        write_png(tmp_path / "b.png", ramp(top=1000) + np.uint16(3000)),
    ]
    window = prepare_image(Source(tuple(paths))).window
    assert window.low < 100
    assert window.high > 3900


def test_a_stack_is_shown_through_the_first_window_any_of_its_files_has(tmp_path):
    values = ramp(top=1000)
    windows = [{}, {"WindowCenter": 400, "WindowWidth": 500}, {"WindowCenter": 1, "WindowWidth": 9}]
    paths = [
        write_dicom(tmp_path / f"{number}.dcm", values, **window)
        for number, window in enumerate(windows)
    ]
    assert prepare_image(Source(tuple(paths))).window == Window(399.5, 499)


@pytest.mark.parametrize("intercept", [-1024, -1000.5, 100])
def test_an_intercept_is_part_of_every_hounsfield_unit(tmp_path, intercept):
    path = write_dicom(
        tmp_path / "a.dcm", Modality="CT", RescaleSlope=1, RescaleIntercept=intercept
    )
    prepared = prepare_image(Source((path,)))
    assert (prepared.value_scale, prepared.value_offset) == (1, intercept)


@pytest.mark.parametrize(
    ("low", "high", "first", "values"),
    [
        (10, 14, 10, [0, 1, 2, 3, 4]),
        (11.5, 12.5, 11, [1, 2, 3]),
        (-100, 11, 10, [0, 1]),
        (13, 100, 13, [3, 4]),
        (12, 12, 10, [0, 1, 2, 3, 4]),  # a part of one number maps nothing
        (90, 100, 10, [0, 1, 2, 3, 4]),
    ],
)
def test_the_part_of_a_table_for_some_numbers_holds_both_ends(low, high, first, values):
    part = Table(10, np.arange(5)).between(low, high)
    assert (part.first, part.values.tolist()) == (first, values)


def test_numbers_outside_a_table_take_its_first_or_last_value():
    table = Table(10, np.array([5, 6, 7]))
    assert table.apply(np.array([-3, 10, 11, 12, 99])).tolist() == [5, 5, 6, 7, 7]


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([0x0120, 0x0230], np.uint16, [0x12, 0x23]),  # four bits up
        ([0x0FF0], np.uint16, [0xFF]),
        ([0x0012, 0x0023], np.uint16, [0x12, 0x23]),  # the header is wrong: they lie low
        ([0x0010, 0x0020], np.uint16, [0x1, 0x2]),
        ([0x0FFF], np.uint16, [0xFF]),
        ([-0x0100, 0x0070], np.int16, [-0x10, 0x7]),
        ([-0x0101, 0x0070], np.int16, [-0x11, 0x7]),
        ([-0x0080, 0x0071], np.int16, [-0x80, 0x71]),
        ([-0x0081, 0x0071], np.int16, [-0x9, 0x7]),
    ],
)
def test_numbers_of_eight_bits_that_lie_four_bits_up_are_brought_down(values, dtype, expected):
    assert codecs._aligned(np.array(values, dtype), 8, 4).tolist() == expected


@pytest.mark.parametrize(
    ("between", "low", "high"), [(19, 0, 4000), (20, 1000, 1019), (21, 1000, 1020), (0, 0, 4000)]
)
def test_what_lies_between_the_extremes_counts_from_a_twentieth_on(between, low, high):
    """As after collimation: nearly all is black or white, and a few pixels are the picture."""
    values = np.zeros(400, np.uint16)
    values[:200] = 4000
    values[100 : 100 + between] = range(1000, 1000 + between)
    window = robust_window(values.reshape(1, 20, 20), 4095)
    assert (window.low, window.high) == pytest.approx((low, high), abs=0.2)
