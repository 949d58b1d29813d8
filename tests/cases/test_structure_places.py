"""Where reports and structure sets say that findings lie: on the film and in the patient."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cases.imaging import Source
from cases.importers import ImportedImage, structures
from cases.importers.dicom import _slices
from cases.importers.structures import contoured
from cases.importers.studies.headers import instance_of
from cases.importers.studies.slices import Slices
from tests.cases.dicom_studies import AXIAL
from tests.cases.files import ramp, write_dicom
from tests.cases.measurement_groups import (
    COLUMNS,
    ROWS,
    film,
    named,
    on_film,
)
from tests.cases.test_dicom_segments import item

pytestmark = pytest.mark.pure


# Coordinates


def corners(region):
    """In pixels."""
    return [(x * COLUMNS, y * ROWS) for x, y in region.points]


def pixels(region):
    x0, y0, x1, y1 = region.box
    return x0 * COLUMNS, y0 * ROWS, x1 * COLUMNS, y1 * ROWS


@pytest.mark.parametrize("kind", ["POINT", "MULTIPOINT"])
def test_each_point_is_a_tip(kind):
    numbers = [10, 5] if kind == "POINT" else [10, 5, 30, 15, 50, -2]
    found = structures._regions(on_film(kind, numbers), film())
    places = [[(10, 5)], [(30, 15)], [(40, 0)]][: len(numbers) // 2]
    assert [corners(one) for one in found] == places
    assert {(one.image, one.frame, one.shape) for one in found} == {(3, 0, "point")}


@pytest.mark.parametrize(
    ("reference", "frame"),
    [({}, 0), ({"ReferencedFrameNumber": 2}, 1), ({"ReferencedFrameNumber": ["3", "4"]}, 2)],
)
def test_coordinates_lie_on_the_first_frame_that_is_named(reference, frame):
    square = [10, 5, 30, 5, 30, 15, 10, 15, 10, 5]
    (region,) = structures._regions(on_film("POLYLINE", square, **reference), film(3))
    assert (region.image, region.frame, region.shape, region.points) == (3, frame, "box", ())
    assert pixels(region) == (10, 5, 30, 15)
    polygon = [*square[:6], 12, 19]
    (region,) = structures._regions(on_film("POLYLINE", polygon, **reference), film(3))
    assert (region.image, region.frame, region.shape) == (3, frame, "polygon")
    assert corners(region) == [(10, 5), (30, 5), (30, 15), (12, 19)]


def test_coordinates_without_numbers_or_on_an_image_of_unknown_size_lie_nowhere():
    slices = film()
    assert structures._regions(on_film("POINT", []), slices) == []
    assert structures._regions(on_film("POINT", [1, 1], ReferencedFrameNumber=2), slices) == []
    assert structures._regions(on_film("POINT", [1, 1]), Slices(frames=slices.frames)) == []
    bare = named("SCOORD", "1", "x", GraphicType="POINT", GraphicData=[1, 1])
    assert structures._regions(bare, slices) == []
    bare.ContentSequence = [item(ValueType="IMAGE")]
    assert structures._regions(bare, slices) == []


def test_a_circle_is_round_in_pixels_whatever_the_image():
    (region,) = structures._regions(on_film("CIRCLE", [20, 10, 23, 14]), film())
    assert region.shape == "polygon"
    assert pixels(region) == pytest.approx((15, 5, 25, 15))
    assert len(region.points) == 32
    assert {round(math.dist(one, (20, 10)), 6) for one in corners(region)} == {5}


def test_a_line_between_two_points_is_the_diameter_of_a_circle():
    (region,) = structures._regions(on_film("POLYLINE", [17, 6, 23, 14]), film())
    assert pixels(region) == pytest.approx((15, 5, 25, 15))
    assert {round(math.dist(one, (20, 10)), 6) for one in corners(region)} == {5}


def test_an_ellipse_has_the_ends_of_its_axes_on_its_outline():
    long, short = [(10, 4), (30, 16)], [(17, 15), (23, 5)]
    numbers = [side for point in (*long, *short) for side in point]
    (region,) = structures._regions(on_film("ELLIPSE", numbers), film())
    outline = corners(region)
    assert len(outline) == 32
    assert [outline[at] for at in (0, 8, 16, 24)] == [
        pytest.approx(one) for one in (long[1], short[1], long[0], short[0])
    ]
    middle = ((long[1][0] - 20) * math.sqrt(0.5) + (short[1][0] - 20) * math.sqrt(0.5)) + 20
    assert outline[4][0] == pytest.approx(middle)


@pytest.mark.parametrize(
    ("points", "left"),
    [
        ([[0, 0], [1, 0], [1, 1], [0, 0]], 3),
        ([[0, 0], [1, 0], [0, 0]], 3),
        ([[0, 0], [1, 0], [1, 1]], 3),
        ([[0, 0], [1, 0], [1, 1], [0, 1]], 4),
    ],
)
def test_a_line_that_comes_back_ends_before(points, left):
    outline = structures._outline("POLYLINE", points, (ROWS, COLUMNS))
    assert outline == points[:left]


SQUARE = [[0.1, 0.2], [0.5, 0.2], [0.5, 0.9], [0.1, 0.9], [0.1, 0.2]]


def test_a_closed_line_along_the_axes_is_a_box_from_wherever_it_begins():
    box = [0.1, 0.2, 0.5, 0.9]
    for start in range(4):
        turned = [*SQUARE[start:4], *SQUARE[: start + 1]]
        assert structures._upright(turned) == box
        assert structures._upright(turned[::-1]) == box
    beyond = [[-0.1, 0.2], [1.2, 0.2], [1.2, 0.9], [-0.1, 0.9], [-0.1, 0.2]]
    assert structures._upright(beyond) == [0.0, 0.2, 1.0, 0.9]


@pytest.mark.parametrize(
    "points",
    [
        SQUARE[:4],
        [*SQUARE, SQUARE[1]],
        [*SQUARE[:4], [0.1, 0.3]],
        [[0.1, 0.2], [0.5, 0.9], [0.5, 0.2], [0.1, 0.9], [0.1, 0.2]],
        [[0.1, 0.2], [0.5, 0.2], [0.5, 0.9], [0.2, 0.9], [0.1, 0.2]],
        [[0.1, 0.2], [0.5, 0.2], [0.1, 0.2], [0.1, 0.9], [0.1, 0.2]],
        [[0.1, 0.2], [0.5, 0.2], [0.7, 0.2], [0.3, 0.2], [0.1, 0.2]],
        [[0.1, 0.2], [0.1, 0.5], [0.1, 0.7], [0.1, 0.3], [0.1, 0.2]],
        [[0.1, 0.2], [0.5, 0.2], [0.5, 0.9], [0.5, 0.2], [0.1, 0.2]],
    ],
)
def test_any_other_line_is_no_box(points):
    assert structures._upright(points) is None


def test_an_outline_keeps_every_so_many_of_too_many_corners(monkeypatch):
    monkeypatch.setattr(structures, "MOST_POINTS", 3)
    points = [[at / 10, 0.0] for at in range(7)]
    assert structures._thinned(points[:3]) == points[:3]
    assert structures._thinned(points[:4]) == [points[0], points[2]]
    assert structures._thinned(points[:6]) == points[:6:2]
    assert structures._thinned(points) == points[::3]


def test_points_are_held_inside_the_image():
    outside = [[-0.5, 0.5], [0.5, -0.5], [1.5, 0.5], [0.5, 1.5]]
    assert structures._clipped(outside) == [[0, 0.5], [0.5, 0], [1, 0.5], [0.5, 1]]


@pytest.mark.parametrize(
    ("data", "triples"),
    [
        *((None, []), ([], []), ([1, 2], []), ([1, 2, 3, 4], []), ([1, 2, 3, 4, 5], [])),
        *((["1", 2, 3], [[1, 2, 3]]), ([1, 2, 3, 4, 5, 6], [[1, 2, 3], [4, 5, 6]])),
    ],
)
def test_points_in_the_patient_come_by_threes(data, triples):
    assert structures._triples(data) == triples


# In the patient


@pytest.fixture
def slices(tmp_path):
    """Two slices of unequal sides and pixels, 5 mm from each other, as a study's are made."""
    files = []
    for number in range(2):
        path = write_dicom(
            tmp_path / f"{number}.dcm",
            (ramp(ROWS, COLUMNS) + number).astype(np.int16),
            Modality="CT",
            SOPInstanceUID=f"1.2.{number + 1}",
            ImageOrientationPatient=AXIAL,
            ImagePositionPatient=[-10, -20, 5 * number],
            PixelSpacing=[2, 0.5],
        )
        files.append(instance_of(path))
    source = Source(tuple(one.path for one in files))
    return _slices(files, [ImportedImage("stack", source)])


