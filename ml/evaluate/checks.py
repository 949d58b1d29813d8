"""What can be wrong with the texts of an evaluation, said before and beside the score."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from ml import style
from ml.evaluate.schema import Evaluation

LANGUAGES = ("en", "es")
LONGEST_TEXT = 200_000
"""Characters; a long report has about 2,000."""
SHORT_TEXT = 5
"""Words; fewer cannot describe a study."""

EMPTY = "The report is empty."
SHORT = "The report is very short."
NOT_READ = "Nothing in the report was recognized as a statement about the chest."
PASTED = "The report is the reference, word for word."
OTHER_LANGUAGE = "The report does not seem to be written in {name}."
NAMES = {"en": "English", "es": "Spanish"}
COMMON_WORDS = {
    "en": re.compile(
        r"\b(?:the|is|are|no|of|and|in|or|with|there|not|normal|lungs?|heart)\b", re.IGNORECASE
    ),
    "es": re.compile(
        r"\b(?:el|la|los|las|de|del|y|en|con|sin|no|se|un|una|es|normal(?:es)?)\b", re.IGNORECASE
    ),
}
LANGUAGE_SAMPLE = 5_000
FEWEST_COMMON_WORDS = 0.04
"""Share of common words below which a text of some length is in another language."""


def check_texts(reference: Any, candidate: Any, language: Any) -> None:
    """ValueError when a text is no text, too long, or the reference is empty."""
    for name, text in (("reference", reference), ("candidate", candidate)):
        if not isinstance(text, str):
            raise ValueError(f"{name} must be a string, got {type(text).__name__}")
        if len(text) > LONGEST_TEXT:
            raise ValueError(f"{name} has {len(text)} characters; at most {LONGEST_TEXT} are read")
    if not reference.strip():
        raise ValueError("reference is empty: there is nothing to compare the report with")
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, got {language!r}")


def with_remarks(
    evaluation: Evaluation, reference: str, candidate: str, language: str
) -> Evaluation:
    """The evaluation with what a reader should know of the candidate's text."""
    remark = _remark(evaluation, reference, candidate, language)
    return replace(evaluation, remarks=(*evaluation.remarks, remark)) if remark else evaluation


def _remark(evaluation: Evaluation, reference: str, candidate: str, language: str) -> str:
    words = re.findall(r"\w+", candidate[:LANGUAGE_SAMPLE])
    if not words:
        return EMPTY
    if candidate.split() == reference.split():
        return PASTED
    if not evaluation.predicted_findings and not any(style.coverage(candidate, language).values()):
        common = COMMON_WORDS[language].findall(candidate[:LANGUAGE_SAMPLE])
        if len(words) >= SHORT_TEXT and len(common) < FEWEST_COMMON_WORDS * len(words):
            return OTHER_LANGUAGE.format(name=NAMES[language])
        return NOT_READ
    return SHORT if len(words) < SHORT_TEXT else ""
