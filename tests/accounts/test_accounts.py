"""Logging in, signing up, and the accounts of the first start."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.db.models import F

from accounts.models import User
from accounts.services import create_first_accounts

PASSWORD = "a long test password"


def log_in(client, username, password):
    return client.post("/account/login/", {"username": username, "password": password})


def test_it_works(client, trainee):
    response = log_in(client, trainee.username, PASSWORD)
    assert response.status_code == 302
    assert client.get("/", follow=True).redirect_chain[-1][0] == "/home/"


def test_every_role_starts_on_its_own_page(client_of, trainee, instructor, curator):
    starts = {trainee: "/home/", instructor: "/classes/", curator: "/cases/"}
    for user, start in starts.items():
        assert client_of(user).get("/").headers["Location"] == start


def test_many_wrong_passwords_lock_the_name_in_words(client, trainee, settings):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        response = log_in(client, trainee.username, "wrong")
    assert response.status_code == 429
    assert "Wait 15 minutes" in response.content.decode()
    assert 890 <= int(response.headers["Retry-After"]) <= 900
    assert "no-store" in response.headers["Cache-Control"]
    assert log_in(client, trainee.username, PASSWORD).status_code == 429


def lock(client, name, settings):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        log_in(client, name, "wrong")


def pass_time(minutes):
    earlier = F("attempt_time") - timedelta(minutes=minutes)
    AccessAttempt.objects.update(attempt_time=earlier)


def test_the_lock_says_how_long_it_still_lasts_and_tries_make_it_no_longer(
    client, trainee, settings
):
    lock(client, trainee.username, settings)
    pass_time(minutes=10)
    for _ in range(3):
        answer = log_in(client, trainee.username, "wrong")
        assert 290 <= int(answer.headers["Retry-After"]) <= 300
    assert "Wait 5 minutes" in answer.content.decode()
    pass_time(minutes=5)
    assert log_in(client, trainee.username, PASSWORD).status_code == 302


def test_a_lock_by_two_browsers_ends_with_the_older_tries(client, trainee, settings):
    form = {"username": trainee.username, "password": "wrong"}
    for browser, tries in (("one", settings.AXES_FAILURE_LIMIT - 1), ("another", 2)):
        pass_time(minutes=14)
        for _ in range(tries):
            answer = client.post("/account/login/", form, headers={"User-Agent": browser})
    assert answer.status_code == 429
    assert 50 <= int(answer.headers["Retry-After"]) <= 60
    pass_time(minutes=1)
    assert log_in(client, trainee.username, PASSWORD).status_code == 302


def test_tries_under_a_lock_leave_no_rows(client, trainee, settings):
    lock(client, trainee.username, settings)
    before = list(AccessAttempt.objects.values())
    for number in range(3):
        form = {"username": trainee.username, "password": "wrong"}
        client.post("/account/login/?next=/" + "x" * 500, form, headers={"User-Agent": f"{number}"})
    assert list(AccessAttempt.objects.values()) == before


def test_a_script_is_told_of_the_lock_as_json(client, trainee, settings):
    lock(client, trainee.username, settings)
    form = {"username": trainee.username, "password": "wrong"}
    answer = client.post("/account/login/", form, headers={"Accept": "application/json"})
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.json()["error"]
    assert int(answer.headers["Retry-After"]) > 890


def test_one_who_is_locked_out_does_not_lock_out_others(client, trainee, instructor, settings):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        log_in(client, trainee.username, "wrong")
    assert log_in(client, instructor.username, PASSWORD).status_code == 302


@pytest.mark.django_db
def test_sign_up_is_closed_by_default(client):
    assert client.get("/account/sign-up/").status_code == 404


@pytest.mark.django_db
def test_sign_up_makes_a_trainee_and_nothing_more(client, settings):
    settings.SIGNUP_OPEN = True
    form = {
        "username": "newcomer",
        "password1": "quite-a-long-one-9",
        "password2": "quite-a-long-one-9",
        "role": "curator",
    }
    assert client.post("/account/sign-up/", form).status_code == 302
    made = User.objects.get(username="newcomer")
    assert made.role == "trainee"
    assert not made.is_staff
    assert client.get("/home/").status_code == 200


@pytest.mark.django_db
def test_a_weak_password_is_refused_in_words(client, settings):
    settings.SIGNUP_OPEN = True
    form = {"username": "newcomer", "password1": "12345678", "password2": "12345678"}
    page = client.post("/account/sign-up/", form).content.decode()
    assert "too common" in page
    assert not User.objects.exists()


@pytest.mark.django_db
def test_the_first_start_makes_one_account_a_role_with_unlike_passwords():
    made = create_first_accounts()
    assert set(made) == {"trainee", "instructor", "curator"}
    assert len(set(made.values())) == 3
    assert User.objects.get(username="trainee").check_password(made["trainee"])
    assert create_first_accounts() == {}


def test_a_curator_administers_cases_and_only_looks_at_attempts(client_of, curator):
    curator.is_staff = True
    curator.save()
    client = client_of(curator)
    assert client.get("/admin/cases/case/add/").status_code == 200
    assert client.get("/admin/attempts/attempt/").status_code == 200
    assert client.get("/admin/attempts/attempt/add/").status_code == 403
    assert client.get("/admin/accounts/user/").status_code == 403


def test_staff_of_another_role_administers_nothing(client_of, instructor):
    instructor.is_staff = True
    instructor.save()
    assert client_of(instructor).get("/admin/cases/case/").status_code == 403
