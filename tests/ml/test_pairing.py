"""Which finding of a report speaks of which of the reference: place before wording, one for one."""

from __future__ import annotations

import pytest

from ml import evaluate
from ml.evaluate.pairing import PLACE_WORTH

pytestmark = pytest.mark.pure


def compared(reference: str, candidate: str) -> tuple[list[str], list[str], list[str]]:
    """What is missing, what is false, and the kinds of the attribute errors."""
    result = evaluate.evaluate(reference, candidate)
    wanted = {finding.id: finding.finding for finding in result.reference_findings}
    given = {finding.id: finding.finding for finding in result.predicted_findings}
    kinds = sorted(kind for error in result.errors.attribute_errors for kind in error.error_types)
    missing = [wanted[one] for one in result.errors.missing_findings]
    return missing, [given[one] for one in result.errors.false_findings], kinds


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("said", ["upper", "lower"])
def test_of_two_nodules_the_one_in_its_place_is_found_and_the_other_missed(side, said):
    places = ("upper", "lower")
    reference = " ".join(f"Nodule in the {side} {place} lobe." for place in places)
    result = evaluate.evaluate(reference, f"Nodule in the {side} {said} lobe.")
    found = result.reference_findings[places.index(said)]
    assert [match.ref_id for match in result.matched_findings] == [found.id]
    assert result.errors.missing_findings != () == result.errors.attribute_errors


def test_the_place_tells_more_than_the_size_which_nodule_is_meant():
    reference = "6 mm nodule in the right upper lobe. 20 mm nodule in the left lower lobe."
    result = evaluate.evaluate(reference, "6 mm nodule in the left lower lobe.")
    [right, left] = result.reference_findings
    assert (right.side, left.side) == ("right", "left")
    assert result.errors.missing_findings == (right.id,)
    assert [error.error_types for error in result.errors.attribute_errors] == [("measurement",)]


def test_its_own_word_tells_more_than_the_place_which_finding_is_meant():
    reference = "Pneumonia in the right lower lobe. Opacity in the left lower lobe."
    candidate = "Opacity in the right lower lobe. Pneumonia in the left lower lobe."
    assert compared(reference, candidate) == ([], [], ["location", "location"])


@pytest.mark.parametrize(
    ("reference", "candidate"),
    [
        ("5 mm nodule in the right upper lobe.", "10 mm nodule in the left lower lobe."),
        ("10 mm nodule in the left lower lobe.", "5 mm nodule in the right upper lobe."),
    ],
)
def test_a_nodule_elsewhere_of_twice_the_size_is_another_nodule(reference, candidate):
    missing, false, kinds = compared(reference, candidate)
    assert (len(missing), len(false), kinds) == (1, 1, [])


def test_a_nodule_elsewhere_of_nearly_its_size_is_the_same_in_a_wrong_place():
    candidate = "9 mm nodule in the left upper lobe."
    found = compared("5 mm nodule in the right upper lobe.", candidate)
    assert found == ([], [], ["location", "location", "measurement"])


@pytest.mark.parametrize(
    ("reference", "candidate"),
    [
        ("5 mm nodule in the right upper lobe.", "Nodule in the left upper lobe."),
        ("Nodule in the right upper lobe.", "5 mm nodule in the left upper lobe."),
    ],
)
def test_a_nodule_elsewhere_of_unsaid_size_may_be_the_same_in_a_wrong_place(reference, candidate):
    # Twice wrong: neither its place nor anything else tells which one was seen.
    assert compared(reference, candidate) == ([], [], ["location", "location"])


def test_a_nodule_elsewhere_of_its_size_is_once_wrong():
    candidate = "6 mm nodule in the left upper lobe."
    found = compared("5 mm nodule in the right upper lobe.", candidate)
    assert found == ([], [], ["location"])


def test_a_nodule_on_the_other_side_and_at_another_height_is_another_nodule():
    missing, false, kinds = compared(
        "Nodule in the right upper lobe.", "Nodule in the left lower lobe."
    )
    assert (len(missing), len(false), kinds) == (1, 1, [])


