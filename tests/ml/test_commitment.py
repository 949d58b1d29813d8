"""Nobody wins by not committing: fixed texts, alternatives, hedges, contradictions, nonsense."""

from __future__ import annotations

import pytest

from bench.report_reading import CONSTANT, MOST_POINTS, MOST_WHOLE, constant_points
from ml import evaluate

pytestmark = pytest.mark.pure


def points(reference: str, candidate: str, **patient: object) -> float:
    return evaluate.evaluate(reference, candidate, **patient).score  # type: ignore[arg-type]


@pytest.mark.parametrize("text", CONSTANT)
def test_a_text_written_without_looking_earns_nothing_worth_having(text: str) -> None:
    whole, wrong = constant_points(text)
    assert wrong <= MOST_POINTS
    assert whole <= MOST_WHOLE


def test_an_umbrella_word_earns_a_fraction_of_what_a_name_earns() -> None:
    for name in ("nodule", "atelectasis", "edema"):
        reference = f"{name.capitalize()} in the right upper lobe."
        assert 0 < points(reference, "Opacity in the right upper lobe.") <= 100 / 5
        assert points(reference, reference) == 100


def test_an_umbrella_word_needs_the_place_that_the_reference_has() -> None:
    reference = "Consolidation in the right upper lobe."
    exact, side, beside, nowhere = (
        points(reference, text)
        for text in (
            "Opacity in the right upper lobe.",
            "Opacity in the right lung.",
            "Opacity in the right mid zone.",
            "Several opacities.",
        )
    )
    assert exact == 50
    assert side == beside < 20
    assert nowhere == 0


def test_the_references_own_umbrella_word_costs_nothing() -> None:
    for text in ("Opacity in the right lung.", "Bilateral opacities.", "Opacity."):
        assert points(text, text) == 100


def test_a_vague_word_is_told_in_one_note() -> None:
    found = evaluate.evaluate(
        "8 mm nodule in the right upper lobe.", "Opacity in the right upper lobe."
    )
    [note] = found.notes_of("attribute")
    assert "follow-up" in note.explanation
    assert "It covers" in note.explanation


@pytest.mark.parametrize("hedge", ["Cannot exclude {}.", "Possible {}."])
def test_a_hedge_that_commits_to_nothing_costs_half(hedge: str) -> None:
    finding = "right lower lobe pneumonia"
    hedged = hedge.format(finding)
    assert points(f"{finding.capitalize()}.", hedged) == 50
    assert points(f"{finding.capitalize()}.", f"Likely {finding}.") == 100
    assert points(f"Possible {finding}.", hedged) == 100
    assert points(f"Suspected {finding}.", hedged) == 100


def test_an_appearance_with_a_possible_name_is_no_empty_hedge() -> None:
    said = "Right lower lobe opacity, which may represent pneumonia."
    assert points("Right lower lobe pneumonia.", said) == 100


def test_where_nothing_has_weight_a_finding_in_the_wrong_place_is_no_whole_one() -> None:
    reference = "Calcified granuloma in the left lower lobe. Otherwise normal."
    assert points(reference, "Calcified granuloma in the right lower lobe.") <= 50


PNEUMONIA = "Right lower lobe pneumonia."


def test_credit_falls_with_the_number_of_alternatives() -> None:
    chains = [
        "Right lower lobe pneumonia.",
        "Right lower lobe pneumonia or atelectasis.",
        "Right lower lobe pneumonia or atelectasis or nodule.",
        "Right lower lobe pneumonia or atelectasis or nodule or scar.",
    ]
    earned = [points(PNEUMONIA, chain) for chain in chains]
    assert earned == sorted(earned, reverse=True)
    assert len(set(earned)) == len(chains)


@pytest.mark.parametrize(
    "chain",
    [
        "Right lower lobe pneumonia or atelectasis.",
        "Right lower lobe pneumonia versus atelectasis.",
        "Right lower lobe pneumonia and/or atelectasis.",
        "Right lower lobe pneumonia vs atelectasis.",
        "Right lower lobe pneumonia/atelectasis.",
    ],
)
def test_all_ways_to_join_alternatives_mean_the_same(chain: str) -> None:
    assert points(PNEUMONIA, chain) == points(
        PNEUMONIA, "Right lower lobe pneumonia or atelectasis."
    )


