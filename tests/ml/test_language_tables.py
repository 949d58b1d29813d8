"""The tables of every language are complete, can match, and contradict themselves nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

from ml import devices, findings, style, tables, taxonomy
from ml.evaluate import tongue
from ml.findings import dictated
from ml.findings.lexicon import lexicon
from ml.findings.tokens import PUNCTUATION, sentences

pytestmark = pytest.mark.pure

TABLES = {
    *("lexicon", "context", "modifiers", "positions", "sections", "normal", "unread", "spelling"),
    *("style_regions", "style_wording", "style_advice", "style_communication"),
}
CLASSES = {
    *("stop", "and", "or", "with", "by", "article", "verb", "seen", "affirm", "preposition"),
    *("before_with", "clear", "continues", "abbreviation", "answer", "placed", "whence"),
    *("later", "course", "leading", "contrast"),
}
CORE = {
    *("pneumothorax", "pleural_effusion", "cardiomegaly", "edema", "pneumonia", "consolidation"),
    *("lung_opacity", "infiltration", "atelectasis", "nodule_mass", "fracture", "catheter", "tube"),
    *("heart_device", "emphysema", "interstitial_pattern", "hilar_enlargement", "scoliosis"),
    *("hiatal_hernia", "pneumoperitoneum", "elevated_diaphragm", "mediastinal_widening"),
    *("tortuous_aorta", "aortic_calcification", "calcification", "pleural_thickening"),
}
MARKS = PUNCTUATION | {"$", "¿", "/", "&", "+", "%", "#", "//", "‽"}


def literals(source: str) -> Iterator[str]:
    """The words a pattern names, without its operators."""
    for part in source.split():
        if part.startswith("..") or part == "$":
            continue
        for choice in part.lstrip("?>").split("|"):
            if choice and choice[0] != "@" and choice[-1] != "*":
                yield choice


@pytest.mark.parametrize("language", findings.LANGUAGES)
def test_a_language_has_every_table_every_class_and_every_core_label(language: str) -> None:
    folder = tables.DATA / "language" / language
    assert {path.stem for path in folder.glob("*.csv")} == TABLES
    assert set(lexicon(language).words) >= CLASSES
    named = {
        label
        for row in tables.rows(f"language/{language}/lexicon")
        for label in row["label"].split("|")
    }
    assert named >= CORE
    assert language in tongue.names()


@pytest.mark.parametrize("language", findings.LANGUAGES)
@pytest.mark.parametrize("table", ["lexicon", "context", "modifiers", "positions"])
def test_every_word_of_a_pattern_can_be_a_word_of_a_text(language: str, table: str) -> None:
    """Nothing a tokenizer drops or divides: can't, s/p, a blank."""
    rules = replace(lexicon(language).sentence_rules, dictation=dictated.NONE)
    for row in tables.rows(f"language/{language}/{table}"):
        for word in literals(row["words"]):
            if word in MARKS:
                continue
            tokens = [
                token.word for sentence in sentences(f"a {word}", rules) for token in sentence
            ]
            assert len(tokens) == 2, (
                f"{table}: {word!r} of {row['words']!r} is read as {tokens[1:]}"
            )


@pytest.mark.parametrize("language", findings.LANGUAGES)
def test_no_cue_is_given_two_meanings(language: str) -> None:
    """The same words in two rows: one of the two could never win."""
    seen: dict[str, tuple[str, str]] = {}
    for row in tables.rows(f"language/{language}/context"):
        if row["kind"].startswith("@"):
            continue
        for words in plain_phrases(row["words"]):
            meaning = (row["kind"], row["direction"])
            assert seen.setdefault(words, meaning)[0] == row["kind"], (words, seen[words], meaning)


def plain_phrases(source: str) -> list[str]:
    """The shortest phrases a pattern matches: optional words left out, alternatives spelled out."""
    parts = [part for part in source.split() if not part.startswith("?")]
    if any(part.startswith("..") or "@" in part for part in parts):
        return []
    choices = [part.split("|") for part in parts]
    many = 1
    for choice in choices:
        many *= len(choice)
    return [" ".join(words) for words in product(*choices)] if many <= 200 else []


