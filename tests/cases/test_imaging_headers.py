"""Each element of a DICOM header that imaging asks for: said oddly, at its limits, or not."""

from __future__ import annotations

import math

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from cases.imaging import dicom
from cases.imaging.dicom import header
from cases.imaging.dicom.contrast import Table
from cases.imaging.dicom.header import Rescale
from cases.imaging.pixels import Place, Window
from tests.cases.files import ramp, write_dicom
from tests.cases.test_imaging_numbers import item as said

pytestmark = [
    pytest.mark.pure,
    pytest.mark.filterwarnings("ignore:Invalid value for VR CS"),  # of headers made to be odd
]


# Values


@pytest.mark.parametrize(
    ("value", "found"),
    [
        *((5, 5.0), ("2.5", 2.5), ("x", None), (None, None), ([], None), ([7, 8], 7.0)),
        *((MultiValue(float, [3, 4]), 3.0), ((), None), (math.inf, None), (math.nan, None)),
        *((1e30, None), (-1e30, None), (9.9e29, 9.9e29), (-9.9e29, -9.9e29), (0, 0.0)),
    ],
)
def test_a_number_is_the_first_and_finite(value, found):
    assert header.number(value) == found


@pytest.mark.parametrize(
    ("value", "count", "found"),
    [
        *(([1, "2"], 2, (1.0, 2.0)), ((1, 2), 2, (1.0, 2.0)), ([1], 2, None), ([1, 2, 3], 2, None)),
        *((5, 1, None), ("12", 2, None), (None, 2, None), ([1, "x"], 2, None), ([0, 0], 2, (0, 0))),
        (MultiValue(float, [3, 4]), 2, (3.0, 4.0)),
    ],
)
def test_numbers_are_as_many_as_are_asked_for(value, count, found):
    assert header.numbers(value, count) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [(5, 5), ("7", 7), (2.9, 2), (None, 0), ("x", 0), (math.inf, 0), ("", 0), ([], 0), (-3, -3)],
)
def test_a_whole_number_is_0_where_there_is_none(value, found):
    assert header.whole(value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        *((" yes\0", "YES"), (None, ""), ("", ""), ([], ""), (["a", "b"], "A"), (5, "5")),
        *((MultiValue(str, ["x ", "y"]), "X"), (("p",), "P")),
    ],
)
def test_a_text_is_the_first_in_capitals(value, found):
    assert header.text(value) == found


@pytest.mark.parametrize(
    ("value", "found"), [("f", "F"), ("M ", "M"), ("O", "O"), ("X", ""), (None, ""), ("FM", "")]
)
def test_sex_is_one_of_three_letters(value, found):
    assert header.sex(value) == found


@pytest.mark.parametrize(
    ("error", "said_of_it"),
    [
        (ValueError("one"), "one"),
        (ValueError("head\n one \n\n two."), "one; two"),
        (ValueError("no 'Doe^Jane' and \"x\" here"), "no … and … here"),
        (KeyError(), "KeyError"),
        (ValueError("a\tb"), "ab"),
        (ValueError("y" * 149 + ".."), "y" * 149),
    ],
)
def test_what_a_decoder_says_is_told_without_what_it_quotes(error, said_of_it):
    assert header.brief(error) == said_of_it


# Groups of functions


def test_a_frames_own_group_goes_before_the_shared_one_and_the_root():
    own, shared = said(RescaleSlope=2), said(RescaleSlope=3)
    macro = "PixelValueTransformationSequence"
    dataset = said(
        RescaleSlope=4,
        PerFrameFunctionalGroupsSequence=[said(), said(**{macro: [own]}), said(**{macro: []})],
        SharedFunctionalGroupsSequence=[said(**{macro: [shared]}), said()],
    )
    slopes = [header.group_of(dataset, frame, macro).RescaleSlope for frame in range(4)]
    assert slopes == [3, 2, 3, 3]
    del dataset.SharedFunctionalGroupsSequence
    assert [header.group_of(dataset, frame, macro).RescaleSlope for frame in (0, 1)] == [4, 2]
    assert header.group_of(said(), 0, macro) == said()


