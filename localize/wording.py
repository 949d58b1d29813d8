"""What happened to a finding or a mark, and what would have been right: one sentence each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cases.models import Image
from localize import changes, tips
from localize.places import NEAR_FRAMES, displacement, overlap_in_words, size_in_words
from ml import taxonomy

Row = Mapping[str, Any]

OUTCOME_WORDS = {
    "hit": "Hit",
    "missed": "Missed",
    "poorly_located": "Poorly located",
    "wrong_label": "Wrong label",
    "duplicate": "Marked twice",
    "false": "False",
}
KINDS = {
    "search": ("Search", "nothing was marked near it"),
    "recognition": ("Recognition", "the right place under another name"),
    "precision": ("Precision", "the right name, but the place is off"),
    "side": ("Wrong side", "the right finding, said of the wrong side"),
    "position": ("Position", "the device was seen, but not rightly where it ends"),
    "naming": ("Not named", "its name alone was asked for, not its place"),
    "overcall": ("Overcall", "nothing of the kind is there"),
}
"""Why something was lost: kind → its name, and what it means in words."""
LOSSES = {
    "missed": "not found",
    "side": "the side is not right",
    "position": "its position was judged wrongly",
    "unsaid_position": "its position was not judged",
    "change": "another change since the prior film",
    "unsaid_change": "its change was not judged",
    "label": "another name",
    "vague_label": "near it, but not its name",
    "place": "the place is not exact",
    "extent": "the extent is off",
}
"""What a finding lost credit by, in words: keys of `ml.localize.model.LOSSES`."""
SIDE_WORDS = {"left": "on the left", "right": "on the right", "bilateral": "on both sides"}
CLOSE_IOU = 0.5
"""A hit that overlaps less is told how its box could be better."""


@dataclass(frozen=True)
class Answer:
    """The marks of a result by id, and the images of its case by public id."""

    marks: Mapping[str, Row]
    images: Mapping[str, Image]
    ticks: Mapping[str, Row] = field(default_factory=dict)
    """The ticks that name a finding, by the finding's id."""


def name_of(slug: str) -> str:
    known = taxonomy.labels().get(slug)
    return known.name if known else slug


def kind_of(row: Row, answer: Answer) -> str:
    """Why a finding was not hit: a key of `KINDS`, or empty for a hit."""
    if row["outcome"] == "hit":
        return ""
    if row.get("because") in ("side", "position", "unsaid_position"):
        return "side" if row["because"] == "side" else "position"
    if row["outcome"] != "missed":
        return {"wrong_label": "recognition", "poorly_located": "precision"}[row["outcome"]]
    if not is_placed(row):
        return "naming"
    near = nearest(row, answer)
    if near is None:
        return "search"
    return "precision" if _same(near, row) else "recognition"


def outcome_in_words(row: Row) -> str:
    """“Hit, change misjudged”: what became of a finding, and of its change where that is asked."""
    name = OUTCOME_WORDS[row["outcome"]]
    said = row.get("said_change")
    if not row.get("change") or said in (None, row["change"]):
        return name
    return f"{name}, change {'misjudged' if said else 'left open'}"


def is_placed(row: Row) -> bool:
    """Whether a finding has to be drawn, not only named."""
    return row["mode"] == "draw" and row["box"] is not None


def nearest(row: Row, answer: Answer) -> Row | None:
    """A mark that lies at a missed finding without hitting it, best one of its own label."""
    lying = [mark for mark in answer.marks.values() if _lies_at(mark, row)]
    free = [mark for mark in lying if mark["outcome"] == "false"]
    return max(free, key=lambda mark: _same(mark, row), default=None)


def finding_at(mark: Row, truths: Sequence[Row]) -> Row | None:
    """The finding that lies where a mark is, if one does."""
    placed = [row for row in truths if row["box"] is not None]
    return next((row for row in placed if _lies_at(mark, row)), None)


def _same(mark: Row, row: Row) -> bool:
    return taxonomy.group_of(mark["label"]) == taxonomy.group_of(row["label"])


def _lies_at(mark: Row, row: Row) -> bool:
    """On the same image, one of the two holding the other's center."""
    if mark["image"] != row["image"] or abs(mark["frame"] - row["frame"]) > NEAR_FRAMES:
        return False
    boxes = [row["box"], *row["others"]]
    return any(_holds(box, mark["box"]) or _holds(mark["box"], box) for box in boxes)


def _holds(box: Sequence[float], other: Sequence[float]) -> bool:
    x, y = (other[0] + other[2]) / 2, (other[1] + other[3]) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def what_happened(row: Row, answer: Answer) -> str:
    """One line on a finding of the case."""
    if not is_placed(row):
        return _named(row, answer)
    mark = answer.marks.get(row["mark"] or "")
    if row["outcome"] == "missed" or mark is None:
        return _missed(row, answer)
    if row.get("point") or mark.get("point"):
        called = name_of(mark["label"]) if row["outcome"] == "wrong_label" else ""
        return f"{tips.what_happened(row, mark, called)} {changes.change_in_words(row)}".strip()
    overlap = overlap_in_words(row["iou"])
    if row["outcome"] == "hit":
        if mark["label"] == row["label"]:
            return f"You found it ({overlap}). {changes.change_in_words(row)}".strip()
        called, name = name_of(mark["label"]), name_of(row["label"])
        told = f"You found it ({overlap}). {called} counts as {name}."
        return f"{told} {changes.change_in_words(row)}".strip()
    if row["outcome"] == "wrong_label":
        return f"Right place ({overlap}), but you called it {name_of(mark['label'])}{_harm(mark)}."
    off = displacement(row["box"], mark["box"], answer.images.get(row["image"]))
    told = f"Right finding, but your box does not fit it ({overlap}): {off}."
    return f"{told} {changes.change_in_words(row)}".strip()


