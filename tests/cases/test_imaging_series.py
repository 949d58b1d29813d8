"""Single files are one stack only where their headers agree; frames lie in order of position."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from cases.imaging import ImageProblem, Source, doubt_of, prepare_image
from cases.imaging.pixels import Place
from cases.imaging.render import pixels_of
from cases.imaging.series import gap_in
from tests.cases.files import ramp, write_dicom, write_png

pytestmark = pytest.mark.pure

AXIAL, CORONAL = [1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0, -1]


def ct_slice(path: Path, depth: float | None, **elements) -> Path:
    given = {
        "Modality": "CT",
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
        "PixelSpacing": [0.7, 0.7],
        "ImageOrientationPatient": AXIAL,
        "ImagePositionPatient": None if depth is None else [-180, -180, depth],
    } | elements
    values = given.pop("values", ramp())
    return write_dicom(path, values, **{key: one for key, one in given.items() if one is not None})


def stack(folder: Path, *depths: float | None) -> list[Path]:
    return [ct_slice(folder / f"{n}.dcm", depth) for n, depth in enumerate(depths)]


def test_slices_of_one_series_are_a_stack(tmp_path):
    prepared = prepare_image(Source(tuple(stack(tmp_path, 0, 5, 10))))
    assert len(prepared.renditions) == 3
    assert (prepared.view, prepared.orientation, prepared.value_offset) == ("CT", "LP", -1024)


@pytest.mark.parametrize(
    ("odd", "what"),
    [
        ({"depth": 5.004}, r"shows the same slice as 1\.dcm: name each slice once"),
        (
            {"ImageOrientationPatient": CORONAL},
            r"is cut in another direction \(as a localizer is\)",
        ),
        ({"ImageOrientationPatient": [-1, 0, 0, 0, -1, 0]}, "is cut in another direction"),
        ({"PixelSpacing": [0.8, 0.8]}, "has another pixel spacing than the first frame"),
        ({"values": ramp(20)}, r"has another size \(60 × 20, not 60 × 40\) than the first frame"),
        ({"Modality": "MR"}, "is of another kind than the first frame"),
        ({"RescaleType": "US"}, "is of another kind than the first frame"),
        ({"PhotometricInterpretation": "MONOCHROME1"}, "has another polarity|is dark where"),
        ({"values": np.stack([ramp()] * 2)}, "holds 2 frames and is named as one of a stack"),
    ],
)
def test_a_file_that_is_no_slice_of_the_stack_is_refused_by_name(tmp_path, odd, what):
    depth = odd.pop("depth", 15)
    paths = (*stack(tmp_path, 0, 5, 10), ct_slice(tmp_path / "odd.dcm", depth, **odd))
    with pytest.raises(ImageProblem, match=rf"^odd\.dcm ({what})") as caught:
        prepare_image(Source(paths))
    assert "\n" not in str(caught.value)


def test_the_same_file_named_twice_is_refused_where_nothing_says_where_it_lies(tmp_path):
    path = ct_slice(tmp_path / "a.dcm", None)
    with pytest.raises(ImageProblem, match=r"^a\.dcm shows the same slice as a\.dcm"):
        prepare_image(Source((path, path)))


def test_a_picture_is_no_slice_among_dicom_files(tmp_path):
    paths = (*stack(tmp_path, 0, 5), write_png(tmp_path / "a.png"))
    with pytest.raises(ImageProblem, match=r"^a\.png is of another kind than the first frame"):
        prepare_image(Source(paths))


@pytest.mark.parametrize(
    ("depths", "order"),
    [
        ((0, 5, 10), (0, 1, 2)),
        ((10, 5, 0), (0, 1, 2)),
        ((0, 10, 5), (0, 2, 1)),
        ((20, 0, 10, 5), (0, 2, 3, 1)),
        ((0, None, 5), (0, 1, 2)),
    ],
)
def test_slices_named_out_of_order_are_put_in_order_and_tell_where_they_came_from(
    tmp_path, depths, order
):
    paths = [
        ct_slice(tmp_path / f"{n}.dcm", depth, values=ramp(top=1000 + n))
        for n, depth in enumerate(depths)
    ]
    prepared = prepare_image(Source(tuple(paths)))
    assert prepared.frame_order == order
    tops = [int(pixels_of(one).max()) for one in prepared.renditions]
    assert tops == [1000 + n for n in order]


def test_an_oblique_stack_is_ordered_along_its_own_normal(tmp_path):
    # Coronal slices: the position grows from front to back, whatever x and z do.
    paths = [
        ct_slice(
            tmp_path / f"{n}.dcm",
            None,
            ImageOrientationPatient=CORONAL,
            ImagePositionPatient=[7 * n, depth, -3 * n],
        )
        for n, depth in enumerate((0, 20, 10))
    ]
    assert prepare_image(Source(tuple(paths))).frame_order == (0, 2, 1)


def test_pictures_without_positions_stay_in_the_order_of_their_table(tmp_path):
    paths = tuple(write_png(tmp_path / f"{n}.png") for n in (2, 0, 1))
    assert prepare_image(Source(paths)).frame_order == (0, 1, 2)


@pytest.mark.parametrize(
    ("depths", "said"),
    [
        ((0, 5, 10, 15), ""),
        ((0, 5.2, 9.9, 15), ""),
        ((0, 5, 15, 20), ": slices 2 and 3 lie 10 mm apart, others 5 mm."),
        ((20, 15, 5, 0), ": slices 3 and 2 lie 10 mm apart, others 5 mm."),
        (
            (0, 20, 5, 10, 30),
            " in 2 places: slices 4 and 2 lie 10 mm apart, others 5 mm.",
        ),
        ((0, 5, 15), ": slices 2 and 3 lie 10 mm apart, others 5 mm."),
        ((0, 5), ""),
        ((0, 2, 4, 7), ""),  # half a slice more than usual is none
        ((0, 2, 4, 7.5), ": slices 3 and 4 lie 3.5 mm apart, others 2 mm."),
        ((0, 5, None, 20), ""),
    ],
)
def test_slices_that_are_missing_between_others_are_told_once_decoded_and_from_headers_alone(
    tmp_path, depths, said
):
    paths = tuple(stack(tmp_path, *depths))
    expected = f"Slices seem to be missing{said}" if said else ""
    assert prepare_image(Source(paths)).doubt == expected
    assert doubt_of(paths) == expected


def test_frames_of_one_file_are_told_by_their_number(tmp_path):
    frames = []
    for depth in (0, 2, 4, 8):
        place, frame = Dataset(), Dataset()
        place.ImagePositionPatient = [0, 0, depth]
        frame.PlanePositionSequence = Sequence([place])
        frames.append(frame)
    plane, shared = Dataset(), Dataset()
    plane.ImageOrientationPatient = AXIAL
    shared.PlaneOrientationSequence = Sequence([plane])
    path = write_dicom(
        tmp_path / "a.dcm",
        np.stack([ramp()] * 4),
        PerFrameFunctionalGroupsSequence=Sequence(frames),
        SharedFunctionalGroupsSequence=Sequence([shared]),
    )
    said = "Slices seem to be missing: slices 3 and 4 lie 4 mm apart, others 2 mm."
    assert prepare_image(Source((path,))).doubt == said
    assert doubt_of([path]) == said


def test_phases_of_one_slice_are_no_gap(tmp_path):
    places = [Place((1, 0, 0), (0, 1, 0), (0, 0, z)) for z in (0, 0, 5, 5, 10, 10)]
    assert gap_in(places) == ""


def test_pictures_and_a_header_that_cannot_be_read_give_no_doubt(tmp_path):
    broken = tmp_path / "b.dcm"
    broken.write_bytes(ct_slice(tmp_path / "a.dcm", 0).read_bytes()[:700])
    assert doubt_of([write_png(tmp_path / f"{n}.png") for n in range(3)]) == ""
    assert doubt_of([broken, broken, broken]) == ""


@pytest.mark.parametrize(("depths", "gap"), [((0, 3, 8, 13), ""), ((0, 5, 10, 18), "8 mm apart")])
def test_what_is_usual_is_the_step_in_the_middle(depths, gap):
    places = [Place((1, 0, 0), (0, 1, 0), (0, 0, z)) for z in depths]
    assert (gap in gap_in(places)) if gap else gap_in(places) == ""


def test_a_slice_that_says_no_spacing_may_lie_among_others(tmp_path):
    paths = (*stack(tmp_path, 0, 5), ct_slice(tmp_path / "c.dcm", 10, PixelSpacing=None))
    assert len(prepare_image(Source(paths)).renditions) == 3
