"""A scored attempt in words: what happened to each finding and each mark."""

from __future__ import annotations

from typing import Any

from cases.models import Image
from feedback.models import Attempt, Result
from feedback.queries import next_url
from localize.places import displacement
from ml import atlas, taxonomy

RULE_NAMES = {"standard": "Standard rule", "radgame": "RadGame rule (IoU ≥ 0.3)"}
IMPORTANCE = {name: rank for rank, name in enumerate(taxonomy.SIGNIFICANCES)}
OUTCOME_WORDS = {
    "hit": "Hit",
    "missed": "Missed",
    "poorly_located": "Poorly located",
    "wrong_label": "Wrong label",
    "duplicate": "Marked twice",
    "false": "False",
}


def name_of(slug: str) -> str:
    known = taxonomy.labels().get(slug)
    return known.name if known else slug


def review_of(attempt: Attempt, result: Result) -> dict[str, Any]:
    """The feedback page's content, findings in order of importance, misses first."""
    data = result.data
    images = {image.public_id: image for image in attempt.case.images.all()}
    marks = {mark["id"]: mark for mark in data["marks"]}
    truths = [_truth_in_words(row, marks, images) for row in data["truths"]]
    truths.sort(key=lambda row: (IMPORTANCE.get(row["significance"], 9), row["outcome"] == "hit"))
    by_id = {row["id"]: row for row in truths}
    return {
        "score": result.score,
        "rule": data["rule"],
        "rule_name": data.get("rule_name") or RULE_NAMES[data["rule"]],
        "hits": data["hits"],
        "misses": data["misses"],
        "false_marks": data["false_marks"],
        "arithmetic": data.get("arithmetic") or _arithmetic(data),
        "normal_case": not truths,
        "truths": truths,
        "marks": [_mark_in_words(row, by_id) for row in data["marks"]],
        "ticked": [_tick_in_words(row) for row in data["ticked"]],
        "next_url": next_url(attempt),
    }


def _arithmetic(data: dict[str, Any]) -> str:
    hits, misses, false = data["hits"], data["misses"], data["false_marks"]
    if hits + misses + false == 0:
        return "Nothing to find and nothing marked: 100."
    return (
        f"100 × {hits} hit / ({hits} hit + {misses} missed + {false} false) = {data['score']:.0f}"
    )


def _truth_in_words(
    row: dict[str, Any], marks: dict[str, Any], images: dict[str, Image]
) -> dict[str, Any]:
    mark = marks.get(row["mark"] or "")
    readers = row.get("readers") or 0
    agreement = {"readers": readers, "boxed": row["boxed_by"]} if readers > 1 else None
    return {
        **row,
        "name": name_of(row["label"]),
        "outcome_name": OUTCOME_WORDS[row["outcome"]],
        "agreement": agreement,
        "text": _what_happened(row, mark, images),
        "explanation": _explanation(row, mark),
        "explanation_source": "atlas",
    }


def _explanation(row: dict[str, Any], mark: dict[str, Any] | None) -> str:
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


def _what_happened(
    row: dict[str, Any], mark: dict[str, Any] | None, images: dict[str, Image]
) -> str:
    name = name_of(row["label"])
    if row["mode"] == "select" or row["box"] is None:
        return (
            "You named it." if row["outcome"] == "hit" else "It applies here; you did not name it."
        )
    if row["outcome"] == "missed" or mark is None:
        return "Nothing was marked there."
    overlap = f"{100 * row['iou']:.0f} % overlap"
    if row["outcome"] == "hit":
        named = (
            "" if mark["label"] == row["label"] else f" {name_of(mark['label'])} counts as {name}."
        )
        return f"You found it ({overlap}).{named}"
    if row["outcome"] == "wrong_label":
        return f"Right place ({overlap}), but you called it {name_of(mark['label'])}."
    off = displacement(row["box"], mark["box"], images.get(row["image"]))
    return f"Right finding, but your box is not on it ({overlap}): {off}."


def _mark_in_words(row: dict[str, Any], truths: dict[str, Any]) -> dict[str, Any]:
    truth = truths.get(row["truth"] or "")
    actual = truth["name"] if truth else "something else"
    text = {
        "hit": "On the finding.",
        "duplicate": "This finding was marked already; it costs nothing.",
        "poorly_located": "The right finding, but too far off.",
        "wrong_label": f"Something is here, but it is {actual}.",
        "false": "The readers marked nothing of the kind here.",
    }[row["outcome"]]
    return {
        **row,
        "name": name_of(row["label"]),
        "outcome_name": OUTCOME_WORDS[row["outcome"]],
        "text": text,
        "explanation": _explanation_of_false(row),
        "explanation_source": "atlas",
    }


def _explanation_of_false(row: dict[str, Any]) -> str:
    """What a label claimed where the readers saw nothing has to look like."""
    if row["outcome"] != "false" or row["label"] not in atlas.entries():
        return ""
    return atlas.explanation(row["label"], outcome="false")


def _tick_in_words(row: dict[str, Any]) -> dict[str, Any]:
    text = {
        "hit": "It applies here.",
        "poorly_located": "It is here, but it has to be drawn where it is.",
        "false": "The readers do not see it in this case.",
    }[row["outcome"]]
    return {
        **row,
        "name": name_of(row["label"]),
        "outcome_name": OUTCOME_WORDS[row["outcome"]],
        "text": text,
        "explanation": _explanation_of_false(row),
        "explanation_source": "atlas",
    }
