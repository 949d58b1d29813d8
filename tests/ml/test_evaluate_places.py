"""Where two texts say that something lies: same, next to it, elsewhere, part of it or unsaid."""

from __future__ import annotations

import pytest

from ml import evaluate
from ml.evaluate.location import (
    compatible,
    is_central,
    only_neighbors,
    place_of,
    zone_distance,
    zones_in_words,
)
from ml.evaluate.mentions import read
from ml.evaluate.observation import Observation

pytestmark = pytest.mark.pure


def lying(sides: str = "", *zones: str) -> Observation:
    """A nodule; sides are words apart."""
    return Observation(
        *("nodule_mass", "nodule_mass", frozenset(sides.split()), frozenset(zones)),
        *((), (), True, frozenset(), frozenset(), frozenset(), "nodule", ()),
    )


DISTANCES = [
    ("upper lobe", "upper lobe", "", "same"),
    ("upper lobe", "apex", "", "same"),
    ("upper lobe", "upper zone", "", "same"),
    # Zones that meet, or lie one step apart, are neighbors; a little more is far.
    ("apex", "perihilar", "", "adjacent"),
    ("lower lobe", "middle lobe", "", "adjacent"),
    ("upper zone", "mid zone", "", "adjacent"),
    ("suprahilar", "infrahilar", "", "adjacent"),
    ("apex", "infrahilar", "", "far"),
    ("upper zone", "infrahilar", "", "far"),
    ("upper lobe", "lower lobe", "", "far"),
    ("apex", "mid zone", "", "far"),
    # Only on the left the upper lobe comes down to the lower one.
    ("upper lobe", "lower lobe", "left", "adjacent"),
    ("upper lobe", "lower lobe", "right", "far"),
    ("upper lobe", "lower lobe", "left right", "far"),
    # What the table does not know, it does not contradict.
    ("upper lobe", "azygos fissure", "", "same"),
    ("azygos fissure", "upper lobe", "", "same"),
]


@pytest.mark.parametrize(("one", "other", "sides", "distance"), DISTANCES)
def test_zones_are_the_same_neighbors_or_far_from_each_other(one, other, sides, distance):
    both = frozenset(sides.split())
    assert zone_distance([one], [other], both) == distance
    assert zone_distance([other], [one], both) == distance


def test_of_several_zones_the_nearest_two_count_and_no_zone_contradicts_none():
    assert zone_distance(["apex", "lower lobe"], ["base"]) == "same"
    assert zone_distance(["apex", "upper lobe"], ["mid zone", "base"]) == "adjacent"
    assert zone_distance([], ["apex"]) == zone_distance(["apex"], []) == "same"


PLACES = [
    (("right",), ("right",), "same"),
    (("right",), ("left",), "other_side"),
    (("right",), (), "unsaid"),
    ((), ("right",), "same"),
    ((), (), "same"),
    (("left right",), ("left",), "part"),
    (("left",), ("left right",), "more"),
    (("left right",), ("left right",), "same"),
    # The middle is on no side.
    (("midline",), ("right",), "same"),
    (("right",), ("midline",), "unsaid"),
    (("right", "upper lobe"), ("right", "lower lobe"), "far"),
    (("left", "upper lobe"), ("left", "lower lobe"), "adjacent"),
    (("left right", "upper lobe"), ("left right", "lower lobe"), "far"),
    # Its own zones of the left count only where both texts say left.
    (("left", "upper lobe"), ("", "lower lobe"), "far"),
    # Another side or zone says more than a side that is not said.
    (("right", "upper lobe"), ("left", "upper lobe"), "other_side"),
    (("right", "upper lobe"), ("", "middle lobe"), "adjacent"),
    (("right", "upper lobe"), ("", "upper lobe"), "unsaid"),
]


@pytest.mark.parametrize(("reference", "candidate", "place"), PLACES)
def test_the_place_of_a_finding_is_told_by_its_side_and_then_by_its_zone(
    reference, candidate, place
):
    assert place_of(lying(*reference), lying(*candidate)) == place


APART = [
    (("right", "upper lobe"), ("right", "middle lobe"), True),
    # They touch at a border, and share nothing.
    (("right", "upper lobe"), ("right", "suprahilar"), False),
    (("right", "lower lobe"), ("right", "perihilar"), True),
    (("right", "perihilar"), ("right", "lower lobe"), True),
    (("right", "upper lobe"), ("right", "lower lobe"), True),
    # A level, such as the hilum or the base, lies in every zone that reaches it.
    (("right", "lower lobe"), ("right", "base"), False),
    (("right", "base"), ("right", "lower lobe"), False),
    (("right", "perihilar"), ("right", "mid zone"), False),
    (("right", "mid zone"), ("right", "perihilar"), False),
    (("right", "apex"), ("right", "apex"), False),
    (("right", "apex"), ("right", "base"), True),
    (("left", "upper lobe"), ("left", "mid zone"), False),
    (("right", "upper lobe"), ("right", "mid zone"), True),
    (("left", "upper lobe"), ("right", "mid zone"), True),
    (("left", "upper lobe"), ("", "mid zone"), True),
    (("left", "upper lobe"), ("left", "lingula"), True),
    (("right", "upper lobe"), ("right", "azygos fissure"), False),
    (("right", "azygos fissure"), ("right", "upper lobe"), False),
    (("right", "upper lobe"), ("right",), False),
    (("right",), ("right", "upper lobe"), False),
    (("right",), ("right",), False),
    # One zone that they share is enough.
    (("right", "upper lobe", "base"), ("right", "lower lobe"), False),
]


