"""What changes an attempt. Save first, then queue: nothing acknowledged is ever lost."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from cases.models import Case
from feedback import opinions
from feedback.aids import give_second_look
from feedback.models import Attempt, Mode, Outcome, Result, Series
from feedback.queries import holding_series
from feedback.registry import AnswerProblem, Scored, game_of

logger = logging.getLogger(__name__)

MAX_ELAPSED_MS = 24 * 3600 * 1000
GRACE = timedelta(seconds=5)
"""How long after a deadline an answer that was under way is still taken."""


CHANGED = "This case was changed in another window."


class Conflict(Exception):
    """The attempt is not in the state, or its draft not in the version, the caller thinks."""

    def __init__(self, sentence: str, attempt: Attempt) -> None:
        super().__init__(sentence)
        self.attempt = attempt


def late() -> Q:
    """Drafts whose time is up."""
    return Q(state=Attempt.State.DRAFT, deadline__lt=timezone.now() - GRACE)


def is_late(attempt: Attempt) -> bool:
    return attempt.deadline is not None and attempt.deadline + GRACE < timezone.now()


def open_attempt(
    *,
    user: User,
    case: Case,
    kind: str,
    mode: str,
    rule: str = "",
    series: Series | None = None,
    deadline: datetime | None = None,
) -> Attempt:
    """The user's draft of this case, made when there is none; its clock runs from then on."""
    key = {"user": user, "case": case, "kind": kind, "mode": mode, "state": Attempt.State.DRAFT}
    found = Attempt.objects.filter(**key).first()
    if found and found.series_id == (series and series.pk):
        return found
    if found:  # left over from a series that is closed
        give_up(found.pk, Attempt.Closed.ENDED)
    try:
        with transaction.atomic():
            return Attempt.objects.create(
                **key, rule=rule, case_version=case.version, series=series, deadline=deadline
            )
    except IntegrityError:
        # Two tabs opened the case at the same moment; the other one made it.
        return Attempt.objects.get(**key)


def truth_was_seen(user: User, case: Case, *, but: Attempt | None = None) -> bool:
    """Whether the user was shown this case's truth, or some of it, in either game and any mode.

    Hints count as well. What was scored since an open series has the case was not shown.
    `but` is an attempt to leave out.
    """
    others = Attempt.objects.filter(user=user, case=case).exclude(pk=but.pk if but else None)
    told = Q(state=Attempt.State.SCORED)
    series = holding_series(user, case)
    if series is not None:
        told &= Q(scored_at__lt=series.started_at)
    return others.filter(told | ~Q(aids=[])).exists()


def save_draft(
    *, attempt_id: int, version: int, answer: Any, writer: uuid.UUID | None = None
) -> Attempt:
    """Store what the learner has so far; Conflict when another window saved in between.

    A window that did not hear of its own last save (the reply was lost) is one version
    behind itself, which is no conflict: `writer` tells windows apart. After the deadline
    the draft is submitted as it was saved last, and this is a Conflict too.
    """
    if Attempt.objects.filter(late(), pk=attempt_id).exists():
        close_draft(attempt_id, Attempt.Closed.TIME)
    return _save_draft(attempt_id, version, answer, writer)


@transaction.atomic
def _save_draft(attempt_id: int, version: int, answer: Any, writer: uuid.UUID | None) -> Attempt:
    attempt = locked(attempt_id)
    if not attempt.is_open:
        raise Conflict("This attempt was already submitted.", attempt)
    if not _knows_draft(attempt, version, writer):
        raise Conflict(CHANGED, attempt)
    attempt.answer = game_of(attempt.kind).clean_answer(attempt, answer)
    attempt.draft_version += 1
    attempt.draft_writer = writer
    attempt.saved_at = timezone.now()
    attempt.save(update_fields=["answer", "draft_version", "draft_writer", "saved_at"])
    return attempt


def _knows_draft(attempt: Attempt, version: int, writer: uuid.UUID | None) -> bool:
    """Whether a window has seen what is saved, or saved it itself and did not hear so."""
    own = writer is not None and attempt.draft_writer == writer
    return attempt.draft_version == version or (own and attempt.draft_version == version + 1)


