"""Kept answers scored again under a named rule: a result beside those there are (decision 019)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from celery import signature
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.urls import reverse

from accounts.models import User
from attempts.games import Game, Scored, game_of
from attempts.models import Attempt, Mode, Result
from attempts.queries import is_withheld
from attempts.scoring import keep_outcomes
from attempts.services import locked
from cases.doubts import tell_rescored
from cases.models import Case

logger = logging.getLogger(__name__)

CHUNK = 100
"""Attempts read at a time."""
BATCH = 100
"""Attempts that one task scores by a new truth: what it has done a worker that dies does not undo,
and what waits behind it waits for seconds."""


@dataclass(frozen=True)
class Rescored:
    """One round of one attempt, before and under the rule; scores are 0 to 100."""

    attempt: Attempt
    round: int
    rule: str
    version: str
    score: float
    """Of the newest result before."""
    under: str
    under_version: str
    again: float

    @property
    def change(self) -> float:
        return self.again - self.score


@dataclass
class Report:
    """What scoring again came to."""

    rescored: list[Rescored] = field(default_factory=list)
    there: int = 0
    """Results of this rule in this version that were there already."""
    changed: int = 0
    """Left alone, since the case was changed after they were scored."""
    gone: int = 0
    """Left alone, since the answer of an earlier round is not kept."""


def rescore(
    game: Game,
    rule: str,
    *,
    case: str = "",
    learner: str = "",
    since: date | None = None,
    dry_run: bool = False,
) -> Report:
    """Score the game's scored attempts again; narrowed to a case, a learner, a date of submitting.

    Every round of an attempt gets a result of its own under `rule`, unless one of the rule's
    present version is there: running it again adds nothing. Results that are there are not
    touched. Each attempt is a transaction of its own. With `dry_run` nothing is stored.
    """
    report = Report()
    for key in _keys(_chosen(game, case, learner, since)):
        with transaction.atomic():
            _rescore(key, game, rule, report, dry_run)
    return report


def _chosen(game: Game, case: str, learner: str, since: date | None) -> QuerySet[Attempt]:
    found = Attempt.objects.filter(kind=game.kind, state=Attempt.State.SCORED)
    found = found.exclude(mode=Mode.GUIDED)  # nobody was asked
    if case:
        found = found.filter(case__public_id=case)
    if learner:
        found = found.filter(user__username=learner)
    return found.filter(submitted_at__date__gte=since) if since else found


def _keys(attempts: QuerySet[Attempt]) -> Iterator[int]:
    last = 0
    while chunk := list(
        attempts.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]
    ):
        yield from chunk
        last = chunk[-1]


def _rescore(key: int, game: Game, rule: str, report: Report, dry_run: bool) -> None:
    attempt = locked(key)
    last = attempt.answer
    newest = {result.round: result for result in attempt.results.order_by("id")}
    for result in newest.values():
        if result.data.get("case_version") != attempt.case.version:
            report.changed += 1
            continue
        answer = last if result.round == attempt.round else game.answer_in(result.data)
        if answer is None:
            report.gone += 1
            continue
        attempt.rule, attempt.answer = rule, answer  # in memory only: it was played as it was
        _compare(attempt, result, game.score(attempt), report, dry_run)


def _compare(
    attempt: Attempt, before: Result, scored: Scored, report: Report, dry_run: bool
) -> None:
    same = {"scorer": scored.scorer, "scorer_version": scored.version, "round": before.round}
    if attempt.results.filter(**same).exists():
        report.there += 1
        return
    report.rescored.append(
        Rescored(
            attempt,
            before.round,
            before.scorer,
            before.scorer_version,
            before.score,
            scored.scorer,
            scored.version,
            scored.score,
        )
    )
    if not dry_run:
        made = Result.objects.create(
            attempt=attempt, **same, score=scored.score, data=scored.data, counts=before.counts
        )
        keep_outcomes(made, scored)


def outdated_results(case: Case) -> QuerySet[Result]:
    """The newest results of scored attempts that an earlier truth of the case gave."""
    newer = Result.objects.filter(
        attempt=OuterRef("attempt"), round=OuterRef("round"), pk__gt=OuterRef("pk")
    )
    scored = Result.objects.filter(attempt__case=case, attempt__state=Attempt.State.SCORED)
    return scored.exclude(attempt__mode=Mode.GUIDED).filter(
        ~Exists(newer), round=F("attempt__round"), data__case_version__lt=case.version
    )


def outdated(case: Case) -> int:
    """How many attempts have such a result."""
    return outdated_results(case).values("attempt").distinct().count()


def is_opened(case: Case) -> bool:
    """Whether there is any attempt at a case, drafts among them."""
    return Attempt.objects.filter(case=case).exists()


@dataclass(frozen=True)
class Batch:
    """What scoring some attempts by a new truth came to."""

    done: int
    """Attempts that got a result."""
    last: int | None
    """The attempt that the next batch begins after; None when all were gone through."""


def score_by_truth(case: Case, by: User | None, why: str, *, after: int = 0) -> Batch:
    """Give the next such attempts a result of the truth there is now, beside those they have, and
    tell their learners why. Done again it adds nothing.
    """
    outdated = outdated_results(case).filter(attempt__gt=after).order_by("attempt")
    keys = list(outdated.values_list("attempt", flat=True).distinct()[:BATCH])
    done = 0
    for key in keys:
        try:
            with transaction.atomic():
                done += _score_by_truth(key, by, why)
        except (OperationalError, SoftTimeLimitExceeded):
            raise  # asked for again, it goes on with what is left
        except Exception:  # costs this answer only: its case's page still counts it
            logger.exception("Attempt %s could not be scored by a corrected truth.", key)
    return Batch(done, keys[-1] if len(keys) == BATCH else None)


def _score_by_truth(key: int, by: User | None, why: str) -> bool:
    attempt = locked(key)
    game = game_of(attempt.kind)
    last, rule, version = attempt.answer, attempt.rule, attempt.case.version
    newest = {result.round: result for result in attempt.results.order_by("id")}
    made = False
    for result in newest.values():
        answer = last if result.round == attempt.round else game.answer_in(result.data)
        if answer is None or result.data.get("case_version", version) >= version:
            continue
        attempt.answer = answer  # in memory only: it was played as it was
        attempt.rule = result.scorer if result.scorer in game.rules else rule
        scored = game.score(attempt)
        again, is_new = Result.objects.get_or_create(
            attempt=attempt,
            scorer=scored.scorer,
            scorer_version=scored.version,
            round=result.round,
            truth=version,
            defaults={"score": scored.score, "data": scored.data, "counts": result.counts},
        )
        if is_new:
            keep_outcomes(again, scored)
            made = True
    if made and not is_withheld(attempt):  # nobody was told of what a series still holds
        tell_rescored(
            case=attempt.case,
            to=attempt.user,
            sentence=why,
            address=reverse(game.attempt_url_name, args=[attempt.public_id]),
            by=by,
        )
    return made


def queue(case: Case, by: User | None, why: str, after: int = 0) -> bool:
    """Hand the next batch to a worker; False when none can be told."""
    words = (case.pk, by.pk if by else None, why, after)
    try:
        signature("attempts.tasks.score_by_truth", words).apply_async()
    except Exception:  # any broker's own error
        logger.warning("Answers to case %s could not be queued.", case.public_id, exc_info=True)
        return False
    return True
