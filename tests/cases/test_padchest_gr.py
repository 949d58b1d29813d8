"""PadChest-GR: cases, and a sentence for everything left out."""

from __future__ import annotations

import csv
import json
import math
from collections import defaultdict

import pytest

from cases.importers import SourceProblem
from cases.importers.padchest_gr import LABEL_TABLE, label_slug
from ml import taxonomy
from tests.cases.files import write_png
from tests.cases.sources import read, sentence, study

pytestmark = pytest.mark.pure


@pytest.fixture
def padchest(tmp_path):
    """Write a grounded-reports list beside its images; every study has one."""

    def write(*studies, images=True):
        for one in studies:
            if images and isinstance(one, dict) and "/" not in one["ImageID"]:
                write_png(tmp_path / one["ImageID"])
        (tmp_path / "grounded_reports_20240819.json").write_text(json.dumps(studies))
        return tmp_path

    return write


def only_case(path):
    cases, problems = read("padchest-gr", path)
    assert not problems
    (case,) = cases.values()
    return case


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
    other = sentence(boxes=[[0.5, 0.5, 0.6, 0.6]])
    cases, problems = read(
        "padchest-gr", padchest(study(sentence(labels=["unicorn", "nodule"]), other))
    )
    assert [f.label for f in cases["a.png"].findings] == ["nodule_mass", "nodule_mass"]
    (problem,) = problems
    assert problem.kind == "part"
    assert [one.source_label for one in cases["a.png"].unmapped] == ["unicorn"]
    assert (problem.where, "“unicorn”" in problem.sentence) == ("a.png, finding 2", True)


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
    file = "grounded_reports_20240819.json"
    assert [(one.where, one.sentence, one.kind) for one in problems] == [
        (
            f"{file}, entry 2",
            "The entry is not an object with an ImageID; it was skipped.",
            "case",
        ),
        (f"{file}, entry 3 (a.png)", "The image occurs a second time; it was skipped.", "case"),
    ]


def test_a_missing_image_is_told_with_its_name(padchest):
    cases, problems = read("padchest-gr", padchest(study(sentence()), images=False))
    assert not cases
    assert [(p.where, p.kind) for p in problems] == [("a.png", "case")]


def test_each_thing_that_is_wrong_in_a_study_is_told(padchest):
    wrong = [
        3,
        sentence(abnormal=False),
        sentence(abnormal="yes"),
        sentence(labels=[]),
        sentence(labels=[7, None, "", "normal"]),
        sentence(sentence_es=None, sentence_en=7, boxes=3, extra_boxes=[[0, 0, 2, 2]]),
    ]
    _, problems = read("padchest-gr", padchest(study(*wrong)))
    outside = "lies outside the image; it was left out."
    unknown = "is not in the taxonomy; it was left out."
    assert [(one.where, one.sentence, one.kind) for one in problems] == [
        ("a.png, finding 1", "The finding is not an object; it was left out.", "part"),
        ("a.png, finding 2", "It is called not abnormal and has boxes; left out.", "part"),
        ("a.png, finding 3", "Its “abnormal” is neither true nor false.", "part"),
        ("a.png, finding 4", "The finding names no label; it was left out.", "part"),
        ("a.png, finding 5", f"The label “7” {unknown}", "part"),
        ("a.png, finding 5", f"The label “” {unknown}", "part"),
        ("a.png, finding 5", f"The label “” {unknown}", "part"),
        ("a.png, finding 6", "Box 1 of boxes is not four numbers; it was left out.", "part"),
        ("a.png, finding 6", f"Box 1 of extra_boxes {outside}", "part"),
        ("a.png", "A sentence of its report in “en” is no text.", "part"),
        ("a.png", "Its report in “en” lacks the sentence of a finding.", "part"),
        ("a.png", "Its report in “es” lacks the sentence of a finding.", "part"),
    ]


@pytest.mark.parametrize(
    ("findings", "sentence_"),
    [
        (None, "It has no list of findings."),
        ([sentence(labels=["normal"])], "It is called abnormal, and no finding came of it."),
    ],
)
def test_a_study_of_which_nothing_came_is_told(padchest, findings, sentence_):
    one = {**study(), "findings": findings}
    _, problems = read("padchest-gr", padchest(one))
    assert [(problem.where, problem.sentence) for problem in problems] == [("a.png", sentence_)]


