"""Things are kept as long as the settings say, and no longer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import User
from attempts import services
from attempts.models import Attempt
from attempts.series import end, start_series
from classroom.models import WorkView
from radgame import periodic
from tests import factories

LONG_AGO = timezone.now() - timedelta(days=400)

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(trainee, nodule_case):
    services.open_attempt(user=trainee, case=nodule_case, kind="localize", mode="practice")
    Attempt.objects.update(started_at=LONG_AGO)
    return Attempt.objects.get()


def test_it_works(draft, settings):
    AccessAttempt.objects.create(username="somebody", failures_since_start=1)
    AccessAttempt.objects.update(attempt_time=LONG_AGO)
    Session.objects.create(session_key="old", session_data="", expire_date=LONG_AGO)
    periodic.forget()
    assert not Attempt.objects.exists()
    assert not AccessAttempt.objects.exists() and not Session.objects.exists()
    assert User.objects.exists(), "accounts stay unless a setting says how long"


def test_with_nothing_set_all_is_kept(draft, settings):
    settings.KEEP_DRAFTS_DAYS = settings.KEEP_LOGS_DAYS = 0
    AccessAttempt.objects.create(username="somebody", failures_since_start=1)
    AccessAttempt.objects.update(attempt_time=LONG_AGO)
    periodic.forget()
    assert Attempt.objects.exists() and AccessAttempt.objects.exists()


def test_who_looked_at_whose_work_is_a_log(trainee, settings):
    for day in (LONG_AGO, timezone.now()):
        WorkView.objects.create(viewer_name="x", learner=trainee, what="case", viewed_at=day)
    settings.KEEP_LOGS_DAYS = 0
    periodic.forget()
    assert WorkView.objects.count() == 2
    settings.KEEP_LOGS_DAYS = 365
    periodic.forget()
    assert WorkView.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"saved_at": timezone.now()},
        {"aids": [{"kind": "hint"}]},
        {"state": "submitted"},
        {"state": "scored"},
        {"state": "failed"},
        {"round": 2, "submitted_at": LONG_AGO},
    ],
    ids=lambda change: " ".join(change),
)
def test_what_is_more_than_a_deserted_draft_stays(draft, change):
    Attempt.objects.update(**change)
    periodic.forget()
    assert Attempt.objects.exists()


def test_a_draft_of_an_open_series_stays(trainee, nodule_case):
    series = start_series(
        user=trainee, kind="localize", mode="test", cases=[nodule_case], rule="standard"
    )
    services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="test", series=series
    )
    Attempt.objects.update(started_at=LONG_AGO)
    periodic.forget()
    assert Attempt.objects.filter(state="draft").exists()
    end(series)
    periodic.forget()
    assert not Attempt.objects.filter(state="draft").exists()


def test_accounts_that_nobody_uses_are_erased_where_that_is_set(settings):
    settings.KEEP_ACCOUNTS_DAYS = 365
    gone = [
        factories.UserFactory(username="never", date_joined=LONG_AGO),
        factories.UserFactory(username="once", last_login=LONG_AGO),
    ]
    factories.UserFactory(username="lately", date_joined=LONG_AGO, last_login=timezone.now())
    factories.UserFactory(username="teacher", role="instructor", last_login=LONG_AGO)
    factories.UserFactory(username="staff", is_staff=True, last_login=LONG_AGO)
    periodic.forget()
    left = set(User.objects.values_list("username", flat=True))
    assert left == {"lately", "teacher", "staff"} and len(gone) == 2


def test_the_length_of_a_session_is_added(settings):
    settings.KEEP_ACCOUNTS_DAYS = 365
    ago = timezone.now() - timedelta(days=365 + settings.SESSION_DAYS - 1)
    factories.UserFactory(last_login=ago)
    periodic.forget()
    assert User.objects.exists()
