"""Figures kept for pages: made by the worker, and the same when made anew."""

from __future__ import annotations

from unittest import mock

import pytest
from django.core.management import call_command
from django.db import DatabaseError, OperationalError

from attempts import modes, rescoring, services
from attempts.games import game_of
from attempts.models import Attempt, Result
from learning import records
from learning.models import CaseRecord, LabelRecord, Mistake
from radgame import periodic
from tests import factories
from tests.learning.playing import answered, mark, play


def kept() -> list[tuple]:
    """All that is kept, without keys."""
    own = [field.name for field in CaseRecord._meta.fields if field.name != "id"]
    return [
        *CaseRecord.objects.order_by("result").values_list(*own),
        *LabelRecord.objects.order_by("record__result", "label").values_list(
            "record__result", "label", *records.COUNTS
        ),
        *Mistake.objects.order_by("record__result", "kind", "label", "called").values_list(
            "record__result", "kind", "label", "called", "significance"
        ),
    ]


@pytest.fixture
def normal_case(db):
    return factories.ImageFactory().case


def test_a_scored_attempt_has_a_record_once_it_is_committed(
    trainee, nodule_case, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        play(trainee, nodule_case, marks=[mark(nodule_case) | {"confidence": 5}])
    record = CaseRecord.objects.get()
    assert (record.user, record.case, record.kind, record.rule) == (
        *(trainee, nodule_case),
        *("localize", "standard"),
    )
    assert (record.truths, record.hits, record.search, record.overcalls) == (2, 1, 1, 0)
    assert (record.is_normal, record.sure, record.sure_wrong) == (False, 1, 0)
    assert (record.ratings, record.sureness, record.elapsed_ms) == ("5|", "5+", 1000)
    labels = {one.label: (one.truths, one.hits) for one in record.labels.all()}
    assert labels == {"nodule_mass": (1, 1), "cardiomegaly": (1, 0)}


def test_what_a_finding_was_taken_for_is_kept(trainee, nodule_case):
    play(trainee, nodule_case, marks=[mark(nodule_case, "consolidation")])
    records.rebuild()
    mistake = Mistake.objects.get()
    assert (mistake.kind, mistake.label, mistake.called) == (
        *("mistaken", "nodule_mass"),
        "consolidation",
    )
    assert CaseRecord.objects.get().recognition == 1


def test_a_mark_on_a_normal_film_is_an_overcall_with_its_rating(trainee, normal_case):
    play(trainee, normal_case, marks=[mark(normal_case) | {"confidence": 4}])
    records.rebuild()
    record = CaseRecord.objects.get()
    assert (record.is_normal, record.overcalls, record.ratings) == (True, 1, "|4")
    assert (record.sure, record.sure_wrong) == (1, 1)


def test_errors_of_a_report_are_kept_by_kind_and_significance(trainee, nodule_case):
    play(trainee, nodule_case, "report", text="The heart is large.")
    records.rebuild()
    missing = Mistake.objects.filter(kind="missing").values_list("label", "significance")
    assert ("nodule_mass", "actionable_not_urgent") in missing
    assert CaseRecord.objects.get().ratings == ""


def test_what_counts_in_no_figure_has_no_record(trainee, nodule_case):
    play(trainee, nodule_case)
    play(trainee, nodule_case)  # the truth is known
    assert records.rebuild() == 1


def test_a_find_that_a_hint_led_to_is_no_hit(trainee, nodule_case):
    asked = services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice", rule="standard"
    )
    modes.give_hint(attempt_id=asked.pk, request={})
    answered(asked, marks=[mark(nodule_case)], ticked=["cardiomegaly"])
    records.rebuild()
    record = CaseRecord.objects.get()
    assert (record.truths, record.hits) == (2, 1)