@pytest.mark.parametrize(("reference", "candidate", "apart"), APART)
def test_zones_that_only_touch_are_neighbors_and_levels_lie_in_what_reaches_them(
    reference, candidate, apart
):
    assert only_neighbors(lying(*reference), lying(*candidate)) is apart


@pytest.mark.parametrize(
    ("one", "other", "may"),
    [
        (("right",), ("left",), False),
        (("right",), ("left right",), True),
        (("left right",), ("left",), True),
        (("right",), ("right",), True),
        (("right",), (), True),
        ((), ("left",), True),
        (("midline",), ("left",), True),
        (("right", "upper lobe"), ("right", "lower lobe"), False),
        (("right", "upper lobe"), ("right", "middle lobe"), False),
        (("right", "upper lobe"), ("right", "apex"), True),
        (("left", "upper lobe"), ("left", "mid zone"), True),
        (("left", "upper lobe"), ("", "mid zone"), False),
        (("left", "upper lobe"), ("right", "upper lobe"), False),
        (("left", "upper lobe"), ("left right", "lower lobe"), False),
    ],
)
def test_two_mentions_speak_of_one_place_where_neither_side_nor_zone_says_otherwise(
    one, other, may
):
    assert compatible(lying(*one), lying(*other)) is may
    assert compatible(lying(*other), lying(*one)) is may


@pytest.mark.parametrize(
    ("zones", "both", "words"),
    [
        (["upper lobe"], False, "upper lobe"),
        (["perihilar", "lower lobe"], False, "lower lobe and perihilar region"),
        (["apex"], True, "apices"),
        (["bases"], True, "bases"),
        (["lower lobe", "hilar"], True, "hilar regions and lower lobes"),
        *(
            ([zone], False, f"{zone} region")
            for zone in (
                *("hilar", "perihilar", "suprahilar", "infrahilar"),
                *("retrocardiac", "apical", "basilar", "bibasilar"),
            )
        ),
    ],
)
def test_zones_are_said_in_words_that_follow_in_the(zones, both, words):
    assert zones_in_words(zones, both_sides=both) == words


def told(reference: str, candidate: str) -> list[tuple[str, str]]:
    """Kinds and severities of the attribute errors of the findings that are matched."""
    errors = evaluate.evaluate(reference, candidate).errors.attribute_errors
    return sorted((*error.error_types, error.severity) for error in errors)


def test_the_side_alone_is_half_an_answer_for_something_in_one_part_of_one_lung():
    whole = "Consolidation in the right lower lobe."
    assert told(whole, "Consolidation in the right lung.") == [("location", "significant")]
    # Not where it lies in both lungs, and not outside them, where fluid finds its own level.
    assert told("Bilateral lower lobe consolidation.", "Bilateral consolidation.") == []
    assert told("Small right basilar pneumothorax.", "Small right pneumothorax.") == []


@pytest.mark.parametrize(
    ("zone", "central"),
    [
        ("mid zone", True),
        ("perihilar", True),
        ("upper zone", False),
        ("base", False),
        ("middle lobe", False),
        ("nowhere known", False),
    ],
)
def test_a_zone_in_the_middle_borders_on_both_others_and_is_no_lobe(zone, central):
    assert is_central(zone) is central


@pytest.mark.parametrize(
    ("reference", "candidate", "severities"),
    [
        ("RUL and RLL consolidation.", "RLL consolidation.", ["significant"]),
        ("Left upper and lower lobe atelectasis.", "LUL atelectasis.", ["significant"]),
        ("Right middle and lower lobe consolidation.", "RML consolidation.", ["slight"]),
        ("RUL and RLL consolidation.", "Right upper and lower zone consolidation.", []),
        ("RUL and RLL consolidation.", "RLL consolidation. RUL consolidation.", []),
        ("RUL and RLL consolidation.", "Right upper lobe and basal consolidation.", []),
    ],
)
def test_one_of_two_lobes_of_a_lung_is_no_full_answer(reference, candidate, severities):
    found = evaluate.evaluate(reference, candidate).errors.attribute_errors
    assert [error.severity for error in found] == severities


@pytest.mark.parametrize(
    ("text", "sides", "parts"),
    [
        ("Compression fracture of L1.", set(), {"L1"}),
        ("L2 compression fracture. Left effusion.", set(), {"L2"}),
        ("L4 rib fracture.", {"left"}, set()),
        ("L4-6 rib fractures.", {"left"}, set()),
        ("L3, L4 and L5 rib fractures.", {"left"}, set()),
        ("Fracture of the L 4th rib.", {"left"}, {"rib 4"}),
        ("L 2 cm nodule.", {"left"}, set()),
    ],
)
def test_an_l_before_a_number_is_a_vertebra_unless_a_rib_or_a_size_follows(text, sides, parts):
    first = read(text, "en").findings[0]
    assert (set(first.sides), set(first.parts)) == (sides, parts)
