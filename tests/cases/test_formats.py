"""Importers of public data sets and annotation tools: what becomes of their tables."""

from __future__ import annotations

import csv
import shutil

import numpy as np
import pytest

from cases.importers import SourceProblem, importer_named, importers
from cases.importers.columns import records
from cases.importers.masks import from_coco_counts, from_relative_runs, outlines
from cases.importers.sections import sections_of
from cases.importers.vocabulary import FOLDER, vocabulary
from ml import taxonomy
from ml.models.archive import unpack
from tests.cases import formats
from tests.cases.files import REAL_DATA, needs_real_data
from tests.cases.sources import read

pytestmark = pytest.mark.pure


def told(problems):
    return " ".join(f"{problem.where}: {problem.sentence}" for problem in problems)


def places(case):
    return {
        finding.label: [tuple(round(s, 4) for s in one.box) for one in finding.regions]
        for finding in case.findings
    }


@pytest.mark.parametrize("name", sorted(formats.MADE))
def test_every_format_has_a_source_that_is_read_without_a_doubt(name, tmp_path):
    made = formats.rexgradient(tmp_path) if name == "radgame" else formats.MADE[name](tmp_path)
    if name == "radgame":
        (tmp_path / "train_metadata.json").rename(tmp_path / "radgame_report.json")
    cases, problems = read(name, made)
    assert cases
    assert all(not case.problems for case in cases.values()), told(problems)
    assert importer_named(name).name == name
    assert importer_named(name).describe(made).slug


def test_every_word_of_the_vocabularies_leads_to_a_label():
    for table in FOLDER.glob("*.csv"):
        slugs = {slug for slug in vocabulary(table.stem).values() if slug}
        assert slugs <= set(taxonomy.labels()), table.name


def test_what_a_made_source_lacks_is_no_format_nobody_reads():
    assert {*formats.MADE, "padchest-gr", "nih", "simulated"} <= set(importers())


# VinDr-CXR: readers


def test_two_of_three_readers_make_a_truth_and_the_third_is_an_alternate(tmp_path):
    cases, problems = read("vindr", formats.vindr(tmp_path))
    (finding,) = cases["a"].findings
    assert finding.label == "nodule_mass"
    assert [(one.reader, one.alternate) for one in finding.regions] == [
        ("R1", False),
        ("R2", True),
        ("R3", True),
    ]
    assert finding.regions[0].box == (0.1, 0.125, 0.3, 0.375)
    assert "1 labels that one reader of several gave" in told(problems)


def test_readers_who_agree_on_the_label_and_not_on_its_place_count_either(tmp_path):
    rows = ("a,Nodule/Mass,8,R1,10,10,30,30", "a,Nodule/Mass,8,R2,60,40,80,60")
    cases, _ = read("vindr", formats.vindr(tmp_path, *rows))
    (finding,) = cases["a"].findings
    assert [(one.reader, one.alternate) for one in finding.regions] == [("R1", False), ("R2", True)]


def test_a_film_of_one_reader_or_of_the_consensus_is_taken_as_it_is(tmp_path):
    cases, _ = read("vindr", formats.vindr(tmp_path, "a,Nodule/Mass,8,,10,10,30,30"))
    assert len(cases["a"].findings[0].regions) == 1


def test_two_readers_of_three_who_found_nothing_outvote_the_third(tmp_path):
    rows = ("a,No finding,14,R1,,,,", "a,No finding,14,R2,,,,", "a,Nodule/Mass,8,R3,1,1,9,9")
    cases, _ = read("vindr", formats.vindr(tmp_path, *rows))
    assert cases["a"].findings == ()
    assert not cases["a"].problems


def test_the_original_size_of_the_table_goes_before_that_of_a_smaller_copy(tmp_path):
    header = f"{formats.VINDR_HEADER},width,height"
    formats.films(tmp_path, "a.png")
    formats.csv(tmp_path, "train.csv", header, "a,Nodule/Mass,8,R1,100,80,300,240,1000,800")
    cases, _ = read("vindr", tmp_path)
    assert places(cases["a"]) == {"nodule_mass": [(0.1, 0.1, 0.3, 0.3)]}


