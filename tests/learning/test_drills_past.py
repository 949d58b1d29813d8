"""What past cases and results call the films of drills."""

from __future__ import annotations

import pytest
from django.urls import reverse

from attempts import tasks
from attempts.series import open_next
from learning.drills import choosing
from learning.history import attempts_of, choices
from learning.past import described
from tests.learning.playing import go_on
from tests.learning.test_drills import films, pair_drill


@pytest.mark.parametrize("free", ["normal", "abnormal"])
def test_an_abnormal_film_is_not_called_normal_afterwards(trainee, client_of, free):
    films(6), films(6, None)
    drill = choosing.begin(trainee, "normal")
    abnormal = {place.case_id for place in drill.places.all() if place.case.findings.exists()}
    while open_next(drill):
        go_on(drill, glance=free, free=free)
    went = "found" if free == "abnormal" else "missed"
    for one in described(trainee, trainee.attempts.all()):
        is_abnormal = one.attempt.case_id in abnormal
        assert one.words == (f"Abnormal: {went}" if is_abnormal else "Normal")
    chosen = choices(trainee, {"finding": "normal"})
    listed = {one.case_id for one in attempts_of(trainee, chosen)}
    assert listed == set(drill.cases.values_list("pk", flat=True)) - abnormal
    page = client_of(trainee).get(reverse("learning:series", args=[drill.public_id]))
    assert page.content.decode().count("Abnormal") >= len(abnormal)


def test_a_film_of_which_nothing_was_asked_is_not_called_normal(trainee):
    drill = pair_drill(trainee)
    first = go_on(drill, film="first")
    other = drill.attempts.exclude(pk=first.pk).get()
    tasks.score_attempt(other.pk)
    names = {one.attempt.pk: one.name for one in described(trainee, drill.attempts.all())}
    assert names[other.pk] == "Shown beside another film"
    none = choices(trainee, {"finding": "normal"})
    assert not attempts_of(trainee, none).exists()
