"""From what files hold to what is stored and shown, number by number."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cases.imaging import ImageProblem, decode, htj2k, packed, pixels, raster, render, stored
from cases.imaging.pixels import FileImage, Place, Window, check_size
from cases.imaging.stored import Scale, stored_frames

pytestmark = pytest.mark.pure


def frame(*values, dtype=np.uint16):
    return np.array([values], dtype)


def file_of(*frames, **said):
    count = len(frames)
    said = {"slopes": (1.0,) * count, "intercepts": (0.0,) * count} | said
    return FileImage("a", np.stack(frames), **said)


@pytest.mark.parametrize(
    ("values", "said", "expected", "top", "scale"),
    [
        (frame(0, 200, dtype=np.uint8), {}, [0, 200], 255, (1, 0)),
        (frame(3, 255), {}, [3, 255], 255, (1, 0)),
        (frame(3, 256), {}, [3, 256], 511, (1, 0)),
        (frame(3, 4095), {}, [3, 4095], 4095, (1, 0)),
        (frame(3, 4096), {}, [3, 4096], 8191, (1, 0)),
        (frame(3, 65535), {}, [3, 65535], 65535, (1, 0)),
        (frame(0), {}, [0], 255, (1, 0)),
        (frame(-5, 10, dtype=np.int16), {}, [0, 15], 255, (1, -5)),
        (frame(5, 10, dtype=np.int16), {}, [5, 10], 255, (1, 0)),
        (frame(-5, 70_000, dtype=np.int32), {}, [0, 65535], 65535, (70_005 / 65535, -5)),
        (
            frame(-40_000, -5_000, 30_000, dtype=np.int32),
            {},
            [0, 32_768, 65_535],
            65535,
            (70_000 / 65_535, -40_000),
        ),
        (frame(5, 65_540, dtype=np.int32), {}, [0, 65535], 65535, (1, 5)),
        (frame(0, 65_535, dtype=np.int32), {}, [0, 65535], 65535, (1, 0)),
        (frame(1, 4), {"slopes": (2.0,), "intercepts": (-10.0,)}, [1, 4], 255, (2, -10)),
        (frame(1, 4), {"slopes": (-2.0,), "intercepts": (10.0,)}, [3, 0], 255, (2, 2)),
        (frame(1, 4), {"slopes": (-1.0,)}, [3, 0], 255, (1, -4)),
        (frame(-3, 4, dtype=np.int16), {"slopes": (-1.0,)}, [7, 0], 255, (1, -4)),
        (frame(0, 3, dtype=np.float32), {}, [0, 3], 255, (1, 0)),
        (frame(0, 0.5, 1, dtype=np.float32), {}, [0, 32768, 65535], 65535, (1 / 65535, 0)),
        (frame(0.5, 0.5, dtype=np.float32), {}, [0, 0], 255, (1, 0.5)),
        (frame(7, 7), {"padding": (7, 7)}, [7, 7], 255, (1, 0)),
        (frame(7, 100, 50), {"padding": (7, 7)}, [0, 100, 50], 255, (1, 0)),
        (frame(7, 100, 50), {"padding": (9, 9)}, [7, 100, 50], 255, (1, 0)),
        (frame(7, 100, 50), {"falls": True}, [248, 155, 205], 255, (-1, 255)),
        (frame(7, 300, 50), {"falls": True}, [504, 211, 461], 511, (-1, 511)),
        (frame(7, 100, 50), {"falls": True, "padding": (7, 7)}, [0, 155, 205], 255, (-1, 255)),
        (frame(2, 3, 4, 5, 6), {"padding": (3, 5)}, [2, 0, 0, 0, 6], 255, (1, 0)),
        (frame(-9, 2, 5, dtype=np.int16), {"padding": (-9, -9)}, [0, 2, 5], 255, (1, 0)),
        (
            frame(1, 4),
            {"slopes": (0.5,), "intercepts": (3.0,), "falls": True},
            [254, 251],
            255,
            (-0.5, 130.5),
        ),
    ],
)
def test_numbers_become_stored_values_of_one_scale(values, said, expected, top, scale):
    frames, found, how = stored_frames([file_of(values, **said)], (0,))
    assert frames.tolist() == [[expected]]
    assert frames.dtype == (np.uint8 if top == 255 else np.uint16)
    assert found == top
    assert (how.step, how.start) == pytest.approx(scale)


@pytest.mark.parametrize(
    ("slopes", "intercepts", "expected", "scale"),
    [
        ((1.0, 1.0), (0.0, 0.0), [[1, 9], [4, 7]], (1, 0)),
        ((1.0, 1.0), (0.0, -10.0), [[11, 19], [4, 7]], (1, -10)),
        ((1.0, 2.0), (0.0, 0.0), [[1, 9], [8, 14]], (1, 0)),
        ((3.0, -1.0), (0.0, 0.0), [[10, 34], [3, 0]], (1, -7)),
    ],
)
def test_frames_share_the_smallest_step_and_the_lowest_start(slopes, intercepts, expected, scale):
    image = file_of(frame(1, 9), frame(4, 7), slopes=slopes, intercepts=intercepts)
    for order in ((0, 1), (1, 0)):
        frames, _, how = stored_frames([image], order)
        assert frames[:, 0].tolist() == [expected[index] for index in order]
        assert how == Scale(*scale)


def test_a_range_that_fits_from_its_lowest_value_on_is_stored_exactly():
    whole = frame(1, 65_535)
    frames, _, how = stored_frames([file_of(whole, whole, intercepts=(0.0, 1.0))], (0, 1))
    assert (frames[:, 0].tolist(), how) == ([[0, 65_534], [1, 65_535]], Scale(1, 1))
    wider = frame(0, 65_535)
    _, _, how = stored_frames([file_of(wider, wider, intercepts=(0.0, 1.0))], (0, 1))
    assert how == Scale(65_536 / 65_535, 0)


def test_a_frame_of_padding_alone_lies_black_among_others():
    image = file_of(frame(8, 8), frame(5, 300), padding=(8, 8), falls=True)
    frames, top, scale = stored_frames([image], (0, 1))
    assert (frames[:, 0].tolist(), top, scale) == ([[0, 0], [506, 211]], 511, Scale(-1, 511))


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(odd):
    with pytest.raises(ImageProblem, match=r"^a holds values that are not numbers: export it"):
        stored_frames([file_of(frame(0, odd, dtype=np.float32))], (0,))


@pytest.mark.parametrize(
    ("padding", "dtype", "hidden"),
    [
        *(((2, 4), kind, [2, 3, 4]) for kind in (np.uint8, np.int16, np.float32)),
        *(((3, 3), kind, [3]) for kind in (np.uint8, np.float32)),
        ((2.7, 4.2), np.uint8, [2, 3, 4]),
        ((2.7, 4.2), np.float32, [3, 4]),
        ((3.5, 3.5), np.uint8, [3]),
        ((3.5, 3.5), np.float32, []),
    ],
)
def test_padding_is_a_range_with_both_of_its_ends(padding, dtype, hidden):
    values = np.arange(8, dtype=dtype)
    assert np.flatnonzero(stored._is_padding(values, padding)).tolist() == hidden


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32])
@pytest.mark.parametrize(
    ("factor", "shift", "expected"),
    [
        (1, 0, [0, 3, 100]),
        (1, 5, [5, 8, 105]),
        (1, -3, [0, 0, 97]),
        (-1, 100, [100, 97, 0]),
        (-1, 3, [3, 0, 0]),
        (2, 1, [1, 7, 201]),
        (0.5, 0, [0, 2, 50]),
        (1, 0.4, [0, 3, 100]),
        (1000, 0, [0, 3000, 65535]),
        (1, 65_500, [65_500, 65_503, 65_535]),
    ],
)
def test_numbers_are_scaled_and_kept_within_16_bits(dtype, factor, shift, expected):
    found = stored._scaled(frame(0, 3, 100, dtype=dtype), factor, shift)
    assert (found.tolist(), found.dtype) == ([expected], np.uint16)


# Windows, places, sizes


@pytest.mark.parametrize(
    ("ends", "window"), [((2, 6), (4, 4)), ((3, 3), (3, 1)), ((0, 0.5), (0.25, 1))]
)
def test_a_window_lies_between_its_ends(ends, window):
    found = Window.between(*ends)
    assert found == Window(*window)
    assert (found.low, found.high) == (window[0] - window[1] / 2, window[0] + window[1] / 2)


def test_a_frame_lies_along_its_normal():
    place = Place((0, 1, 0), (0, 0, -1), (7.0, 30.0, -4.0))
    assert (place.normal.tolist(), place.depth) == ([-1, 0, 0], -7.0)
    assert Place((1, 0, 0), (0, 1, 0)).depth is None


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ((0, 3), "a has no pixels (3 × 0): export the image again from its source."),
        ((3, 0), "a has no pixels (0 × 3): export the image again from its source."),
        ((2, 3, 0), "a has no pixels (3 × 2): export the image again from its source."),
        ((-1, 3), "a has no pixels (3 × -1): export the image again from its source."),
        (
            (20_000, 5_001),
            "a is 5,001 × 20,000 pixels, more than the 100 megapixels accepted: make it smaller "
            "and import it again.",
        ),
        (
            (3_000, 2_000, 51),
            "a is a stack of 51 frames of 2,000 × 3,000 pixels, more than the 2,000 frames or "
            "300 megapixels accepted: split the stack or make its frames smaller.",
        ),
        (
            (2, 3, 2_001),
            "a is a stack of 2,001 frames of 3 × 2 pixels, more than the 2,000 frames or "
            "300 megapixels accepted: split the stack or make its frames smaller.",
        ),
    ],
)
def test_a_size_that_is_refused_is_said_in_numbers(size, said):
    with pytest.raises(ImageProblem) as problem:
        check_size("a", *size)
    assert str(problem.value) == said


@pytest.mark.parametrize("size", [(20_000, 5_000), (3_000, 2_000, 50), (2, 3, 2_000), (1, 1)])
def test_the_largest_sizes_are_taken(size):
    check_size("a", *size)


def test_the_usual_lung_window_and_the_oldest_age_are_as_published():
    assert (pixels.LUNG_WINDOW.low, pixels.LUNG_WINDOW.high) == (-1350, 150)
    assert pixels.OLDEST == 90


# Pictures


@pytest.mark.parametrize(
    ("values", "plain"),
    [
        ([0, 0], [0, 0]),
        ([257, 514], [1, 2]),
        ([0, 65535], [0, 255]),
        ([257, 258], [257, 258]),
        ([2, 4], [1, 2]),
        ([0, 32768], [0, 1]),
        ([0, 16, 48], [0, 1, 3]),
        ([1, 2], [1, 2]),
        ([65520, 16], [4095, 1]),
    ],
)
def test_a_stretch_is_taken_back_in_full_and_nothing_else(values, plain):
    assert raster.unstretched(frame(*values)).tolist() == [plain]


@pytest.mark.parametrize(
    ("head", "error", "said"),
    [
        (
            b"\x89PNG\r\n\x1a\n" + bytes(8) + b"\0\1\0\0\0\0\2\1",
            "x",
            "65,536 × 513 pixels",
        ),
        (b"\x89PNG\r\n\x1a\n" + bytes(8) + b"\0\1\0\0\0\0\2", "x", "too many pixels"),
        (b"II*\0", "Image size (1234567890 pixels) exceeds limit of 9 pixels", "1,234 megapixels"),
        (b"II*\0", "no size", "too many pixels"),
    ],
)
def test_a_size_that_pillow_refuses_is_told_as_well_as_can_be(tmp_path, head, error, said):
    (tmp_path / "a").write_bytes(head)
    assert raster._size_in(tmp_path / "a", ValueError(error)) == said


@pytest.mark.parametrize(
    ("why", "said"), [(" cut. ", "cut"), ("", "unreadable"), (".", "unreadable")]
)
def test_damage_is_said_in_one_sentence(why, said):
    problem = raster._broken("a.png", why)
    assert str(problem) == f"a.png is cut off or damaged ({said}): copy or download it again."


@pytest.mark.parametrize("mode", ["P", "RGB"])
def test_the_one_color_that_stands_for_none_is_black(tmp_path, mode):
    picture = Image.new("RGB", (3, 2), (200, 200, 200))
    picture.putpixel((1, 0), (90, 90, 90))
    if mode == "P":
        picture = picture.quantize(2)
    gone = picture.getpixel((0, 0))
    picture.save(tmp_path / "a.png", transparency=gone)
    assert raster.read(tmp_path / "a.png").values.tolist() == [[[0, 90, 0], [0, 0, 0]]]
    picture.save(tmp_path / "b.png")
    assert raster.read(tmp_path / "b.png").values.tolist() == [[[200, 90, 200], [200] * 3]]


@pytest.mark.parametrize(
    ("size", "long_side", "scaled"),
    [
        ((1000, 500), 2048, (1000, 500)),
        ((2048, 2048), 2048, (2048, 2048)),
        ((4096, 2048), 2048, (2048, 1024)),
        ((2048, 4096), 2048, (1024, 2048)),
        ((1, 10_000), 2048, (1, 2048)),
        ((10_000, 1), 2048, (2048, 1)),
        ((3, 4096), 2048, (2, 2048)),
        ((2049, 2049), 2048, (2048, 2048)),
    ],
)
def test_the_long_side_is_fitted(size, long_side, scaled):
    assert render.scaled_size(*size, long_side) == scaled


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_window_is_black_below_and_white_above(dtype):
    values = frame(0, 99, 100, 110, 150, 190, 200, 201, 255, dtype=dtype)
    shown = render.windowed(values, Window.between(100, 200))
    assert shown.tolist() == [[0, 0, 0, 26, 128, 230, 255, 255, 255]]
    assert shown.dtype == np.uint8


def test_a_window_over_all_of_8_bits_changes_no_gray():
    values = np.arange(256, dtype=np.uint8).reshape(1, 256)
    assert np.array_equal(render.windowed(values, Window.between(0, 255)), values)


@pytest.mark.parametrize(
    ("size", "thumb"),
    [
        ((640, 320), (320, 160)),
        ((320, 960), (107, 320)),
        ((320, 200), (320, 200)),
        ((9, 5), (9, 5)),
    ],
)
def test_a_thumbnail_fits_and_the_whole_picture_is_whole(size, thumb):
    values = np.full(size, 300, np.uint16)
    values[:, : size[1] // 2] = 100
    for make, expected in ((render.thumbnail_bytes, thumb), (render.shown_bytes, size)):
        with Image.open(io.BytesIO(make(values, Window.between(100, 300)))) as picture:
            assert (picture.format, picture.size) == ("WEBP", expected[::-1])
            gray = np.asarray(picture.convert("L"))
        assert gray[0, 0] < 20
        assert gray[-1, -1] > 235


def test_what_need_not_be_made_smaller_stays_the_same_frame():
    values = np.arange(12, dtype=np.uint16).reshape(3, 4)
    assert render.downscaled(values, 3, 4) is values
    assert render.downscaled(values, 3, 2).shape == (3, 2)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"anything"])
def test_a_rendition_that_is_none_is_damaged(content):
    with pytest.raises(htj2k.Damaged, match=r"^it cannot be decoded \("):
        render.pixels_of(content)


# Renditions in a pack

VALUES = (np.arange(35, dtype=np.uint16).reshape(5, 7) * 100, np.full((5, 7), 3400, np.uint16))


def packed_in(folder: Path, frames=VALUES, *, contents=None, **said) -> packed.Packed:
    contents = contents or [htj2k.encode(values, 0) for values in frames]
    members = tuple(f"{number}.jph" for number in range(len(contents)))
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        for name, content in zip(members, contents, strict=True):
            archive.writestr(name, content)
    known = {
        "archive": folder / "a.zip",
        "members": members,
        "digests": tuple(hashlib.sha256(content).hexdigest() for content in contents),
        "sha256": "",
        "recipe": "",
        "source_width": 7,
        "source_height": 5,
        "max_value": 3400,
        "window": Window(1, 2),
        "spacing_mm": None,
        "pixel_aspect": 1.0,
        "orientation": "",
        "value_scale": None,
        "value_offset": 0.0,
        "frame_order": (0,),
    }
    return packed.Packed(**(known | said))


def test_renditions_of_a_pack_come_as_they_are(tmp_path):
    found = packed.frames_of(packed_in(tmp_path))
    assert len(found) == 2
    for (content, values), expected in zip(found, VALUES, strict=True):
        assert content == htj2k.encode(expected, 0)
        assert np.array_equal(values, expected)


OTHER = {
    "lower": ({"max_value": 3399}, "0.jph is not as the pack describes it"),
    "another size": (
        {"frames": (VALUES[0], VALUES[1][:4])},
        "0.jph is not as the pack describes it",
    ),
    "other bits": (
        {"frames": (VALUES[0], np.zeros((5, 7), np.uint8))},
        "0.jph is not as the pack describes it",
    ),
    "not in it": ({"members": ("0.jph", "2.jph")}, "2.jph is not in the pack"),
    "another": ({"digests": ("0" * 64, "0" * 64)}, "0.jph is not the one that was signed"),
    "none": ({"contents": [b"\xff\x4f\xff\x51nothing"]}, "0.jph cannot be decoded"),
}


@pytest.mark.parametrize(("said", "what"), OTHER.values(), ids=OTHER)
def test_renditions_that_are_not_what_the_pack_says_are_refused(tmp_path, said, what):
    with pytest.raises(ImageProblem) as problem:
        packed.frames_of(packed_in(tmp_path, **said))
    assert str(problem.value) == f"{what}: ask for the pack again where it comes from."


def test_a_rendition_may_be_just_as_large_as_is_taken(tmp_path, monkeypatch):
    content = htj2k.encode(VALUES[0], 0)
    monkeypatch.setattr(packed, "LARGEST", len(content))
    assert len(packed.frames_of(packed_in(tmp_path, VALUES[:1]))) == 1
    monkeypatch.setattr(packed, "LARGEST", len(content) - 1)
    with pytest.raises(ImageProblem, match=r"^0\.jph is larger than 0 MB: ask"):
        packed.frames_of(packed_in(tmp_path, VALUES[:1]))


def test_a_rendition_of_more_than_64_mb_is_refused_before_it_is_looked_at(tmp_path):
    there = packed_in(tmp_path, VALUES[:1])
    with zipfile.ZipFile(there.archive, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.jph", bytes((64 << 20) + 1))
    with pytest.raises(ImageProblem, match=r"^0\.jph is larger than 64 MB: ask"):
        packed.frames_of(there)


def test_a_pack_that_is_none_is_damaged(tmp_path):
    there = packed_in(tmp_path)
    there.archive.write_bytes(there.archive.read_bytes()[:-30])
    with pytest.raises(ImageProblem, match=r"^a\.zip is damaged: ask"):
        packed.frames_of(there)


def test_a_layer_of_a_pack_is_what_was_signed_or_an_error(tmp_path):
    layers = packed.PackedLayers(packed_in(tmp_path, contents=[b"12345"]).archive, ())
    digest = hashlib.sha256(b"12345").hexdigest()
    assert layers.content("0.jph", digest, 5) == b"12345"
    for name, told, most, why in (
        ("0.jph", digest, 4, "0.jph is not what the pack says"),
        ("0.jph", "0" * 64, 5, "0.jph is not what the pack says"),
        ("1.jph", digest, 5, "1.jph is missing or damaged"),
    ):
        with pytest.raises(OSError, match=f"^{why}$"):
            layers.content(name, told, most)


# What a file is


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            None,
            "a cannot be read (No such file or directory): check that it is there and readable.",
        ),
        (b"", "a is empty (0 bytes): copy it again from its source."),
        (
            b"%PDF-1.7",
            "a is not an image of a kind that can be read: use PNG, JPEG, TIFF, JPEG 2000 and "
            "DICOM.",
        ),
        (bytes(128) + b"DICX", "a is not an image of a kind that can be read: use PNG"),
        (bytes(128) + b"DIC", "a is not an image of a kind that can be read: use PNG"),
    ],
)
def test_what_is_no_image_is_told_by_its_first_bytes(tmp_path, content, said):
    if content is not None:
        (tmp_path / "a").write_bytes(content)
    with pytest.raises(ImageProblem) as problem:
        decode.read_file(tmp_path / "a")
    assert str(problem.value).startswith(said)
    assert decode.is_dicom(tmp_path / "a") is False


@pytest.mark.parametrize("magic", raster.MAGIC)
def test_a_picture_is_known_by_how_it_begins(tmp_path, magic):
    assert raster.is_known(magic + b"...")
    assert not raster.is_known(magic[:-1])
    (tmp_path / "a").write_bytes(magic + bytes(128 - len(magic)) + b"DICM")
    assert decode.is_dicom(tmp_path / "a") is True
    (tmp_path / "a").write_bytes(magic + bytes(128 - len(magic)))
    assert decode.is_dicom(tmp_path / "a") is False


def test_no_file_is_no_image():
    with pytest.raises(ImageProblem, match=r"^The image has no file: name at least one\.$"):
        decode.decode_files([])