@needs_real_data
def test_the_real_vindr_rows_are_read_and_every_consensus_has_two_readers(tmp_path):
    shutil.copy(REAL_DATA / "vindr_train_first4000.csv", tmp_path / "train.csv")
    with (tmp_path / "train.csv").open() as stream:
        names = {row["image_id"] for row in csv.DictReader(stream)}
    blank = np.zeros((4000, 4000), np.uint8)
    formats.write_png(tmp_path / "blank.png", blank)
    for name in sorted(names)[:400]:
        (tmp_path / f"{name}.png").hardlink_to(tmp_path / "blank.png")
    cases, problems = read("vindr", tmp_path)
    assert len(cases) == 400
    assert {problem.kind for problem in problems} <= {"absent", "part"}
    assert all(not case.problems for case in cases.values())
    for case in cases.values():
        for finding in case.findings:
            own = [one for one in finding.regions if not one.alternate]
            assert own or not finding.regions


# RSNA, SIIM: what is known of negatives


def test_a_film_without_pneumonia_is_normal_only_where_the_classes_say_so(tmp_path):
    cases, _ = read("rsna", formats.rsna(tmp_path))
    assert places(cases["a"]) == {"lung_opacity": [(0.25, 0.5, 0.375, 0.5625)]}
    assert {key: case.knows_findings for key, case in cases.items()} == {
        "a": True,
        "b": True,
        "c": False,
    }


