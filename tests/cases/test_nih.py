"""NIH ChestX-ray14: cases, and a sentence for everything left out."""

from __future__ import annotations

import csv

import pytest

from tests.cases.files import REAL_DATA, needs_real_data, write_dicom, write_png
from tests.cases.sources import BOX_HEADER, ENTRY_HEADER, read

pytestmark = pytest.mark.pure


@pytest.fixture
def nih(tmp_path):
    def write(boxes="", entries="", images=("a.png",)):
        (tmp_path / "BBox_List_2017.csv").write_text(BOX_HEADER + boxes)
        (tmp_path / "Data_Entry_2017_v2020.csv").write_text(ENTRY_HEADER + entries)
        for name in images:
            (tmp_path / "images_001").mkdir(exist_ok=True)
            write_png(tmp_path / "images_001" / name)
        return tmp_path

    return write


def test_nih_pixels_of_1024_become_fractions(nih):
    folder = nih("a.png,Mass,256,512,128,64\n", "a.png,Mass,0,1,57,M,PA,2048,1024,0.2,0.1\n")
    cases, problems = read("nih", folder)
    case = cases["a.png"]
    assert not problems
    assert case.findings[0].regions[0].box == (0.25, 0.5, 0.375, 0.5625)
    assert (case.age, case.sex, case.images[0].source.view) == (57, "M", "PA")
    assert case.images[0].source.extent_mm == pytest.approx((102.4, 409.6))
    assert case.has_truth_boxes


def test_infiltrate_of_the_boxes_is_infiltration_of_the_entries(nih):
    folder = nih("a.png,Infiltrate,1,1,9,9,,,\n", "a.png,Infiltration,0,1,57,M,PA,1,1,1,1\n")
    cases, _ = read("nih", folder)
    (finding,) = cases["a.png"].findings
    assert (finding.label, len(finding.regions)) == ("infiltration", 1)


def test_drawn_findings_without_a_box_mark_the_case(nih):
    folder = nih(entries="a.png,Nodule|Effusion,0,1,57,M,PA,1,1,1,1\n")
    cases, _ = read("nih", folder)
    assert [f.label for f in cases["a.png"].findings] == ["nodule_mass", "pleural_effusion"]
    assert not cases["a.png"].has_truth_boxes


def test_ticked_findings_need_no_box(nih):
    cases, _ = read("nih", nih(entries="a.png,Cardiomegaly,0,1,57,M,PA,1,1,1,1\n"))
    assert cases["a.png"].has_truth_boxes


def test_no_finding_is_a_normal_case_and_impossible_ages_are_unknown(nih):
    cases, problems = read("nih", nih(entries="a.png,No Finding,0,1,412,F,AP,1,1,1,1\n"))
    case = cases["a.png"]
    assert (case.findings, case.age, case.sex, problems) == ((), None, "F", [])


def test_images_that_are_not_here_are_one_line(nih):
    rows = "".join(f"{n}.png,Mass,0,1,57,M,PA,1,1,1,1\n" for n in range(3000))
    cases, problems = read("nih", nih(entries=rows))
    assert not cases
    assert [(p.kind, p.count) for p in problems] == [("absent", 3000)]


def test_broken_nih_rows_are_told_and_the_rest_goes_in(nih):
    folder = nih(
        "a.png,Mass,1,1,9,9\na.png,Mass,oops,1,9,9\na.png,Mass,1020,1,90,9\na.png\n",
        "a.png,Mass|Unicorn,0,1,57,M,PA,1,1,1,1\n",
    )
    cases, problems = read("nih", folder)
    assert len(cases["a.png"].findings[0].regions) == 1
    told = " ".join(f"{p.where}: {p.sentence}" for p in problems)
    for part in ("line 5", "is not four numbers", "lies outside the image", "“unicorn”"):
        assert part in told
    assert len(problems) == 4


def told(problems):
    return [(problem.where, problem.sentence, problem.kind) for problem in problems]


def test_each_row_that_says_nothing_readable_is_told(nih):
    folder = nih(
        "a.png,Mass,1,1,9\n,Mass,1,1,9,9\na.png,Mass,1,x,9,9\na.png,Mass,9,9,0,9\n"
        "a.png,Mass,512,0,512,1024\n",
        "a.png,Mass,0,1,57,M\nb.png,Mass,0,1,57,M,PA\nb.png,Mass,0,1,58,M,PA\n"
        "a.png,Mass,0,1,57,M,LL\na.png,Mass,0,1,57,M,LL\n",
        images=("a.png", "b.png"),
    )
    cases, problems = read("nih", folder)
    assert [case.age for case in cases.values()] == [57, 57]
    assert [one.box for one in cases["a.png"].findings[0].regions] == [(0.5, 0, 1, 1)]
    assert cases["a.png"].images[0].source.view == ""
    assert cases["a.png"].images[0].source.usual_view == "FRONTAL"
    boxes, entries = "BBox_List_2017.csv, line", "Data_Entry_2017_v2020.csv, line"
    assert sorted(told(problems)) == [
        (f"{boxes} 2", "The row has 5 cells instead of 6; it was left out.", "part"),
        (f"{boxes} 3", "The row names no image; it was left out.", "part"),
        (f"{boxes} 4", "The box of “Mass” is not four numbers; left out.", "part"),
        (f"{boxes} 5", "The box of “Mass” has no area; it was left out.", "part"),
        (f"{entries} 2", "The row has 6 cells instead of 7; it was left out.", "part"),
        (f"{entries} 4", "A second row says something else of it; left out.", "part"),
    ]


