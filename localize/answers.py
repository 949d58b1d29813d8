"""An answer of the drawing game: marks, ticked findings, or "no abnormality"."""

from __future__ import annotations

import math
import re
from typing import Any

from cases.models import Case
from feedback.models import Attempt
from feedback.registry import AnswerProblem
from ml import taxonomy

MAX_MARKS = 100
IDENTITY = re.compile(r"[A-Za-z0-9_-]{1,40}")
EDGE = 1e-6
"""How far a box may lie outside the image by rounding, as a fraction of its side."""


def clean_answer(attempt: Attempt, answer: Any) -> dict[str, Any]:
    """Check an answer against its case and return it in the form that is stored.

    Raises AnswerProblem with a sentence that names the mark and what is wrong.
    """
    if not isinstance(answer, dict):
        raise AnswerProblem("The answer must be a JSON object.")
    marks = answer.get("marks", [])
    ticked = answer.get("ticked", [])
    if not isinstance(marks, list) or not isinstance(ticked, list):
        raise AnswerProblem("“marks” and “ticked” must be lists.")
    if len(marks) > MAX_MARKS:
        raise AnswerProblem(f"{len(marks)} marks are too many; at most {MAX_MARKS} are taken.")
    images = _frames_of(attempt.case)
    cleaned = {
        "marks": [_clean_mark(mark, number, images) for number, mark in enumerate(marks, 1)],
        "ticked": _clean_ticked(ticked),
        "normal": answer.get("normal") is True,
    }
    identities = [mark["id"] for mark in cleaned["marks"]]
    if len(set(identities)) != len(identities):
        raise AnswerProblem("Two marks have the same id.")
    if cleaned["normal"] and (cleaned["marks"] or cleaned["ticked"]):
        raise AnswerProblem("“No abnormality” cannot be given together with findings.")
    return cleaned


def _frames_of(case: Case) -> dict[str, int]:
    return dict(case.images.values_list("public_id", "frames"))


def _clean_mark(mark: Any, number: int, images: dict[str, int]) -> dict[str, Any]:
    if not isinstance(mark, dict):
        raise AnswerProblem(f"Mark {number} must be a JSON object.")
    label = mark.get("label")
    if not isinstance(label, str) or label not in taxonomy.labels():
        raise AnswerProblem(f"Mark {number} has a label that is not in the list: {label!r:.60}.")
    image = mark.get("image")
    if not isinstance(image, str) or image not in images:
        raise AnswerProblem(f"Mark {number} is not on an image of this case.")
    frame = mark.get("frame", 0)
    if isinstance(frame, bool) or not isinstance(frame, int) or not 0 <= frame < images[image]:
        raise AnswerProblem(f"Mark {number} is on a frame that the image does not have.")
    identity = mark.get("id")
    if not isinstance(identity, str) or not IDENTITY.fullmatch(identity):
        raise AnswerProblem(f"Mark {number} needs an id of 1 to 40 letters, digits, - or _.")
    return {
        "id": identity,
        "label": label,
        "image": image,
        "frame": frame,
        "box": _clean_box(mark.get("box"), number),
        "confidence": _clean_confidence(mark.get("confidence"), number),
    }


def _clean_box(box: Any, number: int) -> list[float]:
    if not isinstance(box, list) or len(box) != 4 or not all(_is_finite(side) for side in box):
        raise AnswerProblem(f"Mark {number} needs a box of four numbers: x0, y0, x1, y1.")
    if min(box) < -EDGE or max(box) > 1 + EDGE:
        raise AnswerProblem(f"Mark {number} lies outside the image.")
    x0, y0, x1, y1 = (min(1.0, max(0.0, float(side))) for side in box)
    if x1 - x0 <= EDGE or y1 - y0 <= EDGE:
        raise AnswerProblem(f"Mark {number} has no area.")
    return [x0, y0, x1, y1]


def _is_finite(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of hundreds of digits
        return False


def _clean_confidence(confidence: Any, number: int) -> int | None:
    if confidence is None:
        return None
    if isinstance(confidence, bool) or confidence not in (1, 2, 3, 4, 5):
        raise AnswerProblem(f"The confidence of mark {number} must be 1 to 5.")
    return int(confidence)


def _clean_ticked(ticked: list[Any]) -> list[str]:
    for slug in ticked:
        if not isinstance(slug, str) or slug not in taxonomy.labels():
            raise AnswerProblem(f"A ticked finding is not in the list: {slug!r:.60}.")
        if taxonomy.labels()[slug].mode != "select":
            raise AnswerProblem(
                f"{taxonomy.labels()[slug].name} is drawn, not ticked: mark where it is."
            )
    return sorted(set(ticked))
