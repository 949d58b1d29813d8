"""When marks were drawn: kept where it is a time, told to who looks on, and never scored."""

from __future__ import annotations

import uuid

import pytest

from attempts import services, tasks
from attempts.models import Attempt
from localize.pages import show
from localize.timing import spent_ms, time_course, times_of
from tests.learning.playing import mark


@pytest.fixture
def opened(trainee, nodule_case):
    def make(mode: str = "practice") -> Attempt:
        return services.open_attempt(
            user=trainee, case=nodule_case, kind="localize", mode=mode, rule="clinical"
        )

    return make


def saved(attempt, *marks) -> Attempt:
    return services.save_draft(
        attempt_id=attempt.pk, version=attempt.draft_version, answer={"marks": list(marks)}
    )


def handed_in(attempt, *marks, elapsed_ms: int = 20_000) -> Attempt:
    services.submit(
        attempt_id=attempt.pk,
        submission=uuid.uuid4(),
        answer={"marks": list(marks)},
        elapsed_ms=elapsed_ms,
    )
    tasks.score_attempt(attempt.pk)
    return Attempt.objects.get(pk=attempt.pk)


def test_times_are_kept_in_whole_milliseconds(opened, nodule_case):
    sent = mark(nodule_case) | {"drawn_ms": 1500.4, "changed_ms": 0}
    (kept,) = saved(opened(), sent).answer["marks"]
    assert (kept["drawn_ms"], kept["changed_ms"]) == (1500, 0)


@pytest.mark.parametrize(
    "bad",
    [
        *(None, "soon", True, [1], {}, -1, float("nan"), float("inf"), -float("inf")),
        *(86_400_001, 10**400),
    ],
)
def test_what_is_no_time_is_left_out_and_the_answer_taken(opened, nodule_case, bad):
    sent = mark(nodule_case) | {"drawn_ms": bad, "changed_ms": 7}
    (kept,) = saved(opened(), sent).answer["marks"]
    assert "drawn_ms" not in kept
    assert kept["changed_ms"] == 7


@pytest.mark.parametrize("rule", ["clinical", "standard", "radgame"])
def test_no_score_depends_on_times(trainee, nodule_case, rule):
    told = []
    for times in ({}, {"drawn_ms": 10}, {"drawn_ms": 86_400_000, "changed_ms": 1}):
        attempt = services.open_attempt(
            user=trainee, case=nodule_case, kind="localize", mode="practice", rule=rule
        )
        result = handed_in(attempt, mark(nodule_case) | times).results.get()
        told.append((result.score, result.data, list(result.outcomes.values_list("outcome"))))
        assert not set(times) & set(result.data["marks"][0])
    assert told[0] == told[1] == told[2]


def test_the_clock_goes_on_over_a_reload(opened, nodule_case):
    attempt = opened()
    assert spent_ms(attempt) == 0
    attempt = saved(attempt, mark(nodule_case) | {"drawn_ms": 3000, "changed_ms": 4000})
    assert show(attempt).page["spent_ms"] == 4000


def test_the_clock_goes_on_at_a_second_look(opened, nodule_case):
    far = mark(nodule_case) | {"box": [0.8, 0.8, 0.9, 0.9], "drawn_ms": 3000}
    attempt = handed_in(opened("second_look"), far)
    assert attempt.round == 2
    assert spent_ms(attempt) == 20_000


def test_the_course_has_the_marks_in_order_with_what_became_of_them(opened, nodule_case):
    late = mark(nodule_case) | {"drawn_ms": 9000, "changed_ms": 12_500}
    early = mark(nodule_case) | {
        **{"id": "early", "box": [0.8, 0.8, 0.9, 0.9], "drawn_ms": 2000, "label": "fracture"}
    }
    attempt = handed_in(opened(), late, early)
    course = time_course(attempt, attempt.results.get())
    assert [(one.name, one.outcome, one.drawn, one.changed) for one in course.marks] == [
        ("Fracture", "False", 2.0, None),
        ("Nodule / mass", "Hit", 9.0, 12.5),
    ]
    assert (course.first, course.total) == (2.0, 20.0)


def test_the_total_is_never_before_the_last_mark(opened, nodule_case):
    """The page was loaded again, and the browser counted from then on."""
    attempt = handed_in(opened(), mark(nodule_case) | {"drawn_ms": 50_000}, elapsed_ms=1000)
    assert time_course(attempt, attempt.results.get()).total == 50.0


def test_of_an_answer_of_before_no_time_is_known(opened, nodule_case):
    attempt = handed_in(opened(), mark(nodule_case))
    course = time_course(attempt, attempt.results.get())
    assert not course.is_known
    assert [one.drawn for one in course.marks] == [None]
    assert times_of(attempt.answer["marks"][0]) == {}
