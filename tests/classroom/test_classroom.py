"""Making accounts of learners, their passwords, and what counts of what they play."""

from __future__ import annotations

import html
import uuid

import pytest
from django.db.models import Avg, Count

from accounts.models import User
from accounts.services import create_trainees, give_new_password
from attempts import modes, series, services, tasks
from attempts.games import game_of
from attempts.queries import counted_results
from classroom.services import enroll
from tests import factories


@pytest.fixture
def cohort(instructor):
    return factories.CohortFactory(instructors=[instructor])


@pytest.fixture
def address(cohort):
    return f"/classes/{cohort.public_id}/members/"


def test_names_become_trainees_whose_passwords_are_shown_once(
    client_of, instructor, address, cohort
):
    form = {"names": "first\n\n second \nfirst\n"}
    page = client_of(instructor).post(address, form).content.decode()
    made = User.objects.filter(role="trainee")
    assert {user.username for user in made} == {"first", "second"}
    assert not any(user.is_staff for user in made)
    assert set(cohort.learners.all()) == set(made)
    password = page.split(">first</td><td><code>")[1].split("</code>")[0]
    assert made.get(username="first").check_password(password)
    again = client_of(instructor).get(address).content.decode()
    assert password not in again


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("two words", "has a blank in it"),
        ("tab\tulated", "has a blank in it"),
        ("no\u00a0break", "has a blank in it"),
        ("x" * 151, "is too long: 151 characters, and a name has at most 150"),
        ("two words " * 20, "is too long: 199 characters"),
        ("b#d", "has “#” in it"),
        ("b<d;", "has “<”, “;” in it"),
        ("zero\u200bwidth", "has zero width space in it"),
        ("bell\u0007", "has U+0007 in it"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_its_own_reason(db, name, reason):
    made = create_trainees([name, "good"])
    assert set(made.passwords) == {"good"}
    [problem] = made.problems
    assert reason.casefold() in problem.casefold()


def test_a_name_with_blanks_is_told_how_it_could_be(db):
    [problem] = create_trainees(["Ada von Lovelace"]).problems
    assert "try “Ada.von.Lovelace”" in problem


def test_a_name_that_is_taken_says_so(instructor):
    [problem] = create_trainees([instructor.username.upper()]).problems
    assert "is taken already" in problem


def test_the_names_that_failed_stay_in_the_field(client_of, instructor, address):
    form = {"names": "good\nGOOD\ntwo words\n<b>"}
    page = client_of(instructor).post(address, form).content.decode()
    field = html.unescape(page.split("required>")[1].split("</textarea>")[0])
    assert field.split("\n") == ["GOOD", "two words", "<b>"]
    assert "The others are made; these names stay in the field below." in page


def test_a_list_that_is_too_long_stays_in_the_field_whole(client_of, instructor, address):
    names = [f"n{number}" for number in range(201)]
    page = client_of(instructor).post(address, {"names": "\n".join(names)})
    field = html.unescape(page.content.decode().split("required>")[1].split("</textarea>")[0])
    assert field.split("\n") == names
    assert page.content.decode().count("at most 200") == 1


def test_far_too_many_names_are_refused_whole(db):
    made = create_trainees(f"n{number}" for number in range(201))
    assert not made.passwords
    assert "at most 200" in made.problems[0]


def test_one_name_in_two_ways_of_writing_is_one_name(db):
    made = create_trainees(["Anna", "\uff21nna", "Bert"])
    assert set(made.passwords) == {"Anna", "Bert"}


def play(user, case, kind="localize", mode="practice", **answer):
    """Submit and score; a second look is submitted twice."""
    attempt = services.open_attempt(user=user, case=case, kind=kind, mode=mode)
    services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=1)
    tasks.score_attempt(attempt.pk)
    attempt.refresh_from_db()
    return attempt


def figures_of(trainee):
    """Of each game the number and mean of what counts under its first rule."""
    found = []
    for kind in ("localize", "report"):
        own = counted_results().filter(attempt__user=trainee, attempt__kind=kind)
        row = own.filter(scorer=game_of(kind).rules[0]).aggregate(
            cases=Count("pk"), mean=Avg("score")
        )
        found.append((row["cases"], row["mean"]))
    return found


def test_a_second_look_not_submitted_yet_enters_no_figure(trainee, nodule_case):
    play(trainee, nodule_case, mode="second_look")
    assert figures_of(trainee) == [(0, None), (0, None)]
    play(trainee, nodule_case, mode="second_look")
    assert figures_of(trainee) == [(1, 0), (0, None)]