def test_long_words_of_a_sentence_are_cut(padchest):
    said = sentence(
        labels=["nodule"] * 30, locations=["loc " + "left lung " * 30], progression=["p" * 21]
    )
    (finding,) = only_case(padchest(study(said))).findings
    assert finding.source_label == ", ".join(["nodule"] * 30)[:200]
    assert finding.location == ("left lung " * 30)[:200]
    assert (finding.progression, finding.side) == ("p" * 20, "left")


@pytest.mark.parametrize(
    ("places", "side"),
    [
        *((["Left base", "right apex"], "bilateral"), (["bilateral"], "bilateral")),
        *(("right", "right"), ([3, " "], ""), (None, ""), (["leftmost"], "")),
    ],
)
def test_the_side_is_in_the_words_for_the_place(padchest, places, side):
    assert only_case(padchest(study(sentence(locations=places)))).findings[0].side == side


def test_places_and_changes_of_a_sentence_stand_in_their_order_and_once(padchest):
    said = sentence(
        locations=["loc right base", 3, " ", "apex ", "right base"], progression=["new", "worse"]
    )
    (finding,) = only_case(padchest(study(said))).findings
    assert (finding.location, finding.progression) == ("right base, apex", "new, worse")


def test_the_weightiest_meaning_of_its_names_is_the_findings(padchest):
    with LABEL_TABLE.open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["slug"]]
    plain = next(row for row in rows if not row["significance"])
    assert only_case(padchest(study(sentence(labels=[plain["label"]])))).findings[
        0
    ].significance == ("")
    by_slug = defaultdict(dict)
    for row in rows:
        by_slug[row["slug"]].setdefault(row["significance"], row["label"])
    weights = [{one: names[one] for one in names if one} for names in by_slug.values()]
    assert any(len(one) > 1 for one in weights)
    for said in filter(None, weights):
        for names in (list(said.values()), list(said.values())[::-1]):
            (finding,) = only_case(padchest(study(sentence(labels=names)))).findings
            assert finding.significance == min(said, key=taxonomy.SIGNIFICANCES.index)


def test_a_name_that_nothing_knows_weighs_nothing_and_is_cut(padchest):
    folder = padchest(study(sentence(labels=["u" * 81, "normal", "u" * 81])))
    cases, problems = read("padchest-gr", folder)
    assert [(one.source_label, one.significance) for one in cases["a.png"].unmapped] == [
        ("u" * 80, "")
    ] * 2
    assert [one.where for one in problems] == ["a.png, finding 1", "a.png, finding 2"]


@pytest.mark.parametrize(
    ("english", "said"), [("A nodule.", "A nodule."), ("", "Un nódulo."), (None, "Un nódulo.")]
)
def test_a_finding_has_the_english_sentence_or_else_the_spanish(padchest, english, said):
    one = sentence(sentence_en=english, sentence_es="Un nódulo.")
    cases, _ = read("padchest-gr", padchest(study(one)))
    assert cases["a.png"].findings[0].sentence == said


def test_a_language_in_which_nothing_is_said_has_no_report(padchest):
    case = only_case(padchest(study(sentence(sentence_es=None), sentence(sentence_es=""))))
    assert [one.language for one in case.reports] == ["en"]


def test_one_box_need_not_be_in_a_list_and_each_reader_is_counted_by_itself(padchest):
    place = [0.1, 0.2, 0.3, 0.4]
    one = sentence(boxes=[place, place[:3]], extra_boxes=[place[:3], place])
    cases, problems = read("padchest-gr", padchest(study(one, sentence(boxes={}))))
    assert [(r.reader, r.alternate) for r in cases["a.png"].findings[0].regions] == [
        *(("1", False), ("2", True))
    ]
    assert [one.sentence for one in problems] == [
        "Box 2 of boxes is not four numbers; it was left out.",
        "Box 1 of extra_boxes is not four numbers; it was left out.",
        "Box 1 of boxes is not four numbers; it was left out.",
    ]


@pytest.mark.parametrize(("abnormal", "count"), [(False, 0), (None, 1), (True, 1)])
def test_what_is_called_not_abnormal_is_no_finding(padchest, abnormal, count):
    case = only_case(padchest(study(sentence(abnormal=abnormal, boxes=[]))))
    assert len(case.findings) == count


