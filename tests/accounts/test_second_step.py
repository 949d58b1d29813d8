"""The second step: wrong, used and recovery codes, a lost device, and where it is required."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import second_step
from radgame import rates
from tests import factories

PASSWORD = "a long test password"
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # the key of RFC 6238's examples, in base 32
NOW = 1_700_000_010


@pytest.fixture
def clock(monkeypatch):
    """The time by which codes go; `at[0]` can be moved."""
    at = [NOW]
    monkeypatch.setattr(totp.time, "time", lambda: at[0])
    return at


def code_of(secret=SECRET, at=NOW):
    return totp.format_hotp_value(totp.hotp_value(secret, at // 30))


@pytest.fixture
def enrolled(instructor, clock):
    """An instructor whose last code was of half a minute ago, and the recovery codes."""
    clock[0] = NOW - 60
    instructor.recovery = second_step.enroll(instructor, SECRET, code_of(at=NOW - 60))
    clock[0] = NOW
    return instructor


def give_password(client, user, **more):
    form = {"username": user.username, "password": PASSWORD, **more}
    return client.post("/account/login/", form)


def give_code(client, code):
    return client.post("/account/login/code/", {"code": code})


def is_in(client):
    return client.get("/account/").status_code == 200


@pytest.mark.pure
def test_codes_are_those_of_the_standard():
    """RFC 6238, appendix B, SHA-1, the last six of eight digits."""
    assert code_of(at=59) == "287082"
    assert code_of(at=1_111_111_109) == "081804"
    assert code_of(at=20_000_000_000) == "353130"


def test_it_works(client, enrolled):
    assert give_password(client, enrolled, next="/classes/").headers["Location"].endswith("/code/")
    assert not is_in(client), "a password alone opens nothing"
    assert give_code(client, code_of()).headers["Location"] == "/classes/"
    assert is_in(client)


def test_it_is_turned_on_on_ones_account(client_of, instructor, clock):
    client = client_of(instructor)
    assert "/account/second-step/" in client.get("/account/").content.decode()
    page = client.get("/account/second-step/").content.decode()
    assert re.search(r"<svg[^>]* viewBox=", page), "all of it is seen, whatever its size"
    secret = re.search(r'class="code">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    good = {"code": code_of(secret), "password": PASSWORD}
    for wrong in ({"code": "000000"}, {"password": "wrong"}):
        page = client.post("/account/second-step/", {**good, **wrong}).content.decode()
        assert "field-error" in page and not second_step.is_on(instructor)
    page = client.post("/account/second-step/", good).content.decode()
    assert len(re.findall(r"<li><code", page)) == 10
    assert second_step.is_on(instructor)
    again = client.get("/account/second-step/").content.decode()
    assert secret not in again.replace(" ", "") and "10 recovery codes" in again


def test_learners_have_none(client_of, trainee):
    client = client_of(trainee)
    assert client.get("/account/second-step/").status_code == 403
    assert "second-step" not in client.get("/account/").content.decode()


@pytest.mark.parametrize("code", ["000000", "28708", "", "not a code", code_of(at=NOW - 90)])
def test_a_wrong_code_lets_nobody_in(client, enrolled, code):
    give_password(client, enrolled)
    assert give_code(client, code).status_code == 200
    assert not is_in(client)


def test_a_code_works_once_for_whoever_sees_it(client, enrolled):
    give_password(client, enrolled)
    give_code(client, code_of())
    over_the_shoulder = Client()
    give_password(over_the_shoulder, enrolled)
    page = give_code(over_the_shoulder, code_of()).content.decode()
    assert "wrong or was used already" in page
    assert not is_in(over_the_shoulder)


def test_an_older_code_does_not_work_after_a_newer_one(client, enrolled, clock):
    assert second_step.check(enrolled, code_of(at=NOW + 30)), "clocks may be half a minute apart"
    assert not second_step.check(enrolled, code_of())


def test_a_recovery_code_works_once(client, enrolled):
    for expected in (True, False):
        other = Client()
        give_password(other, enrolled)
        give_code(other, f"{enrolled.recovery[0][:4]} {enrolled.recovery[0][4:]}")
        assert is_in(other) is expected
    assert second_step.codes_left(enrolled) == 9


def test_many_wrong_codes_lock_the_name(client, enrolled, settings, monkeypatch):
    monkeypatch.setattr(rates, "STEPS", "1000/minute")
    give_password(client, enrolled)
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = give_code(client, "000000")
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.content.decode()
    assert int(answer.headers["Retry-After"]) > 890
    assert give_code(client, code_of()).status_code == 429
    assert not is_in(client)


def test_codes_of_one_account_are_few_from_wherever(client, enrolled, monkeypatch):
    monkeypatch.setattr(rates, "STEPS", "2/15minute")
    statuses = []
    for n in range(3):
        other = Client(REMOTE_ADDR=f"10.0.0.{n}")
        give_password(other, enrolled)
        statuses.append(give_code(other, "000000").status_code)
    assert statuses == [200, 200, 429]


def test_a_password_waits_ten_minutes_and_not_for_a_new_one(client, enrolled, monkeypatch):
    give_password(client, enrolled)
    enrolled.set_password("another long password")
    enrolled.save()
    assert give_code(client, code_of()).headers["Location"] == "/account/login/"
    enrolled.set_password(PASSWORD)
    enrolled.save()
    give_password(client, enrolled)
    monkeypatch.setattr(second_step.time, "time", lambda: NOW + second_step.WAITS_SECONDS + 10**9)
    assert give_code(client, code_of()).headers["Location"] == "/account/login/"


def test_it_is_turned_off_with_a_code_alone(client_of, enrolled):
    client = client_of(enrolled)
    client.post("/account/second-step/change/", {"off": "", "code": "000000"})
    assert second_step.is_on(enrolled)
    client.post("/account/second-step/change/", {"off": "", "code": code_of()})
    assert not second_step.is_on(enrolled)


def test_new_recovery_codes_take_the_place_of_the_old(client_of, enrolled):
    page = client_of(enrolled).post("/account/second-step/change/", {"code": code_of()})
    assert len(re.findall(r"<li><code", page.content.decode())) == 10
    assert not second_step.check(enrolled, enrolled.recovery[0])


# The administration, and a lost device


@pytest.fixture
def superuser(db):
    return factories.UserFactory(is_staff=True, is_superuser=True)


def test_the_administration_has_no_door_of_its_own(client, superuser, clock):
    second_step.enroll(superuser, SECRET, code_of())
    asked = client.post("/admin/login/?next=/admin/accounts/user/", {"username": "x"})
    assert asked.headers["Location"] == "/account/login/?next=%2Fadmin%2Faccounts%2Fuser%2F"
    give_password(client, superuser, next="/admin/")
    assert client.get("/admin/").status_code == 302
    clock[0] += 30
    assert give_code(client, code_of(at=clock[0])).headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_who_is_no_staff_is_told_so_at_its_door(client_of, trainee):
    answer = client_of(trainee).get("/admin/", follow=True)
    assert answer.status_code == 403
    assert "The administration is for staff." in answer.content.decode()


def test_an_administrator_helps_who_lost_the_device(client, client_of, enrolled, superuser):
    form = {"action": "take_second_step_off", "_selected_action": [enrolled.pk, superuser.pk]}
    page = client_of(superuser).post("/admin/accounts/user/", form, follow=True).content.decode()
    assert "taken off 1 accounts" in page
    assert LogEntry.objects.get().get_change_message() == "Second step taken off."
    give_password(client, enrolled)
    assert is_in(client)


def test_so_does_the_command_line(enrolled, superuser, capsys):
    call_command("take_second_step_off", enrolled.username)
    assert not second_step.is_on(enrolled)
    for name, sentence in ((superuser.username, "no second step"), ("nobody", "no such account")):
        with pytest.raises(CommandError, match=sentence):
            call_command("take_second_step_off", name)


# Required


@pytest.fixture
def required(settings):
    settings.STAFF_SECOND_STEP = "required"


@pytest.mark.parametrize("path", ["/classes/", "/home/", "/admin/", "/account/password/"])
def test_where_it_is_required_staff_turn_it_on_first(required, client, path, clock, db):
    staff = factories.UserFactory(role="instructor", is_staff=True)
    give_password(client, staff)
    assert client.get(path).headers["Location"] == "/account/second-step/"
    page = client.get("/account/second-step/").content.decode()
    secret = re.search(r'class="code">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    client.post("/account/second-step/", {"code": code_of(secret), "password": PASSWORD})
    assert client.get("/classes/").status_code == 200


def test_where_it_is_required_it_is_not_turned_off(required, client, enrolled):
    give_password(client, enrolled)
    give_code(client, code_of())
    form = {"off": "", "code": enrolled.recovery[0]}
    assert client.post("/account/second-step/change/", form).status_code == 403
    assert second_step.is_on(enrolled)


def test_where_it_is_required_an_older_session_ends(required, client_of, enrolled):
    client = client_of(enrolled)
    assert client.get("/classes/").headers["Location"] == "/account/login/"
    assert not is_in(client)


def test_where_it_is_required_learners_are_not_asked(required, client_of, trainee):
    assert client_of(trainee).get("/home/").status_code == 200