def test_a_wrong_chain_weighs_as_its_gravest_member() -> None:
    found = evaluate.evaluate("Cardiomegaly.", "Atelectasis or pneumothorax on the left.")
    [false] = [f for f in found.predicted_findings if f.id in found.errors.false_findings]
    assert false.clinical_significance == "urgent"
    assert "weighs as its gravest" in found.notes_of("false")[0].explanation


def test_alternatives_do_not_cross_organs() -> None:
    found = evaluate.evaluate("Cardiomegaly.", "Pneumothorax or degenerative spine.")
    assert len(found.errors.false_findings) == 2


def test_the_references_own_alternatives_cost_nothing() -> None:
    text = "Scarring or atelectasis in the right base."
    assert points(text, text) == 100


@pytest.mark.parametrize(
    "text",
    [
        "Cardiomegaly. No cardiomegaly.",
        "The heart is enlarged. Heart size is normal.",
        "Cardiomegaly. Normal chest radiograph.",
    ],
)
def test_saying_a_finding_and_its_absence_is_never_a_hit(text: str) -> None:
    found = evaluate.evaluate("Cardiomegaly.", text)
    assert found.score == 0
    assert found.notes_of("contradiction")


@pytest.mark.parametrize(
    "text",
    [
        "Small left effusion. No large effusion.",
        "Old rib fracture. No acute fracture.",
        "Right pneumothorax. No left pneumothorax.",
        "Right upper lobe nodule. No other nodule.",
        "Mild cardiomegaly. Otherwise normal chest.",
        "Possible effusion. No effusion is seen on the lateral view.",
    ],
)
def test_a_limited_denial_is_no_contradiction(text: str) -> None:
    assert not evaluate.evaluate("Normal.", text).notes_of("contradiction")


@pytest.mark.parametrize(
    "text", ["Lungs purple. Pleura banana.", "As above.", "asdf qwer", "The patient is tall."]
)
def test_a_text_that_says_nothing_earns_nothing_even_on_a_normal_case(text: str) -> None:
    found = evaluate.evaluate("Normal chest. No effusion.", text)
    assert found.score == 0
    assert found.void
    assert found.void in found.remarks


def test_a_normal_case_asks_for_a_word_of_normality() -> None:
    assert points("Normal chest.", "Mild scoliosis.", age=80) == 0
    for text in (
        "Normal chest.",
        "No pneumothorax.",
        "The lungs are clear.",
        "NAD",
        "Heart: normal",
        "Nothing acute.",
        "Nil of note",
        "I can't see anything wrong.",
        "heart ok, lungs ok",
    ):
        assert points("Normal chest.", text) == 100


@pytest.mark.parametrize(
    ("language", "reference", "texts"),
    [
        (
            "en",
            "Normal chest.",
            [
                "Not normal.",
                "The chest is not entirely clear.",
                "Isn't normal.",
                "Are the lungs clear? No idea.",
                "Normal chest?",
                "Film okay quality.",
                "Normal or abnormal.",
                "Not sure whether the chest is normal.",
            ],
        ),
        (
            "es",
            "Tórax normal.",
            ["El tórax no es normal.", "No veo nada normal.", "No sé si es normal.", "¿Todo bien?"],
        ),
        (
            "de",
            "Thorax unauffällig.",
            ["Nicht alles in Ordnung.", "Lunge nicht ganz frei.", "Normal oder nicht."],
        ),
        (
            "fr",
            "Thorax normal.",
            ["Pas tout à fait normal.", "Normal ou pas.", "Je ne vois rien de normal."],
        ),
        ("pt", "Tórax normal.", ["O tórax não está normal.", "Tudo bem?", "Normal ou não."]),
    ],
)
def test_normality_denied_or_asked_is_not_said(language, reference, texts) -> None:
    for text in texts:
        assert evaluate.evaluate(reference, text, language=language).score == 0
    assert evaluate.evaluate(reference, reference, language=language).score == 100


def test_a_question_that_is_answered_is_said() -> None:
    assert points("Normal chest.", "Lungs clear? Yes. Heart normal? Yes.") == 100