def test_a_second_look_is_kept_when_it_is_over_and_by_its_first_round(
    trainee, nodule_case, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        play(trainee, nodule_case, mode="second_look")
    assert not CaseRecord.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        play(trainee, nodule_case, mode="second_look", marks=[mark(nodule_case)])
    assert CaseRecord.objects.get().hits == 0


def test_made_anew_the_figures_are_the_same(
    trainee, nodule_case, normal_case, django_capture_on_commit_callbacks, monkeypatch
):
    with django_capture_on_commit_callbacks(execute=True):
        play(trainee, nodule_case, marks=[mark(nodule_case, "consolidation") | {"confidence": 3}])
        play(trainee, normal_case, normal=True)
        other = factories.UserFactory()
        play(other, nodule_case, ticked=["cardiomegaly"])
        play(trainee, factories.ReportFactory().case, "report", text="Left pneumothorax.")
    before = kept()
    assert len(before) > 4
    monkeypatch.setattr(records, "CHUNK", 2)
    call_command("rebuild_figures")
    assert kept() == before


def test_figures_that_meet_an_error_cost_no_score_and_are_made_up_for(
    trainee, nodule_case, monkeypatch
):
    with monkeypatch.context() as broken:
        broken.setattr("learning.skills.keep_skills", mock.Mock(side_effect=DatabaseError))
        play(trainee, nodule_case)
    assert Attempt.objects.get().state == "scored"
    assert not CaseRecord.objects.exists()
    assert records.sweep() == 1
    assert records.sweep() == 0
    assert "figures" in {job.name for job in periodic.jobs()}


@pytest.mark.django_db(transaction=True)
def test_an_attempt_whose_records_meet_an_error_costs_no_other_its_own(trainee, nodule_case):
    broken, other = (play(user, nodule_case) for user in (trainee, factories.UserFactory()))
    CaseRecord.objects.all().delete()
    Result.objects.filter(attempt=broken).update(data={"truths": [{}], "marks": []})
    assert records.sweep() == 1
    assert [one.attempt for one in CaseRecord.objects.all()] == [other]


def test_where_the_database_is_away_no_other_attempt_is_tried(trainee, nodule_case, monkeypatch):
    for user in (trainee, factories.UserFactory()):
        play(user, nodule_case)
    CaseRecord.objects.all().delete()
    away = mock.Mock(side_effect=OperationalError)
    monkeypatch.setattr(records, "_make", away)
    with pytest.raises(OperationalError):
        records.sweep()
    assert away.call_count == 1


def test_scored_again_under_another_rule_there_are_records_of_both(trainee, nodule_case):
    play(trainee, nodule_case)
    records.rebuild()
    rescoring.rescore(game_of("localize"), "radgame")
    assert records.sweep() == 1
    assert set(CaseRecord.objects.values_list("rule", flat=True)) == {"standard", "radgame"}


def test_a_newer_version_takes_the_place_of_an_older_one(trainee, nodule_case):
    play(trainee, nodule_case)
    records.rebuild()
    [old] = Result.objects.all()
    new = Result.objects.create(
        attempt=old.attempt, scorer=old.scorer, scorer_version="next", score=50, data=old.data
    )
    records.sweep()
    assert CaseRecord.objects.get().result == new


def test_progress_shows_the_last_cases_as_pictures_from_the_first_on(
    client_of, trainee, nodule_case
):
    play(trainee, nodule_case)
    page = client_of(trainee).get("/progress/").content.decode()
    assert "Your last cases" in page
    assert "data-chart" not in page


def test_progress_has_curves_once_there_are_cases_enough(client_of, trainee):
    for number in range(20):
        finding = factories.FindingFactory(case=factories.ImageFactory().case)
        factories.RegionFactory(finding=finding)
        marks = [mark(finding.case) | {"confidence": 1 + number % 5}]
        play(trainee, finding.case, marks=marks)
    records.rebuild()
    page = client_of(trainee).get("/progress/").content.decode()
    for slug in ("learning-curve", "froc", "calibration"):
        assert f'data-chart="{slug}"' in page