@pytest.mark.parametrize(
    ("boxes", "entries", "sentence"),
    [
        (
            "a.png,Mass,1,1,9,9\n",
            "b.png,Mass,0,1,57,M,PA\n",
            "The entry table has no readable row of it: labels may be missing.",
        ),
        ("", "a.png,No Finding|Mass,0,1,57,M,PA\n", "It has “No Finding” and findings at once."),
        (
            "a.png,Mass,1,1,9,9\n",
            "a.png,No Finding,0,1,57,M,PA\n",
            "It has “No Finding” and findings at once.",
        ),
        ("", "a.png,|,0,1,57,M,PA\n", "Its row names no label, not even “No Finding”."),
        ("", "a.png,No Finding,0,1,57,M,PA\n", ""),
        ("a.png,Mass,1,1,9,9\n", "a.png,Mass,0,1,57,M,PA\n", ""),
    ],
)
def test_tables_that_contradict_each_other_are_told(nih, boxes, entries, sentence):
    _, problems = read("nih", nih(boxes, entries))
    kept = [line for line in told(problems) if line[0] != "images"]
    assert kept == ([("a.png", sentence, "part")] if sentence else [])


def test_without_the_table_of_entries_no_label_is_missed(nih):
    folder = nih("a.png,Mass,1,1,9,9\n")
    (folder / "Data_Entry_2017_v2020.csv").unlink()
    cases, problems = read("nih", folder)
    assert ([one.label for one in cases["a.png"].findings], problems) == (["nodule_mass"], [])


def test_a_table_of_which_every_row_is_broken_tells_each_of_them(nih):
    cases, [problem] = read("nih", nih(entries="a.png\n"))
    said = "The row has 1 cells instead of 7; it was left out."
    assert (cases, problem.sentence) == ({}, said)


@pytest.mark.parametrize(
    ("cells", "extent"),
    [
        ("2000,1000,0.2,0.1", (100, 400)),
        ("2000,1000,5,0.1", None),
        ("1999,1000,5,0.1", (100, 9995)),
        ("2000,0,0.2,0.1", None),
        ("2000,1000,0.2", None),
        ("2000,1000,x,0.1", None),
        ("2000,nan,0.2,0.1", None),
    ],
)
def test_how_large_a_film_is_comes_from_the_entry_table(nih, cells, extent):
    cases, _ = read("nih", nih(entries=f"a.png,Mass,0,1,57,M,PA,{cells}\n"))
    found = cases["a.png"].images[0].source.extent_mm
    assert found == (pytest.approx(extent) if extent else None)


@pytest.mark.parametrize(("name", "patient"), [("00017_002.png", "00017"), ("a.png", "")])
def test_a_patients_number_is_in_the_name_of_the_film(nih, name, patient):
    cases, _ = read("nih", nih(entries=f"{name},Mass,0,1,57,M,AP\n", images=(name,)))
    assert (cases[name].patient, cases[name].images[0].source.view) == (patient, "AP")


def test_labels_of_one_finding_are_put_together_and_unknown_ones_stay_apart(nih):
    entries = "a.png,Mass|Nodule|Unicorn|Dragon,0,1,57,M,PA\n"
    cases, _ = read("nih", nih("a.png,Nodule,1,1,9,9\n", entries))
    case = cases["a.png"]
    assert [(one.source_label, len(one.regions)) for one in case.findings] == [("mass, nodule", 1)]
    assert case.findings[0].regions[0].reader == "1"
    assert [one.source_label for one in case.unmapped] == ["unicorn", "dragon"]


def test_a_name_that_leads_out_is_told_and_the_next_film_is_taken(nih):
    entries = "../a.png,Mass,0,1,57,M,PA\na.png,Mass,0,1,57,M,PA\n"
    cases, problems = read("nih", nih(entries=entries))
    said = "The image's name names a file outside the images folder; the case was skipped."
    assert ([*cases], told(problems)) == (["a.png"], [("../a.png", said, "case")])


def test_a_dicom_may_stand_in_for_the_png_of_the_table(nih):
    folder = nih(entries="a.png,Mass,0,1,57,M,PA,1,1,1,1\n", images=())
    write_dicom(folder / "a.dcm")
    cases, _ = read("nih", folder)
    assert cases["a.png"].images[0].source.paths[0].name == "a.dcm"


@needs_real_data
def test_the_real_nih_tables_are_read_without_a_problem_but_images_not_here():
    cases, problems = read("nih", REAL_DATA)
    assert [p.kind for p in problems] == ["absent"]
    case = cases["00000001_000.png"]
    assert [f.label for f in case.findings] == ["cardiomegaly"]
    assert (case.age, case.sex, case.images[0].source.view) == (57, "M", "PA")


@needs_real_data
def test_every_real_nih_box_lies_inside_its_image(tmp_path):
    table = next(REAL_DATA.glob("*BBox_List_2017.csv"))
    (tmp_path / "BBox_List_2017.csv").write_bytes(table.read_bytes())
    with table.open() as stream:
        names = {row[0] for row in list(csv.reader(stream))[1:]}
    for name in names:
        (tmp_path / name).touch()
    cases, problems = read("nih", tmp_path)
    assert not problems
    assert len(cases) == 880
    regions = [r for case in cases.values() for f in case.findings for r in f.regions]
    assert len(regions) == 984
