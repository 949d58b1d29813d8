"""What becomes of the rows of each format: all that a case holds, and each sentence it is told."""

from __future__ import annotations

import json
from dataclasses import astuple

import pytest

from cases.importers import SourceProblem
from tests.cases import formats
from tests.cases.sources import read

pytestmark = pytest.mark.pure


def held(case):
    """What a case holds beside its findings."""
    return (
        *(case.split, case.patient, case.age, case.sex, case.indication, case.comparison),
        [astuple(report) for report in case.reports],
        case.knows_findings,
    )


def views(case):
    return [(one.name, one.source.view, one.source.usual_view) for one in case.images]


def labels(case):
    return [one.label for one in case.findings]


def told(problems):
    return [astuple(problem) for problem in problems]


NOTHING = ("", None, "", "", "", [])
CLEAR = "The lungs are clear.\n\nHEART: normal."
HELD = {
    "vindr": {"a": ("train", *NOTHING, True)},
    "rsna": {
        "a": ("train", *NOTHING, True),
        "b": ("train", *NOTHING, True),
        "c": ("train", *NOTHING, False),
    },
    "siim": {"a": ("train", *NOTHING, True), "b": ("train", *NOTHING, False)},
    "chestx-det": {"a.png": ("train", *NOTHING, True), "b.png": ("train", *NOTHING, True)},
    "ms-cxr": {"a": ("val", *NOTHING, True)},
    "chexlocalize": {"patient1/study1": ("val", "patient1", *NOTHING[1:], True)},
    "object-cxr": {"a.png": ("train", *NOTHING, True), "b.png": ("train", *NOTHING, False)},
    "openi": {
        "CXR1": (
            *("", "", None, "", "Cough.", ""),
            [("en", "Opacity at the left base.", "Pneumonia.")],
            True,
        )
    },
    "rexgradient": {
        "pX_aY_sZ": (
            *("train", "", 54, "F", "Cough.", "None."),
            [("en", "Clear lungs.", "Normal.")],
            False,
        )
    },
    "mimic-cxr": {
        "p10000032/s50414267": (
            *("validate", "10000032", None, "", "___F with cough", ""),
            [("en", CLEAR, "No acute process.")],
            False,
        )
    },
    "chexpert-plus": {
        "patient1/study1": (
            *("train", "patient1", 90, "M", "Cough.", "None."),
            [("en", "", "Clear.")],
            False,
        )
    },
    "coco": {"a.png": ("", *NOTHING, True)},
    "cvat": {"a.png": ("train", *NOTHING, True)},
    "label-studio": {"a.png": ("", *NOTHING, True)},
}
OF_REPORTS = {"openi", "rexgradient", "mimic-cxr", "chexpert-plus"}
"""Sets whose views the files tell where the tables do not."""


@pytest.mark.parametrize("name", sorted(HELD))
def test_a_case_holds_what_its_tables_say_of_it(name, tmp_path):
    cases, _ = read(name, formats.MADE[name](tmp_path))
    assert {key: held(case) for key, case in cases.items()} == HELD[name]
    usual = {view for case in cases.values() for _, _, view in views(case)}
    assert usual == {"" if name in OF_REPORTS else "FRONTAL"}


def test_every_format_of_films_is_looked_at_here():
    assert {*HELD} == formats.MADE.keys() - {"radgame"}


# A word that each set's own vocabulary has, and one that only others have


@pytest.mark.parametrize(
    ("name", "source", "slugs", "unmapped"),
    [
        (
            "vindr",
            [
                f"a,{word},9,,1,1,9,9"
                for word in ("ILD", "Other disease", "No  Finding", "Effusion")
            ],
            ["interstitial_pattern"],
            ["Effusion"],
        ),
        (
            "chestx-det",
            {"syms": ["Diffuse Nodule", "Fibrosis", "ILD"], "boxes": [], "polygons": []},
            ["miliary_pattern", "pulmonary_fibrosis"],
            ["ILD"],
        ),
        (
            "ms-cxr",
            [f"{word},x,p,1,1,9,9,99,99,a,val" for word in ("Edema", "Nodule")],
            ["edema"],
            ["Nodule"],
        ),
        (
            "chexlocalize",
            {"Lung Lesion": [[[1, 1], [9, 1], [9, 9]]], "Nodule": [[[1, 1], [9, 1], [9, 9]]]},
            ["lung_opacity", "nodule_mass"],
            ["Nodule"],
        ),
        (
            "openi",
            ["Lung/azygos lobe", "Blister", "Spine", "Tube"],
            ["azygos_lobe", "bulla"],
            ["Tube"],
        ),
        (
            "coco",
            {
                "categories": [
                    {"id": 1, "name": "Nodule/Mass"},
                    {"id": 2, "name": "Airspace Disease"},
                ]
            },
            ["nodule_mass"],
            ["Airspace Disease"],
        ),
        (
            "cvat",
            ['<tag label="edema"/><tag label="Normal"/><tag label="Airspace Disease"/>'],
            ["edema"],
            ["Airspace Disease"],
        ),
        (
            "label-studio",
            [{"type": "choices", "value": {"choices": ["edema", "Normal", "Airspace Disease"]}}],
            ["edema"],
            ["Airspace Disease"],
        ),
    ],
)
def test_words_are_those_of_the_sets_own_vocabulary(name, source, slugs, unmapped, tmp_path):
    make = formats.MADE[name]
    folder = make(tmp_path, **source) if isinstance(source, dict) else make(tmp_path, *source)
    cases, problems = read(name, folder)
    case = next(iter(cases.values()))
    assert labels(case) == slugs
    assert [one.source_label for one in case.unmapped] == unmapped
    lines = [(one.where, one.sentence) for one in problems if "taxonomy" in one.sentence]
    assert len(lines) == 1
    assert f"“{unmapped[0]}” is not in the taxonomy; it is kept as unmapped." in lines[0][1]


