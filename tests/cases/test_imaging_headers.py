"""Each element of a DICOM header that imaging asks for: said oddly, at its limits, or not."""

from __future__ import annotations

import math

import numpy as np
import pydicom
import pytest
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.multival import MultiValue

from cases.imaging import ImageProblem, dicom
from cases.imaging.dicom import codecs, contrast, header, views
from cases.imaging.dicom.contrast import Table
from cases.imaging.dicom.header import Rescale
from cases.imaging.pixels import Place, Window
from tests.cases.files import dicom as made
from tests.cases.files import ramp, write_dicom
from tests.cases.test_imaging_numbers import item

pytestmark = [
    pytest.mark.pure,
    pytest.mark.filterwarnings("ignore:Invalid value for VR CS"),  # of headers made to be odd
]


def said(**elements):
    return item(**elements)


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
    assert list(dicom.places(tmp_path / "none.dcm")) == [None]


# Tables and windows


def lut(values, descriptor, width="<u2"):
    made = Dataset()
    made.LUTDescriptor = descriptor
    made.LUTData = values if isinstance(values, bytes) else np.array(values).astype(width).tobytes()
    return made


@pytest.mark.parametrize(
    ("table", "signed", "first", "values"),
    [
        (lut([5, 6, 7], [3, 10, 16]), False, 10, [5, 6, 7]),
        (lut([5, 6, 7], [2, 10, 16]), False, 10, [5, 6]),
        (lut([5, 6, 7], [3, 65530, 16]), True, -6, [5, 6, 7]),
        (lut([5, 6, 7], [3, 65530, 16]), False, 65530, [5, 6, 7]),
        (lut([5, 6, 7], [3, 32768, 16]), True, -32768, [5, 6, 7]),
        (lut([5, 6, 7], [3, 32767, 16]), True, 32767, [5, 6, 7]),
        (lut([5, 6, 7], [3, 0, 8], "u1"), False, 0, [5, 6, 7]),
        (lut([5, 6], [2, 0, 8], "u1"), False, 0, [5, 6]),
        (lut(b"\1\0\2\0\3", [2, 0, 16]), False, 0, [1, 2]),
        (lut(b"\1\0\2", [2, 0, 16]), False, 0, [1, 0]),
        (lut([5], [1, 0, 16]), False, None, None),
        (lut([5, 6], [1, 0, 16]), False, None, None),
        (lut([5, 6], [2, 0]), False, None, None),
        (lut(b"", [3, 0, 16]), False, None, None),
        (said(LUTData=b"\1\0\2\0"), False, None, None),
        (said(LUTDescriptor=[2, 0, 16]), False, None, None),
    ],
)
def test_a_table_is_read_by_its_descriptor_or_is_damaged(table, signed, first, values):
    found = contrast.table_of(table, little_endian=True, signed=signed)
    assert (found and found.values.tolist()) == values
    if found:
        assert found.first == first


def test_a_table_of_65536_entries_says_0_of_them():
    found = contrast.table_of(lut(np.arange(65536), [0, 0, 16]), little_endian=True, signed=False)
    assert len(found.values) == 65536
    big = contrast.table_of(lut([5, 6], [2, 0, 16], ">u2"), little_endian=False, signed=False)
    assert big.values.tolist() == [5, 6]


def test_a_damaged_modality_table_is_refused():
    dataset = made(ramp(2, 3))
    assert contrast.modality_table(dataset, "a") is None
    dataset.ModalityLUTSequence = [lut([5], [1, 0, 16])]
    with pytest.raises(ImageProblem) as problem:
        contrast.modality_table(dataset, "a")
    assert str(problem.value) == (
        "a has a modality LUT that cannot be applied (it is damaged): export it again."
    )
    dataset.ModalityLUTSequence = [lut([5, 6], [2, 65535, 16])]
    assert contrast.modality_table(dataset, "a").first == 65535
    dataset.PixelRepresentation = 1
    assert contrast.modality_table(dataset, "a").first == -1


