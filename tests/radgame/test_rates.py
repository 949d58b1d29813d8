"""How often anybody may do what costs something; counted by the real Redis of the test run."""

from __future__ import annotations

import logging
import uuid

import pytest
import redis
from axes.models import AccessAttempt
from django.urls import reverse

from attempts import services
from radgame import rates
from radgame.embedded import embedded_redis
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def draft(trainee, nodule_case):
    attempt = services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice", rule="standard"
    )
    return f"/localize/attempts/{attempt.public_id}"


def submit(client, address):
    body = {"submission": str(uuid.uuid4()), "marks": [], "ticked": [], "normal": True}
    headers = {"Accept": "application/json"}
    return client.post(f"{address}/submit", body, content_type="application/json", headers=headers)


def test_it_works(client_of, trainee, draft, monkeypatch):
    monkeypatch.setitem(rates.OF_LEARNER, "submit", "2/minute")
    client = client_of(trainee)
    assert [submit(client, draft).status_code for _ in range(3)] == [202, 409, 429]
    refusal = submit(client, draft)
    assert 1 <= int(refusal.headers["Retry-After"]) <= 60
    assert refusal.json()["error"].endswith("try again.")


def test_another_learner_is_not_held_up(client_of, trainee, draft, monkeypatch):
    monkeypatch.setitem(rates.OF_LEARNER, "submit", "1/minute")
    for _ in range(2):
        submit(client_of(trainee), draft)
    other = factories.UserFactory(role="trainee")
    assert submit(client_of(other), draft).status_code == 404, "not theirs, and not 429"


def test_looking_is_never_counted(client_of, trainee, draft, monkeypatch):
    monkeypatch.setattr(rates, "OTHERS", "1/minute")
    client = client_of(trainee)
    assert {client.get("/home/").status_code for _ in range(5)} == {200}


def test_a_learner_who_types_fast_is_never_refused():
    """A draft is saved 400 ms after a change at the earliest, in two windows at once."""
    saves_a_minute = 2 * 60 / 0.4
    assert rates.parse(rates.OF_LEARNER["draft"]).amount >= saves_a_minute


def test_without_redis_nobody_is_refused(client_of, trainee, draft, settings, monkeypatch):
    monkeypatch.setitem(rates.OF_LEARNER, "submit", "1/minute")
    rates._limiter.cache_clear()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    try:
        client = client_of(trainee)
        assert [submit(client, draft).status_code for _ in range(3)] == [202, 409, 409]
    finally:
        rates._limiter.cache_clear()


def log_in(client, name, password="wrong", address="10.0.0.1"):
    form = {"username": name, "password": password}
    return client.post("/account/login/", form, REMOTE_ADDR=address)


def test_one_password_for_many_names_goes_slowly_after_a_while(client, monkeypatch):
    monkeypatch.setattr(rates, "FAILURES", "5/15minute")
    monkeypatch.setattr(rates, "SLOW", "1/hour")  # however slow the machine is
    names = [factories.UserFactory().username for _ in range(8)]
    statuses = [log_in(client, name).status_code for name in names]
    assert statuses[:6] == [200] * 6, "beyond it, one try in each while"
    assert statuses[6:] == [429] * 2
    assert log_in(client, names[0], address="10.0.0.2").status_code == 200


def test_addresses_of_one_line_of_ipv6_count_together(client, monkeypatch):
    monkeypatch.setattr(rates, "FAILURES", "5/15minute")
    monkeypatch.setattr(rates, "SLOW", "1/hour")  # however slow the machine is
    tries = [log_in(client, f"name{n}", address=f"2001:db8:9::{n + 1:x}") for n in range(8)]
    assert [one.status_code for one in tries] == [200] * 6 + [429] * 2
    assert log_in(client, "another", address="2001:db8:a::1").status_code == 200
    assert log_in(client, "another", address="::ffff:10.0.3.1").status_code == 200


@pytest.mark.parametrize(
    "spelling", ["learner", " learner", "learner\t", "\uff4cearner", "LEARNER"]
)
def test_one_name_tried_from_many_addresses_goes_slowly_after_a_while(
    client, monkeypatch, spelling
):
    monkeypatch.setattr(rates, "FAILURES", "5/15minute")
    monkeypatch.setattr(rates, "SLOW", "1/hour")  # however slow the machine is
    factories.UserFactory(username="learner")
    statuses = [log_in(client, spelling, address=f"10.0.1.{n}").status_code for n in range(8)]
    assert statuses == [200] * 6 + [429] * 2


RIGHT = "a long test password"
OFFICE, ELSEWHERE = "10.0.2.1", "10.0.2.9"


@pytest.fixture
def few(monkeypatch, settings):
    """Five wrong passwords are many, and then one try an hour is taken."""
    monkeypatch.setattr(rates, "FAILURES", "5/15minute")
    monkeypatch.setattr(rates, "SLOW", "1/hour")
    settings.AXES_FAILURE_LIMIT = 100


@pytest.fixture
def owner(client, db):
    """Somebody who has logged in from the office, and forgot nothing."""
    user = factories.UserFactory(username="Owner")
    assert log_in(client, "Owner", RIGHT, OFFICE).status_code == 302
    client.logout()
    return user


def guess(client, names, addresses):
    return [log_in(client, name, address=at).status_code for name in names for at in addresses]


def test_who_guesses_elsewhere_delays_nobody_where_they_log_in(client, owner, few):
    addresses = [f"10.0.3.{number}" for number in range(12)]
    statuses = guess(client, ["owner"], addresses)
    assert statuses == [200] * 6 + [429] * 6, "the attacker is slowed, from wherever"
    assert log_in(client, "owner ", "typo", OFFICE).status_code == 200
    assert log_in(client, "Owner", RIGHT, OFFICE).status_code == 302
    client.logout()
    assert log_in(client, "Owner", RIGHT, ELSEWHERE).status_code == 429, "as for any stranger"