def in_patient(*pixels_, depth=0.0):
    """Pixels (x and y of their centers) as millimeters."""
    return [one for x, y in pixels_ for one in (-10 + x * 0.5, -20 + y * 2, depth)]


@pytest.mark.parametrize(("depth", "frame"), [(0.0, 0), (1.0, 0), (5.0, 1), (4.0, 1), (6.0, 1)])
def test_points_lie_on_the_nearest_slice_within_a_millimeter(slices, depth, frame):
    numbers = in_patient((9.5, 4.5), (29.5, 4.5), (29.5, 14.5), depth=depth)
    place = named("SCOORD3D", "1", "x", GraphicType="POLYGON", GraphicData=numbers)
    (region,) = structures._regions(place, slices)
    assert (region.image, region.frame, region.shape) == (0, frame, "polygon")
    assert corners(region) == [pytest.approx(one) for one in ((10, 5), (30, 5), (30, 15))]


@pytest.mark.parametrize("depth", [1.01, 2.5, 3.99, 6.01])
def test_points_between_the_slices_lie_nowhere(slices, depth):
    place = named(
        *("SCOORD3D", "1", "x"), GraphicType="POINT", GraphicData=in_patient((1, 1), depth=depth)
    )
    assert structures._regions(place, slices) == []
    assert slices.fractions([[0, 0, depth]], (0, 1)) is None or depth > 3.99


