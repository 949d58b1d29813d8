"""The instructor's dashboard, and making trainees' accounts."""

from __future__ import annotations

import uuid

from accounts.models import User
from accounts.services import create_trainees
from classroom.queries import trainees
from feedback import services, tasks


def test_it_works(client_of, instructor, trainee):
    page = client_of(instructor).get("/classroom/").content.decode()
    assert trainee.username in page
    assert "never" in page


def test_the_dashboard_costs_the_same_for_many_trainees(
    client_of, instructor, django_assert_max_num_queries
):
    create_trainees(f"name{number}" for number in range(40))
    client = client_of(instructor)
    with django_assert_max_num_queries(8):
        client.get("/classroom/")


def test_names_become_trainees_whose_passwords_are_shown_once(client_of, instructor):
    form = {"names": "first\n\n second \nfirst\n"}
    page = client_of(instructor).post("/classroom/trainees/", form).content.decode()
    made = User.objects.filter(role="trainee")
    assert {user.username for user in made} == {"first", "second"}
    assert not any(user.is_staff for user in made)
    password = page.split("<td>first</td><td><code>")[1].split("</code>")[0]
    assert made.get(username="first").check_password(password)
    again = client_of(instructor).get("/classroom/trainees/").content.decode()
    assert password not in again


def test_names_that_are_taken_or_impossible_are_told_and_the_rest_goes_in(instructor):
    made = create_trainees([instructor.username.upper(), "two words", "x" * 151, "good"])
    assert set(made.passwords) == {"good"}
    assert len(made.problems) == 3
    assert "taken already" in made.problems[0]


def test_far_too_many_names_are_refused_whole(db):
    made = create_trainees(f"n{number}" for number in range(201))
    assert not made.passwords
    assert "at most 200" in made.problems[0]


def test_one_name_in_two_ways_of_writing_is_one_name(db):
    made = create_trainees(["Anna", "\uff21nna", "Bert"])
    assert set(made.passwords) == {"Anna", "Bert"}


def test_a_second_look_not_submitted_yet_enters_no_figure(trainee, nodule_case):
    look = services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="second_look", rule="standard"
    )
    for scored in (0, 1):
        services.submit(attempt_id=look.pk, submission=uuid.uuid4(), answer={}, elapsed_ms=1)
        tasks.score_attempt(look.pk)
        assert trainees().get(pk=trainee.pk).scored == scored
