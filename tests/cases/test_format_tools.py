"""Exports of annotation tools: each shape, whoever drew it, and a sentence for what cannot be."""

from __future__ import annotations

import pytest

from cases.importers import SourceProblem
from tests.cases import formats
from tests.cases.formats import LINE, places, told
from tests.cases.sources import read

pytestmark = pytest.mark.pure

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
