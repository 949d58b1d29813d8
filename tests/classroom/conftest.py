"""A class with one learner who has played one case, and its addresses."""

from __future__ import annotations

import pytest
from django.urls import reverse

from learning import records
from tests import factories
from tests.learning.playing import mark, play


@pytest.fixture
def cohort(instructor, trainee):
    return factories.CohortFactory(instructors=[instructor], learners=[trainee])


@pytest.fixture
def played(cohort, trainee, nodule_case):
    """The trainee called the nodule a consolidation, and missed the large heart."""
    found = play(
        trainee, nodule_case, marks=[mark(nodule_case, "consolidation") | {"confidence": 5}]
    )
    records.rebuild()
    return found


@pytest.fixture
def addresses(cohort, played, nodule_case):
    code = cohort.memberships.get().code
    own = [cohort.public_id]
    return {
        "figures": reverse("classroom:figures", args=own),
        "items": reverse("classroom:items", args=own),
        "item": reverse("classroom:item", args=[*own, nodule_case.public_id]),
        "discuss": reverse("classroom:discuss", args=[*own, nodule_case.public_id]),
        "learner": reverse("classroom:learner", args=[*own, code]),
        "attempt": reverse("classroom:learner_attempt", args=[*own, code, played.public_id]),
    }