@pytest.mark.parametrize(
    ("reference", "candidate"),
    [
        (
            "Consolidation in the right lower lobe.",
            "Right opacity. Pneumonia in the right lower lobe.",
        ),
        (
            "9 mm nodule in the right lower lobe.",
            "Opacity on the right. 9 mm nodule in the right lower lobe.",
        ),
        (
            "Pneumonia in the right lower lobe.",
            "Pneumonia or atelectasis in the right lower lobe. "
            "Impression: pneumonia in the right lower lobe.",
        ),
    ],
)
def test_a_general_word_beside_the_right_name_is_the_same_finding_once_more(reference, candidate):
    result = evaluate.evaluate(reference, candidate)
    assert result.score == 100
    assert not any(error.severity == "significant" for error in result.errors.attribute_errors)


@pytest.mark.parametrize(
    "candidate",
    [
        "Opacity in the left upper lobe. Pneumonia in the right lower lobe.",
        "Right opacity.",
        "Right opacity. Nodule in the right lower lobe.",
        "Opacity in the right upper lobe. Pneumonia in the right upper lobe. Bilateral opacity.",
        "5 cm opacity on the right. 1 cm nodule in the right lower lobe. Pneumonia on the left.",
    ],
)
def test_a_general_word_earns_nothing_beside_a_wrong_name_or_elsewhere(candidate):
    assert evaluate.evaluate("Pneumonia in the right lower lobe.", candidate).score <= 10


@pytest.mark.parametrize(
    "second",
    [
        "Likely airspace disease in the right lower lobe or likely bilateral pneumonia.",
        "Opacity in the right lower lobe and the right upper lobe.",
        "Bilateral opacities.",
    ],
)
def test_a_general_word_that_reaches_further_than_the_name_is_not_the_same_once_more(second):
    reference = "Pneumonia in the right lower lobe."
    assert evaluate.evaluate(reference, f"{reference} {second}").score <= 50


def test_the_cause_of_another_finding_is_half_an_answer():
    reference = "Pneumonia in the right lower lobe."
    right = evaluate.evaluate(reference, "Opacity in the right lower lobe, likely pneumonia.")
    other = evaluate.evaluate(reference, "Nodule in the right lower lobe, likely pneumonia.")
    assert right.score == 100
    assert other.score == 50


def test_another_size_in_the_same_place_is_a_wrong_size_and_no_other_nodule():
    candidate = "12 mm nodule in the right upper lobe."
    assert compared("5 mm nodule in the right upper lobe.", candidate) == ([], [], ["measurement"])


def test_an_opacity_far_from_a_nodule_does_not_speak_of_it():
    missing, false, _ = compared("Nodule in the right upper lobe.", "Opacity in the left base.")
    assert (len(missing), len(false)) == (1, 1)


@pytest.mark.parametrize("place", ["right upper lobe", "right middle lobe", "right lung"])
def test_an_opacity_where_the_nodule_is_or_next_to_it_speaks_of_it_vaguely(place):
    missing, false, kinds = compared("Nodule in the right upper lobe.", f"Opacity in the {place}.")
    assert (missing, false) == ([], [])
    assert "unspecific" in kinds


@pytest.mark.parametrize(
    ("reference", "candidate"),
    [
        ("Bilateral nodules.", "Opacity in the right lung."),
        ("Right nodule.", "Opacities in both lungs."),
    ],
)
def test_on_one_side_of_two_it_speaks_of_it_too(reference, candidate):
    missing, false, kinds = compared(reference, candidate)
    assert (missing, false) == ([], [])
    assert set(kinds) == {"location", "unspecific"}


def test_a_right_finding_and_a_left_one_are_two_and_a_later_word_speaks_of_the_one_before():
    def sides(text: str) -> list[str | None]:
        return [one.side for one in evaluate.evaluate(text, "x").reference_findings]

    assert sides("Right pleural effusion. Left pleural effusion.") == ["right", "left"]
    assert sides("Right pleural effusion. The effusion is large.") == ["right"]
    assert sides("Nodule in the right upper lobe. Nodule in the left lung.") == ["right", "left"]


def test_a_bare_word_of_the_group_commits_to_nothing():
    missing, false, _ = compared("Consolidation in the right lower lobe.", "There is an opacity.")
    assert (len(missing), len(false)) == (1, 1)
    assert compared("There is consolidation.", "There is an opacity.")[0] == []


def test_a_tube_in_a_bronchus_is_no_tube_in_its_place():
    good = "Endotracheal tube with its tip above the carina."
    bad = "Endotracheal tube in the right main bronchus."
    for reference, candidate in ((good, bad), (bad, good)):
        missing, false, _ = compared(reference, candidate)
        assert (len(missing), len(false)) == (1, 1)


