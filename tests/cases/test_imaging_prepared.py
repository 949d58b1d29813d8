"""What a prepared image says of its source, field by field, for odd sizes and unequal pixels."""

from __future__ import annotations

import hashlib
import io
from dataclasses import MISSING, fields, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cases.imaging import (
    Decoded,
    ImageProblem,
    Source,
    Window,
    decode_file,
    decode_files,
    digest_of,
    htj2k,
    is_dicom,
    prepare,
    prepare_image,
    text_doubt,
)
from cases.imaging import deep_color as deep
from cases.imaging import pixels as limits
from cases.imaging.decode import is_burned_in
from cases.imaging.pixels import FileImage
from cases.imaging.render import pixels_of
from tests.cases.files import ramp, write_dicom, write_png
from tests.cases.test_imaging_stored import packed_in

pytestmark = pytest.mark.pure


def gray(level, size=(6, 10)):
    """A frame of one gray with a black first and a white last column."""
    values = np.full(size, level, np.uint8)
    values[:, 0], values[:, -1] = 0, 255
    return values


def stack_of(folder: Path, *levels, size=(6, 10)) -> tuple[Path, ...]:
    return tuple(
        write_png(folder / f"{number}.png", gray(level, size))
        for number, level in enumerate(levels)
    )


def seen_in(thumbnail: bytes) -> float:
    with Image.open(io.BytesIO(thumbnail)) as picture:
        return float(np.median(np.asarray(picture.convert("L"))))


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (
            FileImage,
            {
                **{"slopes": (1.0,), "intercepts": (0.0,), "falls": False, "padding": None},
                **{"in_hu": False, "window": None, "spacing_mm": None, "pixel_aspect": 1.0},
                **{"modality": "", "view": "", "orientation": None, "places": (None,), "uid": ""},
                **{"age": None, "sex": "", "is_burned_in": False},
            },
        ),
        (
            Decoded,
            {
                **{"window": None, "spacing_mm": None, "pixel_aspect": 1.0, "view": ""},
                **{"orientation": None, "age": None, "sex": "", "value_scale": None},
                **{"value_offset": 0.0, "frame_order": (0,), "doubt": "", "is_burned_in": False},
            },
        ),
        (
            Source,
            {
                **{"view": "", "usual_view": "", "spacing_mm": None, "extent_mm": None},
                **{"value_offset": None, "window": None, "max_error": 0, "packed": None},
                "look_for_text": False,
            },
        ),
    ],
)
def test_what_nobody_says_is_left_open(what, said):
    assert {one.name: one.default for one in fields(what) if one.default is not MISSING} == said


# Digests


