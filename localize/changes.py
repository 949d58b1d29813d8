"""What has become of findings since a prior film: asked of marks, told in the feedback.

It is asked of every case with a prior film whose data set tells of changes, so that being asked
says nothing of the case. Only rule ``clinical`` judges it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from attempts.models import Attempt
from cases.models import Case, Finding, Image
from cases.progressions import is_known, known
from localize import tips
from localize.result import BeforeRow

__all__ = ["asks", "before_rows", "change_in_words", "compares", "known", "what_was_right"]

Row = Mapping[str, Any]
IS = {
    "new": "it is new",
    "larger": "it is larger than before",
    "smaller": "it is smaller than before",
    "unchanged": "it is unchanged",
}


def compares(attempt: Attempt) -> bool:
    """Whether a change may be said of the marks of an attempt: by its rule and its images."""
    if attempt.rule not in tips.RULES:
        return False
    return any(image.study == Image.Study.PRIOR for image in attempt.case.images.all())


def asks(attempt: Attempt) -> bool:
    """Whether the page asks for it."""
    if not compares(attempt):
        return False
    dataset = attempt.case.dataset_id
    with_prior = Q(case__images__study=Image.Study.PRIOR)
    told = Finding.objects.filter(with_prior, is_known(), case__dataset=dataset)
    return told.exists() or Case.objects.filter(dataset=dataset).exclude(before=[]).exists()


def change_in_words(row: Row) -> str:
    """Whether the learner judged the change of a finding that was found; empty where not asked."""
    is_, said = row.get("change"), row.get("said_change")
    if not is_ or said is None:
        return ""
    if not said:
        return f"You did not say how it has changed: {IS[is_]}."
    if said == is_:
        return f"You judged the change correctly: {IS[is_]}."
    return f"You called it {said}; {IS[is_]}."


def what_was_right(row: Row) -> str:
    """What would have been right to say of the change; empty where nothing was lost by it."""
    if not row.get("change") or row.get("said_change") in (None, row["change"]):
        return ""
    return f"Compared with the prior film, right would have been: {row['change']}."


def before_rows(case: Case, images: Mapping[int, Image]) -> list[BeforeRow]:
    """What the prior film shows, as a result keeps it; `images` are the case's by position."""
    return [
        {
            "label": one["label"],
            "side": one["side"],
            "sentence": one["sentence"],
            "change": one["change"],
            "places": [
                {
                    "image": images[place["image"]].public_id,
                    "frame": place["frame"],
                    "box": place["box"],
                    "outline": place["points"] if place["shape"] == "polygon" else [],
                }
                for place in one["regions"]
                if place["image"] in images and place["shape"] != "point"
            ],
        }
        for one in case.before
    ]
