"""Explanations by a model: asked for, streamed, kept, refused; the atlas whenever there is none."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.utils import timezone

from feedback import backends, explanations, subjects, tasks
from feedback.models import Explanation
from localize.explained import subject_of
from tests import factories
from tests.feedback.conftest import GOOD
from tests.servers import close, status, stream

APART = GOOD.replace("This is a nodule", "You can see a nodule")


def missed(attempt):
    """The id of the row of the missed nodule."""
    return next(
        row["id"] for row in attempt.results.get().data["truths"] if row["label"] == "nodule_mass"
    )


def ask(client, attempt, row):
    url = f"/localize/attempts/{attempt.public_id}/explain"
    return client.post(url, json.dumps({"row": row}), content_type="application/json")


def test_it_works(chat, attempt, client_of, told):
    client, row = client_of(attempt.user), missed(attempt)
    assert ask(client, attempt, row).status_code == 202
    tasks.write_explanation(attempt.pk, row)
    assert told[0] == (row, "writing", "This")
    assert told[-1] == (row, "done", GOOD, "Model, unreviewed")
    reply = ask(client, attempt, row)
    assert reply.status_code == 200
    assert reply.json() == {
        "row": row,
        "state": "done",
        "text": GOOD,
        "badge": "Model, unreviewed",
        "explanation": Explanation.objects.get().pk,
        "rating": "",
    }
    kept = Explanation.objects.get()
    assert (kept.model, kept.asked_by, kept.outcome) == ("seer-1", attempt.user, "missed")


@pytest.fixture
def further_slices(case):
    """The nodule goes on through two more frames and is largest on the middle one."""
    finding = case.findings.get(label="nodule_mass")
    first = finding.regions.get()
    x0, y0, x1, y1 = first.box
    for frame, more in ((1, 0.02), (2, 0.0)):
        factories.RegionFactory(finding=finding, frame=frame, x0=x0, y0=y0, x1=x1 + more, y1=y1)
    return finding


def test_what_is_made_ahead_is_what_the_feedback_asks_for(further_slices, attempt):
    row = subject_of(attempt.results.get(), missed(attempt))
    ahead = subjects.subject_of_finding(further_slices)
    assert (row.frame, row.truth) == (ahead.frame, ahead.truth)
    assert row.frame == 1
    assert row.facts == ahead.facts


def test_the_model_sees_the_image_and_the_close_up(chat, attempt, told):
    tasks.write_explanation(attempt.pk, missed(attempt))
    content = chat.asked[0]["messages"][1]["content"]
    assert [part["type"] for part in content].count("image_url") == 2
    facts = json.loads(content[-1]["text"])
    assert facts["label"] == "Nodule / mass" and "left" in facts["place"]
    assert facts["other_findings"] == ["Cardiomegaly"]


def test_a_false_mark_is_explained_from_where_it_lies(chat, attempt, told):
    text = "This is not a pleural effusion on the right. The angle is sharp and the lung is dark."
    chat.will(stream(text))
    tasks.write_explanation(attempt.pk, "m1")
    assert told[-1][1:3] == ("done", text)
    facts = json.loads(chat.asked[0]["messages"][1]["content"][-1]["text"])
    assert "right" in facts["place"] and "report_says" not in facts


def test_a_text_that_does_not_pass_is_not_shown_nor_asked_for_again(chat, attempt, told):
    chat.will(stream("There is a pneumothorax on the right. It is large."))
    row = missed(attempt)
    tasks.write_explanation(attempt.pk, row)
    tasks.write_explanation(attempt.pk, row)
    assert told[-1] == (row, "none")
    assert len(chat.asked) == 1 and Explanation.objects.get().text == ""


@pytest.mark.parametrize("failure", [close, status(500), status(404)])
def test_a_dead_server_leaves_the_atlas_and_is_asked_again(chat, attempt, told, failure, settings):
    chat.will(failure)
    backends.vision_model()._tries = 1
    row = missed(attempt)
    tasks.write_explanation(attempt.pk, row)
    assert told == [(row, "none")] and not Explanation.objects.exists()
    chat.will(stream(GOOD))
    tasks.write_explanation(attempt.pk, row)
    assert told[-1][1] == "done"


def test_without_a_model_nothing_is_asked(attempt, client_of):
    client = client_of(attempt.user)
    assert ask(client, attempt, missed(attempt)).json()["state"] == "none"
    page = client.get(f"/localize/attempts/{attempt.public_id}/").content.decode()
    assert '"explain": null' in page and "Atlas" in page


def test_a_reviewed_text_comes_first_and_says_by_whom(chat, attempt, told, curator):
    row = missed(attempt)
    tasks.write_explanation(attempt.pk, row)
    first = Explanation.objects.get()
    Explanation.objects.filter(pk=first.pk).update(reviewed_by=curator, text=APART)
    tasks.write_explanation(attempt.pk, row)
    assert told[-1][2:] == (APART, f"Model, reviewed by {curator.username}")


def test_another_truth_is_another_text(chat, case):
    finding = case.findings.get(label="nodule_mass")
    before = subjects.subject_of_finding(finding).facts
    finding.location = "lingula"
    assert subjects.subject_of_finding(finding).facts != before


def test_a_learner_cannot_ask_without_end(chat, attempt, client_of, monkeypatch):
    monkeypatch.setattr(explanations, "MOST_AN_HOUR", 1)
    client = client_of(attempt.user)
    tasks.write_explanation(attempt.pk, missed(attempt))
    assert ask(client, attempt, "m1").status_code == 429
    Explanation.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert ask(client, attempt, "m1").status_code == 202


def test_only_the_owner_may_ask_and_only_when_told(chat, attempt, client_of, instructor, trainee):
    assert ask(client_of(instructor), attempt, "m1").status_code == 404
    attempt.state = "submitted"
    attempt.save()
    assert ask(client_of(trainee), attempt, "m1").status_code == 409


@pytest.mark.parametrize("row", ["", "nonsense", "tick-cardiomegaly"])
def test_a_row_that_is_none_gets_none(chat, attempt, client_of, row):
    assert ask(client_of(attempt.user), attempt, row).json()["state"] == "none"


def test_the_page_is_told_over_the_channel_layer(attempt):
    layer = get_channel_layer()

    async def heard():
        channel = await layer.new_channel()
        await layer.group_add(attempt.group, channel)
        await layer.group_send(attempt.group, {"type": "attempt.told", "told": {"explanation": {}}})
        return await layer.receive(channel)

    assert async_to_sync(heard)()["type"] == "attempt.told"
