"""What a submission asks the database, from the draft to the learner's figures."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from attempts import services, tasks
from attempts.models import Attempt
from learning import difficulties, skills
from learning.models import CaseRecord, LabelRecord, Skill
from tests import factories
from tests.localize.test_feedback import ON_IT, nodule_case

NO_STATEMENT = ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT", "SELECT statement_timestamp()")
MOST = {"draft": 4, "submit": 7, "score": 26, "queue": 1}


@pytest.fixture(autouse=True)
def unqueued(monkeypatch):
    monkeypatch.setattr(services, "queue_scoring", lambda attempt_id: None)


class Counted(CaptureQueriesContext):
    """Statements; what opens and ends transactions, which those of tests do as savepoints, is
    left out, and the time that PostgreSQL is asked for.
    """

    def __init__(self):
        super().__init__(connection)

    @property
    def texts(self):
        found = [query["sql"] for query in self.captured_queries]
        return [text for text in found if not text.startswith(NO_STATEMENT)]


def played(user, case, label="nodule_mass"):
    """The attempt, scored, and how many statements each part of it took."""
    attempt = services.open_attempt(
        user=user, case=case, kind="localize", mode="practice", rule="clinical"
    )
    image = case.images.get().public_id
    mark = {"id": "m", "label": label, "image": image, "frame": 0, "box": list(ON_IT)}
    answer = {"marks": [mark | {"confidence": 4}]}
    took = {}
    with Counted() as counted:
        services.save_draft(attempt_id=attempt.pk, version=0, answer=answer)
    took["draft"] = len(counted.texts)
    with Counted() as counted:
        services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=1)
    took["submit"] = len(counted.texts)
    with Counted() as counted:
        services.queue_next(user.pk)
    took["queue"] = len(counted.texts)
    with Counted() as counted:
        tasks.score_attempt(attempt.pk)
    took["score"] = len(counted.texts)
    return Attempt.objects.get(pk=attempt.pk), took


@pytest.mark.django_db(transaction=True)
def test_each_part_asks_as_little_the_tenth_time_as_is_said_of_it():
    trainee, cases = factories.UserFactory(role="trainee"), [nodule_case() for _ in range(10)]
    difficulties.keep_missing()  # as the periodic process does where cases are new
    for case in cases:
        attempt, took = played(trainee, case)
    assert attempt.state == "scored"
    # Where several write at once a learner's turns are held while one is taken.
    most = MOST | {"submit": MOST["submit"] + connection.features.has_select_for_update}
    assert {name: count for name, count in took.items() if count > most[name]} == {}
    assert CaseRecord.objects.count() == 10
    assert Skill.objects.get(user=trainee, kind="localize", label="").folded == 10


@pytest.mark.django_db(transaction=True)
def test_what_is_kept_step_by_step_is_what_making_it_anew_gives():
    trainee, case = factories.UserFactory(role="trainee"), nodule_case()
    for one, label in ((case, "nodule_mass"), (nodule_case(), "bulla"), (case, "nodule_mass")):
        attempt, _ = played(trainee, one, label)

    def kept():
        rows = Skill.objects.order_by("label").values_list("label", "ability", "folded", "found")
        records = CaseRecord.objects.order_by("attempt").values_list("attempt", "hits", "sureness")
        labels = LabelRecord.objects.order_by("record", "label").values_list("label", "overcalls")
        return list(rows), list(records), list(labels)

    step_by_step = kept()
    assert len(step_by_step[1]) == 2, "a film played again counts no more"
    skills.rebuild()
    assert kept() == step_by_step
    tasks.score_attempt(attempt.pk)
    assert kept() == step_by_step, "done again it changes nothing"


@pytest.mark.django_db(transaction=True)
def test_a_submission_takes_its_turn_in_the_transaction_that_saves_it():
    trainee = factories.UserFactory(role="trainee")
    queued = []
    for _ in range(services.SCORED_AT_ONCE + 1):
        attempt = services.open_attempt(
            user=trainee, case=nodule_case(), kind="localize", mode="practice"
        )
        with transaction.atomic():
            services.submit(
                attempt_id=attempt.pk,
                submission=uuid.uuid4(),
                answer={"normal": True},
                elapsed_ms=1,
            )
            queued.append(Attempt.objects.get(pk=attempt.pk).queued_at is not None)
    assert queued == [True] * services.SCORED_AT_ONCE + [False]
