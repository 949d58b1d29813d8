"""Boxes compared in words: what lies in what, how far apart, how large."""

from __future__ import annotations

import pytest

from cases.models import Image
from localize.places import displacement, overlap_in_words, size_in_words, size_of
from ml.localize import Size

pytestmark = pytest.mark.pure

FINDING = (0.60, 0.20, 0.62, 0.22)


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ((0.1, 0.1, 0.9, 0.9), "your box holds it but is more than ten times its area"),
        ((0.59, 0.19, 0.63, 0.24), "your box holds it but is 5.0 times its area"),
        ((0.60, 0.20, 0.61, 0.21), "your box lies within it but covers 25 % of its area"),
        ((0.60, 0.20, 0.604, 0.204), "your box lies within it but covers less than a tenth of"),
        ((0.60, 0.40, 0.62, 0.42), "it lies 20 % of the image higher"),
    ],
)
def test_a_box_that_holds_a_finding_is_too_large_and_not_elsewhere(mark, said):
    found = displacement(FINDING, mark, None)
    assert found.startswith(said)
    assert ("lies" in found and "higher" in found) == (mark[1] == 0.40)


@pytest.mark.parametrize(
    ("truth", "mark", "said"),
    [
        # 96 % and 94 % of a finding in a larger box, cut above, below and at either side.
        ((0.6, 0.2, 0.7, 0.3), (0.5, 0.204, 0.9, 0.5), "your box holds it"),
        ((0.6, 0.2, 0.7, 0.3), (0.5, 0.206, 0.9, 0.5), "it lies"),
        ((0.6, 0.2, 0.7, 0.3), (0.5, 0.1, 0.9, 0.296), "your box holds it"),
        ((0.6, 0.2, 0.7, 0.3), (0.5, 0.1, 0.9, 0.294), "it lies"),
        ((0.6, 0.2, 0.7, 0.3), (0.604, 0.1, 0.9, 0.5), "your box holds it"),
        ((0.6, 0.2, 0.7, 0.3), (0.606, 0.1, 0.9, 0.5), "it lies"),
        ((0.6, 0.2, 0.7, 0.3), (0.4, 0.1, 0.694, 0.5), "it lies"),
        # And of a box in a larger finding.
        ((0.2, 0.2, 0.6, 0.6), (0.3, 0.196, 0.4, 0.296), "your box lies within it"),
        ((0.2, 0.2, 0.6, 0.6), (0.3, 0.194, 0.4, 0.294), "it lies"),
    ],
)
def test_a_box_holds_what_lies_in_it_but_for_a_twentieth(truth, mark, said):
    assert displacement(truth, mark, None).startswith(said)


@pytest.mark.parametrize(
    ("iou", "said"),
    [(0.43, "43 % overlap"), (0.0008, "less than 1 % overlap"), (0.0, "no overlap")],
)
def test_a_small_overlap_is_not_called_none(iou, said):
    assert overlap_in_words(iou) == said


KNOWN = Image(
    view="PA", orientation="LF", width=1000, height=2000, row_spacing=0.1, column_spacing=0.2
)
"""Pixels 0.1 mm high and 0.2 mm wide."""
BOX = (0.4, 0.4, 0.5, 0.45)


def moved(across=0.0, down=0.0):
    """A box of the same size as `BOX`, so far from it."""
    return (BOX[0] + across, BOX[1] + down, BOX[2] + across, BOX[3] + down)


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        (moved(down=0.06), "it lies 1.2 cm higher"),
        (moved(down=-0.06), "it lies 1.2 cm lower"),
        (moved(across=0.06), "it lies 1.2 cm toward the patient's right"),
        (moved(across=-0.06), "it lies 1.2 cm toward the patient's left"),
        (moved(-0.02, 0.03), "it lies 0.6 cm higher and 0.4 cm toward the patient's left"),
    ],
)
def test_where_the_spacing_is_known_distances_are_centimeters(mark, said):
    assert displacement(BOX, mark, KNOWN) == said


def test_boxes_about_one_center_are_told_to_differ_in_outline():
    assert displacement(BOX, (0.37, 0.41, 0.53, 0.44), KNOWN) == (
        "the centers agree, but not the outlines"
    )


@pytest.mark.parametrize("view", ["LATERAL", "OTHER"])
def test_left_and_right_are_the_screens_where_the_patients_are_not_known(view):
    image = Image(view=view, width=1000, height=1000)
    assert displacement(BOX, moved(-0.06), image).endswith(
        "6 % of the image to the right on the screen"
    )
    assert displacement(BOX, moved(0.06), image).endswith(
        "6 % of the image to the left on the screen"
    )


def test_a_box_that_is_elsewhere_and_too_large_is_told_both():
    mark = (0.6, 0.4, 0.8, 0.475)
    assert displacement(BOX, mark, None).endswith("screen, and your box is 3.0 times its area")
    small = (0.6, 0.4, 0.62, 0.45)
    assert displacement(BOX, small, None).endswith("screen, and your box has 20 % of its area")


def test_a_size_is_width_by_height_in_millimeters_where_the_spacing_is_known():
    assert size_in_words(BOX, KNOWN) == "20 × 10 mm"
    assert size_in_words(BOX, Image(view="PA", width=1000, height=2000)) == (
        "10 % by 5 % of the image"
    )
    half_known = Image(view="PA", width=1000, height=2000, row_spacing=0.1)
    assert size_in_words(BOX, half_known) == size_in_words(BOX, None)


def test_an_image_is_as_large_as_is_known_in_millimeters_or_else_in_its_own_widths():
    assert size_of(KNOWN) == Size(200.0, 200.0)
    for unknown in (
        Image(width=1000, height=2000),
        Image(width=1000, height=2000, row_spacing=0.1),
    ):
        assert size_of(unknown) == Size(2.0, 1.0, in_mm=False)
    tall = Image(width=1000, height=2000, pixel_aspect=0.5)
    assert size_of(tall) == Size(1.0, 1.0, in_mm=False)
