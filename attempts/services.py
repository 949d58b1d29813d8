"""What changes an attempt until it is queued. Save first, then queue: nothing acknowledged is ever
lost. What becomes of it then is `attempts.scoring`.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from celery import signature
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Case as Cases
from django.db.models import Q, QuerySet, When
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from accounts.prepared import prepared, prepared_models, prepared_update
from accounts.together import together
from attempts import clock
from attempts.games import game_of
from attempts.models import Attempt, Mode, Series
from attempts.seen import truth_was_seen
from cases.models import Case

logger = logging.getLogger(__name__)

MAX_ELAPSED_MS = 24 * 3600 * 1000
SCORED_AT_ONCE = 3
"""Submissions of one learner in the queue at a time."""
WAITS, QUEUED, LOST = range(3)
"""For its turn; in the queue; in no queue any more (`stuck`)."""
GRACE = timedelta(seconds=5)
"""How long after a deadline an answer that was under way is still taken."""


CHANGED = "This case was changed in another window."
SUBMITTED = "This attempt was already submitted."
RETIRED = "This case was retired while you played it: your answer is kept, but not scored."


class Conflict(Exception):
    """The attempt is not in the state, or its draft not in the version, the caller thinks."""

    def __init__(self, sentence: str, attempt: Attempt) -> None:
        super().__init__(sentence)
        self.attempt = attempt


def late() -> Q:
    """Drafts whose time is up."""
    return Q(state=Attempt.State.DRAFT, deadline__lt=Now() - GRACE)


def is_late(attempt: Attempt) -> bool:
    return attempt.deadline is not None and attempt.deadline + GRACE < clock.now()


def stuck() -> Q:
    """What was submitted and asked for long ago, or in what is the future since a clock was set
    back: a worker or the queue may have lost it.
    """
    patience = timedelta(seconds=settings.SWEEP_AFTER_SECONDS)
    asked_wrongly = Q(queued_at__lt=Now() - patience) | Q(queued_at__gt=Now() + patience)
    return Q(asked_wrongly, state=Attempt.State.SUBMITTED)


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
    """The user's draft of this case, made when there is none; its clock runs from then on.

    One draft a case and mode outside of series, and one in each series that has the case.
    """
    key = {"user": user, "case": case, "kind": kind, "mode": mode, "state": Attempt.State.DRAFT}
    drafts = _drafts(user.pk, case.pk, kind, mode)
    for left in drafts:
        if left.series and not left.series.is_open and left.round == 1:
            give_up(left.pk, Attempt.Closed.ENDED)  # its series was closed while it was opened
    key["series"] = series
    found = next((one for one in drafts if one.series == series), None)
    if found and series and not series.is_open:
        found = Attempt.objects.filter(**key).first()  # it was given up just now
    if found:
        found.user, found.case = user, case
        return found
    try:
        return _made(key, rule=rule, case_version=case.version, deadline=deadline)
    except IntegrityError:
        # Two tabs opened the case at the same moment; the other one made it.
        return Attempt.objects.get(**key)


@together
def _made(key: dict[str, Any], **rest: Any) -> Attempt:
    return Attempt.objects.create(**key, **rest)


@prepared_models
def _drafts(user: int, case: int, kind: str, mode: str) -> QuerySet[Attempt]:
    """What the user has begun of a case and not submitted, in series and outside, oldest first."""
    own = Attempt.objects.filter(user=user, state=Attempt.State.DRAFT)
    return own.filter(case=case, kind=kind, mode=mode).select_related("series").order_by("pk")


def save_draft(
    *, attempt_id: int, version: int, answer: Any, writer: uuid.UUID | None = None
) -> Attempt:
    """Store what the learner has so far; Conflict when another window saved in between.

    A window that did not hear of its own last save (the reply was lost) is one version
    behind itself, which is no conflict: `writer` tells windows apart. After the deadline
    the draft is submitted as it was saved last, and this is a Conflict too.
    """
    saved = _save_draft(attempt_id, version, answer, writer)
    if saved is None:
        close_draft(attempt_id, Attempt.Closed.TIME)
        raise Conflict(SUBMITTED, Attempt.objects.get(pk=attempt_id))
    return saved


@together
def _save_draft(
    attempt_id: int, version: int, answer: Any, writer: uuid.UUID | None
) -> Attempt | None:
    """None, and nothing is stored, where the time of the draft is up."""
    attempt = locked(attempt_id)
    if attempt.is_open and is_late(attempt):
        return None
    if not attempt.is_open:
        raise Conflict(SUBMITTED, attempt)
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


@together
def submit(
    *,
    attempt_id: int,
    submission: uuid.UUID,
    answer: Any,
    elapsed_ms: int,
    version: int | None = None,
    writer: uuid.UUID | None = None,
    queues: bool = True,
) -> Attempt:
    """Save the answer as submitted, and ask for its scoring once that is committed.

    Not where it `queues` none: who submits then scores in the same transaction.

    On a case that was retired meanwhile it is kept and closed without a score. The same
    `submission` again returns the same attempt and changes nothing. `version` and
    `writer` are those of the draft that the window knows: Conflict when another window has
    saved since. At the deadline nobody can decide between windows, and after it the answer
    is not looked at: the last saved draft is submitted in its place.
    """
    attempt = locked(attempt_id)
    if attempt.submission == submission:
        return attempt
    if not attempt.is_open:
        raise Conflict(SUBMITTED, attempt)
    if _submitted_as(submission):
        raise Conflict("This submission belongs to another attempt.", attempt)
    knows = version is None or _knows_draft(attempt, version, writer)
    time_is_up = attempt.deadline is not None and attempt.deadline <= clock.now()
    if is_late(attempt) or (time_is_up and not knows):
        attempt.closed_because = Attempt.Closed.TIME
    elif not knows:
        raise Conflict(CHANGED, attempt)
    else:
        attempt.answer = game_of(attempt.kind).clean_answer(attempt, answer)
        attempt.saved_at = timezone.now()
    attempt.submission = submission
    if attempt.case.is_playable:
        _hand_in(attempt, elapsed_ms, queues=queues)
    else:
        _set_aside(attempt)
    return attempt


@prepared
def _submitted_as(submission: uuid.UUID) -> QuerySet[Attempt, Any]:
    return Attempt.objects.filter(submission=submission).values_list("pk")


@transaction.atomic
def set_aside(attempt_id: int) -> Attempt:
    """Close a draft whose case was retired, as it was saved last; others stay as they are."""
    attempt = locked(attempt_id)
    if attempt.is_open and not attempt.case.is_playable:
        _set_aside(attempt)
    return attempt


def _set_aside(attempt: Attempt) -> None:
    """It can be scored again should the case come back (`score_again`)."""
    attempt.state = Attempt.State.FAILED
    attempt.problem = RETIRED
    attempt.submitted_at = timezone.now()
    attempt.save()


@transaction.atomic
def close_draft(attempt_id: int, because: str) -> None:
    """Submit a draft as it was saved last; nothing happens to one that is submitted already."""
    attempt = locked(attempt_id)
    if attempt.is_open:
        attempt.closed_because = because
        if attempt.case.is_playable:
            _hand_in(attempt, _since_opened(attempt) if _is_clocked(attempt) else None)
        else:
            _set_aside(attempt)


@transaction.atomic
def give_up(attempt_id: int, because: str) -> None:
    """Submit a draft with something in it as it is, and forget one that was only looked at."""
    attempt = locked(attempt_id)
    if attempt.is_open and attempt.saved_at is None:
        attempt.delete()
    else:
        close_draft(attempt_id, because)


def _is_clocked(attempt: Attempt) -> bool:
    """Whether a clock runs while it is played: else nobody knows how long it was looked at."""
    series = attempt.series
    if series is None:
        return False
    own_end = not series.is_assigned and series.ends_at is not None
    return bool(series.case_seconds or series.total_seconds) or own_end


def _since_opened(attempt: Attempt) -> int:
    return int((timezone.now() - attempt.started_at).total_seconds() * 1000)


def _hand_in(attempt: Attempt, elapsed_ms: int | None, *, queues: bool = True) -> None:
    one_clock = attempt.mode in (Mode.SPRINT, Mode.TEST)  # for all, which no reload sets back
    if one_clock and elapsed_ms is not None:
        elapsed_ms = _since_opened(attempt)
    attempt.state = Attempt.State.SUBMITTED
    attempt.submitted_at = clock.now()
    # Its turn is now, or comes when the learner's others are done: either way it is queued only
    # once this is committed.
    _hold_turns(attempt.user_id)
    own = _turns(attempt.user_id)
    is_next = WAITS not in own.values() and list(own.values()).count(QUEUED) < SCORED_AT_ONCE
    attempt.queued_at = attempt.submitted_at if is_next else None
    first_look = attempt.elapsed_ms or 0 if attempt.round > 1 else 0
    known = elapsed_ms is not None or first_look
    spent = first_look + max(0, elapsed_ms or 0)
    attempt.elapsed_ms = min(spent, MAX_ELAPSED_MS) if known else None
    if not attempt.truth_seen:
        attempt.truth_seen = truth_was_seen(attempt.user_id, attempt.case_id, but=attempt.pk)
    attempt.save()
    game_of(attempt.kind).handed_in(attempt)
    if is_next and queues:
        transaction.on_commit(lambda: queue_scoring(attempt.pk))
    # It is handed in whatever comes of this; the sweep makes up for it.
    transaction.on_commit(lambda: queue_next(attempt.user_id), robust=True)


def queue_next(user_id: int) -> None:
    """Queue what the learner handed in first of what waits for its turn.

    Of one learner `SCORED_AT_ONCE` submissions are in the queue at a time, so that nobody waits
    behind sixty of somebody else. What was lost in the queue counts no more after a while.
    """
    if WAITS not in _turns(user_id).values():
        return
    with transaction.atomic():
        _hold_turns(user_id)
        own = _turns(user_id)
        waiting = [key for key, turn in own.items() if turn == WAITS]
        free = max(0, SCORED_AT_ONCE - list(own.values()).count(QUEUED))
        taken = [attempt_id for attempt_id in waiting[:free] if _take_turn(attempt_id)]
    for attempt_id in taken:
        queue_scoring(attempt_id)


def _hold_turns(user_id: int) -> None:
    """Until the commit nobody else decides on turns of the learner; SQLite lets nobody anyway."""
    if connection.features.has_select_for_update:
        _held(user_id)


@prepared
def _held(user: int) -> QuerySet[User, Any]:
    # Rows that refer to the account can be made meanwhile.
    return User.objects.select_for_update(no_key=True).filter(pk=user).order_by().values_list("pk")


def _turns(user_id: int) -> dict[int, int]:
    """What the learner handed in and is not scored, in that order: `WAITS`, `QUEUED` or `LOST`."""
    return dict(_turns_of(settings.SWEEP_AFTER_SECONDS)(user_id))


@cache
def _turns_of(patience: float) -> Callable[[int], list[tuple[Any, ...]]]:
    """Asks for them by the key of a user; `patience` is that of `stuck`, part of the statement."""

    def build(user: int) -> QuerySet[Attempt, Any]:
        own = Attempt.objects.filter(user=user, state=Attempt.State.SUBMITTED)
        waits, lost = When(queued_at__isnull=True, then=WAITS), When(stuck(), then=LOST)
        return own.order_by("submitted_at", "pk").values_list(
            "pk", Cases(waits, lost, default=QUEUED)
        )

    return prepared(build)


@prepared_update
def _take_turn(attempt: int) -> tuple[QuerySet[Attempt], dict[str, Any]]:
    waiting = Attempt.objects.filter(pk=attempt, state=Attempt.State.SUBMITTED)
    return waiting.filter(queued_at__isnull=True), {"queued_at": Now()}


def queue_scoring(attempt_id: int) -> None:
    """Hand an attempt to a worker; a broker that is away is left to the sweep."""
    try:
        signature("attempts.tasks.score_attempt", (attempt_id,)).apply_async()
    except Exception:  # any broker's own error: the attempt is safe in the database
        logger.warning("Attempt %s could not be queued; the sweep will.", attempt_id, exc_info=True)


def locked(attempt_id: int) -> Attempt:
    for found in _to_change(attempt_id):
        return found
    raise Attempt.DoesNotExist


@prepared_models
def _to_change(attempt: int) -> QuerySet[Attempt]:
    own = Attempt.objects.select_for_update(of=("self",)).select_related("case")
    return own.filter(pk=attempt).order_by()