@pytest.mark.parametrize(
    ("values", "window"),
    [
        ([0, 2, 50, 98, 100], (10 + 1, 10 + 3)),
        ([0, 1, 50, 99, 100], None),
        ([100, 98, 50, 2, 0], (11, 13)),
        ([0, 40, 60, 100], (11, 12)),
        ([7, 7], None),
        ([1000, 1020, 1050, 1098, 1100], (11, 13)),
    ],
)
def test_a_table_rises_from_2_to_98_percent(values, window):
    found = contrast._slope_of(Table(10, np.array(values)))
    assert (found and (found.low, found.high)) == window


@pytest.mark.parametrize(
    ("values", "falls"),
    [
        *(([1, 2], False), ([2, 1], True), ([5, 5], False), ([0, 9, 8, 7], False)),
        *(([9, 0, 1, 2], True), ([1, 2, 1], False), ([100, 102, 101], False)),
    ],
)
def test_a_table_falls_on_the_whole(values, falls):
    assert contrast._is_falling(Table(0, np.array(values))) is falls


@pytest.mark.parametrize(
    ("center", "width", "function", "window"),
    [
        (40, 400, None, Window(39.5, 399)),
        (40, 400, "LINEAR", Window(39.5, 399)),
        (40, 400, "LINEAR_EXACT", Window(40, 400)),
        (40, 400, "SIGMOID", Window(40, 400)),
        (40, 1, None, Window(40, 1)),
        (40, 1.5, None, Window(39.5, 0.5)),
        (40, 0, None, None),
        (40, -1, None, None),
        (None, 400, None, None),
        (40, None, None, None),
        (0, 400, None, Window(-0.5, 399)),
    ],
)
def test_a_linear_window_is_half_a_value_lower(center, width, function, window):
    group = said(WindowCenter=center, WindowWidth=width, VOILUTFunction=function)
    assert contrast._linear_window(group) == window


# Views


@pytest.mark.parametrize("code", views.CODES)
def test_every_code_names_its_view(code):
    expected = {
        **dict.fromkeys(("272479007", "R-10214", "R-40888"), "PA"),
        **dict.fromkeys(("399348003", "R-10206"), "AP"),
        **dict.fromkeys(("399033003", "R-10202"), "FRONTAL"),
    }.get(code, "LATERAL")
    assert views._coded_view(said(ViewCodeSequence=[said(CodeValue=code)])) == expected


@pytest.mark.parametrize(
    ("words", "view"),
    [
        *((word, "LATERAL") for word in ("LL", "RL", "LAT", "LLAT", "RLAT", "LATERAL")),
        *((word, "PA") for word in ("PA", "POSTEROANTERIOR", "POSTERO-ANTERIOR", "P A")[:3]),
        *((word, "AP") for word in ("AP", "ANTEROPOSTERIOR", "ANTERO POSTERIOR")),
        *((f"PA {word}", "PA") for word in sorted(views.FILLERS)),
        *(("FRONTAL", "FRONTAL"), ("PA/AP", "OTHER"), ("PA 1", "PA"), ("UPRIGHT", ""), ("", "")),
        *(("RAO", "OTHER"), ("AP OBL", "OTHER"), ("PA PA", "PA")),
    ],
)
def test_words_name_a_view_or_another(words, view):
    assert views._view_in(words) == view


@pytest.mark.parametrize(
    ("elements", "view"),
    [
        ({"Modality": "CT", "ViewPosition": "PA"}, "CT"),
        ({"Modality": "DX"}, ""),
        *(
            ({"Modality": one, "PatientOrientation": ["L", "F"]}, "FRONTAL")
            for one in ("CR", "DX", "RG", "RF")
        ),
        *(
            ({"Modality": one, "PatientOrientation": ["L", "F"]}, "")
            for one in ("MG", "MR", "PT", "NM", "")
        ),
        ({"ViewPosition": "PA", "ViewCodeSequence": [said(CodeMeaning="frontal")]}, "PA"),
        ({"ViewPosition": "AP", "ViewCodeSequence": [said(CodeMeaning="PA")]}, "FRONTAL"),
        ({"ViewPosition": "FRONTAL"}, "FRONTAL"),
        ({"ViewPosition": "PA", "ViewCodeSequence": [said(CodeMeaning="lateral")]}, "OTHER"),
        ({"ViewCodeSequence": [said(CodeMeaning="lateral"), said(CodeMeaning="PA")]}, "LATERAL"),
        ({"ViewCodeSequence": []}, ""),
        ({"ViewCodeSequence": [said(CodeValue="R-10206", CodeMeaning="PA")]}, "AP"),
        (
            {
                "ViewCodeSequence": [
                    said(CodeMeaning="PA", ViewModifierCodeSequence=[said(CodeMeaning="Oblique")])
                ]
            },
            "OTHER",
        ),
        (
            {
                "ViewCodeSequence": [
                    said(CodeMeaning="PA", ViewModifierCodeSequence=[said(CodeMeaning="Erect")])
                ]
            },
            "PA",
        ),
    ],
)
def test_a_view_is_what_all_that_is_said_agrees_on(elements, view):
    assert views.view_of(said(**elements)) == view


