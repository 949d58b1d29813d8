"""What a report says to whom: impression, its order, what is next, who was told, comparison.

Each is judged only where it is due: an impression from two findings on, its order where findings
differ in urgency, a recommendation and a comparison where the reference has one, and
communication where an urgent finding is reported.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from ml import tables
from ml.findings import sections
from ml.style.coverage import advice, spoken
from ml.style.model import Evidence, Part, Span

NAMES = {
    "impression": "an impression",
    "urgency": "the most urgent first",
    "recommendation": "what to do next",
    "communicated": "the urgent result communicated",
    "comparison": "the earlier study named",
}
MANY = 2
"""Findings from which on an impression is due."""


@dataclass(frozen=True)
class Reported:
    """One finding of a learner's report."""

    spans: tuple[Span, ...]
    weight: float
    """Its clinical significance, 0 to 1; urgent is 1."""


@cache
def _pattern(language: str, kind: str) -> re.Pattern[str]:
    rows = tables.rows(f"language/{language}/style_communication")
    words = "|".join(row["words"] for row in rows if row["kind"] == kind)
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)


CLAUSE = re.compile(r"[.;!?\n]")
BEFORE = {"comparison": 1}
"""Characters in which a word of denial turns what follows: "no prior", not "no change since"."""
LONGEST_CLAUSE = 200
REACH = 25
"""The same of every other kind: "no further follow-up needed"."""


def _said(text: str, language: str, kind: str) -> tuple[Span, ...]:
    """Where a text says something of a kind, and does not deny it."""
    rows = tables.rows(f"language/{language}/style_communication")
    denied = _pattern(language, "denied") if any(row["kind"] == "denied" for row in rows) else None
    found = []
    for match in _pattern(language, kind).finditer(text):
        clause = CLAUSE.split(text[max(0, match.start() - LONGEST_CLAUSE) : match.start()])[-1]
        last = [denial.end() for denial in denied.finditer(clause)] if denied else []
        if not last or len(clause) - last[-1] > BEFORE.get(kind, REACH):
            found.append(match.span())
    return tuple(found)


def communication_part(
    text: str, language: str, reference: str, found: Sequence[Reported]
) -> Part | None:
    """1 when all that is due is there, 0.5 for half of it; None where nothing is due."""
    language = spoken(language)
    due = _due(text, language, reference, found)
    if not due:
        return None
    done = sum(bool(spans) for _, spans in due)
    score = 1.0 if done == len(due) else 0.5 if 2 * done >= len(due) else 0.0
    missing = next((rule for rule, spans in due if not spans), "")
    evidence = tuple(Evidence(rule, NAMES[rule], spans) for rule, spans in due)
    return Part(score, evidence, advice(language)[missing] if missing else "")


def _due(
    text: str, language: str, reference: str, found: Sequence[Reported]
) -> list[tuple[str, tuple[Span, ...]]]:
    """The rules that apply, each with where the text keeps it."""
    summary = sections.impression(text, language)
    due: list[tuple[str, tuple[Span, ...]]] = []
    if len(found) >= MANY:
        due.append(("impression", (summary,) if summary else ()))
        if summary and (order := _order(summary, found)) is not None:
            due.append(("urgency", order))
    for rule, asked in (
        ("recommendation", _said(reference, language, "recommendation")),
        ("communicated", any(finding.weight >= 1.0 for finding in found)),
        ("comparison", _said(reference, language, "comparison")),
    ):
        if asked:
            due.append((rule, _said(text, language, rule)))
    return due


def _order(summary: Span, found: Sequence[Reported]) -> tuple[Span, ...] | None:
    """The impression's first finding if none weighs more; None where all weigh alike."""
    inside = sorted(
        (span, finding.weight)
        for finding in found
        for span in finding.spans
        if summary[0] <= span[0] < summary[1]
    )
    if len({weight for _, weight in inside}) < MANY:
        return None
    (first, weight), heaviest = inside[0], max(weight for _, weight in inside)
    return (first,) if weight == heaviest else ()
