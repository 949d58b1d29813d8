"""Truth as a box, a tip with the way to it, or an outline: read, stored, shown, imported again."""

from __future__ import annotations

import pytest

from cases.importers.base import ImportedCase, ImportedFinding, ImportedRegion
from cases.importers.shapes import region_of
from cases.models import Case, Finding, Region
from cases.truth import digest_of_source, stored_truth
from tests.cases.importing import run, table_row
from tests.cases.sources import findings_with, read, simulated, simulated_case

pytestmark = pytest.mark.any_database

TIP = [0.5, 0.3]
PATH = [[0.52, 0.0], [0.51, 0.2], TIP]
OUTLINE = [[0.1, 0.2], [0.3, 0.2], [0.2, 0.4]]


def device(**fields):
    return findings_with(**{"label": "tracheal_tube", "position": "wrong", **fields})


@pytest.mark.pure
def test_a_point_has_a_box_around_it_and_keeps_the_way_to_it():
    region = region_of({"point": TIP, "path": PATH}, reader="1")
    assert (region.shape, region.points[-1], len(region.points)) == ("point", (0.5, 0.3), 3)
    assert (region.image, region.frame, region.reader, region.alternate) == (0, 0, "1", False)
    assert region.box == pytest.approx((0.49, 0.29, 0.51, 0.31))


@pytest.mark.pure
@pytest.mark.parametrize("path", [None, [], PATH[:-1], PATH])
def test_the_tip_is_the_last_point_whether_the_path_ends_there_or_before(path):
    assert region_of({"point": TIP, "path": path}).points[-1] == (0.5, 0.3)


@pytest.mark.pure
def test_the_box_of_an_outline_is_its_bounds():
    region = region_of({"polygon": OUTLINE})
    assert (region.shape, region.box) == ("polygon", (0.1, 0.2, 0.3, 0.4))


@pytest.mark.pure
def test_a_tip_at_the_images_edge_keeps_its_box_inside():
    assert region_of({"point": [1.001, 0.0]}).points == ((1.0, 0.0),)
    assert region_of({"point": [1.0, 0.0]}).box == pytest.approx((0.98, 0.0, 1.0, 0.02))


@pytest.mark.pure
@pytest.mark.parametrize(
    ("entry", "what"),
    [
        ({"point": [0.5]}, "not two numbers"),
        ({"point": "tip"}, "not two numbers"),
        ({"point": [0.5, True]}, "not two numbers"),
        ({"point": [0.5, "0.3"]}, "not two numbers"),
        ({"point": [0.5, 1.5]}, "outside the image"),
        ({"point": [0.5, float("nan")]}, "outside the image"),
        ({"point": [0.5, 10**400]}, "outside the image"),
        ({"point": TIP, "path": 7}, "points"),
        ({"point": TIP, "path": [[0.1, 0.1], None]}, "not two numbers"),
        ({"point": TIP, "path": [TIP] * 5001}, "1 to 5,000 points"),
        ({"polygon": OUTLINE[:2]}, "3 to 5,000 points"),
        ({"polygon": [[0.1, 0.1], [0.2, 0.1], [0.3, 0.1]]}, "no area"),
        ({"polygon": OUTLINE, "box": [0.1, 0.1, 0.2, 0.2]}, "box and polygon at once"),
        ({}, "four numbers"),
    ],
)
def test_a_shape_that_cannot_be_is_named(entry, what):
    with pytest.raises(ValueError, match=what):
        region_of(entry)


@pytest.mark.pure
def test_a_bad_shape_holds_its_case_and_the_good_one_stays(tmp_path):
    findings = device(regions=[{"image": 0, "point": [2, 2]}, {"image": 0, "point": TIP}])
    cases, problems = read("simulated", simulated(tmp_path, simulated_case(findings=findings)))
    assert len(cases["case-1"].findings[0].regions) == 1
    assert any("Region 1 has a point outside the image" in one.sentence for one in problems)


@pytest.mark.pure
def test_a_position_that_is_none_is_told_and_not_kept(tmp_path):
    findings = findings_with(label="tracheal_tube", position="low", regions=[{"point": TIP}])
    cases, problems = read("simulated", simulated(tmp_path, simulated_case(findings=findings)))
    assert cases["case-1"].findings[0].position == ""
    assert ["position “low”" in one.sentence for one in problems] == [True]


@pytest.mark.pure
def test_the_same_tip_twice_is_one_and_two_tips_are_two(tmp_path):
    regions = [{"point": TIP, "path": PATH}] * 2 + [{"point": [0.6, 0.7]}]
    findings = device(regions=regions)
    cases, _ = read("simulated", simulated(tmp_path, simulated_case(findings=findings)))
    assert len(cases["case-1"].findings[0].regions) == 2


@pytest.mark.django_db
def test_tips_and_positions_are_stored_and_a_second_import_changes_nothing(tmp_path):
    source = simulated(
        tmp_path, simulated_case(findings=device(regions=[{"point": TIP, "path": PATH}]))
    )
    run("simulated", source)
    region, finding = Region.objects.get(), Finding.objects.get()
    assert (region.shape, region.tip, region.path) == ("point", (0.5, 0.3), PATH)
    assert finding.position == "wrong"
    assert Case.objects.get().status == "published"
    assert table_row(run("simulated", source), "unchanged") == 1


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"position": "right"}, {"regions": [{"point": [0.5, 0.31]}]}])
def test_another_tip_or_position_is_another_truth(tmp_path, change):
    first = {"regions": [{"point": TIP}]}
    run("simulated", simulated(tmp_path, simulated_case(findings=device(**first))))
    simulated(tmp_path, simulated_case(findings=device(**(first | change))))
    assert table_row(run("simulated", tmp_path), "updated") == 1
    assert Case.objects.get().version == 2


@pytest.mark.django_db
def test_a_curator_sees_the_way_to_a_tip_and_whether_it_is_right(tmp_path, client_of, curator):
    run(
        "simulated",
        simulated(
            tmp_path, simulated_case(findings=device(regions=[{"point": TIP, "path": PATH}]))
        ),
    )
    case = Case.objects.get()
    page = client_of(curator).get(f"/cases/{case.public_id}/").content.decode()
    assert "<polyline points=" in page
    assert "<td>Wrong</td>" in page


@pytest.mark.pure
def test_a_source_of_boxes_has_the_digest_it_had_before_there_were_shapes():
    """Else every case a curator corrected would be told to differ from its source."""
    finding = ImportedFinding("nodule_mass", regions=(ImportedRegion((0.1, 0.2, 0.3, 0.4)),))
    case = ImportedCase("a", (), (finding,), age=60)
    known = "65bf2da649d61248826891bb364cb0a8b9ff6340f46f7a76e9459963e7216c04"
    assert digest_of_source(case) == known


@pytest.mark.django_db
def test_an_outline_is_stored_with_its_bounds(tmp_path):
    findings = findings_with(regions=[{"polygon": OUTLINE}])
    run("simulated", simulated(tmp_path, simulated_case(findings=findings)))
    region = Region.objects.get()
    assert (region.outline, region.box) == (OUTLINE, (0.1, 0.2, 0.3, 0.4))
    (said,) = stored_truth(Case.objects.get())[0]
    assert said[1][0][-2:] == ("polygon", OUTLINE)