@pytest.mark.parametrize(
    ("elements", "found"),
    [
        ({}, Rescale(1.0, 0.0, None)),
        ({"RescaleSlope": None, "RescaleIntercept": ""}, Rescale(1.0, 0.0, None)),
        ({"RescaleSlope": 2}, Rescale(2.0, 0.0, in_hu=True)),
        ({"RescaleIntercept": -1024}, Rescale(1.0, -1024.0, in_hu=True)),
        ({"RescaleSlope": 0, "RescaleIntercept": 5}, Rescale(1.0, 0.0, in_hu=False)),
        ({"RescaleSlope": -2, "RescaleIntercept": 5}, Rescale(-2.0, 5.0, in_hu=True)),
        ({"RescaleSlope": 2, "RescaleType": "HU"}, Rescale(2.0, 0.0, in_hu=True)),
        ({"RescaleSlope": 2, "RescaleType": "US"}, Rescale(2.0, 0.0, in_hu=False)),
        ({"RescaleSlope": 1e-30}, Rescale(1e-30, 0.0, in_hu=True)),
        ({"RescaleSlope": 9e-31}, Rescale(1.0, 0.0, in_hu=False)),
    ],
)
def test_a_slope_that_is_none_leaves_numbers_as_they_are(elements, found):
    assert header.rescale(said(**elements), 0) == found


@pytest.mark.parametrize(
    ("elements", "found"),
    [
        ({}, None),
        ({"PixelSpacing": [0.5, 0.25]}, (0.5, 0.25)),
        ({"ImagerPixelSpacing": [0.5, 0.25]}, (0.5, 0.25)),
        ({"NominalScannedPixelSpacing": [0.5, 0.25]}, (0.5, 0.25)),
        ({"ImagerPixelSpacing": [1, 2], "NominalScannedPixelSpacing": [3, 4]}, (1, 2)),
        ({"PixelSpacing": [5, 6], "ImagerPixelSpacing": [1, 2]}, (5, 6)),
        ({"PixelSpacing": [0, 6], "ImagerPixelSpacing": [1, 2]}, (1, 2)),
        ({"PixelSpacing": [6, 100], "ImagerPixelSpacing": [1, 2]}, (1, 2)),
        ({"PixelSpacing": [99, 99.5]}, (99, 99.5)),
        ({"PixelSpacing": [-1, 1]}, None),
    ],
)
def test_spacing_is_the_patients_before_the_detectors(elements, found):
    assert header.spacing(said(**elements)) == found


def test_the_spacing_of_functional_groups_goes_first():
    measures = said(PixelMeasuresSequence=[said(PixelSpacing=[7, 8])])
    dataset = said(PixelSpacing=[5, 6], SharedFunctionalGroupsSequence=[measures])
    assert header.spacing(dataset) == (7, 8)
    measures.PixelMeasuresSequence[0].PixelSpacing = [0, 0]
    assert header.spacing(dataset) == (5, 6)


@pytest.mark.parametrize(
    ("value", "aspect"),
    [
        *((None, 1.0), ([1, 10], 0.1), ([10, 1], 10.0), ([1, 11], 1.0), ([11, 1], 1.0)),
        *(([3, 4], 0.75), ([0, 1], 1.0), ([1, 0], 1.0), ([-2, -1], 1.0), ([1], 1.0)),
    ],
)
def test_a_pixel_is_at_most_ten_times_as_high_as_wide(value, aspect):
    assert header.pixel_aspect(said(PixelAspectRatio=value)) == aspect


