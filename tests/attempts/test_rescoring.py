"""Scoring again under a named rule: a result beside those there are, and figures of one rule."""

from __future__ import annotations

import html
import uuid
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from attempts import rescoring, services, tasks
from attempts.models import Attempt, Outcome, Result
from attempts.queries import counted_results, shown_result
from cases.models import Case
from learning.queries import progress_of
from ml.localize import SCORER_VERSION
from tests import factories
from tests.localize.test_feedback import ON_IT, nodule_case, play

OFF = (0.67, 0.28, 0.8, 0.4)


def rescored(*arguments: str) -> str:
    out = StringIO()
    call_command("rescore", *arguments, stdout=out)
    return out.getvalue()


def results_of(attempt):
    return [(r.scorer, r.scorer_version, round(r.score)) for r in attempt.results.order_by("id")]


def test_it_works(trainee, db):
    attempt = play(trainee, nodule_case(), [("fracture", ON_IT)])
    before = Result.objects.get()
    said = rescored("--rule", "clinical")
    assert results_of(attempt) == [
        ("standard", SCORER_VERSION, 0),
        ("clinical", SCORER_VERSION, 38),
    ]
    kept = Result.objects.get(pk=before.pk)
    assert (kept.score, kept.data, kept.scorer) == (before.score, before.data, before.scorer)
    assert "1 result scored again under clinical." in said
    assert "Mean score 0.0 before, 37.5 after; 1 changed." in said
    assert f"0 (standard {SCORER_VERSION}) → 38 (clinical {SCORER_VERSION})" in said
    assert str(attempt.public_id) in said
    assert shown_result(attempt).scorer == "clinical"


def test_a_dry_run_says_the_same_and_stores_nothing(trainee, db):
    play(trainee, nodule_case(), [("fracture", ON_IT)])
    said = rescored("--rule", "clinical", "--dry-run")
    assert "1 result would be scored again" in said
    assert "37.5 after" in said
    assert Result.objects.count() == 1


def test_running_it_twice_adds_nothing(trainee, db):
    play(trainee, nodule_case(), [("fracture", ON_IT)])
    rescored("--rule", "clinical")
    outcomes = Outcome.objects.count()
    said = rescored("--rule", "clinical")
    assert "0 results scored again" in said
    assert "1 result of this rule and version were there already." in said
    assert (Result.objects.count(), Outcome.objects.count()) == (2, outcomes)


def test_it_gives_what_playing_under_the_rule_gives(trainee, db):
    """The same answer on the same film, played under the rule and scored again under it."""
    case = nodule_case()
    marks = [("nodule_mass", OFF), ("bulla", (0, 0.8, 0.1, 0.9))]
    tick = [{"label": "pneumothorax", "side": "left"}]
    attempt = play(trainee, case, marks, tick, rule="radgame")
    rescored("--rule", "clinical")
    other = play(factories.UserFactory(), case, marks, tick, rule="clinical")
    assert shown_result(attempt).data == shown_result(other).data
    lines = [
        list(one.outcomes.order_by("id").values_list("about", "label", "outcome", "iou"))
        for one in (shown_result(attempt), shown_result(other))
    ]
    assert lines[0] == lines[1]


def test_many_are_done_in_chunks(trainee, db, monkeypatch):
    monkeypatch.setattr(rescoring, "CHUNK", 2)
    for _ in range(5):
        play(trainee, nodule_case(), [("nodule_mass", ON_IT)])
    assert "5 results scored again" in rescored("--rule", "clinical")
    assert Result.objects.filter(scorer="clinical").count() == 5


