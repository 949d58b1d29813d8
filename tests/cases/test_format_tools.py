"""Exports of annotation tools: each shape, whoever drew it, and a sentence for what cannot be."""

from __future__ import annotations

import json
from dataclasses import astuple

import pytest

from cases.importers import SourceProblem, importer_named
from tests.cases import formats
from tests.cases.sources import read, simulated, simulated_case

pytestmark = pytest.mark.pure

LINE = ("part", 1)
"""Kind and count of a problem with a part of a case."""


def told(problems):
    return [astuple(problem) for problem in problems]


def places(case):
    return [
        (
            finding.label,
            [(one.shape, tuple(round(s, 3) for s in one.box)) for one in finding.regions],
        )
        for finding in case.findings
    ]


# COCO


def test_all_that_an_image_of_coco_says_is_in_its_case(tmp_path):
    image = {
        **{"id": "x", "file_name": "a.png", "width": 200, "height": 160, "view": "pa"},
        **{"age": "58", "sex": "f", "indication": "Cough.", "patient": "P1", "split": "val"},
        "labels": ["Edema", "Nodule/Mass"],
    }
    mark = {
        **{"image_id": "x", "category_id": 1, "bbox": [20, 16, 40, 64], "reader": "r" * 51},
        **{"sentence": "A nodule.", "side": "left", "alternate": True},
    }
    plain = {"image_id": "x", "category_id": 1, "bbox": [100, 16, 40, 64], "reader": "r" * 50}
    folder = formats.coco(tmp_path, mark, plain, images=[image])
    cases, problems = read("coco", folder)
    assert not problems
    case = cases["a.png"]
    assert (case.age, case.sex, case.indication) == (58, "F", "Cough.")
    assert (case.patient, case.split, case.images[0].source.view) == ("P1", "val", "PA")
    assert [one.label for one in case.findings] == ["edema", "nodule_mass"]
    nodule = case.findings[1]
    assert (nodule.sentence, nodule.side) == ("A nodule.", "left")
    assert [(one.box, one.reader, one.alternate) for one in nodule.regions] == [
        ((0.1, 0.1, 0.3, 0.5), "r" * 50, True),
        ((0.5, 0.1, 0.7, 0.5), "r" * 50, False),
    ]


def test_entries_of_coco_that_are_wrong_are_told(tmp_path):
    images = [
        {"id": 1, "file_name": "a.png", "width": 0, "height": 80},
        {"id": 2},
        3,
        {"id": 4, "file_name": "a.png"},
    ]
    marks = (
        {"image_id": 4, "category_id": 1, "bbox": [1, 1, 9, 9]},
        3,
        {"image_id": 1, "category_id": 9, "bbox": [1, 1, 9, 9]},
        {"image_id": 1, "category_id": 1, "bbox": [1, 1, "x", 9]},
        {"image_id": 1, "category_id": 1, "bbox": [1, 1, 9]},
        {"image_id": 1, "category_id": 1, "keypoints": [1, 1, 2, 3]},
        {"image_id": 1, "category_id": 1, "segmentation": {"size": [80, 100]}},
        {"image_id": 1, "category_id": 1, "bbox": [10, 8, 20, 32]},
        {"image_id": [1], "category_id": 1},
    )
    categories = [{"id": 1, "name": "Nodule"}, 3]
    folder = formats.coco(tmp_path, *marks, images=images, categories=categories)
    cases, problems = read("coco", folder)
    at = "instances.json, annotation"
    nameless = "It is not an object with a file_name; it was skipped."
    lost = "It names no image of the file; it was left out."
    reasons = {
        4: "could not convert string to float: 'x'",
        5: "not enough values to unpack (expected 4, got 3)",
        6: "zip() argument 2 is shorter than argument 1",
        7: "'counts'",
    }
    assert told(problems) == [
        ("instances.json, image 2", nameless, "case", 1),
        ("instances.json, image 3", nameless, "case", 1),
        (
            "instances.json, image 4 (a.png)",
            "The image occurs a second time; skipped.",
            "case",
            1,
        ),
        *((f"{at} {number}", lost, *LINE) for number in (1, 2, 9)),
        (f"{at} 3", "Its category is not in the file; it was left out.", *LINE),
        *(
            (
                f"{at} {number}",
                f"The place of “Nodule” cannot be read ({why}); it was left out.",
                *LINE,
            )
            for number, why in reasons.items()
        ),
    ]
    assert places(cases["a.png"])[0][1][-1] == ("box", (0.1, 0.1, 0.3, 0.5))


