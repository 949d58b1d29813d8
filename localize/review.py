"""A scored attempt as the feedback page shows it: every finding, every mark, the score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from feedback.models import Attempt, Result
from feedback.queries import next_url
from localize.agreement import agreement_of
from localize.closeups import closeup_of
from localize.flags import flags_of
from localize.similar import similar_cases
from localize.wording import (
    KINDS,
    OUTCOME_WORDS,
    Answer,
    kind_of,
    mark_in_words,
    name_of,
    tick_in_words,
    what_happened,
    what_was_right,
)
from ml import atlas, taxonomy

RULE_NAMES = {"standard": "Standard rule", "radgame": "RadGame rule (IoU ≥ 0.3)"}
IMPORTANCE = {name: rank for rank, name in enumerate(taxonomy.SIGNIFICANCES)}
ON_THE_PAGE = (
    "id",
    "name",
    "outcome",
    "image",
    "frame",
    "box",
    "others",
    "slices",
    "closeup",
    "mark",
)
"""What the page's script is told of a row; the rest is in the page's text."""

Row = dict[str, Any]


def review_of(attempt: Attempt, result: Result) -> dict[str, Any]:
    """The feedback page's content, findings in order of importance, misses first.

    A mark has a row of its own unless the row of the finding it was paired with tells of it.
    `page` is the part that the page's script gets.
    """
    data = result.data
    images = {image.public_id: image for image in attempt.case.images.all()}
    answer = Answer({mark["id"]: mark for mark in data["marks"]}, images)
    truths = [_truth(row, answer, data["truths"]) for row in data["truths"]]
    truths.sort(key=lambda row: (IMPORTANCE.get(row["significance"], 9), row["outcome"] == "hit"))
    marks = [_mark(row, answer, data["truths"]) for row in data["marks"]]
    ticked = [_tick(row) for row in data["ticked"]]
    _complete(attempt, [*truths, *marks, *ticked])
    summary = {
        "score": result.score,
        "rule": data["rule"],
        "hits": data["hits"],
        "misses": data["misses"],
        "false_marks": data["false_marks"],
    }
    return {
        **summary,
        "rule_name": data.get("rule_name") or RULE_NAMES[data["rule"]],
        "arithmetic": data.get("arithmetic") or _arithmetic(data),
        "kinds": _kinds(truths, data),
        "normal_case": not truths,
        "truths": truths,
        "marks": [row for row in marks if row["outcome"] in ("false", "duplicate")],
        "ticked": [row for row in ticked if row["outcome"] != "hit"],
        "next_url": next_url(attempt),
        "page": {**summary, **_page(truths, marks, ticked)},
    }


def _page(truths: list[Row], marks: list[Row], ticked: list[Row]) -> dict[str, list[Row]]:
    groups = {"truths": truths, "marks": marks, "ticked": ticked}
    return {
        name: [{key: row[key] for key in ON_THE_PAGE if key in row} for row in rows]
        for name, rows in groups.items()
    }


def _arithmetic(data: Mapping[str, Any]) -> str:
    hits, misses, false = data["hits"], data["misses"], data["false_marks"]
    if hits + misses + false == 0:
        return "Nothing to find and nothing marked: 100."
    return (
        f"100 × {hits} hit / ({hits} hit + {misses} missed + {false} false) = {data['score']:.0f}"
    )


def _kinds(truths: list[Row], data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Why points were lost, by kind: name, number, and what the kind means."""
    counted = Counter(row["kind"] for row in truths if row["kind"])
    counted["overcall"] = data["false_marks"]
    return [
        {"kind": kind, "count": counted[kind], "name": name, "meaning": meaning}
        for kind, (name, meaning) in KINDS.items()
        if counted[kind]
    ]


def _truth(row: Row, answer: Answer, truths: list[Row]) -> Row:
    mark = answer.marks.get(row["mark"] or "")
    kind = kind_of(row, answer)
    return {
        **row,
        "name": name_of(row["label"]),
        "subject": row["finding"],
        "outcome_name": OUTCOME_WORDS[row["outcome"]],
        "kind": kind,
        "kind_name": KINDS[kind][0] if kind else "",
        "agreement": agreement_of(row),
        "text": what_happened(row, answer),
        "right": what_was_right(row, answer),
        "explanation": _explanation(row, mark),
        "explanation_source": "atlas",
        "closeup": closeup_of(row, truths, answer.images),
    }


def _explanation(row: Row, mark: Row | None) -> str:
    """The atlas completed with this case (the page quotes the report beside it)."""
    if row["label"] not in atlas.entries():
        return ""
    called = mark["label"] if mark and mark["label"] in atlas.entries() else ""
    return atlas.explanation(
        row["label"],
        side=row["side"],
        location=row["location"],
        size_mm=row["size_mm"],
        outcome=row["outcome"],
        called=called,
    )


def _mark(row: Row, answer: Answer, truths: list[Row]) -> Row:
    return {
        **_claimed(row),
        "text": mark_in_words(row),
        "subject": row["id"] if row["outcome"] == "false" else "",
        "right": "Right would have been no mark here." if row["outcome"] == "false" else "",
        "closeup": closeup_of(row, truths, answer.images),
    }


def _tick(row: Row) -> Row:
    right = {
        "false": "Right would have been to leave it unticked.",
        "poorly_located": "Right would have been to draw it.",
    }
    return {
        **_claimed(row),
        "id": f"tick-{row['label']}",
        "subject": f"tick-{row['label']}" if row["outcome"] == "false" else "",
        "box": None,
        "text": tick_in_words(row),
        "right": right.get(row["outcome"], ""),
        "closeup": None,
    }


def _claimed(row: Row) -> Row:
    """What a mark and a tick have in common."""
    return {
        **row,
        "name": name_of(row["label"]),
        "outcome_name": OUTCOME_WORDS[row["outcome"]],
        "kind_name": KINDS["overcall"][0] if row["outcome"] == "false" else "",
        "explanation": _explanation_of_false(row),
        "explanation_source": "atlas",
    }


def _explanation_of_false(row: Row) -> str:
    """What a label claimed where the readers saw nothing has to look like."""
    if row["outcome"] != "false" or row["label"] not in atlas.entries():
        return ""
    return atlas.explanation(row["label"], outcome="false")


def _complete(attempt: Attempt, rows: list[Row]) -> None:
    """Add to every row what the atlas and the learner's other cases have to say."""
    similar = similar_cases(attempt, {row["label"] for row in rows})
    flags = flags_of(attempt)
    for row in rows:
        row["similar"] = similar.get(row["label"])
        row["entry"] = atlas.entries().get(row["label"])
        row["flag"] = flags.get(row["subject"])
