"""What measurement groups say, item by item, and which findings become of them."""

from __future__ import annotations

import pytest

from cases.importers import structures
from cases.importers.base import ImportedFinding, ImportedRegion
from cases.importers.structures import Rated, described, is_normal
from tests.cases.measurement_groups import (
    FINDING,
    GROUP,
    NODULE,
    SEGMENT,
    SITE,
    TRACKED,
    code,
    coded,
    group,
    measured,
    named,
    on_film,
    rated,
    told,
)
from tests.cases.test_dicom_segments import item

pytestmark = pytest.mark.pure


def test_a_group_says_what_where_how_large_and_how_it_was_rated():
    side = coded("272741003", "Laterality", "Left (qualifier value)")
    found = rated(
        NODULE,
        coded(SITE, "Finding Site", "Upper lobe", ContentSequence=[side]),
        named("UIDREF", TRACKED, "Tracking Unique Identifier", UID="2.25.7"),
        coded("1", "Margin", "Spiculated"),
        coded("2", "Texture", "Solid"),
        measured("Diameter", "12.5"),
    )
    ratings = ("Margin: Spiculated", "Texture: Solid")
    assert found == Rated("Nodule", "Upper lobe", "left", "2.25.7", 12.5, ratings)
    assert found.sentence == "Margin: Spiculated; Texture: Solid."
    assert Rated().sentence == ""
    assert rated() == Rated()


def test_what_a_group_says_in_another_type_of_value_is_not_taken():
    text = {"TextValue": "Secretperson", "UID": "2.25.7"}
    strange = [
        *(named("TEXT", FINDING, "Finding", **text), named("TEXT", SITE, "Finding Site", **text)),
        *(named("TEXT", TRACKED, "Tracking", **text), named("TEXT", "1", "Margin", **text)),
        named("UIDREF", "112041", "Target", **text),
        named("UIDREF", TRACKED, "Tracking", UID=""),
        named("TEXT", "0", "Diameter"),
    ]
    assert rated(*strange) == Rated()


@pytest.mark.parametrize("value", [SITE, "G-C0E3"])
@pytest.mark.parametrize("laterality", ["272741003", "G-C171"])
@pytest.mark.parametrize(
    ("said", "side"),
    [
        *(("Left", "left"), ("right", "right"), ("BILATERAL", "bilateral")),
        *(("Right and left", "bilateral"), ("Right (qualifier value)", "right")),
        *(("Unilateral", ""), ("Left side", "")),
    ],
)
def test_a_site_and_its_side_are_read_by_old_and_new_codes(value, laterality, said, side):
    other = coded("106233006", "Topographical modifier", "Right")
    site = coded(
        *(value, "Finding Site", "Lung"),
        ContentSequence=[coded(laterality, "Laterality", said), other],
    )
    found = rated(site)
    assert (found.site, found.side, found.ratings) == ("Lung", side, ())


@pytest.mark.parametrize(
    "name", ["Tracking Identifier", "tracking unique identifier", "Activity Session"]
)
def test_what_groups_are_called_by_is_no_rating(name):
    assert rated(coded("9", name, "Secretperson")).ratings == ()


@pytest.mark.parametrize(
    ("measurements", "size"),
    [
        *(([measured(name, "7")], 7.0) for name in ("Diameter", "long axis", "Longest Diameter")),
        *(([measured(name, "7")], 7.0) for name in ("Maximum 3D diameter", "maximum diameter")),
        ([measured("Diameter", "1.5", "cm")], 15.0),
        ([measured("Diameter", "7"), measured("Long Axis", "9")], 9.0),
        ([measured("Diameter", "9"), measured("Long Axis", "7")], 9.0),
        ([measured("Short Axis", "5")], None),
        ([measured("Diameter", "9", "um")], None),
        ([measured("Diameter", "0")], None),
        ([named("NUM", "0", "Diameter")], None),
        ([named("NUM", "0", "Diameter", MeasuredValueSequence=[])], None),
    ],
)
def test_a_size_is_the_longest_diameter_in_a_unit_of_length(measurements, size):
    assert rated(*measurements).size_mm == size


def test_a_measurement_without_a_unit_costs_more_than_itself_for_it_may_be_of_any():
    bare = item(MeasurementUnitsCodeSequence=[item(CodeMeaning="mm")], NumericValue="9")
    assert structures._mm(named("NUM", "0", "Diameter", MeasuredValueSequence=[bare])) == 0


def test_names_are_cut_and_cleaned_and_may_be_missing():
    assert structures._meaning([code("1", "a" * 201)]) == "a" * 200
    assert structures._meaning([code("1", " a ")]) == "a"
    assert structures._meaning([item(CodeValue="1")]) == ""
    assert structures._meaning([]) == structures._meaning(None) == ""
    assert structures._code(item(ConceptNameCodeSequence=[item(CodeMeaning="x")])) == ""
    assert structures._code(item()) == ""
    assert structures._code(named("TEXT", "7", "x")) == "7"


def test_a_group_is_one_by_its_type_and_its_code():
    inner = group(NODULE)
    others = [
        named("CODE", GROUP, "Measurement Group"),
        named("CONTAINER", "126010", "Imaging Measurements", ContentSequence=[inner]),
    ]
    assert list(structures._groups(item(ContentSequence=others))) == [inner]
    within = group(inner)
    assert list(structures._groups(item(ContentSequence=[within]))) == [within]
    assert list(structures._groups(item())) == []


