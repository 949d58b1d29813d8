"""Records of answers as scoring would leave them, for figures of known numbers."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from attempts.models import Attempt
from classroom.models import Cohort
from classroom.services import enroll
from learning.models import CaseRecord, LabelRecord
from tests import factories


def kept(user, case, *, score=50.0, truths=2, hits=1, ago=timedelta(0), **more) -> CaseRecord:
    """A record as scoring would leave it, with its attempt and result."""
    attempt = Attempt.objects.create(
        user=user,
        case=case,
        case_version=1,
        kind="localize",
        rule="clinical",
        state="scored",
        submitted_at=timezone.now() - ago,
        elapsed_ms=60_000,
    )
    result = attempt.results.create(
        scorer="clinical", scorer_version="1", score=score, data={"marks": [], "truths": []}
    )
    values = {
        **dict.fromkeys(("recognition", "precision", "overcalls", "sure", "sure_wrong"), 0),
        **{"search": truths - hits, "elapsed_ms": 60_000, "is_normal": truths == 0},
        **more,
    }
    made = CaseRecord.objects.create(
        result=result,
        attempt=attempt,
        user=user,
        case=case,
        kind="localize",
        rule="clinical",
        submitted_at=attempt.submitted_at,
        score=score,
        truths=truths,
        hits=hits,
        **values,
    )
    LabelRecord.objects.create(record=made, label="nodule_mass", truths=truths, hits=hits)
    return made


def a_class(instructor, size: int) -> Cohort:
    """A class of so many learners, who have been in it for 20 weeks."""
    cohort = factories.CohortFactory(instructors=[instructor])
    for _ in range(size):
        enroll(cohort, factories.UserFactory())
    cohort.memberships.update(joined_at=timezone.now() - timedelta(weeks=20))
    return cohort