def test_games_are_never_in_one_mean(trainee, nodule_case):
    other = factories.ImageFactory().case  # a normal film
    play(trainee, other, normal=True)
    play(trainee, nodule_case, "report", text=nodule_case.reports.get().findings)
    assert figures_of(trainee) == [(1, 100), (1, 100)]
    assert nodule_case.attempts.get().truth_seen is False


def test_rules_are_never_in_one_mean(trainee, nodule_case):
    other = factories.ImageFactory().case
    test = series.start_series(
        user=trainee, kind="localize", mode="test", cases=[nodule_case], rule="radgame"
    )
    drawn = services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="test", rule="radgame", series=test
    )
    services.submit(attempt_id=drawn.pk, submission=uuid.uuid4(), answer={}, elapsed_ms=1)
    tasks.score_attempt(drawn.pk)
    play(trainee, other, normal=True)
    assert figures_of(trainee) == [(1, 100), (0, None)]


def test_what_was_played_when_the_truth_was_known_enters_no_figure(trainee, nodule_case):
    play(trainee, nodule_case)
    assert figures_of(trainee) == [(1, 0), (0, None)]
    play(trainee, nodule_case, ticked=["cardiomegaly"])
    play(trainee, nodule_case, "report", text="Cardiomegaly.")
    assert figures_of(trainee) == [(1, 0), (0, None)]


def test_hints_of_a_draft_that_was_left_make_the_truth_known(trainee, nodule_case):
    asked = services.open_attempt(user=trainee, case=nodule_case, kind="localize", mode="practice")
    modes.give_hint(attempt_id=asked.pk, request={})
    play(trainee, nodule_case, mode="second_look")
    play(trainee, nodule_case, mode="second_look")
    assert figures_of(trainee) == [(0, None), (0, None)]


# A new password for a learner who forgot theirs


def password_address(cohort, user):
    membership = cohort.memberships.filter(user=user).first() or enroll(cohort, user)
    return f"/classes/{cohort.public_id}/members/{membership.code}/password/"


def test_an_instructor_gives_a_learner_a_new_password_shown_once(
    client_of, instructor, trainee, cohort
):
    their_own = client_of(trainee)
    client = client_of(instructor)
    address = password_address(cohort, trainee)
    asked = client.get(address).content.decode()
    assert "A new password for" in asked
    assert their_own.get("/home/").status_code == 200, "asking changes nothing"
    page = client.post(address).content.decode()
    password = page.split('<code class="shown-once">')[1].split("</code>")[0]
    trainee.refresh_from_db()
    assert trainee.check_password(password)
    assert their_own.get("/home/").status_code == 302, "sessions of before end"
    assert password not in client.get(address).content.decode()


def test_a_new_password_works_at_once_after_too_many_wrong_ones(
    client, client_of, instructor, trainee, cohort, settings
):
    form = {"username": trainee.username, "password": "wrong"}
    for _ in range(settings.AXES_FAILURE_LIMIT):
        client.post("/account/login/", form)
    page = client_of(instructor).post(password_address(cohort, trainee)).content.decode()
    form["password"] = page.split('<code class="shown-once">')[1].split("</code>")[0]
    assert client.post("/account/login/", form).status_code == 302


@pytest.mark.parametrize(
    "rights",
    [
        {"role": "instructor"},
        {"role": "curator"},
        {"role": "trainee", "is_staff": True},
        {"role": "trainee", "is_superuser": True},
    ],
)
def test_nobody_but_a_plain_trainee_gets_a_password_from_an_instructor(
    client_of, instructor, cohort, rights
):
    other = factories.UserFactory(**rights)
    before = other.password
    client = client_of(instructor)
    for ask in (client.get, client.post):
        assert ask(password_address(cohort, other)).status_code == 404
    other.refresh_from_db()
    assert other.password == before


@pytest.mark.parametrize("role", ["trainee", "curator", "instructor"])
def test_only_who_teaches_the_class_gives_passwords(client_of, trainee, cohort, role):
    before = trainee.password
    other = client_of(factories.UserFactory(role=role))
    assert other.post(password_address(cohort, trainee)).status_code == 404
    trainee.refresh_from_db()
    assert trainee.password == before


def test_nobody_sets_the_password_of_who_is_in_a_class_they_do_not_teach(
    client_of, instructor, trainee, cohort
):
    other = factories.CohortFactory(learners=[trainee])
    url = password_address(cohort, trainee)
    assert client_of(instructor).post(url).status_code == 404
    other.instructors.add(instructor)
    assert client_of(instructor).post(url).status_code == 200


def test_the_service_sets_no_password_of_staff(curator):
    with pytest.raises(ValueError, match="more than a trainee"):
        give_new_password(curator)
