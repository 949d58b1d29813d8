"""Formats of reports with films: which sections, views and labels come of their files."""

from __future__ import annotations

from dataclasses import astuple

import pytest

from cases.importers import ImportedReport, SourceProblem
from tests.cases import formats
from tests.cases.sources import read

pytestmark = pytest.mark.pure


def views(case):
    return [(one.name, one.source.view) for one in case.images]


def told(problems):
    return [astuple(problem) for problem in problems]


# MIMIC-CXR

KEY = "p10000032/s50414267"


@pytest.mark.parametrize(
    ("row", "slugs", "is_known"),
    [
        ("1.0,,", ["atelectasis"], True),
        ("1.0,0.0,1.0", ["atelectasis", "edema"], True),
        ("1.0,-1.0,", ["atelectasis"], False),
        ("0.0,0.0,0.0", [], False),
        ("x,1,", ["cardiomegaly"], True),
        (",,", [], False),
    ],
)
def test_labels_of_mimic_are_known_where_all_are_certain(tmp_path, row, slugs, is_known):
    cases, problems = read("mimic-cxr", formats.mimic_cxr(tmp_path, labels=row))
    assert not problems
    assert [one.label for one in cases[KEY].findings] == slugs
    assert cases[KEY].knows_findings is is_known


def test_rows_of_mimic_without_a_name_are_told_and_cost_themselves_only(tmp_path):
    folder = formats.mimic_cxr(tmp_path, labels="1.0,,")
    rows = ("b,10000032,50414267,LATERAL", ",10000032,50414267,PA", "a,10000032.0,50414267.0,AP")
    header = "dicom_id,subject_id,study_id,ViewPosition"
    formats.csv(folder, "mimic-cxr-2.0.0-metadata.csv", header, *rows)
    header = "subject_id,study_id,Atelectasis,Edema,Unicorn"
    formats.csv(folder, "mimic-cxr-2.0.0-chexpert.csv", header, ",,1,1,", "1,50414267,1,,1")
    header = "dicom_id,study_id,subject_id,split"
    formats.csv(folder, "mimic-cxr-2.0.0-split.csv", header, "a,,1,test", "a,50414267.0,1,train")
    cases, problems = read("mimic-cxr", folder)
    assert told(problems) == [
        (
            "mimic-cxr-2.0.0-metadata.csv, line 3",
            "The row's “dicom_id” is empty; it was left out.",
            "part",
            1,
        ),
        (
            f"{KEY}, finding 2",
            "The label “unicorn” is not in the taxonomy; it is kept as unmapped.",
            "part",
            1,
        ),
    ]
    case = cases[KEY]
    assert (case.split, case.patient) == ("train", "10000032")
    assert views(case) == [("s50414267/a.jpg", "AP"), ("s50414267/b.jpg", "LATERAL")]


@pytest.mark.parametrize(
    ("report", "texts", "indication", "comparison"),
    [
        ("FINDINGS: Clear.", [("en", "Clear.", "")], "", ""),
        ("IMPRESSION: Clear.", [("en", "", "Clear.")], "", ""),
        ("INDICATION: Cough.\n\nCOMPARISON: None.", [], "Cough.", "None."),
        (" \n", [], "", ""),
    ],
)
def test_sections_of_a_report_of_mimic(tmp_path, report, texts, indication, comparison):
    case = read("mimic-cxr", formats.mimic_cxr(tmp_path, report=report))[0][KEY]
    assert [astuple(one) for one in case.reports] == texts
    assert (case.indication, case.comparison) == (indication, comparison)


def test_a_study_of_mimic_may_lack_its_report_and_all_tables_but_one(tmp_path):
    folder = formats.mimic_cxr(tmp_path)
    (folder / f"files/p10/{KEY}.txt").unlink()
    (folder / "mimic-cxr-2.0.0-split.csv").unlink()
    (folder / "mimic-cxr-2.0.0-chexpert.csv").unlink()
    cases, problems = read("mimic-cxr", folder)
    case = cases[KEY]
    assert (case.reports, case.split, case.findings, problems) == ((), "", (), [])
    assert not case.knows_findings


# ReXGradient