@needs_real_data
def test_every_real_rsna_box_lies_inside_its_film(tmp_path):
    shutil.copy(
        REAL_DATA / "rsna_stage_2_train_labels_first3000.csv",
        tmp_path / "stage_2_train_labels.csv",
    )
    with (tmp_path / "stage_2_train_labels.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    for name in {row["patientId"] for row in rows}:
        (tmp_path / f"{name}.png").touch()
    cases, problems = read("rsna", tmp_path)
    assert not problems
    regions = [r for case in cases.values() for f in case.findings for r in f.regions]
    assert len(regions) == sum(row["Target"] == "1" for row in rows)


def test_runs_become_an_outline_with_its_box(tmp_path):
    cases, _ = read("siim", formats.siim(tmp_path))
    (region,) = cases["a"].findings[0].regions
    assert region.shape == "polygon"
    assert region.box == pytest.approx((100 / 1024, 200 / 1024, 110 / 1024, 210 / 1024))
    assert len(region.points) == 4
    assert not cases["b"].knows_findings


@needs_real_data
def test_every_real_siim_mask_is_read_and_its_outlines_fill_it(tmp_path):
    table = tmp_path / "train-rle.csv"
    shutil.copy(REAL_DATA / "siim_train_rle_first300.csv", table)
    rows = list(records(table, ("imageid", "encodedpixels")))
    masks = [row["encodedpixels"] for row in rows if row["encodedpixels"] != "-1"]
    for runs in masks[:30]:
        mask = from_relative_runs(runs, 1024, 1024)
        filled = sum(map(area_of, outlines(mask)))
        assert filled == pytest.approx(int(mask.sum()), rel=0.02)
    for name in {row["imageid"] for row in rows}:
        (tmp_path / f"{name}.png").touch()
    cases, problems = read("siim", tmp_path)
    assert not problems
    assert sum(bool(case.findings) for case in cases.values()) == len(
        {row["imageid"] for row in rows if row["encodedpixels"] != "-1"}
    )


def area_of(corners):
    """By the trapezoid rule; pixels."""
    xs, ys = map(np.array, zip(*corners, strict=True))
    return abs(float(np.dot(xs, np.roll(ys, 1)) - np.dot(ys, np.roll(xs, 1)))) / 2


def test_cocos_letters_say_the_same_as_its_numbers():
    # The COCO API writes the fourth number on as the difference to the one before the last.
    numbers = [6, 2, 3, 2, 7]
    mask = from_coco_counts(numbers, 5, 4)
    assert int(mask.sum()) == 4
    assert (mask == from_coco_counts("62304", 5, 4)).all()
    with pytest.raises(ValueError, match="more pixels than the image"):
        from_coco_counts([1, 100], 5, 4)


def test_parts_that_touch_at_a_corner_are_two_outlines():
    mask = np.zeros((40, 40), bool)
    mask[:10, :10] = mask[10:20, 10:20] = True
    assert sorted(map(area_of, outlines(mask))) == [100, 100]


def test_a_mask_of_noise_is_refused_before_each_of_its_parts_is_followed():
    checks = np.indices((2000, 2000)).sum(axis=0) % 2 > 0
    comb = np.zeros((1200, 1200), bool)
    comb[0], comb[:, ::2] = True, True
    for mask in (checks, comb):
        with pytest.raises(ValueError, match="far too many"):
            outlines(mask)


# Other sets of films


def test_outlines_of_chestx_det_and_boxes_where_there_is_none(tmp_path):
    cases, _ = read("chestx-det", formats.chestx_det(tmp_path))
    shapes = {f.label: f.regions[0].shape for f in cases["a.png"].findings}
    assert shapes == {"nodule_mass": "polygon", "pleural_effusion": "box"}
    assert cases["b.png"].findings == ()


def test_boxes_of_ms_cxr_count_in_the_size_of_the_table(tmp_path):
    cases, _ = read("ms-cxr", formats.ms_cxr(tmp_path))
    assert places(cases["a"]) == {"pneumonia": [(0.05, 0.125, 0.2, 0.375)]}
    assert cases["a"].findings[0].sentence == "opacity, left base"
    assert cases["a"].split == "val"


def test_outlines_and_masks_of_chexlocalize(tmp_path):
    mask = {"size": [80, 100], "counts": [0, 40, 7960]}
    folder = formats.chexlocalize(tmp_path, **{"Support Devices": [[[1, 1], [9, 1], [9, 9]]]})
    cases, problems = read("chexlocalize", folder)
    case = cases["patient1/study1"]
    assert places(case) == {"lung_opacity": [(0.1, 0.125, 0.5, 0.5)]}
    assert [one.source_label for one in case.unmapped] == ["Support Devices"]
    assert "“Support Devices” is not in the taxonomy; it is kept as unmapped" in told(problems)
    cases, _ = read("chexlocalize", formats.chexlocalize(tmp_path, Edema=mask))
    assert places(cases["patient1/study1"])["edema"] == [(0, 0, 0.01, 0.5)]


def test_rectangles_ellipses_and_outlines_of_object_cxr(tmp_path):
    cases, _ = read("object-cxr", formats.object_cxr(tmp_path))
    (finding,) = cases["a.png"].findings
    assert [one.shape for one in finding.regions] == ["box", "polygon", "polygon"]
    assert finding.regions[1].box == pytest.approx((0.4, 0.5, 0.6, 0.75), abs=0.01)
    assert not cases["b.png"].knows_findings


# Reports


def test_codes_and_report_of_openi(tmp_path):
    cases, _ = read("openi", formats.openi(tmp_path))
    case = cases["CXR1"]
    assert [(f.label, f.side) for f in case.findings] == [
        ("lung_opacity", "left"),
        ("hypoinflation", ""),
    ]
    assert case.reports[0].impression == "Pneumonia."
    assert len(case.images) == 2
    assert not case.has_truth_boxes


def test_a_normal_study_of_openi_is_normal_and_an_uncoded_one_unknown(tmp_path):
    cases, _ = read("openi", formats.openi(tmp_path, "normal"))
    assert (cases["CXR1"].findings, cases["CXR1"].knows_findings) == ((), True)
    cases, _ = read("openi", formats.openi(tmp_path, "No Indexing"))
    assert not cases["CXR1"].knows_findings


def test_xml_that_expands_itself_is_refused(tmp_path):
    folder = formats.openi(tmp_path)
    bomb = '<!DOCTYPE a [<!ENTITY x "xxxxxxxx"><!ENTITY y "&x;&x;">]><eCitation>&y;</eCitation>'
    (folder / "2.xml").write_text(bomb)
    cases, problems = read("openi", folder)
    assert list(cases) == ["CXR1"]
    assert "2.xml: It is no readable XML" in told(problems)


@needs_real_data
def test_the_real_openi_studies_are_read_and_most_are_whole(tmp_path):
    unpack(REAL_DATA / "openi_reports_odd.tar.gz", tmp_path)
    for file in list(tmp_path.rglob("*.xml")):
        for part in file.read_text().split('parentImage id="')[1:]:
            (tmp_path / f"{part.split(chr(34))[0]}.png").touch()
    cases, problems = read("openi", tmp_path)
    without_image = [one for one in problems if one.kind == "case"]
    assert len(cases) + len(without_image) == 1979
    whole = [case for case in cases.values() if not case.problems]
    assert len(whole) / len(cases) > 0.9
    assert sum(bool(case.reports) for case in cases.values()) > 1900


def test_views_age_and_report_of_rexgradient(tmp_path):
    cases, _ = read("rexgradient", formats.rexgradient(tmp_path))
    case = cases["pX_aY_sZ"]
    assert [image.source.view for image in case.images] == ["PA", "LATERAL"]
    assert (case.age, case.sex, case.knows_findings) == (54, "F", False)


def test_a_study_of_mimic_in_sections_with_certain_labels_only(tmp_path):
    cases, _ = read("mimic-cxr", formats.mimic_cxr(tmp_path))
    case = cases["p10000032/s50414267"]
    assert [image.source.view for image in case.images] == ["PA", "LATERAL"]
    assert case.indication == "___F with cough"
    assert case.reports[0].findings == "The lungs are clear.\n\nHEART: normal."
    assert case.reports[0].impression == "No acute process."
    assert (case.split, case.knows_findings) == ("validate", False)
    cases, _ = read("mimic-cxr", formats.mimic_cxr(tmp_path, labels="1.0,,"))
    case = cases["p10000032/s50414267"]
    assert case.knows_findings
    assert [finding.label for finding in case.findings] == ["atelectasis"]


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("Clear lungs.\nNormal heart.", {"findings": "Clear lungs. Normal heart."}),
        ("PORTABLE CHEST: Clear.", {"findings": "PORTABLE CHEST: Clear."}),
        (
            "Indication: Cough.\nFindings: Clear.\nConclusion: Normal.",
            {"indication": "Cough.", "findings": "Clear.", "impression": "Normal."},
        ),
        ("TECHNIQUE: PA.\n\nIMPRESSION:\n\n1. Clear.", {"impression": "1. Clear."}),
        (
            "COMPARISON: None.\r\nCHEST: Clear.",
            {"comparison": "None.", "findings": "CHEST: Clear."},
        ),
        ("Note: Clear.", {"findings": "Note: Clear."}),
    ],
)
def test_a_report_is_parted_at_its_headings(text, sections):
    assert sections_of(text) == sections


