"""What a learner knew before enters no figure: one notion for all of them, `counted_results`."""

from __future__ import annotations

import uuid

import pytest

from attempts import modes, services, tasks
from attempts.models import Attempt, Outcome
from attempts.queries import counted_results
from attempts.seen import truth_was_seen
from attempts.series import start_series
from learning.queries import progress_of
from tests.localize.test_feedback import ON_IT, nodule_case, play


@pytest.fixture
def case(db):
    return nodule_case()


def answered(attempt, case, label="nodule_mass"):
    """The attempt with the nodule marked, submitted and scored."""
    image = case.images.get().public_id
    mark = {"id": "m", "label": label, "image": image, "frame": 0, "box": list(ON_IT)}
    answer = {"marks": [mark]}
    services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=1)
    tasks.score_attempt(attempt.pk)
    return Attempt.objects.get(pk=attempt.pk)


def opened(user, case, mode):
    return services.open_attempt(user=user, case=case, kind="localize", mode=mode, rule="clinical")


def hinted_draft(user, case):
    """A practice draft in which every hint was taken, never submitted."""
    draft = opened(user, case, "practice")
    for _ in range(3):
        modes.give_hint(attempt_id=draft.pk, request={})
    return draft


def figures(user):
    """The same count by every figure of progress."""
    told = progress_of(user)
    return {
        "counted": counted_results().filter(attempt__user=user, attempt__kind="localize").count(),
        "progress": told.cases,
        "truths": told.sensitivity.total if told.sensitivity else 0,
        "scores": len(told.scores),
    }


def test_an_answer_of_ones_own_counts_everywhere(trainee, case):
    play(trainee, case, [("nodule_mass", ON_IT)], rule="clinical")
    assert set(figures(trainee).values()) == {1}


def test_hints_of_a_draft_never_submitted_keep_a_second_look_out_of_every_figure(trainee, case):
    hinted_draft(trainee, case)
    for _ in range(4):
        attempt = answered(opened(trainee, case, "second_look"), case)
        assert attempt.truth_seen
        assert attempt.results.get().score > 90, "the score itself is told as it is"
    assert set(figures(trainee).values()) == {0}
    assert progress_of(trainee).known == 4


def test_a_repeat_after_the_feedback_counts_once(trainee, case):
    for _ in range(3):
        play(trainee, case, [("nodule_mass", ON_IT)], rule="clinical")
    assert set(figures(trainee).values()) == {1}


def test_the_round_after_the_second_look_counts_nowhere(trainee, case):
    attempt = opened(trainee, case, "second_look")
    answered(attempt, case, "fracture")
    attempt = answered(attempt, case)
    assert [one.round for one in attempt.results.order_by("round")] == [1, 2]
    assert set(figures(trainee).values()) == {1}
    assert counted_results().get().round == 1


def test_what_was_guided_counts_nowhere_and_neither_does_the_case_after_it(trainee, case):
    guided = modes.open_guided(user=trainee, case=case, kind="localize", rule="clinical")
    tasks.score_attempt(guided.pk)
    assert set(figures(trainee).values()) == {0}
    play(trainee, case, [("nodule_mass", ON_IT)], rule="clinical")
    assert set(figures(trainee).values()) == {0}


def test_the_film_known_from_the_other_game_counts_in_neither(trainee, nodule_case):
    report = services.open_attempt(user=trainee, case=nodule_case, kind="report", mode="practice")
    answer = {"text": "Nodule in the left upper lobe.", "language": "en"}
    services.submit(attempt_id=report.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=1)
    tasks.score_attempt(report.pk)
    play(trainee, nodule_case, [("nodule_mass", ON_IT)], rule="clinical")
    assert set(figures(trainee).values()) == {0}


def test_a_film_told_of_before_a_test_took_it_stays_known(trainee, case):
    """Else a learner would begin tests of known films to have their scores counted."""
    other = nodule_case()
    play(trainee, case, [("nodule_mass", ON_IT)], rule="clinical")
    start_series(user=trainee, kind="localize", mode="test", cases=[case, other])
    play(trainee, other, [("nodule_mass", ON_IT)], rule="clinical")
    assert truth_was_seen(trainee.pk, case.pk)
    assert not truth_was_seen(trainee.pk, other.pk), "the test holds it back"


# called normal, and how sure


def called_normal(user, case, sure):
    attempt = opened(user, case, "practice")
    answer = {"normal": True, "normal_confidence": sure}
    services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=1)
    tasks.score_attempt(attempt.pk)
    return Attempt.objects.get(pk=attempt.pk)


def test_how_sure_one_was_of_a_normal_film_is_kept_with_whether_it_was(trainee, case, db):
    case.findings.all().delete()
    right = called_normal(trainee, case, 4)
    wrong = called_normal(trainee, nodule_case(), 5)
    kept = Outcome.objects.filter(about="case").values_list("outcome", "confidence")
    assert set(kept) == {("hit", 4), ("false", 5)}
    assert right.answer["normal_confidence"] == right.results.get().data["normal_confidence"] == 4
    assert wrong.results.get().score == 0


def test_calibration_takes_marks_and_calls_of_normal_alike(trainee, db):
    normal = nodule_case()
    normal.findings.all().delete()
    called_normal(trainee, normal, 4)
    called_normal(trainee, nodule_case(), 4)
    attempt = opened(trainee, other := nodule_case(), "practice")
    image = other.images.get().public_id
    marks = [
        {"id": str(n), "label": label, "image": image, "frame": 0, "box": box, "confidence": sure}
        for n, (label, box, sure) in enumerate(
            [("nodule_mass", list(ON_IT), 4), ("bulla", [0.1, 0.7, 0.2, 0.8], 1)]
        )
    ]
    services.submit(
        attempt_id=attempt.pk, submission=uuid.uuid4(), answer={"marks": marks}, elapsed_ms=1
    )
    tasks.score_attempt(attempt.pk)
    found = [(one.level, one.rate.hits, one.rate.total) for one in progress_of(trainee).sureness]
    assert found == [(1, 0, 1), (4, 2, 3)]


def test_a_false_call_of_normal_is_no_false_mark(trainee, case):
    called_normal(trainee, case, 5)
    assert progress_of(trainee).false_marks_per_case.value == 0
