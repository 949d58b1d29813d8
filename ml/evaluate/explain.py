"""Sentences for the learner: what happened to each finding, and how to word it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import count
from typing import Literal

from ml import tables, taxonomy
from ml.evaluate import relations
from ml.evaluate.location import zones_in_words
from ml.evaluate.observation import BILATERAL, Observation
from ml.evaluate.schema import AttributeMistake, EvaluatedFinding, Evaluation, Note, Span

LARGEST_NODULE_MM = 30
"""Above it a nodule is called a mass (Fleischner Society glossary, Radiology 2008;246:697)."""
NO_PLACES = frozenset(
    {
        *("above carina", "apex", "base", "below diaphragm", "coiled", "distal", "fractured"),
        *("high", "kinked", "low", "malpositioned", "position", "satisfactory", "side port out"),
    }
)
"""Positions of devices that are no part of the body to lie in."""
ONE_SIDED = frozenset({"lingula"})
"""Zones with which no side is said."""
WEIGHT_WORDS = {
    "urgent": "urgent",
    "actionable_not_urgent": "actionable",
    "not_actionable_not_urgent": "minor",
    "benign_expected": "benign",
}


@cache
def _phrases() -> dict[str, str]:
    return {row["label"]: row["phrase"] for row in tables.rows("phrases")}


def phrase_of(label: str) -> str:
    """A label, or a kind of one, as it is said in a sentence."""
    if label in _phrases():
        return _phrases()[label]
    entry = taxonomy.labels().get(label)
    return (entry.name if entry else label.replace("_", " ")).split(" / ")[0].lower()


def side_of(finding: Observation) -> str | None:
    """left, right or bilateral; None when unsaid or in the middle."""
    sides = finding.sides & BILATERAL
    return "bilateral" if sides == BILATERAL else next(iter(sides), None)


def kind_of(finding: Observation) -> str:
    """What a finding is, in a sentence: its kind where the words say one, else its label."""
    if finding.concept in relations.kinds_of(finding.label):
        return phrase_of(finding.concept)
    if finding.label == "nodule_mass" and _is_mass(finding):
        return "mass"
    return phrase_of(finding.label)


def _is_mass(finding: Observation) -> bool:
    sized = max(finding.sizes_mm, default=0.0)
    return sized > LARGEST_NODULE_MM or (not sized and "mass" in finding.words.lower())


def name_of(finding: Observation) -> str:
    """A finding's kind with its side: "right pleural effusion"; of a device what it lies in."""
    side, kind = side_of(finding), kind_of(finding)
    if inside := finding.positions - NO_PLACES:
        place = max(inside, key=lambda place: (len(place), place))
        lead = " with a lead" if finding.label == "heart_device" else ""
        kind = f"{kind}{lead} in the {place}"
        side = None if place.split()[0] in BILATERAL else side
    return " ".join(word for word in (side, kind) if word)


def wording_of(finding: Observation) -> str:
    """An example sentence that says everything the finding has: size, severity, side, place."""
    sizes = " × ".join(f"{size:g} mm" for size in finding.sizes_mm)
    if sizes and "above carina" in finding.positions:
        return f"{_capital(name_of(finding))} {sizes} above the carina."
    hedge = "" if finding.certain else "possible"
    severity = finding.severities[-1] if finding.severities else ""
    change = " ".join(sorted(finding.changes & {"new", "stable"}))
    words = (hedge, change, sizes, severity, _placed(finding))
    return _capital(" ".join(word for word in words if word)) + "."


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def _placed(finding: Observation) -> str:
    """A finding's kind with side and zone: "nodule in the left mid zone"."""
    side, kind = side_of(finding), kind_of(finding)
    zones = {zone for zone in finding.zones if zone not in kind}
    if not zones or finding.positions - NO_PLACES:
        return name_of(finding)
    if side == "bilateral":
        return f"{side} {kind} in the {zones_in_words(zones, both_sides=True)}"
    said = "" if side is None or zones <= ONE_SIDED else f"{side} "
    return f"{kind} in the {said}{zones_in_words(zones)}"