def test_entries_of_rexgradient_that_are_no_studies_are_told(tmp_path):
    folder = formats.films(tmp_path, "a.png", "b.png")
    entries = [
        {"id": "one", "ImagePath": "../../a.png", "ImageViewPosition": "AP", "PatientID": "P1"},
        "no object",
        {"id": "two", "ImagePath": []},
        {"ImagePath": "a.png"},
        {"id": "one", "ImagePath": "b.png"},
        {
            "StudyInstanceUid": "three",
            "ImagePath": ["./b.png", "b.png", " ", 3, "a.png"],
            "ImageViewPosition": [None, "LATERAL"],
            "Impression": "Clear.",
        },
        {"id": "four", "ImagePath": ["b.png", "a.png"], "ImageViewPosition": ["PA"]},
        {"id": "five", "ImagePath": ".."},
    ]
    formats.document(folder, "Valid.json", entries)
    cases, problems = read("rexgradient", folder)
    seen = {
        key: (case.split, case.patient, views(case), case.reports) for key, case in cases.items()
    }
    assert seen == {
        "one": ("valid", "P1", [("a.png", "AP")], ()),
        "three": (
            *("valid", "", [("b.png", ""), ("a.png", "LATERAL")]),
            (ImportedReport("en", "", "Clear."),),
        ),
        "four": ("valid", "", [("b.png", "PA"), ("a.png", "")], ()),
    }
    nameless = "It names no study with images; skipped."
    assert told(problems) == [
        (
            "five",
            "An image's name names a file outside the images folder; the case was skipped.",
            "case",
            1,
        ),
        ("Valid.json, entry 2", "It is not an object; it was skipped.", "case", 1),
        ("Valid.json, entry 3", nameless, "case", 1),
        ("Valid.json, entry 4", nameless, "case", 1),
        (
            "Valid.json, entry 5",
            "The study one occurs a second time; it was skipped.",
            "case",
            1,
        ),
    ]


@pytest.mark.parametrize(
    ("name", "split"),
    [
        *(("train_metadata", "train"), ("Metadata_valid", "valid"), ("test_metadata", "test")),
        *(("metadata", ""), ("radgame_report", ""), ("other", "")),
    ],
)
def test_the_split_of_rexgradient_is_in_the_name_of_its_file(tmp_path, name, split):
    folder = formats.rexgradient(tmp_path)
    (folder / "train_metadata.json").rename(folder / f"{name}.json")
    assert read("rexgradient", folder)[0]["pX_aY_sZ"].split == split


def test_a_folder_of_the_published_game_has_both_its_files_and_no_others(tmp_path):
    folder = formats.rexgradient(tmp_path)
    (folder / "train_metadata.json").rename(folder / "RadGame_Report.json")
    formats.document(folder, "notes.json", {"x": 1})
    formats.films(folder, "a1.png")
    study = {"ImageID": "a1.png", "findings": []}
    formats.document(folder, "localize_train.json", [study])
    cases, problems = read("radgame", folder)
    assert ({*cases}, problems) == ({"a1.png", "pX_aY_sZ"}, [])
    assert [*read("radgame", folder / "localize_train.json")[0]] == ["a1.png"]
    (folder / "RadGame_Report.json").unlink()
    (folder / "localize_train.json").unlink()
    with pytest.raises(SourceProblem, match=r"localize\*\.json or radgame_report\*\.json"):
        read("radgame", folder)


# Open-I

LONGEST = 4 << 20
"""Bytes of a file."""


def test_files_of_openi_that_are_no_studies_are_told_in_the_order_of_their_numbers(tmp_path):
    folder = formats.openi(tmp_path)
    whole = (folder / "1.xml").read_text()
    (folder / "2.xml").write_text(whole.replace('id="CXR1"', 'id=""'))
    (folder / "3.xml").write_text(whole.replace("parentImage", "image"))
    (folder / "10.xml").write_text(whole)
    (folder / "20.xml").write_text(whole + " " * (LONGEST - len(whole) + 1))
    (folder / "30.xml").write_text(whole.replace("CXR1", "CXR2"))
    cases, problems = read("openi", folder)
    assert [*cases] == ["CXR1"]
    nameless = "It names no study with an image; the case was skipped."
    assert told(problems) == [
        ("images", "1 images of the tables are not here.", "absent", 1),
        ("2.xml", nameless, "case", 1),
        ("3.xml", nameless, "case", 1),
        ("10.xml", "The study CXR1 occurs a second time; the case was skipped.", "case", 1),
        (
            "20.xml",
            "It is no readable XML (it is far too large); the case was skipped.",
            "case",
            1,
        ),
    ]


def test_a_file_of_openi_may_be_as_large_as_is_read(tmp_path):
    folder = formats.openi(tmp_path)
    whole = (folder / "1.xml").read_text()
    (folder / "1.xml").write_text(whole + " " * (LONGEST - len(whole.encode())))
    assert [*read("openi", folder / "1.xml")[0]] == ["CXR1"]


def test_sections_of_openi_are_told_by_their_labels_in_any_letters(tmp_path):
    folder = formats.openi(tmp_path)
    text = (folder / "1.xml").read_text()
    text = text.replace('"COMPARISON"/>', '"Comparison">Film of 2010.</AbstractText>')
    text = text.replace("Opacity at", "<b>Opacity</b> at").replace("Pneumonia.", "")
    text = text.replace("IM-2", "IM-1").replace(
        '<parentImage id="', '<parentImage/><parentImage id="'
    )
    (folder / "1.xml").write_text(text)
    case = read("openi", folder)[0]["CXR1"]
    assert (case.indication, case.comparison) == ("Cough.", "Film of 2010.")
    assert [astuple(one) for one in case.reports] == [("en", "Opacity at the left base.", "")]
    assert views(case) == [("CXR1_IM-1", "")]


