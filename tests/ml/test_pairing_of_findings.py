"""Which of several findings is meant, by kind, place and likeness, and what a further one is."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from ml.evaluate.observation import Observation
from ml.evaluate.pairing import pairs_of

pytestmark = pytest.mark.pure


def finding(label: str = "nodule_mass", sides: str = "", *zones: str, **more) -> Observation:
    """Sides are words apart."""
    plain = Observation(
        *(label, label, frozenset(sides.split()), frozenset(zones)),
        *((), (), True, frozenset(), frozenset(), frozenset(), label, ()),
    )
    return replace(plain, **more)


def paired(reference, candidate, **more) -> list[tuple[int, int]]:
    return [(one.reference, one.candidate) for one in pairs_of(reference, candidate, **more)]


RIGHT_UPPER = ("right", "upper lobe")
RIGHT_MIDDLE = ("right", "middle lobe")


@pytest.mark.parametrize(
    ("attribute", "one", "other"),
    [
        ("zones", frozenset({"upper lobe"}), frozenset({"upper zone"})),
        ("sides", "midline", ""),
        ("severities", ("small",), ("mild",)),
        ("sizes_mm", (5.0,), (6.0,)),
        ("certain", True, False),
        ("words", "nodule", "nodular shadow"),
    ],
)
def test_of_two_in_one_place_each_is_the_one_that_is_described_alike(attribute, one, other):
    first, second = (finding(**{attribute: value}) for value in (one, other))
    assert paired([first, second], [second, first]) == [(0, 1), (1, 0)]
    assert paired([first, second], [first, second]) == [(0, 0), (1, 1)]


def test_how_a_word_is_written_makes_no_difference():
    reference = [finding(words="Nodule"), finding(words="shadow")]
    candidate = [finding(words="Shadow"), finding(words="nodule")]
    assert paired(reference, candidate) == [(0, 1), (1, 0)]


def test_its_own_word_next_to_it_tells_more_than_a_close_one_in_its_place():
    reference = [finding("fracture", *RIGHT_MIDDLE), finding("vertebral_fracture", *RIGHT_UPPER)]
    assert paired(reference, [finding("fracture", *RIGHT_UPPER)]) == [(0, 0)]


@pytest.mark.parametrize(
    ("close", "other", "given"),
    [("central_line", "tube", "catheter"), ("tracheal_tube", "catheter", "tube")],
)
def test_a_close_word_next_to_it_tells_more_than_a_vaguer_or_bolder_one_in_its_place(
    close, other, given
):
    reference = [finding(close, *RIGHT_MIDDLE), finding(other, *RIGHT_UPPER)]
    assert paired(reference, [finding(given, *RIGHT_UPPER)]) == [(0, 0)]
    # But the very place of one tells more than a close word far away.
    reference = [finding(close, "right", "lower lobe"), finding(other, *RIGHT_UPPER)]
    assert paired(reference, [finding(given, *RIGHT_UPPER)]) == [(1, 0)]


@pytest.mark.parametrize("place", [RIGHT_UPPER, RIGHT_MIDDLE])
def test_a_vaguer_and_a_bolder_word_tell_alike_so_that_the_place_decides(place):
    """Consolidation is vaguer than pneumonia and bolder than infiltration."""
    other = RIGHT_MIDDLE if place == RIGHT_UPPER else RIGHT_UPPER
    reference = [finding("pneumonia", *RIGHT_UPPER), finding("infiltration", *RIGHT_MIDDLE)]
    expected = [RIGHT_UPPER, RIGHT_MIDDLE].index(place)
    assert place != other
    assert paired(reference, [finding("consolidation", *place)]) == [(expected, 0)]


@pytest.mark.parametrize(
    ("wanted", "given", "speaks"),
    [
        (RIGHT_UPPER, RIGHT_UPPER, True),
        (RIGHT_UPPER, ("", "upper lobe"), True),
        (("left right",), ("left",), True),
        (("left",), ("left right",), True),
        (RIGHT_UPPER, RIGHT_MIDDLE, True),
        (RIGHT_UPPER, ("right", "lower lobe"), False),
        (RIGHT_UPPER, ("left", "upper lobe"), False),
    ],
)
def test_a_word_that_changes_what_is_done_speaks_only_of_what_is_where_it_says(
    wanted, given, speaks
):
    """Bronchial thickening for a bronchiectasis, of one place, of half of it or next to it."""
    pairs = paired([finding("bronchiectasis", *wanted)], [finding("bronchial_thickening", *given)])
    assert pairs == ([(0, 0)] if speaks else [])


@pytest.mark.parametrize("place", [("right", "lower lobe"), ("left", "upper lobe")])
@pytest.mark.parametrize(("sizes", "other"), [((5.0,), False), ((9.9,), False), ((10.0,), True)])
def test_elsewhere_twice_the_size_is_another_finding(place, sizes, other):
    reference = [finding("nodule_mass", *RIGHT_UPPER, sizes_mm=(5.0,))]
    candidate = [finding("nodule_mass", *place, sizes_mm=sizes)]
    assert paired(reference, candidate) == ([] if other else [(0, 0)])
    assert paired(candidate, reference) == ([] if other else [(0, 0)])


def test_on_the_other_side_and_at_another_height_it_is_another_finding():
    assert (
        paired([finding("nodule_mass", *RIGHT_UPPER)], [finding("nodule_mass", "left", "base")])
        == []
    )


def test_an_urgent_finding_on_the_other_side_is_missed():
    reference, candidate = [finding("edema", "right")], [finding("edema", "left")]
    assert paired(reference, candidate) == [(0, 0)]
    assert paired(reference, candidate, urgent=frozenset({0})) == []
    near = [finding("edema", "right", "lower lobe")]
    assert paired(near, [finding("edema", *RIGHT_UPPER)], urgent=frozenset({0})) == [(0, 0)]


def test_what_a_text_contradicts_itself_matches_nothing():
    nodule = finding("nodule_mass", "right")
    assert paired([nodule], [nodule], never=frozenset({0})) == []
    cuffing = finding("bronchial_thickening", words="peribronchial cuffing")
    edema = finding("edema")
    assert paired([edema], [edema, cuffing], never=frozenset({1})) == [(0, 0)]


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("vertebral_fracture", "fracture"),  # a close word
        ("consolidation", "lung_opacity"),  # a general one
        ("fracture", "fracture"),  # its own label, where the bone is not said
    ],
)
def test_a_bare_word_that_may_mean_others_too_does_not_speak_of_a_finding_with_a_place(label, said):
    bone = {"concept": "rib_fracture"} if label == said else {}
    assert paired([finding(label, "right", **bone)], [finding(said)]) == []
    assert paired([finding(label, "right", **bone)], [finding(said, "right")]) == [(0, 0)]
    assert paired([finding(label, **bone)], [finding(said)]) == [(0, 0)]
    assert paired([finding(said, "right")], [finding(said)]) == [(0, 0)]


# A further finding, beside the one that has been matched


def test_a_second_place_is_a_slip_and_a_third_is_a_finding_of_its_own():
    reference = [finding("nodule_mass", *RIGHT_UPPER)]
    elsewhere = [finding("nodule_mass", "left", zone) for zone in ("apex", "mid zone", "base")]
    assert len(paired(reference, elsewhere)) == 2
    assert len(paired(reference, elsewhere[:2])) == 2
    far = [finding("nodule_mass", "right", zone) for zone in ("lower lobe", "base", "lower zone")]
    assert len(paired(reference, far)) == 2


def test_what_is_said_again_in_its_place_or_next_to_it_is_the_same_however_often():
    reference = [finding("nodule_mass", *RIGHT_UPPER)]
    again = [finding("nodule_mass", "right", z) for z in ("upper lobe", "apex", "middle lobe")]
    assert paired(reference, again) == [(0, 0), (0, 1), (0, 2)]


def test_a_further_finding_speaks_of_one_of_those_that_it_may_be():
    reference = [finding(sizes_mm=(size,), sides="right") for size in (5.0, 8.0)]
    candidate = [*reference, finding("nodule_mass", "right", sizes_mm=(5.5,))]
    pairs = paired(reference, candidate)
    assert pairs[0] == (0, 0)
    assert sorted(one for _, one in pairs) == [0, 1, 2]


def test_what_was_missed_is_answered_once_by_a_finding_that_holds_it():
    reference = [finding(sizes_mm=(size,), sides="right") for size in (5.0, 6.0, 7.0)]
    pairs = paired(reference, reference[:2])
    assert sorted(one for one, _ in pairs) == [0, 1, 2]
    # Only by its own word, and only where the place is not left open.
    assert paired([finding("pneumonia"), finding("consolidation")], [finding("consolidation")]) == [
        (1, 0)
    ]
    assert len(paired(reference[:2], [finding()])) == 1


def test_a_finding_not_called_by_its_own_word_may_be_told_in_two_others():
    reference = [finding("bronchiectasis", "right")]
    vague = [finding(one, "right") for one in ("bronchial_thickening", "bronchiectasis")]
    assert paired(reference, vague[:1]) == [(0, 0)]
    assert paired(reference, vague) == [(0, 0), (0, 1)]
    fibrosis = [finding("pulmonary_fibrosis", "right")]
    words = [finding(one, "right") for one in ("interstitial_pattern", "interstitial_pattern")]
    assert paired(fibrosis, words) == [(0, 0), (0, 1)]


def test_beside_a_finding_that_is_named_what_has_it_as_its_cause_is_a_further_one():
    pneumonia = finding("pneumonia", "right")
    cause = finding("atelectasis", "right", also=frozenset({"pneumonia"}))
    assert paired([pneumonia], [cause]) == [(0, 0)]
    assert paired([pneumonia], [pneumonia, cause]) == [(0, 0)]


@pytest.mark.parametrize(
    ("sign", "named", "speaks"),
    [
        (("bronchial_thickening", "right"), ("edema", "right"), True),
        (("bronchial_thickening", "right"), ("edema",), True),
        (("bronchial_thickening", "right"), ("edema", "left"), False),
        (("bronchial_thickening", "right"), ("emphysema", "right"), False),
    ],
)
def test_a_sign_of_a_finding_that_is_named_says_nothing_new_where_that_lies(sign, named, speaks):
    cuffing = finding(*sign, words="peribronchial cuffing")
    pairs = pairs_of([finding(*named)], [finding(*named), cuffing])
    assert [(one.candidate, one.relation.kind) for one in pairs] == (
        [(0, "same"), (1, "sign")] if speaks else [(0, "same")]
    )


def test_the_order_of_sentences_makes_no_difference():
    reference = [finding(sizes_mm=(size,), sides="right") for size in (5.0, 7.0)]
    candidate = [finding(sizes_mm=(6.0,)), finding("pneumonia", words="pneumonia")]
    chosen = {
        frozenset((wanted[one].sizes_mm, given[other].sizes_mm) for one, other in pairs)
        for wanted in permutations(reference)
        for given in permutations(candidate)
        if (pairs := paired(wanted, given))
    }
    assert chosen == {frozenset({((5.0,), (6.0,))})}
