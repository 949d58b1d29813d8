"""Which slice stands for a lesion, and which region a second mark repeats."""

from __future__ import annotations

from itertools import permutations

import pytest

from ml.localize import Alternate, Mark, Region, Truth, attach_alternates, join_slices, score

pytestmark = pytest.mark.pure

SQUARE = (0.4, 0.4, 0.7, 0.7)
TALL = (0.6, 0.2, 0.7, 0.8)
"""Smaller than the square, with longer sides, farther right, and across it."""
WIDE = (0.2, 0.6, 0.8, 0.7)
"""The same lying down."""


@pytest.mark.parametrize("order", list(permutations([SQUARE, TALL, WIDE])))
def test_the_slice_of_the_largest_area_stands_for_a_lesion(order):
    slices = [Region(f"r{frame}", box, "ct", frame) for frame, box in enumerate(order)]
    [region] = join_slices(slices)
    assert (region.box, region.frame) == (SQUARE, order.index(SQUARE))
    assert [one.box for one in region.slices] == [box for box in order if box != SQUARE]


@pytest.mark.parametrize("nearest", ["a", "b"])
def test_a_second_mark_between_two_regions_repeats_the_one_it_overlaps_most(nearest):
    boxes = {"a": (0.40, 0.4, 0.60, 0.6), "b": (0.48, 0.4, 0.68, 0.6)}
    between = {"a": (0.43, 0.4, 0.63, 0.6), "b": (0.45, 0.4, 0.65, 0.6)}[nearest]
    nodule = Truth("t", "nodule_mass", "draw", tuple(Region(n, box) for n, box in boxes.items()))
    marks = [Mark(f"on {name}", "nodule_mass", box) for name, box in boxes.items()]
    found = score([nodule], [*marks, Mark("again", "nodule_mass", between)], [])
    again = next(row for row in found.marks if row.mark == "again")
    assert (again.outcome, again.region) == ("duplicate", nearest)


def other(box, image="", frame=0):
    return (Alternate(box, "second"), image, frame)


NEAR, FAR = (0.10, 0.10, 0.20, 0.20), (0.60, 0.60, 0.70, 0.70)


@pytest.mark.parametrize(
    ("box", "index"),
    [
        ((0.12, 0.12, 0.22, 0.22), 0),  # overlaps the first
        ((0.62, 0.62, 0.72, 0.72), 1),
        ((0.22, 0.30, 0.26, 0.34), 0),  # overlaps none: the nearer center
        ((0.50, 0.48, 0.56, 0.54), 1),
        ((0.60, 0.10, 0.64, 0.40), 1),  # as far across from one as down to the other, but nearer
    ],
)
def test_another_readers_box_stands_in_for_the_region_that_it_lies_at(box, index):
    regions = attach_alternates([Region("a", NEAR), Region("b", FAR)], [other(box)])
    assert [len(region.alternates) for region in regions] == [1 - index, index]


def test_the_same_image_goes_before_the_nearest_frame_and_that_before_the_overlap():
    own = [Region("a", NEAR, "ct", 5), Region("b", FAR, "ct", 1), Region("c", NEAR, "pa", 1)]
    for image, frame, place in (("ct", 1, 1), ("ct", 4, 0), ("pa", 5, 2), ("pa", 1, 2)):
        regions = attach_alternates(own, [other(NEAR, image, frame)])
        assert [bool(region.alternates) for region in regions] == [n == place for n in range(3)]


def test_readers_alone_make_a_region_where_they_agree_and_one_each_where_not():
    together = attach_alternates([], [other(NEAR), other((0.11, 0.1, 0.21, 0.2))])
    assert [len(region.alternates) for region in together] == [1]
    for apart in (other(FAR), other(NEAR, "pa"), other(NEAR, "", 3)):
        regions = attach_alternates([], [other(NEAR), apart])
        assert [len(region.alternates) for region in regions] == [0, 0]
        assert regions[1].id == "alternate 1"
