"""Assignments are played as series: dealt, held, edited while played, timed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from attempts.models import Attempt, Series
from attempts.queries import held_cases, is_told
from attempts.seen import truth_was_seen
from attempts.series import end, open_next, settle
from attempts.services import close_draft
from classroom import assigning, work
from classroom.access import may_see, visible_attempts
from classroom.choosing import Filters, library
from classroom.models import Assignment
from classroom.problems import Refused
from classroom.services import archive, enroll, leave, restore
from learning.services import next_case_for
from tests import factories
from tests.learning.playing import go_on, mark, play

HOUR = timedelta(hours=1)


@pytest.fixture
def cases(nodule_case):
    return [nodule_case, factories.ImageFactory().case]


def given(cohort, cases, **fields):
    return factories.AssignmentFactory(cohort=cohort, cases=cases, publish=True, **fields)


def series_of(assignment, user):
    return assigning.current_run(assignment, user).series


def test_a_test_holds_its_cases_from_when_it_is_published(cohort, cases, trainee):
    assignment = given(cohort, cases, mode="test", told="after_last")
    assert set(held_cases(trainee).values_list("case_id", flat=True)) == {c.pk for c in cases}
    assert next_case_for(trainee, "localize") is None
    series = series_of(assignment, trainee)
    first = go_on(series)
    assert first.state == Attempt.State.SCORED and not is_told(first)
    go_on(series)
    assert is_told(first) is False
    settle(series)
    assert is_told(first)


def test_practice_is_told_of_at_once(cohort, cases, trainee):
    series = series_of(given(cohort, cases), trainee)
    first = go_on(series, marks=[mark(cases[0])])
    assert is_told(first)
    assert not held_cases(trainee).exists()
    assert open_next(series).case == cases[1]


def test_truth_waits_for_the_due_time_of_the_last_learner(cohort, cases, trainee):
    due = timezone.now() + HOUR
    assignment = given(cohort, cases, mode="test", told="after_due", due_at=due)
    other = enroll(cohort, factories.UserFactory(role="trainee"))
    assigning.extend(assignment, other, cohort.instructors.get(), due_at=due + HOUR)
    series = series_of(assignment, trainee)
    done = [go_on(series) for _ in cases]
    settle(series)
    assert not series.is_open
    assert not any(is_told(attempt) for attempt in done)
    assert not truth_was_seen(trainee.pk, cases[0].pk)
    assert series.told_from == due + HOUR
    Series.objects.filter(pk=series.pk).update(told_from=timezone.now() - HOUR)
    assert all(is_told(attempt) for attempt in done)


def test_what_was_saved_when_the_time_is_up_counts(cohort, cases, trainee):
    assignment = given(cohort, cases, mode="test", told="after_last", due_at=timezone.now() + HOUR)
    series = series_of(assignment, trainee)
    draft = open_next(series)
    Attempt.objects.filter(pk=draft.pk).update(
        saved_at=timezone.now(), answer={"marks": [mark(draft.case)], "ticked": []}
    )
    Series.objects.filter(pk=series.pk).update(ends_at=timezone.now() - HOUR)
    series.refresh_from_db()
    settle(series)
    draft.refresh_from_db()
    assert series.closed_because == "time"
    assert draft.state == "submitted" and draft.answer["marks"]


def test_no_case_opens_before_the_opening_time(cohort, cases, trainee):
    series = series_of(given(cohort, cases, opens_at=timezone.now() + HOUR), trainee)
    assert open_next(series) is None
    assert series.is_open and series.begun_at is None


def test_the_limit_runs_from_the_first_case_and_is_longer_for_who_has_extra_time(
    cohort, cases, trainee
):
    assignment = given(cohort, cases, mode="test", told="after_last", minutes=60)
    membership = cohort.memberships.get()
    assigning.extend(assignment, membership, cohort.instructors.get(), percent=50)
    series = series_of(assignment, trainee)
    assert series.ends_at is None
    open_next(series)
    series.refresh_from_db()
    assert series.ends_at - series.begun_at == timedelta(minutes=90)


def test_the_same_case_in_two_assignments_is_two_attempts(cohort, cases, trainee):
    first, second = given(cohort, cases, title="One"), given(cohort, cases, title="Two")
    one, two = (open_next(series_of(each, trainee)) for each in (first, second))
    assert one.case == two.case and one.pk != two.pk
    assert {one.series.title, two.series.title} == {"One", "Two"}
    assert Attempt.objects.filter(state="draft").count() == 2


def test_an_edit_while_it_is_played_loses_nothing(cohort, cases, trainee):
    assignment = given(cohort, cases)
    series = series_of(assignment, trainee)
    answered = go_on(series)
    added = factories.ImageFactory().case
    assigning.set_cases(assignment, [added, cases[1]])
    places = list(series.places.values_list("case_id", flat=True))
    assert places == [answered.case_id, added.pk, cases[1].pk]
    assert open_next(series).case == added
    with pytest.raises(Refused, match="A learner has begun"):
        assigning.edit(assignment, {"mode": "test"})


def test_a_later_due_time_opens_again_what_it_had_closed(cohort, cases, trainee):
    assignment = given(cohort, cases, due_at=timezone.now() + HOUR)
    series = series_of(assignment, trainee)
    go_on(series)
    assigning.edit(assignment, {"due_at": timezone.now() - HOUR})
    settle(series)
    assert not series.is_open
    assigning.edit(assignment, {"due_at": timezone.now() + HOUR})
    series.refresh_from_db()
    assert series.is_open
    assert open_next(series).case == cases[1]


def test_an_assignment_without_cases_is_not_published(cohort):
    with pytest.raises(Refused, match="no case yet"):
        given(cohort, [])


def test_a_further_try_is_a_series_of_its_own(cohort, cases, trainee):
    assignment = given(cohort, cases, tries=2)
    series = series_of(assignment, trainee)
    for _ in cases:
        go_on(series)
    again = assigning.next_try(assignment, trainee)
    assert again.number == 2 and again.series != series
    for _ in cases:
        go_on(again.series)
    with pytest.raises(Refused, match="every try"):
        assigning.next_try(assignment, trainee)


def test_a_preview_is_seen_in_no_figure_of_the_class(cohort, cases, instructor):
    assignment = given(cohort, cases)
    run = assigning.preview(assignment, instructor)
    go_on(run.series)
    assert run.is_preview
    assert not visible_attempts(cohort).exists()
    assert instructor.pk not in work.standings(assignment), "nor is it a try"


def test_a_copy_is_a_draft_in_the_other_class(cohort, cases, instructor):
    assignment = given(cohort, cases, title="Week 1", due_at=timezone.now() + HOUR)
    cases[0].status = "retired"
    cases[0].save()
    other = factories.CohortFactory(instructors=[instructor])
    made = assigning.copy(assignment, other, instructor)
    assert (made.cohort, made.title, made.due_at) == (other, "Week 1", None)
    assert list(made.cases.all()) == [cases[1]]
    assert not made.is_published


def test_instructors_see_what_was_played_since_joining(cohort, nodule_case, instructor):
    learner = factories.UserFactory(role="trainee")
    play(learner, nodule_case)
    assert not may_see(instructor, learner)
    membership = enroll(cohort, learner)
    later = play(learner, nodule_case)
    assert may_see(instructor, learner)
    assert list(visible_attempts(cohort, membership)) == [later]
    leave(membership)
    assert not may_see(instructor, learner)
    assert not visible_attempts(cohort).exists()


def test_leaving_ends_what_was_held(cohort, cases, trainee):
    given(cohort, cases, mode="test", told="after_last")
    leave(cohort.memberships.get())
    assert not held_cases(trainee).exists()
    assert Assignment.objects.get().runs.get().series.closed_because == "ended"


def test_a_film_of_a_variant_counts_as_a_normal_one_when_cases_are_chosen(nodule_case):
    variant = factories.FindingFactory(case=factories.ImageFactory().case, label="nipple_shadow")
    normal = library("localize", "clinical", Filters(findings="normal"))
    abnormal = library("localize", "clinical", Filters(findings="abnormal"))
    assert variant.case in normal and variant.case not in abnormal
    assert nodule_case in abnormal and nodule_case not in normal
    assert variant.case in library("localize", "clinical", Filters(text="nipple shadow"))


@pytest.mark.parametrize("closes", ["withdraw", "archive"])
def test_nobody_begins_a_try_of_what_is_over(client_of, cohort, cases, trainee, closes):
    made = factories.AssignmentFactory(cohort=cohort, cases=cases[:1], publish=True, tries=3)
    go_on(assigning.current_run(made, trainee).series)
    if closes == "withdraw":
        assigning.withdraw(made)
    else:
        archive(cohort)
    address = f"/classes/given/{made.public_id}/"
    assert "Try it again" not in client_of(trainee).get(address).content.decode()
    answer = client_of(trainee).post(address, follow=True)
    assert "This assignment is closed." in answer.content.decode()
    assert made.runs.count() == 1


def test_what_was_taken_back_is_not_published_again(cohort, cases):
    made = factories.AssignmentFactory(cohort=cohort, cases=cases, publish=True)
    assigning.withdraw(made)
    enroll(cohort, factories.UserFactory())
    with pytest.raises(Refused, match="taken back"):
        assigning.publish(made)
    assert made.runs.count() == 1, "nobody's cases are held by what nobody sees"


def test_a_class_that_is_opened_again_goes_on_where_it_was(cohort, cases, trainee):
    made = factories.AssignmentFactory(
        cohort=cohort, cases=cases, publish=True, mode="test", told="after_last"
    )
    past = factories.AssignmentFactory(cohort=cohort, cases=cases, publish=True)
    go_on(assigning.current_run(made, trainee).series)
    archive(cohort)
    assert not assigning.current_run(made, trainee).series.is_open
    Series.objects.filter(run__assignment=past).update(closes_at=timezone.now())
    restore(cohort)
    series = assigning.current_run(made, trainee).series
    assert series.is_open
    assert go_on(series).case == cases[1]
    assert not assigning.current_run(past, trainee).series.is_open, "its time was up meanwhile"


@pytest.mark.parametrize(("told", "goes_on"), [("at_once", True), ("after_last", False)])
def test_who_comes_back_goes_on_with_what_held_nothing_back(cohort, cases, trainee, told, goes_on):
    made = factories.AssignmentFactory(cohort=cohort, cases=cases, publish=True, told=told)
    go_on(assigning.current_run(made, trainee).series)
    leave(cohort.memberships.get())
    enroll(cohort, trainee)
    assert assigning.current_run(made, trainee).series.is_open is goes_on


def test_who_previewed_and_then_learns_here_has_their_tries(cohort, cases):
    chief = factories.UserFactory(role="instructor")
    made = factories.AssignmentFactory(cohort=cohort, cases=cases, publish=True)
    for _ in range(2):
        assigning.preview(made, chief)
    enroll(cohort, chief)
    run = assigning.current_run(made, chief)
    assert (run.number, run.is_preview, run.series.is_open) == (1, False, True)


def test_what_was_saved_in_time_is_not_late_when_it_is_closed_later(cohort, cases, trainee):
    due = timezone.now() - HOUR
    made = given(cohort, cases, due_at=timezone.now() + HOUR)
    draft = open_next(series_of(made, trainee))
    saved = {"marks": [mark(cases[0])], "ticked": [], "normal": False}
    Attempt.objects.filter(pk=draft.pk).update(
        answer=saved, saved_at=due - HOUR, started_at=due - 24 * HOUR, deadline=due
    )
    Series.objects.update(closes_at=due, ends_at=due)
    Assignment.objects.update(due_at=due)
    made.refresh_from_db()
    settle(series_of(made, trainee))
    [tried] = work.standings(made)[trainee.pk].tries
    assert (tried.answered, tried.late) == (1, 0)
    draft.refresh_from_db()
    assert draft.elapsed_ms is None, "nobody looked at it for a day"


@pytest.mark.parametrize("limit", [{}, {"minutes": 30}])
def test_the_time_of_what_was_closed_is_known_where_a_clock_ran(cohort, cases, trainee, limit):
    made = given(cohort, cases, due_at=timezone.now() + HOUR, **limit)
    draft = open_next(series_of(made, trainee))
    Attempt.objects.filter(pk=draft.pk).update(
        saved_at=timezone.now(), started_at=timezone.now() - timedelta(minutes=10)
    )
    close_draft(draft.pk, Attempt.Closed.TIME)
    draft.refresh_from_db()
    assert (draft.elapsed_ms or 0) // 60_000 == (10 if limit else 0)


def test_a_case_added_later_costs_nothing_to_who_had_finished(cohort, cases, trainee):
    other = factories.UserFactory()
    enroll(cohort, other)
    assignment = given(cohort, cases[:1])
    for user in (trainee, other):
        go_on(series_of(assignment, user), marks=[mark(cases[0])])
    before = work.standings(assignment)[trainee.pk]
    settle(series_of(assignment, trainee))
    assigning.set_cases(assignment, cases)
    after = work.standings(assignment)[trainee.pk]
    assert before.score == after.score == 50
    assert (after.size, after.counting.size) == (2, 1)


def test_who_joined_after_the_end_is_dealt_it_with_extra_time(cohort, cases, instructor):
    late = timezone.now() - HOUR
    assignment = given(cohort, cases, due_at=late)
    member, other = (enroll(cohort, factories.UserFactory()) for _ in range(2))
    assigning.extend(assignment, member, instructor, due_at=late + 2 * HOUR)
    assert work.describe(member.user, [assignment])[0].is_to_do
    assert assigning.current_run(assignment, other.user) is None, "closed to everybody else"
    assigning.edit(assignment, {"due_at": late + 3 * HOUR})
    assert work.describe(other.user, [assignment])[0].is_to_do


@pytest.mark.parametrize("over", ["archived", "taken back"])
def test_what_is_over_is_not_changed(client_of, cohort, cases, trainee, instructor, over):
    due = timezone.now() - HOUR
    assignment = given(cohort, cases[:1], due_at=due)
    series = series_of(assignment, trainee)
    settle(series)
    archive(cohort) if over == "archived" else assigning.withdraw(assignment)
    assignment.refresh_from_db()
    code = cohort.memberships.get().code
    base, client = f"/classes/work/{assignment.public_id}/", client_of(instructor)
    answer = client.post(f"{base}time/{code}/", {"due_at": "2099-01-01T00:00", "percent": "0"})
    assert "This assignment is over" in answer.content.decode()
    client.post(f"{base}cases/", {"do": "add", "case": cases[1].public_id})
    with pytest.raises(Refused, match="This assignment is over"):
        assigning.edit(assignment, {"due_at": due + 2 * HOUR})
    assert assignment.places.count() == 1 and not assignment.extensions.exists()
    assert not series_of(assignment, trainee).is_open


def test_a_second_click_waits_for_the_first(cohort, cases, trainee):
    """The rows are locked before anything is dealt; what the first click did is seen then."""
    assignment = factories.AssignmentFactory(cohort=cohort, cases=cases)
    late = Assignment.objects.get(pk=assignment.pk)
    assigning.publish(assignment)
    published = assignment.published_at
    assigning.publish(late)
    assert late.published_at == published
    assert late.runs.filter(user=trainee).count() == 1


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite writes one at a time")
@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_the_same_time_deal_once(cohort, cases, trainee):
    assignment = factories.AssignmentFactory(cohort=cohort, cases=cases, tries=2)

    def click(do, _):
        try:
            return do(Assignment.objects.get(pk=assignment.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(partial(click, assigning.publish), range(4)))
        assert assignment.runs.filter(user=trainee).count() == 1
        end(series_of(assignment, trainee))
        again = partial(click, lambda found: assigning.next_try(found, trainee))
        assert {run.number for run in pool.map(again, range(4))} == {2}