# VinDr-CXR, RSNA, SIIM, MS-CXR


def test_what_is_wrong_in_a_row_of_vindr_costs_its_box_only(tmp_path):
    rows = (
        "a,Nodule/Mass,9,,1,x,9,9",
        ",Nodule/Mass,9,,1,1,9,9",
        "a,Cardiomegaly,9,,10,8,30,40,more",
        "a,Pneumothorax,9,,10,8,30,40",
        "b,Cardiomegaly,9,,10,8,30,40",
    )
    cases, problems = read("vindr", formats.vindr(tmp_path, *rows))
    assert [(one.label, len(one.regions)) for one in cases["a"].findings] == [
        ("nodule_mass", 0),
        ("pneumothorax", 1),
    ]
    assert told(problems) == [
        ("train.csv, line 3", "The row's “image_id” is empty; it was left out.", "part", 1),
        ("train.csv, line 4", "The row has too many cells; it was left out.", "part", 1),
        ("images", "1 images of the tables are not here.", "absent", 1),
        (
            "train.csv, line 2",
            "The box of “Nodule/Mass” is not four numbers; it was left out.",
            "part",
            1,
        ),
    ]


@pytest.mark.parametrize(
    ("table", "split"),
    [("annotations_Test.csv", "test"), ("Train.csv", "train"), ("annotations.csv", "")],
)
def test_the_split_of_vindr_is_in_the_name_of_its_table(tmp_path, table, split):
    folder = formats.vindr(tmp_path)
    (folder / "train.csv").rename(folder / table)
    assert read("vindr", folder)[0]["a"].split == split


def test_the_first_table_of_vindr_says_the_split_of_a_film_of_both(tmp_path):
    folder = formats.vindr(tmp_path)
    (folder / "train.csv").rename(folder / "annotations_train.csv")
    row = "a,Edema,9,R1,10,8,30,40"
    formats.csv(folder, "annotations_test.csv", formats.VINDR_HEADER, row)
    assert read("vindr", folder)[0]["a"].split == "test"


def test_labels_of_lone_readers_are_counted_over_all_films(tmp_path):
    rows = (
        *("a,Nodule/Mass,8,R1,1,1,9,9", "a,Edema,8,R2,1,1,9,9", "a,Edema,8,R1,1,1,9,9"),
        *("b,Edema,8,R1,1,1,9,9", "c,Edema,8,R1,1,1,9,9", "c,Pneumothorax,8,R2,1,1,9,9"),
    )
    _, problems = read("vindr", formats.vindr(tmp_path, *rows))
    said = "3 labels that one reader of several gave are no consensus and left out."
    assert told(problems)[0] == ("readers", said, "part", 3)


def test_boxes_and_targets_of_rsna_that_do_not_fit_are_told(tmp_path):
    rows = ("a,256,512,128,64,1.0", "a,1,1,x,9,1", "b,1,1,9,9,0", "c,,,,,1", "d,,,,,0")
    cases, problems = read("rsna", formats.rsna(tmp_path, *rows))
    table = "stage_2_train_labels.csv"
    assert told(problems) == [
        ("images", "1 images of the tables are not here.", "absent", 1),
        (f"{table}, line 3", "The box is not four numbers; left out.", "part", 1),
        (f"{table}, line 4", "Target and box contradict each other.", "part", 1),
        (f"{table}, line 5", "Target and box contradict each other.", "part", 1),
    ]
    assert {key: (labels(case), case.knows_findings) for key, case in cases.items()} == {
        "a": (["lung_opacity"], True),
        "b": ([], True),
        "c": ([], True),
    }


