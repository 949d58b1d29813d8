"""Tables, windows and views that a DICOM header states: each kind, its limits, and damaged ones."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset

from cases.imaging import ImageProblem
from cases.imaging.dicom import contrast, views
from cases.imaging.dicom.contrast import Table
from cases.imaging.pixels import Place, Window
from tests.cases.files import dicom as made
from tests.cases.files import ramp
from tests.cases.test_imaging_numbers import item as said

pytestmark = pytest.mark.pure


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


@pytest.mark.parametrize(
    ("code", "view"),
    [
        *((one, "PA") for one in ("272479007", "R-10214", "R-40888")),
        *((one, "AP") for one in ("399348003", "R-10206")),
        *((one, "FRONTAL") for one in ("399033003", "R-10202")),
        *((one, "LATERAL") for one in ("399067008", "R-102CD")),
        *((one, "LATERAL") for one in ("399198007", "R-10232")),
        *((one, "LATERAL") for one in ("399173006", "R-10236")),
        *(("1", ""), ("", "")),
    ],
)
def test_a_code_names_its_view(code, view):
    assert views._coded_view(said(ViewCodeSequence=[said(CodeValue=code)])) == view


@pytest.mark.parametrize(
    ("words", "view"),
    [
        *((word, "LATERAL") for word in ("LL", "RL", "LAT", "LLAT", "RLAT", "LATERAL")),
        *((word, "PA") for word in ("PA", "POSTEROANTERIOR", "POSTERO-ANTERIOR")),
        *((word, "AP") for word in ("AP", "ANTEROPOSTERIOR", "ANTERO POSTERIOR")),
        *((f"PA {word}", "PA") for word in ("LEFT", "RIGHT", "UPRIGHT", "ERECT", "SUPINE")),
        *((f"PA {word}", "PA") for word in ("PORTABLE", "CHEST", "VIEW", "PROJECTION")),
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
