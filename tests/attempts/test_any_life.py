"""Whatever happens to an attempt, in whatever order: nothing is lost, doubled or left waiting.

Hypothesis makes up lives: a learner in two windows, some of whose replies are lost; workers that
die, are slow, or do a task twice; a queue that is emptied; clocks; a curator.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.conf import settings as project
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from attempts import clock, modes, scoring, series, services, tasks
from attempts.games import AnswerProblem, Scored, game_of
from attempts.models import Attempt, Mode, Outcome, Result
from attempts.queries import counted_results
from cases.services import publish_case, retire_case
from tests import factories

State = Attempt.State
BOXES = st.sampled_from([(), ([0.6, 0.2, 0.7, 0.3],), ([0.1, 0.1, 0.2, 0.2],)])
WINDOWS = st.sampled_from([0, 1])
LONG = timedelta(hours=1)


@dataclass
class Window:
    """What one window of the learner knows."""

    version: int = 0
    writer: uuid.UUID = field(default_factory=uuid.uuid4)
    sent: tuple[uuid.UUID, Any] | None = None
    """Its last submission, which it may send again."""


class Broker:
    """A queue of attempt ids in the place of Celery's."""

    def __init__(self) -> None:
        self.queue: list[int] = []
        self.is_away = False

    def signature(self, name: str, arguments: tuple[int]) -> Broker:
        assert name == "attempts.tasks.score_attempt"
        self.asked = arguments[0]
        return self

    def apply_async(self) -> None:
        if self.is_away:
            raise ConnectionError("the broker is away")
        self.queue.append(self.asked)


