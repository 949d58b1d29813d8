"""The instructor's dashboard, and making trainees' accounts."""

from __future__ import annotations

from accounts.models import User
from accounts.services import create_trainees


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
