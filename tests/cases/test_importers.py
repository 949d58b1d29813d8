"""What all importers share."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.importers import SourceProblem, importers
from cases.importers.base import age_of, checked_box
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
        *(("089Y", 89), (90, 90), ("095Y", 90), (120, 90), ("121", None), ("412", None)),
    ],
)
def test_ages_are_years(text, years):
    assert age_of(text) == years
