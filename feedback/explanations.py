"""Explanations by a vision-language model: kept by what they are about, streamed while written.

The atlas is on the page from the start; a model's text takes its place when there is one that
passed the checks (`ml.vlm`), and only then.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from celery import signature
from django.utils import timezone

from accounts.models import User
from attempts import clock
from attempts.models import Attempt
from attempts.queries import shown_result
from attempts.telling import tell_group
from cases.imaging.pixels import Window
from cases.imaging.render import pixels_of, windowed
from cases.models import Image
from feedback import backends, ratings
from feedback.explainers import explainer_of
from feedback.models import Explanation
from feedback.subjects import Subject
from ml import vlm
from ml.llm.backend import Backend
from ml.models import ModelProblem
from ml.vlm import pictures

logger = logging.getLogger(__name__)

MOST_AN_HOUR = 30
"""New texts that one learner may have written in an hour."""
PATIENCE = 120
"""Seconds after which nobody waits for a text any more, and none is begun."""
UNREVIEWED = "Model, unreviewed"


def kept(subject: Subject) -> Explanation | None:
    """A text that is there already: a reviewed one first, then of the model in use."""
    found = Explanation.objects.filter(facts=subject.facts).exclude(text="")
    reviewed = found.filter(reviewed_by__isnull=False).select_related("reviewed_by").first()
    return reviewed or found.order_by("-id").first()


def badge_of(explanation: Explanation) -> str:
    reviewer = explanation.reviewed_by
    return f"Model, reviewed by {reviewer.username}" if reviewer else UNREVIEWED


def may_ask(user: User) -> bool:
    """Whether this learner may have another text written now."""
    hour = timezone.now() - timedelta(hours=1)
    asked = Explanation.objects.filter(asked_by=user, created_at__gt=hour)
    return asked.count() < MOST_AN_HOUR


def make(
    subject: Subject, *, user: User | None = None, show: Callable[[str], None] | None = None
) -> Explanation | None:
    """The kept text, or a new one; None where the model has none that may be shown.

    A text that did not pass is remembered as empty, so that it is not asked for again.
    ModelProblem when the model does not answer, or none is configured.
    """
    found = kept(subject)
    if found:
        return found
    backend = backends.vision_model()
    if was_refused(subject, backend):
        return None
    return keep(subject, backend, written(backend, subject, show), user=user)


def was_refused(subject: Subject, backend: Backend) -> bool:
    """Whether this model has written on it before, what may not be shown."""
    return Explanation.objects.filter(key=_key(subject, backend), text="").exists()


def written(
    backend: Backend, subject: Subject, show: Callable[[str], None] | None = None
) -> vlm.Explanation:
    """What the model writes; with an empty text when that may not be shown. No database is used."""
    image = crop = None
    if subject.image is not None:
        pixels = displayed(subject.image, subject.frame)
        image = pictures.marked_png(pixels, subject.truth, subject.mark)
        place = subject.truth[0] if subject.truth else subject.mark
        crop = pictures.crop_png(pixels, place, subject.truth) if place else None
    return vlm.write(backend, subject.question, image, crop, show=show)


def keep(
    subject: Subject, backend: Backend, wrote: vlm.Explanation, *, user: User | None = None
) -> Explanation | None:
    """Store what was written, unless another worker has; None where it may not be shown."""
    explanation, _ = Explanation.objects.get_or_create(
        key=_key(subject, backend),
        defaults={
            "facts": subject.facts,
            "case": subject.case,
            "label": subject.question.label,
            "outcome": subject.question.outcome,
            "text": wrote.text,
            "model": wrote.model,
            "prompt_version": wrote.prompt_version,
            "asked_by": user,
        },
    )
    return explanation if explanation.text else None


def _key(subject: Subject, backend: Backend) -> str:
    return hashlib.sha256(f"{subject.facts} {backend.version}".encode()).hexdigest()


def displayed(image: Image, frame: int) -> Any:
    """A frame as it is first shown: (rows, columns), 8 bits."""
    with image.rendition.storage.open(image.frame_path(frame)) as stream:
        pixels = pixels_of(stream.read())
    return windowed(pixels, Window(image.window_center, image.window_width))


def subject_of(attempt: Attempt, row: str) -> Subject | None:
    """What a row of an attempt's shown result is about; None for nothing to explain."""
    result = shown_result(attempt)
    explained = explainer_of(attempt.kind).explained
    return explained(result, row) if result and explained else None


def asked(attempt: Attempt, row: str) -> tuple[int, dict[str, Any]]:
    """Answer a page that wants a row explained: HTTP status, and what to tell it.

    200 with the text when it is there; 202 when a worker will tell it; state ``none`` when
    the atlas is all there is; 429 when this learner has asked too often.
    """
    subject = subject_of(attempt, row) if backends.has_eyes() else None
    if subject is None:
        return 200, {"row": row, "state": "none"}
    found = kept(subject)
    if found:
        return 200, {"row": row, "state": "done", **_shown(found, attempt.user)}
    if not may_ask(attempt.user):
        return 429, {"row": row, "state": "none", "error": "You have asked for many; try later."}
    if not _queued(attempt, row):
        return 200, {"row": row, "state": "none"}
    return 202, {"row": row, "state": "asked"}


def shown_to(attempt: Attempt, row: str, explanation_id: int) -> Explanation | None:
    """The text of that id when it is one on this row of the attempt; else None."""
    subject = subject_of(attempt, row)
    if subject is None:
        return None
    found = Explanation.objects.filter(pk=explanation_id, facts=subject.facts)
    return found.exclude(text="").first()


def _queued(attempt: Attempt, row: str) -> bool:
    try:
        asked = (attempt.pk, row, clock.stamp())
        signature("feedback.tasks.write_explanation", asked).apply_async()
    except Exception:  # any broker's own error: the atlas is on the page
        logger.warning("An explanation could not be queued.", exc_info=True)
        return False
    return True


def write(attempt_id: int, row: str) -> None:
    """Explain a row to the attempt's page: ``writing`` as it grows, then ``done`` or ``none``."""
    attempt = Attempt.objects.select_related("case", "user").get(pk=attempt_id)
    subject = subject_of(attempt, row)
    found = None
    try:
        if subject:
            found = make(
                subject,
                user=attempt.user,
                show=lambda text: _tell(attempt, row, "writing", text=text),
            )
    except (ModelProblem, OSError) as problem:
        logger.warning("Row %s of attempt %s is not explained: %s", row, attempt_id, problem)
    if found:
        _tell(attempt, row, "done", **_shown(found, attempt.user))
    else:
        _tell(attempt, row, "none")


def _shown(explanation: Explanation, user: User) -> dict[str, Any]:
    """What a page is told of a finished text, with the learner's own rating of it."""
    return {
        "text": explanation.text,
        "badge": badge_of(explanation),
        "explanation": explanation.pk,
        "rating": ratings.rating_of(explanation, user),
    }


def _tell(attempt: Attempt, row: str, state: str, **more: Any) -> None:
    told = {"row": row, "state": state, **more}
    message = {"type": "attempt.told", "told": {"explanation": told}}
    try:
        tell_group(attempt.group, message)
    except Exception:  # the atlas is on the page
        logger.warning("Nobody could be told of an explanation.", exc_info=True)
