"""Explanations made ahead: by the command, several at once, and when a case is published."""

from __future__ import annotations

import io
import json
from unittest import mock

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from cases import services
from feedback import ahead, tasks
from feedback.models import Explanation
from ml.llm.breaker import CircuitBreaker
from tests import factories
from tests.cases.files import write_png
from tests.feedback.conftest import GOOD
from tests.feedback.test_explanations import ask, missed
from tests.servers import Crowd, status, stream


def output_of(**options):
    out = io.StringIO()
    call_command("explain_cases", stdout=out, **options)
    return out.getvalue()


def test_cases_are_explained_ahead_and_learners_get_that_text(chat, case, told):
    said = output_of()
    assert "1 written" in said and "1 left to the atlas" in said
    assert "1 there before" in output_of()
    assert Explanation.objects.exclude(text="").get().label == "nodule_mass"


def test_a_missed_finding_gets_the_text_made_ahead(chat, case, attempt, client_of):
    output_of()
    asked = len(chat.asked)
    row = missed(attempt)
    assert ask(client_of(attempt.user), attempt, row).json()["text"] == GOOD
    assert len(chat.asked) == asked


def test_explaining_ahead_says_what_is_missing(chat, case, settings):
    chat.will(status(401))
    with pytest.raises(CommandError, match="refuses the key"):
        output_of()
    settings.VLM_MODEL = ""
    with pytest.raises(CommandError, match="set VLM_MODEL"):
        output_of()


@pytest.fixture
def nodules(case):
    """Twelve nodules in as many places of a published case, and its cardiomegaly."""
    image = case.images.get()
    for place in range(11):
        finding = factories.FindingFactory(case=case, label="nodule_mass", side="left")
        top = 0.05 + place / 20
        factories.RegionFactory(finding=finding, image=image, x0=0.6, y0=top, x1=0.7, y1=top + 0.02)
    return case.findings.filter(label="nodule_mass")


def test_several_are_in_flight_but_no_more_than_allowed(chat, nodules, settings):
    settings.LLM_CONCURRENCY = 3
    crowd = Crowd(3, stream(GOOD))
    chat.will(crowd)
    assert "12 written, 0 there before, 1 left" in output_of()
    assert crowd.most == 3 and len(chat.asked) == 13


def test_after_a_failure_it_goes_on_where_it_stopped(chat, nodules, settings):
    settings.LLM_CONCURRENCY = 2
    chat.will(*[stream(GOOD)] * 5, status(401))
    with pytest.raises(CommandError, match="run the command again"):
        output_of()
    kept = Explanation.objects.count()
    assert 4 <= kept <= 5 and len(chat.asked) <= 7
    chat.will(stream(GOOD))
    output_of()
    assert len(chat.asked) == 13 - kept
    assert Explanation.objects.exclude(text="").count() == 12


def test_the_limit_is_of_questions(chat, nodules):
    chat.will(stream(GOOD))
    for done in (5, 10, 13, 13):
        output_of(limit=5)
        assert Explanation.objects.count() == done
    with pytest.raises(CommandError, match="--limit"):
        output_of(limit=0)


def test_a_lost_image_stops_only_its_own_finding(chat, nodules):
    chat.will(stream(GOOD))
    image = nodules.first().case.images.get()
    other = factories.ImageFactory(case=image.case, position=1, view="LATERAL")
    nodules.first().regions.update(image=other)
    other.rendition.storage.delete(other.frame_path(0))
    assert "11 written, 0 there before, 2 left" in output_of()


@pytest.fixture
def queued(monkeypatch):
    """The cases that were handed to the worker for models."""
    found = []
    monkeypatch.setattr(ahead, "_broker", CircuitBreaker(failures=1, pause=60))
    monkeypatch.setattr(
        tasks.explain_case, "apply_async", lambda arguments, *_, **__: found.append(*arguments)
    )
    return found


def test_a_published_case_is_explained(
    chat,
    case,
    queued,
    django_capture_on_commit_callbacks,
):
    services.set_status(case=case, status="review")
    with django_capture_on_commit_callbacks(execute=True):
        services.publish_case(case=case)
        assert not queued  # before the commit a worker would not find it published
    with django_capture_on_commit_callbacks(execute=True):
        services.publish_case(case=case)
        services.retire_case(case=case)
    assert queued == [case.pk]
    services.publish_case(case=case)
    for _ in range(2):
        tasks.explain_case(*queued)
    assert len(chat.asked) == 2 and Explanation.objects.exclude(text="").get().text == GOOD


def test_curators_who_publish_in_the_administration_have_it_explained(
    chat,
    case,
    queued,
    admin_client,
    django_capture_on_commit_callbacks,
):
    services.set_status(case=case, status="review")
    url = f"/admin/cases/case/{case.pk}/change/"
    form = admin_client.get(url).context["adminform"].form
    values = {name: form[name].value() or "" for name in form.fields}
    for inline in admin_client.get(url).context["inline_admin_formsets"]:
        prefix = inline.formset.prefix
        values |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    with django_capture_on_commit_callbacks(execute=True):
        assert admin_client.post(url, {**values, "status": "published"}).status_code == 302
    assert queued == [case.pk]


@pytest.mark.parametrize("state", ["published", "draft"])
def test_an_import_has_its_published_cases_explained(
    chat, db, queued, tmp_path, state, django_capture_on_commit_callbacks
):
    write_png(tmp_path / "frontal.png", np.arange(64, dtype=np.uint16).reshape(8, 8))
    finding = {
        "sentence_en": "A nodule.",
        "abnormal": True,
        "boxes": [[0.1, 0.1, 0.4, 0.4]],
        "extra_boxes": [],
        "labels": ["nodule"],
        "locations": [],
        "progression": None,
    }
    table = tmp_path / "grounded_reports_20240819.json"
    options = {"images": [tmp_path], "status": state, "jobs": 1}
    for sentence, new in (("A nodule.", True), ("A nodule.", False), ("A round nodule.", True)):
        finding["sentence_en"] = sentence
        table.write_text(json.dumps([{"ImageID": "frontal.png", "findings": [finding]}]))
        queued.clear()
        with django_capture_on_commit_callbacks(execute=True):
            call_command("import_cases", "padchest-gr", str(table), stdout=io.StringIO(), **options)
        assert len(queued) == (new and state == "published")


def test_nothing_is_made_of_a_case_that_was_withdrawn(chat, case):
    services.retire_case(case=case)
    tasks.explain_case(case.pk)
    assert not chat.asked


def test_a_dead_server_is_no_error_of_the_task(chat, case):
    chat.will(status(401))
    tasks.explain_case(case.pk)
    assert not Explanation.objects.exists()


def test_without_a_model_nothing_is_queued(
    case,
    queued,
    django_capture_on_commit_callbacks,
):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        services.set_status(case=case, status="review")
        services.publish_case(case=case)
    assert not callbacks and not queued
    tasks.explain_case(case.pk)


def test_a_broker_that_is_away_is_asked_once_and_the_case_is_published(
    chat,
    case,
    queued,
    django_capture_on_commit_callbacks,
):
    with (
        mock.patch.object(tasks.explain_case, "apply_async", side_effect=OSError) as asked,
        django_capture_on_commit_callbacks(execute=True),
    ):
        for state in ("review", "published") * 3:
            services.set_status(case=case, status=state)
    assert asked.call_count == 1
    case.refresh_from_db()
    assert case.is_playable
