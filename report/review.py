"""A scored report in words: both texts with what was found in them, and the notes by kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

from django.db.models import QuerySet

from accounts.prepared import prepared
from attempts.models import Attempt, Result
from attempts.queries import next_url
from ml import taxonomy
from report.models import Contest
from report.result import (
    CrimsonData,
    EvaluationData,
    FindingRow,
    NoteRow,
    ReportData,
    StyleData,
    TermRow,
)

GROUPS = (
    ("missing", "Missed", "Nothing of the reference was missed."),
    ("false", "Invented", "Nothing was invented."),
    ("contradiction", "Contradicted", ""),
    ("attribute", "Described wrongly", "Nothing was described wrongly."),
    ("matched", "Matched", "Nothing was matched."),
)
"""Kinds of notes, their headings, and the sentence where there is none; empty: no heading then."""
SIGNS = {"missing": "◌", "false": "✕", "contradiction": "✕", "attribute": "⇄", "matched": "✓"}
RANK = {"missing": 0, "false": 0, "contradiction": 0, "attribute": 1, "matched": 2}
"""Where spans overlap, the graver kind colors the words."""
WEIGHTS = {
    "urgent": (0, "Urgent"),
    "actionable_not_urgent": (1, "Actionable"),
    "not_actionable_not_urgent": (2, "Minor"),
    "benign_expected": (3, "Benign"),
}
KINDS = {
    "location": "location",
    "severity": "severity",
    "descriptor": "descriptor",
    "measurement": "measurement",
    "certainty": "certainty",
    "unspecific": "too vague",
    "overinterpretation": "too bold",
    "temporal": "change over time",
}
ENGINES = {"rules": "Rules engine"}
SHAPE = ("box", "point", "path", "outline")
"""What is drawn of a place; a result of an earlier release has its box alone."""


@dataclass(frozen=True)
class Segment:
    """A piece of a text with the notes that speak of it."""

    text: str
    notes: str
    """Ids of the notes, separated by blanks; empty for plain text."""
    kind: str
    """The gravest kind among them; empty for plain text."""


def segments(text: str, spans: Iterable[tuple[int, int, str, str]]) -> list[Segment]:
    """A text cut at the borders of `spans` (start, end, note id, kind); nothing is lost."""
    kept = [
        (max(0, a), min(len(text), b), note, kind) for a, b, note, kind in spans if a < len(text)
    ]
    borders = sorted({0, len(text), *(a for a, *_ in kept), *(b for _, b, *_ in kept)})
    found = []
    for start, end in pairwise(borders):
        over = [(note, kind) for a, b, note, kind in kept if a <= start and end <= b]
        kind = min((kind for _, kind in over), key=RANK.__getitem__, default="")
        notes = " ".join(dict.fromkeys(note for note, _ in over))
        found.append(Segment(text[start:end], notes, kind))
    return found


UNANSWERED = "No answer before the time was up: 0"
VOID = "nothing in the text counts: 0"
CUT_SHORT = "the time was up before lungs, pleura and heart were all described"


@prepared
def _contested(attempt: int) -> QuerySet[Contest, Any]:
    return Contest.objects.filter(attempt=attempt).values_list("note")


def review_of(attempt: Attempt, result: Result) -> dict[str, Any]:
    """The feedback page's content."""
    data = cast("ReportData", result.data)
    evaluation = data["evaluation"]
    notes = [_note(f"n{i}", note, data) for i, note in enumerate(evaluation["notes"])]
    misdescribed = {note["ref_id"] for note in notes if note["kind"] == "attribute"}
    shown = [n for n in notes if n["kind"] != "matched" or n["ref_id"] not in misdescribed]
    shown.sort(key=lambda note: WEIGHTS[note["clinical_significance"]][0])
    contested = {note for (note,) in _contested(attempt.pk)}
    for note in shown:
        note["contested"] = note["id"] in contested
    return {
        "score": result.score,
        "raw": data["raw"],
        "engine": ENGINES.get(data["engine"], data["engine"]),
        "version": data["version"],
        "arithmetic": _reason(data),
        "terms": [_term(term, evaluation) for term in data["crimson"]["terms"]],
        "remarks": evaluation["remarks"],
        "void": evaluation.get("void", ""),
        "unread": _unread(evaluation),
        "groups": _groups(shown, normal=not evaluation["reference_findings"]),
        "own": segments(data["text"], _spans(shown, "candidate_spans")),
        "reference": segments(data["reference"], _spans(shown, "reference_spans")),
        "style": _style(data["style"]),
        "boxes": [box for note in shown for box in note["boxes"]],
        "normal": not evaluation["reference_findings"],
        "next_url": next_url(attempt),
    }


