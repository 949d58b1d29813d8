"""Exports of Label Studio: each shape, whoever drew it, and a sentence for what cannot be."""

from __future__ import annotations

import pytest

from tests.cases import formats
from tests.cases.formats import LINE, places, told
from tests.cases.sources import read

pytestmark = pytest.mark.pure


def task(*results, image="a.png", **answer):
    return {
        "data": {"text": "none", "image": image},
        "annotations": [{"result": [*results], **answer}],
    }


def result(kind, label="Nodule", **value):
    return {"type": kind, "value": {kind: [label], **value}}


def studio(folder, *tasks):
    formats.document(formats.films(folder, "a.png"), "project.json", [*tasks])
    return read("label-studio", folder)


@pytest.mark.parametrize(
    ("kind", "value", "place"),
    [
        (
            "rectanglelabels",
            {"x": 10, "y": 20, "width": 30, "height": 40, "rotation": 360},
            [("box", (0.1, 0.2, 0.4, 0.6))],
        ),
        (
            "rectanglelabels",
            {"x": 50, "y": 20, "width": 30, "height": 40, "rotation": 90},
            [("polygon", (0.1, 0.2, 0.5, 0.5))],
        ),
        (
            "ellipselabels",
            {"x": 50, "y": 40, "radiusX": 10, "radiusY": 20},
            [("polygon", (0.4, 0.2, 0.6, 0.6))],
        ),
        (
            "polygonlabels",
            {"points": [[10, 20], [40, 20], [40, 60]]},
            [("polygon", (0.1, 0.2, 0.4, 0.6))],
        ),
        ("choices", {}, []),
    ],
)
def test_results_of_label_studio_count_in_percents(tmp_path, kind, value, place):
    cases, problems = studio(tmp_path, task(result(kind, **value)))
    assert (places(cases["a.png"]), problems) == ([("nodule_mass", place)], [])


def test_a_point_of_label_studio_is_a_tip(tmp_path):
    cases, _ = studio(tmp_path, task(result("keypointlabels", x=10, y=20)))
    [region] = cases["a.png"].findings[0].regions
    assert (region.shape, region.points) == ("point", ((0.1, 0.2),))


def test_results_and_tasks_of_label_studio_that_are_wrong_are_told(tmp_path):
    box = {"x": 10, "y": 20, "width": 30, "height": 40}
    cases, problems = studio(
        tmp_path,
        task(
            result("rectanglelabels", **box | {"x": "x"}),
            result("rectanglelabels", **box | {"width": 10**400}),
            {"type": "brushlabels", "value": {}},
            {"type": "rectanglelabels", "value": 3},
            3,
            {"type": "relation"},
            result("polygonlabels", points=[[1, 1], [2, 2]]),
            {"type": "choices", "value": {"choices": "Edema"}},
            result("rectanglelabels", "Edema", **box),
        ),
        3,
        {"data": 3},
        {"data": {"image": 3}},
        task(),
        {"data": {"image": "b.png"}, "annotations": []},
        {"data": {"image": "c.png"}},
    )
    assert places(cases["a.png"]) == [
        ("nodule_mass", []),
        ("edema", [("box", (0.1, 0.2, 0.4, 0.6))]),
    ]
    at = "project.json, task"
    nameless = "It is not an object that names an image; skipped."
    numbers = "Its place is not made of numbers; it was left out."
    assert told(problems) == [
        *((f"{at} {number}", nameless, "case", 1) for number in (2, 3, 4)),
        (f"{at} 5 (a.png)", "The image occurs a second time; skipped.", "case", 1),
        ("project.json", "2 tasks have no annotation yet and were skipped.", "case", 2),
        (f"{at} 1, result 1", numbers, *LINE),
        (f"{at} 1, result 2", numbers, *LINE),
        (f"{at} 1, result 3", "“brushlabels” is no shape of the game; it was left out.", *LINE),
        (f"{at} 1, result 4", "“rectanglelabels” is no shape of the game; it was left out.", *LINE),
        (f"{at} 1, result 5", "“” is no shape of the game; it was left out.", *LINE),
        (f"{at} 1, result 7", numbers, *LINE),
    ]


@pytest.mark.parametrize("given", [3, True, 1.5, "x", {"result": []}])
def test_a_task_of_label_studio_whose_annotations_are_no_list_costs_itself(tmp_path, given):
    box = {"x": 10, "y": 20, "width": 30, "height": 40}
    wrong = {"data": {"image": "b.png"}, "annotations": given}
    cases, problems = studio(tmp_path, wrong, task(result("rectanglelabels", **box)))
    assert list(cases) == ["a.png"]
    assert ("project.json, task 1 (b.png)", "Its annotations are not a list; skipped.") in [
        (one.where, one.sentence) for one in problems
    ]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("a.png", "a.png"),
        ("/data/upload/1/0123abcd-a.png", "a.png"),
        ("/data/upload/1/0123abcg-a.png", "0123abcg-a.png"),
        ("https://host.example/x/a.png?y=1", "a.png"),
        ("/data/local-files/?d=set/a.png", "set/a.png"),
        ("/data/local-files/?d=other/a.png", "a.png"),
        ("x/%61.png", "a.png"),
    ],
)
def test_an_address_of_label_studio_leads_to_its_file(tmp_path, address, name):
    formats.films(tmp_path, "0123abcg-a.png", "set/a.png" if "set/" in name else "a.png")
    tasks = [task(result("choices"), image=address)]
    formats.document(tmp_path, "project.json", tasks)
    cases, problems = read("label-studio", tmp_path)
    assert ([*cases], problems) == ([name], [])


def test_a_name_of_label_studio_that_two_files_have_is_told(tmp_path):
    formats.films(tmp_path, "one/a.png", "two/a.png")
    formats.document(tmp_path, "project.json", [task(result("choices"))])
    cases, problems = read("label-studio", tmp_path)
    assert not cases
    assert [(one.where, one.kind) for one in problems] == [("a.png", "case")]
    assert "is that of several files" in problems[0].sentence


@pytest.mark.parametrize(
    ("who", "reader"),
    [(7, "7"), (0, "0"), ({"id": 8}, "8"), ({}, ""), (None, ""), ("r" * 51, "r" * 50)],
)
def test_who_answered_a_task_of_label_studio_is_its_reader(tmp_path, who, reader):
    box = result("rectanglelabels", x=10, y=20, width=30, height=40)
    cases, _ = studio(tmp_path, task(box, completed_by=who))
    [region] = cases["a.png"].findings[0].regions
    assert region.reader == reader


def test_answers_of_label_studios_older_exports_are_read_too(tmp_path):
    one = task(result("choices"))
    cases, _ = studio(tmp_path, {"data": one["data"], "completions": one["annotations"]})
    assert [finding.label for finding in cases["a.png"].findings] == ["nodule_mass"]