def test_two_one_sided_findings_answer_a_bilateral_one():
    both = "Bilateral pleural effusions."
    assert compared(both, "Right pleural effusion. Left pleural effusion.") == ([], [], [])
    assert compared(both, "Right pleural effusion.") == ([], [], ["location"])


def test_one_bilateral_finding_answers_two_one_sided_ones_and_a_one_sided_only_its_own():
    reference = "Right pleural effusion. Left pleural effusion."
    assert compared(reference, "Bilateral pleural effusions.") == ([], [], [])
    missing, _, _ = compared(reference, "Right pleural effusion.")
    assert len(missing) == 1


@pytest.mark.parametrize(
    "said", ["Nodules in the right lung.", "Right upper and lower lobe nodules."]
)
def test_one_finding_on_the_side_of_two_answers_both(said):
    reference = "Right upper lobe nodule. Right lower lobe nodule."
    assert compared(reference, said)[:2] == ([], [])


def test_two_alternatives_still_say_something_and_three_without_a_place_nothing():
    reference = "Atelectasis in the right lower lobe."
    two, three = (
        evaluate.evaluate(reference, said).score
        for said in ("Atelectasis or pneumonia.", "Atelectasis or pneumonia or mass.")
    )
    assert two > three == 0


@pytest.mark.parametrize(
    ("wanted", "first", "second"),
    [
        ("Opacity", "Nodule", "Consolidation"),
        ("Opacity", "Nodule", "Atelectasis"),
        ("Nodule", "Cavity", "Infiltrate"),
    ],
)
def test_words_of_two_groups_speak_of_a_finding_that_is_not_called_by_its_own(
    wanted, first, second
):
    place = "in the right lower lobe."
    both = f"{first} {place} {second} {place}"
    assert compared(f"{wanted} {place}", both)[:2] == ([], [])


def test_a_further_word_of_its_group_still_speaks_of_a_finding_and_any_other_is_new():
    opacity = "Opacity in the right lower lobe."
    said = "Opacity and consolidation in the right lower lobe."
    assert compared(opacity, said)[:2] == ([], [])
    pneumonia = "Pneumonia in the right lower lobe."
    _, false, _ = compared(pneumonia, f"{pneumonia} Nodule in the right lower lobe.")
    assert len(false) == 1


KINDS_OF_ONE_LABEL = [
    ("en", "Kyphosis.", "Scoliosis."),
    ("en", "Cavity in the right upper lobe.", "Cyst in the right upper lobe."),
    ("en", "Mediastinal mass.", "Mediastinal adenopathy."),
    ("es", "Cifosis dorsal.", "Escoliosis dorsal."),
    ("es", "Cavidad en el lóbulo superior derecho.", "Quiste en el lóbulo superior derecho."),
    ("de", "Kyphose.", "Skoliose."),
    ("de", "Kaverne im rechten Oberlappen.", "Zyste im rechten Oberlappen."),
    ("fr", "Cyphose.", "Scoliose."),
    ("fr", "Caverne du lobe supérieur droit.", "Kyste du lobe supérieur droit."),
    ("pt", "Cifose dorsal.", "Escoliose dorsal."),
    ("pt", "Cavidade no lobo superior direito.", "Cisto no lobo superior direito."),
]


@pytest.mark.parametrize(("language", "one", "other"), KINDS_OF_ONE_LABEL)
def test_two_kinds_that_share_a_label_are_two_findings(language, one, other):
    assert evaluate.evaluate(one, one, language=language).raw == 1.0
    for reference, candidate in ((one, other), (other, one)):
        found = evaluate.evaluate(reference, candidate, language=language)
        assert found.raw < 0
        assert not found.matched_findings


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Cavity in the left upper lobe."),
        ("en", "Miliary nodules."),
        ("en", "Right pulmonary infarct."),
        ("es", "Infarto pulmonar derecho."),
        ("de", "Lungeninfarkt rechts."),
        ("fr", "Infarctus pulmonaire droit."),
        ("pt", "Infarto pulmonar à direita."),
    ],
)
def test_what_can_be_tuberculosis_or_an_embolism_is_urgent(language, text):
    (found,) = evaluate.evaluate(text, text, language=language).reference_findings
    assert found.clinical_significance == "urgent"