def test_a_study_of_openi_with_an_impression_alone_has_a_report_and_without_both_none(tmp_path):
    folder = formats.openi(tmp_path)
    text = (folder / "1.xml").read_text().replace("Opacity at the left base.", "")
    (folder / "1.xml").write_text(text)
    [report] = read("openi", folder)[0]["CXR1"].reports
    assert astuple(report) == ("en", "", "Pneumonia.")
    (folder / "1.xml").write_text(text.replace("Pneumonia.", " "))
    assert read("openi", folder)[0]["CXR1"].reports == ()


@pytest.mark.parametrize(
    ("code", "label", "side"),
    [
        ("Opacity/lung/base/left", "Opacity", "left"),
        ("Opacity/lung/bilateral", "Opacity", "bilateral"),
        ("Opacity/left/right", "Opacity", "bilateral"),
        ("Opacity / interstitial / right", "Opacity/interstitial", "right"),
        ("Nodule", "Nodule", ""),
    ],
)
def test_a_code_of_openi_is_its_longest_known_part_with_a_side(tmp_path, code, label, side):
    [finding] = read("openi", formats.openi(tmp_path, code))[0]["CXR1"].findings
    assert (finding.source_label, finding.side) == (label, side)


def test_codes_of_openi_are_known_only_where_none_says_that_it_was_not_coded(tmp_path):
    case = read("openi", formats.openi(tmp_path, "Nodule", "no  indexing", ""))[0]["CXR1"]
    assert ([one.label for one in case.findings], case.knows_findings) == (["nodule_mass"], False)
    folder = formats.openi(tmp_path)
    text = (folder / "1.xml").read_text().split("<MeSH>")[
        0
    ] + "<parentImage id='CXR1_IM-1'/></eCitation>"
    (folder / "1.xml").write_text(text)
    assert not read("openi", folder)[0]["CXR1"].knows_findings


# CheXpert Plus

PLACE = "train/patient1/study1/view1_frontal.jpg"


@pytest.mark.parametrize(
    ("cells", "texts"),
    [
        ("FINDINGS: All.,Clear.,", [("en", "Clear.", "")]),
        ("FINDINGS: All.,,Clear.", [("en", "", "Clear.")]),
        ("FINDINGS: Clear.,,", [("en", "Clear.", "")]),
        ("IMPRESSION: Clear.,,", [("en", "", "Clear.")]),
        (",,", []),
    ],
)
def test_a_report_of_chexpert_plus_is_read_whole_where_its_sections_are_empty(
    tmp_path, cells, texts
):
    row = f"{PLACE},Frontal,AP,{cells},,,50,F,valid"
    case = read("chexpert-plus", formats.chexpert_plus(tmp_path, row))[0]["patient1/study1"]
    assert [astuple(one) for one in case.reports] == texts
    assert (case.split, case.indication, case.comparison) == ("valid", "", "")


def test_rows_of_chexpert_plus_of_one_study_are_one_case_of_each_of_its_films(tmp_path):
    rows = (
        "train/patient1/study1/view2_lateral.jpg,Lateral,LL,,,Clear.,,,50,F,train",
        f"{PLACE},Frontal,,,,Another.,,,60,M,test",
        f"{PLACE},Frontal,AP,,,Another.,,,60,M,test",
        ",Frontal,AP,,,Clear.,,,50,F,train",
    )
    cases, problems = read("chexpert-plus", formats.chexpert_plus(tmp_path, *rows))
    case = cases["patient1/study1"]
    assert views(case) == [
        ("patient1/study1/view1_frontal.jpg", "FRONTAL"),
        ("patient1/study1/view2_lateral.jpg", "LATERAL"),
    ]
    assert (case.age, case.sex, case.split, case.reports[0].impression) == (
        *(50, "F", "train"),
        "Clear.",
    )
    assert told(problems) == [
        (
            "df_chexpert_plus_240401.csv, line 5",
            "The row's “path_to_image” is empty; it was left out.",
            "part",
            1,
        )
    ]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        *(("section_clinical_history", "Cough."), ("section_indication", "Cough.")),
        ("section_technique", ""),
    ],
)
def test_the_history_of_chexpert_plus_stands_in_one_of_three_columns(tmp_path, column, said):
    folder = formats.chexpert_plus(tmp_path)
    table = folder / "df_chexpert_plus_240401.csv"
    table.write_text(table.read_text().replace("section_history", column))
    assert read("chexpert-plus", folder)[0]["patient1/study1"].indication == said
