"""A worker whose clock is ten minutes off does what it is asked; what comes late is left."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest
from django.apps import apps
from django.conf import settings
from django.utils import timezone

from attempts import clock
from feedback import explanations, opinions, tasks
from feedback.models import SecondOpinion
from learning import tasks as learning
from learning.endless import stock
from radgame.celery import app as celery

TEN_MINUTES = timedelta(minutes=10, seconds=1)


@pytest.fixture(params=[-1, 1], ids=["behind", "ahead"])
def wrong_clock(request, monkeypatch):
    """This machine's clock is off, the database's is not."""
    right = timezone.now
    monkeypatch.setattr(clock, "now", right)
    wrong = right() + request.param * TEN_MINUTES
    with mock.patch("django.utils.timezone.now", return_value=wrong):
        yield


@pytest.mark.pure
def test_no_task_expires_by_a_workers_clock():
    """Celery compares `expires` with the clock of the machine that takes the task."""
    assert not [name for name, route in celery.conf.task_routes.items() if "expires" in route]
    rooms = [config.path for config in apps.get_app_configs()]
    own = [Path(path) for path in rooms if Path(path).parent == settings.BASE_DIR]
    assert len(own) > 6
    for path in [one for room in own for one in room.rglob("*.py")]:
        text = path.read_text()
        assert not re.search(r"apply_async\([^()]*expires|expires=|expiration=", text), path


@pytest.mark.django_db
def test_an_opinion_is_given_by_a_worker_with_a_wrong_clock(trainee, nodule_case, wrong_clock):
    attempt = nodule_case.attempts.create(
        user=trainee, kind="report", mode="practice", case_version=1
    )
    result = attempt.results.create(scorer="rules", scorer_version="1", score=1, data={})
    explainer = mock.Mock(opinions=lambda _: ["chexbert"], opinion=lambda *_: {"said": 1})
    with mock.patch.object(opinions, "explainer_of", return_value=explainer):
        [awaited] = opinions.await_for(result)
        assert opinions.of(result)[0]["awaited"]
        tasks.second_opinion(awaited)
    assert SecondOpinion.objects.get().data == {"said": 1}
    assert not opinions.of(result)[0]["problem"]


@pytest.mark.django_db
def test_an_opinion_that_comes_late_is_left(trainee, nodule_case):
    attempt = nodule_case.attempts.create(
        user=trainee, kind="report", mode="practice", case_version=1
    )
    result = attempt.results.create(scorer="rules", scorer_version="1", score=1, data={})
    late = SecondOpinion.objects.create(result=result, name="chexbert")
    SecondOpinion.objects.update(asked_at=timezone.now() - TEN_MINUTES)
    with mock.patch.object(opinions, "explainer_of") as asked:
        tasks.second_opinion(late.pk)
    asked.assert_not_called()
    assert opinions.of(result)[0]["problem"] == opinions.LATE


@pytest.mark.django_db
def test_texts_and_films_are_made_by_a_worker_with_a_wrong_clock(wrong_clock):
    asked = clock.stamp()
    with mock.patch.object(explanations, "write") as write:
        tasks.write_explanation(1, "m1", asked)
        tasks.write_explanation(1, "m1")
        tasks.write_explanation(1, "m1", asked - explanations.PATIENCE - 1)
    assert write.call_count == 2, "all but what nobody waits for any more"
    with (
        mock.patch("learning.endless.making.fill", return_value=3) as fill,
        mock.patch("learning.endless.making.step_back"),
    ):
        made = [learning.make_films(asked), learning.make_films()]
        late = learning.make_films(asked - stock.EXPIRES - 1)
    assert (made, late, fill.call_count) == ([3, 3], 0, 2)