@pytest.mark.parametrize(
    ("elements", "is_float", "found"),
    [
        ({}, False, None),
        ({"PixelPaddingValue": 5}, False, (5, 5)),
        ({"PixelPaddingValue": 5, "PixelPaddingRangeLimit": 9}, False, (5, 9)),
        ({"PixelPaddingValue": 9, "PixelPaddingRangeLimit": 5}, False, (5, 9)),
        ({"PixelPaddingRangeLimit": 5}, False, None),
        ({"PixelPaddingValue": 65535, "PixelRepresentation": 1}, False, (-1, -1)),
        ({"PixelPaddingValue": 65535, "PixelRepresentation": 0}, False, (65535, 65535)),
        (
            {
                **{"PixelPaddingValue": 65534, "PixelPaddingRangeLimit": 3},
                "PixelRepresentation": 1,
            },
            False,
            (-2, 3),
        ),
        ({"FloatPixelPaddingValue": 0.5}, True, (0.5, 0.5)),
        ({"FloatPixelPaddingValue": 0.5, "FloatPixelPaddingRangeLimit": -1.5}, True, (-1.5, 0.5)),
        ({"FloatPixelPaddingValue": 0.5}, False, None),
        ({"PixelPaddingValue": 5}, True, None),
    ],
)
def test_padding_is_a_range_in_the_numbers_of_the_pixels(elements, is_float, found):
    assert header.padding(said(**elements), is_float, 16) == found


def test_padding_that_came_as_bytes_is_a_number():
    assert header._plain(b"\x05\x01\x07") == 0x0105
    assert (header._plain(b""), header._plain(7), header._plain(None)) == (b"", 7, None)


PLANE = [1, 0, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("plane", "position", "found"),
    [
        (PLANE, [7, 8, 9], Place((1, 0, 0), (0, 1, 0), (7, 8, 9))),
        (PLANE, None, Place((1, 0, 0), (0, 1, 0), None)),
        (PLANE, [7, 8], Place((1, 0, 0), (0, 1, 0), None)),
        ([2, 0, 0, 0, 0.5, 0], [7, 8, 9], Place((1, 0, 0), (0, 1, 0), (7, 8, 9))),
        ([2.1, 0, 0, 0, 1, 0], [7, 8, 9], None),
        ([1, 0, 0, 0, 0.49, 0], [7, 8, 9], None),
        ([1, 0, 0, 0.2, 0.98, 0], [7, 8, 9], None),
        ([0, 0, 0, 0, 1, 0], [7, 8, 9], None),
        (PLANE[:5], [7, 8, 9], None),
        (None, [7, 8, 9], None),
    ],
)
def test_a_place_is_two_directions_at_a_right_angle(plane, position, found):
    dataset = said(ImageOrientationPatient=plane, ImagePositionPatient=position)
    assert header.place(dataset, 0) == found


def test_directions_that_are_nearly_at_a_right_angle_are_taken_at_length_one():
    found = header.place(said(ImageOrientationPatient=[1, 0, 0, 0.09, 1, 0]), 0)
    assert found.row == (1, 0, 0)
    assert np.linalg.norm(found.column) == pytest.approx(1)
    assert found.column[0] == pytest.approx(0.09 / math.hypot(0.09, 1))


def test_each_frame_has_its_place(tmp_path):
    path = write_dicom(
        tmp_path / "a.dcm", np.stack([ramp(2, 4)] * 2), ImageOrientationPatient=PLANE
    )
    assert dicom.places(path) == [Place((1, 0, 0), (0, 1, 0), None)] * 2
    plain = write_dicom(tmp_path / "b.dcm", ramp(2, 3))
    assert dicom.places(plain) == [None]
    for odd in ("0", "x"):
        dataset = pydicom.dcmread(plain)
        dataset.add_new("NumberOfFrames", "LO", odd)
        dataset.save_as(tmp_path / "c.dcm")
        assert dicom.places(tmp_path / "c.dcm") == [None]
    (tmp_path / "d.dcm").write_bytes(b"")
    for without in ("d.dcm", "none.dcm"):
        assert list(dicom.places(tmp_path / without)) == [None]


# The whole of a file


