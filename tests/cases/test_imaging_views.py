"""View, sides of the patient and the shape of a pixel come from evidence, or are not known."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset

from cases.imaging import Source, prepare_image
from cases.imaging.orientation import letters_of
from cases.models import Image as StoredImage
from tests.cases.files import ramp, write_dicom, write_png

pytestmark = [
    pytest.mark.pure,
    pytest.mark.filterwarnings("ignore:Invalid value for VR CS"),  # of headers made to be odd
]


def code(value, meaning, modifier=""):
    item = Dataset()
    item.CodeValue, item.CodeMeaning = value, meaning
    if modifier:
        inner = Dataset()
        inner.CodeMeaning = modifier
        item.ViewModifierCodeSequence = [inner]
    return [item]


def prepared(tmp_path, *, view="", **elements):
    return prepare_image(Source((write_dicom(tmp_path / "a.dcm", **elements),), view=view))


@pytest.mark.parametrize(
    ("said", "view"),
    [
        ("PA", "PA"),
        ("pa ", "PA"),
        ("AP", "AP"),
        ("AP SUPINE", "AP"),
        ("LL", "LATERAL"),
        ("RL", "LATERAL"),
        ("LATERAL", "LATERAL"),
        ("LEFT LATERAL", "LATERAL"),
        ("RAO", "OTHER"),
        ("LLO", "OTHER"),
        ("LLD", "OTHER"),
        ("OBL", "OTHER"),
        ("AP OBLIQUE", "OTHER"),
        ("L", "OTHER"),
        ("CC", "OTHER"),
        ("PA LAT", "OTHER"),
        ("", "OTHER"),
        (None, "OTHER"),
    ],
)
def test_only_a_view_position_that_names_a_view_gives_one(tmp_path, said, view):
    elements = {} if said is None else {"ViewPosition": said}
    assert prepared(tmp_path, **elements).view == view


@pytest.mark.parametrize(
    ("item", "view"),
    [
        (code("R-10236", "left lateral"), "LATERAL"),
        (code("399173006", "Linkslaterale"), "LATERAL"),
        (code("R-10214", "postero-anterior"), "PA"),
        (code("X", "Antero-posterior"), "AP"),
        (code("399033003", "frontal"), "FRONTAL"),
        (code("399067008", "lateral", "oblique"), "OTHER"),
        (code("399368009", "medio-lateral oblique"), "OTHER"),
        (code("399260004", "medial-lateral"), "OTHER"),
    ],
)
def test_a_view_code_gives_the_view_that_the_position_leaves_open(tmp_path, item, view):
    assert prepared(tmp_path, ViewCodeSequence=item).view == view


def test_a_code_and_a_position_that_disagree_give_no_view(tmp_path):
    item = code("R-10236", "left lateral")
    assert prepared(tmp_path, ViewPosition="PA", ViewCodeSequence=item).view == "OTHER"
    assert prepared(tmp_path, ViewPosition="LL", ViewCodeSequence=item).view == "LATERAL"


@pytest.mark.parametrize(
    ("elements", "view"),
    [
        ({"PatientOrientation": ["L", "F"]}, "FRONTAL"),
        ({"PatientOrientation": ["A", "F"]}, "LATERAL"),
        ({"PatientOrientation": ["L", "P"]}, "OTHER"),
        ({"PatientOrientation": ["L", "F"], "Modality": "MG"}, "OTHER"),
        ({"PatientOrientation": ["L", "F"], "Modality": "MR"}, "OTHER"),
        ({"PatientOrientation": ["L", "F"], "ViewPosition": "LAO"}, "OTHER"),
    ],
)
def test_the_plane_of_a_radiograph_tells_a_view_that_nothing_else_names(tmp_path, elements, view):
    assert prepared(tmp_path, **elements).view == view


@pytest.mark.parametrize(
    ("elements", "orientation"),
    [
        ({"ViewPosition": "PA"}, "LF"),
        ({"ViewPosition": "PA", "PatientOrientation": ["L", "F"]}, "LF"),
        ({"ViewPosition": "PA", "PatientOrientation": ["R", "F"]}, "RF"),
        ({"ViewPosition": "AP", "PatientOrientation": ["F", "L"]}, "FL"),
        ({"ViewPosition": "AP", "PatientOrientation": ["LA", "FP"]}, "LF"),
        ({"ViewPosition": "PA", "PatientOrientation": ["A", "F"]}, ""),
        ({"ViewPosition": "PA", "PatientOrientation": ["L", "?"]}, "LF"),
        ({"ViewPosition": "LL", "PatientOrientation": ["A", "F"]}, "AF"),
        ({"ViewPosition": "LL", "PatientOrientation": ["L", "F"]}, ""),
        ({"ViewPosition": "LL"}, ""),
        ({"ViewPosition": "RAO"}, ""),
        ({}, ""),
        ({"Modality": "CT"}, ""),
        ({"Modality": "CT", "ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}, "LP"),
        ({"Modality": "CT", "ImageOrientationPatient": [-1, 0, 0, 0, 1, 0]}, "RP"),
        ({"Modality": "CT", "ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}, "PF"),
        ({"Modality": "CT", "ImageOrientationPatient": [0.9, 0.4, 0, -0.4, 0.9, 0]}, "LP"),
        ({"Modality": "CT", "ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, ""),
        ({"Modality": "CT", "ImageOrientationPatient": [0, 0, 0, 0, 0, 0]}, ""),
        ({"ViewPosition": "PA", "ImageOrientationPatient": [-1, 0, 0, 0, 0, -1]}, "RF"),
    ],
)
def test_the_sides_of_the_patient_are_known_from_the_header_or_not_at_all(
    tmp_path, elements, orientation
):
    assert prepared(tmp_path, **elements).orientation == orientation


def test_pixels_are_never_turned_since_boxes_lie_in_them(tmp_path):
    turned = prepared(tmp_path, ViewPosition="PA", PatientOrientation=["R", "F"])
    plain = prepared(tmp_path, ViewPosition="PA")
    assert turned.renditions == plain.renditions


@pytest.mark.parametrize(
    ("view", "orientation"),
    [("PA", "LF"), ("AP", "LF"), ("FRONTAL", "LF"), ("CT", "LP"), ("LATERAL", ""), ("OTHER", "")],
)
def test_a_raster_image_hangs_the_usual_way_of_the_view_its_table_names(
    tmp_path, view, orientation
):
    path = write_png(tmp_path / "a.png")
    assert prepare_image(Source((path,), view=view)).orientation == orientation


def test_a_raster_image_without_a_table_is_of_no_known_view(tmp_path):
    image = prepare_image(Source((write_png(tmp_path / "a.png"),)))
    assert (image.view, image.orientation) == ("OTHER", "")


def test_a_table_names_the_view_and_the_file_still_its_sides(tmp_path):
    mirrored = prepared(tmp_path, view="FRONTAL", PatientOrientation=["R", "F"])
    assert (mirrored.view, mirrored.orientation) == ("FRONTAL", "RF")
    contradicted = prepared(tmp_path, view="FRONTAL", PatientOrientation=["P", "F"])
    assert (contradicted.view, contradicted.orientation) == ("FRONTAL", "")


@pytest.mark.parametrize("values", [None, "", [], ["L"], ["L", "R"], ["L", "F", "H"], ["", "F"]])
def test_what_is_no_orientation_gives_no_letters(values):
    assert letters_of(values) == ""


@pytest.mark.parametrize(
    ("orientation", "right", "left"),
    [
        ("LF", "left", "right"),
        ("RF", "right", "left"),
        ("LP", "left", "right"),
        ("FL", "", ""),
        ("AF", "", ""),
        ("", "", ""),
    ],
)
def test_a_stored_image_says_whose_side_lies_to_the_right_and_left(orientation, right, left):
    image = StoredImage(orientation=orientation)
    assert (image.side_toward(0.2), image.side_toward(-0.2)) == (right, left)
    assert image.side_toward(0) == ""


# The shape of a pixel


@pytest.mark.parametrize(
    ("elements", "aspect", "spacing"),
    [
        ({}, 1, None),
        ({"PixelSpacing": [0.4, 0.2]}, 2, (0.4, 0.2)),
        ({"PixelAspectRatio": [2, 1]}, 2, None),
        ({"PixelAspectRatio": [3, 4]}, 0.75, None),
        ({"PixelAspectRatio": [2, 1], "PixelSpacing": [0.3, 0.3]}, 1, (0.3, 0.3)),
        ({"PixelAspectRatio": [0, 1]}, 1, None),
        ({"PixelAspectRatio": [1, 1000]}, 1, None),
    ],
)
def test_the_shape_of_a_pixel_is_kept_with_or_without_its_size(tmp_path, elements, aspect, spacing):
    image = prepared(tmp_path, **elements)
    assert image.pixel_aspect == pytest.approx(aspect)
    assert image.spacing_mm == spacing


def test_the_shape_of_a_pixel_is_that_of_the_rendition(tmp_path):
    values = np.tile(ramp(3, 4096)[:1], (3, 1))  # 3 rows become 2 (1.5 rounded), 4096 columns 2048
    path = write_dicom(tmp_path / "a.dcm", values, PixelAspectRatio=[2, 1])
    image = prepare_image(Source((path,)))
    assert (image.height, image.width) == (2, 2048)
    assert image.pixel_aspect == pytest.approx(2 * (3 / 2) / 2)