def test_the_nearer_a_place_is_the_more_it_tells_which_finding_is_meant():
    """In the order of the table: from the very place to the other side."""
    worth = list(PLACE_WORTH.values())
    assert worth == sorted(worth, reverse=True)
    assert (PLACE_WORTH["same"], PLACE_WORTH["other_side"]) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("zone", "elsewhere", "told"),
    [
        ("hilar region", "apex", "It is in the hilar region, not in the apex."),
        ("perihilar region", "apex", "It is in the perihilar region; the apex is next to it."),
        ("suprahilar region", "apex", "It is in the suprahilar region; the apex is next to it."),
        ("infrahilar region", "apex", "It is in the infrahilar region, not in the apex."),
        ("retrocardiac region", "apex", "It is in the retrocardiac region, not in the apex."),
        ("apical region", "mid zone", "It is in the apex, not in the mid zone."),
        ("basilar region", "mid zone", "It is in the base, not in the mid zone."),
    ],
)
def test_a_zone_is_told_in_words_that_can_stand_alone(zone, elsewhere, told):
    found = evaluate.evaluate(f"Nodule in the right {zone}.", f"Nodule in the right {elsewhere}.")
    assert told in [note.explanation for note in found.notes]


def test_a_tip_in_its_place_at_another_height_is_no_mistake():
    reference = "Endotracheal tube tip 4 cm above the carina."
    for candidate in (
        "Endotracheal tube tip 5 cm above the carina.",
        "Endotracheal tube in place.",
    ):
        assert compared(reference, candidate) == ([], [], [])


def test_a_cause_that_is_named_beside_its_cavity_answers_the_cause_in_part():
    reference = "Cavity in the left upper lobe. Possible tuberculosis of the left upper lobe."
    assert compared(reference, "Cavity in the left upper lobe, ddx tuberculosis.") == (
        [],
        [],
        ["unspecific"],
    )
    missing, false, _ = compared(reference, "Cavity in the left upper lobe.")
    assert (missing, false) == (["tuberculosis"], [])


@pytest.mark.parametrize(
    ("reference", "candidate", "wanted"),
    [
        ("right lower lobe bronchus", "right lung", []),
        ("right lung", "right main bronchus", []),
        ("right main bronchus", "esophagus", ["location"]),
        ("right main bronchus", "stomach", None),
    ],
)
def test_a_feeding_tube_in_the_lung_is_one_however_exactly_it_is_said(reference, candidate, wanted):
    tube = "NG tube with its tip in the {}."
    missing, false, kinds = compared(tube.format(reference), tube.format(candidate))
    if wanted is None:
        assert (len(missing), len(false)) == (1, 1)
    else:
        assert (missing, false, kinds) == ([], [], wanted)


def test_an_intubated_bronchus_is_a_tube_in_it():
    reference = "The endotracheal tube ends in the right main bronchus."
    assert compared(reference, "Right mainstem intubation.") == ([], [], [])
    assert compared(reference, "Left mainstem intubation.") != ([], [], [])


def test_a_pacemaker_and_its_leads_are_one_and_need_no_side():
    reference = "Left pectoral pacemaker; leads in the right atrium and the right ventricle."
    result = evaluate.evaluate(reference, "PPM, leads in RA and RV.")
    assert len(result.reference_findings) == 1
    assert not result.errors.missing_findings + result.errors.false_findings
    assert {error.severity for error in result.errors.attribute_errors} <= {"negligible"}


def test_two_tips_of_one_tube_do_not_excuse_the_wrong_one_by_the_distance_of_the_other() -> None:
    right = "Endotracheal tube 4 cm above the carina."
    both = right + " Endotracheal tube in the right main bronchus."
    assert evaluate.evaluate(right, right).score == 100
    assert evaluate.evaluate(right, both).score == 0


@pytest.mark.parametrize(
    ("reference", "candidate"),
    [
        (
            "Atelectasis in the right lower lobe with volume loss in the right lower lobe.",
            "Atelectasis in the right middle lobe.",
        ),
        (
            "Right lower lobe pneumonia. Right lower lobe opacity.",
            "Pneumonia in the right middle lobe.",
        ),
    ],
)
def test_a_sign_of_what_was_named_in_the_neighboring_lobe_is_not_missed(reference, candidate):
    assert compared(reference, candidate) == ([], [], ["location"])