@transaction.atomic
def submit(
    *,
    attempt_id: int,
    submission: uuid.UUID,
    answer: Any,
    elapsed_ms: int,
    version: int | None = None,
    writer: uuid.UUID | None = None,
) -> Attempt:
    """Save the answer as submitted, and ask for its scoring once that is committed.

    The same `submission` again returns the same attempt and changes nothing. `version` and
    `writer` are those of the draft that the window knows: Conflict when another window has
    saved since. At the deadline nobody can decide between windows, and after it the answer
    is not looked at: the last saved draft is submitted in its place.
    """
    attempt = locked(attempt_id)
    if attempt.submission == submission:
        return attempt
    if not attempt.is_open:
        raise Conflict("This attempt was already submitted.", attempt)
    if not attempt.case.is_playable:
        raise AnswerProblem("This case has been retired; your marks are kept, but not scored.")
    if Attempt.objects.filter(submission=submission).exists():
        raise Conflict("This submission belongs to another attempt.", attempt)
    knows = version is None or _knows_draft(attempt, version, writer)
    time_is_up = attempt.deadline is not None and attempt.deadline <= timezone.now()
    if is_late(attempt) or (time_is_up and not knows):
        attempt.closed_because = Attempt.Closed.TIME
    elif not knows:
        raise Conflict(CHANGED, attempt)
    else:
        attempt.answer = game_of(attempt.kind).clean_answer(attempt, answer)
        attempt.saved_at = timezone.now()
    attempt.submission = submission
    _hand_in(attempt, elapsed_ms)
    return attempt


@transaction.atomic
def close_draft(attempt_id: int, because: str) -> None:
    """Submit a draft as it was saved last; nothing happens to one that is submitted already."""
    attempt = locked(attempt_id)
    if attempt.is_open:
        attempt.closed_because = because
        _hand_in(attempt, _since_opened(attempt))


@transaction.atomic
def give_up(attempt_id: int, because: str) -> None:
    """Submit a draft with something in it as it is, and forget one that was only looked at."""
    attempt = locked(attempt_id)
    if attempt.is_open and attempt.saved_at is None:
        attempt.delete()
    else:
        close_draft(attempt_id, because)


def _since_opened(attempt: Attempt) -> int:
    return int((timezone.now() - attempt.started_at).total_seconds() * 1000)


def _hand_in(attempt: Attempt, elapsed_ms: int) -> None:
    if attempt.series_id:  # one clock for all, which no reload sets back
        elapsed_ms = _since_opened(attempt)
    attempt.state = Attempt.State.SUBMITTED
    attempt.submitted_at = attempt.queued_at = timezone.now()
    first_look = attempt.elapsed_ms or 0 if attempt.round > 1 else 0
    attempt.elapsed_ms = min(first_look + max(0, elapsed_ms), MAX_ELAPSED_MS)
    seen = truth_was_seen(attempt.user, attempt.case, but=attempt)
    attempt.truth_seen = attempt.truth_seen or seen
    attempt.save()
    transaction.on_commit(lambda: queue_scoring(attempt.pk))


def queue_scoring(attempt_id: int) -> None:
    """Hand an attempt to a worker; a broker that is away is left to the sweep."""
    from feedback.tasks import score_attempt

    try:
        score_attempt.delay(attempt_id)
    except Exception:  # any broker's own error: the attempt is safe in the database
        logger.warning("Attempt %s could not be queued; the sweep will.", attempt_id, exc_info=True)


