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


def document(folder, **dataset):
    (folder / "cases.json").write_text(json.dumps({"dataset": dataset, "cases": []}))
    return importer_named("simulated").describe(folder)


def test_the_terms_of_a_simulated_set_are_kept_to_the_length_that_a_data_set_has(tmp_path):
    said = {
        name: letter * 300 for name, letter in zip(("slug", "title", "licence"), "abc", strict=True)
    }
    info = document(tmp_path, **said, version="d" * 300, url="e" * 300, attribution="f" * 300)
    assert (info.slug, info.title, info.version) == ("a" * 50, "b" * 200, "d" * 50)
    assert (info.licence, info.url, info.attribution) == ("c" * 200, "e" * 200, "f" * 300)
    assert document(tmp_path, version=None).version == ""
    assert document(tmp_path, version=1.5).version == "1.5"


def test_a_file_of_cases_that_is_no_object_or_not_there_is_refused(tmp_path):
    (tmp_path / "mine.json").write_text("[]")
    for ask in (importer_named("simulated").describe, lambda path: read("simulated", path)):
        with pytest.raises(SourceProblem, match=r"^mine\.json is not a JSON object\.$"):
            ask(tmp_path / "mine.json")
        with pytest.raises(
            SourceProblem, match=rf"^{tmp_path}/cases\.json cannot be read: No such"
        ):
            ask(tmp_path)


@pytest.mark.parametrize("name", ["findings", "report"])
@pytest.mark.parametrize("said", ["a", 3, {"label": "edema"}])
def test_findings_that_are_no_list_are_told(tmp_path, name, said):
    case = simulated_case(**{name: said})
    [kept] = read("simulated", simulated(tmp_path, case))[0].values()
    told_of = [(one.where, one.sentence) for one in kept.problems]
    if name == "findings":
        assert kept.findings == ()
        assert told_of == [("case-1", "Its “findings” are not a list.")]
    else:
        assert told_of[0] == (
            ("case-1", "Entry 1 of “report” is not an object; it was left out.")
            if said in ("a", 3)
            else ("case-1", "A report of it has no text; it was left out.")
        )


def one_image(folder, **said):
    """The image of a case that says this of it, and what is told of it."""
    [case] = read("simulated", simulated(folder, simulated_case(findings=[], images=[said])))[
        0
    ].values()
    return case.images[0], [(one.where, one.sentence) for one in case.problems]


@pytest.mark.parametrize(
    ("said", "view"),
    [
        *((one, one) for one in ("PA", "AP", "LATERAL", "FRONTAL", "CT", "OTHER")),
        *(("lateral", "LATERAL"), ("LORDOTIC", ""), ("", ""), (None, ""), (3, "")),
    ],
)
def test_the_view_of_a_simulated_film_is_one_that_the_library_has(tmp_path, said, view):
    assert one_image(tmp_path, file="a.png", view=said)[0].source.view == view
    stack = {"frames": ["a.png"]}
    assert one_image(tmp_path, stack=stack, view=said)[0].source.view == (view or "CT")


@pytest.mark.parametrize(
    ("said", "offset", "told_of"),
    [
        ({"hu_offset": -1000}, -1000, None),
        ({"hu_offset": 0}, 0, None),
        ({"stack": {"files": ["a.png"], "hu_offset": -24}, "hu_offset": -1000}, -24, None),
        ({"stack": {"files": ["a.png"]}, "hu_offset": -1000}, -1000, None),
        ({"hu_offset": None}, None, None),
        ({"hu_offset": True}, None, "Its hu_offset True is no number; left out."),
        ({"hu_offset": "y" * 60}, None, f"Its hu_offset '{'y' * 39} is no number; left out."),
    ],
)
def test_the_offset_of_a_simulated_image_is_a_number(tmp_path, said, offset, told_of):
    image, problems = one_image(tmp_path, file="a.png", **said)
    assert image.source.value_offset == offset
    assert problems == ([("case-1, image 1", told_of)] if told_of else [])


def test_an_image_is_called_by_its_file_and_else_by_its_first_frame(tmp_path):
    formats.films(tmp_path, "b.png")
    stack = {"frames": ["b.png", "a.png"]}
    assert one_image(tmp_path, stack=stack)[0].name == "b.png"
    assert one_image(tmp_path, stack=stack, file="x" * 301)[0].name == "x" * 300
    image = one_image(tmp_path, file="a.png", frames="b.png", stack=3)[0]
    assert (image.name, [path.name for path in image.source.paths]) == ("a.png", ["a.png"])


@pytest.mark.parametrize(
    ("study", "kept", "is_told"),
    [
        *((None, "current", True), ("current", "current", False), ("prior", "prior", False)),
        *(([], "current", True), ("z" * 60, "current", True)),
    ],
)
def test_a_study_is_the_current_or_the_prior_one(tmp_path, study, kept, is_told):
    image, problems = one_image(tmp_path, file="a.png", study=study)
    assert image.study == kept
    said = f"Its study {study!r:.40} is neither current nor prior; taken as current."
    assert problems == ([("case-1, image 1", said)] if is_told else [])


