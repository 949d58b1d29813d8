"""Who needs attention in a class, and why."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from classroom import assigning, figures
from tests import factories
from tests.classroom.keeping import a_class, kept


def reasons(cohort, user) -> str:
    scope, _ = figures.scope_of(cohort, {})
    return " ".join(
        next(
            row.why
            for row in figures.overview(scope, scope.columns()).rows
            if row.membership.user == user
        )
    )


def test_who_falls_needs_attention_and_who_goes_on_as_before_does_not(instructor):
    cohort = a_class(instructor, 2)
    falling, steady = (one.user for one in cohort.memberships.order_by("pk"))
    case = factories.ImageFactory().case
    for _ in range(20):
        kept(falling, case, hits=2, ago=timedelta(weeks=6))
        kept(falling, case, hits=0)
        kept(steady, case, hits=1, ago=timedelta(weeks=6))
        kept(steady, case, hits=1)
    assert "Falling: 100 % less" in reasons(cohort, falling)
    assert reasons(cohort, steady) == ""


def test_who_is_confident_and_wrong_needs_attention(instructor):
    cohort = a_class(instructor, 3)
    wrong, *others = (one.user for one in cohort.memberships.order_by("pk"))
    case = factories.ImageFactory().case
    for _ in range(20):
        kept(wrong, case, sure=1, sure_wrong=1)
        for one in others:
            kept(one, case, sure=1, sure_wrong=0)
    assert "Confident and wrong: 20 of 20" in reasons(cohort, wrong)
    assert reasons(cohort, others[0]) == ""


def test_who_guesses_fast_needs_attention(instructor):
    cohort = a_class(instructor, 3)
    fast, *others = (one.user for one in cohort.memberships.order_by("pk"))
    case = factories.ImageFactory().case
    for _ in range(20):
        kept(fast, case, hits=0, elapsed_ms=5_000)
        for one in others:
            kept(one, case, hits=2)
    assert "Guessing fast: 5 s a case" in reasons(cohort, fast)


def test_who_did_not_finish_in_time_is_behind(instructor, nodule_case):
    cohort = a_class(instructor, 1)
    user = cohort.memberships.get().user
    factories.AssignmentFactory(
        cohort=cohort,
        cases=[nodule_case],
        due_at=timezone.now() - timedelta(hours=1),
        publish=True,
    )
    assert "Behind: “Week 1”" in reasons(cohort, user)


def test_who_has_extra_time_is_behind_after_it_and_not_before(
    cohort, trainee, instructor, nodule_case
):
    now = timezone.now()
    due = now - timedelta(hours=1)
    work = factories.AssignmentFactory(cohort=cohort, cases=[nodule_case], publish=True, due_at=due)
    scope = figures.Scope(cohort, "localize", "standard")

    def why() -> list[str]:
        return figures.overview(scope, scope.columns()).rows[0].why

    assert why() == [], "who joined after the due time was not late"
    cohort.memberships.update(joined_at=now - timedelta(days=1))
    assert why() == ["Behind: “Week 1” was not finished in time."]
    assigning.extend(work, cohort.memberships.get(), instructor, due_at=now + timedelta(days=1))
    assert why() == []
    assigning.extend(work, cohort.memberships.get(), instructor, due_at=now - timedelta(minutes=1))
    assert why() == ["Behind: “Week 1” was not finished in time."]
