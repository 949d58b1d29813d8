"""The contours of four readers lie on the mass of the CT that ships, and on no other place."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from ml.simulate import readers

pytestmark = pytest.mark.pure

DEMO = Path(__file__).parents[2] / "cases" / "demo"
SIDE = 512


@pytest.fixture(scope="module")
def case():
    cases = json.loads((DEMO / "cases.json").read_text())["cases"]
    return next(one for one in cases if one["key"] == "film-ct")


@pytest.fixture(scope="module")
def frames(case):
    """Hounsfield units of the slices near the mass, by their number."""
    names = case["images"][0]["stack"]["frames"]
    return {
        number: np.asarray(Image.open(DEMO / names[number])).astype(int) - 1024
        for number in range(33, 50)
    }


def contrast(frames, regions, *, shift=0, is_turned=False):
    """Mean of what is inside the outlines over the mean of a ring around them, in HU."""
    inside, around = [], []
    for region in regions:
        points = [(y, x) if is_turned else (x, y) for x, y in region["polygon"]]
        canvas = Image.new("1", (SIDE, SIDE))
        corners = [(x * SIDE - 0.5, y * SIDE - 0.5) for x, y in points]
        ImageDraw.Draw(canvas).polygon(corners, fill=1)
        mask = np.asarray(canvas)
        ring = ndimage.binary_dilation(mask, iterations=6)
        ring &= ~ndimage.binary_dilation(mask, iterations=2)
        picture = frames[region["frame"] + shift]
        inside.append(picture[mask].mean())
        around.append(picture[ring].mean())
    return np.mean(inside) - np.mean(around)


def test_the_demo_set_has_the_contours_of_all_four_readers(case):
    (finding,) = case["findings"]
    stack = case["images"][0]
    assert finding["regions"] == readers.regions(len(stack["stack"]["frames"]))
    assert {one["reader"] for one in finding["regions"]} == {"1", "2", "3", "4"}
    assert {one["reader"] for one in finding["regions"] if not one.get("alternate")} == {"1"}
    assert finding["sentence"].endswith(readers.sentence())
    assert "malignancy 5, 5, 5, 4" in readers.sentence()


def test_the_stack_is_the_scan_that_was_read(case):
    said, stack = readers.said(), case["images"][0]
    assert (said["rows"], said["columns"]) == (stack["rows"], stack["columns"])
    assert said["slice_mm"] == stack["slice_mm"]
    assert said["licence"] == "CC BY 3.0"
    assert "Armato" in said["attribution"]


def test_the_contours_lie_around_the_mass_slice_by_slice(frames):
    regions = readers.regions(117)
    right = contrast(frames, regions)
    assert right > 450
    for shift in (-4, -2, -1, 1, 2, 4):
        assert contrast(frames, regions, shift=shift) < right - 50, shift
    assert contrast(frames, regions, is_turned=True) < 0


def test_frames_that_a_stack_has_not_are_left_out():
    assert readers.regions(30) == []
    assert {one["frame"] for one in readers.regions(40)} == {37, 38, 39}
