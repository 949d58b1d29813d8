"""The CRIMSON schema: what every engine answers, whatever made it.

Key names and allowed values follow the published output format of CRIMSON
(arXiv:2603.06183, repository rajpurkarlab/CRIMSON): `reference_findings`,
`predicted_findings`, `matched_findings` (one reference finding may match several
predicted ones) and `errors` with `false_findings`, `missing_findings` and
`attribute_errors`. Our own keys (`label`, `spans`, `reason`, `notes`) are optional,
so that the answer of a language model in the published form is read as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from ml import crimson

Span = tuple[int, int]
"""Character offsets [start, end) into the text that the finding belongs to."""

SIGNIFICANCES = tuple(crimson.SIGNIFICANCE_WEIGHTS)
SEVERITIES = tuple(crimson.ATTRIBUTE_WEIGHTS)
"""Those of the published schema; the rules have *slight* too."""
ALL_SEVERITIES = tuple(crimson.ALL_ATTRIBUTE_WEIGHTS)
ERROR_TYPES = (
    "location",
    "severity",
    "descriptor",
    "measurement",
    "certainty",
    "unspecific",
    "overinterpretation",
    "temporal",
)
NOTE_KINDS = ("matched", "missing", "false", "attribute", "contradiction")
TAXONOMY_SIGNIFICANCE = {
    "urgent": "urgent",
    "actionable": "actionable_not_urgent",
    "minor": "not_actionable_not_urgent",
    "benign": "benign_expected",
}
"""The taxonomy's short words → the published names."""


@dataclass(frozen=True)
class EvaluatedFinding:
    """One abnormal finding of one of the two texts."""

    id: str
    """R1, R2, … of the reference; P1, P2, … of the candidate."""
    finding: str
    """The words of the text that state it."""
    clinical_significance: str
    """One of `SIGNIFICANCES`."""
    label: str | None = None
    """Slug of the taxonomy, where the engine knows it."""
    spans: tuple[Span, ...] = ()
    """Where the text states it; several when it is said more than once."""
    reason: str = ""
    """Why it has this significance."""
    side: str | None = None
    """left, right or bilateral, where the text says so."""
    name: str = ""
    """What it is called in a sentence, side included; empty: its words."""

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "finding": self.finding,
            "clinical_significance": self.clinical_significance,
            "label": self.label,
            "spans": [list(span) for span in self.spans],
            "reason": self.reason,
            "side": self.side,
            "name": self.name,
        }


@dataclass(frozen=True)
class Match:
    """A reference finding and a predicted finding that speak of the same thing."""

    ref_id: str
    pred_id: str


@dataclass(frozen=True)
class AttributeMistake:
    """One thing a matched finding says wrongly."""

    ref_id: str
    pred_id: str
    severity: Literal["significant", "slight", "negligible"]
    error_types: tuple[str, ...]
    """From `ERROR_TYPES`; engines of this package give one an entry."""
    explanation: str

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "error_types": list(self.error_types)}


@dataclass(frozen=True)
class Errors:
    """The three kinds of error, by the ids of the findings."""

    false_findings: tuple[str, ...] = ()
    missing_findings: tuple[str, ...] = ()
    attribute_errors: tuple[AttributeMistake, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "false_findings": list(self.false_findings),
            "missing_findings": list(self.missing_findings),
            "attribute_errors": [error.to_json() for error in self.attribute_errors],
        }


@dataclass(frozen=True)
class Note:
    """What to tell the learner about one finding or one pair."""

    kind: Literal["matched", "missing", "false", "attribute", "contradiction"]
    ref_id: str | None
    pred_id: str | None
    clinical_significance: str
    explanation: str
    """One sentence."""
    suggestion: str = ""
    """An example wording, for what was missed or described wrongly."""
    error_types: tuple[str, ...] = ()
    severity: str = ""
    """Of an attribute error: one of `ALL_SEVERITIES`."""
    reference_spans: tuple[Span, ...] = ()
    candidate_spans: tuple[Span, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            **vars(self),
            "error_types": list(self.error_types),
            "reference_spans": [list(span) for span in self.reference_spans],
            "candidate_spans": [list(span) for span in self.candidate_spans],
        }


@dataclass(frozen=True)
class Unread:
    """Words that no rule understands."""

    words: str
    span: Span
    advice: str
    """What to write instead, or why they stay unread."""

    def to_json(self) -> dict[str, Any]:
        return {"words": self.words, "span": list(self.span), "advice": self.advice}