def sweep() -> int:
    """Queue again what stayed submitted too long; give up on what failed every time.

    Returns the number of attempts queued.
    """
    now = timezone.now()
    late = Attempt.objects.filter(
        Q(queued_at__lt=now - timedelta(seconds=settings.SWEEP_AFTER_SECONDS))
        | Q(queued_at__isnull=True),
        state=Attempt.State.SUBMITTED,
    )
    for attempt in late.filter(tries__gte=settings.SCORING_MAX_TRIES)[:100]:
        fail(attempt.pk, "Scoring stopped before it was done, several times in a row.")
    queued = 0
    for attempt_id in list(late.order_by("submitted_at").values_list("pk", flat=True)[:500]):
        # One sweep of several claims the row; the others find it queued just now.
        if late.filter(pk=attempt_id).update(queued_at=now):
            queue_scoring(attempt_id)
            queued += 1
    return queued


def begin_scoring(attempt_id: int) -> Attempt | None:
    """Count one try; None when there is nothing to score (any more)."""
    counted = Attempt.objects.filter(pk=attempt_id, state=Attempt.State.SUBMITTED).update(
        tries=F("tries") + 1
    )
    if not counted:
        return None
    return Attempt.objects.select_related("case", "user").get(pk=attempt_id)


def keep_result(attempt_id: int, scored: Scored, *, of_round: int = 1) -> bool:
    """Store a result with its outcomes and close the attempt, or open it for a second look.

    False when that was done before.
    """
    with transaction.atomic():
        attempt = locked(attempt_id)
        if attempt.round != of_round:
            return False  # a slow worker: another one has scored that round meanwhile
        counts = attempt.mode != Mode.GUIDED and attempt.round == 1
        result, made = Result.objects.get_or_create(
            attempt=attempt,
            scorer=scored.scorer,
            scorer_version=scored.version,
            round=attempt.round,
            defaults={"score": scored.score, "data": scored.data, "counts": counts},
        )
        if made:
            awaited = opinions.await_for(result)
            transaction.on_commit(lambda: opinions.queue(awaited))
            Outcome.objects.bulk_create(
                Outcome(
                    result=result,
                    about=row.about,
                    finding_id=row.finding_id,
                    label=row.label,
                    outcome=row.outcome,
                    iou=row.iou,
                    confidence=row.confidence,
                    aided=row.aided,
                )
                for row in scored.outcomes
            )
        if attempt.state != Attempt.State.SUBMITTED:
            return False
        # What remains is itself told of the truth, so nothing while a series holds the case.
        held = holding_series(attempt.user, attempt.case) is not None
        if held or not give_second_look(attempt, scored):
            attempt.state = Attempt.State.SCORED
            attempt.scored_at = timezone.now()
            attempt.save(update_fields=["state", "scored_at"])
        transaction.on_commit(lambda: tell(attempt))
    return True


def fail(attempt_id: int, problem: str) -> None:
    """Close an attempt that cannot be scored; the answer is kept."""
    with transaction.atomic():
        attempt = locked(attempt_id)
        if attempt.state != Attempt.State.SUBMITTED:
            return
        attempt.state = Attempt.State.FAILED
        attempt.problem = problem
        attempt.save(update_fields=["state", "problem"])
        transaction.on_commit(lambda: tell(attempt))


@transaction.atomic
def score_again(attempt_id: int) -> Attempt:
    """Put a failed attempt back in the queue."""
    attempt = locked(attempt_id)
    if attempt.state != Attempt.State.FAILED:
        raise Conflict("Only an attempt whose scoring failed can be scored again.", attempt)
    attempt.state = Attempt.State.SUBMITTED
    attempt.tries = 0
    attempt.problem = ""
    attempt.queued_at = timezone.now()
    attempt.save(update_fields=["state", "tries", "problem", "queued_at"])
    transaction.on_commit(lambda: queue_scoring(attempt.pk))
    return attempt


def tell(attempt: Attempt) -> None:
    """Tell the attempt's page its state; a channel layer that is away costs only the push."""
    message = {"type": "attempt.state", "state": attempt.state}
    try:
        async_to_sync(get_channel_layer().group_send)(attempt.group, message)
    except Exception:  # the page polls as well
        logger.warning("Nobody could be told of attempt %s.", attempt.pk, exc_info=True)


def locked(attempt_id: int) -> Attempt:
    return Attempt.objects.select_for_update(of=("self",)).select_related("case").get(pk=attempt_id)
