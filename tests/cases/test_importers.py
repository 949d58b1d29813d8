"""Each importer's reading of its format: cases, and a sentence for everything left out."""

from __future__ import annotations

import csv
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.importers import (
    ImportedCase,
    Problem,
    SourceProblem,
    importer_named,
    importers,
)
from cases.importers.base import age_of, checked_box
from cases.importers.folders import ImageFolders, UnsafeName
from cases.importers.padchest_gr import LABEL_TABLE, label_slug
from ml import taxonomy
from tests.cases.files import REAL_DATA, needs_real_data, write_dicom, write_png

pytestmark = pytest.mark.pure


def read(name, path, *folders):
    importer = importer_named(name)
    items = list(importer.read(path, folders or importer.folders(path)))
    cases = {item.key: item for item in items if isinstance(item, ImportedCase)}
    return cases, [item for item in items if isinstance(item, Problem)]


def sentence(**fields):
    return {
        "sentence_en": "Nodule in the right upper lobe.",
        "sentence_es": "Nódulo en el lóbulo superior derecho.",
        "abnormal": True,
        "boxes": [[0.1, 0.2, 0.3, 0.4]],
        "extra_boxes": [],
        "labels": ["nodule"],
        "locations": ["right upper lobe"],
        "progression": None,
        **fields,
    }


@pytest.fixture
def padchest(tmp_path):
    """Write a grounded-reports list beside its images; every study has one."""

    def write(*studies, images=True):
        for study in studies:
            if images and isinstance(study, dict) and "/" not in study["ImageID"]:
                write_png(tmp_path / study["ImageID"])
        (tmp_path / "grounded_reports_20240819.json").write_text(json.dumps(studies))
        return tmp_path

    return write


def study(*findings, name="a.png"):
    return {"StudyID": "s1", "ImageID": name, "findings": list(findings)}


def only_case(path):
    cases, problems = read("padchest-gr", path)
    assert not problems
    (case,) = cases.values()
    return case


# PadChest-GR


def test_a_grounded_sentence_becomes_a_finding_with_its_box(padchest):
    case = only_case(padchest(study(sentence(progression="stable"))))
    (finding,) = case.findings
    assert (finding.label, finding.source_label) == ("nodule_mass", "nodule")
    assert (finding.side, finding.location) == ("right", "right upper lobe")
    assert finding.progression == "stable"
    assert finding.regions[0].box == (0.1, 0.2, 0.3, 0.4)
    assert (finding.regions[0].reader, finding.regions[0].alternate) == ("1", False)
    assert case.has_truth_boxes


def test_two_labels_of_a_sentence_become_two_findings_with_the_same_boxes(padchest):
    case = only_case(padchest(study(sentence(labels=["nodule", "pleural thickening"]))))
    first, second = case.findings
    assert {first.label, second.label} == {"nodule_mass", "pleural_thickening"}
    assert first.regions == second.regions


def test_two_names_of_one_label_become_one_finding(padchest):
    case = only_case(padchest(study(sentence(labels=["atelectasis", "laminar atelectasis"]))))
    assert [f.source_label for f in case.findings] == ["atelectasis, laminar atelectasis"]


def test_the_second_readers_boxes_are_alternates(padchest):
    case = only_case(padchest(study(sentence(extra_boxes=[[0.2, 0.2, 0.4, 0.4]]))))
    assert [(r.reader, r.alternate) for r in case.findings[0].regions] == [
        ("1", False),
        ("2", True),
    ]


def test_boxes_of_the_second_reader_alone_are_the_findings_own(padchest):
    boxes = [[0.2, 0.2, 0.4, 0.4], [0.5, 0.5, 0.6, 0.6]]
    case = only_case(padchest(study(sentence(boxes=[], extra_boxes=boxes))))
    assert [r.alternate for r in case.findings[0].regions] == [False, False]


def test_negative_sentences_are_in_the_report_but_no_findings(padchest):
    negative = {"sentence_en": "No effusion", "sentence_es": "Sin derrame", "abnormal": False}
    case = only_case(padchest(study(negative, sentence())))
    assert len(case.findings) == 1
    assert {report.language: report.findings for report in case.reports} == {
        "en": "No effusion. Nodule in the right upper lobe.",
        "es": "Sin derrame. Nódulo en el lóbulo superior derecho.",
    }


def test_a_study_without_findings_is_a_normal_case(padchest):
    case = only_case(padchest(study()))
    assert case.findings == ()
    assert case.has_truth_boxes


