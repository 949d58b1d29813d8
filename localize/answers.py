"""An answer of the drawing game: marks, ticked findings, or "no abnormality"."""

from __future__ import annotations

import math
import re
from typing import Any

from attempts.games import AnswerProblem
from attempts.models import Attempt
from cases.queries import keep_images
from localize.changes import compares
from localize.timing import times_of
from localize.tips import takes_point
from ml import taxonomy
from ml.boxes import EDGE, around
from ml.localize.changed import CHANGES
from ml.localize.model import POSITIONS

MAX_MARKS = 100
BOTH = "bilateral"
SIDES = {"left": "left", "right": "right", "both": BOTH, BOTH: BOTH}
IDENTITY = re.compile(r"[A-Za-z0-9_-]{1,40}")


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
    keep_images(attempt.case)
    images = {image.public_id: image.frames for image in attempt.case.images.all()}
    has_prior = compares(attempt)
    cleaned: dict[str, Any] = {
        "marks": [
            _clean_mark(mark, number, images, attempt.rule) | _clean_change(mark, number, has_prior)
            for number, mark in enumerate(marks, 1)
        ],
        "ticked": _clean_ticked(ticked),
        "normal": answer.get("normal") is True,
    }
    sure = _clean_confidence(answer.get("normal_confidence"), "“No abnormality”")
    if sure is not None and not cleaned["normal"]:
        raise AnswerProblem("“normal_confidence” is for “No abnormality” only.")
    if sure is not None:
        cleaned["normal_confidence"] = sure
    identities = [mark["id"] for mark in cleaned["marks"]]
    if len(set(identities)) != len(identities):
        raise AnswerProblem("Two marks have the same id.")
    if cleaned["normal"] and (cleaned["marks"] or cleaned["ticked"]):
        raise AnswerProblem("“No abnormality” cannot be given together with findings.")
    return cleaned


def _clean_mark(mark: Any, number: int, images: dict[str, int], rule: str) -> dict[str, Any]:
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
        **_clean_place(mark, label, number, rule),
        "confidence": _clean_confidence(mark.get("confidence"), f"mark {number}"),
        **times_of(mark),
    }


def _clean_place(mark: dict[str, Any], label: str, number: int, rule: str) -> dict[str, Any]:
    """The box of a mark; of a device its tip with a box around it, and its position if said."""
    is_point, name = takes_point(label, rule), taxonomy.labels()[label].name
    point, position = mark.get("point"), mark.get("position")
    if point is None:
        place: dict[str, Any] = {"box": _clean_box(mark.get("box"), number)}
    elif is_point:
        tip = _clean_point(point, number)
        place = {"point": list(tip), "box": list(around(tip))}
    else:
        raise AnswerProblem(f"Mark {number}: {name} is drawn as a box, not as a point.")
    if position in (None, ""):
        return place
    if not is_point:
        raise AnswerProblem(f"Mark {number}: {name} is not asked for its position.")
    if position not in POSITIONS:
        raise AnswerProblem(f"The position of mark {number} must be right or wrong.")
    return {**place, "position": position}


def _clean_change(mark: dict[str, Any], number: int, has_prior: bool) -> dict[str, Any]:
    """What is said of a change since a prior film; nothing is kept of who was not asked."""
    if "change" not in mark:
        return {}
    change = mark["change"] or ""
    if not change and not has_prior:
        return {}
    if not has_prior:
        raise AnswerProblem(f"Mark {number}: this case has no prior film to compare with.")
    if change and change not in CHANGES:
        raise AnswerProblem(f"The change of mark {number} must be one of {', '.join(CHANGES)}.")
    return {"change": change}


def _clean_point(point: Any, number: int) -> tuple[float, float]:
    if not isinstance(point, list) or len(point) != 2 or not all(map(_is_finite, point)):
        raise AnswerProblem(f"Mark {number} needs a point of two numbers: x, y.")
    if min(point) < -EDGE or max(point) > 1 + EDGE:
        raise AnswerProblem(f"Mark {number} lies outside the image.")
    x, y = (min(1.0, max(0.0, float(side))) for side in point)
    return (x, y)


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


def _clean_confidence(confidence: Any, of: str) -> int | None:
    if confidence is None:
        return None
    if isinstance(confidence, bool) or confidence not in (1, 2, 3, 4, 5):
        raise AnswerProblem(f"The confidence of {of} must be 1 to 5.")
    return int(confidence)


def _clean_ticked(ticked: list[Any]) -> list[Any]:
    """Each label once, in order: as it is, or as an object where its side was said."""
    sides: dict[str, set[str]] = {}
    for entry in ticked:
        slug, side = _clean_tick(entry)
        sides.setdefault(slug, set()).add(side)
    return [_tick(slug, sides[slug] - {""}) for slug in sorted(sides)]


def _tick(slug: str, said: set[str]) -> str | dict[str, str]:
    if not said:
        return slug
    return {"label": slug, "side": said.pop() if len(said) == 1 else BOTH}


def _clean_tick(entry: Any) -> tuple[str, str]:
    """Label and side of an entry: a label, or an object with `label` and `side`."""
    slug = entry.get("label") if isinstance(entry, dict) else entry
    if not isinstance(slug, str) or slug not in taxonomy.labels():
        raise AnswerProblem(f"A ticked finding is not in the list: {slug!r:.60}.")
    label = taxonomy.labels()[slug]
    if label.mode != "select":
        raise AnswerProblem(f"{label.name} is drawn, not ticked: mark where it is.")
    side = (entry.get("side") or "") if isinstance(entry, dict) else ""
    if side == "":
        return slug, ""
    if not isinstance(side, str) or side not in SIDES:
        raise AnswerProblem(f"The side of {label.name} must be left, right or both.")
    if not label.is_sided:
        raise AnswerProblem(f"{label.name} is not asked with a side.")
    return slug, SIDES[side]
