"""A scored attempt as the feedback page shows it: every finding, every mark, the score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from attempts.models import Attempt, Result
from attempts.queries import next_url
from cases.models import Image
from localize.agreement import agreement_of
from localize.closeups import closeup_of
from localize.flags import flags_of
from localize.hints import clinical_arithmetic
from localize.lookalikes import called_in, lookalikes
from localize.losses import gravest_loss, lost_by
from localize.result import BeforeRow, ResultData
from localize.similar import similar_cases
from localize.tips import how_to_judge
from localize.wording import (
    KINDS,
    OUTCOME_WORDS,
    Answer,
    cost_in_words,
    credit_in_words,
    finding_at,
    is_select,
    kind_of,
    mark_in_words,
    name_of,
    outcome_in_words,
    tick_in_words,
    variant_in_words,
    what_happened,
    what_was_right,
)
from ml import atlas, taxonomy

RULE_NAMES = {
    "clinical": "Clinical rule",
    "standard": "Standard rule",
    "radgame": "RadGame rule (IoU ≥ 0.3)",
}
NOTHING_LOST = 97.0
"""A score from which on, with no row that lost anything, the feedback says so."""
FRONTAL = (Image.View.PA, Image.View.AP, Image.View.FRONTAL)
IMPORTANCE = {name: rank for rank, name in enumerate(taxonomy.SIGNIFICANCES)}
ON_THE_PAGE = (
    "id",
    "name",
    "outcome",
    "image",
    "frame",
    "box",
    "point",
    "path",
    "outline",
    "others",
    "slices",
    "other_slices",
    "closeup",
    "mark",
)
"""What the page's script is told of a row; the rest is in the page's text."""

Row = dict[str, Any]


def review_of(attempt: Attempt, result: Result) -> dict[str, Any]:
    """The feedback page's content, findings in order of importance, what lost most first.

    A mark has a row of its own unless the row of the finding it was paired with tells of it.
    `page` is the part that the page's script gets.
    """
    data = result.data
    images = {image.public_id: image for image in attempt.case.images.all()}
    ticks = {tick["truth"]: tick for tick in data["ticked"] if tick["truth"]}
    answer = Answer({mark["id"]: mark for mark in data["marks"]}, images, ticks)
    truths = [_truth(row, answer, data["truths"]) for row in data["truths"]]
    weighed = data["rule"] == "clinical"
    truths.sort(
        key=lambda row: (
            IMPORTANCE.get(row["significance"], 9),
            row["outcome"] == "hit",
            -lost_by(row, weighed=weighed),
        )
    )
    variants = list(data.get("variants", ()))
    marks = [_mark(row, answer, data["truths"], variants) for row in data["marks"]]
    ticked = [_tick(row) for row in data["ticked"]]
    _complete(attempt, answer, truths, [*marks, *ticked])
    opened = gravest_loss(truths, [*marks, *ticked], weighed=weighed)
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
        "called_normal": data.get("normal", False),
        "normal_confidence": data.get("normal_confidence"),
        "opened": _in_short(opened) if opened else "",
        "nothing_lost": opened is None and result.score >= NOTHING_LOST,
        "truths": truths,
        "variants": _told_variants(variants),
        "before": _told_before(data.get("before", ())),
        "marks": [row for row in marks if _is_told(row)],
        "ticked": [
            row
            for row in ticked
            if (row["outcome"] != "hit" or row.get("cost")) and not _told(row, truths)
        ],
        "next_url": next_url(attempt),
        "page": {
            **summary,
            "open": opened["id"] if opened else None,
            **_page(truths, marks, ticked),
            "before": [
                {**place, "name": name_of(row["label"])}
                for row in data.get("before", ())
                for place in row["places"]
            ],
        },
    }


def _in_short(row: Mapping[str, Any]) -> str:
    """“Nodule / mass, missed” or “your Bulla, false”."""
    whose = "" if "finding" in row else "your "
    return f"{whose}{row['name']}, {row['outcome_name'].lower()}"


def _page(truths: list[Row], marks: list[Row], ticked: list[Row]) -> dict[str, list[Row]]:
    groups = {"truths": truths, "marks": marks, "ticked": ticked}
    return {
        name: [{key: row[key] for key in ON_THE_PAGE if key in row} for row in rows]
        for name, rows in groups.items()
    }


def _arithmetic(data: ResultData) -> str:
    if data["rule"] == "clinical":
        sums = clinical_arithmetic(data["earned"], data["possible"], data["cost"])
        return f"{sums} = {data['score']:.0f}" if data["possible"] or data["cost"] else f"{sums}."
    hits, misses, false = data["hits"], data["misses"], data["false_marks"]
    if hits + misses + false == 0:
        return "Nothing to find and nothing marked: 100."
    return (
        f"100 × {hits} hit / ({hits} hit + {misses} missed + {false} false) = {data['score']:.0f}"
    )


def _kinds(truths: list[Row], data: ResultData) -> list[dict[str, Any]]:
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
        "outcome_name": "Misjudged" if kind == "position" else outcome_in_words(row),
        "kind": kind,
        "kind_name": KINDS[kind][0] if kind else "",
        "agreement": agreement_of(row),
        "text": what_happened(row, answer),
        "right": what_was_right(row, answer),
        "credit": credit_in_words(row),
        "explanation": " ".join(filter(None, (_explanation(row, mark), how_to_judge(row)))),
        "explanation_source": "atlas",
        "closeup": closeup_of(row, truths, answer.images),
    }


def _explanation(row: Row, mark: Mapping[str, Any] | None) -> str:
    """The atlas completed with this case (the page quotes the report beside it)."""
    if row["label"] not in atlas.entries():
        return ""
    called = mark["label"] if mark and mark["label"] in atlas.entries() else ""
    return atlas.explanation(
        row["label"],
        side=row["side"],
        location=row["location"],
        size_mm=row["size_mm"],
        outcome="hit" if row.get("because") in ("position", "unsaid_position") else row["outcome"],
        called=called,
        measured=atlas.measured_in(row["sentence"]),
    )


def _told_variants(variants: list[Row]) -> list[dict[str, str]]:
    """What of a film is no finding, each label once: its name and what the simulator says of it."""
    told = {row["label"]: row["sentence"] for row in reversed(variants)}
    return [{"name": name_of(slug), "sentence": told[slug]} for slug in sorted(told)]


def _told_before(before: Sequence[BeforeRow]) -> list[dict[str, Any]]:
    """What only the prior film shows: its name, what its report says of it, and the number of its
    first place among all those of the prior film; None where it has none.
    """
    told, places = [], 0
    for row in before:
        if row["change"] == "gone":
            name, place = name_of(row["label"]), places if row["places"] else None
            told.append({"name": name, "sentence": row["sentence"], "place": place})
        places += len(row["places"])
    return told


def _mark(row: Row, answer: Answer, truths: list[Row], variants: list[Row]) -> Row:
    variant = finding_at(row, variants) if row["outcome"] == "false" else None
    return {
        **_claimed(row),
        "explanation": _explanation_of_mark(row, answer, [*truths, *variants]),
        "text": variant_in_words(variant) if variant else mark_in_words(row),
        "subject": row["id"] if row["outcome"] == "false" else "",
        "right": "Right would have been no mark here." if row["outcome"] == "false" else "",
        "closeup": closeup_of(row, truths, answer.images),
    }


def _tick(row: Row) -> Row:
    right = {
        "false": "Right would have been to leave it unticked.",
        "poorly_located": "Right would have been to draw it.",
    }
    if is_select(row["label"]):
        right["poorly_located"] = ""
    return {
        **_claimed(row),
        "id": f"tick-{row['label']}",
        "subject": f"tick-{row['label']}" if row["outcome"] == "false" else "",
        "box": None,
        "text": tick_in_words(row),
        "right": right.get(row["outcome"], ""),
        "closeup": None,
    }


def _is_told(row: Row) -> bool:
    """Whether a mark has a line of its own: a false or a second one, and a true one that costs."""
    if row["outcome"] in ("false", "duplicate"):
        return True
    return row["outcome"] == "hit" and bool(row.get("cost"))


def _told(row: Row, truths: list[Row]) -> bool:
    """Whether the line of a finding tells of a tick: one with another side."""
    return any(one["finding"] == row["truth"] and one.get("because") == "side" for one in truths)


def _claimed(row: Row) -> Row:
    """What a mark and a tick have in common."""
    return {
        **row,
        "name": name_of(row["label"]),
        "outcome_name": OUTCOME_WORDS[row["outcome"]],
        "credit": cost_in_words(row),
        "kind_name": KINDS["overcall"][0] if row["outcome"] == "false" else "",
        "explanation": _explanation_of_false(row),
        "explanation_source": "atlas",
    }


def _explanation_of_false(row: Row, **known: Any) -> str:
    """What a label claimed where there is nothing of the kind has to look like."""
    if row["outcome"] != "false" or row["label"] not in atlas.entries():
        return ""
    return atlas.explanation(row["label"], outcome="false", **known)


def _explanation_of_mark(row: Row, answer: Answer, truths: list[Row]) -> str:
    """The same of a mark, by what deceives at its place and what really lies there."""
    image = answer.images.get(row["image"])
    usual = image is not None and image.view in FRONTAL and image.orientation == "LF"
    there = finding_at(row, truths)
    return _explanation_of_false(
        row,
        spots=atlas.spots_of(row["box"]) if usual else None,
        there=there["label"] if there and there["label"] in atlas.entries() else "",
    )


def _complete(attempt: Attempt, answer: Answer, truths: list[Row], claims: list[Row]) -> None:
    """Add to every row what the atlas and the learner's other cases have to say."""
    rows = [*truths, *claims]
    called = {row["id"]: called_in(row, answer) for row in truths}
    similar = similar_cases(attempt, {row["label"] for row in rows} | {*called.values()} - {""})
    flags = flags_of(attempt)
    for row in rows:
        row["similar"] = similar.get(row["label"])
        row["entry"] = atlas.entries().get(row["label"])
        row["flag"] = flags.get(row["subject"])
    for row in truths:
        row["lookalikes"] = lookalikes(row, called[row["id"]], truths, similar, answer.images)
