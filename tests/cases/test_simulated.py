"""Simulated cases: `cases.json`, and a sentence for everything left out."""

from __future__ import annotations

import json

import pytest

from cases.importers import importer_named
from tests.cases.files import write_png
from tests.cases.sources import read, simulated, simulated_case

pytestmark = pytest.mark.pure


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


def test_title_version_licence_and_source_of_the_data_set_are_those_of_the_file(tmp_path):
    said = {
        "slug": "teaching",
        "title": "Teaching films",
        "version": 2,
        "licence": "CC BY 4.0",
        "attribution": "Made by the simulator.",
        "url": "https://example.org/films",
    }
    (tmp_path / "cases.json").write_text(json.dumps({"dataset": said, "cases": []}))
    info = importer_named("simulated").describe(tmp_path)
    assert {name: getattr(info, name) for name in said} == {**said, "version": "2"}
    assert (info.access, info.simulated) == ("open", True)


@pytest.mark.parametrize("document", [{}, {"dataset": None}, {"dataset": {"title": ["no text"]}}])
def test_a_data_set_that_says_nothing_of_itself_is_called_simulated(tmp_path, document):
    (tmp_path / "cases.json").write_text(json.dumps({**document, "cases": []}))
    info = importer_named("simulated").describe(tmp_path)
    assert (info.slug, info.title) == ("simulated", "Simulated radiographs")
    assert (info.version, info.licence, info.attribution, info.url) == ("", "", "", "")


def earlier(*findings: dict) -> dict:
    images = [{"file": "a.png", "view": "PA"}, {"file": "a.png", "view": "PA", "study": "prior"}]
    return {"images": images, "earlier": {"days": 5, "findings": list(findings)}}


def was(**fields) -> dict:
    region = {"image": 1, "box": [0.2, 0.2, 0.4, 0.4]}
    return {"label": "edema", "progression": "gone", "regions": [region], **fields}


def test_what_the_prior_film_shows_is_read_with_what_became_of_it(tmp_path):
    untold = was(progression=None)
    cases, problems = read(
        "simulated", simulated(tmp_path, simulated_case(**earlier(was(), untold)))
    )
    [one] = cases["case-1"].before
    assert not problems
    assert (one.label, one.progression, one.regions[0].image) == ("edema", "gone", 1)
    assert [finding.label for finding in cases["case-1"].findings] == ["nodule_mass"]


@pytest.mark.parametrize("given", [None, 5, [], {"findings": None}, {"findings": 7}, {"days": 3}])
def test_an_earlier_film_of_which_nothing_can_be_read_is_none(tmp_path, given):
    cases, _ = read("simulated", simulated(tmp_path, simulated_case(earlier=given)))
    assert cases["case-1"].before == ()


def test_of_three_films_the_first_adds_where_it_showed_what_the_prior_one_shows(tmp_path):
    said = earlier(was())
    said["images"].append({"file": "a.png", "view": "PA", "study": "prior"})
    at_first = was(regions=[{"image": 2, "box": [0.1, 0.2, 0.5, 0.4]}])
    said["earlier"]["first"] = {"days": 9, "findings": [at_first, was(label="bulla")]}
    cases, problems = read("simulated", simulated(tmp_path, simulated_case(**said)))
    [one] = cases["case-1"].before
    assert not problems
    assert [region.image for region in one.regions] == [1, 2]
    assert [image.study for image in cases["case-1"].images] == ["current", "prior", "prior"]
    said["earlier"]["first"] = {"findings": 7}
    cases, _ = read("simulated", simulated(tmp_path, simulated_case(**said)))
    assert [region.image for region in cases["case-1"].before[0].regions] == [1]
