"""Assignments on their pages: set, chosen for, published, done, scored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from attempts import scoring, services
from attempts.models import Series
from attempts.series import settle
from cases.models import Case
from classroom import assigning, choosing, work
from classroom.models import Assignment
from classroom.problems import Refused
from classroom.services import enroll
from tests import factories
from tests.learning.playing import go_on, mark, play

FORM = {
    "title": "Week 1",
    "text": "Read them all.",
    "scoring": "localize:standard",
    "mode": "practice",
    "told": "at_once",
    "order": "fixed",
    "late": "closed",
    "late_percent": "20",
    "tries": "1",
    "counting": "best",
}
HOUR = timedelta(hours=1)


@pytest.fixture
def cohort(instructor, trainee):
    return factories.CohortFactory(
        instructors=[instructor], learners=[trainee], time_zone="Europe/Berlin"
    )


@pytest.fixture
def cases(nodule_case):
    return [nodule_case, factories.ImageFactory().case]


@pytest.fixture
def client(client_of, instructor):
    return client_of(instructor)


def given(cohort, cases, **fields):
    return factories.AssignmentFactory(cohort=cohort, cases=cases, publish=True, **fields)


def set_new(client, cohort, **changes):
    return client.post(f"/classes/{cohort.public_id}/assignments/new/", {**FORM, **changes})


def test_an_assignment_is_set_filled_published_and_shown_first_on_the_start_page(
    client, client_of, cohort, cases, trainee
):
    assert set_new(client, cohort, due_at="2099-06-01T18:00").status_code == 302
    made = Assignment.objects.get()
    assert made.due_at == datetime(2099, 6, 1, 16, 0, tzinfo=UTC), "18:00 of a Berlin summer"
    base = f"/classes/work/{made.public_id}/"
    keys = [case.public_id for case in cases]
    client.post(f"{base}cases/", {"do": "add", "case": keys})
    assert "Week 1" not in client_of(trainee).get("/home/").content.decode(), "a draft"
    client.post(f"{base}act/", {"do": "publish"})
    page = client_of(trainee).get("/home/").content.decode()
    assert page.index("Week 1") < page.index("Localize</h2>")
    assert "Mon 1 Jun 2099, 18:00" in page and "Europe/Berlin" in page
    assert "0 of 2 cases" in page
    assert (
        "Read them all."
        in client_of(trainee).get(f"/classes/given/{made.public_id}/").content.decode()
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"due_at": "2027-03-28T02:30"}, "does not exist on 28 March 2027 in Europe/Berlin"),
        ({"due_at": "next week"}, "Write a day and a time"),
        ({"due_at": "0001-01-01T00:00"}, "Write a year from 2000 to 2200"),
        ({"due_at": "9999-12-31T23:59"}, "Write a year from 2000 to 2200"),
        ({"mode": "test"}, "In a test the truth is shown"),
        ({"mode": "guided", "told": "after_last"}, "after each case"),
        ({"told": "after_due"}, "say when that is"),
        ({"opens_at": "2030-01-02T00:00", "due_at": "2030-01-01T00:00"}, "before it opens"),
        ({"late": "marked"}, "Nothing is late without a due time"),
        (
            {"late": "marked", "due_at": "2030-01-02T00:00", "late_until": "2030-01-01T00:00"},
            "before the due time",
        ),
        ({"scoring": "localize:magic"}, "not one of the available choices"),
        ({"mode": "sprint"}, "not one of the available choices"),
        ({"tries": "0"}, "greater than or equal to 1"),
        ({"title": ""}, "required"),
    ],
)
def test_what_cannot_be_set_is_said_beside_its_field(client, cohort, changes, sentence):
    answer = set_new(client, cohort, **changes)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not Assignment.objects.exists()


def test_of_an_hour_that_comes_twice_the_later_one_is_taken(client, cohort):
    set_new(client, cohort, due_at="2026-10-25T02:30")
    assert Assignment.objects.get().due_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_time_comes_back_into_the_form_as_it_was_typed(client, cohort):
    set_new(client, cohort, due_at="2030-07-01T18:00")
    made = Assignment.objects.get()
    page = client.get(f"/classes/work/{made.public_id}/edit/").content.decode()
    assert 'value="2030-07-01T18:00"' in page
    assert client.post(f"/classes/work/{made.public_id}/edit/", FORM).status_code == 302
    made.refresh_from_db()
    assert made.due_at is None


def test_one_without_cases_is_not_published_and_says_so(client, cohort):
    set_new(client, cohort)
    base = f"/classes/work/{Assignment.objects.get().public_id}/"
    page = client.post(f"{base}act/", {"do": "publish"}, follow=True).content.decode()
    assert "no case yet" in page
    assert not Assignment.objects.get().is_published
    page = client.post(f"{base}act/", {"do": "preview"}, follow=True).content.decode()
    assert "no case yet" in page


def test_the_library_is_narrowed_by_label_finding_and_data_set(cases):
    normal = cases[1]
    every = choosing.library("localize", "standard", choosing.Filters())
    assert set(every) == set(cases)
    named = choosing.Filters(text="nodule")
    assert list(choosing.library("localize", "standard", named)) == [cases[0]]
    without = choosing.Filters(findings="normal")
    assert list(choosing.library("localize", "standard", without)) == [normal]
    other = choosing.Filters(dataset="another")
    assert not choosing.library("localize", "standard", other).exists()


def test_a_case_is_as_difficult_as_learners_find_it(cases):
    for _ in range(choosing.ENOUGH_RESULTS):
        play(factories.UserFactory(), cases[0])
    assert choosing.difficulties("localize", "standard", cases)[cases[0].pk] == ("hard", 0)
    hard = choosing.Filters(difficulty="hard")
    assert list(choosing.library("localize", "standard", hard)) == [cases[0]]


def test_a_rule_draws_the_share_of_normals_and_the_same_again(cohort, cases):
    for _ in range(3):
        factories.ImageFactory()
    draft = factories.AssignmentFactory(cohort=cohort)
    rule = choosing.Rule(count=3, normals=67)
    drawn = choosing.draw(draft, rule, "seed")
    assert len(drawn) == 3
    assert sum(not case.findings.exists() for case in drawn) == 2
    assert choosing.draw(draft, rule, "seed") == drawn
    with pytest.raises(Refused, match="fits this rule"):
        choosing.draw(draft, choosing.Rule(labels=("pneumothorax",), normals=0), "seed")


def test_what_the_class_misses_most_is_drawn(cohort, cases, trainee):
    draft = factories.AssignmentFactory(cohort=cohort)
    with pytest.raises(Refused, match="missed nothing yet"):
        choosing.draw(draft, choosing.Rule(missed=True), "seed")
    play(trainee, cases[0], ticked=["cardiomegaly"])
    assert choosing.most_missed(cohort) == ["nodule_mass"]
    drawn = choosing.draw(draft, choosing.Rule(count=1, normals=0, missed=True), "seed")
    assert drawn == [cases[0]]


def test_a_score_is_the_mean_of_all_cases_once_the_try_is_over(cohort, cases, trainee):
    made = given(cohort, cases, due_at=timezone.now() + HOUR)
    series = assigning.current_run(made, trainee).series
    first = go_on(series, marks=[mark(cases[0])], ticked=["cardiomegaly"])
    best = first.results.get().score
    assert work.standings(made)[trainee.pk].score == pytest.approx(best)
    Series.objects.filter(pk=series.pk).update(ends_at=timezone.now() - HOUR)
    series.refresh_from_db()
    settle(series)
    assert work.standings(made)[trainee.pk].score == pytest.approx(best / 2)


def test_a_case_retired_meanwhile_is_left_out_of_the_score_and_said_so(
    client_of, cohort, cases, trainee
):
    made = given(cohort, cases)
    series = assigning.current_run(made, trainee).series
    go_on(series, marks=[mark(cases[0])], ticked=["cardiomegaly"])
    go_on(series, normal=True)
    Case.objects.filter(pk=cases[0].pk).update(status="retired")
    standing = work.standings(made)[trainee.pk]
    assert (standing.size, standing.left_out) == (1, 1)
    assert standing.score == cases[1].attempts.get().results.get().score
    page = client_of(trainee).get(f"/classes/given/{made.public_id}/").content.decode()
    assert "1 case of this assignment was left out of the score" in " ".join(page.split())


def test_late_work_counts_for_less_where_it_was_said_so(cohort, cases, trainee):
    due = timezone.now() + HOUR
    made = given(cohort, cases[1:], due_at=due, late="reduced", late_percent=40)
    series = assigning.current_run(made, trainee).series
    done = go_on(series, normal=True)
    assert work.standings(made)[trainee.pk].score == 100
    type(done).objects.filter(pk=done.pk).update(submitted_at=due + HOUR)
    standing = work.standings(made)[trainee.pk]
    assert (standing.score, standing.counting.late) == (pytest.approx(60), 1)


def test_the_try_that_counts_is_the_one_that_was_chosen(cohort, cases, trainee):
    made = given(cohort, cases[1:], tries=2)
    go_on(assigning.current_run(made, trainee).series, normal=True)
    go_on(assigning.next_try(made, trainee).series, marks=[mark(cases[1])])
    scores = {}
    for counting in Assignment.Counting.values:
        made.counting = counting
        scores[counting] = work.standings(made)[trainee.pk].score
    assert scores["first"] == scores["best"] == 100
    assert scores["last"] < 100


@pytest.mark.parametrize(
    ("scores", "counting"),
    [((None, 0), 1), ((0, None), 0), ((None, None), 0), ((60, 80, 70), 1), ((80, 80), 0)],
)
def test_the_best_try_is_one_that_is_scored_where_there_is_any(scores, counting):
    tries = [
        work.Try(number, 1, 1, 0, int(score is None), score, is_open=False, tells=True)
        for number, score in enumerate(scores, 1)
    ]
    assert work._counting(Assignment(counting=Assignment.Counting.BEST), tries) == tries[counting]


@pytest.mark.parametrize(("seconds", "late"), [(-1, 0), (4, 0), (6, 1)])
def test_what_was_under_way_at_the_due_time_is_not_late(cohort, cases, trainee, seconds, late):
    due = timezone.now() + HOUR
    made = given(cohort, cases[1:], due_at=due, late="reduced", late_percent=40)
    done = go_on(assigning.current_run(made, trainee).series, normal=True)
    at = due + timedelta(seconds=seconds)
    type(done).objects.filter(pk=done.pk).update(submitted_at=at)
    standing = work.standings(made)[trainee.pk]
    assert (standing.score, standing.counting.late) == (pytest.approx(60 if late else 100), late)


def test_the_learner_is_told_no_score_before_the_due_time(client_of, cohort, cases, trainee):
    made = given(cohort, cases, mode="test", told="after_due", due_at=timezone.now() + HOUR)
    series = assigning.current_run(made, trainee).series
    for _ in cases:
        attempt = go_on(series, normal=True)
    client = client_of(trainee)
    pages = [f"/classes/given/{made.public_id}/", f"/series/{series.public_id}/", "/home/"]
    pages += ["/past/", "/progress/"]
    for page in pages:
        words = client.get(page).content.decode()
        assert "Nodule" not in words and "/ 100" not in words
    own = f"/localize/attempts/{attempt.public_id}/"
    assert "Your answer is kept" in client.get(own).content.decode()
    assert client.get(f"{own}result").status_code == 409
    assert "held back" in client.get(pages[0]).content.decode()
    assert "The results are shown" in client.get(pages[1]).content.decode()


def test_guided_work_shows_the_truth_case_by_case(client_of, cohort, cases, trainee):
    made = given(cohort, cases, mode="guided")
    series = assigning.current_run(made, trainee).series
    client = client_of(trainee)
    shown = set()
    for _ in cases:
        answer = client.get(f"/series/{series.public_id}/onward/")
        shown.add(answer.headers["Location"])
        [attempt] = series.attempts.filter(state="submitted")
        scoring.keep_result(attempt.pk, services.game_of("localize").score(attempt))
    assert len(shown) == 2
    settle(series)
    assert not series.is_open


def test_a_learner_cannot_end_what_was_set(client_of, cohort, cases, trainee):
    series = assigning.current_run(given(cohort, cases), trainee).series
    client_of(trainee).post(f"/series/{series.public_id}/end/")
    series.refresh_from_db()
    assert series.is_open


def test_extra_time_is_given_on_a_page_in_the_class_time_zone(client, cohort, cases, trainee):
    made = given(cohort, cases, due_at=timezone.now() + HOUR, minutes=30)
    code = cohort.memberships.get().code
    url = f"/classes/work/{made.public_id}/time/{code}/"
    client.post(url, {"due_at": "2099-01-01T12:00", "percent": "50"})
    series = assigning.current_run(made, trainee).series
    assert series.closes_at == datetime(2099, 1, 1, 11, 0, tzinfo=UTC)
    assert series.total_seconds == 45 * 60
    client.post(url, {"due_at": "", "percent": ""})
    assert not made.extensions.exists()


def test_a_copy_lands_in_a_class_one_teaches_and_no_other(client, cohort, cases, instructor):
    made = given(cohort, cases)
    mine = factories.CohortFactory(instructors=[instructor], name="Mine")
    foreign = factories.CohortFactory(name="Foreign")
    for to in (foreign, mine):
        client.post(f"/classes/work/{made.public_id}/act/", {"do": "copy", "to": to.public_id})
    assert not foreign.assignments.exists()
    assert mine.assignments.get().cases.count() == 2


def test_a_preview_leads_to_the_first_case(client, cohort, cases):
    made = factories.AssignmentFactory(cohort=cohort, cases=cases)
    answer = client.post(f"/classes/work/{made.public_id}/act/", {"do": "preview"}, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/localize/attempts/")
    assert answer.status_code == 200


def test_the_order_is_changed_and_cases_left_out(client, cohort, cases, instructor):
    made = given(cohort, cases)
    url = f"/classes/work/{made.public_id}/cases/?back=1"
    client.post(url, {"do": "down", "case": cases[0].public_id})
    assert [place.case for place in made.places.all()] == [cases[1], cases[0]]
    client.post(url, {"do": "leave_out", "case": cases[0].public_id})
    assert made.places.get(case=cases[0]).left_out_by == instructor
    page = client.post(url, {"do": "remove", "case": [c.public_id for c in cases]}, follow=True)
    assert "needs a case at least" in page.content.decode()
    assert made.places.count() == 2


def test_each_learner_has_a_shuffle_of_their_own_that_stays(cohort, cases, trainee):
    more = [factories.ImageFactory().case for _ in range(6)]
    made = given(cohort, [*cases, *more], order="shuffled")
    orders = {
        tuple(case.pk for case in assigning.cases_in_order(made, user))
        for user in (trainee, *(factories.UserFactory() for _ in range(4)))
    }
    assert len(orders) > 1
    placed = assigning.current_run(made, trainee).series.places.values_list("case_id", flat=True)
    assert tuple(placed) in orders


def test_pages_of_assignments_cost_the_same_for_many(client, client_of, cohort, cases, trainee):
    made = given(cohort, cases)
    pages = [(client, f"/classes/work/{made.public_id}/"), (client_of(trainee), "/home/")]

    def costs():
        for who, page in pages:
            with CaptureQueriesContext(connection) as counted:
                answer = who.get(page)
            assert answer.status_code == 200
            yield len(counted)

    before = list(costs())
    for number in range(4):
        given(cohort, cases, title=f"More {number}")
        enroll(cohort, factories.UserFactory())
    assert list(costs()) == before
