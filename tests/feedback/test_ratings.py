"""Learners call an explanation helpful or wrong; curators see it, and correct the text."""

from __future__ import annotations

import json

import pytest
from django.db import IntegrityError
from django.urls import reverse

from feedback import explanations, ratings
from feedback.models import Explanation, ExplanationRating
from tests import factories
from tests.feedback.conftest import GOOD
from tests.feedback.test_explanations import missed

ROWS = "admin:feedback_explanation_changelist"


@pytest.fixture
def text(attempt):
    """A model's text on the row of the missed nodule."""
    return text_on(attempt, missed(attempt))


def text_on(played, row, **values):
    subject = explanations.subject_of(played, row)
    facts = {"facts": subject.facts, "case": subject.case, "label": subject.question.label}
    values = {"text": GOOD, "key": subject.facts, "model": "seer-1", **facts, **values}
    return Explanation.objects.create(outcome=subject.question.outcome, **values)


def rate(client, played, explanation, rating, row=None):
    body = {"row": row or missed(played), "explanation": explanation.pk, "rating": rating}
    url = f"/localize/attempts/{played.public_id}/rate"
    return client.post(url, json.dumps(body), content_type="application/json")


def test_it_works(attempt, text, client_of, settings):
    settings.VLM_URL, settings.VLM_MODEL = "http://127.0.0.1:9/v1", "seer-1"
    client = client_of(attempt.user)
    for said in ("helpful", "wrong"):
        assert rate(client, attempt, text, said).json() == {"rating": said}
        assert ratings.rating_of(text, attempt.user) == said
    assert ExplanationRating.objects.count() == 1
    assert explanations.asked(attempt, missed(attempt))[1]["rating"] == "wrong"
    assert rate(client, attempt, text, "").status_code == 200
    assert not ExplanationRating.objects.exists()


def test_the_database_keeps_one_rating_a_learner(attempt, text):
    ratings.rate(text, attempt.user, "wrong")
    with pytest.raises(IntegrityError):
        ExplanationRating.objects.create(explanation=text, user=attempt.user, helpful=True)


@pytest.mark.parametrize("rating", ["splendid", "Wrong", "true"])
def test_other_words_are_no_rating(attempt, text, client_of, rating):
    assert rate(client_of(attempt.user), attempt, text, rating).status_code == 422


def test_what_was_not_shown_cannot_be_rated(attempt, text, client_of, instructor):
    client, row = client_of(attempt.user), missed(attempt)
    other = text_on(attempt, "m1")
    refused = text_on(attempt, row, text="", key="refused")
    assert rate(client_of(instructor), attempt, text, "wrong").status_code == 404
    assert rate(client, attempt, other, "wrong").status_code == 404
    assert rate(client, attempt, refused, "wrong").status_code == 404
    assert rate(client, attempt, text, "wrong", row="nonsense").status_code == 404
    assert rate(client, attempt, Explanation(pk=10**30), "wrong").status_code == 404
    attempt.state = "submitted"
    attempt.save()
    assert rate(client, attempt, text, "wrong").status_code == 404
    assert not ExplanationRating.objects.exists()


@pytest.fixture
def desk(curator, client_of):
    """A curator in the administration."""
    curator.is_staff = True
    curator.save()
    return client_of(curator)


def test_curators_see_the_counts_and_find_the_wrong_ones(attempt, text, desk):
    praised = text_on(attempt, "m1")
    for said in ("helpful", "wrong", "wrong"):
        ratings.rate(text, factories.UserFactory(), said)
    ratings.rate(praised, factories.UserFactory(), "helpful")
    page = desk.get(reverse(ROWS)).content.decode()
    assert '<td class="field-rated_wrong">2</td>' in page
    assert '<td class="field-rated_helpful">1</td>' in page
    for rated, found in (("wrong", text), ("helpful", praised)):
        listed = desk.get(reverse(ROWS), {"rated": rated}).context["cl"].queryset
        assert list(listed) == [found]


def test_a_corrected_text_begins_without_ratings(attempt, text, desk, curator):
    url = reverse("admin:feedback_explanation_change", args=[text.pk])
    ratings.rate(text, attempt.user, "wrong")
    desk.post(url, {"text": GOOD, "reviewed_by": curator.pk})
    assert text.ratings.count() == 1
    desk.post(url, {"text": f"{GOOD} Look twice.", "reviewed_by": curator.pk})
    text.refresh_from_db()
    assert text.text.endswith("Look twice.") and text.reviewed_by == curator
    assert not text.ratings.exists()
