"""Records as arrays: what is packed says what the records say, however late the worker is."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.core.management import call_command

from learning import columns, records
from learning.models import CaseRecord, LabelRecord, Mistake, PackedRecords
from ml.froc import CaseRatings
from radgame import periodic
from tests import factories
from tests.classroom.keeping import kept
from tests.learning.playing import mark, play


def told(found: columns.Columns) -> tuple[list, list, list]:
    """All that the arrays say, in an order of its own."""
    keys = found.rows["id"].tolist()
    rows = sorted(found.rows.tolist(), key=lambda row: row[0])
    labels = [
        (keys[row], found.words[label], *counts) for row, label, *counts in found.labels.tolist()
    ]
    mistakes = [
        (keys[row], *(found.words[word] for word in words))
        for row, *words in found.mistakes.tolist()
    ]
    return [str(row) for row in rows], sorted(labels), sorted(mistakes)


def stored() -> tuple[list, list]:
    own = LabelRecord.objects.values_list("record", "label", *columns.OF_LABEL)
    made = Mistake.objects.values_list("record", *columns.OF_MISTAKE)
    return sorted(own), sorted(made)


@pytest.fixture
def users(db):
    return [factories.UserFactory() for _ in range(3)]


@pytest.fixture
def played(users):
    """Three learners' records with labels and mistakes of different words."""
    called = ("consolidation", "fracture", "atelectasis")
    for user, word in zip(users, called, strict=True):
        for _ in range(2):
            record = kept(user, factories.ImageFactory().case, ratings="0 5|1", sureness="3- 5+")
            LabelRecord.objects.create(record=record, label=word, overcalls=1)
            record.mistakes.create(kind="mistaken", label="nodule_mass", called=word)


def of(users) -> columns.Columns:
    return columns.of_learners([user.pk for user in users], "localize", "clinical")


def whole() -> columns.Columns:
    return columns.read(CaseRecord.objects.all())


def test_read_is_what_the_records_say(users, played):
    found = whole()
    assert told(found)[1:] == stored()
    row, record = found.rows[0], CaseRecord.objects.order_by("pk")[0]
    assert [row[name] for name in ("id", "user", "case", "attempt", "series")] == [
        *(record.pk, record.user_id, record.case_id, record.attempt_id),
        0,
    ]
    assert columns.EPOCH + int(row["at"]) * columns.MICROSECOND == record.submitted_at
    assert (row["right"].tolist(), row["wrong"].tolist()) == ([0, 0, 0, 0, 1], [0, 0, 1, 0, 0])
    assert found.ratings.cases()[0] == CaseRatings((None, 5.0), (1.0,))


def test_packed_it_is_the_same(users, played):
    as_read = told(whole())
    assert told(of(users)) == as_read, "nothing is packed yet"
    assert columns.sweep() == 3
    assert told(of(users)) == as_read
    assert columns.sweep() == 0, "what is packed is left as it is"


def test_what_is_packed_is_not_read_again(users, played, django_assert_num_queries):
    columns.sweep()
    with django_assert_num_queries(2):
        of(users)


def test_a_record_that_came_since_is_there_at_once(users, played):
    columns.sweep()
    kept(users[1], factories.ImageFactory().case)
    assert told(of(users)) == told(whole())
    assert len(of(users)) == 7
    assert columns.sweep() == 1


def test_records_that_were_made_anew_or_are_gone_are_read_themselves(users, played):
    columns.sweep()
    first = CaseRecord.objects.filter(user=users[0]).earliest("pk")
    attempt = first.attempt
    first.delete()
    CaseRecord.objects.filter(user=users[2]).delete()
    found = of(users)
    assert told(found) == told(whole())
    assert attempt.pk not in found.rows["attempt"]
    assert columns.rebuild() == 1
    assert set(PackedRecords.objects.values_list("user", flat=True)) == {u.pk for u in users[:2]}


def test_arrays_of_another_form_are_not_read(users, played, monkeypatch):
    columns.sweep()
    PackedRecords.objects.update(rows=b"of another form")
    monkeypatch.setattr(columns, "FORM", columns.FORM + 1)
    assert told(of(users)) == told(whole())
    assert columns.sweep() == 3


def test_a_part_keeps_what_belongs_to_it(users, played):
    found = whole()
    part = found.where(found.rows["user"] == users[1].pk)
    other = columns.read(CaseRecord.objects.filter(user=users[1]))
    assert told(part) == told(other)


def test_the_periodic_job_packs_and_the_command_gives_the_same_figures(trainee, nodule_case):
    play(trainee, nodule_case, marks=[mark(nodule_case, "consolidation") | {"confidence": 3}])
    records.rebuild()
    jobs = {job.name: job for job in periodic.jobs()}
    jobs["figures"].do()

    def without_keys() -> list:
        found = columns.of_learners([trainee.pk], "localize", "standard")
        return [list(found.rows[0])[1:], found.labels.tolist(), found.mistakes.tolist()]

    before, packed = str(without_keys()), PackedRecords.objects.get()
    call_command("rebuild_figures")
    assert str(without_keys()) == before
    assert PackedRecords.objects.get().last > packed.last, "and is packed anew"


def test_a_zone_is_ahead_by_what_its_clocks_say_on_the_day_they_change_too():
    berlin = ZoneInfo("Europe/Berlin")
    times = [
        datetime(2026, *rest, tzinfo=UTC)
        for rest in ((3, 29, 0, 59), (3, 29, 1, 0), (7, 1), (10, 25, 0, 59), (10, 25, 1, 0))
    ]
    found = columns.offsets(np.array([columns.micros(one) for one in times]), berlin)
    assert (found // columns.HOUR).tolist() == [1, 2, 2, 2, 1]


def test_who_is_packed_in_one_transaction_does_not_matter(played, users, monkeypatch):
    monkeypatch.setattr(columns, "AT_ONCE", 2)
    told_of = []
    assert columns.rebuild(told_of.append) == 3
    assert told_of == [1, 2, 3]
    assert {*PackedRecords.objects.values_list("user", "cases")} == {(one.pk, 2) for one in users}
    CaseRecord.objects.filter(user=users[1]).delete()
    columns.rebuild()
    assert {*PackedRecords.objects.values_list("user", flat=True)} == {users[0].pk, users[2].pk}