def _harm(mark: Row) -> str:
    """What a name says that makes a finding harmless; empty for others."""
    known = taxonomy.labels().get(mark["label"])
    is_benign = known is not None and known.default_significance == "benign"
    return ", as if nothing were wrong there" if is_benign else ""


def _named(row: Row, answer: Answer) -> str:
    """One line on a finding that has only to be named, and perhaps with its side."""
    tick = answer.ticks.get(row["finding"])
    if row["outcome"] == "hit":
        return "You named it."
    if row.get("because") == "side" and tick:
        said, is_ = SIDE_WORDS.get(tick["side"], ""), SIDE_WORDS.get(row["side"], "")
        return f"You named it {said}; it is {is_}."
    mark = answer.marks.get(row["mark"] or "")
    if row.get("because") == "side" and mark and row["side"] in SIDE_WORDS:
        return f"You marked it, but not on its side alone; it is {SIDE_WORDS[row['side']]}."
    if row.get("because") in ("position", "unsaid_position") and mark:
        return tips.position_in_words(row, mark) or "It lies wrong; you did not say so."
    claim = tick or mark
    if row["outcome"] == "wrong_label" and claim:
        return (
            f"You named {name_of(claim['label'])}, which goes with it, but not the finding itself."
        )
    return "It applies here; you did not name it."


def _missed(row: Row, answer: Answer) -> str:
    near = nearest(row, answer)
    if near is None:
        image = answer.images.get(row["image"] or "")
        far = tips.far_off(row, answer.marks.values(), image)
        return far or "Nothing was marked there."
    if _same(near, row):
        what = "mark" if near.get("point") else "box"
        return f"You marked it there, but your {what} does not fit it."
    return f"You marked {name_of(near['label'])} there, in a box that does not fit."


def what_was_right(row: Row, answer: Answer) -> str:
    """The answer that would have earned it; empty where nothing was left to improve."""
    return f"{_right_mark(row, answer)} {changes.what_was_right(row)}".strip()


def _right_mark(row: Row, answer: Answer) -> str:
    """The mark that would have been a hit; empty where nothing was left to improve."""
    name = name_of(row["label"])
    image = answer.images.get(row["image"] or "")
    if not is_placed(row):
        if row["outcome"] == "hit":
            return ""
        if row["mode"] == "draw":
            return f"Right would have been a box labeled {name}, anywhere: nobody drew its place."
        side = f" {SIDE_WORDS[row['side']]}" if row.get("because") == "side" else ""
        return f"Right would have been to tick {name}{side}."
    mark = answer.marks.get(row["mark"] or "")
    if row.get("point") or (mark and mark.get("point")):
        return tips.what_was_right(row, name)
    if row["outcome"] == "hit":
        return _closer(row, answer, image)
    size = size_in_words(row["box"], image)
    if row["outcome"] == "wrong_label":
        return f"Right would have been this place, labeled {name}."
    if row["outcome"] == "poorly_located":
        return f"Right would have been this label in a box of {size}, where it is drawn."
    return f"Right would have been a box of {size} here, labeled {name}."


def _closer(row: Row, answer: Answer, image: Image | None) -> str:
    mark = answer.marks.get(row["mark"] or "")
    if mark is None or row["iou"] is None or row["iou"] >= CLOSE_IOU:
        return ""
    return f"Your box could be closer: {displacement(row['box'], mark['box'], image)}."


def mark_in_words(row: Row) -> str:
    """One line on a mark that no finding's line tells of; empty for the others."""
    if row["outcome"] == "hit" and row.get("cost"):
        return "It is here, but this says more than is there, or is said too often."
    if row["outcome"] == "duplicate" and row.get("cost"):
        return "This finding was marked already, and this says more than is there."
    return {
        "duplicate": "This finding was marked already; it costs nothing.",
        "false": "The truth of this case has nothing of the kind here.",
    }.get(row["outcome"], "")


def variant_in_words(row: Row) -> str:
    """One line on a false mark at a normal variant or pitfall."""
    told = f"What lies here is no finding: {name_of(row['label']).lower()}."
    return f"{told} {row['sentence']}".strip()


def tick_in_words(row: Row) -> str:
    """One line on a ticked finding."""
    if row["outcome"] == "false" and row.get("truth"):
        return f"It is here, but not {SIDE_WORDS[row['side']]}."
    if row["outcome"] == "hit" and row.get("cost"):
        return "Part of it is here; this says more than is there."
    return {
        "hit": "It applies here.",
        "poorly_located": "It is here, but it has to be drawn where it is.",
        "false": "The truth of this case does not have it.",
    }[row["outcome"]]


def credit_in_words(row: Row) -> str:
    """“1.4 of 2: the extent is off”: what a finding earned; empty under rules without weights."""
    if not row.get("possible"):
        return ""
    because = LOSSES.get(row.get("because") or "", "")
    told = f"{row['earned']:.2g} of {row['possible']:.2g}"
    return f"{told}: {because}" if because else told


def cost_in_words(row: Row) -> str:
    """What a claim took off; empty where it is free, and under rules without costs.

    A true one costs too where it says more than is there, or is said without end.
    """
    return f"costs {row['cost']:.3g}" if row.get("cost") else ""


def is_select(slug: str) -> bool:
    known = taxonomy.labels().get(slug)
    return known is not None and known.mode == "select"
