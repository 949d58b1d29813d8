"""Files of every kind become gray pixels in their real precision, or one clear sentence."""

from __future__ import annotations

import io
import pickle
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels import convert_color_space
from pydicom.uid import BasicTextSRStorage, JPEG2000Lossless, JPEGLSLossless, RLELossless

from cases.imaging import ImageProblem, Source, Window, decode_file, prepare_image
from cases.imaging.decode import decode_files
from cases.imaging.pixels import MAX_PIXELS
from cases.imaging.raster import unstretched
from cases.imaging.render import downscaled, pixels_of, png_bytes, scaled_size
from tests.cases.files import (
    REAL_DATA,
    dicom,
    huge_png,
    needs_real_data,
    ramp,
    write_dicom,
    write_png,
)

pytestmark = pytest.mark.pure


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


# Raster files


def test_a_16_bit_png_keeps_every_value(tmp_path):
    decoded = decode_file(write_png(tmp_path / "a.png"))
    assert decoded.max_value == 4095
    assert np.array_equal(decoded.frames[0], ramp())


def test_an_8_bit_png_stays_8_bit(tmp_path):
    decoded = decode_file(write_png(tmp_path / "a.png", ramp(top=255).astype(np.uint8)))
    assert (decoded.frames.dtype, decoded.max_value) == (np.uint8, 255)


def test_a_palette_png_shows_its_colors_as_gray(tmp_path):
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    image.putpalette([200, 200, 200, 10, 10, 10])
    image.save(tmp_path / "a.png")
    assert decode_file(tmp_path / "a.png").frames.tolist() == [[[200, 10]]]


def test_see_through_pixels_are_black(tmp_path):
    values = np.array([[[255, 255, 255, 0], [255, 255, 255, 255]]], np.uint8)
    assert decode_file(write_png(tmp_path / "a.png", values)).frames.tolist() == [[[0, 255]]]


@pytest.mark.parametrize("suffix", ["jpg", "tif", "jp2"])
def test_color_of_any_kind_becomes_gray(tmp_path, suffix):
    path = write_png(tmp_path / f"a.{suffix}", np.full((32, 32, 3), 90, np.uint8))
    assert abs(int(decode_file(path).frames.mean()) - 90) <= 1


def test_a_16_bit_tiff_keeps_every_value(tmp_path):
    assert np.array_equal(decode_file(write_png(tmp_path / "a.tif")).frames[0], ramp())


def test_12_bit_jpeg_2000_gets_its_precision_back(tmp_path):
    stretched = ramp() << 4
    path = write_png(tmp_path / "a.jp2", stretched, irreversible=False)
    decoded = decode_file(path)
    assert decoded.max_value == 4095
    assert np.array_equal(decoded.frames[0], ramp())


def test_one_picture_gets_its_precision_back_and_those_of_a_stack_do_not(tmp_path):
    path = write_png(tmp_path / "a.png", ramp() << 4)
    other = write_png(tmp_path / "b.png", ramp() << 4)
    assert int(decode_files([path]).frames.max()) == 4095
    assert int(decode_files([path, other]).frames.max()) == 4095 << 4


def test_values_that_mean_something_are_left_as_they_are(tmp_path):
    path = write_png(tmp_path / "a.png", ramp() << 4)
    assert int(decode_file(path, exact=True).frames.max()) == 4095 << 4


def test_a_float_tiff_with_nan_is_refused(tmp_path):
    path = write_png(tmp_path / "a.tif", np.array([[0.5, np.nan]], np.float32))
    with pytest.raises(ImageProblem, match=r"a\.tif holds values that are not numbers"):
        decode_file(path)


def test_the_kind_is_told_by_content_not_by_name(tmp_path):
    path = write_dicom(tmp_path / "a.png")
    assert decode_file(path).max_value == 4095


@given(arrays(np.uint16, (3, 4)))
def test_taking_back_a_stretch_never_changes_the_order_of_values(values):
    back = unstretched(values)
    assert np.array_equal(
        np.argsort(values, axis=None, kind="stable"), np.argsort(back, axis=None, kind="stable")
    )
    assert len(np.unique(back)) == len(np.unique(values))


# DICOM


