"""A language model's answers, parsed and checked against the texts they are about."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ml import findings
from ml.evaluate.explain import phrase_of
from ml.evaluate.schema import EvaluatedFinding, Evaluation, Span, from_json
from ml.llm.prompt import MOST_FINDINGS

LONGEST_EXPLANATION = 400
SIDES = ("left", "right", "bilateral")
THOUGHT = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)
"""What some models write before they answer, where their server does not take it out."""
FENCE = re.compile(r"^\s*```(?:json)?\s*(.*?)\s*```\s*$", re.DOTALL)


def parsed(text: str) -> dict[str, Any]:
    """The JSON object of an answer, also in a code fence or after a thought. ValueError else."""
    text = THOUGHT.sub("", text)
    fenced = FENCE.match(text)
    try:
        found = json.loads(fenced.group(1) if fenced else text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not JSON ({error})") from None
    if not isinstance(found, dict):
        raise ValueError("it is not a JSON object")
    return found


def reference_findings(
    answer: Mapping[str, Any], reference: str, language: str
) -> tuple[EvaluatedFinding, ...]:
    """The checked findings of the first answer. ValueError says what does not fit."""
    return _findings(answer, "reference_findings", "R", reference, language)


def evaluation_of(
    answer: Mapping[str, Any],
    known: Sequence[EvaluatedFinding],
    candidate: str,
    language: str,
    version: str,
) -> Evaluation:
    """The second answer as an Evaluation. ValueError says what does not fit.

    Which findings are missing and which false is made from the matches: so the model
    cannot contradict itself, and nobody can talk a missing finding away without a match, which
    needs words of the candidate to point at.
    """
    predicted = _findings(answer, "predicted_findings", "P", candidate, language)
    mistakes = answer.get("attribute_errors")
    if isinstance(mistakes, list):
        mistakes = [_shortened(item) for item in mistakes]
    return from_json(
        {
            "reference_findings": [finding.to_json() for finding in known],
            "predicted_findings": [finding.to_json() for finding in predicted],
            "matched_findings": answer.get("matched_findings"),
            "errors": {
                "false_findings": [],
                "missing_findings": [],
                "attribute_errors": mistakes,
            },
        },
        engine="llm",
        version=version,
        repair=True,
    )


def _shortened(item: Any) -> Any:
    if isinstance(item, dict) and isinstance(item.get("explanation"), str):
        return {**item, "explanation": item["explanation"][:LONGEST_EXPLANATION]}
    return item


def _findings(
    answer: Mapping[str, Any], key: str, letter: str, text: str, language: str
) -> tuple[EvaluatedFinding, ...]:
    items = answer.get(key)
    if not isinstance(items, list):
        raise ValueError(f"{key} must be a list")
    if len(items) > MOST_FINDINGS:
        raise ValueError(f"{key} has {len(items)} entries; at most {MOST_FINDINGS} are read")
    # The schema's own reader checks every key; matches do not matter here.
    record = {
        "reference_findings": items,
        "predicted_findings": [],
        "matched_findings": [],
        "errors": {"false_findings": [], "missing_findings": [], "attribute_errors": []},
    }
    read = from_json(record, engine="llm", version="0", repair=True).reference_findings
    for number, finding in enumerate(read, start=1):
        if finding.id != f"{letter}{number}":
            raise ValueError(f"{key} must be numbered {letter}1, {letter}2, …; got {finding.id!r}")
    return tuple(_placed(finding, text, key, language) for finding in read)


def _placed(finding: EvaluatedFinding, text: str, key: str, language: str) -> EvaluatedFinding:
    """The finding with the place of its words and its label; ValueError for words not there."""
    span = place_of(finding.finding, text)
    if span is None:
        raise ValueError(f"{key}: {finding.id} does not copy words of the text")
    words = text[span[0] : span[1]]
    found = [f for f in findings.extract(words, language) if f.presence != "absent"]
    placed = replace(finding, finding=words, spans=(span,), label=None, side=None, name="")
    if not found:
        return placed
    label, side = found[0].label, found[0].side if found[0].side in SIDES else None
    name = " ".join(word for word in (side, phrase_of(label)) if word)
    return replace(placed, label=label, side=side, name=name)


def place_of(words: str, text: str) -> Span | None:
    """Where `text` has these words, whatever its case and white space; None where nowhere."""
    parts = words.split()
    if not parts:
        return None
    pattern = r"\s+".join(re.escape(part) for part in parts)
    match = re.search(pattern, text, re.IGNORECASE)
    return match.span() if match else None