@pytest.mark.parametrize("sizes", [(0,), (5,), (1 << 20, 3), ((1 << 21) + 7, 0, 9)])
def test_a_digest_is_of_all_files_in_their_order(tmp_path, sizes):
    contents = [bytes([number + 1]) * size for number, size in enumerate(sizes)]
    paths = [tmp_path / str(number) for number in range(len(sizes))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    assert digest_of(paths) == hashlib.sha256(b"".join(contents)).hexdigest()


def test_a_file_that_is_not_there_has_no_digest(tmp_path):
    with pytest.raises(ImageProblem) as problem:
        digest_of([tmp_path / "a.png"])
    said = "a.png cannot be read (No such file or directory): check that it is there."
    assert str(problem.value) == said


# A stack of pictures


@pytest.mark.parametrize(
    ("levels", "middle"),
    [((40,), 40), ((40, 90), 90), ((40, 90, 150), 90), ((0, 9, 140, 200), 140)],
)
def test_a_stack_shows_its_middle_frame_small_and_keeps_all(tmp_path, levels, middle):
    paths = stack_of(tmp_path, *levels)
    made = prepare_image(Source(paths, window=Window.between(0, 255)))
    assert seen_in(made.thumbnail) == pytest.approx(middle, abs=6)
    assert len(made.fingerprint) == 32
    for level, rendition in zip(levels, made.renditions, strict=True):
        assert np.array_equal(pixels_of(rendition), gray(level))
    silent = {"thumbnail", "fingerprint", "renditions"}
    assert {
        one.name: getattr(made, one.name) for one in fields(made) if one.name not in silent
    } == {
        **{"sha256": digest_of(paths), "source_width": 10, "source_height": 6, "width": 10},
        **{"height": 6, "bits": 8, "max_value": 255, "window": Window.between(0, 255)},
        **{"spacing_mm": None, "pixel_aspect": 1.0, "view": "OTHER", "orientation": ""},
        **{"age": None, "sex": "", "value_scale": None, "value_offset": 0.0},
        **{"frame_order": tuple(range(len(levels))), "doubt": ""},
    }


def test_a_digest_that_is_known_is_not_asked_for_again(tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "digest_of", lambda paths: pytest.fail("it is known"))
    assert prepare_image(Source(stack_of(tmp_path, 40)), sha256="known").sha256 == "known"


@pytest.mark.parametrize(
    ("size", "said", "rendition", "spacing", "aspect"),
    [
        ((6, 12), {"spacing_mm": (0.5, 0.25)}, (4, 8), (0.75, 0.375), 2.0),
        ((6, 12), {"extent_mm": (6, 24)}, (4, 8), (1.5, 3.0), 0.5),
        ((6, 12), {"extent_mm": (6, 24), "spacing_mm": (9, 9)}, (4, 8), (1.5, 3.0), 0.5),
        ((6, 12), {}, (4, 8), None, 1.0),
        ((5, 12), {}, (3, 8), None, (5 / 3) / (12 / 8)),
        ((12, 5), {}, (8, 3), None, (12 / 8) / (5 / 3)),
        ((12, 5), {"spacing_mm": (1.0, 1.0)}, (8, 3), (1.5, 5 / 3), 0.9),
        ((4, 7), {"spacing_mm": (0.5, 0.25)}, (4, 7), (0.5, 0.25), 2.0),
    ],
)
def test_lengths_are_those_of_the_rendition(
    tmp_path, monkeypatch, size, said, rendition, spacing, aspect
):
    monkeypatch.setattr(prepare.render, "LONG_SIDE", 8)
    made = prepare_image(Source(stack_of(tmp_path, 40, size=size), **said))
    assert (made.source_height, made.source_width) == size
    assert (made.height, made.width) == pixels_of(made.renditions[0]).shape == rendition
    assert made.spacing_mm == (spacing and pytest.approx(spacing))
    assert made.pixel_aspect == pytest.approx(aspect)


@pytest.mark.parametrize(
    ("elements", "said", "view"),
    [
        ({"ViewPosition": "AP"}, {"view": "PA", "usual_view": "LATERAL"}, "PA"),
        ({"ViewPosition": "AP"}, {"usual_view": "LATERAL"}, "AP"),
        ({}, {"usual_view": "LATERAL"}, "LATERAL"),
        ({}, {}, "OTHER"),
    ],
)
def test_the_table_names_the_view_before_the_file_and_the_file_before_what_is_usual(
    tmp_path, elements, said, view
):
    path = write_dicom(tmp_path / "a.dcm", **elements)
    assert prepare_image(Source((path,), **said)).view == view


def test_what_a_rendition_may_be_off_is_of_its_own_range(tmp_path, monkeypatch):
    asked = []
    encode = htj2k.encode
    monkeypatch.setattr(
        prepare.htj2k, "encode", lambda frame, error=0: asked.append(error) or encode(frame, error)
    )
    path = write_dicom(tmp_path / "a.dcm", ramp(6, 10))
    for error in (0, 3):
        prepare_image(Source((path,), max_error=error))
    assert asked == [0, 3]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_depth_and_window_are_those_of_the_pixels(tmp_path, dtype):
    values = ramp(6, 10, 255 if dtype == np.uint8 else 1023).astype(dtype)
    values[0, 0] += 1
    path = write_png(tmp_path / "a.png", values)
    made = prepare_image(Source((path,), window=Window(3, 4)))
    assert (made.bits, made.max_value) == ((8, 255) if dtype == np.uint8 else (16, 1023))
    assert made.window == Window(3, 4)


# Letters


@pytest.fixture
def looked_at(monkeypatch):
    """The levels of the frames that letters are looked for in; they are in one of level 200."""
    levels: list[int] = []

    def text_boxes(frame):
        levels.append(int(frame[0, 1]))
        return [(0, 0, 1, 1)] if levels[-1] == 200 else []

    monkeypatch.setattr(prepare, "text_boxes", text_boxes)
    return levels


@pytest.mark.parametrize(
    ("levels", "seen"),
    [
        ((10,), [10]),
        ((10, 20), [10, 20]),
        ((10, 20, 30), [10, 20, 30]),
        ((10, 20, 30, 40), [10, 30, 40]),
        ((10, 20, 30, 40, 50), [10, 30, 50]),
    ],
)
def test_letters_are_looked_for_in_the_first_the_middle_and_the_last_frame(
    tmp_path, looked_at, levels, seen
):
    source = Source(stack_of(tmp_path, *levels), look_for_text=True)
    assert (text_doubt(source), looked_at) == ("", seen)
    looked_at.clear()
    assert (prepare_image(source).doubt, looked_at) == ("", seen)


@pytest.mark.parametrize("levels", [(200, 10, 20), (10, 200, 20), (10, 20, 200)])
def test_letters_in_one_frame_are_a_doubt_where_they_are_asked_for(tmp_path, looked_at, levels):
    source = Source(stack_of(tmp_path, *levels), look_for_text=True)
    assert text_doubt(source) == prepare_image(source).doubt == prepare.TEXT
    looked_at.clear()
    silent = replace(source, look_for_text=False)
    assert (text_doubt(silent), prepare_image(silent).doubt, looked_at) == ("", "", [])


@pytest.mark.parametrize(("said", "burned"), [("YES", True), ("yes ", True), ("NO", False)])
@pytest.mark.filterwarnings("ignore:Invalid value for VR CS")
def test_a_file_that_says_so_is_not_looked_at(tmp_path, looked_at, said, burned):
    paths = (
        write_dicom(tmp_path / "a.dcm", gray(200), BurnedInAnnotation="NO"),
        write_dicom(tmp_path / "b.dcm", gray(10), BurnedInAnnotation=said),
    )
    for few in (paths, paths[1:]):
        source = Source(few)
        assert is_burned_in(few) is burned
        expected = prepare.TEXT if burned else ""
        assert text_doubt(source) == prepare_image(source).doubt == expected
    assert is_burned_in(paths[:1]) is False
    assert is_burned_in(stack_of(tmp_path, 1)) is False
    assert looked_at == []


def test_two_doubts_are_said_one_after_the_other(tmp_path):
    paths = tuple(
        write_dicom(
            *(tmp_path / f"{depth}.dcm", gray(9)),
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            ImagePositionPatient=[0, 0, depth],
            BurnedInAnnotation="YES",
        )
        for depth in (0, 1, 2, 5)
    )
    said = prepare_image(Source(paths)).doubt
    assert said.startswith("Slices seem to be missing: slices 3 and 4 lie 3 mm apart, others 1 mm.")
    assert said.endswith(f". {prepare.TEXT}")


# Renditions of a pack


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("levels", "middle"), [((40,), 40), ((40, 90), 90), ((0, 140, 90, 200, 9), 90)]
)
def test_an_image_of_a_pack_is_what_the_pack_says(tmp_path, dtype, levels, middle):
    frames = [gray(level, (5, 7)).astype(dtype) for level in levels]
    packed = packed_in(
        *(tmp_path, frames),
        sha256="f" * 64,
        source_width=70,
        source_height=51,
        max_value=255,
        window=Window(127.5, 255),
        spacing_mm=(0.5, 0.25),
        pixel_aspect=2.0,
        orientation="LF",
        value_scale=2.0,
        value_offset=-1024.0,
        frame_order=(1, 0),
    )
    for view in ("PA", ""):
        made = prepare_image(Source((), packed=packed, view=view))
        assert seen_in(made.thumbnail) == pytest.approx(middle, abs=6)
        assert [pixels_of(one).tolist() for one in made.renditions] == [
            frame.tolist() for frame in frames
        ]
        assert len(made.fingerprint) == 32
        silent = {"thumbnail", "fingerprint", "renditions"}
        assert {
            one.name: getattr(made, one.name) for one in fields(made) if one.name not in silent
        } == {
            **{"sha256": "f" * 64, "source_width": 70, "source_height": 51, "width": 7},
            **{"height": 5, "bits": 8 * np.dtype(dtype).itemsize, "max_value": 255},
            **{"window": Window(127.5, 255), "spacing_mm": (0.5, 0.25), "pixel_aspect": 2.0},
            **{"view": view or "OTHER", "orientation": "LF", "age": None, "sex": ""},
            **{"value_scale": 2.0, "value_offset": -1024.0, "frame_order": (1, 0), "doubt": ""},
        }


