"""Statements that are built once and asked with other keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db.models import F

from accounts.models import User
from accounts.prepared import keep_related, prepared, prepared_models, prepared_update
from attempts.models import Attempt
from cases.models import Case

pytestmark = pytest.mark.django_db


@pytest.fixture
def other_case(nodule_case):
    return Case.objects.create(
        dataset=nodule_case.dataset, source_key="another", status=Case.Status.PUBLISHED
    )


def test_it_answers_for_each_key_what_the_query_would(nodule_case, other_case):
    built = []

    @prepared
    def of(key):
        built.append(key)
        return Case.objects.filter(pk=key, status="published").values_list("public_id")

    for case in (nodule_case, other_case, nodule_case):
        assert of(case.pk) == [(case.public_id,)]
    assert of(nodule_case.pk + other_case.pk) == []
    assert len(built) == 1, "the statement is built once"


def test_each_of_several_keys_has_its_place(nodule_case, other_case):
    @prepared
    def between(low, high):
        return Case.objects.filter(pk__gt=low, pk__lte=high).order_by("pk").values_list("pk")

    low, high = sorted((nodule_case.pk, other_case.pk))
    assert between(low, high) == [(high,)]
    assert between(low - 1, high)[0] == (low,)
    assert between(high, low) == []


def test_a_key_that_the_statement_does_not_ask_by_is_refused(nodule_case):
    @prepared
    def every(key):
        return Case.objects.values_list("pk")

    with pytest.raises(ValueError, match="every: 1 keys are in no parameter"):
        every(nodule_case.pk)


def test_whole_rows_are_those_that_the_query_would_give(nodule_case, other_case, trainee):
    @prepared_models
    def of(key):
        return Case.objects.select_related("dataset", "made_for").filter(public_id=key)

    other_case.made_for = trainee
    other_case.save()
    for case in (nodule_case, other_case):
        (found,), asked = of(case.public_id), Case.objects.get(pk=case.pk)
        names = [field.attname for field in Case._meta.concrete_fields]
        assert {name: getattr(found, name) for name in names} == {
            name: getattr(asked, name) for name in names
        }
        assert (found.dataset, found.made_for) == (case.dataset, asked.made_for)
        assert found.dataset.created_at == case.dataset.created_at
        assert not found._state.adding
    assert of("nobody's") == []


def test_whole_rows_need_no_further_query(nodule_case, django_assert_num_queries):
    @prepared_models
    def of(key):
        return Case.objects.select_related("dataset", "made_for").filter(pk=key)

    of(nodule_case.pk)
    with django_assert_num_queries(1):
        (found,) = of(nodule_case.pk)
        assert found.dataset.slug == nodule_case.dataset.slug
        assert found.made_for is None


def test_related_rows_come_with_theirs(nodule_case, trainee, django_assert_num_queries):
    @prepared_models
    def of(key, user):
        own = Attempt.objects.select_related("case__dataset", "series")
        return own.filter(public_id=key, user=user)

    attempt = Attempt.objects.create(
        user=trainee, case=nodule_case, kind="localize", case_version=1
    )
    assert of(uuid4(), trainee.pk) == []
    with django_assert_num_queries(1):
        (found,) = of(attempt.public_id, trainee.pk)
        assert (found, found.public_id) == (attempt, attempt.public_id)
        assert found.case.dataset == nodule_case.dataset
        assert found.series is None


def test_what_refers_to_the_row_is_refused(nodule_case):
    @prepared_models
    def of(key):
        return User.objects.select_related("learning_preferences").filter(pk=key)

    with pytest.raises(ValueError, match="of: select_related goes against a foreign key"):
        of(1)


def test_a_choice_is_asked_for_as_the_text_that_is_stored(nodule_case):
    @prepared
    def having(status):
        return Case.objects.filter(status=status).values_list("pk")

    assert having(Case.Status.RETIRED) == []
    assert having(Case.Status.PUBLISHED) == [(nodule_case.pk,)]


def test_an_update_writes_what_it_is_told_each_time_to_the_row_it_is_told(trainee, nodule_case):
    built = []

    @prepared_update
    def raised(attempt, state, at):
        built.append(attempt)
        rows = Attempt.objects.filter(pk=attempt, submitted_at__lt=at)
        return rows, {"tries": F("tries") + 1, "state": state, "scored_at": at}

    def submitted(at):
        return Attempt.objects.create(
            user=trainee,
            case=nodule_case,
            case_version=1,
            kind="localize",
            state="submitted",
            submitted_at=at,
        )

    noon = datetime(2026, 5, 4, 12, 0, 0, 250, tzinfo=UTC)
    first, second = submitted(noon), submitted(noon + timedelta(hours=2))
    assert raised(first.pk, "scored", noon) == 0
    for hour in (1, 3):
        assert raised(first.pk, "scored", noon + timedelta(hours=hour)) == 1
    assert raised(second.pk, "failed", noon + timedelta(hours=3)) == 1
    for attempt, row in ((first, ("scored", 2, 3)), (second, ("failed", 1, 3))):
        attempt.refresh_from_db()
        assert (attempt.state, attempt.tries) == row[:2]
        assert attempt.scored_at == noon + timedelta(hours=row[2])
    assert len(built) == 1


def test_an_update_whose_key_is_nowhere_is_refused(nodule_case):
    @prepared_update
    def every(key):
        return Case.objects.all(), {"version": 2}

    with pytest.raises(ValueError, match="every: 1 keys are in no parameter"):
        every(nodule_case.pk)


def test_what_is_kept_as_related_is_not_asked_for_and_asks_for_its_own(
    nodule_case, other_case, django_assert_num_queries
):
    images = list(nodule_case.images.all())
    fresh = Case.objects.get(pk=nodule_case.pk)
    keep_related(fresh, "images", images)
    with django_assert_num_queries(0):
        assert list(fresh.images.all()) == images
    assert fresh.images.filter(view="PA").count() == len(images)
    assert not Case.objects.get(pk=other_case.pk).images.exists()