def test_an_unknown_label_is_told_and_the_rest_goes_in(padchest):
    cases, problems = read(
        "padchest-gr", padchest(study(sentence(labels=["unicorn", "nodule"]), sentence()))
    )
    assert [f.label for f in cases["a.png"].findings] == ["nodule_mass", "nodule_mass"]
    (problem,) = problems
    assert problem.kind == "part"
    assert (problem.where, "“unicorn”" in problem.sentence) == ("a.png, finding 1", True)


@pytest.mark.parametrize(
    ("box", "what"),
    [
        ([0.1, 0.2, 0.1, 0.4], "has no area"),
        ([0.1, 0.2, 0.3], "is not four numbers"),
        ([0.1, 0.2, 0.3, 1.4], "lies outside the image"),
        ([0.1, 0.2, math.nan, 0.4], "holds a value that is not a finite number"),
        ([0.1, 0.2, 10**400, 0.4], "holds a value that is not a finite number"),
        (["0.1", 0.2, 0.3, 0.4], "is not four numbers"),
        (None, "is not four numbers"),
    ],
)
def test_an_invalid_box_is_told_and_the_good_one_goes_in(padchest, box, what):
    folder = padchest(study(sentence(boxes=[box, [0.5, 0.5, 0.6, 0.6]])))
    cases, problems = read("padchest-gr", folder)
    assert [r.box for r in cases["a.png"].findings[0].regions] == [(0.5, 0.5, 0.6, 0.6)]
    assert [problem.where for problem in problems] == ["a.png, finding 1"]
    assert f"Box 1 of boxes {what}" in problems[0].sentence


@pytest.mark.parametrize(
    "name", ["../secret.png", "/etc/passwd", "x/../../secret.png", "a\\..\\b.png"]
)
def test_a_name_never_leads_outside_the_images_folder(padchest, tmp_path, name):
    folder = padchest(study(sentence(), name=name), images=False)
    write_png(tmp_path.parent / "secret.png")
    cases, problems = read("padchest-gr", folder)
    assert not cases
    assert (problems[0].where, problems[0].kind) == (name, "case")
    assert "outside the images folder" in problems[0].sentence


def test_text_that_no_database_can_hold_is_cleaned(padchest):
    case = only_case(padchest(study(sentence(sentence_en="A\0 nodule \ud800."))))
    assert case.findings[0].sentence == "A nodule ?."


def test_broken_entries_are_skipped_by_number_and_name(padchest):
    folder = padchest(study(), "no object", study(), study(name="b.png"))
    cases, problems = read("padchest-gr", folder)
    assert list(cases) == ["a.png", "b.png"]
    assert ["entry 2" in problems[0].where, "entry 3" in problems[1].where] == [True, True]


def test_a_missing_image_is_told_with_its_name(padchest):
    cases, problems = read("padchest-gr", padchest(study(sentence()), images=False))
    assert not cases
    assert [(p.where, p.kind) for p in problems] == [("a.png", "case")]


def test_age_and_sex_come_from_the_master_table(padchest):
    folder = padchest(study())
    (folder / "master_table.csv").write_text(
        "StudyID,ImageID,PatientSex_DICOM,PatientAge\ns1,a.png,F,071Y\n"
    )
    case = only_case(folder)
    assert (case.sex, case.age) == ("F", 71)


def test_the_published_games_own_file_is_read_too(tmp_path):
    write_png(tmp_path / "a.png")
    entry = study(sentence(medgemma_explanation="Round and dense."))
    (tmp_path / "localize_train.json").write_text(json.dumps([entry]))
    assert len(only_case(tmp_path).findings) == 1


@pytest.mark.parametrize("text", ["{", "{}", "3", "[" * 100_000])
def test_a_file_of_another_kind_is_refused_in_one_sentence(tmp_path, text):
    (tmp_path / "grounded_reports_1.json").write_text(text)
    with pytest.raises(SourceProblem, match=r"grounded_reports_1\.json is not .*\."):
        read("padchest-gr", tmp_path)


def test_the_label_table_names_only_labels_of_the_taxonomy():
    with LABEL_TABLE.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    known = {*taxonomy.labels(), ""}
    assert {row["slug"] for row in rows} <= known
    assert {row["significance"] for row in rows} <= {*taxonomy.SIGNIFICANCES, ""}
    assert len({row["label"].casefold() for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Cardiomegaly", "cardiomegaly"),
        ("laminar atelectasis", "atelectasis"),
        ("aortic elongation", "tortuous_aorta"),
        ("NSG tube", "tube"),
        ("reservoir central venous catheter", "catheter"),
        ("dual chamber device", "heart_device"),
        ("vertebral degenerative changes", "degenerative_spine"),
        ("Nodule/Mass", "nodule_mass"),
        ("normal", ""),
        ("unicorn", None),
    ],
)
def test_padchest_labels_have_their_slug(name, slug):
    assert label_slug(name) == slug