@pytest.mark.parametrize(
    ("elements", "place", "orientation"),
    [
        ({}, None, None),
        ({"PatientOrientation": ["L", "F"]}, None, "LF"),
        ({"PatientOrientation": ["L", "F"]}, Place((0, 1, 0), (0, 0, -1)), "PF"),
        *(({"Modality": one}, None, "") for one in ("CT", "MR", "PT", "NM")),
        ({"Modality": "CT", "PatientOrientation": ["L", "P"]}, None, "LP"),
        ({"Modality": "DX", "PatientOrientation": ["L", "L"]}, None, None),
        ({}, Place((0, 1, 0), (0, 1, 0)), ""),
    ],
)
def test_a_section_has_to_say_how_it_lies_and_a_film_need_not(elements, place, orientation):
    assert views.orientation_of(said(**elements), place) == orientation


# Pixels as the header has them


@pytest.mark.parametrize(
    ("elements", "kept"),
    [
        ({}, (1, 16, 16, 15)),
        ({"BitsStored": 12, "HighBit": 11}, (1, 16, 12, 11)),
        ({"BitsStored": 12, "HighBit": 15}, (1, 16, 12, 15)),
        ({"BitsStored": 12, "HighBit": 16}, (1, 16, 12, 11)),
        ({"BitsStored": 12, "HighBit": 10}, (1, 16, 12, 11)),
        ({"BitsStored": 0}, (1, 16, 16, 15)),
        ({"BitsStored": 17}, (1, 16, 16, 15)),
        ({"BitsStored": 1, "HighBit": 0}, (1, 16, 1, 0)),
        ({"SamplesPerPixel": 0}, (1, 16, 16, 15)),
        *(
            ({"SamplesPerPixel": 0, "PhotometricInterpretation": one}, (3, 16, 16, 15))
            for one in codecs.COLOR_MODELS
        ),
    ],
)
def test_what_follows_from_the_rest_of_a_header_is_filled_in(elements, kept):
    dataset = made(ramp(2, 3), **elements)
    codecs._complete(dataset, "a")
    names = ("SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit")
    assert tuple(dataset[name].value for name in names) == kept


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        (
            {"PhotometricInterpretation": None, "BitsAllocated": None},
            "a has a header without PhotometricInterpretation and BitsAllocated, so that its "
            "pixels mean nothing: export it again from its source, as DICOM with a complete "
            "header.",
        ),
        (
            {"PixelRepresentation": None},
            "a has a header without PixelRepresentation, so that its pixels mean nothing: export "
            "it again from its source, as DICOM with a complete header.",
        ),
        *(
            (
                {"BitsAllocated": bits},
                f"a has pixels of {bits} bits (Bits Allocated), which its kind of pixel data "
                "cannot have: export it again from its source.",
            )
            for bits in (2, 12, 24)
        ),
    ],
)
def test_what_cannot_be_known_is_refused(elements, message):
    dataset = made(ramp(2, 3), **elements)
    with pytest.raises(ImageProblem) as problem:
        codecs._complete(dataset, "a")
    assert str(problem.value) == message


