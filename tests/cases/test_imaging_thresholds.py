"""Headers at the edge of what can be meant, and what a picture's fingerprint is made of."""

from __future__ import annotations

import io

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from cases.imaging import ImageProblem, decode_file, pixels, stored, windows
from cases.imaging.dicom import codecs, contrast, header
from cases.imaging.fingerprint import fingerprint
from cases.imaging.pixels import Window
from cases.imaging.raster import unstretched
from cases.imaging.render import downscaled
from cases.imaging.size import size_of
from cases.imaging.stored import Scale
from tests.cases.files import dicom, ramp, write_dicom
from tests.cases.test_imaging_polarity import table

pytestmark = pytest.mark.pure


@pytest.mark.parametrize("lowest", [-2048, 130, 1000])
def test_signed_bits_at_the_upper_end_are_brought_down_wherever_they_lie(tmp_path, lowest):
    """Of 12 bits, in use to the lowest of the 16 that hold them: an overlay lies below."""
    values = (ramp(top=120) + np.int64(lowest)).astype(np.int16)
    plain = write_dicom(tmp_path / "plain.dcm", values, BitsStored=12, HighBit=11)
    shifted = write_dicom(tmp_path / "up.dcm", (values << 4) | 9, BitsStored=12, HighBit=15)
    expected, found = decode_file(plain), decode_file(shifted)
    assert np.array_equal(found.frames, expected.frames)
    assert found.value_offset == expected.value_offset


@pytest.mark.parametrize(("padding", "hidden"), [(-128, 128), (-200, None), (-1, 255)])
def test_padding_with_a_sign_is_one_of_the_pixels_numbers_or_none(tmp_path, padding, hidden):
    """Of 8 bits without a sign: -128 is 128, and what 8 bits cannot be is no padding."""
    values = np.tile(np.arange(256, dtype=np.uint8), (8, 1))
    dataset = dicom(values)
    dataset.add_new("PixelPaddingValue", "SS", padding)
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    frame = decode_file(tmp_path / "a.dcm").frames[0][0]
    gone = [number for number in range(1, 256) if not frame[number]]
    assert gone == ([] if hidden is None else [hidden])


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (10, "is not readable DICOM"),
        (999, "is not readable DICOM"),
        (1000, "is not an image of a kind that can be read"),
    ],
)
def test_a_first_element_of_some_hundred_bytes_is_that_of_a_bare_data_set(tmp_path, length, said):
    """Specific Character Set, without its kind: a longer one is text of something else."""
    path = tmp_path / "a.dcm"
    path.write_bytes(b"\x08\x00\x05\x00" + length.to_bytes(4, "little") + b"ISO_IR 100")
    with pytest.raises(ImageProblem, match=said):
        decode_file(path)


@pytest.mark.parametrize(
    ("values", "window"),
    [
        # Of a rise are several entries between 2 % and 98 %.
        ([0, 20_000, 40_000, 60_000, 65_535], (1, 3)),
        ([0, 30_000, 65_535], None),
        ([0, 65_535], None),
        ([7, 7, 7, 7], None),
    ],
)
def test_a_voi_lut_shows_the_inputs_between_which_it_rises(tmp_path, values, window):
    pixels = np.tile(np.arange(6, dtype=np.uint16), (8, 1))
    path = write_dicom(tmp_path / "a.dcm", pixels, VOILUTSequence=[table(np.array(values))])
    shown = decode_file(path).window
    assert (shown and (shown.low, shown.high)) == window


@pytest.mark.parametrize(
    ("across", "down", "expected"),
    [
        (1, 0, "f" * 16 + "0" * 16),
        (0, 1, "0" * 16 + "f" * 16),
        (1, 1, "f" * 32),
        (-1, 1, "0" * 16 + "f" * 16),
        (0, 0, "0" * 32),
    ],
)
def test_a_fingerprint_says_where_a_picture_gets_brighter_across_and_down(across, down, expected):
    y, x = np.mgrid[0:72, 0:72]
    file = io.BytesIO()
    Image.fromarray((128 + across * (x - 36) + down * (y - 36)).astype(np.uint8)).save(file, "PNG")
    assert fingerprint(file.getvalue()) == expected


def test_eight_bits_that_were_spread_over_sixteen_come_back_as_they_were():
    gray = np.arange(256, dtype=np.uint16).reshape(16, 16)
    assert (unstretched(gray * np.uint16(257)) == gray).all()
    assert (unstretched(gray << np.uint16(4)) == gray).all()
    deep = np.array([[0, 257, 258]], np.uint16)
    assert (unstretched(deep) == deep).all()


@pytest.mark.parametrize("black", [1, 500])
def test_what_the_first_rows_look_like_settles_nothing(black):
    deep = np.zeros((black + 1, 3), np.uint16)
    deep[-1] = 0, 257, 258
    assert (unstretched(deep) == deep).all()


@pytest.mark.parametrize(
    "head", [b"abcdCSxx", b"\x02\x00\x00\x30UL\x04\x00", b"\x02\x00\x10\x00UL"]
)
def test_capitals_alone_make_no_data_set(tmp_path, head):
    path = tmp_path / "no.dcm"
    path.write_bytes(head)
    with pytest.raises(ImageProblem, match="is not an image of a kind that can be read"):
        decode_file(path)