# NIH


BOX_HEADER = "Image Index,Finding Label,Bbox [x,y,w,h],,,\n"
ENTRY_HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]\n"
)


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


# Simulated


def simulated_case(**fields):
    return {
        "key": "case-1",
        "age": 60,
        "sex": "F",
        "indication": "Cough.",
        "images": [{"file": "a.png", "view": "PA", "pixel_spacing_mm": 0.2}],
        "findings": [
            {
                "label": "nodule_mass",
                "side": "left",
                "zone": "upper",
                "size_mm": 12.5,
                "severity": "mild",
                "conspicuity": 3.2,
                "sentence": "A nodule.",
                "regions": [{"image": 0, "box": [0.1, 0.1, 0.2, 0.2]}],
            }
        ],
        "report": {"findings": "A nodule.", "impression": "Nodule.", "language": "en"},
        **fields,
    }


def simulated(folder, *cases):
    document = {"dataset": {"slug": "demo", "title": "Demo"}, "cases": cases}
    (folder / "cases.json").write_text(json.dumps(document))
    write_png(folder / "a.png")
    return folder


def test_a_simulated_case_is_read_with_all_its_truth(tmp_path):
    cases, problems = read("simulated", simulated(tmp_path, simulated_case()))
    case = cases["case-1"]
    (finding,) = case.findings
    assert not problems
    assert (finding.location, finding.size_mm, finding.conspicuity) == ("upper", 12.5, 3.2)
    assert case.images[0].source.spacing_mm == (0.2, 0.2)
    assert case.reports[0].impression == "Nodule."
    assert importer_named("simulated").describe(tmp_path).simulated


def test_a_simulated_stack_has_its_frames_in_order(tmp_path):
    image = {"view": "CT", "stack": {"frames": ["a.png", "b.png"], "hu_offset": -1024}}
    write_png(tmp_path / "b.png")
    cases, _ = read("simulated", simulated(tmp_path, simulated_case(images=[image])))
    source = cases["case-1"].images[0].source
    assert [path.name for path in source.paths] == ["a.png", "b.png"]
    assert (source.view, source.value_offset) == ("CT", -1024)


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"images": []}, "has no image"),
        ({"images": [{"file": "absent.png"}]}, "absent.png is not here"),
        ({"images": [{"file": "../a.png"}]}, "outside the images folder"),
        ({"key": ""}, "not an object with a key"),
    ],
)
def test_a_broken_simulated_case_is_skipped_and_the_next_goes_in(tmp_path, fields, what):
    folder = simulated(tmp_path, simulated_case(**fields), simulated_case(key="good"))
    cases, problems = read("simulated", folder)
    assert list(cases) == ["good"]
    assert [(p.kind, what in p.sentence) for p in problems] == [("case", True)]


def test_a_key_that_occurs_twice_is_skipped_the_second_time(tmp_path):
    cases, problems = read("simulated", simulated(tmp_path, simulated_case(), simulated_case()))
    assert list(cases) == ["case-1"]
    assert [(p.where, p.kind) for p in problems] == [("case-1", "case")]


def test_a_region_on_a_frame_the_stack_has_not_is_left_out(tmp_path):
    findings = simulated_case()["findings"]
    findings[0]["regions"][0]["frame"] = 1
    _, problems = read("simulated", simulated(tmp_path, simulated_case(findings=findings)))
    assert "lies on frame 1, which the image has not" in problems[0].sentence


def test_a_region_on_an_image_the_case_has_not_is_left_out(tmp_path):
    findings = simulated_case()["findings"]
    findings[0]["regions"][0]["image"] = 4
    _, problems = read("simulated", simulated(tmp_path, simulated_case(findings=findings)))
    assert "lies on image 4, which the case has not" in problems[0].sentence


# What all importers share


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
    [("058Y", 58), (58, 58), ("58.0", 58), ("018M", 1), ("", None), (None, None), ("412", None)],
)
def test_ages_are_years(text, years):
    assert age_of(text) == years


@given(st.text())
def test_no_name_finds_a_file_outside_the_folder(tmp_path_factory, name):
    folder = tmp_path_factory.getbasetemp() / "images"
    folder.mkdir(exist_ok=True)
    (folder / "a.png").touch()
    (folder.parent / "b.png").touch()
    try:
        found = ImageFolders([folder]).find(name)
    except UnsafeName:
        return
    assert found in (None, folder / "a.png")