def test_a_film_that_occurs_again_with_another_story_is_in_doubt(padchest):
    _, problems = read("padchest-gr", padchest(study(sentence()), study()))
    assert [(one.where, one.sentence) for one in problems] == [
        ("grounded_reports_20240819.json, entry 2 (a.png)", AGAIN),
        ("a.png", "It occurs again, and something else is said of it there; left out."),
    ]
    _, problems = read("padchest-gr", padchest(study(sentence()), study(sentence())))
    assert [one.sentence for one in problems] == [AGAIN]


AGAIN = "The image occurs a second time; it was skipped."


def test_the_age_as_told_goes_before_that_of_the_header(padchest):
    folder = padchest(study())
    header = "PatientAge,ImageID,PatientAge_DICOM,PatientSex_DICOM\n"
    (folder / "master_table.csv").write_text(header + "50,a.png,071Y,F\n")
    case = only_case(folder)
    assert (case.age, case.sex, case.patient) == (71, "F", "")
    (folder / "master_table.csv").write_text("ImageID,PatientAge,PatientAge_DICOM\na.png,50,71\n")
    assert (only_case(folder).age, only_case(folder).sex) == (50, "")
    (folder / "master_table.csv").write_text("ImageID,PatientSex_DICOM,PatientAge\na.png,F\n")
    assert (only_case(folder).age, only_case(folder).sex) == (None, "F")


def test_a_sentence_ends_with_a_stop(padchest):
    said = [sentence(sentence_en=f"A{stop}", sentence_es="B") for stop in ("", ".", "!", "?")]
    case = only_case(padchest(study(*said)))
    assert case.reports[0].findings == "A. A. A! A?"


def test_patients_of_the_master_table_and_its_broken_rows(padchest):
    folder = padchest(study())
    header = "ImageID,PatientSex_DICOM,PatientAge,PatientAge_DICOM,PatientID\n"
    (folder / "master_table.csv").write_text(header + "b.png,F,1,2,3,4\na.png,M,,071Y,P7\n")
    cases, [problem] = read("padchest-gr", folder)
    assert (cases["a.png"].sex, cases["a.png"].age, cases["a.png"].patient) == ("M", 71, "P7")
    assert (problem.where, problem.sentence) == (
        "master_table.csv, line 2",
        "The row's quotes or cells are broken; its age and sex are not known.",
    )
    assert cases["a.png"].images[0].source.usual_view == "FRONTAL"


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


def test_the_label_table_and_the_taxonomy_agree_on_the_names_of_padchest():
    assert {name: label_slug(name) for name in taxonomy.names_of("padchest")} == dict(
        taxonomy.names_of("padchest")
    )


def test_the_taxonomy_names_every_term_of_padchest_that_the_importer_reads():
    with LABEL_TABLE.open(newline="") as stream:
        read = {row["label"].casefold(): row["slug"] for row in csv.DictReader(stream)}
    known = taxonomy.names_of("padchest")
    assert known == {name: slug for name, slug in read.items() if slug}
    nameless = {slug for slug in taxonomy.labels() if slug not in known.values()}
    assert nameless == {
        *("cardiac_lead", "device_malposition", "bronchial_thickening", "lucency"),
        *("skin_fold", "companion_shadow", "rotation", "external_object", "exposure"),
        "motion_blur",
    }


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Cardiomegaly", "cardiomegaly"),
        ("laminar atelectasis", "atelectasis"),
        ("aortic elongation", "tortuous_aorta"),
        ("NSG tube", "feeding_tube"),
        ("endotracheal tube", "tracheal_tube"),
        ("chest drain tube", "chest_tube"),
        ("reservoir central venous catheter", "central_line"),
        ("catheter", "catheter"),
        ("cavitation", "cavity"),
        ("vertebral anterior compression", "vertebral_fracture"),
        ("nipple shadow", "nipple_shadow"),
        ("dual chamber device", "heart_device"),
        ("vertebral degenerative changes", "degenerative_spine"),
        ("Nodule/Mass", "nodule_mass"),
        ("normal", ""),
        ("unicorn", None),
    ],
)
def test_padchest_labels_have_their_slug(name, slug):
    assert label_slug(name) == slug
