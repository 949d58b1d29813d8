"""Skills: folded from records case after case, and the same when folded anew."""

from __future__ import annotations

import uuid
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from attempts import rescoring, series, services, tasks
from attempts.games import game_of
from attempts.models import Attempt
from learning import difficulties, records, skills
from learning.models import CaseDifficulty, CaseRecord, Skill
from tests import factories
from tests.learning.playing import go_on, mark, play


def film(label: str | None = "nodule_mass"):
    case = factories.ImageFactory().case
    if label:
        factories.RegionFactory(finding__case=case, finding__label=label)
    return case


@pytest.fixture
def playing(trainee, django_capture_on_commit_callbacks):
    def go(case, **answer):
        with django_capture_on_commit_callbacks(execute=True):
            return play(trainee, case, **answer)

    return go


def kept() -> list[tuple]:
    names = [field.name for field in Skill._meta.fields if field.name != "id"]
    return list(Skill.objects.order_by("user", "kind", "label").values_list(*names))


def some(playing) -> None:
    for number, label in enumerate(["nodule_mass", "fracture", None, "nodule_mass", "fracture"]):
        case = film(label)
        marks = [mark(case, "nodule_mass")] if number % 2 == 0 else []
        playing(case, marks=marks)


def test_it_works(trainee, playing):
    case = film()
    playing(case, marks=[mark(case)])
    found = skills.skills_of(trainee, "localize")
    assert (found.cases, found.labels["nodule_mass"].shown) == (1, 1)
    assert found.of("nodule_mass").mean > found.of("fracture").mean > 0, "others borrow from it"
    assert found.of("nodule_mass").variance < found.of("fracture").variance
    assert found.labels["nodule_mass"].memory.due_at > timezone.now()


def test_case_after_case_gives_the_same_numbers_as_all_anew(playing):
    some(playing)
    step_by_step = kept()
    assert {row[2] for row in step_by_step} == {"", "nodule_mass", "fracture"}
    Skill.objects.update(ability=9, folded=0)
    call_command("rebuild_figures", stdout=StringIO())
    assert kept() == step_by_step


def test_the_same_attempt_twice_counts_once(trainee, playing):
    some(playing)
    before = kept()
    skills.keep_skills(trainee.pk, "localize")
    assert kept() == before


def test_a_film_played_again_never_raises_a_skill(trainee, playing):
    case = film()
    playing(case, marks=[])
    before = skills.skills_of(trainee, "localize")
    playing(case, marks=[mark(case)])
    assert Attempt.objects.latest("pk").truth_seen
    # Nor does one whose truth counts as unseen.
    Attempt.objects.update(truth_seen=False)
    records.rebuild()
    skills.keep_skills(trainee.pk, "localize")
    assert CaseRecord.objects.count() == 2
    after = skills.skills_of(trainee, "localize")
    assert (after.general, after.labels) == (before.general, before.labels)


def test_a_late_scoring_is_put_in_its_place(trainee, django_capture_on_commit_callbacks):
    """Two workers: the case submitted first is scored last."""
    attempts = []
    for case in (film("nodule_mass"), film("fracture"), film("nodule_mass")):
        attempt = services.open_attempt(
            user=trainee, case=case, kind="localize", mode="practice", rule="standard"
        )
        services.submit(
            attempt_id=attempt.pk, submission=uuid.uuid4(), answer={"marks": []}, elapsed_ms=1
        )
        attempts.append(attempt)
    with django_capture_on_commit_callbacks(execute=True):
        for attempt in reversed(attempts):
            tasks.score_attempt(attempt.pk)
    late = kept()
    assert late[0][5] == 3
    skills.rebuild()
    assert kept() == late


def test_a_deleted_attempt_leaves_no_trace(trainee, playing):
    case = film()
    playing(case, marks=[mark(case)])
    before = kept()
    other = playing(film("fracture"), marks=[])
    other.delete()
    assert skills.sweep() == 1
    assert kept() == before


def test_scoring_again_under_another_rule_counts_once(trainee, playing):
    case = film()
    playing(case, marks=[mark(case)])
    rescoring.rescore(game_of("localize"), "radgame")
    assert records.sweep() == 1
    skills.keep_skills(trainee.pk, "localize")
    assert skills.skills_of(trainee, "localize").cases == 1


