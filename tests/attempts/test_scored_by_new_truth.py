"""Answers that an earlier truth scored get a result of the one there is now, by a curator's act."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attempts import rescoring, tasks
from attempts.models import Result, Series
from attempts.queries import counted_results, shown_result
from cases import scored
from cases.models import Case, DoubtAnswer
from cases.services import correcting
from tests import factories
from tests.localize.test_feedback import ON_IT, nodule_case, play

pytestmark = pytest.mark.django_db
WHY = "It is a fracture"


@pytest.fixture
def corrected(trainee, curator):
    """An attempt that called a fracture where the truth had a nodule, and has a fracture now."""
    case = nodule_case()
    attempt = play(trainee, case, [("fracture", ON_IT)])
    with correcting(case=case, by=curator, why=WHY):
        case.findings.update(label="fracture")
    return attempt


@pytest.fixture
def queued(monkeypatch):
    sent = []

    def queue(case, by, why):
        sent.append((case.pk, by.pk, why))
        return True

    monkeypatch.setattr(scored, "_registered", [])
    scored.register(scored.Rescorer(rescoring.outdated, queue, rescoring.is_opened))
    return sent


def test_the_desk_asks_and_a_new_result_is_made_beside(corrected, curator, client_of, queued):
    case = Case.objects.get()
    desk, url = client_of(curator), f"/cases/{case.public_id}/"
    assert "1 answer was scored before" in desk.get(url).content.decode()
    assert "Say in a sentence why" in desk.post(f"{url}again", follow=True).content.decode()
    answer = desk.post(f"{url}again", {"why": WHY}, follow=True)
    assert "1 answer is being scored again" in answer.content.decode()
    assert "Answers scored again by version 2" in case.changes.first().why
    before = Result.objects.get()
    for _ in range(2):  # a task may run twice
        tasks.score_by_truth(*queued[0])
    old, new = Result.objects.order_by("id")
    assert (old.score, old.data, old.truth) == (before.score, before.data, 0)
    assert (new.truth, new.score > old.score) == (2, True)
    assert shown_result(corrected) == new
    assert list(counted_results()) == [new]
    corrected.refresh_from_db()
    assert corrected.case_version == 1
    assert "scored before" not in desk.get(url).content.decode()
    again = desk.post(f"{url}again", {"why": WHY}, follow=True).content.decode()
    assert "Every answer is scored by the truth there is now" in again


def test_the_learner_is_told_once_and_reads_why(corrected, trainee, curator, client_of, queued):
    case = Case.objects.get()
    for _ in range(2):
        tasks.score_by_truth(case.pk, curator.pk, WHY)
    told = DoubtAnswer.objects.get()
    assert (told.to, told.kind) == (trainee, "rescored")
    learner = client_of(trainee)
    assert "your answer scored again" in learner.get("/home/").content.decode()
    assert learner.get(told.address).status_code == 200


def test_nobody_without_a_reason_or_a_worker(corrected, curator, monkeypatch):
    case = Case.objects.get()
    monkeypatch.setattr(scored, "_registered", [])
    scored.register(scored.Rescorer(rescoring.outdated, lambda *_: False, rescoring.is_opened))
    for why, words in (("", "why"), (WHY, "No worker")):
        with pytest.raises(scored.CannotScore, match=words):
            scored.score_again(case=case, by=curator, why=why)
    with pytest.raises(scored.CannotScore, match="Every answer"):
        scored.score_again(case=factories.CaseFactory(), by=curator, why=WHY)
    assert not case.changes.filter(why__startswith="Answers").exists()


def test_one_answer_that_cannot_be_scored_costs_itself_only(corrected, curator, monkeypatch):
    case = Case.objects.get()
    other = play(factories.UserFactory(), case, [("fracture", ON_IT)])
    Result.objects.filter(attempt=other).update(
        data={**other.results.get().data, "case_version": 1}
    )
    real = rescoring.game_of

    def game(kind):
        found = real(kind)

        def score(attempt):
            if attempt.pk == corrected.pk:
                raise ValueError("an answer of an earlier form")
            return found.score(attempt)

        return replace(found, score=score)

    monkeypatch.setattr(rescoring, "game_of", game)
    assert rescoring.score_by_truth(case, curator, WHY).done == 1
    assert other.results.count() == 2


def test_nobody_is_told_of_a_case_that_a_series_still_holds(corrected, trainee, curator):
    case = Case.objects.get()
    series = Series.objects.create(user=trainee, kind="localize", mode="test")
    series.places.create(case=case, position=1)
    assert rescoring.score_by_truth(case, curator, WHY).done == 1
    assert not DoubtAnswer.objects.exists()


def test_many_answers_are_scored_in_batches_that_go_on_after_each_other(
    corrected, curator, monkeypatch
):
    case = Case.objects.get()
    for _ in range(3):
        other = play(factories.UserFactory(), case, [("fracture", ON_IT)])
        Result.objects.filter(attempt=other).update(
            data={**other.results.get().data, "case_version": 1}
        )
    monkeypatch.setattr(rescoring, "BATCH", 2)
    sent = []
    monkeypatch.setattr(rescoring, "queue", lambda *words: sent.append(words))
    tasks.score_by_truth(case.pk, curator.pk, WHY)
    assert rescoring.outdated(case) == 2
    after = sent.pop()[3]
    tasks.score_by_truth(case.pk, curator.pk, WHY, after)
    assert rescoring.outdated(case) == 0
    tasks.score_by_truth(case.pk, curator.pk, WHY, sent.pop()[3])
    assert not sent
    assert Result.objects.count() == 8