def _groups(shown: list[dict[str, Any]], *, normal: bool) -> list[dict[str, Any]]:
    """The notes by kind, each with the sentence for where there is none of it."""
    groups = [
        {"kind": kind, "name": name, "notes": _of(kind, shown), "none": none}
        for kind, name, none in GROUPS
        if none or _of(kind, shown)
    ]
    if normal:
        groups[-1]["none"] = "There was nothing to match."
    elif _of("attribute", shown):
        groups[-1]["none"] = "What was matched stands above: it is described wrongly."
    return groups


def _reason(data: ReportData) -> str:
    """Why the score is what it is, in one line."""
    if data.get("unanswered"):
        return UNANSWERED
    if data["evaluation"].get("void"):
        return VOID
    sums = _arithmetic(data["crimson"])
    return f"{sums}; {CUT_SHORT}" if data.get("share", 1) < 1 else sums


def _unread(evaluation: EvaluationData) -> list[dict[str, str]]:
    """Words that were not understood, each once, with what to write instead."""
    rows = {item["words"]: item["advice"] for item in evaluation.get("unread", ())}
    return [{"words": words, "advice": advice} for words, advice in rows.items()]


def _of(kind: str, notes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [note for note in notes if note["kind"] == kind]


def _spans(notes: list[dict[str, Any]], key: str) -> list[tuple[int, int, str, str]]:
    return [(a, b, note["id"], note["kind"]) for note in notes for a, b in note[key]]


def _note(identity: str, note: NoteRow, data: ReportData) -> dict[str, Any]:
    finding = _finding(data["evaluation"]["reference_findings"], note["ref_id"])
    return {
        **note,
        "id": identity,
        "name": finding.get("name", "") if finding else "",
        "sign": SIGNS[note["kind"]],
        "significance": WEIGHTS[note["clinical_significance"]][1],
        "errors": ", ".join(KINDS.get(kind, kind) for kind in note["error_types"]),
        "boxes": _boxes(identity, note, data),
    }


def _boxes(identity: str, note: NoteRow, data: ReportData) -> list[dict[str, Any]]:
    """Where the case has the finding that a note speaks of, by group of labels and side."""
    finding = _finding(data["evaluation"]["reference_findings"], note["ref_id"])
    if finding is None or not finding["label"]:
        return []
    group = taxonomy.group_of(finding["label"])
    same = [row for row in data["regions"] if taxonomy.group_of(row["label"]) == group]
    sided = [row for row in same if row["side"] and row["side"] == finding["side"]]
    known = taxonomy.labels()
    return [
        {
            "id": identity,
            "image": row["image"],
            "frame": row["frame"],
            **{name: value for name, value in row.items() if name in SHAPE},
            "kind": note["kind"],
            "text": finding["name"] or finding["finding"],
            "label": known[row["label"]].name if row["label"] in known else "",
        }
        for row in (sided or same)
    ]


def _finding(findings: list[FindingRow], identity: str | None) -> FindingRow | None:
    return next((finding for finding in findings if finding["id"] == identity), None)


def _arithmetic(crimson: CrimsonData) -> str:
    """The sums behind the score, in one line."""
    credit, false = crimson["credit"], crimson["false_weight"]
    weight, raw = crimson["reference_weight"], crimson["raw"]
    if weight <= 0:
        what = "nothing false was claimed" if false <= 0 else f"false findings weigh {false:g}"
        return f"nothing of weight to find, and {what}"
    if credit >= false:
        return f"({credit:.2f} credit − {false:g} false) / {weight:g} to find = {raw:.2f}"
    return f"more false than right: −e / (1 + e) with e = {false:g} − {credit:.2f}"


def _term(term: TermRow, evaluation: EvaluationData) -> dict[str, Any]:
    of_learner = term["kind"] == "false"
    findings = evaluation["predicted_findings" if of_learner else "reference_findings"]
    finding = _finding(findings, term["finding_id"])
    return {
        **term,
        "finding": finding["finding"] if finding else "",
        "reason": finding.get("reason", "") if finding else "",
    }


def _style(style: StyleData) -> dict[str, Any]:
    parts = [
        {"name": "Systematic coverage", **style["coverage"]},
        {"name": "Organization and language", "lists_habits": True, **style["organization"]},
    ]
    if "communication" in style:
        parts.append({"name": "Communication", **style["communication"]})
    return {"points": style["points"], "parts": parts}