def test_an_open_test_tells_nothing_by_a_skill(trainee, django_capture_on_commit_callbacks):
    cases = [film(), film()]
    test = series.start_series(
        user=trainee, kind="localize", mode="test", cases=cases, rule="standard"
    )
    with django_capture_on_commit_callbacks(execute=True):
        go_on(test, marks=[])
    assert CaseRecord.objects.count() == 1
    assert skills.skills_of(trainee, "localize").cases == 0
    series.end(test)
    assert skills.sweep() == 1
    assert skills.skills_of(trainee, "localize").cases == 1


@pytest.mark.parametrize("again", [skills.sweep, skills.rebuild])
def test_a_learner_whose_records_meet_an_error_costs_no_other_the_skills(
    trainee, nodule_case, monkeypatch, again
):
    other = factories.UserFactory()
    for user in (trainee, other):
        play(user, nodule_case)
    Skill.objects.all().delete()
    read = skills._played

    def broken(kind, found):
        if found[0].user == trainee:
            raise ValueError("no")
        return read(kind, found)

    monkeypatch.setattr(skills, "_played", broken)
    assert again() == 1
    assert {one.user for one in Skill.objects.exclude(label="")} == {other}


def test_a_sweep_finds_nothing_where_all_is_kept(playing):
    some(playing)
    assert skills.sweep() == 0


def test_small_findings_begin_as_harder_ones_and_a_normal_film_has_a_row(db):
    small, large, normal = film(), film(), film(None)
    small.findings.get().regions.update(x1=0.62, y1=0.22)
    assert difficulties.keep_missing() == 3
    assert difficulties.keep_missing() == 0
    hard = difficulties.of_cases("localize", [small.pk, large.pk, normal.pk])
    assert hard[small.pk, "nodule_mass"] > hard[large.pk, "nodule_mass"] > hard[normal.pk, ""]


def test_difficulty_is_learned_from_attempts_the_same_each_time(playing):
    case, easy = film(), film()
    playing(case, marks=[])
    playing(easy, marks=[mark(easy)])
    difficulties.refit()
    learned = dict(CaseDifficulty.objects.filter(kind="localize").values_list("case", "difficulty"))
    prior = CaseDifficulty.objects.get(kind="localize", case=case).prior
    assert learned[case.pk] > prior > learned[easy.pk]
    difficulties.refit()
    again = dict(CaseDifficulty.objects.filter(kind="localize").values_list("case", "difficulty"))
    assert again == learned


@pytest.mark.parametrize(
    ("account", "counts"),
    [
        ({"role": "trainee"}, True),
        ({"role": "instructor"}, False),
        ({"role": "curator"}, False),
        ({"role": "trainee", "is_superuser": True}, False),
    ],
)
def test_who_may_look_at_truths_says_nothing_of_how_hard_a_film_is(
    account, counts, db, django_capture_on_commit_callbacks
):
    case = film()
    with django_capture_on_commit_callbacks(execute=True):
        play(factories.UserFactory(**account), case, marks=[])
    difficulties.refit()
    row = CaseDifficulty.objects.get(kind="localize", case=case)
    assert (row.count == 1, row.difficulty > row.prior) == (counts, counts)


def test_an_attempt_after_the_truth_was_told_says_nothing_of_how_hard_a_film_is(trainee, playing):
    case = film()
    factories.ReportFactory(case=case, findings="A nodule in the left upper zone.")
    play(trainee, case, "report", text="No acute findings.", language="en")
    playing(case, marks=[])
    assert trainee.attempts.get(kind="localize").truth_seen
    difficulties.keep_missing()
    difficulties.refit()
    assert CaseDifficulty.objects.get(kind="localize", case=case).count == 0


def test_a_new_truth_has_new_difficulties(playing):
    case = film()
    difficulties.keep_missing()
    case.findings.update(label="fracture")
    case.version += 1
    case.save()
    assert difficulties.keep_missing() == 1
    assert set(CaseDifficulty.objects.values_list("label", flat=True)) == {"fracture"}


def test_skills_that_meet_an_error_cost_neither_the_score_nor_the_records(
    trainee, nodule_case, monkeypatch, django_capture_on_commit_callbacks
):
    def broken(*_):
        raise ArithmeticError

    monkeypatch.setattr(skills, "learn", broken)
    with django_capture_on_commit_callbacks(execute=True):
        attempt = play(trainee, nodule_case)
    attempt.refresh_from_db()
    assert attempt.state == "scored"
    assert CaseRecord.objects.get().attempt_id == attempt.pk
    assert not Skill.objects.exists(), "nothing of a fold that did not come to its end"
    monkeypatch.undo()
    assert skills.sweep() == 1
    assert Skill.objects.get(label="").folded == 1