@pytest.mark.parametrize(
    ("language", "reference", "texts"),
    [
        ("es", "Tórax normal. Sin derrame.", ["Nada agudo.", "no veo nada", "sin patología aguda"]),
        ("de", "Thorax unauffällig. Kein Erguss.", ["Nichts Akutes.", "ich sehe nichts"]),
        ("fr", "Thorax normal. Pas d'épanchement.", ["Rien à signaler.", "rien d'aigu"]),
        ("pt", "Tórax normal. Sem derrame.", ["Nada digno de nota.", "não vejo nada"]),
    ],
)
def test_short_words_of_normality_are_taken_in_each_language(language, reference, texts) -> None:
    for text in texts:
        assert evaluate.evaluate(reference, text, language=language).score == 100


def test_where_only_findings_without_weight_are_to_be_found_silence_earns_nothing() -> None:
    reference = "Tortuous aorta. Aortic calcification. Otherwise normal."
    assert points(reference, "Normal chest.", age=80) == 0
    assert points(reference, "Tortuous aorta. Lungs clear.", age=80) == 50
    assert points(reference, reference, age=80) == 100


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Kein Pneumothorax. Kein Erguss. Keine Kardiomegalie."),
        ("en", "El corazón es normal y no hay derrame ni neumotórax."),
        ("es", "The heart is normal and there is no effusion or pneumothorax."),
        ("en", "Het hart is normaal en er is geen pleuravocht. Cardiomegaly."),
        ("en", "Сердце не увеличено."),
        ("de", "The heart is enlarged and there is a pneumothorax."),
    ],
)
def test_a_text_in_another_language_is_told_and_earns_nothing_from_cognates(
    language: str, text: str
) -> None:
    found = evaluate.evaluate("Cardiomegaly.", text, language=language)
    assert found.score == 0
    assert not found.predicted_findings
    [remark] = found.remarks
    assert remark.startswith("The report does not seem to be written in")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "No pneumothorax."),
        ("en", "PNA RLL, no PTX, CMG."),
        ("es", "No neumotórax. Cardiomegalia."),
        ("de", "Kein Pneumothorax. Kardiomegalie."),
        ("fr", "Pas de pneumothorax. Cardiomégalie."),
        ("pt", "Sem pneumotórax. Cardiomegalia."),
    ],
)
def test_a_short_text_in_its_own_language_is_not_refused(language: str, text: str) -> None:
    assert not evaluate.evaluate("Cardiomegaly.", text, language=language).void


@pytest.mark.parametrize(
    ("reference", "candidate"),
    [
        ("3.6 cm mass in the left mid zone.", "8 mm nodule in the right upper lobe."),
        ("ETT tip in the right main bronchus.", "ETT tip 4 cm above the carina."),
        ("Enteric tube in the right lower lobe.", "Nasogastric tube with its tip in the stomach."),
        ("Endotracheal tube in the esophagus.", "Endotracheal tube in the trachea."),
        ("Left chest tube, side hole outside the chest wall.", "Left chest tube in good position."),
        ("Displaced pacemaker lead.", "Pacemaker leads in expected position."),
        ("Central line coiled in the jugular vein.", "Central line with its tip in the SVC."),
        ("Central line with its tip deep in the right atrium.", "Central line tip in the SVC."),
        ("Central line tip in the SVC.", "Central line with its tip deep in the right atrium."),
        ("Displaced RV lead.", "RV lead in expected position."),
        ("ETT tip 1 cm above the carina.", "ETT tip 4 cm above the carina."),
        ("Left pneumothorax.", "Right pneumothorax."),
        ("Free air under the diaphragm.", "Air under the diaphragm, likely colonic interposition."),
        ("Left pneumothorax.", "Line over the left apex, likely a skin fold. Lungs clear."),
    ],
)
def test_what_is_wrong_and_elsewhere_is_missed_and_invented(reference: str, candidate: str) -> None:
    found = evaluate.evaluate(reference, candidate)
    assert found.score == 0
    assert found.errors.missing_findings
    assert not found.matched_findings


def test_the_wrong_side_of_what_is_not_urgent_is_an_error_of_place() -> None:
    assert 0 < points("Left pleural effusion.", "Right pleural effusion.") < 100


def test_two_distances_from_the_carina_within_a_centimeter_are_one_position() -> None:
    assert points("ETT tip 2.4 cm above the carina.", "ETT tip 1.8 cm above the carina.") > 0