class Life(RuleBasedStateMachine):
    """One learner, one case, one attempt; a model of what was acknowledged stands beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = transaction.atomic()
        self.opened.__enter__()
        self.broker, self.told = Broker(), mock.Mock()
        self.patches = [
            mock.patch("attempts.services.signature", self.broker.signature),
            mock.patch("attempts.services.transaction.on_commit", self.commit),
            mock.patch("attempts.scoring.tell", self.told),
        ]
        for patch in self.patches:
            patch.start()
        self.waiting: list[Callable[[], None]] = []
        self.windows = [Window(), Window()]
        self.slow: tuple[Scored, int] | None = None
        self.handed_in: set[uuid.UUID] = set()
        self.hinted = False

    def teardown(self) -> None:
        try:
            self.after_the_storm()
        finally:
            for patch in self.patches:
                patch.stop()
            transaction.set_rollback(True)
            self.opened.__exit__(None, None, None)

    def commit(self, then: Callable[[], None], *, robust: bool = False) -> None:
        if not robust:  # figures and films, which may be lost, are no part of a life
            self.waiting.append(then)

    def committed(self) -> None:
        """What was to happen after a commit, once the call that asked for it is over."""
        while self.waiting:
            self.waiting.pop(0)()

    def now(self) -> Attempt:
        return Attempt.objects.select_related("case").get(pk=self.pk)

    def change(self, **values: Any) -> None:
        Attempt.objects.filter(pk=self.pk).update(**values)

    @initialize(mode=st.sampled_from([Mode.PRACTICE, Mode.SECOND_LOOK]), timed=st.booleans())
    def begin(self, mode: str, timed: bool) -> None:
        case = factories.ImageFactory().case
        finding = factories.FindingFactory(case=case)
        factories.RegionFactory(finding=finding, x0=0.6, y0=0.2, x1=0.7, y1=0.3)
        attempt = services.open_attempt(
            user=factories.UserFactory(),
            case=case,
            kind="localize",
            mode=mode,
            rule="standard",
            deadline=clock.now() + LONG if timed else None,
        )
        self.pk, self.image, self.acknowledged = attempt.pk, case.images.get().public_id, {}

    def drawn(self, boxes: Any) -> dict[str, Any]:
        marks = [
            {"id": f"m{n}", "label": "nodule_mass", "image": self.image, "frame": 0, "box": box}
            for n, box in enumerate(boxes)
        ]
        return {"marks": marks, "ticked": [], "normal": False}

    # The learner

    @rule(window=WINDOWS)
    def load_the_page(self, window: int) -> None:
        found = self.now()
        if found.is_open and not found.case.is_playable:
            services.set_aside(self.pk)
        self.windows[window].version = found.draft_version

    @rule(window=WINDOWS, boxes=BOXES, heard=st.booleans())
    def save(self, window: int, boxes: Any, heard: bool) -> None:
        of, before = self.windows[window], self.now()
        answer = self.drawn(boxes)
        try:
            after = services.save_draft(
                attempt_id=self.pk, version=of.version, answer=answer, writer=of.writer
            )
        except services.Conflict:
            assert not before.is_open or services.is_late(before) or not self.knows(of, before)
        else:
            assert before.is_open and self.knows(of, before)
            self.acknowledged = after.answer
            of.version = after.draft_version if heard else of.version
        self.committed()

    def knows(self, window: Window, attempt: Attempt) -> bool:
        own = attempt.draft_writer == window.writer and attempt.draft_version == window.version + 1
        return own or attempt.draft_version == window.version

    @rule(window=WINDOWS, boxes=BOXES)
    def hand_in(self, window: int, boxes: Any) -> None:
        of, before = self.windows[window], self.now()
        of.sent = (uuid.uuid4(), self.drawn(boxes))
        try:
            after = self.send(of)
        except services.Conflict:
            assert not before.is_open or not self.knows(of, before)
        else:
            assert before.is_open
            late = after.closed_because == Attempt.Closed.TIME
            assert late or self.knows(of, before)
            if late:
                assert after.answer == before.answer
            self.acknowledged = after.answer
            self.handed_in.add(of.sent[0])
        self.committed()

    def send(self, window: Window) -> Attempt:
        assert window.sent is not None
        key, answer = window.sent
        return services.submit(
            attempt_id=self.pk,
            submission=key,
            answer=answer,
            elapsed_ms=1000,
            version=window.version,
            writer=window.writer,
        )

    @precondition(lambda self: any(window.sent for window in self.windows))
    @rule()
    def send_the_last_one_again(self) -> None:
        """Its reply was lost: it is taken for the one that came, and changes nothing."""
        before = self.now()
        for window in self.windows:
            if window.sent and before.submission == window.sent[0]:
                self.send(window)
                after = self.now()
                assert (after.state, after.answer) == (before.state, before.answer)
                self.committed()

    @rule()
    def take_a_hint(self) -> None:
        before = self.now()
        try:
            modes.give_hint(attempt_id=self.pk, request={"step": 1})
        except (services.Conflict, AnswerProblem):
            assert self.now().aids == before.aids
        else:
            self.hinted = True
            assert before.is_open and len(self.now().aids) == len(before.aids) + 1

    @rule()
    def ask_how_it_stands(self) -> None:
        scoring.look_after(self.now())
        self.committed()

    @rule()
    def ask_for_another_scoring(self) -> None:
        before = self.now()
        try:
            scoring.score_again(self.pk)
        except services.Conflict:
            assert before.state != State.FAILED or not before.case.is_playable
        else:
            assert before.state == State.FAILED
        self.committed()

    # Time, and who keeps the case

    @precondition(lambda self: self.now().deadline is not None)
    @rule()
    def time_is_up(self) -> None:
        self.change(deadline=clock.now() - LONG)

    @rule()
    def a_while_passes(self) -> None:
        self.change(queued_at=clock.now() - LONG)

    @rule()
    def the_clock_is_set_back(self) -> None:
        self.change(queued_at=clock.now() + LONG)

    @rule()
    def the_sweep_comes(self) -> None:
        series.sweep()
        scoring.sweep()
        self.committed()

    @rule()
    def the_case_is_retired(self) -> None:
        retire_case(case=self.now().case)

    @rule()
    def the_case_is_published_again(self) -> None:
        publish_case(case=self.now().case)

    # Broker and workers

    @rule()
    def the_queue_is_lost(self) -> None:
        self.broker.queue.clear()

    @rule(away=st.booleans())
    def the_broker_goes_or_comes_back(self, away: bool) -> None:
        self.broker.is_away = away

    @precondition(lambda self: self.broker.queue)
    @rule(twice=st.booleans())
    def a_worker_scores(self, twice: bool) -> None:
        key = self.broker.queue.pop(0)
        for _ in range(1 + twice):
            tasks.score_attempt(key)
            self.committed()

    @precondition(lambda self: self.broker.queue)
    @rule()
    def a_worker_dies(self) -> None:
        scoring.begin_scoring(self.broker.queue.pop(0))

    @precondition(lambda self: self.broker.queue and self.slow is None)
    @rule()
    def a_slow_worker_begins(self) -> None:
        begun = scoring.begin_scoring(self.broker.queue.pop(0))
        if begun is not None:
            self.slow = game_of(begun.kind).score(begun), begun.round

    @precondition(lambda self: self.slow is not None)
    @rule()
    def a_slow_worker_is_done(self) -> None:
        assert self.slow is not None
        scored, of_round = self.slow
        scoring.keep_result(self.pk, scored, of_round=of_round)
        self.slow = None
        self.committed()

    # What holds at any moment

    @invariant()
    def what_was_acknowledged_is_there(self) -> None:
        if hasattr(self, "pk"):
            assert self.now().answer == self.acknowledged

    @invariant()
    def nothing_is_there_twice(self) -> None:
        if not hasattr(self, "pk"):
            return
        rounds = list(Result.objects.filter(attempt=self.pk).values_list("round", flat=True))
        assert sorted(rounds) == sorted(set(rounds)) and len(rounds) <= 2
        assert Outcome.objects.filter(result__attempt=self.pk, about="truth").count() == len(rounds)
        assert Result.objects.filter(attempt=self.pk, counts=True).count() <= 1

    @invariant()
    def states_and_results_agree(self) -> None:
        if not hasattr(self, "pk"):
            return
        found = self.now()
        done = set(Result.objects.filter(attempt=self.pk).values_list("round", flat=True))
        assert (found.state == State.SCORED) <= (found.round in done)
        assert (found.state in (State.DRAFT, State.SUBMITTED)) <= (found.round not in done)
        assert (found.round == 2) <= (found.mode == Mode.SECOND_LOOK and 1 in done)
        assert (found.state == State.SUBMITTED) <= (found.submitted_at is not None)
        assert (found.submission is None) or found.submission in self.handed_in

    def after_the_storm(self) -> None:
        """Once broker and workers are well and the case is open, nothing waits any more."""
        if not hasattr(self, "pk"):
            return
        self.broker.is_away = False
        publish_case(case=self.now().case)
        for _ in range(project.SCORING_MAX_TRIES + 2):
            self.a_while_passes()
            self.the_sweep_comes()
            while self.broker.queue:
                self.a_worker_scores(twice=False)
        found = self.now()
        assert found.state != State.SUBMITTED
        late = found.deadline is not None and services.is_late(found)
        assert not (found.is_open and late)
        if found.state == State.SCORED and not found.truth_seen:
            assert counted_results().filter(attempt=found).count() == 1
        self.what_was_acknowledged_is_there()
        self.nothing_is_there_twice()
        self.states_and_results_agree()


def live(lives: int, *, shrinks: bool = True) -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=lives,
            stateful_step_count=25,
            deadline=None,
            phases=[Phase.generate, *([Phase.shrink] if shrinks else [])],
            database=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db
def test_nothing_is_lost_or_doubled_or_waits_whatever_happens():
    live(40)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("broken", "by"),
    [
        ("attempts.services._knows_draft", lambda *words: True),
        ("attempts.services.stuck", lambda: services.Q(pk=None)),
        ("attempts.services.late", lambda: services.Q(pk=None)),
    ],
    ids=["two windows", "a sweep that finds nothing", "a clock that nobody reads"],
)
def test_a_fault_is_noticed(broken, by):
    """The machine finds what is broken on purpose: its lives are rich enough."""
    with mock.patch(broken, by), pytest.raises(AssertionError):
        live(200, shrinks=False)