@dataclass(frozen=True)
class Evaluation:
    """The comparison of a candidate report with a reference, as one engine sees it."""

    engine: str
    version: str
    reference_findings: tuple[EvaluatedFinding, ...]
    predicted_findings: tuple[EvaluatedFinding, ...]
    matched_findings: tuple[Match, ...]
    errors: Errors
    notes: tuple[Note, ...] = ()
    """What the page shows, grouped by `kind`."""
    remarks: tuple[str, ...] = field(default=())
    """What the reader should know of the texts themselves, such as "the report is empty"."""
    unread: tuple[Unread, ...] = ()
    """Words of the candidate that were not understood."""
    void: str = ""
    """Why the candidate earns no points whatever it is compared with; empty where it may."""
    model: str | None = None
    """The model behind the engine, where there is one."""

    @cached_property
    def crimson(self) -> crimson.CrimsonScore:
        """The CRIMSON score with its arithmetic."""
        false = set(self.errors.false_findings)
        return crimson.score(
            {f.id: f.clinical_significance for f in self.reference_findings},
            {f.id: f.clinical_significance for f in self.predicted_findings if f.id in false},
            {match.ref_id for match in self.matched_findings},
            [(error.ref_id, error.severity) for error in self.errors.attribute_errors],
        )

    @property
    def raw(self) -> float:
        """CRIMSON in (-1, 1]."""
        return self.crimson.raw

    @property
    def score(self) -> float:
        """100 · max(0, CRIMSON), in [0, 100]; what a game pays.

        Nothing for a text that is void. Where the reference has only findings without weight,
        CRIMSON is 1 for silence too: then the share that was found of all that either text names,
        less for each significant error.
        """
        if self.void:
            return 0.0
        if self.reference_findings and not self.crimson.reference_weight:
            wrong = [e.ref_id for e in self.errors.attribute_errors if e.severity == "significant"]
            found = {match.ref_id for match in self.matched_findings}
            named = len(self.reference_findings) + len(self.errors.false_findings)
            credit = sum(1 / (1 + wrong.count(identity)) for identity in found)
            return self.crimson.points * credit / named
        return self.crimson.points

    def notes_of(self, kind: str) -> tuple[Note, ...]:
        """The notes of one kind: matched, missing, false or attribute."""
        return tuple(note for note in self.notes if note.kind == kind)

    def finding(self, identity: str) -> EvaluatedFinding:
        """The finding R… or P…; KeyError when there is none."""
        for finding in (*self.reference_findings, *self.predicted_findings):
            if finding.id == identity:
                return finding
        raise KeyError(identity)

    def to_json(self) -> dict[str, Any]:
        """The published schema plus our own keys; `from_json` reads it back."""
        return {
            "engine": self.engine,
            "version": self.version,
            "model": self.model,
            "reference_findings": [finding.to_json() for finding in self.reference_findings],
            "predicted_findings": [finding.to_json() for finding in self.predicted_findings],
            "matched_findings": [vars(match) for match in self.matched_findings],
            "errors": self.errors.to_json(),
            "notes": [note.to_json() for note in self.notes],
            "remarks": list(self.remarks),
            "unread": [item.to_json() for item in self.unread],
            "void": self.void,
        }


def from_json(
    data: Any, *, engine: str | None = None, version: str | None = None, repair: bool = False
) -> Evaluation:
    """Parse and check one evaluation.

    Engine and version come from the arguments or else from the object. With `repair`
    the lists of false and missing findings are made anew from the matches, and matches and
    attribute errors of unknown findings are dropped: what a language model most
    often gets wrong. ValueError says what does not fit otherwise.
    """
    record = _mapping(data, "the evaluation")
    reference = tuple(_finding(item) for item in _list(record, "reference_findings"))
    predicted = tuple(_finding(item) for item in _list(record, "predicted_findings"))
    matches = tuple(_match(item) for item in _list(record, "matched_findings"))
    evaluation = Evaluation(
        engine=engine or _text(record, "engine"),
        version=version or _text(record, "version"),
        reference_findings=reference,
        predicted_findings=predicted,
        matched_findings=matches,
        errors=_errors(_mapping(record.get("errors"), "errors")),
        notes=tuple(_note(item) for item in record.get("notes", ())),
        remarks=tuple(str(item) for item in record.get("remarks", ())),
        unread=tuple(_unread(item) for item in record.get("unread", ())),
        void=str(record.get("void") or ""),
        model=record.get("model"),
    )
    if repair:
        evaluation = _repaired(evaluation)
    _check(evaluation)
    return evaluation


def _repaired(evaluation: Evaluation) -> Evaluation:
    reference = {finding.id for finding in evaluation.reference_findings}
    predicted = {finding.id for finding in evaluation.predicted_findings}
    matches = tuple(
        dict.fromkeys(
            match
            for match in evaluation.matched_findings
            if match.ref_id in reference and match.pred_id in predicted
        )
    )
    pairs = {(match.ref_id, match.pred_id) for match in matches}
    errors = tuple(
        error
        for error in evaluation.errors.attribute_errors
        if (error.ref_id, error.pred_id) in pairs
    )
    seen_reference = {match.ref_id for match in matches}
    seen_predicted = {match.pred_id for match in matches}
    return replace(
        evaluation,
        matched_findings=matches,
        errors=Errors(
            tuple(f.id for f in evaluation.predicted_findings if f.id not in seen_predicted),
            tuple(f.id for f in evaluation.reference_findings if f.id not in seen_reference),
            errors,
        ),
    )