def test_without_the_table_of_classes_no_film_of_rsna_is_normal(tmp_path):
    folder = formats.rsna(tmp_path)
    (folder / "stage_2_detailed_class_info.csv").unlink()
    cases, _ = read("rsna", folder)
    assert [case.knows_findings for case in cases.values()] == [True, False, False]


def test_masks_of_siim_that_cannot_be_are_told(tmp_path):
    square = " ".join(["0 10", *["1014 10"] * 9])
    rows = (f"a,{square}", "a,1 2 3", "b,0 0", "b,1048570 7")
    cases, problems = read("siim", formats.siim(tmp_path, *rows))
    assert labels(cases["a"]) == ["pneumothorax"]
    assert cases["a"].findings[0].regions[0].box == (0, 0, 10 / 1024, 10 / 1024)
    assert told(problems) == [
        (
            "train-rle.csv, line 3",
            "Its mask is not a list of pairs from 0 up; it was left out.",
            "part",
            1,
        ),
        ("train-rle.csv, line 4", "Its mask is empty; it was left out.", "part", 1),
        (
            "train-rle.csv, line 5",
            "Its mask has more pixels than the image; it was left out.",
            "part",
            1,
        ),
    ]


def test_rows_of_ms_cxr_without_a_box_or_a_size(tmp_path):
    rows = (
        "Pneumonia,first,p,,,,,100,80,a,",
        "Edema,second,p,1,1,9,9,100,0,a,val",
        "Edema,third,p,1,x,9,9,100,80,a,test",
        "Edema,fourth,p,1,1,9,9,,,a,test",
        "Edema,fifth,p,10,8,20,32,100,80,a,test",
    )
    cases, problems = read("ms-cxr", formats.ms_cxr(tmp_path, *rows))
    assert cases["a"].split == "val"
    found = [(one.label, one.sentence, len(one.regions)) for one in cases["a"].findings]
    assert found == [("pneumonia", "first", 0), ("edema", "fifth", 1)]
    assert cases["a"].findings[1].regions[0].box == pytest.approx((0.1, 0.1, 0.3, 0.5))
    table = "MS_CXR_Local_Alignment_v1.1.0.csv"
    assert told(problems) == [
        (
            f"{table}, line {line}",
            f"Box or size of “{word}” are no numbers; the box was left out.",
            "part",
            1,
        )
        for line, word in ((3, "second"), (4, "third"), (5, "fourth"))
    ]


# Object-CXR, ChestX-Det, CheXlocalize


@pytest.mark.parametrize("split", ["train", "dev", "test", "other"])
def test_the_split_of_object_cxr_is_in_the_name_of_its_table(tmp_path, split):
    folder = formats.object_cxr(tmp_path)
    (folder / "train.csv").rename(folder / f"{split}.csv")
    assert read("object-cxr", folder)[0]["a.png"].split == ("" if split == "other" else split)


def test_parts_of_object_cxr_that_are_no_object_are_told_and_the_others_stay(tmp_path):
    long = "9" * 61
    bad = ("0 1 1 9", "0 1 1 9 9 9 9", "2 1 1 9 1", "3 1 1 9 9", "0 1 1 nan 9", "x 1 1 9 9", long)
    good = ("0 10 8 30 40", "2 10 8 30 8 30 40")
    _, problems = read("object-cxr", formats.object_cxr(tmp_path, f"a.png,{'; '.join(bad)}"))
    assert [one.sentence for one in problems] == [
        f"“{one[:60]}” is no object; it was left out." for one in bad
    ]
    assert {one.where for one in problems} == {"train.csv, line 2"}
    cases, problems = read("object-cxr", formats.object_cxr(tmp_path, f"a.png,{'; ;'.join(good)};"))
    assert not problems
    assert [one.box for one in cases["a.png"].findings[0].regions] == [
        pytest.approx((0.1, 0.1, 0.3, 0.5)),
        pytest.approx((0.1, 0.1, 0.3, 0.5)),
    ]


