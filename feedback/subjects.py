"""What a model is to explain: a finding or a mark, what is known of it and where it lies."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from cases.models import Case, Finding, Image
from ml import taxonomy
from ml.vlm import Box, Question, prompt


@dataclass(frozen=True)
class Subject:
    """What is to be explained, and where it lies."""

    case: Case
    question: Question
    image: Image | None = None
    frame: int = 0
    truth: tuple[Box, ...] = ()
    mark: Box | None = None

    @property
    def facts(self) -> str:
        """A digest of everything that the text depends on but the model."""
        known = {
            **prompt.facts_of(self.question),
            "language": self.question.language,
            "image": self._image_name(),
            "boxes": [self.frame, self.truth, self.mark],
            "prompt": prompt.PROMPT_VERSION,
        }
        return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()

    def _image_name(self) -> str:
        """The rendition's name as a PNG's, however it is kept: texts outlive the encoding."""
        if self.image is None:
            return ""
        return str(PurePosixPath(str(self.image.rendition.name)).with_suffix(".png"))


def subject_of_finding(finding: Finding) -> Subject:
    """The truth part: why a finding is what it is, for whoever missed it.

    It is shown where the games show it: at its largest box, on a stack on the frame of that one.
    """
    case = finding.case
    regions = [r for r in finding.regions.select_related("image") if not r.alternate]
    main = max(regions, key=lambda r: ((r.x1 - r.x0) * (r.y1 - r.y0), -r.frame), default=None)
    return Subject(
        case,
        question_on(
            case,
            label=finding.label,
            outcome="missed",
            side=finding.side,
            location=finding.location,
            size_mm=finding.size_mm,
            sentence=finding.sentence,
        ),
        main.image if main else None,
        main.frame if main else 0,
        (main.box,) if main else (),
    )


def question_on(case: Case, **facts: Any) -> Question:
    """A question with what is known of the case; ValueError for a label outside the taxonomy."""
    known = taxonomy.labels()
    labels = sorted({f.label for f in case.findings.all() if f.label in known})
    return Question(
        present=tuple(labels),
        age=case.age,
        sex=case.sex or "",
        indication=case.indication,
        **facts,
    )


def side_of_box(box: Box, image: Image | None) -> str:
    """The patient's side that a box lies on; empty in between, and where the side is unknown."""
    if image is None or box[0] < 0.5 < box[2]:
        return ""
    return image.side_toward((box[0] + box[2]) / 2 - 0.5)