def test_a_study_of_chexpert_plus_is_one_case_with_its_frontal_film_first(tmp_path):
    cases, _ = read("chexpert-plus", formats.chexpert_plus(tmp_path))
    case = cases["patient1/study1"]
    assert [image.source.view for image in case.images] == ["AP", "LATERAL"]
    assert (case.age, case.sex, case.indication) == (90, "M", "Cough.")
    assert len(case.reports) == 1


# Annotation tools


def test_boxes_outlines_and_points_of_coco(tmp_path):
    cases, _ = read("coco", formats.coco(tmp_path))
    assert places(cases["a.png"]) == {
        "nodule_mass": [(0.1, 0.25, 0.4, 0.75)],
        "fibrotic_band": [(0, 0, 0.5, 0.5)],
    }
    tip = {"image_id": 1, "category_id": 1, "keypoints": [10, 20, 2, 30, 40, 2]}
    cases, _ = read("coco", formats.coco(tmp_path, tip))
    (region,) = cases["a.png"].findings[0].regions
    assert (region.shape, region.points) == ("point", ((0.1, 0.25), (0.3, 0.5)))


def test_shapes_of_cvat(tmp_path):
    shapes = (
        formats.CVAT_BOX
        + '<polygon label="Consolidation" points="10,10;50,10;50,40"/>'
        + '<points label="tracheal_tube" points="50,20"/>'
        + '<mask label="Edema" rle="0, 100" left="10" top="20" width="10" height="10"/>'
        + '<tag label="Cardiomegaly"/>'
        + '<cuboid label="Nodule"/>'
    )
    cases, problems = read("cvat", formats.cvat(tmp_path, shapes))
    case = cases["a.png"]
    assert {f.label: [r.shape for r in f.regions] for f in case.findings} == {
        "nodule_mass": ["box"],
        "consolidation": ["polygon"],
        "tracheal_tube": ["point"],
        "edema": ["polygon"],
        "cardiomegaly": [],
    }
    assert places(case)["edema"] == [(0.1, 0.25, 0.2, 0.375)]
    assert "is a cuboid" in told(problems)


def test_annotators_of_label_studio_are_readers(tmp_path):
    cases, problems = read("label-studio", formats.label_studio(tmp_path))
    (finding,) = cases["a.png"].findings
    assert [(one.reader, one.alternate) for one in finding.regions] == [("1", False), ("2", True)]
    assert finding.regions[0].box == (0.1, 0.2, 0.4, 0.6)
    assert "1 tasks have no annotation yet" in told(problems)


