"""Guided: the truth of a case with its explanations, without an answer to judge."""

from __future__ import annotations

from typing import Any

from attempts.models import Attempt, Result
from attempts.queries import next_url
from localize.agreement import agreement_of
from localize.closeups import closeup_of
from localize.similar import similar_cases
from localize.tips import LIES, how_to_judge
from localize.wording import name_of
from ml import atlas, taxonomy
from ml.atlas.place import place_of

SHOWN = "hit"
"""How the page's script is to draw a truth that nobody was asked for: as one that is known."""
FOR_SCRIPT = (
    *("id", "name", "image", "frame", "box", "point", "path", "outline"),
    *("others", "slices", "other_slices", "closeup"),
)

Row = dict[str, Any]


def guided_review(attempt: Attempt, result: Result) -> dict[str, Any]:
    """The page's content, findings in order of importance; `page` is what its script gets."""
    rank = taxonomy.SIGNIFICANCES.index
    rows = sorted(result.data["truths"], key=lambda row: rank(row["significance"]))
    images = {image.public_id: image for image in attempt.case.images.all()}
    similar = similar_cases(attempt, {row["label"] for row in rows})
    truths = [
        {
            **_in_words(row),
            "closeup": closeup_of(row, rows, images),
            "similar": similar.get(row["label"]),
        }
        for row in rows
    ]
    return {
        "guided": True,
        "truths": truths,
        "next_url": next_url(attempt),
        "page": {
            "truths": [
                {**{key: row[key] for key in FOR_SCRIPT if key in row}, "outcome": SHOWN}
                for row in truths
            ],
            "marks": [],
            "ticked": [],
        },
    }


def _in_words(row: Row) -> Row:
    entry = atlas.entries().get(row["label"])
    phrase = place_of(row["side"], row["location"], entry.own if entry else ()).phrase
    place = phrase[1:-1] if phrase.startswith("(") else phrase
    told = (f"Look for {entry.look}.", entry.compare, entry.tip) if entry else ()
    lies = f"Its tip {LIES[row['position']]}." if row.get("position") else ""
    return {
        **row,
        "name": name_of(row["label"]),
        "outcome": "shown",
        "outcome_name": "",
        "text": place[:1].upper() + place[1:],
        "explanation": " ".join(filter(None, (*told, how_to_judge(row), lies))),
        "agreement": agreement_of(row),
        "entry": entry,
    }