def test_dicom_keeps_its_bits_and_its_window(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", WindowCenter=2000.5, WindowWidth=1001)
    decoded = decode_file(path)
    assert np.array_equal(decoded.frames[0], ramp())
    assert decoded.window == Window(2000, 1000)


def test_monochrome1_is_turned_around_with_its_window(tmp_path):
    path = write_dicom(
        tmp_path / "a.dcm",
        PhotometricInterpretation="MONOCHROME1",
        WindowCenter=1000.5,
        WindowWidth=1001,
    )
    decoded = decode_file(path)
    assert np.array_equal(decoded.frames[0], 4095 - ramp())
    assert decoded.window == Window(3095, 1000)


def test_padding_is_black_also_in_monochrome1(tmp_path):
    values = ramp() + 10
    values[0] = 0
    path = write_dicom(
        tmp_path / "a.dcm", values, PhotometricInterpretation="MONOCHROME1", PixelPaddingValue=0
    )
    decoded = decode_file(path)
    assert not decoded.frames[0, 0].any()
    assert decoded.frames[0, 1, 0] > decoded.frames[0, 1, -1]


def test_a_rescaled_window_is_given_in_stored_values(tmp_path):
    path = write_dicom(
        tmp_path / "a.dcm",
        RescaleSlope=2,
        RescaleIntercept=-100,
        WindowCenter=3900.5,
        WindowWidth=2001,
    )
    assert decode_file(path).window == Window(2000, 1000)


def test_signed_ct_values_start_at_zero_and_know_their_hounsfield_units(tmp_path):
    values = ramp(top=2000).astype(np.int16) - 1000
    path = write_dicom(tmp_path / "a.dcm", values, Modality="CT")
    decoded = decode_file(path)
    assert decoded.frames.min() == 0
    assert decoded.value_offset == -1000
    assert decoded.window == Window(-600 + 1000, 1500)
    assert decoded.view == "CT"


def test_ct_with_an_intercept_has_the_same_hounsfield_units(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", Modality="CT", RescaleSlope=1, RescaleIntercept=-1024)
    decoded = decode_file(path)
    assert decoded.frames[0, 0, 0] + decoded.value_offset == -1024


def test_a_voi_lut_becomes_the_window_over_which_it_rises(tmp_path):
    table = np.concatenate([np.zeros(1000), np.linspace(0, 255, 1001), np.full(2095, 255)])
    item = Dataset()
    item.LUTDescriptor = [len(table), 0, 16]
    item.LUTData = table.astype(np.uint16).tobytes()
    item["LUTDescriptor"].VR = "US"
    path = write_dicom(tmp_path / "a.dcm", VOILUTSequence=[item])
    window = decode_file(path).window
    assert window.low == pytest.approx(1020, abs=15)
    assert window.high == pytest.approx(1980, abs=15)


@pytest.mark.parametrize(("center", "width"), [(128, 256), (90_000, 10), (100, 0), ("", "")])
def test_a_window_that_shows_nothing_gives_way_to_percentiles(tmp_path, center, width):
    values = ramp() // 2 + 2000
    path = write_dicom(tmp_path / "a.dcm", values, WindowCenter=center, WindowWidth=width)
    prepared = prepare_image(Source((path,)))
    assert prepared.window.low == pytest.approx(2000, abs=100)
    assert prepared.window.high == pytest.approx(4047, abs=100)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
def test_compressed_dicom_gives_the_same_pixels(tmp_path, syntax):
    dataset = dicom(ramp(), BitsStored=12, HighBit=11)
    dataset.compress(syntax)
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    assert np.array_equal(decode_file(tmp_path / "a.dcm").frames[0], ramp())


def test_jpeg_2000_dicom_gives_the_same_pixels(tmp_path):
    stream = io.BytesIO()
    Image.fromarray(ramp()).save(stream, "JPEG2000", no_jp2=True, irreversible=False)
    dataset = dicom(ramp())
    dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
    dataset.PixelData = encapsulate([stream.getvalue()])
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    assert np.array_equal(decode_file(tmp_path / "a.dcm").frames[0], ramp())


def test_a_multi_frame_file_is_a_stack(tmp_path):
    frames = np.stack([ramp(), ramp() // 2, ramp() // 4])
    prepared = prepare_image(Source((write_dicom(tmp_path / "a.dcm", frames),)))
    assert len(prepared.renditions) == 3
    assert np.array_equal(pixels_of(prepared.renditions[1]), frames[1])


@pytest.mark.parametrize("space", ["RGB", "YBR_FULL"])
def test_color_dicom_becomes_gray(tmp_path, space):
    color = np.full((8, 8, 3), (200, 30, 90), np.uint8)
    values = color if space == "RGB" else convert_color_space(color, "RGB", space)
    path = write_dicom(tmp_path / "a.dcm", values, PhotometricInterpretation=space)
    assert np.abs(decode_file(path).frames.astype(int) - 88).max() <= 1


def test_values_wider_than_16_bits_are_scaled_and_their_window_with_them(tmp_path):
    values = (ramp().astype(np.uint32) * 100).astype(np.uint32)
    path = write_dicom(tmp_path / "a.dcm", values, WindowCenter=200_000.5, WindowWidth=200_001)
    decoded = decode_file(path)
    assert int(decoded.frames.max()) == 65535
    assert decoded.window.low == pytest.approx(100_000 / 409_500 * 65535)
    assert decoded.window.high == pytest.approx(300_000 / 409_500 * 65535)


def test_spacing_view_age_and_sex_are_read_and_nothing_else_is_kept(tmp_path):
    path = write_dicom(
        tmp_path / "a.dcm",
        ImagerPixelSpacing=[0.2, 0.1],
        ViewPosition="LL",
        PatientAge="093Y",
        PatientSex="F",
    )
    prepared = prepare_image(Source((path,)))
    assert prepared.spacing_mm == pytest.approx((0.2, 0.1))
    assert (prepared.view, prepared.age, prepared.sex) == ("LATERAL", 90, "F")
    assert b"ecret" not in pickle.dumps(prepared)
    assert b"SECRET" not in pickle.dumps(prepared)


# Renditions


def test_a_rendition_has_the_stored_values_and_no_metadata(tmp_path):
    path = tmp_path / "a.png"
    text = Image.fromarray(ramp())
    text.save(path, dpi=(300, 300))
    prepared = prepare_image(Source((path,)))
    picture = opened(prepared.renditions[0])
    assert (prepared.bits, prepared.max_value, picture.mode) == (16, 4095, "I;16")
    assert np.array_equal(np.asarray(picture), ramp())
    assert re.fullmatch(rb"crc32 [0-9a-f]{8}", picture.info.pop("comment"))
    assert picture.info == {}


def test_large_images_are_scaled_to_2048_and_their_spacing_with_them(tmp_path):
    path = write_png(tmp_path / "a.png", ramp(rows=1024, columns=4096))
    prepared = prepare_image(Source((path,), spacing_mm=(0.1, 0.1)))
    assert (prepared.width, prepared.height) == (2048, 512)
    assert (prepared.source_width, prepared.source_height) == (4096, 1024)
    assert prepared.spacing_mm == pytest.approx((0.2, 0.2))
    small = pixels_of(prepared.renditions[0]).astype(int)
    assert np.abs(small[0] - np.linspace(0, 4095, 2048)).max() <= 2


def test_the_extent_wins_over_the_pixels_of_a_resampled_file(tmp_path):
    path = write_png(tmp_path / "a.png", ramp(rows=50, columns=50))
    prepared = prepare_image(Source((path,), extent_mm=(400.0, 350.0)))
    assert prepared.spacing_mm == pytest.approx((8, 7))


def test_the_thumbnail_is_small_and_windowed(tmp_path):
    path = write_png(tmp_path / "a.png", ramp(rows=700, columns=700) // 8 + 1000)
    thumbnail = opened(prepare_image(Source((path,))).thumbnail)
    assert (thumbnail.format, thumbnail.size) == ("WEBP", (320, 320))
    low, high = thumbnail.convert("L").getextrema()
    assert low < 15
    assert high > 240


@given(st.integers(1, 9000), st.integers(1, 9000), st.integers(1, 4000))
def test_a_scaled_size_fits_and_never_grows(rows, columns, side):
    height, width = scaled_size(rows, columns, side)
    assert 1 <= height <= rows
    assert 1 <= width <= columns
    assert max(height, width) <= side


@given(arrays(np.uint16, (9, 7)))
def test_scaling_keeps_values_within_those_of_the_source(values):
    small = downscaled(values, 4, 3)
    assert small.shape == (4, 3)
    assert values.min() <= small.min() <= small.max() <= values.max()


@given(arrays(st.sampled_from([np.uint8, np.uint16]), (5, 4)))
def test_a_png_gives_back_what_went_in(values):
    assert np.array_equal(np.asarray(opened(png_bytes(values))), values)


def test_single_files_become_one_stack_in_order(tmp_path):
    paths = tuple(write_png(tmp_path / f"{n}.png", ramp() >> n) for n in range(3))
    prepared = prepare_image(Source(paths, view="CT", value_offset=-1024))
    assert [int(pixels_of(one).max()) for one in prepared.renditions] == [4095, 2047, 1023]
    assert (prepared.view, prepared.value_offset) == ("CT", -1024)
    assert prepared.window == Window(424, 1500), "the lung window, W 1500 L -600"


def test_frames_of_unequal_size_are_refused(tmp_path):
    paths = (write_png(tmp_path / "0.png"), write_png(tmp_path / "1.png", ramp(rows=20)))
    with pytest.raises(ImageProblem, match=r"1\.png has another size"):
        prepare_image(Source(paths))


# What is refused: the file's name, what is wrong, what to do


def broken_files(folder):
    whole = write_png(folder / "whole.png", ramp(rows=200, columns=200)).read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_text("This is not an image, only called one.")
    write_png(folder / "whole.jpg", np.full((200, 200), 9, np.uint8))
    (folder / "cut.jpg").write_bytes((folder / "whole.jpg").read_bytes()[:300])
    huge_png(folder / "huge.png", 30_000)
    huge_png(folder / "large.png", 11_000)
    huge_png(folder / "flat.png", 0)
    report = {"SOPClassUID": BasicTextSRStorage, "Rows": None, "Columns": None}
    write_dicom(folder / "report.dcm", PixelData=None, **report)
    write_dicom(folder / "bare.dcm", PixelData=None)
    write_dicom(folder / "zero.dcm", Rows=0)
    write_dicom(folder / "vast.dcm", Rows=30_000, Columns=30_000)
    write_dicom(folder / "long.dcm", NumberOfFrames=5_000)
    write_dicom(folder / "short.dcm", Rows=400)
    content = write_dicom(folder / "a.dcm").read_bytes()
    (folder / "cut.dcm").write_bytes(content[:-1000])
    (folder / "head.dcm").write_bytes(content[:140])


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("cut.png", "is cut off or damaged"),
        ("cut.jpg", "is cut off or damaged"),
        ("empty.png", "is empty"),
        ("text.png", "is not an image of a kind that can be read"),
        ("huge.png", "is 30,000 × 30,000 pixels, more than the 100 megapixels accepted"),
        ("large.png", "is 11,000 × 11,000 pixels, more than the 100 megapixels accepted"),
        ("flat.png", "has a damaged header"),
        ("report.dcm", r"is DICOM without pixels \(Basic Text SR Storage\)"),
        ("bare.dcm", "is cut off or damaged"),
        ("zero.dcm", "has no pixels"),
        ("vast.dcm", "is 30,000 × 30,000 pixels"),
        ("long.dcm", "is a stack of 5,000 frames"),
        ("short.dcm", r"is cut off or damaged \(it holds 4,800 of the 48,000 bytes"),
        ("cut.dcm", r"is cut off or damaged \(it holds 3,800 of the 4,800 bytes"),
        ("head.dcm", "is not readable DICOM"),
        ("absent.png", "cannot be read"),
    ],
)
def test_a_bad_file_is_told_in_one_sentence(tmp_path, name, what):
    broken_files(tmp_path)
    with pytest.raises(ImageProblem, match=f"^{name} {what}.*: .*[A-Za-z)]\\.$") as caught:
        decode_file(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def good_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good")
    write_png(folder / "a.png")
    write_png(folder / "a.tif")
    write_png(folder / "a.jp2")
    write_png(folder / "a.jpg", np.full((40, 60), 90, np.uint8))
    write_dicom(folder / "a.dcm", WindowCenter=9, WindowWidth=9, PixelSpacing=[1, 1])
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@settings(max_examples=150)
@given(data=st.data())
def test_damage_of_any_kind_is_refused_in_words_or_does_not_matter(
    good_files, tmp_path_factory, data
):
    name = data.draw(st.sampled_from(sorted(good_files)))
    content = bytearray(good_files[name])
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=8)):
        content[place] = data.draw(st.integers(0, 255))
    length = data.draw(st.integers(0, len(content)) | st.just(len(content)))
    path = tmp_path_factory.getbasetemp() / f"damaged-{name}"
    path.write_bytes(content[:length])
    try:
        decoded = decode_file(path)
    except ImageProblem as problem:
        assert str(problem).startswith(path.name)
        assert "\n" not in str(problem)
    else:
        assert decoded.frames.size


def test_a_problem_travels_between_processes():
    problem = ImageProblem("a.png", "is empty", "copy it again")
    assert (
        str(pickle.loads(pickle.dumps(problem))) == str(problem) == "a.png is empty: copy it again."
    )


def test_the_limit_is_below_what_pillow_itself_refuses():
    assert MAX_PIXELS < 2 * Image.MAX_IMAGE_PIXELS


# Real radiographs


@needs_real_data
def test_a_real_jpeg_compressed_dicom_is_read_as_it_is():
    prepared = prepare_image(Source((next((REAL_DATA / "images").glob("rsna_*.dcm")),)))
    assert (prepared.width, prepared.height, prepared.bits) == (1024, 1024, 8)
    assert prepared.spacing_mm == pytest.approx((0.168, 0.168))
    assert (prepared.view, prepared.age, prepared.sex) == ("PA", 62, "M")
    values = pixels_of(prepared.renditions[0]).astype(int)
    lung, spine = values[300:500, 230:330].mean(), values[700:900, 470:560].mean()
    assert lung + 40 < spine
    assert (prepared.window.low, prepared.window.high) == (0, 255)


@needs_real_data
@pytest.mark.parametrize("name", ["00000001_000.png", "00027426_000.png"])
def test_real_png_radiographs_go_through_unchanged(name):
    path = REAL_DATA / "images" / name
    prepared = prepare_image(Source((path,)))
    with Image.open(path) as source:
        assert np.array_equal(pixels_of(prepared.renditions[0]), np.asarray(source.convert("L")))
    assert prepared.window == Window(127.5, 255)