def test_an_image_and_a_stack_may_be_just_as_large_as_is_said(monkeypatch):
    monkeypatch.setattr(pixels, "MAX_PIXELS", 12)
    monkeypatch.setattr(pixels, "MAX_STACK_PIXELS", 24)
    monkeypatch.setattr(pixels, "MAX_STACK_FRAMES", 6)
    pixels.check_size("one", 3, 4, 2)
    pixels.check_size("many", 2, 2, 6)
    for rows, columns, frames in ((3, 5, 1), (3, 4, 3), (1, 1, 7), (13, 1, 1)):
        with pytest.raises(ImageProblem):
            pixels.check_size("more", rows, columns, frames)


@pytest.mark.parametrize(
    ("said", "years"),
    [
        *(("000D", 0), ("364D", 0), ("365D", 1), ("051W", 0), ("052W", 1), ("011M", 0)),
        *(("012M", 1), ("023M", 1), ("024M", 2), ("054Y", 54), ("7", 7), (" 031y ", 31)),
        *(("089Y", 89), ("090Y", 90), ("120Y", 90), ("121Y", None), ("", None), ("Y", None)),
    ],
)
def test_an_age_is_told_in_whole_years(said, years):
    assert header.age(said) == years


@pytest.mark.parametrize(
    ("value", "signed", "read"),
    [
        *((0, True, 0), (2047, True, 2047), (2048, True, -2048), (4095, True, -1)),
        *((4096, True, 4096), (-1, False, 4095), (-2048, False, 2048), (-2049, False, -2049)),
        *((0, False, 0), (4095, False, 4095), (-5, True, -5)),
    ],
)
def test_a_number_of_twelve_bits_is_read_with_its_sign(value, signed, read):
    assert header._as_stored(value, signed, 12) == read


def test_a_smaller_picture_keeps_its_depth():
    deep, plain = np.full((8, 8), 40_000, np.uint16), np.full((8, 8), 200, np.uint8)
    for frame in (deep, plain):
        small = downscaled(frame, 4, 2)
        assert (small.shape, small.dtype) == ((4, 2), frame.dtype)
        assert (small == frame[0, 0]).all()


@pytest.mark.parametrize(("width", "kept"), [(0.5, 1.0), (2.0, 1.0), (3.0, 1.5), (400.0, 200.0)])
def test_a_window_is_at_least_one_stored_value_wide(width, kept):
    assert Scale(2.0, -1000.0).stored(Window(40.0, width)) == Window(520.0, kept)


@pytest.mark.parametrize(
    ("planes", "first", "syntax"),
    [
        *((1, 64, uid.RLELossless), (15, 64, uid.RLELossless)),
        *((0, 64, None), (16, 64, None), (1, 63, None)),
    ],
)
def test_run_lengths_are_known_by_their_planes(planes, first, syntax):
    code = planes.to_bytes(4, "little") + first.to_bytes(4, "little") + bytes(56)
    dataset = pydicom.Dataset()
    dataset.PixelData = encapsulate([code])
    assert codecs._shown_syntax(dataset) == syntax


@pytest.mark.parametrize(
    ("elements", "told"), [({}, True), ({"Rows": 0}, False), ({"Columns": 0}, False)]
)
def test_a_size_that_is_nothing_is_none(tmp_path, elements, told):
    path = write_dicom(tmp_path / "a.dcm", ramp())
    dataset = pydicom.dcmread(path)
    for name, value in elements.items():
        setattr(dataset, name, value)
    dataset.save_as(path)
    if told:
        assert size_of(path) == ramp().shape[::-1]
        return
    with pytest.raises(ImageProblem, match=r"^a\.dcm does not tell how large it is"):
        size_of(path)


@pytest.mark.parametrize("share", [0.0, 0.005, 0.3, 0.5, 0.995])
@pytest.mark.parametrize("seed", range(6))
def test_a_share_of_counted_values_is_numpys_percentile(seed, share):
    values = np.random.default_rng(seed).integers(0, 40, size=3 + 7 * seed)
    up_to = np.cumsum(np.bincount(values))
    expected = np.percentile(values, 100 * share)
    assert windows._percentile(up_to, share) == pytest.approx(expected, abs=1e-9)


def test_a_jpeg_whose_segments_are_out_of_step_says_nothing():
    frame = bytes([0xC0, 0, 17, 8, 0, 4, 0, 5, 1, 0, 0])
    assert codecs._jpeg_frame_header(b"\xff\xd8\xff" + frame) == (0xC0, 8, 4, 5, 1)
    assert codecs._jpeg_frame_header(b"\xff\xd8\x00" + frame) is None
    assert codecs._jpeg_frame_header(b"\xff\xd8\xff" + frame[:8]) is None


def test_a_table_of_an_odd_number_of_bytes_keeps_its_last_entry():
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [5, 0, 8], bytes(range(0, 250, 50))
    found = contrast.table_of(item, little_endian=True, signed=False)
    assert list(found.values) == [0, 50, 100, 150, 200]


def test_what_a_decoder_says_is_cut_at_150_characters():
    assert header.brief(ValueError("x" * 200)) == "x" * 150


@pytest.mark.parametrize(("shift", "kept"), [(2.0**31, 65535), (-(2.0**31), 0), (5.0, 12)])
def test_a_shift_beyond_32_bits_does_not_wrap(shift, kept):
    assert stored._scaled(np.array([[7]], np.uint16), 1.0, shift).tolist() == [[kept]]
    assert stored._scaled(np.array([[7]], np.int16), 1.0, shift).tolist() == [[kept]]