def test_a_case_a_learner_or_a_date_narrows_it(trainee, db):
    old, new = play(trainee, nodule_case()), play(factories.UserFactory(), nodule_case())
    Attempt.objects.filter(pk=old.pk).update(submitted_at=timezone.now() - timedelta(days=9))
    day = (timezone.now() - timedelta(days=1)).date().isoformat()
    for arguments, left in (
        (["--case", old.case.public_id], {old.pk}),
        (["--learner", trainee.username], {old.pk}),
        (["--since", day], {new.pk}),
    ):
        rescored("--rule", "clinical", *arguments)
        done = Result.objects.filter(scorer="clinical")
        assert set(done.values_list("attempt", flat=True)) == left
        done.delete()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rule", "fairest"], "no rule called 'fairest': choose one of"),
        (["--rule", "clinical", "--since", "lately"], "'lately' is no day"),
    ],
)
def test_what_makes_no_sense_is_told_in_a_sentence(db, arguments, said):
    with pytest.raises(CommandError, match=said):
        rescored(*arguments)


def test_a_case_changed_since_is_left_alone_and_told(trainee, db):
    attempt = play(trainee, nodule_case())
    Case.objects.filter(pk=attempt.case_id).update(version=7)
    assert "1 result left alone: the case was changed since." in rescored("--rule", "clinical")
    assert Result.objects.count() == 1


def test_drafts_and_what_waits_are_left_alone(trainee, db):
    case = nodule_case()
    draft = services.open_attempt(user=trainee, case=case, kind="localize", mode="practice")
    assert "0 results" in rescored("--rule", "clinical")
    services.submit(attempt_id=draft.pk, submission=uuid.uuid4(), answer={}, elapsed_ms=1)
    assert "0 results" in rescored("--rule", "clinical")
    assert not Result.objects.exists()


def test_both_rounds_of_a_second_look_are_scored_again_from_their_own_answers(trainee, db):
    case = nodule_case()
    key = {"user": trainee, "case": case, "kind": "localize", "mode": "second_look"}
    attempt = services.open_attempt(**key, rule="standard")
    image = case.images.get().public_id
    mark = {"id": "m", "label": "fracture", "image": image, "frame": 0, "box": list(ON_IT)}
    for label in ("fracture", "nodule_mass"):
        answer = {"marks": [{**mark, "label": label}]}
        services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=1)
        tasks.score_attempt(attempt.pk)
    assert "2 results scored again" in rescored("--rule", "clinical")
    again = attempt.results.filter(scorer="clinical").order_by("round")
    assert [(one.round, round(one.score), one.counts) for one in again] == [
        (1, 38, True),
        (2, 100, False),
    ]


def test_the_feedback_tells_of_the_score_before(client_of, trainee, db):
    attempt = play(trainee, nodule_case(), [("fracture", ON_IT)])
    rescored("--rule", "clinical")
    address = f"/localize/attempts/{attempt.public_id}/"
    page = html.unescape(client_of(trainee).get(address).content.decode())
    assert "under Clinical. " in page
    assert f"Before: 0 under Standard, version {SCORER_VERSION}." in page


def test_figures_are_of_one_rule_and_the_learner_chooses_which(client_of, trainee, db):
    play(trainee, nodule_case(), [("fracture", ON_IT)])
    play(trainee, nodule_case(), [("nodule_mass", ON_IT)], rule="clinical")
    told = progress_of(trainee)
    assert (told.rule, told.scores) == ("clinical", [100.0])
    assert [(one.rule, one.cases) for one in told.rules] == [("clinical", 1), ("standard", 1)]
    assert progress_of(trainee, rule="standard").scores == [0.0]
    assert progress_of(trainee, rule="no such rule").rule == "clinical"
    rescored("--rule", "clinical")
    told = progress_of(trainee)
    assert [round(score) for score in told.scores] == [38, 100]
    assert progress_of(trainee, rule="standard").scores == [0.0]
    page = client_of(trainee).get("/progress/?rule=standard").content.decode()
    assert '<strong aria-current="true">Standard (1)</strong>' in page
    assert 'href="?game=localize&amp;rule=clinical"' in page


def test_two_versions_of_a_rule_count_once(trainee, db):
    attempt = play(trainee, nodule_case(), [("fracture", ON_IT)], rule="clinical")
    attempt.results.update(scorer_version="0")
    rescored("--rule", "clinical")
    assert [one.scorer_version for one in counted_results()] == [SCORER_VERSION]
    assert progress_of(trainee).cases == 1