@pytest.mark.parametrize("name", [None, 3, "x.png"])
def test_an_image_that_is_not_here_is_named(tmp_path, name):
    _, problems = read("simulated", simulated(tmp_path, simulated_case(images=[{"file": name}])))
    said = f"Its image {name} is not here; the case was skipped."
    assert told(problems) == [("case-1", said, "case", 1)]


def test_a_case_whose_key_leads_out_of_the_folder_has_nothing_behind_it(tmp_path):
    folder = simulated(tmp_path, simulated_case(key="../case-1"))
    [case] = read("simulated", folder)[0].values()
    assert (case.key, case.behind) == ("../case-1", None)


def test_the_first_film_adds_to_the_finding_of_the_same_label_and_side_alone(tmp_path):
    def was(side, left, label="edema"):
        place = [{"image": 0, "box": [left, 0.1, left + 0.1, 0.2]}]
        return {"label": label, "side": side, "progression": "gone", "regions": place}

    first = [was("right", 0.3), was("left", 0.4, "bulla"), was("", 0.5)]
    before = [was("left", 0.1), was("right", 0.2)]
    earlier = {"findings": before, "first": {"findings": first}}
    [case] = read("simulated", simulated(tmp_path, simulated_case(earlier=earlier)))[0].values()
    lefts = [[round(place.box[0], 1) for place in one.regions] for one in case.before]
    assert lefts == [[0.1], [0.2, 0.3]]


@pytest.mark.parametrize("film", ["earlier", "first"])
def test_what_is_wrong_of_an_earlier_film_is_told_as_of_it(tmp_path, film):
    said = {"findings": [3]}
    earlier = said if film == "earlier" else {"findings": [], "first": said}
    [case] = read("simulated", simulated(tmp_path, simulated_case(earlier=earlier)))[0].values()
    sentence = "Entry 1 of “findings” is not an object; it was left out."
    assert [(one.where, one.sentence) for one in case.problems] == [
        (f"case-1, {film} film", sentence)
    ]


@pytest.mark.parametrize(
    ("said", "number"),
    [(3, 3), (0, 0), (2.5, 2.5), (True, None), ("3", None), (None, None), (float("inf"), None)],
)
def test_sizes_and_how_plain_a_finding_is_are_finite_numbers(tmp_path, said, number):
    finding = {**simulated_case()["findings"][0], "size_mm": said, "conspicuity": said}
    [case] = read("simulated", simulated(tmp_path, simulated_case(findings=[finding])))[0].values()
    [kept] = case.findings
    assert (kept.size_mm, kept.conspicuity) == (number, number)
    assert isinstance(kept.size_mm, float | None)


@pytest.mark.parametrize(
    ("said", "kept"), [({}, "simulator"), ({"reader": ""}, "simulator"), ({"reader": "R2"}, "R2")]
)
def test_who_drew_a_simulated_place_is_the_simulator_unless_it_says(tmp_path, said, kept):
    place = {"box": [0.1, 0.1, 0.2, 0.2], **said}
    finding = {**simulated_case()["findings"][0], "regions": [place]}
    [case] = read("simulated", simulated(tmp_path, simulated_case(findings=[finding])))[0].values()
    assert [(one.reader, one.image, one.frame) for one in case.findings[0].regions] == [
        (kept, 0, 0)
    ]


@pytest.mark.parametrize("said", [None, "1", True, -1, 1.5])
@pytest.mark.parametrize("name", ["image", "frame"])
def test_the_image_and_frame_of_a_place_are_whole_numbers(tmp_path, name, said):
    place = {"box": [0.1, 0.1, 0.2, 0.2], name: said}
    finding = {**simulated_case()["findings"][0], "regions": [place]}
    _, problems = read("simulated", simulated(tmp_path, simulated_case(findings=[finding])))
    number = "which is not a whole number from 0 up; it was left out."
    assert [one.sentence for one in problems] == [f"Region 1 names {name} {said!r}, {number}"]


def test_whole_numbers_may_be_written_with_a_point(tmp_path):
    formats.films(tmp_path, "b.png")
    place = {"box": [0.1, 0.1, 0.2, 0.2], "image": 1.0, "frame": 1.0}
    finding = {**simulated_case()["findings"][0], "regions": [place]}
    images = [{"file": "a.png"}, {"frames": ["a.png", "b.png"]}]
    case = simulated_case(findings=[finding], images=images)
    [kept] = read("simulated", simulated(tmp_path, case))[0].values()
    [region] = kept.findings[0].regions
    assert (region.image, region.frame) == (1, 1)
    assert type(region.image) is type(region.frame) is int
