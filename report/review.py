"""A scored report in words: both texts with what was found in them, and the notes by kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from feedback.models import Attempt, Result
from feedback.queries import next_url
from ml import taxonomy

GROUPS = (
    ("missing", "Missed", "Nothing of the reference was missed."),
    ("false", "Invented", "Nothing was invented."),
    ("attribute", "Described wrongly", "Nothing was described wrongly."),
    ("matched", "Matched", "Nothing was matched."),
)
SIGNS = {"missing": "◌", "false": "✕", "attribute": "⇄", "matched": "✓"}
RANK = {"missing": 0, "false": 0, "attribute": 1, "matched": 2}
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


def review_of(attempt: Attempt, result: Result) -> dict[str, Any]:
    """The feedback page's content."""
    data = result.data
    evaluation = data["evaluation"]
    notes = [_note(f"n{i}", note, data) for i, note in enumerate(evaluation["notes"])]
    misdescribed = {note["ref_id"] for note in notes if note["kind"] == "attribute"}
    shown = [n for n in notes if n["kind"] != "matched" or n["ref_id"] not in misdescribed]
    shown.sort(key=lambda note: WEIGHTS[note["clinical_significance"]][0])
    contested = set(attempt.contests.values_list("note", flat=True))
    for note in shown:
        note["contested"] = note["id"] in contested
    return {
        "score": result.score,
        "raw": data["raw"],
        "engine": ENGINES.get(data["engine"], data["engine"]),
        "version": data["version"],
        "arithmetic": UNANSWERED if data.get("unanswered") else _arithmetic(data["crimson"]),
        "terms": [_term(term, evaluation) for term in data["crimson"]["terms"]],
        "remarks": evaluation["remarks"],
        "groups": [
            {"kind": kind, "name": name, "notes": _of(kind, shown), "none": none}
            for kind, name, none in GROUPS
        ],
        "own": segments(data["text"], _spans(shown, "candidate_spans")),
        "reference": segments(data["reference"], _spans(shown, "reference_spans")),
        "style": _style(data["style"]),
        "boxes": [box for note in shown for box in note["boxes"]],
        "normal": not evaluation["reference_findings"],
        "next_url": next_url(attempt),
    }


def _of(kind: str, notes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [note for note in notes if note["kind"] == kind]


def _spans(notes: list[dict[str, Any]], key: str) -> list[tuple[int, int, str, str]]:
    return [(a, b, note["id"], note["kind"]) for note in notes for a, b in note[key]]


def _note(identity: str, note: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    return {
        **note,
        "id": identity,
        "name": _finding(data["evaluation"]["reference_findings"], note["ref_id"]).get("name", ""),
        "sign": SIGNS[note["kind"]],
        "significance": WEIGHTS[note["clinical_significance"]][1],
        "errors": ", ".join(KINDS.get(kind, kind) for kind in note["error_types"]),
        "boxes": _boxes(identity, note, data),
    }


def _boxes(identity: str, note: dict[str, Any], data: dict[str, Any]) -> list[dict[str, Any]]:
    """Where the case has the finding that a note speaks of, by group of labels and side."""
    finding = _finding(data["evaluation"]["reference_findings"], note["ref_id"])
    label = finding.get("label") if finding else None
    if not label:
        return []
    group = taxonomy.group_of(label)
    same = [row for row in data["regions"] if taxonomy.group_of(row["label"]) == group]
    sided = [row for row in same if row["side"] and row["side"] == finding["side"]]
    return [
        {
            "id": identity,
            "image": row["image"],
            "frame": row["frame"],
            "box": row["box"],
            "kind": note["kind"],
            "text": finding["name"] or finding["finding"],
        }
        for row in (sided or same)
    ]


def _finding(findings: list[dict[str, Any]], identity: str | None) -> dict[str, Any]:
    return next((finding for finding in findings if finding["id"] == identity), {})


def _arithmetic(crimson: dict[str, Any]) -> str:
    """The sums behind the score, in one line."""
    credit, false = crimson["credit"], crimson["false_weight"]
    weight, raw = crimson["reference_weight"], crimson["raw"]
    if weight <= 0:
        what = "nothing false was claimed" if false <= 0 else f"false findings weigh {false:g}"
        return f"nothing of weight to find, and {what}"
    if credit >= false:
        return f"({credit:.2f} credit − {false:g} false) / {weight:g} to find = {raw:.2f}"
    return f"more false than right: −e / (1 + e) with e = {false:g} − {credit:.2f}"


def _term(term: dict[str, Any], evaluation: dict[str, Any]) -> dict[str, Any]:
    side = "predicted_findings" if term["kind"] == "false" else "reference_findings"
    finding = _finding(evaluation[side], term["finding_id"])
    return {**term, "finding": finding.get("finding", ""), "reason": finding.get("reason", "")}


def _style(style: dict[str, Any]) -> dict[str, Any]:
    names = {"coverage": "Systematic coverage", "organization": "Organization and language"}
    parts = [{"name": name, **style[key]} for key, name in names.items()]
    return {"points": style["points"], "parts": parts}
