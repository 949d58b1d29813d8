"""German, French and Portuguese reports: sentences, whole reports, and which language a text is in.

The sentences of ``data/sentences/CODE.jsonl`` were written with the tables at hand. Those of
``CODE_aside.jsonl`` were written before the tables were extended and are never used to mend
them: here they only must not fall.
"""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from bench.report_reading import OWN_PAIRS, OWN_SENTENCES, holds, wrongs
from ml import evaluate, findings
from ml.evaluate import checks, tongue
from ml.findings.compounds import parts_of

pytestmark = pytest.mark.pure

SET_ASIDE = {"de": 36, "fr": 36, "pt": 40}
"""Of 40 sentences set aside, how many are read right at least."""


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


SENTENCES = [
    record
    for path in sorted(OWN_SENTENCES.glob("*.jsonl"))
    if not path.stem.endswith("_aside")
    for record in records(path)
]
PAIRS = [record for path in sorted(OWN_PAIRS.glob("*.jsonl")) for record in records(path)]


@pytest.mark.parametrize("record", SENTENCES, ids=lambda record: record["text"][:40])
def test_a_sentence_is_read_as_a_radiologist_reads_it(record: dict[str, Any]) -> None:
    assert wrongs(record["text"], record["language"], record["want"]) == []


@pytest.mark.parametrize(("code", "fewest"), SET_ASIDE.items())
def test_sentences_set_aside_are_read_no_worse(code: str, fewest: int) -> None:
    aside = records(OWN_SENTENCES / f"{code}_aside.jsonl")
    right = [r for r in aside if not wrongs(r["text"], r["language"], r["want"])]
    assert len(aside) == 40
    assert len(right) >= fewest


@pytest.mark.parametrize("record", PAIRS, ids=lambda record: record["name"])
def test_whole_reports_score_in_the_right_relation(record: dict[str, Any]) -> None:
    assert holds(record)


@pytest.mark.parametrize(
    ("code", "reference"), sorted({(r["context"]["language"], r["reference"]) for r in PAIRS})
)
def test_a_report_against_itself_has_no_error(code: str, reference: str) -> None:
    found = evaluate.evaluate(reference, reference, language=code)
    assert found.raw == 1.0
    assert found.errors == evaluate.Errors()


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("oberlappenatelektase", ("oberlappen", "atelektase")),
        ("spannungspneumothorax", ("spannung", "pneumothorax")),
        ("restpneumothorax", ("rest", "pneumothorax")),
        ("pleuraerguss", ("pleuraerguss",)),
        ("thrombozyten", ("thrombozyten",)),
        ("herz", ("herz",)),
    ],
)
def test_a_compound_is_read_as_its_parts(word: str, parts: tuple[str, ...]) -> None:
    assert parts_of(word, "de") == parts


def test_only_languages_that_join_words_divide_them() -> None:
    (found,) = findings.extract("Right pneumothorax.", "en")
    assert found.span == (6, 18)
    (zone,) = findings.extract("Oberlappenpneumonie rechts", "de")
    assert (zone.zone, zone.side, zone.span) == ("upper lobe", "right", (0, 19))


IN_EVERY_LANGUAGE = {
    "en": "Small left apical pneumothorax. Cardiomegaly. No pleural effusion. The lungs are clear.",
    "es": "Pequeño neumotórax apical izquierdo. Cardiomegalia. Sin derrame pleural.",
    "de": "Kleiner apikaler Pneumothorax links. Kardiomegalie. Kein Pleuraerguss.",
    "fr": "Petit pneumothorax apical gauche. Cardiomégalie. Pas d'épanchement pleural.",
    "pt": "Pequeno pneumotórax apical esquerdo. Cardiomegalia. Não há derrame pleural.",
}


@pytest.mark.parametrize(("wanted", "written"), list(permutations(findings.LANGUAGES, 2)))
def test_a_text_in_another_language_is_told_so_and_earns_nothing(wanted: str, written: str) -> None:
    found = evaluate.evaluate(
        IN_EVERY_LANGUAGE[wanted], IN_EVERY_LANGUAGE[written], language=wanted
    )
    assert found.remarks == (checks.OTHER_LANGUAGE.format(name=tongue.names()[wanted]),)
    assert found.score == 0


@pytest.mark.parametrize("language", findings.LANGUAGES)
def test_a_text_in_the_language_of_the_case_is_taken(language: str) -> None:
    text = IN_EVERY_LANGUAGE[language]
    assert evaluate.evaluate(text, text, language=language).score == 100


@pytest.mark.parametrize("code", SET_ASIDE)
def test_no_sentence_of_a_language_is_taken_for_another(code: str) -> None:
    said = [record["text"] for record in records(OWN_SENTENCES / f"{code}.jsonl")]
    assert [text for text in said if tongue.other_language(text, code)] == []


@pytest.mark.parametrize("text", ["Consolidation basale droite.", "Pneumonie basale droite"])
def test_one_foreign_word_is_enough_in_a_short_text_without_words_of_its_own(text: str) -> None:
    reference = "Right lower lobe consolidation, likely pneumonia."
    assert evaluate.evaluate(reference, text).void
    assert not evaluate.evaluate(reference, "RLL consolidation, base.").void