# What can be wrong with any of them


BAD = [
    ("vindr", "a,Unicorn,9,,1,1,9,9", "“Unicorn” is not in the taxonomy; it is kept as unmapped"),
    (
        "vindr",
        "a,Nodule/Mass,9,,9,9,1,1",
        "line 2: The box of “Nodule/Mass” is reversed",
    ),
    ("vindr", "a,Nodule/Mass,9,,1,1,900,9", "lies outside the image"),
    ("vindr", "a,Nodule/Mass,9,,1,x,9,9", "is not four numbers"),
    ("vindr", "a,Nodule/Mass,9,,1,nan,9,9", "is not four numbers"),
    ("vindr", 'a,"Nodule/Mass,9,,1,1,9,9', "line 2: The row's quotes are broken"),
    ("vindr", ",Nodule/Mass,9,,1,1,9,9", "line 2: The row's “image_id” is empty"),
    ("vindr", "twice,Nodule/Mass,9,,1,1,9,9", "is that of several files"),
    ("vindr", "../a,Nodule/Mass,9,,1,1,9,9", "names a file outside the images folder"),
    ("rsna", "a,1,1,9,9,0", "contradict each other"),
    ("rsna", "a,,,,,1", "contradict each other"),
    ("siim", "a,1 2 3", "is not a list of pairs"),
    ("siim", "a,1048576 9", "has more pixels than the image"),
    ("siim", "a,9 x", "is not a list of whole numbers"),
    ("object-cxr", "a.png,7 1 1 9 9", "“7 1 1 9 9” is no object"),
    ("ms-cxr", "Pneumonia,x,p,1,1,9,9,0,0,a,val", "are no numbers"),
]


@pytest.mark.parametrize(("name", "row", "sentence"), BAD)
def test_a_bad_row_is_told_with_its_place(name, row, sentence, tmp_path):
    formats.films(tmp_path, "one/twice.png", "two/twice.png")
    _, problems = read(name, formats.MADE[name](tmp_path, row))
    assert sentence in told(problems)


TABLES = {
    "vindr": "train.csv",
    "rsna": "stage_2_train_labels.csv",
    "siim": "train-rle.csv",
    "ms-cxr": "MS_CXR_Local_Alignment_v1.1.0.csv",
    "object-cxr": "train.csv",
    "mimic-cxr": "mimic-cxr-2.0.0-metadata.csv",
    "chexpert-plus": "df_chexpert_plus_240401.csv",
}


def rewritten(path, change, **encoding):
    with path.open(newline="") as stream:
        rows = [change(row) for row in csv.reader(stream)]
    with path.open("w", newline="", **encoding) as stream:
        csv.writer(stream).writerows(rows)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_columns_in_another_order_with_a_mark_in_utf_16_say_the_same(name, tmp_path):
    folder = formats.MADE[name](tmp_path)
    before, _ = read(name, folder)
    rewritten(folder / TABLES[name], lambda row: ["more", *row[::-1]], encoding="utf-16")
    after, _ = read(name, folder)
    assert {key: (c.findings, c.reports) for key, c in after.items()} == {
        key: (c.findings, c.reports) for key, c in before.items()
    }


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_missing_column_is_named_with_those_that_are_there(name, tmp_path):
    folder = formats.MADE[name](tmp_path)
    rewritten(folder / TABLES[name], lambda row: row[:1])
    with pytest.raises(SourceProblem, match=r"column|no header"):
        read(name, folder)


DOCUMENTS = ("chestx-det", "chexlocalize", "rexgradient", "coco", "label-studio", "cvat")


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("size", [0, 1, 40])
def test_a_document_that_is_cut_off_is_told_so(name, size, tmp_path):
    folder = formats.MADE[name](tmp_path)
    (file,) = [*folder.glob("*.json"), *folder.glob("*.xml")]
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(SourceProblem, match=file.name):
        read(name, folder)


@pytest.mark.parametrize("name", sorted(formats.MADE.keys() - {"radgame"}))
def test_an_empty_folder_says_what_it_lacks(name, tmp_path):
    with pytest.raises(SourceProblem, match="holds no"):
        read(name, tmp_path)
