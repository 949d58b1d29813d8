"""What can be wrong with the texts of an evaluation, said before and beside the score."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from ml.evaluate import tongue
from ml.evaluate.mentions import Reading, read
from ml.evaluate.schema import Evaluation
from ml.findings import LANGUAGES, normality

LONGEST_TEXT = 200_000
"""Characters; a long report has about 2,000."""
SHORT_TEXT = 5
"""Words; fewer cannot describe a study."""

EMPTY = "The report is empty."
SHORT = "The report is very short."
NOT_READ = "Nothing in the report was recognized as a statement about the chest."
PASTED = "The report is the reference, word for word."
OTHER_LANGUAGE = "The report does not seem to be written in {name}."
COMMON_WORDS = tongue.common_words()
"""Code of a language → a pattern of its commonest words."""
FEWEST_COMMON_WORDS = 0.04
"""Share of common words below which a text of some length is in another language."""
UNSTATED = (
    "The report earns nothing: it does not say for certain that anything in the chest is normal, "
    "nor that any finding is absent."
)


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
    evaluation: Evaluation,
    reference: str,
    candidate: str,
    language: str,
    given: Reading | None = None,
) -> Evaluation:
    """The evaluation with what a reader should know of the candidate's text, and whether it counts.

    A text that is not read as a report earns nothing; nor does one on a normal case that
    neither says that anything is normal nor denies anything. `given` is what the rules read in the
    candidate, where that is known already.
    """
    given = given or read(candidate, language)
    void = _void(evaluation, given, candidate, language)
    remark = void or _remark(reference, candidate)
    remarks = (*evaluation.remarks, remark) if remark else evaluation.remarks
    return replace(evaluation, remarks=remarks, void=void)


def _void(evaluation: Evaluation, given: Reading, candidate: str, language: str) -> str:
    if not re.search(r"\w", candidate):
        return EMPTY
    if tongue.other_language(candidate, language):
        return OTHER_LANGUAGE.format(name=tongue.names()[language])
    if given.normal:
        return ""
    named = given.findings or given.denied or normality.says_anything_normal(candidate, language)
    if not named:
        return NOT_READ
    return "" if given.findings and evaluation.reference_findings else UNSTATED


def _remark(reference: str, candidate: str) -> str:
    if candidate.split() == reference.split():
        return PASTED
    return SHORT if len(re.findall(r"\w+", candidate)) < SHORT_TEXT else ""
