"""What holds for every evaluation, bad input, and the commands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml import evaluate
from ml.evaluate import checks

pytestmark = pytest.mark.pure
ROOT = Path(__file__).resolve().parents[2]

STATEMENTS = [
    "The heart is mildly enlarged.",
    "Small right pleural effusion.",
    "Moderate bilateral pleural effusions.",
    "Left pneumothorax.",
    "Consolidation in the right lower lobe suggests pneumonia.",
    "Patchy opacities in the left mid and lower lung zones.",
    "Streaky opacity in the left base, likely atelectasis.",
    "Scarring or atelectasis in the lingula.",
    "A 12 mm nodule is seen in the right upper lobe.",
    "Calcified granuloma in the left apex.",
    "Degenerative changes of the thoracic spine.",
    "Atherosclerotic calcification of the aorta.",
    "Right PICC with its tip in the superior vena cava.",
    "Mild pulmonary edema, unchanged.",
    "Fracture of the left seventh rib.",
    "No pleural effusion or pneumothorax.",
    "The lungs are clear.",
    "There may be a small hiatal hernia.",
]
FALSE_STATEMENTS = {
    "pneumoperitoneum": "There is free air under the diaphragm.",
    "scoliosis": "There is severe scoliosis.",
    "emphysema": "Severe emphysema is present.",
    "pericardial_effusion": "There is a large pericardial effusion.",
    "foreign_body": "A bullet overlies the left chest.",
}
REPORTS = st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=7, unique=True)
FEW = settings(max_examples=60)


def raw(reference: list[str], candidate: list[str], **patient: Any) -> float:
    return evaluate.evaluate(" ".join(reference), " ".join(candidate), **patient).raw


@FEW
@given(REPORTS)
def test_a_report_against_itself_scores_one_without_an_error(report: list[str]) -> None:
    text = " ".join(report)
    found = evaluate.evaluate(text, text)
    assert found.raw == 1.0
    assert found.errors == evaluate.Errors()


@FEW
@given(
    REPORTS, REPORTS, st.lists(st.sampled_from(sorted(FALSE_STATEMENTS)), min_size=1, max_size=3)
)
def test_adding_a_false_finding_never_raises_the_score(
    reference: list[str], candidate: list[str], added: list[str]
) -> None:
    score = raw(reference, candidate)
    for label in added:
        candidate = [*candidate, FALSE_STATEMENTS[label]]
        worse = raw(reference, candidate)
        assert worse <= score
        score = worse


@FEW
@given(REPORTS, REPORTS, st.randoms())
def test_the_order_of_sentences_does_not_matter(
    reference: list[str], candidate: list[str], chance: Any
) -> None:
    score = raw(reference, candidate)
    chance.shuffle(reference)
    chance.shuffle(candidate)
    assert raw(reference, candidate) == pytest.approx(score)


@FEW
@given(REPORTS, REPORTS, st.sampled_from(["The bones are intact.", "No free air.", "Normal hila."]))
def test_added_normal_statements_change_nothing(
    reference: list[str], candidate: list[str], normal: str
) -> None:
    assert raw(reference, [*candidate, normal]) == pytest.approx(raw(reference, candidate))


@FEW
@given(REPORTS, st.text(max_size=200))
def test_any_candidate_is_answered_and_read_back(reference: list[str], candidate: str) -> None:
    found = evaluate.evaluate(" ".join(reference), candidate)
    assert -1 < found.raw <= 1
    assert evaluate.from_json(json.loads(json.dumps(found.to_json()))) == found
    for finding in found.predicted_findings:
        assert all(0 <= start < end <= len(candidate) for start, end in finding.spans)


@FEW
@given(REPORTS, REPORTS)
def test_every_finding_is_matched_or_wrong(reference: list[str], candidate: list[str]) -> None:
    found = evaluate.evaluate(" ".join(reference), " ".join(candidate))
    matched = {match.ref_id for match in found.matched_findings}
    assert matched | set(found.errors.missing_findings) == {f.id for f in found.reference_findings}
    assert not matched & set(found.errors.missing_findings)
    assert len(found.notes_of("missing")) == len(found.errors.missing_findings)
    told = (*found.notes_of("false"), *found.notes_of("contradiction"))
    assert len(told) == len(found.errors.false_findings)


def test_an_appearance_and_its_explanation_count_once() -> None:
    reference = "Opacity in the left base suspicious for pneumonia."
    found = evaluate.evaluate(reference, "No effusion.")
    assert len(found.reference_findings) == 1
    for candidate in ("Left basilar opacity.", "Pneumonia in the left base."):
        assert not evaluate.evaluate(reference, candidate).errors.missing_findings


def test_a_bolder_claim_beside_the_right_word_is_false() -> None:
    found = evaluate.evaluate("Opacity in the left base.", "Left basilar opacity. Mild edema.")
    assert [found.finding(name).label for name in found.errors.false_findings] == ["edema"]


def test_two_places_of_one_statement_are_one_finding() -> None:
    found = evaluate.evaluate("Opacities in the left mid and lower lung zones.", "Normal.")
    assert len(found.reference_findings) == 1


def test_a_denied_finding_is_missed_and_said_so() -> None:
    found = evaluate.evaluate("Left pneumothorax.", "There is no pneumothorax.")
    [note] = found.notes_of("missing")
    assert note.explanation.startswith("Your report says there is none")


@pytest.mark.parametrize(
    ("candidate", "remark"),
    [
        ("", checks.EMPTY),
        ("\x00\x07 \U0001f600", checks.EMPTY),
        ("Effusion.", checks.SHORT),
        ("I like trains and the color of the sky in May.", checks.NOT_READ),
        ("Kleiner Erguss rechts, sonst unauffälliger Befund, kein Hinweis", "English"),
    ],
)
def test_a_poor_candidate_is_scored_and_remarked_on(candidate: str, remark: str) -> None:
    found = evaluate.evaluate("Left pneumothorax.", candidate)
    assert found.raw <= 0
    assert any(remark in text for text in found.remarks)


def test_a_pasted_reference_is_remarked_on() -> None:
    text = "Small right pleural effusion. The heart is normal in size."
    assert evaluate.evaluate(text, text).remarks == (checks.PASTED,)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("", "Effusion."), "reference is empty"),
        ((" \n", "Effusion."), "reference is empty"),
        ((None, "Effusion."), "reference must be a string"),
        (("Effusion.", 3), "candidate must be a string"),
        (("Effusion.", "x" * 200_001), "at most"),
    ],
)
def test_what_cannot_be_compared_is_refused(arguments: tuple[Any, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        evaluate.evaluate(*arguments)


@pytest.mark.parametrize(
    ("patient", "problem"),
    [
        ({"age": "old"}, "age must be a number"),
        ({"age": -1}, "age must be from 0"),
        ({"age": float("nan")}, "age"),
        ({"sex": 1}, "sex must be a string"),
        ({"indication": []}, "indication must be a string"),
        ({"language": "tlh"}, "language must be one of"),
    ],
)
def test_a_patient_that_does_not_fit_is_refused(patient: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        evaluate.evaluate("Effusion.", "Effusion.", **patient)


def test_markup_is_text_and_spans_stay_true() -> None:
    candidate = "<b>Small</b> right <script>x</script> pleural effusion\x00."
    found = evaluate.evaluate("Small right pleural effusion.", candidate)
    assert not found.errors.missing_findings
    [[start, end]] = found.predicted_findings[0].spans
    assert candidate[start:end] == "pleural effusion"


def test_a_hundred_kilobytes_of_one_statement_count_once() -> None:
    sentence = "Small right pleural effusion. "
    found = evaluate.evaluate(sentence, sentence * (100_000 // len(sentence)))
    assert found.raw == 1.0
    assert len(found.predicted_findings) == 1


def test_a_spanish_reference_is_played_in_spanish() -> None:
    reference = "Derrame pleural izquierdo leve. Cardiomegalia."
    better = evaluate.evaluate(reference, "Pequeño derrame izquierdo.", language="es")
    worse = evaluate.evaluate(reference, "Pequeño derrame derecho.", language="es")
    assert better.raw > worse.raw > 0


def command(name: str, lines: list[str], *options: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "ml", name, *options],
        input="".join(line + "\n" for line in lines),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("processes", ["1", "2"])
def test_the_evaluate_command_answers_every_line_and_goes_on_after_a_bad_one(
    processes: str,
) -> None:
    good = {"id": "a", "reference": "Left pneumothorax.", "candidate": "No pneumothorax."}
    lines = [
        json.dumps(good),
        "no json",
        json.dumps({"id": "c", "reference": "Left pneumothorax."}),
        json.dumps({**good, "id": "d", "age": "young"}),
        json.dumps([1]),
        json.dumps({**good, "id": "e", "candidate": "Left pneumothorax.", "age": "065Y"}),
    ]
    found = command("evaluate", lines, "--processes", processes)
    assert [item["id"] for item in found] == ["a", None, "c", "d", None, "e"]
    assert set(found[0]) == {"id", "crimson", "evaluation", "style", "metrics"}
    assert found[0]["crimson"] == 0.0
    assert found[0]["metrics"]["missing"] == 1
    assert "JSON" in found[1]["error"] or "Expecting" in found[1]["error"]
    assert "candidate" in found[2]["error"]
    assert "age" in found[3]["error"]
    assert "object" in found[4]["error"]
    assert found[5]["crimson"] == 1.0


def test_the_extract_command_answers_every_line_and_goes_on_after_a_bad_one() -> None:
    lines = [
        json.dumps({"id": 1, "text": "Small left effusion."}),
        json.dumps({"id": 2}),
        json.dumps({"id": 3, "text": "Derrame derecho.", "language": "es"}),
        json.dumps({"id": 4, "text": ""}),
    ]
    found = command("extract", lines, "--processes", "1")
    assert [item["id"] for item in found] == [1, 2, 3, 4]
    [effusion] = found[0]["findings"]
    assert (effusion["label"], effusion["side"], effusion["span"]) == (
        "pleural_effusion",
        "left",
        [11, 19],
    )
    assert "text" in found[1]["error"]
    assert found[2]["findings"][0]["side"] == "right"
    assert found[3]["findings"] == []


def test_an_impression_that_sums_up_both_sides_is_no_third_finding():
    reference = (
        "A 27 mm nodule in the left lung. A 28 mm nodule in the right lung. Nodules in both lungs."
    )
    candidate = "A 27 mm nodule in the left lung. A 28 mm nodule in the right lung."
    for first, second in ((reference, candidate), (candidate, reference)):
        result = evaluate.evaluate(first, second)
        assert result.raw == 1.0
        assert len(result.reference_findings) == 2


def test_a_wrong_report_of_one_of_two_sides_is_not_excused_by_the_summary():
    reference = (
        "27 mm nodule in the left lung. 28 mm nodule in the right lung. Nodules in both lungs."
    )
    result = evaluate.evaluate(reference, "A 12 mm nodule in the right lung.")
    assert len(result.errors.missing_findings) == 1
    kinds = [kind for error in result.errors.attribute_errors for kind in error.error_types]
    assert kinds == ["measurement"]


@pytest.mark.parametrize(
    ("reference", "called"),
    [
        ("3.6 cm spiculated mass in the left mid lung zone.", "left mass"),
        ("A 12 mm nodule in the right upper lobe.", "right nodule"),
        ("Left lung mass.", "left mass"),
        ("Nodule in the right upper lobe.", "right nodule"),
    ],
)
def test_a_mass_is_not_called_a_nodule(reference, called):
    [note] = evaluate.evaluate(reference, "The heart size is normal.").notes
    assert f"Not in your report: {called} " in note.explanation


@pytest.mark.parametrize(
    ("reference", "wording"),
    [
        ("3.6 cm spiculated mass in the left mid lung zone.", "36 mm mass in the left mid zone."),
        ("Left retrocardiac atelectasis.", "Atelectasis in the left retrocardiac region."),
        ("Right hilar mass.", "Right hilar enlargement."),
        ("Atelectasis in the lingula.", "Atelectasis in the lingula."),
        ("Small right pleural effusion.", "Small right pleural effusion."),
        ("Bilateral lower lobe consolidation.", "Bilateral consolidation in the lower lobes."),
    ],
)
def test_the_example_wording_is_a_sentence_that_could_be_written(reference, wording):
    [note] = evaluate.evaluate(reference, "The heart size is normal.").notes
    assert note.suggestion == wording


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        ("Thoracic scoliosis.", "en", "scoliosis"),
        ("Escoliosis dorsal.", "es", "scoliosis"),
        ("Skoliose der Wirbelsäule.", "de", "scoliosis"),
        ("Scoliose dorsale.", "fr", "scoliosis"),
        ("Escoliose dorsal.", "pt", "scoliosis"),
        ("Right PICC.", "en", "right PICC"),
        ("Mediastinal adenopathy.", "en", "mediastinal lymphadenopathy"),
    ],
)
def test_a_kind_of_finding_has_the_name_that_readers_use(
    text: str, language: str, name: str
) -> None:
    [finding] = evaluate.evaluate(text, text, language=language).reference_findings
    assert finding.name == name
