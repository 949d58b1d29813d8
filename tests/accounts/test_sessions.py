"""The store of sessions: what Django keeps, read as Django would."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import backends
from accounts.models import User
from accounts.sessions import SessionStore

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept():
    store = SessionStore()
    store["said"] = ["yes", 1]
    store.save()
    return store


def test_it_reads_what_was_kept_and_what_django_kept(kept):
    assert SessionStore(kept.session_key)["said"] == ["yes", 1]
    other = db.SessionStore()
    other["said"] = "also"
    other.save()
    assert SessionStore(other.session_key)["said"] == "also"


@pytest.mark.parametrize("left", [timedelta(seconds=-1), timedelta(days=-1)])
def test_one_that_expired_is_empty_and_gets_another_key(kept, left):
    Session.objects.filter(pk=kept.session_key).update(expire_date=timezone.now() + left)
    again = SessionStore(kept.session_key)
    assert again.get("said") is None
    assert again.session_key is None


def test_one_that_is_about_to_expire_is_still_there(kept):
    soon = timezone.now() + timedelta(seconds=30)
    Session.objects.filter(pk=kept.session_key).update(expire_date=soon)
    assert SessionStore(kept.session_key)["said"] == ["yes", 1]


def test_a_key_of_nothing_or_of_another_kind_is_empty():
    for key in ("a" * 32, "short", "' OR 1=1 --", "ключ" * 8):
        assert SessionStore(key).get("said") is None


def test_what_was_tampered_with_is_empty(kept):
    Session.objects.filter(pk=kept.session_key).update(session_data="bm90IHNpZ25lZA")
    assert SessionStore(kept.session_key).get("said") is None


@pytest.mark.parametrize("path", [backends.PATH, backends.FORMER])
def test_a_session_of_before_and_one_of_now_are_logged_in(client, trainee, path):
    client.force_login(trainee)
    session = client.session
    session[BACKEND_SESSION_KEY] = path
    session.save()
    assert client.get("/home/").context["user"] == trainee


@pytest.mark.parametrize(
    "path", ["django.contrib.auth.backends.RemoteUserBackend", "accounts.backends.Nobody"]
)
def test_a_session_by_any_other_way_is_not(client, trainee, path):
    client.force_login(trainee)
    session = client.session
    session[BACKEND_SESSION_KEY] = path
    session.save()
    assert client.get("/home/").status_code == 302


def test_who_may_not_log_in_any_more_or_is_gone_is_nobody(client, trainee):
    client.force_login(trainee)
    assert client.get("/home/").status_code == 200
    User.objects.filter(pk=trainee.pk).update(is_active=False)
    assert client.get("/home/").status_code == 302
    User.objects.filter(pk=trainee.pk).update(is_active=True)
    assert client.get("/home/").status_code == 200, "the answer is not kept"
    trainee.delete()
    assert client.get("/home/").status_code == 302