def notes_for(
    evaluation: Evaluation,
    reference: Sequence[Observation],
    candidate: Sequence[Observation] = (),
    denied: frozenset[str] = frozenset(),
    contradicted: frozenset[str] = frozenset(),
) -> tuple[Note, ...]:
    """A note a finding or pair, in the order of the reference, then the candidate's own.

    `denied` are the labels that the candidate says are absent, `contradicted` the ids of its
    findings that it also denies.
    """
    observations = {
        finding.id: observation
        for finding, observation in zip(evaluation.reference_findings, reference, strict=True)
    }
    return (
        *_matched(evaluation),
        *_missing(evaluation, observations, denied),
        *_false(evaluation, dict(zip(_ids("P"), candidate, strict=False)), contradicted),
        *_attributes(evaluation, observations),
    )


def _spans(evaluation: Evaluation, identity: str) -> tuple[Span, ...]:
    return evaluation.finding(identity).spans


def _matched(evaluation: Evaluation) -> Iterable[Note]:
    for match in evaluation.matched_findings:
        finding = evaluation.finding(match.ref_id)
        yield Note(
            "matched",
            match.ref_id,
            match.pred_id,
            finding.clinical_significance,
            f"You reported the {_name(finding)}.",
            reference_spans=finding.spans,
            candidate_spans=_spans(evaluation, match.pred_id),
        )


def _missing(
    evaluation: Evaluation, observations: dict[str, Observation], denied: frozenset[str]
) -> Iterable[Note]:
    for identity in evaluation.errors.missing_findings:
        finding = evaluation.finding(identity)
        said = "Your report says there is none" if finding.label in denied else "Not in your report"
        yield Note(
            "missing",
            identity,
            None,
            finding.clinical_significance,
            f"{said}: {_name(finding)} ({_weight(evaluation, identity)}).",
            wording_of(observations[identity]),
            reference_spans=finding.spans,
        )


def _ids(letter: str) -> Iterable[str]:
    return (f"{letter}{number}" for number in count(1))


def _false(
    evaluation: Evaluation, candidate: dict[str, Observation], contradicted: frozenset[str]
) -> Iterable[Note]:
    for identity in evaluation.errors.false_findings:
        finding = evaluation.finding(identity)
        observation = candidate.get(identity)
        said = f"The reference has no {_name(finding)} ({_weight(evaluation, identity)})."
        if observation is not None and observation.rivals:
            names = " or ".join(sorted(phrase_of(label) for _, label in observation.rivals))
            said = (
                f"None of {names} is in the reference; a list of possibilities weighs "
                f"as its gravest ({_weight(evaluation, identity)})."
            )
        if identity in contradicted and observation is not None and observation.at_odds:
            places = " and ".join(sorted(observation.positions))
            said = (
                f"Your report contradicts itself: it says of the {_plain_name(finding)} "
                f"{places}; one tip cannot be there and there."
            )
        elif identity in contradicted:
            said = (
                f"Your report contradicts itself: it says that there is {_name(finding)}, "
                "and that there is none or that the study is normal."
            )
        kind: Literal["contradiction", "false"] = (
            "contradiction" if identity in contradicted else "false"
        )
        yield Note(
            kind,
            None,
            identity,
            finding.clinical_significance,
            said,
            candidate_spans=finding.spans,
        )


def _name(finding: EvaluatedFinding) -> str:
    return finding.name or phrase_of(finding.label or finding.finding)


def _plain_name(finding: EvaluatedFinding) -> str:
    return phrase_of(finding.label or finding.finding)


def _weight(evaluation: Evaluation, identity: str) -> str:
    finding = evaluation.finding(identity)
    word = WEIGHT_WORDS[finding.clinical_significance]
    return f"{word}: {finding.reason}" if finding.reason else word


def _attributes(evaluation: Evaluation, observations: dict[str, Observation]) -> Iterable[Note]:
    """A note an error, those of one vague word together."""
    told: dict[tuple[object, ...], list[AttributeMistake]] = {}
    for place, error in enumerate(evaluation.errors.attribute_errors):
        vague = error.error_types == ("unspecific",)
        key = (error.ref_id, error.pred_id, error.severity, "" if vague else place)
        told.setdefault(key, []).append(error)
    for error, *others in told.values():
        finding = evaluation.finding(error.ref_id)
        yield Note(
            "attribute",
            error.ref_id,
            error.pred_id,
            finding.clinical_significance,
            " ".join(item.explanation for item in (error, *others)),
            wording_of(observations[error.ref_id]),
            error_types=error.error_types,
            severity=error.severity,
            reference_spans=finding.spans,
            candidate_spans=_spans(evaluation, error.pred_id),
        )
