"""A class of simulated learners: known abilities come back, and all of it can be taken away."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from attempts.models import Attempt
from cases.models import Case
from classroom import demo_class, demo_people, demo_work, figures
from classroom.models import Cohort
from classroom.work import rows_of
from learning.models import CaseRecord, Skill
from tests import factories
from tests.learning.endless.made import film_for
from tests.learning.playing import play

pytestmark = pytest.mark.any_database


@pytest.fixture
def library(db):
    """Twenty cases: with a nodule to draw, with a large heart to tick, and normal ones."""
    for number in range(20):
        case = factories.CaseFactory(source_key=f"case-{number:02d}")
        factories.ImageFactory(case=case, width=640, height=640)
        if number % 4 in (0, 1):
            finding = factories.FindingFactory(case=case, label="nodule_mass")
            factories.RegionFactory(finding=finding)
        if number % 4 in (1, 2):
            factories.FindingFactory(case=case, label="cardiomegaly", significance="actionable")


def made(instructor, **size):
    return demo_class.make(instructor, **{"learners": 8, "attempts": 16, "seed": 1} | size)


def test_known_abilities_come_back_within_the_intervals(instructor, library):
    found = made(instructor)
    scope, _ = figures.scope_of(found.cohort, {})
    rows = {
        row.membership.user: row.sums.sensitivity
        for row in figures.overview(scope, scope.columns()).rows
    }
    held = 0
    for person in found.persons:
        known = person.expected / person.findings
        interval = rows[person.user]
        held += interval.low <= known <= interval.high
    assert held >= 7, "95 % intervals of 8 learners"


def test_it_is_played_through_the_real_services(instructor, library):
    found = made(instructor, learners=2, attempts=5)
    attempts = Attempt.objects.filter(user__memberships__cohort=found.cohort, series=None)
    assert attempts.filter(state="scored", truth_seen=False, draft_version=0).count() == 10
    assert CaseRecord.objects.filter(attempt__in=attempts).count() == 10
    dates = attempts.order_by("submitted_at").values_list("submitted_at", flat=True)
    assert (dates[9] - dates[0]).days >= 0


def test_the_same_seed_makes_the_same_answers(instructor, library):
    first = made(instructor, learners=2, attempts=6).cohort
    second = made(instructor, learners=2, attempts=6).cohort

    def answers(cohort):
        found = Attempt.objects.filter(user__memberships__cohort=cohort, series=None).order_by("pk")
        return [(a.case_id, [(m["label"], m.get("box")) for m in a.answer["marks"]]) for a in found]

    assert answers(first) == answers(second)


def test_it_has_work_of_both_games_at_which_it_is_more_and_less_far(instructor, library):
    for number in range(20, 50):
        case = factories.CaseFactory(source_key=f"case-{number:02d}")
        factories.ImageFactory(case=case, width=640, height=640)
        factories.ReportFactory(case=case)
    cohort = made(instructor, learners=8, attempts=2).cohort
    titles = [plan.title for plan in demo_work.PLANS]
    work = {one.title: rows_of(one) for one in cohort.assignments.all()}
    assert sorted(work) == sorted(titles)
    over, test, reports = (work[title] for title in titles)
    assert {row.work.state for row in over} <= {"done", "closed"}
    for rows in (test, reports):
        assert len({row.work.answered for row in rows}) > 1
        assert all(row.work.is_to_do for row in rows if row.work.answered < row.work.size)
    assert CaseRecord.objects.filter(kind="report", attempt__series__isnull=False).exists()


def test_it_is_said_to_be_simulated_and_nobody_can_log_in(client_of, instructor, library):
    cohort = made(instructor, learners=1, attempts=2).cohort
    page = client_of(instructor).get(f"/classes/{cohort.public_id}/figures/").content.decode()
    assert "simulated learners" in page
    assert not cohort.memberships.get().user.has_usable_password()


def test_one_command_takes_it_away_and_nobody_else(instructor, trainee, library):
    made(instructor, learners=2, attempts=3)
    other = factories.CohortFactory(instructors=[instructor], learners=[trainee])
    call_command("make_demo_class", "--remove", stdout=StringIO())
    assert set(Cohort.objects.all()) == {other}
    assert set(User.objects.all()) == {instructor, trainee}
    assert not Attempt.objects.exists()


def test_the_command_makes_a_class_once(instructor, library):
    out = StringIO()
    for _ in range(2):
        call_command("make_demo_class", "--once", "--learners=1", "--attempts=2", stdout=out)
    assert Cohort.objects.count() == 1
    assert "1 simulated learners, " in out.getvalue()


@pytest.mark.parametrize("cut_off", ["_play", "do_work"])
def test_a_class_whose_making_was_cut_off_is_made_anew(instructor, library, monkeypatch, cut_off):
    """The game was stopped, or its process killed, in the first minute of the first start."""

    def killed(*args):
        raise KeyboardInterrupt

    sizes = ["--once", "--learners=2", "--attempts=3"]
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(demo_class, cut_off, killed)
        call_command("make_demo_class", *sizes)
    [half] = Cohort.objects.all()
    assert half.name == "Simulated class, being made"
    for _ in range(2):
        call_command("make_demo_class", *sizes, stdout=StringIO())
    [whole] = Cohort.objects.all()
    assert whole.name == "Simulated class" and whole != half
    assert User.objects.filter(username__startswith=demo_class.PREFIX).count() == 2
    assert set(Attempt.objects.values_list("state", flat=True)) == {"scored"}
    assert Attempt.objects.filter(series=None).count() == 6


def test_a_class_that_somebody_joined_while_it_was_made_is_left(instructor, trainee, library):
    half = factories.CohortFactory(
        instructors=[instructor], learners=[trainee], name=demo_class.BEING_MADE, is_simulated=True
    )
    call_command("make_demo_class", "--once", "--learners=1", "--attempts=2", stdout=StringIO())
    assert list(Cohort.objects.all()) == [half]


@pytest.mark.django_db(transaction=True)
def test_nothing_of_it_is_queued_and_records_and_skills_are_there(instructor, library, queued):
    found = made(instructor, learners=1, attempts=3)
    learner = found.persons[0].user
    assert queued == []
    times = Attempt.objects.filter(user=learner).values_list("submitted_at", flat=True)
    records = CaseRecord.objects.filter(user=learner).values_list("submitted_at", flat=True)
    assert len(records) > 3, "assignments among them"
    assert sorted(records) == sorted(times), "the records have the times that were set back"
    assert Skill.objects.filter(user=learner).exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_cut_off_while_it_is_scored_stays_open(instructor, library, monkeypatch, queued):
    monkeypatch.setattr(demo_people.tasks, "score_attempt", cut_off_now)
    with pytest.raises(KeyboardInterrupt):
        made(instructor, learners=1, attempts=3)
    assert [one.state for one in Attempt.objects.all()] == ["draft"]
    assert queued == []


@pytest.fixture
def queued(monkeypatch) -> list[int]:
    """The attempts that are handed to a worker."""
    found: list[int] = []
    monkeypatch.setattr(demo_people.services, "queue_scoring", found.append)
    return found


def cut_off_now(attempt_id: int) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--learners=0"], "must be 1 to 500"),
        (["--instructor=nobody"], "no instructor called nobody"),
        ([], "No case is published"),
    ],
)
def test_what_cannot_be_made_is_said(instructor, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("make_demo_class", *arguments)


def test_films_made_for_a_simulated_learner_go_with_them(instructor, library):
    found = made(instructor, learners=2, attempts=2)
    learner = found.persons[0].user
    waiting, played = film_for(learner), film_for(learner)
    play(learner, played, marks=[])
    assert demo_class.remove() == 2
    assert not Case.objects.filter(pk__in=[waiting.pk, played.pk]).exists()
    assert not User.objects.filter(pk=learner.pk).exists()