@pytest.mark.parametrize(
    ("bits", "coded", "taken"),
    [
        *((1, False, True), (8, False, True), (16, False, True), (32, False, True)),
        *((64, False, True), (8, True, True), (16, True, True), (32, True, True)),
        *((1, True, False), (64, True, False)),
    ],
)
def test_coded_pixels_have_other_bits_than_plain_ones(bits, coded, taken):
    dataset = made(ramp(2, 3), BitsAllocated=bits)
    if coded:
        dataset.PixelData = codecs.ITEM + bytes(8)
    assert codecs._is_coded(dataset) is coded
    if taken:
        codecs._complete(dataset, "a")
        return
    with pytest.raises(ImageProblem, match=f"has pixels of {bits} bits"):
        codecs._complete(dataset, "a")


@pytest.mark.parametrize(
    ("elements", "shift"),
    [
        ({"BitsStored": 12, "HighBit": 15}, 4),
        ({"BitsStored": 12, "HighBit": 11}, 0),
        ({"BitsStored": 12, "HighBit": 15, "SamplesPerPixel": 3}, 0),
        ({"BitsStored": 12, "HighBit": 15, "PixelData": None}, 0),
    ],
)
def test_bits_lie_as_far_up_as_the_header_says(elements, shift):
    assert codecs._shift(made(ramp(2, 3), **elements)) == shift


@pytest.mark.parametrize(
    ("elements", "given", "wanted"),
    [
        ({}, 12, 12),
        ({}, 11, 12),
        ({"NumberOfFrames": 3}, 35, 36),
        ({"SamplesPerPixel": 3}, 35, 36),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "YBR_FULL_422"}, 23, 24),
        ({"BitsAllocated": 8}, 5, 6),
        ({"BitsAllocated": 1, "Columns": 5}, 1, 2),
        ({"BitsAllocated": 1, "Columns": 4}, 0, 1),
        ({"BitsAllocated": 32, "Rows": 100, "Columns": 100}, 1_234, 40_000),
    ],
)
def test_pixels_that_are_too_few_are_counted(elements, given, wanted):
    dataset = made(ramp(2, 3), **elements)
    dataset.PixelData = bytes(given)
    if given >= wanted:
        codecs._refuse_too_short(dataset, "a")
        return
    with pytest.raises(ImageProblem) as problem:
        codecs._refuse_too_short(dataset, "a")
    assert str(problem.value) == (
        f"a is cut off or damaged (it holds {given:,} of the {wanted:,} bytes of pixels that its "
        "header promises): copy or download it again."
    )
    dataset.PixelData = bytes(wanted)
    codecs._refuse_too_short(dataset, "a")


@pytest.mark.parametrize(("key", "size"), [("FloatPixelData", 4), ("DoubleFloatPixelData", 8)])
def test_pixels_that_are_floats_have_their_own_size(key, size):
    dataset = made(ramp(2, 3), PixelData=None, BitsAllocated=8 * size)
    setattr(dataset, key, bytes(6 * size - 1))
    with pytest.raises(ImageProblem, match=f"holds {6 * size - 1} of the {6 * size} bytes"):
        codecs._refuse_too_short(dataset, "a")


@pytest.mark.parametrize(
    ("stated", "coded", "shown", "syntaxes"),
    [
        (uid.ExplicitVRLittleEndian, False, None, [uid.ExplicitVRLittleEndian]),
        (None, False, None, [uid.ExplicitVRLittleEndian]),
        (uid.JPEG2000, False, None, [uid.ExplicitVRLittleEndian]),
        ("1.2.3", False, None, [uid.ExplicitVRLittleEndian]),
        (
            uid.ImplicitVRLittleEndian,
            False,
            None,
            [uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian],
        ),
        (uid.JPEG2000, True, uid.JPEG2000, [uid.JPEG2000]),
        (uid.JPEG2000, True, uid.RLELossless, [uid.JPEG2000, uid.RLELossless]),
        (uid.ExplicitVRLittleEndian, True, uid.RLELossless, [uid.RLELossless]),
        (None, True, None, []),
        (uid.JPEG2000, True, None, [uid.JPEG2000]),
    ],
)
def test_the_header_is_believed_first_where_the_pixels_do_not_rule_it_out(
    monkeypatch, stated, coded, shown, syntaxes
):
    dataset = made(ramp(2, 3))
    monkeypatch.setattr(codecs, "_shown_syntax", lambda dataset: shown)
    monkeypatch.setattr(codecs, "_native_syntax", lambda dataset: uid.ExplicitVRLittleEndian)
    assert list(codecs._syntaxes(dataset, stated, coded)) == syntaxes


