"""The `rules` engine: two texts and the patient → Evaluation, in milliseconds, no model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ml.evaluate.compare import mistakes_of
from ml.evaluate.explain import name_of, notes_for, side_of
from ml.evaluate.mentions import Reading, read
from ml.evaluate.observation import Observation
from ml.evaluate.pairing import Pair, pairs_of
from ml.evaluate.schema import AttributeMistake, Errors, EvaluatedFinding, Evaluation, Match
from ml.evaluate.significance import Patient, significance_of

ENGINE = "rules"
VERSION = "1"

PRIOR = re.compile(
    r"\b(?:prior|previous(?:ly)?|comparison|compared|interval(?:ly)?|unchanged|stable|again|"
    r"since|earlier|persist\w*|improv\w*|worsen\w*|decreas\w*|increas\w*|resol\w*|new|"
    r"previ[oa]s?|comparaci[oó]n|cambios|estable)\b",
    re.IGNORECASE,
)


def evaluate(reference: str, candidate: str, patient: Patient, language: str = "en") -> Evaluation:
    """Compare two report texts; normal statements count on neither side.

    Only findings said to be present or possible are paired. A finding that the
    candidate denies is a missing one, and its note says so.
    """
    wanted, given = read(reference, language), read(candidate, language)
    prior = bool(PRIOR.search(reference))
    return compare(wanted, given, patient, prior_mentioned=prior)


def compare(
    wanted: Reading, given: Reading, patient: Patient, *, prior_mentioned: bool
) -> Evaluation:
    """Pair the findings of two texts and list the errors."""
    reference = _numbered("R", wanted.findings, patient)
    predicted = _numbered("P", given.findings, patient)
    pairs = pairs_of(wanted.findings, given.findings)
    seen_reference = {pair.reference for pair in pairs}
    seen_predicted = {pair.candidate for pair in pairs}
    errors = Errors(
        tuple(f.id for place, f in enumerate(predicted) if place not in seen_predicted),
        tuple(f.id for place, f in enumerate(reference) if place not in seen_reference),
        tuple(_mistakes(pairs, wanted.findings, given.findings, reference, prior_mentioned)),
    )
    matches = tuple(Match(f"R{pair.reference + 1}", f"P{pair.candidate + 1}") for pair in pairs)
    evaluation = Evaluation(ENGINE, VERSION, reference, predicted, matches, errors)
    notes = notes_for(evaluation, wanted.findings, given.denied)
    return replace(evaluation, notes=notes)


def _numbered(
    letter: str, findings: Sequence[Observation], patient: Patient
) -> tuple[EvaluatedFinding, ...]:
    numbered = []
    for place, finding in enumerate(findings, start=1):
        significance, reason = significance_of(finding, patient)
        numbered.append(
            EvaluatedFinding(
                f"{letter}{place}",
                finding.words,
                significance,
                finding.label,
                finding.spans,
                reason,
                side_of(finding),
                name_of(finding),
            )
        )
    return tuple(numbered)


def _mistakes(
    pairs: Sequence[Pair],
    wanted: Sequence[Observation],
    given: Sequence[Observation],
    reference: Sequence[EvaluatedFinding],
    prior_mentioned: bool,
) -> list[AttributeMistake]:
    found = []
    for pair in pairs:
        partners = [other.candidate for other in pairs if other.reference == pair.reference]
        said: frozenset[str] = frozenset().union(*(given[place].sides for place in partners))
        for mistake in mistakes_of(
            wanted[pair.reference],
            given[pair.candidate],
            pair.relation,
            prior_mentioned=prior_mentioned,
            urgent=reference[pair.reference].clinical_significance == "urgent",
            said_sides=said,
        ):
            found.append(
                AttributeMistake(
                    f"R{pair.reference + 1}",
                    f"P{pair.candidate + 1}",
                    mistake.severity,
                    (mistake.kind,),
                    mistake.explanation,
                )
            )
    return found
