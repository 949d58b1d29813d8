"""What a model may explain of a scored attempt: missed and wrong findings, and false marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attempts.models import Result
from cases.models import Case, Image
from feedback.explainers import Explainer
from feedback.subjects import Subject, question_on, side_of_box
from ml import taxonomy

OF_TRUTH = ("missed", "wrong_label", "poorly_located")


def subject_of(result: Result, row_id: str) -> Subject | None:
    """The subject of a row of the feedback; None for one that needs no explanation."""
    case = result.attempt.case
    images = {image.public_id: image for image in case.images.all()}
    marks = {mark["id"]: mark for mark in result.data["marks"]}
    for row in result.data["truths"]:
        if row["id"] == row_id and row["outcome"] in OF_TRUTH and row["label"] in taxonomy.labels():
            return _of_truth(case, row, marks.get(row["mark"] or ""), images)
    mark = marks.get(row_id)
    if mark and mark["outcome"] == "false" and mark["label"] in taxonomy.labels():
        image = images.get(mark["image"])
        box = tuple(mark["box"])
        side = side_of_box(box, image)
        question = question_on(case, label=mark["label"], outcome="false", side=side)
        return Subject(case, question, image, mark["frame"], (), box)
    return None


def _of_truth(
    case: Case,
    row: Mapping[str, Any],
    mark: Mapping[str, Any] | None,
    images: Mapping[str, Image],
) -> Subject:
    image = images.get(row["image"] or "")
    same = mark is not None and (mark["image"], mark["frame"]) == (row["image"], row["frame"])
    box = tuple(mark["box"]) if mark and same else None
    called = mark["label"] if mark and row["outcome"] == "wrong_label" else ""
    question = question_on(
        case,
        label=row["label"],
        outcome=row["outcome"],
        side=row["side"],
        location=row["location"],
        size_mm=row["size_mm"],
        sentence=row["sentence"],
        called=called if called in taxonomy.labels() else "",
        mark_side=side_of_box(box, image) if box else "",
    )
    truth = (tuple(row["box"]),) if row["box"] else ()
    return Subject(case, question, image, row["frame"], truth, box)


EXPLAINER = Explainer(explained=subject_of)
