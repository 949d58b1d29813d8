"""Where one kind of stack, window, place or size ends and another begins: each limit itself."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from cases.imaging import ImageProblem, windows
from cases.imaging.fingerprint import bands_of, distance, fingerprint
from cases.imaging.orientation import letters_of, letters_of_place, orientation_for, plane_of
from cases.imaging.pixels import FileImage, Place, Window
from cases.imaging.series import _parallel, _same_spacing, check_series, gap_in, order_of
from cases.imaging.size import size_of
from cases.imaging.windows import is_usable, robust_window
from tests.cases.files import write_dicom, write_png

pytestmark = pytest.mark.pure

X, Y = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)


def at(depth, row=X, column=Y):
    return Place(row, column, (0.0, 0.0, depth))


def slice_of(name="a", **said):
    return FileImage(name, np.zeros((1, 2, 3), np.uint8), **said)


# Stacks


@pytest.mark.parametrize(("cosine", "parallel"), [(0.999, True), (0.9989, False), (-1.0, False)])
def test_directions_are_the_same_up_to_a_cosine(cosine, parallel):
    turned = (cosine, (1 - cosine**2) ** 0.5, 0.0)
    assert _parallel(at(0), at(0, row=turned)) is parallel
    assert _parallel(at(0), at(0, column=(*turned[1::-1], 0.0))) is parallel


def test_what_is_not_said_is_like_anything():
    assert _parallel(at(0), None) and _parallel(None, at(0)) and _parallel(None, None)
    assert _same_spacing((1, 1), None) and _same_spacing(None, (1, 1)) and _same_spacing(None, None)


@pytest.mark.parametrize(
    ("other", "same"),
    [((1.0, 1.0), True), ((1.01, 1.0), True), ((1.02, 1.0), False), ((1.0, 0.97), False)],
)
def test_spacings_are_the_same_within_a_hundredth(other, same):
    assert _same_spacing((1.0, 1.0), other) is same


@pytest.mark.parametrize(("depth", "double"), [(0.009, True), (0.01, False), (-0.01, False)])
def test_slices_a_hundredth_of_a_millimeter_apart_are_two(depth, double):
    images = [slice_of("a", places=(at(0.0),)), slice_of("b", places=(at(depth),))]
    if not double:
        check_series(images)
        return
    with pytest.raises(ImageProblem, match=r"^b shows the same slice as a: name each slice once"):
        check_series(images)


def test_a_double_is_told_by_its_identity_before_its_place():
    images = [slice_of(name, uid=uid) for name, uid in (("a", ""), ("b", ""), ("c", "1"))]
    check_series(images)
    with pytest.raises(ImageProblem, match=r"^d shows the same slice as c"):
        check_series([*images, slice_of("d", uid="1", places=(at(7.0),))])


@pytest.mark.parametrize(
    ("depths", "order"),
    [
        ((0, 0.02, 0.01), (0, 2, 1)),
        ((0, 0.02, 0.011), (0, 1, 2)),  # nearer than two slices are
        ((0, 0.2, 0.1), (0, 2, 1)),
        ((0.2, 0, 0.1), (0, 2, 1)),
        ((0.01, 0.02, 0.03), (0, 1, 2)),
        ((3, 2, 1), (0, 1, 2)),
        ((3, 3, 1), (0, 1, 2)),
        ((30, 0, 20, 10), (0, 2, 3, 1)),
    ],
)
def test_frames_keep_the_direction_in_which_most_of_them_came(depths, order):
    frames = FileImage("a", np.zeros((len(depths), 2, 2)), places=tuple(map(at, depths)))
    assert order_of([frames]) == order


@pytest.mark.parametrize("places", [(at(3), None, at(1), at(2)), (None, at(3), at(1), at(2))])
def test_no_order_follows_where_one_frame_lies_nobody_knows_where(places):
    assert order_of([FileImage("a", np.zeros((4, 2, 2)), places=places)]) == (0, 1, 2, 3)


def test_no_order_follows_among_frames_that_cross():
    crossing = (at(3), at(1), Place(X, (0.0, 0.0, -1.0), (0.0, 0.0, 2.0)))
    assert order_of([FileImage("a", np.zeros((3, 2, 2)), places=crossing)]) == (0, 1, 2)
    assert gap_in([at(0), at(1), Place(X, (0.0, 0.0, -1.0), (0.0, 0.0, 9.0))]) == ""


@pytest.mark.parametrize(
    ("depths", "said"),
    [
        ((0, 0.01, 0.02, 0.04), ": slices 3 and 4 lie 0.02 mm apart, others 0.01 mm."),
        (
            (0, 5, 25, 30, 40),
            " in 2 places: slices 2 and 3 lie 20 mm apart, others 5 mm.",
        ),
        (
            (0, 10, 15, 35, 40),
            " in 2 places: slices 3 and 4 lie 20 mm apart, others 5 mm.",
        ),
        ((0, 4, 8, 14), ""),
        ((0, 4, 8, 14.1), ": slices 3 and 4 lie 6.1 mm apart, others 4 mm."),
        ((0, 1, 3), ": slices 2 and 3 lie 2 mm apart, others 1 mm."),
        ((0, 3), ""),
    ],
)
def test_the_widest_gap_is_named(depths, said):
    assert gap_in([at(depth) for depth in depths]) == (said and f"Slices seem to be missing{said}")


# Windows


def grays(*counted):
    """One frame with so many pixels of each value."""
    values = np.repeat([value for value, _ in counted], [count for _, count in counted])
    return values.astype(np.uint16).reshape(1, 1, -1)


@pytest.mark.parametrize(
    ("window", "usable"),
    [
        (Window.between(40, 61), True),  # 20 of 200 pixels lie between
        (Window.between(40, 60), False),
        (Window.between(-1, 20), True),
        (Window.between(-1, 19), False),
        (Window.between(0, 20), False),
        (Window.between(500, 900), False),
        (Window(100, float("inf")), False),
    ],
)
def test_a_window_leaves_a_tenth_neither_black_nor_white(window, usable):
    assert is_usable(window, np.arange(200, dtype=np.uint16).reshape(1, 10, 20)) is usable


@pytest.mark.parametrize(("width", "usable"), [(400, True), (400.5, False), (100.5, True)])
def test_a_quarter_of_a_windows_grays_is_used(width, usable):
    assert is_usable(Window(100, width), grays((50, 9), (150, 9))) is usable


def test_an_even_film_may_have_any_window():
    assert is_usable(Window.between(5, 6), grays((9, 20))) is True


@pytest.mark.parametrize(
    ("low", "high", "top", "window"),
    [
        (10, 138, 255, (0, 255)),
        (10, 137, 255, (10, 137)),
        (100, 200, 255, (100, 200)),
        (10, 138, 4095, (10, 138)),
        (9, 9, 255, (8.5, 9.5)),
    ],
)
def test_8_bits_are_shown_as_they_are_from_half_of_their_range_on(low, high, top, window):
    assert robust_window(grays((low, 5), (high, 5)), top) == Window.between(*window)


@pytest.mark.parametrize(
    ("counted", "ends"),
    [
        (((0, 50), (10, 1), (20, 1), (30, 1), (40, 1), (50, 1), (100, 45)), (10.2, 49.8)),
        (((0, 50), (10, 1), (20, 1), (30, 1), (40, 1), (100, 46)), (0, 100)),
        (((0, 50), (7, 1), (100, 50)), (0, 100)),
        (((0, 50), (100, 50)), (0, 100)),
        (((4, 10), (5, 1), (6, 1), (7, 1), (100, 10)), (5.01, 6.99)),
    ],
)
def test_ends_are_left_out_where_a_twentieth_lies_between(counted, ends):
    assert windows._robust_range(grays(*counted).ravel()) == pytest.approx(ends)


@pytest.mark.parametrize(
    ("shape", "step"), [((4, 20, 20), 4), ((1, 20, 20), 2), ((300, 4, 5), 4), ((1, 9, 11), 1)]
)
def test_pixels_are_looked_at_evenly_in_every_frame(monkeypatch, shape, step):
    monkeypatch.setattr(windows, "SAMPLE", 100)
    frames = np.arange(np.prod(shape), dtype=np.uint32).reshape(shape)
    assert np.array_equal(windows._sample_of(frames), frames[:, ::step, ::step].ravel())


def test_a_million_pixels_are_looked_at():
    frames = np.zeros((2, 2000, 1000), np.uint8)
    assert windows._sample_of(frames).size == 1_000_000


# Fingerprints


def picture_of(values, size=72):
    y, x = np.mgrid[0:size, 0:size]
    stream = io.BytesIO()
    Image.fromarray(values(x, y).astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def test_one_step_of_gray_is_a_difference():
    assert fingerprint(picture_of(lambda x, y: 100 + x // 8)) == "f" * 16 + "0" * 16
    assert fingerprint(picture_of(lambda x, y: 100 + y // 8)) == "0" * 16 + "f" * 16
    assert fingerprint(picture_of(lambda x, y: 100 - x // 8)) == "0" * 32


def test_a_fingerprint_is_cut_into_four_numbers_and_told_apart_by_its_bits():
    found = "0000000100000002000000ff80000000"
    assert bands_of(found) == [1, 2, 255, 1 << 31]
    assert distance(found, found) == 0
    assert distance(found, "0" * 32) == 1 + 1 + 8 + 1
    assert distance("0" * 32, "f" * 32) == 128


# Sides


@pytest.mark.parametrize(
    ("said", "letters"),
    [
        (("LRAPHF", "PHF"), "LP"),
        (("AR", "FR"), "AF"),
        (("l ", " f"), "LF"),
        (("LX", "F"), ""),
        (("L", "LA"), ""),
        (("A", "P"), ""),
        (("H", "F"), ""),
        (5, ""),
    ],
)
def test_the_main_letter_of_each_direction_counts(said, letters):
    assert letters_of(said) == letters


AXES = {
    "L": (1.0, 0.0, 0.0),
    "R": (-1.0, 0.0, 0.0),
    "P": (0.0, 1.0, 0.0),
    "A": (0.0, -1.0, 0.0),
    "H": (0.0, 0.0, 1.0),
    "F": (0.0, 0.0, -1.0),
}
ALONG = {"L": "x", "R": "x", "A": "y", "P": "y", "H": "z", "F": "z"}
PLANES = {"xz": "FRONTAL", "yz": "LATERAL", "xy": ""}


@pytest.mark.parametrize("row", AXES)
@pytest.mark.parametrize("column", AXES)
def test_every_direction_has_its_letter_and_every_pair_its_plane(row, column):
    plane = "".join(sorted({ALONG[row], ALONG[column]}))
    expected = row + column if len(plane) == 2 else ""
    assert letters_of_place(Place(AXES[row], AXES[column])) == expected
    assert letters_of((row, column)) == expected
    if not expected:
        return
    assert plane_of(expected) == PLANES[plane]
    for view in ("PA", "AP", "FRONTAL", "LATERAL", "CT", "OTHER"):
        shown = {"LATERAL": "LATERAL", "CT": "", "OTHER": ""}.get(view, "FRONTAL")
        kept = expected if shown in ("", PLANES[plane]) else ""
        assert orientation_for(view, expected) == kept


@pytest.mark.parametrize(
    ("view", "usual"),
    [
        *(("PA", "LF"), ("AP", "LF"), ("FRONTAL", "LF"), ("CT", "LP")),
        *(("LATERAL", ""), ("OTHER", ""), ("", "")),
    ],
)
def test_an_image_that_cannot_say_hangs_the_usual_way_and_one_that_does_not_no_way(view, usual):
    assert orientation_for(view, None) == usual
    assert orientation_for(view, "") == ""


# Sizes


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (3, 5)])
def test_a_size_is_told_from_one_pixel_on(tmp_path, shape):
    values = np.zeros(shape, np.uint8)
    assert size_of(write_png(tmp_path / "a.png", values)) == shape[::-1]
    path = write_dicom(tmp_path / "a.dcm", values)
    assert size_of(path) == shape[::-1]
    path.write_bytes(path.read_bytes()[132:])  # without what it begins with
    assert size_of(path) == shape[::-1]


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", bytes(400)])
def test_what_is_no_image_tells_no_size(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ImageProblem, match=r"^a\.png does not tell how large it is: check that"):
        size_of(tmp_path / "a.png")
