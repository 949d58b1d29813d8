"""Statements that are built once and asked with other keys."""

from __future__ import annotations

import pytest

from cases.models import Case
from cases.prepared import prepared

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