def test_entries_of_chestx_det_that_are_wrong_are_told(tmp_path):
    folder = formats.films(tmp_path, "a.png", "b.png", "c.png")
    box = [0, 0, 512, 1024]
    entries = [
        {"file_name": "a.png", "syms": ["Nodule", "Mass"], "boxes": [box, [1, 2]], "polygons": 3},
        {"syms": []},
        "no object",
        {"file_name": "a.png", "syms": []},
        {"file_name": "b.png", "syms": "Nodule"},
        {
            "file_name": "c.png",
            "syms": ["Nodule", "Effusion"],
            "boxes": [box],
            "polygons": [[[0, 0], [512, 0]], None],
        },
    ]
    formats.document(folder, "ChestX_det_test.json", entries)
    formats.document(folder, "package.json", {})
    cases, problems = read("chestx-det", folder)
    assert [(key, labels(case), case.split) for key, case in cases.items()] == [
        ("a.png", ["nodule_mass"], "test"),
        ("b.png", [], "test"),
        ("c.png", ["nodule_mass", "pleural_effusion"], "test"),
    ]
    shapes = [
        [(region.shape, region.box) for one in cases[name].findings for region in one.regions]
        for name in ("a.png", "c.png")
    ]
    assert shapes == [[("box", (0, 0, 0.5, 1))]] * 2
    table = "ChestX_det_test.json, entry"
    nameless = "It is not an object with a file_name; skipped."
    assert told(problems) == [
        (f"{table} 2", nameless, "case", 1),
        (f"{table} 3", nameless, "case", 1),
        (f"{table} 4 (a.png)", "The film occurs a second time; skipped.", "case", 1),
        (
            "a.png",
            "It occurs again, and something else is said of it there; left out.",
            "part",
            1,
        ),
        (f"{table} 1, “Mass” 2", "Its box or outline is no list of numbers; left out.", "part", 1),
        (f"{table} 5", "It has no list “syms”.", "part", 1),
    ]


def test_a_film_of_chestx_det_that_occurs_again_the_same_is_in_no_doubt(tmp_path):
    entry = {"file_name": "a.png", "syms": ["Nodule"], "boxes": [[0, 0, 9, 9]], "polygons": []}
    formats.document(formats.films(tmp_path, "a.png"), "train.json", [entry, entry])
    cases, problems = read("chestx-det", tmp_path)
    assert cases["a.png"].problems == ()
    assert [one.kind for one in problems] == ["case"]
    formats.document(tmp_path, "train.json", {})
    with pytest.raises(SourceProblem, match=r"^train\.json is not a JSON list of films\.$"):
        read("chestx-det", tmp_path)


def test_views_of_chexlocalize_that_are_wrong_are_told(tmp_path):
    folder = formats.films(
        tmp_path, "patient1/study1/view1_frontal.png", "patient1/study1/view2_lateral.png"
    )
    line = [[[10, 8], [30, 8]]]
    entries = {
        "patient1_study1_view1_frontal": {"Edema": [[["x", 1]]], "Pneumonia": 3, "Fracture": line},
        "patient1_study1_view2_lateral": {"img_size": [0, 100], "Edema": {"size": [80, 100]}},
        "patient2_study1": {},
        "patient3_study1_view1_frontal": [],
    }
    text = json.dumps(entries)[:-1] + ', "patient1_study1_view1_frontal": {"Fracture": []}}'
    (folder / "gt_annotations_test.json").write_text(text)
    cases, problems = read("chexlocalize", folder)
    assert [*cases] == ["patient1/study1"]
    case = cases["patient1/study1"]
    assert (case.split, views(case)) == (
        "test",
        [
            ("patient1/study1/view1_frontal.jpg", "", "FRONTAL"),
            ("patient1/study1/view2_lateral.jpg", "LATERAL", "FRONTAL"),
        ],
    )
    assert case.findings == ()
    table = "gt_annotations_test.json, patient"
    nameless = "It is not patient_study_view with an object; skipped."
    assert told(problems) == [
        (f"{table}2_study1", nameless, "case", 1),
        (f"{table}3_study1_view1_frontal", nameless, "case", 1),
        (
            f"{table}1_study1_view1_frontal",
            "The outline of “Edema” cannot be read (could not convert string to float: 'x'); it "
            "was left out.",
            "part",
            1,
        ),
        (
            f"{table}1_study1_view1_frontal",
            "The outline of “Pneumonia” cannot be read ('int' object is not iterable); it was "
            "left out.",
            "part",
            1,
        ),
        (
            f"{table}1_study1_view2_lateral",
            "The outline of “Edema” cannot be read ('counts'); it was left out.",
            "part",
            1,
        ),
        (f"{table}1_study1_view1_frontal", "The view occurs again; left out.", "part", 1),
    ]


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ([160, 200], (0.05, 0.0625, 0.25, 0.25)),
        *((size, (0.1, 0.125, 0.5, 0.5)) for size in ([0, 200], [160], [160, 200.0], "160", None)),
    ],
)
def test_a_size_of_chexlocalize_goes_before_that_of_the_file(tmp_path, size, box):
    folder = formats.chexlocalize(tmp_path, img_size=size)
    cases, problems = read("chexlocalize", folder)
    assert not problems
    assert cases["patient1/study1"].findings[0].regions[0].box == pytest.approx(box)