# Files as they are read


def test_a_stack_is_refused_by_its_number_before_all_of_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_STACK_FRAMES", 2)
    paths = (*stack_of(tmp_path, 1), tmp_path / "none.png", tmp_path / "neither.png")
    with pytest.raises(ImageProblem, match=r"^0\.png is a stack of 3 frames of 10 × 6 pixels"):
        decode_files(paths)


def test_values_of_no_unit_have_no_scale(tmp_path):
    signed = write_dicom(tmp_path / "a.dcm", (ramp(6, 10, 100).astype(np.int16) - 50))
    for path in (signed, *stack_of(tmp_path, 9)):
        found = decode_file(path)
        assert (found.value_scale, found.value_offset) == (None, 0.0)
    assert is_dicom(signed) is True
    assert is_dicom(tmp_path / "0.png") is False
    assert is_dicom(tmp_path / "none") is False


def test_a_table_gives_the_unit_of_pictures(tmp_path):
    found = decode_files(stack_of(tmp_path, 9), value_offset=-1000)
    assert (found.value_scale, found.value_offset) == (1.0, -1000.0)
    many = decode_files(stack_of(tmp_path, 9, 19), value_offset=-1000.0)
    assert (many.value_scale, many.value_offset, len(many.frames)) == (1.0, -1000.0, 2)


# Colors of 16 bits