@pytest.mark.parametrize(
    ("mark", "places_of"),
    [
        ({"segmentation": [[10, 8, 30, 8, 30, 40]]}, [("polygon", (0.1, 0.1, 0.3, 0.5))]),
        (
            {"segmentation": [[10, 8, 30, 8], [50, 8, 70, 8, 70, 40]], "bbox": [1, 1, 9, 9]},
            [("polygon", (0.5, 0.1, 0.7, 0.5))],
        ),
        (
            {"segmentation": [[10, 8, 30, 8]], "bbox": [10, 8, 20, 32]},
            [("box", (0.1, 0.1, 0.3, 0.5))],
        ),
        ({"segmentation": [], "bbox": [10, 8, 20, 32]}, [("box", (0.1, 0.1, 0.3, 0.5))]),
        (
            {"segmentation": {"counts": [0, 40, 7960]}},
            [("polygon", (0, 0, 0.01, 0.5))],
        ),
        (
            {"segmentation": {"counts": [0, 40, 7960], "size": [80, 100]}},
            [("polygon", (0, 0, 0.01, 0.5))],
        ),
        ({}, []),
        ({"bbox": []}, []),
    ],
)
def test_a_place_of_coco_is_its_outline_before_its_box(tmp_path, mark, places_of):
    entry = {"image_id": 1, "category_id": 1, **mark}
    cases, problems = read("coco", formats.coco(tmp_path, entry))
    assert not problems
    assert places(cases["a.png"]) == [("nodule_mass", places_of)]


def test_a_way_of_coco_stays_one_and_an_image_without_its_size_is_opened(tmp_path):
    way = {"image_id": 1, "category_id": 1, "keypoints": [10, 8, 2, 30, 40, 2, 50, 8, 2]}
    images = [{"id": 1, "file_name": "a.png", "width": "100", "height": 80}]
    cases, problems = read("coco", formats.coco(tmp_path, way, images=images))
    [region] = cases["a.png"].findings[0].regions
    assert (region.shape, region.points) == ("point", ((0.1, 0.1), (0.3, 0.5), (0.5, 0.1)))
    assert not problems


@pytest.mark.parametrize("name", ["images", "annotations", "categories"])
def test_a_document_without_a_list_of_coco_is_none(tmp_path, name):
    folder = formats.coco(tmp_path, **{name: {}})
    with pytest.raises(SourceProblem) as problem:
        read("coco", folder)
    assert str(problem.value) == f"instances.json has no list “{name}”: it is no COCO file."
    formats.document(folder, "instances.json", [])
    with pytest.raises(SourceProblem, match=r"^instances\.json is not a JSON object\.$"):
        read("coco", folder)


# CVAT


def test_shapes_of_cvat_have_their_places(tmp_path):
    shapes = (
        '<ellipse label="Nodule" cx="20" cy="24" rx="10" ry="16"/>'
        '<polyline label="tracheal_tube" points="10,8;30,40"/>'
        '<points label="central_line" points="10,8;50,40"/>'
        '<polygon label="Consolidation" points="10,8;30,8;30,40"/>'
        '<polygon label="Edema" points="10,8;30,8"/>'
        '<box label="Fracture" xtl="10" ytl="8" xbr="x" ybr="40"/>'
        '<skeleton label="Mass"/><attribute name="x"/>'
    )
    cases, problems = read("cvat", formats.cvat(tmp_path, shapes))
    found = {finding.label: finding.regions for finding in cases["a.png"].findings}
    assert found["nodule_mass"][0].box == pytest.approx((0.1, 0.1, 0.3, 0.5), abs=0.001)
    assert [one.points for one in found["tracheal_tube"]] == [((0.1, 0.1), (0.3, 0.5))]
    assert [one.points for one in found["central_line"]] == [((0.1, 0.1),), ((0.5, 0.5),)]
    assert found["consolidation"][0].shape == "polygon"
    assert (found["edema"], found["fracture"]) == ((), ())
    assert len(found) == 6
    at = "annotations.xml, image 1, shape"
    assert told(problems) == [
        (f"{at} 5", "The polygon of “Edema” is not made of numbers; it was left out.", *LINE),
        (f"{at} 6", "The box of “Fracture” is not made of numbers; it was left out.", *LINE),
        (
            f"{at} 7",
            "“Mass” is a skeleton, which the library has not; it was left out.",
            *LINE,
        ),
    ]


