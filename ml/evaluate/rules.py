"""The `rules` engine: two texts and the patient → Evaluation, in milliseconds, no model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ml.evaluate.compare import mistakes_of
from ml.evaluate.explain import name_of, notes_for, side_of
from ml.evaluate.mentions import Reading, read
from ml.evaluate.observation import Observation
from ml.evaluate.pairing import Pair, pairs_of, says_again
from ml.evaluate.relations import SHIFT
from ml.evaluate.schema import AttributeMistake, Errors, EvaluatedFinding, Evaluation, Match
from ml.evaluate.significance import Patient, gravest_of
from ml.evaluate.tongue import other_language
from ml.findings import normality

ENGINE = "rules"
VERSION = "8"

ACTIONABLE = ("urgent", "actionable_not_urgent")


def evaluate(
    reference: str, candidate: str, patient: Patient, language: str = "en"
) -> tuple[Evaluation, Reading]:
    """Compare two report texts; normal statements count on neither side.

    Answers the evaluation and what the candidate was read as: nothing, where it is written in
    another language.

    Only findings said to be present or possible are paired. A finding that the
    candidate denies is a missing one, and its note says so.
    """
    foreign = other_language(candidate, language)
    wanted, given = read(reference, language), read("" if foreign else candidate, language)
    prior = normality.mentions_prior(reference, language)
    return compare(wanted, given, patient, prior_mentioned=prior), given


def compare(
    wanted: Reading, given: Reading, patient: Patient, *, prior_mentioned: bool
) -> Evaluation:
    """Pair the findings of two texts and list the errors."""
    reference = _numbered("R", wanted.findings, patient)
    predicted = _numbered("P", given.findings, patient)
    contradicted = _own_contradictions(wanted, given, predicted)
    urgent = frozenset(
        place for place, found in enumerate(reference) if found.clinical_significance == "urgent"
    )
    pairs = pairs_of(wanted.findings, given.findings, contradicted, urgent, wanted.denied)
    seen_reference = {pair.reference for pair in pairs}
    seen_predicted = {pair.candidate for pair in pairs}
    errors = Errors(
        tuple(f.id for place, f in enumerate(predicted) if place not in seen_predicted),
        tuple(f.id for place, f in enumerate(reference) if place not in seen_reference),
        tuple(_mistakes(pairs, wanted, given, reference, prior_mentioned)),
    )
    matches = tuple(Match(f"R{pair.reference + 1}", f"P{pair.candidate + 1}") for pair in pairs)
    evaluation = Evaluation(ENGINE, VERSION, reference, predicted, matches, errors)
    refused = frozenset(f"P{place + 1}" for place in contradicted)
    notes = notes_for(evaluation, wanted.findings, given.findings, given.denied, refused)
    return replace(evaluation, notes=notes)


def _own_contradictions(
    wanted: Reading, given: Reading, predicted: Sequence[EvaluatedFinding]
) -> frozenset[int]:
    """Candidate findings that it contradicts and the reference, which may do so too, does not."""
    if wanted.all_normal and wanted.findings:
        return frozenset()
    shared = {wanted.findings[place].concept for place in wanted.contradicted | wanted.at_odds}
    found = given.contradicted | given.at_odds | _denied_by_normal(given, predicted)
    return frozenset(place for place in found if given.findings[place].concept not in shared)


def _denied_by_normal(given: Reading, predicted: Sequence[EvaluatedFinding]) -> frozenset[int]:
    """What cannot stand beside "normal chest": everything that asks for action."""
    if not given.all_normal:
        return frozenset()
    return frozenset(
        place
        for place, finding in enumerate(predicted)
        if finding.clinical_significance in ACTIONABLE and given.findings[place].certain
    )


def _numbered(
    letter: str, findings: Sequence[Observation], patient: Patient
) -> tuple[EvaluatedFinding, ...]:
    numbered = []
    for place, finding in enumerate(findings, start=1):
        significance, reason = gravest_of(finding, patient)
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


def _sides_of(findings: Iterable[Observation]) -> frozenset[str]:
    return frozenset(side for finding in findings for side in finding.sides)


PUSHING = frozenset({"pneumothorax", "pleural_effusion"})


def _tells_push(given: Reading) -> bool:
    """Whether what pushes the mediastinum is named with its one side."""
    sides = _sides_of(finding for finding in given.findings if finding.label in PUSHING)
    return len(sides) == 1


def _is_said_again(pair: Pair, pairs: Sequence[Pair], given: Reading) -> bool:
    """Whether another finding of the candidate says by its name what this one says generally."""
    return any(
        other.reference == pair.reference
        and other.relation.severity == "negligible"
        and says_again(given.findings[pair.candidate], given.findings[other.candidate])
        for other in pairs
        if other.candidate != pair.candidate
    )


def _mistakes(
    pairs: Sequence[Pair],
    wanted: Reading,
    given: Reading,
    reference: Sequence[EvaluatedFinding],
    prior_mentioned: bool,
) -> list[AttributeMistake]:
    found = []
    for pair in pairs:
        if pair.relation.kind == "sign" or _is_said_again(pair, pairs, given):
            continue
        significance = reference[pair.reference].clinical_significance
        said = [given.findings[p.candidate] for p in pairs if p.reference == pair.reference]
        meant = [wanted.findings[p.reference] for p in pairs if p.candidate == pair.candidate]
        for mistake in mistakes_of(
            wanted.findings[pair.reference],
            given.findings[pair.candidate],
            pair.relation,
            prior_mentioned=prior_mentioned,
            urgent=significance == "urgent",
            said_sides=_sides_of(said),
            meant_sides=_sides_of(meant),
            said_zones=frozenset(zone for finding in said for zone in finding.zones),
            dismissed=significance in ACTIONABLE
            and pair.candidate in given.dismissed
            and pair.reference not in wanted.dismissed,
            shift_said=any(finding.label == SHIFT for finding in given.findings),
            push_told=_tells_push(given),
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