@pytest.mark.parametrize(
    ("encoding", "syntax"),
    [
        ((True, True), uid.ImplicitVRLittleEndian),
        ((False, True), uid.ExplicitVRLittleEndian),
        ((False, False), uid.ExplicitVRBigEndian),
        ((None, None), uid.ExplicitVRLittleEndian),
    ],
)
def test_plain_pixels_are_coded_as_the_header_is_written(encoding, syntax):
    class Written:
        original_encoding = encoding

    assert codecs._native_syntax(Written()) == syntax
    assert contrast.is_little_endian(Written()) is (encoding[1] is not False)


@pytest.mark.parametrize(
    ("code", "syntax"),
    [
        (b"\x00\x00\x00\x0cjP  \r\n", uid.JPEG2000),
        (b"\xff\x4f\xff\x51..\xff\x50..\xff\x90", uid.HTJ2K),
        (b"\xff\x4f\xff\x51....\xff\x90..\xff\x50", uid.JPEG2000),
        (b"\xff\x4f\xff\x51..\xff\x50", uid.JPEG2000),
        (b"\xff\xd8" + bytes([0xFF, 0xC0, 0, 17, 8, 0, 4, 0, 5, 1, 0, 0]), uid.JPEGBaseline8Bit),
        (b"\xff\xd8" + bytes([0xFF, 0xC1, 0, 17, 12, 0, 4, 0, 5, 1]), uid.JPEGExtended12Bit),
        (b"\xff\xd8" + bytes([0xFF, 0xC3, 0, 17, 12, 0, 4, 0, 5, 1]), uid.JPEGLosslessSV1),
        (b"\xff\xd8" + bytes([0xFF, 0xF7, 0, 17, 12, 0, 4, 0, 5, 1]), uid.JPEGLSLossless),
        (b"\xff\xd8" + bytes([0xFF, 0xC2, 0, 17, 12, 0, 4, 0, 5, 1]), None),
        (b"\xff\xd8\xff", None),
        (b"anything else", None),
    ],
)
def test_coded_pixels_are_known_by_how_they_begin(code, syntax):
    dataset = Dataset()
    dataset.PixelData = encapsulate([code + bytes(len(code) % 2)])
    assert codecs._shown_syntax(dataset) == syntax


def test_a_jpegs_frame_header_is_found_behind_other_segments():
    other = bytes([0xFF, 0xE0, 0, 4, 1, 2])
    head = bytes([0xFF, 0xC1, 0, 17, 12, 1, 4, 2, 5, 3])
    for code in (head, other + head, other * 3 + head + b"..."):
        found = codecs._jpeg_frame_header(b"\xff\xd8" + code)
        assert found == (0xC1, 12, 0x0104, 0x0205, 3)
    assert codecs._jpeg_frame_header(b"\xff\xd8" + other) is None


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ({"SamplesPerPixel": 3}, "12-bit JPEG is read as grey of 16 bits only"),
        ({"BitsAllocated": 8}, "12-bit JPEG is read as grey of 16 bits only"),
        ({"Rows": 3}, "the JPEG inside is of another size or kind than the header says"),
        ({"Columns": 4}, "the JPEG inside is of another size or kind than the header says"),
    ],
)
def test_deep_jpeg_is_read_as_the_header_has_it_or_not_at_all(elements, message):
    head = b"\xff\xd8" + bytes([0xFF, 0xC1, 0, 17, 12, 0, 2, 0, 3, 1])
    dataset = made(ramp(2, 3))
    dataset.PixelData = encapsulate([head])
    for name, value in elements.items():
        setattr(dataset, name, value)
    with pytest.raises(ValueError, match=f"^{message}$"):
        codecs._by_gdcm(dataset)