def _check(evaluation: Evaluation) -> None:
    reference = _unique(evaluation.reference_findings, "reference_findings")
    predicted = _unique(evaluation.predicted_findings, "predicted_findings")
    matched_reference = {match.ref_id for match in evaluation.matched_findings}
    matched_predicted = {match.pred_id for match in evaluation.matched_findings}
    _known(matched_reference, reference, "matched_findings")
    _known(matched_predicted, predicted, "matched_findings")
    _complement(set(evaluation.errors.missing_findings), reference, matched_reference, "missing")
    _complement(set(evaluation.errors.false_findings), predicted, matched_predicted, "false")
    pairs = {(match.ref_id, match.pred_id) for match in evaluation.matched_findings}
    for error in evaluation.errors.attribute_errors:
        if (error.ref_id, error.pred_id) not in pairs:
            raise ValueError(
                f"attribute_errors: {error.ref_id} and {error.pred_id} are not matched"
            )


def _unique(findings: Iterable[EvaluatedFinding], key: str) -> set[str]:
    names = [finding.id for finding in findings]
    if len(set(names)) != len(names):
        raise ValueError(f"{key}: an id appears twice")
    return set(names)


def _known(names: set[str], known: set[str], key: str) -> None:
    if unknown := sorted(names - known):
        raise ValueError(f"{key}: no finding {', '.join(unknown)}")


def _complement(names: set[str], known: set[str], matched: set[str], kind: str) -> None:
    if names != known - matched:
        wrong = ", ".join(sorted(names ^ (known - matched)))
        raise ValueError(f"{kind}_findings: {wrong} must be either matched or {kind}, once")


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be a JSON object, got {type(value).__name__}")
    return value


def _list(record: Mapping[str, Any], key: str) -> list[Any]:
    value = record.get(key)
    if not isinstance(value, list):
        raise ValueError(f"{key} must be a list, got {type(value).__name__}")
    return value


def _text(record: Mapping[str, Any], key: str) -> str:
    value = record.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} must be a non-empty string, got {value!r}")
    return value


def _choice(record: Mapping[str, Any], key: str, choices: tuple[str, ...]) -> str:
    value = record.get(key)
    if value not in choices:
        raise ValueError(f"{key} must be one of {', '.join(choices)}, got {value!r}")
    return str(value)


def _spans(value: Any) -> tuple[Span, ...]:
    spans = []
    for item in value or ():
        if len(item) != 2 or not all(isinstance(end, int) for end in item):
            raise ValueError(f"a span must be two whole numbers, got {item!r}")
        spans.append((item[0], item[1]))
    return tuple(spans)


def _finding(item: Any) -> EvaluatedFinding:
    record = _mapping(item, "a finding")
    return EvaluatedFinding(
        id=_text(record, "id"),
        finding=_text(record, "finding"),
        clinical_significance=_choice(record, "clinical_significance", SIGNIFICANCES),
        label=record.get("label"),
        spans=_spans(record.get("spans")),
        reason=str(record.get("reason") or ""),
        side=_choice(record, "side", ("left", "right", "bilateral"))
        if record.get("side")
        else None,
        name=str(record.get("name") or ""),
    )


def _match(item: Any) -> Match:
    record = _mapping(item, "a match")
    return Match(_text(record, "ref_id"), _text(record, "pred_id"))


def _errors(record: Mapping[str, Any]) -> Errors:
    return Errors(
        tuple(str(name) for name in _list(record, "false_findings")),
        tuple(str(name) for name in _list(record, "missing_findings")),
        tuple(_attribute_error(item) for item in _list(record, "attribute_errors")),
    )


def _error_types(value: Any) -> tuple[str, ...]:
    kinds = tuple(value) if isinstance(value, list) else ()
    if not kinds or any(kind not in ERROR_TYPES for kind in kinds):
        raise ValueError(f"error_types must be some of {', '.join(ERROR_TYPES)}, got {value!r}")
    return kinds


def _attribute_error(item: Any) -> AttributeMistake:
    record = _mapping(item, "an attribute error")
    return AttributeMistake(
        ref_id=_text(record, "ref_id"),
        pred_id=_text(record, "pred_id"),
        severity=_choice(record, "severity", ALL_SEVERITIES),  # type: ignore[arg-type]
        error_types=_error_types(record.get("error_types")),
        explanation=str(record.get("explanation") or ""),
    )


def _unread(item: Any) -> Unread:
    record = _mapping(item, "an unread word")
    [span] = _spans([record.get("span")])
    return Unread(_text(record, "words"), span, str(record.get("advice") or ""))


def _note(item: Any) -> Note:
    record = _mapping(item, "a note")
    return Note(
        kind=_choice(record, "kind", NOTE_KINDS),  # type: ignore[arg-type]
        ref_id=record.get("ref_id"),
        pred_id=record.get("pred_id"),
        clinical_significance=_choice(record, "clinical_significance", SIGNIFICANCES),
        explanation=str(record.get("explanation") or ""),
        suggestion=str(record.get("suggestion") or ""),
        error_types=tuple(record.get("error_types") or ()),
        severity=str(record.get("severity") or ""),
        reference_spans=_spans(record.get("reference_spans")),
        candidate_spans=_spans(record.get("candidate_spans")),
    )
