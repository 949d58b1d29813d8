"""How hard each case is: from its features at first, then from everybody's attempts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import Role, User
from accounts.prepared import prepared_models
from attempts.games import kinds
from cases.models import Case, Finding, Region
from learning.models import CaseDifficulty, CaseRecord, LabelRecord
from ml import taxonomy
from ml.learning import difficulty, fitting
from ml.learning.difficulty import Features

CHUNK = 500


def keep_missing(limit: int = 5000) -> int:
    """Give published cases without rows of their present truth what their features say."""
    own = CaseDifficulty.objects.filter(case=OuterRef("pk"), case_version=OuterRef("version"))
    lacking = Case.objects.filter(~Exists(own), status=Case.Status.PUBLISHED)
    keys = list(lacking.order_by("pk").values_list("pk", flat=True)[:limit])
    for first in range(0, len(keys), CHUNK):
        keep(keys[first : first + CHUNK])
    return len(keys)


def keep(cases: Iterable[int]) -> None:
    """Make the rows of these cases from their truth; what was learned of a label stays."""
    keys = list(cases)
    versions = dict(Case.objects.filter(pk__in=keys).values_list("pk", "version"))
    by_case: dict[int, dict[str, Features]] = defaultdict(dict)
    regions = Region.objects.filter(alternate=False).only("finding_id", "x0", "y0", "x1", "y1")
    boxes: dict[int, list[difficulty.Box]] = defaultdict(list)
    for region in regions.filter(finding__case__in=keys):
        boxes[region.finding_id].append(region.box)
    asked = Finding.objects.filter(case__in=keys).exclude(label__in=taxonomy.variants())
    for finding in asked.order_by("pk"):
        features = _features(finding, boxes[finding.pk])
        easiest = by_case[finding.case_id].get(finding.label)
        if easiest is None or difficulty.prior(features) < difficulty.prior(easiest):
            by_case[finding.case_id][finding.label] = features
    rows = []
    # Always in the same order: two processes that keep some of the same rows wait for each other
    # one way only.
    for key, version in sorted(versions.items()):
        priors = {label: difficulty.prior(one) for label, one in by_case[key].items()}
        for label, prior in sorted((priors or {"": difficulty.NORMAL}).items()):
            rows += [
                CaseDifficulty(
                    case_id=key,
                    case_version=version,
                    kind=kind,
                    label=label,
                    prior=prior,
                    difficulty=prior,
                )
                for kind in kinds()
            ]
    with transaction.atomic():
        own = CaseDifficulty.objects.filter(case__in=keys).exclude(case_version=F("case__version"))
        if stale := list(own.select_for_update(of=("self",)).order_by("pk")):
            CaseDifficulty.objects.filter(pk__in=[one.pk for one in stale]).delete()
        CaseDifficulty.objects.bulk_create(rows, ignore_conflicts=True)


def _features(finding: Finding, boxes: list[difficulty.Box]) -> Features:
    def area(box: difficulty.Box) -> float:
        return (box[2] - box[0]) * (box[3] - box[1])

    largest = max(boxes, key=area, default=None)
    return Features(
        label=finding.label,
        area=area(largest) if largest else None,
        contrast=finding.conspicuity,
        behind=difficulty.behind(largest) if largest else 0.0,
    )


def of_cases(kind: str, cases: Iterable[int]) -> dict[tuple[int, str], float]:
    """Difficulty by case and label; rows that are missing are made first."""
    keys = set(cases)
    rows = _rows_of_cases(kind, keys)
    found = {(row.case_id, row.label): row.difficulty for row in rows}
    if lacking := keys - {case for case, _ in found}:
        keep(lacking)
        rows = _rows_of_cases(kind, lacking)
        found |= {(row.case_id, row.label): row.difficulty for row in rows}
    return found


def _rows_of_cases(kind: str, cases: set[int]) -> Iterable[CaseDifficulty]:
    if len(cases) == 1:
        return _rows_of_case(kind, *cases)
    return CaseDifficulty.objects.filter(kind=kind, case__in=cases)


@prepared_models
def _rows_of_case(kind: str, case: int) -> QuerySet[CaseDifficulty]:
    return CaseDifficulty.objects.filter(kind=kind, case=case)


def refit(tell: Callable[[str], None] = lambda line: None) -> int:
    """Learn every difficulty anew from all attempts; how many rows changed.

    The same attempts give the same numbers, whatever they were before.
    """
    changed = 0
    for kind in kinds():
        rows = {(row.case_id, row.label): row for row in _rows_of(kind)}
        seen = [
            fitting.Seen(user, label, case, hits / truths)
            for user, case, label, hits, truths in _outcomes(kind)
        ]
        result = fitting.fit(seen, {key: row.prior for key, row in rows.items()})
        for key, row in rows.items():
            found = result.cases.get(key)
            row.difficulty = found.difficulty if found else row.prior
            row.count = found.count if found else 0
            row.outfit = found.outfit if found else None
            row.infit = found.infit if found else None
            row.is_odd = found.is_odd if found else False
        fields = ["difficulty", "count", "outfit", "infit", "is_odd"]
        CaseDifficulty.objects.bulk_update(rows.values(), fields, batch_size=CHUNK)
        changed += len(rows)
        tell(f"{kind}: {len(seen)} outcomes, {len(rows)} difficulties.")
    return changed


def _rows_of(kind: str) -> Iterable[CaseDifficulty]:
    """Rows of played cases, and those that were learned when more was known."""
    played = CaseRecord.objects.filter(case=OuterRef("case"), kind=kind)
    found = CaseDifficulty.objects.filter(kind=kind)
    return (found.filter(Exists(played)) | found.filter(count__gt=0)).order_by("pk")


def _outcomes(kind: str) -> Iterable[tuple[int, int, str, int, int]]:
    """Learner, case, label, hits and findings of every first attempt at a film.

    Who may look at truths without answering (`User.sees_truth`) says nothing of how hard a film is;
    attempts after a truth was told have no records at all (`attempts.queries.counted_results`).
    """
    staff = Q(is_superuser=True) | Q(role__in=(Role.INSTRUCTOR, Role.CURATOR))
    earlier = CaseRecord.objects.filter(
        user=OuterRef("record__user"), case=OuterRef("record__case"), kind=kind
    )
    of_another = earlier.filter(attempt__lt=OuterRef("record__attempt"))
    newer = earlier.filter(
        attempt=OuterRef("record__attempt"), result__gt=OuterRef("record__result")
    )
    return (
        LabelRecord.objects.filter(
            ~Exists(of_another), ~Exists(newer), record__kind=kind, truths__gt=0
        )
        .exclude(record__user__in=User.objects.filter(staff))
        .order_by("pk")
        .values_list("record__user", "record__case", "label", "hits", "truths")
        .iterator(chunk_size=5000)
    )
