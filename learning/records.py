"""Keeps figures up to date: one `CaseRecord` for each result that counts, made from its outcomes.

Which results count says `attempts.queries.counted_results`, here as everywhere: nothing else enters
a record, and no page has to ask again whether the truth was known.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from django.db import transaction
from django.db.models import Max, Prefetch, QuerySet

from accounts.each import for_each
from accounts.prepared import prepared, prepared_models
from attempts.models import Outcome, Result
from attempts.queries import counted_results
from learning.models import CaseRecord, LabelRecord, Mistake
from ml import taxonomy
from report.mistakes import mistakes_in
from report.scoring import KIND as REPORT

CHUNK = 500
"""Results read and stored at a time."""
LOOK_BACK = 5000
"""How many of the newest results the sweep looks at; `rebuild_figures` looks at all."""
SURE = 4
"""Confidence from which on a claim is a sure one."""
LOST = {
    "missed": "search",
    "wrong_label": "recognition",
    "poorly_located": "precision",
    "misdescribed": "precision",
}
"""Outcome of a finding → what kind of loss it is."""
COUNTS = ("truths", "hits", "search", "recognition", "precision", "overcalls")


def keep_records_of(attempt_id: int) -> None:
    """Make the records of one attempt what its results say; doing it again changes nothing."""
    with transaction.atomic(savepoint=False):  # nobody goes on without them
        if _recorded(attempt_id):
            CaseRecord.objects.filter(attempt=attempt_id).delete()
        _make({result: _outcomes_of(result.pk) for result in _counted_of(attempt_id)})


@prepared
def _recorded(attempt: int) -> QuerySet[CaseRecord, Any]:
    return CaseRecord.objects.filter(attempt=attempt).values_list("pk")


@prepared_models
def _counted_of(attempt: int) -> QuerySet[Result]:
    return counted_results().filter(attempt=attempt).select_related("attempt")


@prepared_models
def _outcomes_of(result: int) -> QuerySet[Outcome]:
    return Outcome.objects.filter(result=result).select_related("finding").order_by("pk")


def sweep() -> int:
    """Make up for what a killed worker or a scoring again left out; how many attempts it was.

    One that meets an error costs no other its records.
    """
    last = Result.objects.aggregate(last=Max("pk"))["last"] or 0
    recent = Result.objects.filter(pk__gt=last - LOOK_BACK)
    lacking = counted_results().filter(pk__in=recent, record__isnull=True)
    attempts = list(lacking.order_by().values_list("attempt_id", flat=True).distinct())
    return for_each(attempts, keep_records_of, "The records of attempt")


def rebuild(tell: Callable[[int], None] = lambda done: None) -> int:
    """Make every record anew, a chunk of results in each transaction; how many there are.

    Pages can be read meanwhile: a chunk's records are there before and after.
    """
    done, last = 0, 0
    counted = counted_results()
    CaseRecord.objects.exclude(result__in=counted).delete()
    while keys := list(
        counted.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]
    ):
        with transaction.atomic():
            CaseRecord.objects.filter(result__in=keys).delete()
            results = counted.filter(pk__in=keys).select_related("attempt")
            outcomes = Outcome.objects.order_by("pk").select_related("finding")
            found = results.prefetch_related(Prefetch("outcomes", outcomes))
            done += _make({result: list(result.outcomes.all()) for result in found})
        last = keys[-1]
        tell(done)
    return done


def _make(found: dict[Result, list[Outcome]]) -> int:
    """The records of results, from their outcomes in the order of their keys."""
    made = [_record(result, outcomes) for result, outcomes in found.items()]
    CaseRecord.objects.bulk_create([record for record, _, _ in made])
    LabelRecord.objects.bulk_create(label for _, labels, _ in made for label in labels)
    Mistake.objects.bulk_create(mistake for _, _, mistakes in made for mistake in mistakes)
    return len(made)


def _record(
    result: Result, outcomes: list[Outcome]
) -> tuple[CaseRecord, list[LabelRecord], list[Mistake]]:
    attempt = result.attempt
    by_label: dict[str, Counter[str]] = defaultdict(Counter)
    for label, what in _counted(outcomes):
        by_label[label][what] += 1
    total = sum(by_label.values(), Counter())
    claims = [
        (one.confidence, one.outcome == "hit")
        for one in outcomes
        if one.confidence is not None and one.outcome != "duplicate"  # which is neither
    ]
    surest = [right for confidence, right in claims if confidence >= SURE]
    record = CaseRecord(
        result=result,
        attempt=attempt,
        user_id=attempt.user_id,
        case_id=attempt.case_id,
        kind=attempt.kind,
        rule=result.scorer,
        submitted_at=attempt.submitted_at or attempt.started_at,
        score=result.score,
        elapsed_ms=attempt.elapsed_ms,
        is_normal=not total["truths"],
        **{name: total[name] for name in COUNTS},
        sure=len(surest),
        sure_wrong=surest.count(False),
        sureness=" ".join(sorted(f"{level}{'+' if right else '-'}" for level, right in claims)),
        ratings=_ratings(result),
    )
    labels = [
        LabelRecord(record=record, label=label, **{name: counts[name] for name in COUNTS})
        for label, counts in sorted(by_label.items())
    ]
    return record, labels, [*_mistaken(record, outcomes), *_errors(record, result)]


def _counted(outcomes: list[Outcome]) -> Iterator[tuple[str, str]]:
    """Of each outcome its label, and as which of `COUNTS` it counts."""
    for one in outcomes:
        if one.about == Outcome.About.TRUTH:
            yield one.label, "truths"
            if one.outcome == "hit":
                if not one.aided:
                    yield one.label, "hits"
            else:
                yield one.label, LOST.get(one.outcome, "search")
        elif one.about == Outcome.About.MARK and one.outcome == "false":
            yield one.label, "overcalls"


def _ratings(result: Result) -> str:
    """The case's mark-rating pairs as `ml.froc.ratings_of` has them; empty where it has none.

    From the frozen result: a region is a lesion, rated with its most confident mark.
    """
    data = result.data
    if "truths" not in data or "marks" not in data:
        return ""
    drawn = {
        row["id"]
        for row in data["truths"]
        if row["mode"] == "draw" and row["image"] is not None and row["box"] is not None
    }
    if data["truths"] and not drawn:
        return ""
    lesions = dict.fromkeys(sorted(drawn), 0)
    others = []
    for row in data["marks"]:
        rating = row["confidence"] or 1
        if row["outcome"] not in ("hit", "duplicate"):
            others.append(rating)
        elif row["truth"] in lesions:
            lesions[row["truth"]] = max(rating, lesions[row["truth"]])
    in_words = (" ".join(map(str, sorted(part))) for part in (lesions.values(), others))
    return "|".join(in_words)


def _mistaken(record: CaseRecord, outcomes: list[Outcome]) -> list[Mistake]:
    """What findings were taken for: marks at the right place under another name."""
    return [
        Mistake(record=record, kind=Mistake.MISTAKEN, label=one.finding.label, called=one.label)
        for one in outcomes
        if one.about == Outcome.About.MARK and one.outcome == "wrong_label" and one.finding
    ]


def _errors(record: CaseRecord, result: Result) -> list[Mistake]:
    if record.kind != REPORT:
        return []
    known = taxonomy.labels()
    return [
        Mistake(
            record=record,
            kind=one.kind,
            label=one.label if one.label in known else "",
            significance=one.significance,
        )
        for one in mistakes_in(result.data)
    ]
