"""What `cases.json` of simulated cases says is kept, and a sentence for what cannot be."""

from __future__ import annotations

import json
from dataclasses import astuple

import pytest

from cases.importers import SourceProblem, importer_named
from tests.cases import formats
from tests.cases.formats import LINE, told
from tests.cases.sources import read, simulated, simulated_case

pytestmark = pytest.mark.pure


def test_all_that_a_simulated_case_says_is_kept(tmp_path):
    finding = {
        **{"label": "nodule_mass", "side": "bilateral---", "location": "l" * 201, "size_mm": 12.5},
        **{"severity": "s" * 21, "progression": "p" * 21, "significance": "minor"},
        **{"conspicuity": 3.2, "sentence": "A nodule.", "position": "wrong", "zone": ""},
        "regions": [
            {"box": [0.1, 0.1, 0.2, 0.2], "alternate": True, "reader": "r" * 51},
            {"box": [0.3, 0.1, 0.4, 0.2], "alternate": 1},
        ],
    }
    image = {"file": "a.png", "view": "ap", "pixel_spacing_mm": [0.2, 0.1], "study_label": "x" * 61}
    earlier = {
        "findings": [{**finding, "progression": "gone", "regions": None}, {"label": "edema"}]
    }
    said = {"sex": "M", "age": 44, "indication": "Cough.", "comparison": "None."}
    folder = simulated(
        tmp_path,
        simulated_case(
            findings=[finding], images=[{**image, "study": "prior"}], earlier=earlier, **said
        ),
    )
    (folder / "behind").mkdir()
    (folder / "behind" / "case-1.json.gz").touch()
    [case] = importer_named("simulated").read(folder, (folder,))
    assert (case.sex, case.age, case.indication, case.comparison) == ("M", 44, "Cough.", "None.")
    assert case.behind == folder / "behind" / "case-1.json.gz"
    assert (case.images[0].study, case.images[0].study_label) == ("prior", "x" * 60)
    assert (case.images[0].source.view, case.images[0].source.spacing_mm) == ("AP", (0.2, 0.1))
    [kept] = case.findings
    assert (kept.label, kept.source_label, kept.side) == (
        "nodule_mass",
        "nodule_mass",
        "bilateral-",
    )
    assert (kept.location, kept.size_mm, kept.severity) == ("l" * 200, 12.5, "s" * 20)
    assert (kept.progression, kept.significance, kept.position) == ("p" * 20, "minor", "wrong")
    assert (kept.conspicuity, kept.sentence) == (3.2, "A nodule.")
    assert [(one.reader, one.alternate) for one in kept.regions] == [
        ("r" * 50, True),
        ("simulator", False),
    ]
    assert [(one.label, one.progression, one.regions) for one in case.before] == [
        ("nodule_mass", "gone", ())
    ]


@pytest.mark.parametrize(
    ("said", "spacing"),
    [
        *((0.2, (0.2, 0.2)), ([0.2], None), ([0.2, 0.1, 0.1], None), (0, None), ([1, -1], None)),
        *((True, None), ("x", None), (None, None), ([1, 2], (1, 2))),
    ],
)
def test_the_spacing_of_a_simulated_film_is_one_number_or_two(tmp_path, said, spacing):
    image = {"file": "a.png", "pixel_spacing_mm": said}
    [case] = read("simulated", simulated(tmp_path, simulated_case(images=[image])))[0].values()
    assert case.images[0].source.spacing_mm == spacing


@pytest.mark.parametrize(
    "image",
    [
        {"frames": ["a.png", "b.png"]},
        {"stack": {"frames": ["a.png", "b.png"]}},
        {"stack": {"files": ["a.png", "b.png"]}},
    ],
)
def test_the_frames_of_a_simulated_stack_stand_under_one_of_three_names(tmp_path, image):
    formats.films(tmp_path, "b.png")
    folder = simulated(tmp_path, simulated_case(images=[{**image, "hu_offset": -1024}]))
    [case] = read("simulated", folder)[0].values()
    [stack] = case.images
    assert [path.name for path in stack.source.paths] == ["a.png", "b.png"]
    assert (stack.name, stack.source.view) == ("a.png", "CT" if "stack" in image else "")
    assert stack.source.value_offset == -1024


def test_what_is_wrong_in_a_simulated_case_is_told(tmp_path):
    regions = [
        {"image": 0, "box": [0.1, 0.1, 0.2, 0.2]},
        {"image": 0.5, "box": [0.1, 0.1, 0.2, 0.2]},
        {"frame": -1, "box": [0.1, 0.1, 0.2, 0.2]},
        3,
        {"box": [0.2, 0.1, 0.1, 0.2]},
    ]
    finding = {**simulated_case()["findings"][0], "regions": regions}
    image = {"file": "a.png", "hu_offset": "x", "study": "next"}
    good = simulated_case(
        findings=[finding, 3],
        images=[image],
        report=[{"findings": "A nodule.", "language": "deutsch"}, {"findings": 3}, 4],
    )
    others = {"b": [], "c": [3], "d": [{"file": "x.png"}], "e": [{"file": "../a.png"}]}
    bad = [simulated_case(key=key, images=images) for key, images in others.items()]
    cases = [good, 3, {"key": ""}, simulated_case(), *bad]
    read_cases, problems = read("simulated", simulated(tmp_path, *cases))
    [case] = read_cases.values()
    assert [len(one.regions) for one in case.findings] == [1]
    assert [astuple(one) for one in case.reports] == [("deuts", "A nodule.", "")]
    nameless = "The entry is not an object with a key; it was skipped."
    again = "It occurs again, and something else is said of it there; left out."
    where = "case-1, finding 1"
    number = "which is not a whole number from 0 up; it was left out."
    assert told(problems) == [
        ("cases.json, case 2", nameless, "case", 1),
        ("cases.json, case 3", nameless, "case", 1),
        ("case-1", "The key occurs a second time; the case was skipped.", "case", 1),
        ("b", "The case has no image; it was skipped.", "case", 1),
        ("c", "An entry of “images” is not an object; the case was skipped.", "case", 1),
        ("d", "Its image x.png is not here; the case was skipped.", "case", 1),
        (
            "e",
            "An image's name names a file outside the images folder; the case was skipped.",
            "case",
            1,
        ),
        ("case-1", again, *LINE),
        ("case-1, image 1", "Its hu_offset 'x' is no number; left out.", *LINE),
        (
            "case-1, image 1",
            "Its study 'next' is neither current nor prior; taken as current.",
            *LINE,
        ),
        ("case-1", "Entry 2 of “findings” is not an object; it was left out.", *LINE),
        (where, "Entry 4 of “regions” is not an object; it was left out.", *LINE),
        (where, f"Region 2 names image 0.5, {number}", *LINE),
        (where, f"Region 3 names frame -1, {number}", *LINE),
        (
            where,
            "Region 5 is reversed: its right or lower edge comes first, so it has no area; it "
            "was left out.",
            *LINE,
        ),
        ("case-1", "Entry 3 of “report” is not an object; it was left out.", *LINE),
        ("case-1", "Report 2 holds something that is not text; that was left out.", *LINE),
        ("case-1", "A report of it has no text; it was left out.", *LINE),
    ]
    (tmp_path / "cases.json").write_text(json.dumps({"cases": {}}))
    with pytest.raises(SourceProblem, match=r"^cases\.json has no list “cases”\.$"):
        read("simulated", tmp_path)