def test_who_tries_many_names_at_an_address_delays_nobody_who_logs_in_there(client, owner, few):
    names = [f"name{number}" for number in range(9)]
    assert guess(client, names, [OFFICE])[6:] == [429] * 3
    assert log_in(client, "Owner", RIGHT, OFFICE).status_code == 302


def test_one_password_for_all_who_log_in_at_an_address_goes_slowly_too(client, few, db):
    colleagues = [factories.UserFactory().username for _ in range(8)]
    for name in colleagues:
        assert log_in(client, name, RIGHT, OFFICE).status_code == 302
        client.logout()
    assert guess(client, colleagues, [OFFICE]) == [200] * 6 + [429] * 2


def test_own_log_ins_make_no_other_name_known(client, owner, few):
    """Whoever has an account logs in with it, and guesses another's from there."""
    factories.UserFactory(username="mine")
    statuses = []
    for _ in range(8):
        log_in(client, "mine", RIGHT, ELSEWHERE)
        client.logout()
        statuses.append(log_in(client, "owner", address=ELSEWHERE).status_code)
    assert statuses == [200] * 6 + [429] * 2


def test_a_known_name_is_still_closed_after_wrong_passwords(client, owner, settings):
    settings.AXES_FAILURE_LIMIT = 3
    assert guess(client, ["Owner"] * 3, [OFFICE])[-1] == 429
    assert AccessAttempt.objects.exists()


def test_neither_names_nor_pairs_are_readable_in_redis(client, owner):
    log_in(client, "somebody")
    keys = " ".join(map(str, rates._limiter().storage.get_connection().keys("*"))).lower()
    assert "known/" in keys and "owner" not in keys and "somebody" not in keys
    assert OFFICE not in keys.partition("known/")[2][:64]


@pytest.fixture
def mortal(settings):
    """A Redis of this test's own: its client, to end it by."""
    with embedded_redis() as (url, _):
        settings.REDIS_URL = url
        rates._limiter.cache_clear()
        yield redis.Redis.from_url(url)
    rates._limiter.cache_clear()


def end(server):
    server.shutdown(nosave=True)


def test_a_redis_that_dies_refuses_nobody_and_fills_no_log(
    mortal, client_of, trainee, draft, monkeypatch, caplog
):
    monkeypatch.setitem(rates.OF_LEARNER, "submit", "1/minute")
    monkeypatch.setattr(rates, "_told_at", -1e9)
    client = client_of(trainee)
    assert [submit(client, draft).status_code for _ in range(3)] == [202, 429, 429]
    end(mortal)
    with caplog.at_level(logging.WARNING, logger="radgame.rates"):
        assert [submit(client, draft).status_code for _ in range(4)] == [409] * 4
        assert log_in(client, trainee.username, RIGHT).status_code == 302
    assert [one.getMessage()[:14] for one in caplog.records if one.name == "radgame.rates"] == [
        "Nobody counts "
    ]


def test_a_redis_that_dies_between_two_questions_refuses_nobody(
    mortal, client_of, trainee, draft, monkeypatch
):
    """It counts one too many, and is gone when it is asked for how long."""
    monkeypatch.setitem(rates.OF_LEARNER, "submit", "1/minute")
    client = client_of(trainee)
    submit(client, draft)
    counted = rates._counted

    def counted_last(*given):
        within = counted(*given)
        end(mortal)
        return within

    monkeypatch.setattr(rates, "_counted", counted_last)
    assert submit(client, draft).status_code == 409


def test_a_whole_hospital_behind_one_address_is_not_locked_out(client, settings):
    forgetful, colleague = factories.UserFactory(), factories.UserFactory()
    for _ in range(settings.AXES_FAILURE_LIMIT + 2):
        log_in(client, forgetful.username)
    right = log_in(client, colleague.username, RIGHT)
    assert right.status_code == 302


def test_letters_to_one_address_are_few_and_tell_nothing(client, settings):
    settings.EMAIL_HOST = "mail.example.org"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    factories.UserFactory(email="known@example.org")
    for email in ("known@example.org", "unknown@example.org"):
        statuses = [
            client.post("/account/forgotten/", {"email": email}).status_code for _ in range(4)
        ]
        assert statuses == [302, 302, 302, 429], email


def test_sign_up_is_bounded_by_address(client, settings, monkeypatch):
    settings.SIGNUP_OPEN = True
    monkeypatch.setitem(rates.OF_ADDRESS, "accounts:sign_up", "2/hour")
    statuses = [client.post("/account/sign-up/", {}).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


@pytest.mark.parametrize("name", rates.OWN_PASSWORD)
def test_nobody_guesses_a_password_from_an_open_window(name, client_of, settings):
    """Whoever finds a computer logged in is asked for the password, and cannot try for long."""
    settings.EMAIL_HOST = "mail.example.org"
    user = factories.UserFactory(role="curator")
    client = client_of(user)
    guess = {"old_password": "guess", "password": "guess", "email": "", "code": "000000"}
    statuses = [client.post(reverse(name), guess).status_code for _ in range(12)]
    assert 429 not in statuses[:9]
    assert statuses[10:] == [429, 429]
    elsewhere = [client.post(reverse(page), guess).status_code for page in rates.OWN_PASSWORD]
    assert set(elsewhere) == {429}, "the tries of all pages are one"
    other = client_of(factories.UserFactory(role="curator"))
    assert other.post(reverse(name), guess).status_code != 429