@pytest.mark.parametrize(
    ("said_of_it", "asked"),
    [
        ({}, (12, False)),
        ({"BitsStored": 10}, (10, False)),
        ({"PixelRepresentation": 1}, (12, True)),
        ({"BitsStored": 16}, (12, False)),
    ],
)
def test_deep_jpeg_is_decoded_frame_by_frame(monkeypatch, said_of_it, asked):
    head = b"\xff\xd8" + bytes([0xFF, 0xC1, 0, 17, 12, 0, 2, 0, 3, 1])
    dataset = made(ramp(2, 3), **{"BitsStored": 12, "NumberOfFrames": 2} | said_of_it)
    dataset.PixelData = encapsulate([head, head])
    calls = []

    def decode(codes, rows, columns, bits, *, signed):
        calls.append((codes, rows, columns, bits, signed))
        return np.array([-2, 3], "<i2").tobytes()

    monkeypatch.setattr(codecs.deep_jpeg, "decode", decode)
    found = codecs._by_gdcm(dataset)
    assert calls == [([head, head], 2, 3, *asked)]
    assert found.tolist() == ([-2, 3] if asked[1] else [65534, 3])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colors_become_luma_in_their_own_kind(dtype):
    colors = np.array([[[100, 200, 50], [1, 1, 1]]], dtype)
    found = codecs._luminance(colors)
    assert (found.tolist(), found.dtype) == ([[153, 1]], dtype)


@pytest.mark.parametrize(("said_of_it", "kept"), [(0, None), (-1, None), (1, 1), (2, 2)])
def test_a_number_of_frames_below_1_is_none(said_of_it, kept):
    dataset = made(ramp(2, 3), NumberOfFrames=said_of_it)
    codecs._complete(dataset, "a")
    assert dataset.get("NumberOfFrames") == kept


@pytest.mark.parametrize(
    ("stated", "coded", "tries", "why"),
    [
        (uid.JPEG2000, True, ("one", "two"), "(JPEG 2000 Image Compression: one)"),
        (uid.JPEG2000, True, (), "(JPEG 2000 Image Compression: no decoder knows it)"),
        (None, True, (), "(no transfer syntax: no decoder knows it)"),
        ("1.2.3", True, ("one",), "(an unknown transfer syntax: one)"),
        (uid.ExplicitVRLittleEndian, False, ("one",), "(Explicit VR Little Endian: one)"),
    ],
)
def test_the_first_of_several_reasons_is_told(tmp_path, monkeypatch, stated, coded, tries, why):
    dataset = made(ramp(2, 3))
    del dataset.file_meta
    if stated:
        dataset.file_meta = pydicom.dataset.FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = stated
    if coded:
        dataset.PixelData = codecs.ITEM + bytes(8)

    def breaks(dataset, syntax):
        raise ValueError(syntax)

    monkeypatch.setattr(codecs, "_syntaxes", lambda *said: iter(tries))
    monkeypatch.setattr(codecs, "_by_pydicom", breaks)
    with pytest.raises(ImageProblem) as problem:
        codecs._decoded(dataset, tmp_path / "a")
    advice = "copy it again, or export it uncompressed (Explicit VR Little Endian)"
    advice = advice if coded else "export it again from its source"
    assert str(problem.value) == f"a has pixels that cannot be decoded {why}: {advice}."


@pytest.mark.parametrize(
    ("syntax", "bits", "by"),
    [
        (uid.JPEGExtended12Bit, 12, "gdcm"),
        (uid.JPEGExtended12Bit, 9, "gdcm"),
        (uid.JPEGExtended12Bit, 8, "pydicom"),
        (uid.JPEG2000, 12, "pydicom"),
    ],
)
def test_each_way_of_coding_has_its_decoder(tmp_path, monkeypatch, syntax, bits, by):
    dataset = made(ramp(2, 3), BitsStored=bits)
    monkeypatch.setattr(codecs, "_syntaxes", lambda *said: iter([syntax]))
    monkeypatch.setattr(codecs, "_by_gdcm", lambda dataset: "gdcm")
    monkeypatch.setattr(codecs, "_by_pydicom", lambda dataset, syntax: "pydicom")
    assert codecs._decoded(dataset, tmp_path / "a") == by


def test_want_of_memory_is_no_fault_of_the_file(tmp_path, monkeypatch):
    def breaks(dataset, syntax):
        raise MemoryError

    monkeypatch.setattr(codecs, "_by_pydicom", breaks)
    with pytest.raises(MemoryError):
        codecs._decoded(made(ramp(2, 3)), tmp_path / "a")


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
