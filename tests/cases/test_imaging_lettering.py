"""What is a letter and what a row of them, at each limit of `cases.imaging.lettering`."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from cases.imaging import lettering
from cases.imaging.lettering import _box, _continues, _is_straight, _Mark, _marks, _rows, text_boxes

pytestmark = pytest.mark.pure


def on_black(*places, shape=(120, 200), gray=1.0):
    """A black picture with bright places: (rows, columns), each a slice's ends."""
    picture = np.zeros(shape, np.float32)
    for (y0, y1), (x0, x1) in places:
        picture[y0:y1, x0:x1] = gray
    return picture


def angle(height, width, *, stroke=2, at=(5, 5)):
    """The letter L."""
    (y, x), foot = at, at[0] + height
    return ((y, foot), (x, x + stroke)), ((foot - stroke, foot), (x, x + width))


def sizes(picture):
    return sorted((mark.height, mark.x1 - mark.x0) for mark in _marks(picture))


@pytest.mark.parametrize(
    ("height", "width", "is_letter"),
    [
        *((6, 6, True), (5, 5, False), (90, 60, True), (91, 60, False)),
        *((10, 16, True), (10, 17, False), (20, 32, True), (20, 33, False)),
    ],
)
def test_a_letter_is_neither_too_high_nor_too_low_nor_too_broad(height, width, is_letter):
    found = _marks(on_black(*angle(height, width, at=(7, 11))))
    assert found == ([_Mark(11, 7, 11 + width, 7 + height)] if is_letter else [])


@pytest.mark.parametrize(("width", "is_letter"), [(5, True), (6, False), (1, True), (10, False)])
def test_a_full_block_is_a_letter_where_it_is_at_most_half_as_broad_as_high(width, is_letter):
    assert bool(_marks(on_black(((5, 15), (5, 5 + width))))) is is_letter


@pytest.mark.parametrize(("missing", "is_letter"), [(14, True), (13, False)])
def test_a_broad_letter_leaves_a_twentieth_of_its_box_free(missing, is_letter):
    picture = on_black(((5, 25), (5, 19)))
    picture[5:7, 5:12].flat[:missing] = 0
    assert bool(_marks(picture)) is is_letter


@pytest.mark.parametrize(("stroke", "is_letter"), [(14, True), (15, False)])
def test_nothing_wider_is_the_stroke_of_a_letter(stroke, is_letter):
    assert bool(_marks(on_black(*angle(60, 60, stroke=stroke, at=(20, 20))))) is is_letter


@pytest.mark.parametrize(("gray", "is_letter"), [(0.25, False), (0.26, True), (1.0, True)])
def test_a_letter_stands_out_by_more_than_a_quarter(gray, is_letter):
    assert bool(_marks(on_black(*angle(20, 12), gray=gray))) is is_letter


@pytest.mark.parametrize(("apart", "is_letter"), [(0.116, True), (0.124, False)])
def test_the_core_of_a_letter_is_of_one_gray(apart, is_letter):
    """Of its lower half nothing is asked: edges may be smoothed."""
    picture = on_black(((5, 25), (5, 7)), ((5, 25), (7, 8)), gray=0.5)
    picture[5:25, 5:7] = 0.7
    picture[5:25:2, 5:7] += apart
    assert bool(_marks(picture)) is is_letter
    picture[5:25, 7] = 0.3
    assert bool(_marks(picture)) is is_letter


def test_corners_that_touch_are_of_one_letter():
    picture = on_black()
    picture[np.arange(10, 20), np.arange(10, 20)] = 1
    assert sizes(picture) == [(10, 10)]


def test_of_too_many_marks_the_largest_are_taken(monkeypatch):
    heights = (20, 8, 30, 12, 25)
    letters = [angle(high, 6, at=(5, 20 * n + 5)) for n, high in enumerate(heights)]
    picture = on_black(*itertools.chain(*letters))
    assert sizes(picture) == [(high, 6) for high in sorted(heights)]
    monkeypatch.setattr(lettering, "MOST_MARKS", 3)
    assert sizes(picture) == [(20, 6), (25, 6), (30, 6)]


def beside(gap=2, y0=0, y1=10, *, last=(0, 10), width=8):
    return _Mark(0, last[0], 10, last[1]), _Mark(10 + gap, y0, 10 + gap + width, y1)


@pytest.mark.parametrize(
    ("marks", "goes_on"),
    [
        *((beside(gap), -3 <= gap <= 13) for gap in (-4, -3, -2, 0, 12, 13, 14)),
        *((beside(gap, 100, 110, last=(100, 110)), gap < 14) for gap in (-3, 13, 14)),
        *((beside(gap, 0, 20, last=(0, 20)), gap >= -6) for gap in (-7, -6)),
        *((beside(y1=high), 6 <= high <= 16) for high in (5, 6, 16, 17)),
        *((beside(y1=high, last=(0, 100)), 60 <= high <= 167) for high in (59, 60, 167, 168)),
        *((beside(y0=y, y1=y + 10), y <= 4) for y in (0, 3, 4, 5)),
        *((beside(y0=100 - y, y1=110 - y, last=(100, 110)), y <= 4) for y in (0, 4, 5)),
        *((beside(y0=y, y1=y + 6), y <= 6) for y in (6, 7)),
        *((beside(y0=y, y1=y + 10, last=(0, 6)), y <= 2) for y in (2, 3)),
    ],
)
def test_a_mark_goes_on_a_line_where_it_is_near_alike_and_level(marks, goes_on):
    assert bool(_continues(*marks)) is goes_on


