"""Each limit of what is said of places and sizes, at the limit itself and just beyond."""

from __future__ import annotations

import pytest

from cases.models import Image
from localize import places
from localize.places import displacement, overlap_in_words, size_in_words

pytestmark = pytest.mark.pure

FILM = Image(
    view="PA", orientation="LF", width=1000, height=2000, row_spacing=0.1, column_spacing=0.2
)
HALF = (0.25, 0.25, 0.75, 0.75)


def box(across=0.0, down=0.0, wide=0.5, high=0.5):
    """A box about the middle of an image, moved."""
    x, y = 0.5 + across, 0.5 + down
    return (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (box(0.0625, 0), "it lies 6 % of the image to the left on the screen"),
        (box(-0.0625, 0), "it lies 6 % of the image to the right on the screen"),
        (box(0, 0.0625), "it lies 6 % of the image higher"),
        (box(0, -0.0625), "it lies 6 % of the image lower"),
        (box(0, 0.046875), "the centers agree, but not the outlines"),
        (box(0.046875, 0), "the centers agree, but not the outlines"),
        (
            box(-0.125, 0.25),
            "it lies 25 % of the image higher and 12 % of the image to the right on the screen",
        ),
        (HALF, "the centers agree, but not the outlines"),
        (box(0, 0, 0.5, 0.25), "your box lies within it but covers 50 % of its area"),
        (box(0, 0, 0.5, 1.0), "your box holds it but is 2.0 times its area"),
        (box(0.25, 0, 0.5, 1.0), "it lies 25 % of the image to the left on the screen"),
        (
            box(0.25, 0, 0.5, 1.25),
            "it lies 25 % of the image to the left on the screen, and your box is 2.5 times its "
            "area",
        ),
        (
            box(0.5, 0, 0.5, 0.25),
            "it lies 50 % of the image to the left on the screen",
        ),
        (
            box(0.5, 0, 0.25, 0.25),
            "it lies 50 % of the image to the left on the screen, and your box has 25 % of its "
            "area",
        ),
    ],
)
def test_what_is_apart_by_less_than_a_tenth_of_the_finding_goes_unsaid(seen, said):
    assert displacement(HALF, seen, None) == said


@pytest.mark.parametrize(
    ("ratio", "size", "times", "part"),
    [
        (2.0, "", "2.0 times", ""),
        (2.25, "your box is 2.2 times its area", "2.2 times", ""),
        (10.0, "your box is 10.0 times its area", "10.0 times", ""),
        (10.5, "your box is more than ten times its area", "more than ten times", ""),
        (1.0, "", "1.0 times", "100 %"),
        (0.5, "", "", "50 %"),
        (0.25, "your box has 25 % of its area", "", "25 %"),
        (0.1, "your box has 10 % of its area", "", "10 %"),
        (0.09, "your box has less than a tenth of its area", "", "less than a tenth"),
    ],
)
def test_sizes_are_told_with_a_number_up_to_ten_times(ratio, size, times, part):
    assert places._size(ratio) == size
    if times:
        assert places._times(ratio) == times
    if part:
        assert places._part(ratio) == part


@pytest.mark.parametrize(
    ("iou", "said"),
    [
        (0.0, "no overlap"),
        (-0.0, "no overlap"),
        (0.009, "less than 1 % overlap"),
        (0.01, "1 % overlap"),
        (0.256, "26 % overlap"),
        (1.0, "100 % overlap"),
    ],
)
def test_overlap_is_told_from_one_percent_on(iou, said):
    assert overlap_in_words(iou) == said


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ((0, 0, 4, 4), (1, 2, 3, 8), 4),
        ((1, 2, 3, 8), (0, 0, 4, 4), 4),
        ((0, 0, 4, 4), (4, 0, 8, 4), 0),
        ((0, 0, 4, 4), (6, 6, 8, 8), 0),
        ((0, 0, 4, 4), (5, 1, 8, 3), 0),
        ((0, 0, 4, 4), (1, 5, 3, 8), 0),
        ((0, 0, 4, 4), (-1, -2, 1, 1), 1),
    ],
)
def test_boxes_share_what_lies_in_both(one, other, shared):
    assert places._shared(one, other) == shared


@pytest.mark.parametrize(
    ("image", "across", "down", "size"),
    [
        (None, "25 % of the image", "12 % of the image", "50 % by 25 % of the image"),
        (FILM, "5.0 cm", "2.5 cm", "100 × 50 mm"),
        (
            Image(width=1000, height=2000, row_spacing=0.1),
            "25 % of the image",
            "2.5 cm",
            "50 % by 25 % of the image",
        ),
        (
            Image(width=1000, height=2000, column_spacing=0.2),
            "5.0 cm",
            "12 % of the image",
            "50 % by 25 % of the image",
        ),
    ],
)
def test_lengths_are_centimeters_along_the_side_whose_spacing_is_known(image, across, down, size):
    for sign in (1, -1):
        assert places._length(sign * 0.25, image, vertical=False) == across
        assert places._length(sign * 0.125, image, vertical=True) == down
    assert size_in_words((0.25, 0.5, 0.75, 0.75), image) == size


@pytest.mark.parametrize(
    ("orientation", "right", "left"),
    [
        ("LF", "toward the patient's left", "toward the patient's right"),
        ("RF", "toward the patient's right", "toward the patient's left"),
        ("", "to the right on the screen", "to the left on the screen"),
    ],
)
def test_sides_are_the_patients_where_they_are_known(orientation, right, left):
    image = Image(orientation=orientation, width=9, height=9)
    assert places._direction(0.1, image) == right
    assert places._direction(-0.1, image) == left
    assert places._direction(0.1, None) == "to the right on the screen"
    assert places._direction(-0.1, None) == "to the left on the screen"