@pytest.mark.parametrize(
    ("runs", "width", "height", "box"),
    [
        ("0, 100", 10, 10, (0.1, 0.25, 0.2, 0.375)),
        ("50, 50", 10, 10, (0.1, 0.3125, 0.2, 0.375)),
        ("0, 20, 80", 10, 10, (0.1, 0.25, 0.2, 0.275)),
        ("0, 20", 1, 20, (0.1, 0.25, 0.11, 0.5)),
        ("0, 20", 20, 1, (0.1, 0.25, 0.3, 0.2625)),
        ("0, 101", 10, 10, None),
        ("0, x", 10, 10, None),
        ("0, 1", 0, 10, None),
        ("0, 1", 10, 0, None),
        ("0, 1", 10_001, 10_000, None),
    ],
)
def test_a_mask_of_cvat_lies_at_its_corner(tmp_path, runs, width, height, box):
    mask = (
        f'<mask label="Edema" rle="{runs}" left="10" top="20" width="{width}" height="{height}"/>'
    )
    cases, problems = read("cvat", formats.cvat(tmp_path, mask))
    [finding] = cases["a.png"].findings
    if box:
        assert [one.box for one in finding.regions] == [pytest.approx(box)]
        assert not problems
    else:
        assert finding.regions == ()
        said = "The mask of “Edema” is not made of numbers; it was left out."
        assert told(problems) == [("annotations.xml, image 1, shape 1", said, *LINE)]


@pytest.mark.parametrize("name", ["left", "top", "width", "height"])
@pytest.mark.parametrize("value", ["inf", "1e999", "9" * 400])
def test_a_mask_of_cvat_without_an_end_costs_itself(tmp_path, name, value):
    formats.films(tmp_path, "a.png")
    place = {"left": "1", "top": "1", "width": "3", "height": "3", name: value}
    said = " ".join(f'{key}="{one}"' for key, one in place.items())
    shapes = f'<mask label="Nodule" rle="3, 4, 2" {said}/><tag label="Edema"/>'
    image = f'<image name="a.png" width="64" height="64">{shapes}</image>'
    (tmp_path / "annotations.xml").write_text(f"<annotations>{image}</annotations>")
    cases, problems = read("cvat", tmp_path)
    assert len(cases["a.png"].findings) == 2
    assert [one.sentence for one in problems] == [
        "The mask of “Nodule” is not made of numbers; it was left out."
    ]


def test_images_of_cvat_that_are_wrong_are_told(tmp_path):
    formats.films(tmp_path, "a.png", "b.png", "c.png")
    box = '<box label="Nodule" xtl="10" ytl="8" xbr="30" ybr="40"/>'
    images = (
        f'<image name="a.png" width="200" height="160" subset="s">{box}</image>',
        f'<image name="">{box}</image>',
        f'<image name="a.png">{box}</image>',
        f'<image name="b.png" width="x">{box}</image>',
        f'<image name="c.png" width="0" height="80">{box}</image>',
    )
    (tmp_path / "annotations.xml").write_text(f"<annotations>{''.join(images)}</annotations>")
    cases, problems = read("cvat", tmp_path)
    assert {key: places(case)[0][1] for key, case in cases.items()} == {
        "a.png": [("box", (0.05, 0.05, 0.15, 0.25))],
        "b.png": [("box", (0.1, 0.1, 0.3, 0.5))],
        "c.png": [("box", (0.1, 0.1, 0.3, 0.5))],
    }
    assert [case.split for case in cases.values()] == ["s", "", ""]
    at = "annotations.xml, image"
    assert told(problems) == [
        (f"{at} 2", "It has no name; it was skipped.", "case", 1),
        (f"{at} 3", "The image a.png occurs a second time; it was skipped.", "case", 1),
    ]
    (tmp_path / "annotations.xml").write_text("<other><image name='a.png'/></other>")
    with pytest.raises(SourceProblem) as problem:
        read("cvat", tmp_path)
    said = "annotations.xml begins with “other”: it is no CVAT export."
    assert str(problem.value) == said


# Label Studio


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


def test_an_endless_size_of_coco_is_none_and_the_files_own_holds(tmp_path):
    formats.films(tmp_path, "a.png")
    document = {
        "images": [{"id": 1, "file_name": "a.png", "width": 10**400, "height": 10**400}],
        "categories": [{"id": 1, "name": "Nodule"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9]}],
    }
    formats.document(tmp_path, "coco.json", document)
    cases, problems = read("coco", tmp_path)
    assert cases["a.png"].findings[0].regions and not problems


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


# Simulated cases


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