@pytest.mark.parametrize("language", findings.LANGUAGES)
def test_values_are_those_the_comparison_knows(language: str) -> None:
    zones = {row["zone"] for row in tables.rows("zones")}
    severities = {row["word"] for row in tables.rows("severity")}
    for row in tables.rows(f"language/{language}/modifiers"):
        if row["kind"] == "zone":
            assert row["value"] in zones
        if row["kind"] == "severity":
            assert row["value"] in severities
        if row["kind"] == "change":
            assert row["value"] in {"new", "increased", "decreased", "stable", "resolved"}
    positions = {row["position"] for row in tables.rows("device_positions")}
    for row in tables.rows(f"language/{language}/positions"):
        assert row["position"] in positions
    for row in tables.rows(f"language/{language}/sections"):
        assert row["kind"] in {"skip", "read", "sum"}
    advice = {row["rule"] for row in tables.rows(f"language/{language}/style_advice")}
    assert advice == {row["rule"] for row in tables.rows("language/en/style_advice")}


@pytest.mark.parametrize("language", findings.LANGUAGES)
@pytest.mark.parametrize(
    ("table", "column"),
    [("normal", "words"), ("style_wording", "pattern"), ("style_communication", "words")],
)
def test_every_expression_compiles(language: str, table: str, column: str) -> None:
    for row in tables.rows(f"language/{language}/{table}"):
        re.compile(row[column])


def test_every_device_position_has_a_verdict_of_known_words() -> None:
    for row in tables.rows("device_positions"):
        verdict = devices.judge(row["device"], row["position"])
        assert verdict is not None
        assert verdict.significance in {"urgent", "actionable", "minor", "benign"}
        assert (verdict.judgment == "right") == (verdict.significance == "benign")


PHRASES = {
    "de": [
        (
            "Kein Pneumothorax, kein Erguss.",
            {"pneumothorax": "absent", "pleural_effusion": "absent"},
        ),
        ("V.a. Pneumonie im rechten Unterlappen.", {"pneumonia": "uncertain"}),
        ("Pneumonie nicht auszuschließen.", {"pneumonia": "uncertain"}),
        ("Erguss: nein. Kardiomegalie.", {"pleural_effusion": "absent", "cardiomegaly": "present"}),
        (
            "Herz vergrößert, Erguss links.",
            {"cardiomegaly": "present", "pleural_effusion": "present"},
        ),
        ("Der Pneumothorax ist nicht mehr nachweisbar.", {"pneumothorax": "absent"}),
    ],
    "fr": [
        ("Pas d'épanchement ni de pneumothorax.", {"pleural_effusion": "absent"}),
        ("On ne peut exclure une pneumopathie.", {"pneumonia": "uncertain"}),
        ("Pneumothorax droit probable.", {"pneumothorax": "uncertain"}),
        (
            "Absence d'opacité. Cardiomégalie.",
            {"lung_opacity": "absent", "cardiomegaly": "present"},
        ),
        ("Épanchement : non.", {"pleural_effusion": "absent"}),
    ],
    "pt": [
        ("Sem derrame pleural ou pneumotórax.", {"pleural_effusion": "absent"}),
        ("Não se pode excluir pneumonia.", {"pneumonia": "uncertain"}),
        ("Provável atelectasia basal direita.", {"atelectasis": "uncertain"}),
        ("Derrame: não. Cardiomegalia.", {"pleural_effusion": "absent", "cardiomegaly": "present"}),
        ("Não há consolidações.", {"consolidation": "absent"}),
    ],
}


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [(code, text, wanted) for code, rows in PHRASES.items() for text, wanted in rows],
)
def test_a_language_denies_hedges_and_states(
    language: str, text: str, wanted: dict[str, str]
) -> None:
    found = {item.label: item.presence for item in findings.extract(text, language)}
    assert wanted.items() <= found.items()


@pytest.mark.parametrize("language", findings.LANGUAGES)
def test_style_speaks_every_language(language: str) -> None:
    part = style.score("x", language).coverage
    assert part.score == 0
    assert part.recommendation
    assert set(taxonomy.labels())