def structure_set(names, *contours):
    """An RTSTRUCT of numbered names, and (number, [(kind, points, slice)]) for each structure."""
    return item(
        StructureSetROISequence=[
            item(ROINumber=number, **({"ROIName": name} if name else {}))
            for number, name in names.items()
        ],
        ROIContourSequence=[
            item(
                ReferencedROINumber=number,
                ContourSequence=[
                    item(
                        ContourGeometricType=kind,
                        ContourData=points,
                        ContourImageSequence=[item(ReferencedSOPInstanceUID=sop)] if sop else [],
                    )
                    for kind, points, sop in each
                ],
            )
            for number, each in contours
        ],
    )


def test_each_structure_is_a_finding_with_its_closed_contours(slices):
    first = in_patient((9.5, 4.5), (29.5, 4.5), (29.5, 14.5))
    second = in_patient((0, 0), (5, 0), (5, 9), depth=5.0)
    dataset = structure_set(
        {1: " Nodule ", 2: "Heart", 5: ""},
        (2, [("CLOSED_PLANAR", first, ""), ("CLOSED_PLANAR", second, "1.2.2")]),
        (1, [("CLOSED_PLANAR", second, "")]),
        (5, [("CLOSED_PLANAR", first, "1.2.1")]),
        (7, [("CLOSED_PLANAR", first, "")]),
        (1, []),
    )
    problems = []
    found = list(contoured(dataset, slices, "rt.dcm", problems))
    assert problems == []
    assert [(one.label, one.source_label) for one in found] == [
        *(("", "Heart"), ("nodule_mass", "Nodule"), ("", "unnamed"), ("", "unnamed"))
    ]
    assert [[(place.image, place.frame) for place in one.regions] for one in found] == [
        *([(0, 0), (0, 1)], [(0, 1)], [(0, 0)], [(0, 0)])
    ]
    assert pixels(found[0].regions[0]) == pytest.approx((10, 5, 30, 15))
    assert pixels(found[1].regions[0]) == pytest.approx((0.5, 0.5, 5.5, 9.5))


def test_contours_that_are_open_or_lie_nowhere_are_counted(slices):
    good = in_patient((9.5, 4.5), (29.5, 4.5), (29.5, 14.5))
    bad = [
        ("OPEN_PLANAR", good, ""),
        ("CLOSED_PLANAR", good[:5], ""),
        ("CLOSED_PLANAR", in_patient((1, 1), (2, 1), (2, 2), depth=2.5), ""),
    ]
    problems = []
    dataset = structure_set(
        {1: "Nodule", 2: "Nodule"}, (1, bad), (2, [("CLOSED_PLANAR", good, "")])
    )
    (finding,) = contoured(dataset, slices, "rt.dcm", problems)
    assert len(finding.regions) == 1
    assert [(one.where, one.sentence) for one in problems] == [
        ("rt.dcm", "3 contours lie on no slice of the case, or are not closed; left out.")
    ]
    many = structure_set({1: "Nodule"}, (1, bad[:1] * 1000))
    assert list(contoured(many, slices, "rt.dcm", problems)) == []
    assert problems[1].sentence.startswith("1,000 contours lie on no slice")


def test_a_contour_that_names_its_slice_is_looked_for_there_alone(slices):
    near_first = in_patient((9.5, 4.5), (29.5, 4.5), (29.5, 14.5))
    problems = []
    wrong = structure_set({1: "Nodule"}, (1, [("CLOSED_PLANAR", near_first, "1.2.2")]))
    assert list(contoured(wrong, slices, "rt.dcm", problems)) == []
    unknown = structure_set({1: "Nodule"}, (1, [("CLOSED_PLANAR", near_first, "9.9")]))
    (finding,) = contoured(unknown, slices, "rt.dcm", problems)
    assert finding.regions[0].frame == 0
    assert len(problems) == 1


def test_a_set_without_structures_has_no_finding(slices):
    problems = []
    bare = item(StructureSetROISequence=[])
    assert list(contoured(bare, slices, "rt.dcm", problems)) == []
    named_only = structure_set({1: "Nodule"})
    named_only.ROIContourSequence = [item(ReferencedROINumber=1)]
    assert list(contoured(named_only, slices, "rt.dcm", problems)) == []
    assert problems == []
