"""The style score: what is covered, how it is worded, and what to do better."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import evaluate, style, tables
from ml.crimson import SIGNIFICANCE_WEIGHTS
from ml.findings import LANGUAGES
from ml.style.coverage import _beginnings
from ml.style.coverage import lexicon as region_words

pytestmark = pytest.mark.pure

SYSTEMATIC = (
    "The heart is normal in size. The mediastinal and hilar contours are unremarkable. "
    "The lungs are clear. There is no pleural effusion or pneumothorax. "
    "No acute osseous abnormality. The upper abdomen is unremarkable."
)


def test_a_systematic_report_has_full_points_and_no_recommendation() -> None:
    found = style.score(SYSTEMATIC)
    assert found.points == 100
    assert found.coverage.recommendation == found.organization.recommendation == ""


def test_an_empty_report_has_none_and_is_told_where_to_begin() -> None:
    found = style.score("")
    assert found.points == 0
    assert "lungs" in found.coverage.recommendation
    assert found.organization.recommendation


@pytest.mark.parametrize(
    ("text", "score", "said"),
    [
        ("The lungs are clear. The heart is normal. No rib fracture is seen.", 0.5, "pleura"),
        ("Consolidation in the right lower lobe is present today.", 0.0, "pleura"),
        (SYSTEMATIC.replace("There is no pleural effusion or pneumothorax. ", ""), 0.5, "pleura"),
    ],
)
def test_what_was_not_covered_is_recommended(text: str, score: float, said: str) -> None:
    part = style.score(text).coverage
    assert part.score == score
    assert said in part.recommendation


ABOUT = {
    "mediastinum": "The mediastinal and hilar contours are unremarkable. ",
    "devices_abdomen": "The upper abdomen is unremarkable.",
    "bones": "No acute osseous abnormality. ",
    "lungs": "The lungs are clear. ",
    "pleura": "There is no pleural effusion or pneumothorax. ",
    "heart": "The heart is normal in size. ",
}


@pytest.mark.parametrize(
    ("unsaid", "score"),
    [
        ("", 1.0),
        *((region, 1.0) for region in ("mediastinum", "devices_abdomen", "bones")),
        *((region, 0.5) for region in ("lungs", "pleura", "heart")),
        *(("mediastinum bones", 0.5), ("lungs pleura heart", 0.5)),
        *(("mediastinum bones devices_abdomen lungs", 0.0), ("lungs pleura heart bones", 0.0)),
    ],
)
def test_five_of_six_regions_are_enough_with_lungs_pleura_and_heart(unsaid, score) -> None:
    text = "".join(said for region, said in ABOUT.items() if region not in unsaid.split())
    part = style.score(text).coverage
    assert part.score == score
    assert (part.recommendation == "") is (score == 1)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("The lungs look okay and the heart is fine today.", "casual"),
        ("I think there is a small effusion on the left side.", "first_person"),
        ("Opacity in the left base, r/o pna in this patient.", "symbols"),
        ("THERE IS A LARGE PLEURAL EFFUSION ON THE LEFT SIDE.", "shouting"),
        ("The lungs are clear! The heart is normal in size!", "exclamation"),
        ("The lungs are clear. The heart is normal. The lungs are clear.", "repetition"),
        ("lungs clear heart normal no effusion\nno pneumothorax seen in bones", "no_sentences"),
        ("the lungs are clear. the heart is normal. no effusion is seen.", "lowercase"),
    ],
)
def test_a_habit_is_found_and_shown(text: str, rule: str) -> None:
    part = style.score(text).organization
    found = {item.what: item.spans for item in part.evidence}
    assert rule in found
    assert part.score < 1
    assert part.recommendation
    assert all(0 <= start < end <= len(text) for start, end in found[rule])


def test_going_back_and_forth_between_regions_is_found() -> None:
    text = (
        "The heart is large. The lungs are clear. The heart has a pacemaker. "
        "Atelectasis is seen. The heart is stable. The lungs are low in volume. A rib is broken."
    )
    assert "jumping" in {item.what for item in style.score(text).organization.evidence}


def test_ordinary_short_words_are_no_symbols() -> None:
    assert style.score("PA and lateral views. The lungs are clear.").organization.score == 1


def test_coverage_points_at_the_words() -> None:
    text = "Heart size is normal. Sharp costophrenic angles."
    found = style.coverage(text)
    assert [text[a:b] for a, b in found["heart"]] == ["Heart"]
    assert [text[a:b] for a, b in found["pleura"]] == ["costophrenic"]
    assert found["bones"] == []


def test_one_cardiomediastinal_silhouette_covers_heart_and_mediastinum() -> None:
    found = style.coverage("The cardiomediastinal silhouette is normal.")
    assert found["heart"] and found["mediastinum"]


def test_a_spanish_report_is_covered_by_spanish_words_and_advised_in_spanish() -> None:
    found = style.score("Corazón de tamaño normal. Senos costofrénicos libres.", "es")
    regions = {item.what for item in found.coverage.evidence if item.spans}
    assert regions == {"heart", "pleura"}
    assert found.coverage.recommendation.startswith("Diga algo sobre los pulmones")


@given(st.text(max_size=300))
def test_any_text_is_scored_within_bounds(text: str) -> None:
    found = style.score(text)
    assert found.coverage.score in (0, 0.5, 1)
    assert found.organization.score in (0, 0.5, 1)
    for part in (found.coverage, found.organization):
        assert bool(part.recommendation) == (part.score < 1)
        for item in part.evidence:
            assert all(0 <= start <= end <= len(text) for start, end in item.spans)


def test_a_very_long_text_is_scored_in_bounded_time() -> None:
    text = SYSTEMATIC * 300
    start = time.process_time()
    style.score(text)
    assert time.process_time() - start < 5


def told(text: str, reference: str) -> dict[str, list[str]]:
    """Each rule of communication that is due, with the words that keep it."""
    found = evaluate.evaluate(reference, text).predicted_findings
    reported = [
        style.Reported(f.spans, SIGNIFICANCE_WEIGHTS[f.clinical_significance]) for f in found
    ]
    part = style.score(text, reference=reference, found=reported).communication
    return {
        item.what: [text[start:end] for start, end in item.spans]
        for item in (part.evidence if part else ())
    }


PTX = "Large left pneumothorax. Cardiomegaly."


@pytest.mark.parametrize(
    ("text", "reference", "rule", "words"),
    [
        (PTX, PTX, "impression", []),
        ("Cardiomegaly.", "Cardiomegaly.", "impression", None),
        (f"{PTX}\nIMPRESSION: Pneumothorax.", PTX, "impression", [" Pneumothorax."]),
        (f"{PTX} In summary: pneumothorax.", PTX, "impression", [" pneumothorax."]),
        (
            f"{PTX}\nIMPRESSION:\n1. Left pneumothorax.\n2. Cardiomegaly.",
            PTX, "urgency", ["pneumothorax"],
        ),
        (f"{PTX}\nIMPRESSION:\n1. Cardiomegaly.\n2. Left pneumothorax.", PTX, "urgency", []),
        ("Left nodule. CT is recommended.", "Left nodule. Chest CT is advised.",
         "recommendation", ["recommended"]),
        ("Left nodule. No follow-up needed.", "Left nodule. CT is advised.", "recommendation", []),
        ("Left nodule.", "Left nodule. No further imaging is recommended.", "recommendation", None),
        ("Left pneumothorax. Dr. Lee was called at 9:40.", PTX, "communicated", ["was called"]),
        ("Left pneumothorax, once called a skin fold.", PTX, "communicated", []),
        ("Left pneumothorax. The result was not communicated.", PTX, "communicated", []),
        ("Cardiomegaly.", PTX, "communicated", None),
        ("Cardiomegaly, unchanged.", "Cardiomegaly, as on the prior film.", "comparison",
         ["unchanged"]),
        ("Effusion, larger than on 12 May.", "The effusion has grown since the prior.",
         "comparison", ["than on"]),
        ("Effusion.", "Effusion. No change since the prior study.", "comparison", []),
        ("Effusion.", "Effusion. Comparison: none. No prior study.", "comparison", None),
    ],
)  # fmt: skip
def test_what_is_due_is_asked_for_and_shown_where_it_is_said(
    text: str, reference: str, rule: str, words: list[str] | None
) -> None:
    assert told(text, reference).get(rule) == words


@pytest.mark.parametrize(
    "text",
    [
        "Lungs purple. Pleura banana. Heart sings. Bones dance.",
        "The pleura likes no music. Left heart is happy. No bones to pick.",
        "Large heart of gold! Mild lungs, maybe. Possible pleura.",
    ],
)
def test_words_without_sense_cover_no_region(text: str) -> None:
    said = style.coverage(text)
    assert not said["pleura"]
    assert not said["bones"]
    assert not said["lungs"]


def test_sections_and_a_numbered_impression_lose_no_points_of_organization() -> None:
    for numbers in ("1. {} 2. {}", "1) {}\n2) {}", "- {}\n- {}"):
        summary = numbers.format("Left lower lobe pneumonia.", "Small left effusion.")
        part = style.score(
            "FINDINGS:\nConsolidation in the left lower lobe. Small left pleural effusion. "
            "No pneumothorax. The heart is normal in size. No acute osseous abnormality.\n"
            f"IMPRESSION:\n{summary}"
        ).organization
        assert part.score == 1, part.evidence


@pytest.mark.parametrize("language", LANGUAGES)
def test_looking_at_beginnings_first_finds_what_the_words_alone_find(language: str) -> None:
    """In capitals too, and with what `re.IGNORECASE` holds alike: a long s, a Turkish i."""
    rows = tables.rows(f"language/{language}/style_regions")
    words = [row["word"].removesuffix("*") for row in rows]
    by_beginnings = region_words(language).pattern
    begun = rf"(?={_beginnings(words)})"
    assert begun in by_beginnings.pattern
    alone = re.compile(by_beginnings.pattern.replace(begun, ""), re.IGNORECASE)
    others = ("sſ", "k\N{KELVIN SIGN}", "iİ", "iı", "ßẞ")
    for word in words:
        forms = {word, word.upper(), word.title(), word.casefold()}
        forms |= {word.replace(*pair) for pair in others}
        forms |= {f"{word[:cut]}{more}{word[cut:]}" for cut in range(4) for more in "éß-'"}
        for form in forms:
            text = f"x{form} {form}, {form}s"
            assert spans(by_beginnings, text) == spans(alone, text), form


def test_words_of_one_letter_and_of_none_are_looked_for_too() -> None:
    for words, found in [(["s"], "sS"), (["a", "as"], "aA"), (["", "as"], "aAxs"), ([], "x")]:
        for letter in found:
            assert re.match(_beginnings(words), letter), (words, letter)
    assert not re.match(_beginnings(["heart", "he"]), "ha")


def spans(pattern: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    return [match.span() for match in pattern.finditer(text)]