def row_of(feet, heads):
    ends = enumerate(zip(feet, heads, strict=True))
    return [_Mark(12 * n, y0, 12 * n + 10, y1) for n, (y1, y0) in ends]


UNEVEN = (70, 76, 80, 84, 90, 74, 86, 80, 68, 92)


@pytest.mark.parametrize(
    ("off", "is_straight"), [((), True), ((115,) * 3, True), ((115,) * 4, False)]
)
@pytest.mark.parametrize("from_below", [True, False])
def test_seven_of_ten_letters_stand_on_one_line_or_hang_from_one(off, is_straight, from_below):
    level = [100] * (10 - len(off)) + [*off]
    if from_below:
        assert _is_straight(row_of(level, UNEVEN)) is is_straight
    else:
        hanging = [200 - y for y in level]
        assert _is_straight(row_of([200 - y for y in UNEVEN], hanging)) is is_straight


@pytest.mark.parametrize(
    ("height", "off", "is_straight"),
    [(10, 1, True), (10, 2, False), (20, 3, True), (20, 4, False), (4, 1, True), (4, 2, False)],
)
def test_a_line_is_as_level_as_its_letters_are_high(height, off, is_straight):
    feet = [100] * 6 + [100 + off] * 4
    assert _is_straight(row_of(feet, [foot - height for foot in feet])) is is_straight


@pytest.mark.parametrize(("count", "rows"), [(3, 0), (4, 1), (9, 1)])
def test_four_letters_make_a_row(count, rows):
    letters = row_of([10] * count, [0] * count)
    assert _rows(letters[::-1]) == [letters] * rows


def test_a_letter_goes_to_the_row_that_ends_nearest_to_it():
    far = [_Mark(0, 0, 10, 10), _Mark(12, 0, 22, 10)]
    near = [_Mark(4, 5, 14, 15), _Mark(16, 5, 26, 15)]
    more = [_Mark(28, 2, 38, 12), _Mark(40, 2, 50, 12)]
    assert _rows([*far, *near, *more]) == [[*near, *more]]


@pytest.mark.parametrize(
    ("row", "box"),
    [
        (
            (_Mark(20, 30, 30, 40), _Mark(40, 28, 50, 40), _Mark(32, 31, 38, 44)),
            (14.8 / 200, 22.8 / 100, 55.2 / 200, 49.2 / 100),
        ),
        ((_Mark(2, 3, 12, 13), _Mark(14, 1, 24, 11)), (0, 0, 28 / 200, 17 / 100)),
        ((_Mark(188, 88, 198, 98),), (184 / 200, 84 / 100, 1, 1)),
    ],
)
def test_a_box_is_wider_than_its_letters_and_ends_with_the_image(row, box):
    assert _box(row, (100, 200)) == pytest.approx(box)


@pytest.mark.parametrize(("wide", "found"), [(2048, True), (2049, False), (300, True)])
@pytest.mark.parametrize("turned", [False, True])
def test_a_larger_image_is_thinned_out_until_it_fits(wide, found, turned):
    """Letters of 6 pixels are too low in every second row."""
    letters = [angle(6, 6, at=(20, 9 * n + 20)) for n in range(6)]
    shape = (wide, 120) if turned else (60, wide)
    values = (on_black(*itertools.chain(*letters), shape=shape) * 200).astype(np.uint8)
    assert bool(text_boxes(values)) is found


@pytest.mark.parametrize(("paper", "ink"), [(0, 1), (0, 255), (255, 0), (40_000, 41_000), (9, 3)])
def test_the_place_of_a_line_is_the_same_whatever_its_gray(paper, ink):
    letters = [angle(10, 7, at=(20, 10 * n + 30)) for n in range(5)]
    mask = on_black(*itertools.chain(*letters), shape=(80, 160)) > 0
    found = text_boxes(np.where(mask, ink, paper).astype(np.uint16))
    assert pytest.approx((26 / 160, 16 / 80, 81 / 160, 34 / 80)) in found


@pytest.mark.parametrize(("ink", "found"), [(50, False), (52, True)])
def test_letters_stand_out_by_a_part_of_the_images_whole_range(ink, found):
    letters = [angle(10, 7, at=(20, 10 * n + 30)) for n in range(5)]
    values = (on_black(*itertools.chain(*letters), shape=(80, 160)) * ink).astype(np.uint8)
    values[70:, 140:] = 200
    assert bool(text_boxes(values)) is found