def test_a_film_is_described_field_by_field(tmp_path):
    values = ramp(2, 3, 100)
    path = write_dicom(
        *(tmp_path / "a.dcm", values),
        PhotometricInterpretation="MONOCHROME1",
        RescaleSlope=2,
        RescaleIntercept=-5,
        WindowCenter=40,
        WindowWidth=400,
        PixelPaddingValue=7,
        PixelSpacing=[0.5, 0.25],
        PixelAspectRatio=[2, 1],
        ViewPosition="AP",
        PatientOrientation=["L", "F"],
        PatientAge="054Y",
        PatientSex="F",
        SOPInstanceUID="1.2.3",
        BurnedInAnnotation="YES",
    )
    found = dicom.read(path)
    assert np.array_equal(found.values, values[np.newaxis])
    assert (found.name, found.slopes, found.intercepts) == ("a.dcm", (2.0,), (-5.0,))
    assert (found.falls, found.padding, found.in_hu) == (True, (7, 7), False)
    assert (found.window, found.spacing_mm, found.pixel_aspect) == (
        *(Window(39.5, 399), (0.5, 0.25), 2.0),
    )
    assert (found.modality, found.view, found.orientation) == ("DX", "AP", "LF")
    assert (found.places, found.uid, found.age, found.sex) == ((None,), "1.2.3", 54, "F")
    assert found.is_burned_in is True
    plain = dicom.read(write_dicom(tmp_path / "b.dcm", values, SOPInstanceUID=None))
    assert (plain.falls, plain.padding, plain.window) == (False, None, None)
    assert (plain.uid, plain.age, plain.sex, plain.is_burned_in) == ("", None, "", False)


@pytest.mark.parametrize(
    ("modality", "dtype", "elements", "in_hu"),
    [
        ("CT", np.int16, {}, True),
        ("CT", np.uint16, {}, False),
        ("MR", np.int16, {}, False),
        ("CT", np.uint16, {"RescaleIntercept": -1024}, True),
        ("CT", np.int16, {"RescaleIntercept": -1024, "RescaleType": "US"}, False),
    ],
)
def test_signed_numbers_of_a_ct_are_hounsfield_units_by_custom(
    tmp_path, modality, dtype, elements, in_hu
):
    values = ramp(2, 3, 100).astype(dtype)
    path = write_dicom(tmp_path / "a.dcm", values, Modality=modality, **elements)
    assert dicom.read(path).in_hu is in_hu


def test_a_modality_table_takes_the_place_of_slopes():
    values = np.array([[[10, 11], [12, 13]], [[10, 10], [13, 13]]])
    table = Table(10, np.array([100, 200, 300, 400]))
    real, padding = dicom._through(table, values, None)
    assert (real.tolist(), padding) == (
        [[[100, 200], [300, 400]], [[100, 100], [400, 400]]],
        None,
    )
    real, padding = dicom._through(table, values, (11, 12))
    assert (real.tolist(), padding) == (
        [[[100, -1], [-1, 400]], [[100, 100], [400, 400]]],
        (-1, -1),
    )


def test_the_real_range_is_over_all_frames_and_whatever_their_slopes():
    values = np.array([[[1, 5]], [[2, 9]]])
    assert dicom._real_range(values, [Rescale(2, 1), Rescale(-1, 0)]) == (-9, 11)
    assert dicom._real_range(values[:1], [Rescale()]) == (1, 5)


REPORT = "1.2.840.10008.5.1.4.1.1.88.11"
FILM = "1.2.840.10008.5.1.4.1.1.1.1"


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ({"SOPClassUID": FILM}, "is cut off or damaged (its header is of an image, and no pixels"),
        ({"Rows": 5}, "is cut off or damaged (its header is of an image, and no pixels follow)"),
        (
            {"SOPClassUID": REPORT},
            "is DICOM without pixels (Basic Text SR Storage): choose the file of the image itself, "
            "not its report, presentation state or directory.",
        ),
        (
            {"SOPClassUID": "1.2.3"},
            "is not readable DICOM (nothing in it says what it is, and there are no pixels): copy "
            "it again, or choose the file of the image itself.",
        ),
        ({}, "is not readable DICOM (nothing in it says what it is, and there are no pixels)"),
    ],
)
def test_a_file_without_pixels_is_told_by_what_it_is(elements, message):
    assert str(dicom._without_pixels(said(**elements), "a")).startswith(f"a {message}")


def test_what_a_file_is_may_stand_in_its_first_group():
    dataset = Dataset()
    dataset.file_meta = said(MediaStorageSOPClassUID=REPORT)
    assert "Basic Text SR Storage" in str(dicom._without_pixels(dataset, "a"))