def test_a_tube_is_no_loose_name_for_a_line() -> None:
    found = evaluate.evaluate("Right PICC in place. Endotracheal tube in place.", "Right PICC.")
    assert [f.name for f in found.reference_findings if f.id in found.errors.missing_findings] == [
        "endotracheal tube"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "21 mm nodule in the left upper lobe. No follow-up needed.",
        "21 mm nodule in the left upper lobe, likely benign; no further imaging is required.",
        "21 mm nodule in the left upper lobe, of no significance.",
    ],
)
def test_a_finding_that_asks_for_action_must_not_be_dismissed(text: str) -> None:
    reference = "21 mm nodule in the left upper lobe. CT is recommended."
    assert points(reference, text) <= 50
    assert points(reference, "21 mm nodule in the left upper lobe. CT is recommended.") == 100


@pytest.mark.parametrize(
    ("reference", "candidate"),
    [
        (
            "Interstitial edema. Cardiomegaly.",
            "Peribronchial cuffing and septal lines. Interstitial edema. The heart is enlarged.",
        ),
        ("Left pleural effusion.", "Blunted left costophrenic angle. Left pleural effusion."),
    ],
)
def test_a_sign_beside_its_finding_is_no_second_finding(reference: str, candidate: str) -> None:
    assert points(reference, candidate) == 100


@pytest.mark.parametrize("said", ["RLL pneumonia.", "Right lower lobe opacity."])
def test_an_opacity_that_the_impression_calls_pneumonia_is_one_finding(said: str) -> None:
    for reference in (
        "Opacity in the right lower lobe. Heart normal.\n\nRight lower lobe pneumonia.",
        "FINDINGS: Right lower lobe opacity.\nIMPRESSION: Right lower lobe pneumonia.",
    ):
        assert points(reference, said) == 100
    assert points("Opacity in the right lower lobe.\n\nLeft upper lobe pneumonia.", said) < 100


def test_the_direction_of_a_shift_is_no_side_of_its_neighbor() -> None:
    reference = "Left tension pneumothorax. The mediastinum is shifted to the right."
    said = "Left pneumothorax with mediastinal shift to the right: tension pneumothorax."
    assert points(reference, said) == 100


@pytest.mark.parametrize(
    ("text", "significance"),
    [
        ("ETT tip in the right main bronchus.", "urgent"),
        ("ETT tip 4 cm above the carina.", "benign_expected"),
        ("ETT tip 1 cm above the carina.", "actionable_not_urgent"),
        ("ETT tip 9 cm above the carina.", "actionable_not_urgent"),
        ("ETT tip between the clavicles and the carina.", "benign_expected"),
        ("Nasogastric tube in the stomach.", "benign_expected"),
        ("Right PICC with its tip in the right atrium.", "actionable_not_urgent"),
        ("Dialysis catheter with its tip in the right atrium.", "benign_expected"),
        ("Central line tip in the right ventricle.", "urgent"),
    ],
)
def test_a_devices_position_decides_its_significance(text: str, significance: str) -> None:
    [finding] = evaluate.evaluate(text, text).reference_findings
    assert finding.clinical_significance == significance


def test_a_bare_name_earns_less_than_a_finding_with_its_place() -> None:
    reference = "Small left pleural effusion."
    assert points(reference, "Left effusion.") > points(reference, "Effusion.") > 0


@pytest.mark.parametrize("name", ["Consolidation", "Atelectasis", "A nodule"])
def test_of_a_finding_in_one_lung_the_side_alone_is_half_an_answer(name: str) -> None:
    reference = f"{name} in the right lower lobe."
    assert 0 < points(reference, f"{name} in the right lung.") <= 50
    assert points(reference, f"{name} at the right base.") == 100


def test_of_fluid_air_and_what_both_lungs_have_the_side_is_enough() -> None:
    assert points("Right apical pneumothorax.", "Right pneumothorax.") == 100
    assert points("Effusion at the left base.", "Left effusion.") == 100
    assert points("Bibasilar atelectasis.", "Bilateral atelectasis.") == 100


def test_sizes_of_air_and_fluid_have_a_wider_margin_than_those_of_nodules() -> None:
    assert points("Left pneumothorax of 20 mm.", "Left pneumothorax of 27 mm.") == 100
    assert points("Left nodule of 20 mm.", "Left nodule of 27 mm.") < 100