@pytest.mark.parametrize(
    ("colors", "alpha", "gray_levels"),
    [
        ([[[100]], [[65535]]], None, [[100], [65535]]),
        ([[[100]], [[65535]]], [[65535], [0]], [[100], [0]]),
        ([[[1000]]], [[32768]], [[500]]),
        ([[[1000, 2000, 3000]]], None, [[1815]]),
        ([[[1000, 2000, 3000, 9]]], None, [[1815]]),
        ([[[1000, 2000, 3000]]], [[13107]], [[363]]),
    ],
)
def test_deep_colors_are_luma_on_a_black_ground(colors, alpha, gray_levels):
    made = deep.Deep(
        np.array(colors, np.uint16), None if alpha is None else np.array(alpha, np.uint16)
    )
    assert made.gray.tolist() == gray_levels
    assert made.gray.dtype == np.uint16


class Opened:
    """An image that Pillow has opened, of a mode."""

    def __init__(self, mode):
        self.mode = mode


@pytest.mark.parametrize(
    ("mode", "precision", "signed", "shape", "alpha"),
    [
        ("RGB", 12, False, 3, None),
        ("RGBA", 12, False, 3, [[0, 16], [1600, 65535]]),
        ("LA", 12, False, 1, [[0, 16], [1600, 65535]]),
        ("RGBA", 16, False, 3, [[0, 1], [100, 4095]]),
        ("RGBA", 9, False, 3, [[0, 128], [12824, 65535]]),
        ("RGBA", 8, False, None, None),
        ("RGBA", 17, False, None, None),
        ("RGBA", 12, True, None, None),
        ("L", 12, False, None, None),
        ("I;16", 12, False, None, None),
    ],
)
def test_jpeg_2000_of_more_than_eight_bits_keeps_colors_and_alpha(
    monkeypatch, mode, precision, signed, shape, alpha
):
    count = {"RGB": 3, "RGBA": 4, "LA": 2}.get(mode, 1)
    samples = np.arange(4 * count, dtype=np.uint16).reshape(2, 2, count)
    samples[..., -1] = [[0, 1], [100, 511 if precision == 9 else 4095]]
    about = {"precision": precision, "is_signed": signed}
    monkeypatch.setattr(deep.openjpeg, "get_parameters", lambda path: about)
    monkeypatch.setattr(deep.openjpeg, "decode", lambda path: samples)
    found = deep._jpeg_2000(Opened(mode), Path("a.jp2"))
    if shape is None:
        assert found is None
        return
    assert found.colors.tolist() == samples[..., :shape].tolist()
    assert (found.alpha if alpha is None else found.alpha.tolist()) == alpha


@pytest.mark.parametrize(
    ("tags", "mode", "said"),
    [
        ({}, "CMYK", ""),
        ({258: (8, 8, 8, 8)}, "CMYK", ""),
        ({258: (16,) * 4}, "CMYK", "is a TIFF of more than 8 bits in the colors of print (CMYK)"),
        ({258: (8, 9, 8, 8)}, "CMYK", "is a TIFF of more than 8 bits in the colors of print"),
        ({258: ()}, "CMYK", ""),
        ({258: (16,) * 3}, "RGB", ""),
        ({258: (16,) * 3, 284: 1}, "RGB", ""),
        ({258: (8,) * 3, 284: 2}, "RGB", ""),
        ({258: (16,) * 3, 284: 2}, "RGB", "is a TIFF of a rare kind, whose colors are stored"),
        ({258: (16,) * 4, 284: 2}, "RGBA", "is a TIFF of a rare kind, whose colors are stored"),
        ({258: (8, 8), 284: 2}, "LA", "is a TIFF of a rare kind, whose colors are stored"),
        ({258: (8, 8), 284: 1}, "LA", ""),
        ({258: (16,), 284: 2}, "I;16", ""),
    ],
)
def test_a_tiff_that_would_be_misread_is_refused(tags, mode, said):
    opened = Opened(mode)
    opened.tag_v2 = tags
    if not said:
        deep._refuse_misread(opened, Path("a.tif"))
        return
    with pytest.raises(ImageProblem) as problem:
        deep._refuse_misread(opened, Path("a.tif"))
    assert str(problem.value).startswith(f"a.tif {said}")


@pytest.mark.parametrize(
    ("key", "alpha"),
    [
        (None, None),
        ((1, 2), None),
        (b"\1\2\3", None),
        ((0, 1, 2), [[0, 65535], [65535, 65535]]),
        ((6, 7, 8), [[65535, 65535], [0, 65535]]),
    ],
)
def test_one_color_may_stand_for_none(key, alpha):
    opened = Opened("RGB")
    opened.info = {} if key is None else {"transparency": key}
    samples = np.arange(12, dtype=np.uint16).reshape(2, 2, 3)
    found = deep._color_key(opened, samples)
    assert (found if alpha is None else found.tolist()) == alpha