def test_all_items_are_met_in_their_order_before_what_follows_them():
    inner, last = named("TEXT", "2", "b"), named("TEXT", "3", "c")
    first = named("TEXT", "1", "a", ContentSequence=[inner])
    assert list(structures._items(item(ContentSequence=[first, last]))) == [first, inner, last]


# Reports


def test_a_group_with_a_place_is_a_finding_with_all_it_says():
    tracked = named("UIDREF", TRACKED, "Tracking Unique Identifier", UID="2.25.7")
    side = coded("G-C171", "Laterality", "Right")
    groups = [
        group(
            NODULE,
            tracked,
            coded(SITE, "Site", "Lingula", ContentSequence=[side]),
            coded("1", "Margin", "Smooth"),
            measured("Diameter", "8"),
            on_film("POINT", [10, 5]),
        ),
        group(coded(FINDING, "Finding", "Unicorn"), on_film("POINT", [20, 5])),
        group(on_film("POINT", [20, 5])),
    ]
    findings, segments, problems = told(*groups)
    assert segments == {}
    assert problems == []
    region = ImportedRegion(
        findings[0][1].regions[0].box, 3, 0, shape="point", points=((0.25,) * 2,)
    )
    assert findings[0] == (
        "2.25.7",
        ImportedFinding(
            *("nodule_mass", "Nodule", "right", "Lingula", 8.0),
            sentence="Margin: Smooth.",
            regions=(region,),
        ),
    )
    others = [(uid, one.label, one.source_label) for uid, one in findings[1:]]
    assert others == [("", "", "Unicorn"), ("", "", "unnamed")]


def test_a_finding_without_a_place_is_one_where_it_is_known_or_nothing():
    labels = ("Nodule", "Unicorn", "Normal", "No finding", "no  FINDING")
    findings, _, problems = told(*(group(coded(FINDING, "Finding", one)) for one in labels))
    assert [one.source_label for _, one in findings] == [one for one in labels if one != "Unicorn"]
    assert problems == []


@pytest.mark.parametrize(
    "place",
    [
        on_film("POINT", [1, 1], sop="9.9"),
        named("SCOORD3D", "111030", "Image Region", GraphicType="POINT", GraphicData=[1, 1, 1]),
        named("IMAGE", "260753009", "Source"),
        named("COMPOSITE", "1", "Of another object"),
        named("TEXT", SEGMENT, "Referenced Segment"),
    ],
)
def test_a_known_finding_whose_place_is_elsewhere_is_none_here(place):
    assert told(group(NODULE, place))[0] == []
    within = named("CONTAINER", "1", "Region", ContentSequence=[place])
    assert told(group(NODULE, within))[0] == []


def test_places_that_lie_nowhere_are_counted():
    lost = on_film("POINT", [1, 1], sop="9.9")
    findings, _, problems = told(group(NODULE, lost, on_film("POINT", [1, 1])), group(lost))
    assert len(findings) == 1
    assert problems == ["2 places of a report lie on no slice of the case; left out."]
    problems = told(*[group(lost)] * 1000)[2]
    assert problems == ["1,000 places of a report lie on no slice of the case; left out."]


@pytest.mark.parametrize(("number", "key"), [(None, 1), (2, 2), ([3, 4], 3)])
def test_a_segment_is_called_by_its_object_and_its_number(number, key):
    sop = item(ReferencedSOPInstanceUID="1.2.77")
    if number is not None:
        sop.ReferencedSegmentNumber = number
    reference = named("IMAGE", SEGMENT, "Referenced Segment", ReferencedSOPSequence=[sop])
    findings, segments, problems = told(group(NODULE, measured("Diameter", "4"), reference))
    assert (findings, problems) == ([], [])
    assert segments == {("1.2.77", key): Rated("Nodule", size_mm=4.0)}


def test_a_segment_without_an_object_is_told_of_none():
    bare = named("IMAGE", SEGMENT, "Referenced Segment")
    empty = named("IMAGE", SEGMENT, "Referenced Segment", ReferencedSOPSequence=[])
    other = named(
        *("IMAGE", "121324", "Source image"),
        ReferencedSOPSequence=[item(ReferencedSOPInstanceUID="1.2")],
    )
    assert told(group(NODULE, bare, empty, other)) == ([], {}, [])


@pytest.mark.parametrize(
    ("label", "name", "answer"),
    [
        *(("", "Normal", True), ("", "no finding", True), ("", "NO  Finding", True)),
        *(("", "Unicorn", False), ("", "", False), ("nodule_mass", "Normal", False)),
    ],
)
def test_nothing_to_find_is_said_in_two_ways(label, name, answer):
    assert is_normal(ImportedFinding(label, source_label=name)) is answer


def test_a_group_adds_to_the_finding_of_a_segment_what_it_lacks():
    bare = ImportedFinding("nodule_mass")
    known = ImportedFinding("nodule_mass", location="apex", size_mm=3.0)
    said = Rated(site="b" * 201, size_mm=9.0, ratings=("Margin: Smooth",))
    more = {"location": "b" * 200, "size_mm": 9.0, "sentence": "Margin: Smooth."}
    assert described(bare, said) == more
    assert described(known, said) == {**more, "location": "apex", "size_mm": 3.0}
    assert described(bare, None) == {}


def test_names_of_a_finding_are_cut_where_the_library_ends():
    found = structures._finding("n" * 201, (), Rated(site="s" * 201))
    assert (found.source_label, found.location) == ("n" * 200, "s" * 200)
    assert (found.label, found.regions) == ("", ())
