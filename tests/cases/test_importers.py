"""What all importers share."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.importers import (
    ImportedCase,
    ImportedFinding,
    ImportedRegion,
    SourceProblem,
    importer_named,
    importers,
)
from cases.importers.base import (
    Problem,
    age_of,
    checked_box,
    cleaned,
    contradicted,
    each_of,
    sex_of,
    text_of,
    told,
    twice,
)
from cases.importers.pack import IMPORTER
from tests.cases.files import write_png
from tests.cases.sources import ENTRY_HEADER, read, sentence, simulated, simulated_case, study

pytestmark = pytest.mark.pure


def test_three_patients_with_views_of_one_name_never_share_a_picture(tmp_path):
    """The layout of CheXpert and MIMIC; of the second patient only another study is here."""
    cases = [
        simulated_case(key=f"p{n}", images=[{"file": f"p{n}/study1/view1.png"}]) for n in (1, 2, 3)
    ]
    for place in ("p1/study1", "p2/study2", "p3/study1"):
        (tmp_path / place).mkdir(parents=True)
        write_png(tmp_path / place / "view1.png")
    read_cases, problems = read("simulated", simulated(tmp_path, *cases))
    assert [case.images[0].source.paths[0].parts[-3] for case in read_cases.values()] == [
        "p1",
        "p3",
    ]
    assert [(problem.where, problem.kind) for problem in problems] == [("p2", "case")]


@pytest.mark.parametrize("name", ["padchest-gr", "nih", "simulated"])
def test_a_name_that_two_files_have_skips_the_case_and_names_both(tmp_path, name):
    simulated(tmp_path, simulated_case())
    (tmp_path / "Data_Entry_2017.csv").write_text(ENTRY_HEADER + "a.png,Mass,0,1,57,M,PA,1,1,1,1\n")
    (tmp_path / "grounded_reports_1.json").write_text(json.dumps([study(sentence())]))
    (tmp_path / "more").mkdir()
    write_png(tmp_path / "more" / "a.png")
    cases, problems = read(name, tmp_path)
    assert not cases
    assert [problem.kind for problem in problems] == ["case"]
    for place in ("a.png", "more/a.png"):
        assert str(tmp_path / place) in problems[0].sentence


@pytest.mark.parametrize("name", importers())
def test_a_folder_without_the_formats_files_is_refused(tmp_path, name):
    with pytest.raises(SourceProblem):
        read(name, tmp_path)


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_a_checked_box_lies_in_the_image_and_has_area(sides):
    try:
        x0, y0, x1, y1 = checked_box(sides)
    except ValueError:
        assert sides[0] >= sides[2] or sides[1] >= sides[3]
    else:
        assert 0 <= x0 < x1 <= 1
        assert 0 <= y0 < y1 <= 1


@pytest.mark.parametrize(
    ("text", "years"),
    [
        *(("058Y", 58), (58, 58), ("58.0", 58), ("018M", 1), ("", None), (None, None)),
        *(("060W", 1), ("051W", 0), ("365D", 1), ("364D", 0), ("011M", 0), ("012M", 1), ("1y", 1)),
        *((0, 0), ("000Y", 0), (-1, None), ("x", None), ("Y", None), (" 7 ", 7), (120.5, None)),
        *(("089Y", 89), (90, 90), ("095Y", 90), (120, 90), ("121", None), ("412", None)),
        *((91, 90), ("58.9", 58), (" 58y ", 58), ("52W", 1), ("5YM", 0), (False, None)),
    ],
)
def test_ages_are_years(text, years):
    assert age_of(text) == years


@pytest.mark.parametrize(
    ("text", "sex"),
    [
        ("female", "F"),
        (" m", "M"),
        ("Other", "O"),
        ("x", ""),
        ("", ""),
        (None, ""),
        (3, ""),
        (0, ""),
        (False, ""),
    ],
)
def test_sexes_are_one_letter(text, sex):
    assert sex_of(text) == sex


@pytest.mark.parametrize(
    ("sides", "box"),
    [
        ([-0.005, 0, 1 + 0.005, 1], (0, 0, 1, 1)),
        ((0, -0.005, 1, 1 + 0.005), (0, 0, 1, 1)),
        ([0, 0, 1, 1], (0, 0, 1, 1)),
        ([-0.0051, 0, 1, 1], "lies outside the image"),
        ([0, 0, 1, 1 + 0.0051], "lies outside the image"),
        (
            [0.2, 0.1, 0.1, 0.2],
            "is reversed: its right or lower edge comes first, so it has no area",
        ),
        (
            [0.1, 0.2, 0.2, 0.1],
            "is reversed: its right or lower edge comes first, so it has no area",
        ),
        ([0.1, 0.1, 0.1, 0.2], "has no area"),
        ([0.1, 0.1, 0.2, 0.1], "has no area"),
        ([1, 0, 1 + 0.005, 1], "has no area"),
        ([-0.004, 0, -0.002, 1], "has no area"),
        ([0, 0, 1, True], "is not four numbers"),
        ([0, 0, 1, 1, 1], "is not four numbers"),
        ("0011", "is not four numbers"),
        ([0, 0, 1], "is not four numbers"),
        (None, "is not four numbers"),
        ([0, 0, 1, "1"], "is not four numbers"),
        ([0, 0, 1, float("nan")], "holds a value that is not a finite number"),
        ([0, 0, 1, 10**400], "holds a value that is not a finite number"),
    ],
)
def test_a_box_may_lie_outside_by_rounding_and_no_farther(sides, box):
    if isinstance(box, tuple):
        assert checked_box(sides) == box
    else:
        with pytest.raises(ValueError) as problem:
            checked_box(sides)
        assert str(problem.value) == box


def test_the_name_of_a_file_is_told_from_its_end_where_it_is_long():
    assert told("x" * 300) == "x" * 300
    assert told("x" * 301) == told("a" + "x" * 300) == "…" + "x" * 299
    assert told(" a\nb\0c ") == "a bc"


def test_texts_hold_what_any_database_can():
    assert cleaned(" a\0b\ud800 ") == "ab?"
    assert text_of({"a": " b "}, "a") == "b"
    assert text_of({"a": 3}, "a") == text_of({}, "a") == ""


def test_names_with_two_stories_are_doubted_and_others_are_not():
    said = [("a", 1), ("b", 1), ("a", 1), ("b", 2), ("", 1), ("", 2), ("c", 1)]
    assert contradicted(said) == {"b"}
    sentence = "It occurs again, and something else is said of it there; left out."
    assert twice("b") == Problem("b", sentence, "part")


def test_a_fault_in_one_record_is_told_and_costs_it_alone():
    def read():
        yield Problem("x", "It is told.")
        raise RuntimeError("odd\0 thing")

    said = "It could not be read (RuntimeError: odd thing); it was skipped."
    assert each_of("row 1", read) == [Problem("row 1", said, "case")]
    assert each_of("row 1", lambda: iter([Problem("x", "y")])) == [Problem("x", "y")]


def test_a_case_has_its_boxes_where_all_that_is_drawn_has_one():
    def has(*findings):
        return ImportedCase("a", (), findings=findings).has_truth_boxes

    drawn = ImportedFinding("nodule_mass", regions=(ImportedRegion((0, 0, 1, 1)),))
    assert has() and has(drawn)
    assert has(ImportedFinding("cardiomegaly"), ImportedFinding("no such label"), drawn)
    assert not has(ImportedFinding("nodule_mass"))
    assert not has(drawn, ImportedFinding("nodule_mass"))
    assert not has(drawn, ImportedFinding("fracture"))


def test_images_are_looked_for_beside_the_file_that_is_named(tmp_path):
    (tmp_path / "films.zip").touch()
    assert IMPORTER.folders(tmp_path / "films.zip") == IMPORTER.folders(tmp_path) == (tmp_path,)
    assert IMPORTER.folders(tmp_path / "none.csv") == (tmp_path,)


@pytest.mark.parametrize("name", importers())
def test_each_format_is_read_by_the_importer_of_its_name(tmp_path, name):
    importer = importer_named(name)
    assert importer.name == name
    assert importer.folders(tmp_path)[0] == tmp_path
