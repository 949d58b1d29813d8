"""Drills: which films they have, what is asked and told, and what they say of a learner."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from attempts import series, services, tasks
from attempts.games import AnswerProblem
from attempts.models import Attempt, Result
from attempts.seen import new_to
from attempts.series import open_next
from cases.models import Case
from learning import difficulties, points, review
from learning.drills import choosing, figures, pages, pairs
from learning.drills.game import GAME
from learning.models import CaseRecord, MadeFilm, Skill
from learning.services import next_case_for
from ml.simulate.changes import CHANGES
from tests import factories
from tests.learning.playing import answered, go_on, mark, play
from tests.learning.test_skills import film
from tests.learning.two_films import two_films


def films(count: int, label: str | None = "nodule_mass") -> list[Case]:
    return [film(label) for _ in range(count)]


def nodules(contrasts: list[float]) -> list[Case]:
    found = []
    for contrast in contrasts:
        case = film()
        case.findings.update(conspicuity=contrast)
        found.append(case)
    return found


def tube(position: str = "right") -> Case:
    case = factories.ImageFactory().case
    finding = factories.FindingFactory(case=case, label="tracheal_tube", position=position)
    factories.RegionFactory(
        finding=finding, shape="point", points=[[0.5, 0.1], [0.5, 0.3]],
        x0=0.49, y0=0.29, x1=0.51, y1=0.31,
    )  # fmt: skip
    return case


@pytest.fixture
def calls(trainee):
    films(6), films(6, None)
    return choosing.begin(trainee, "normal")


def test_it_works(calls, trainee):
    for _ in range(calls.places.count()):
        attempt = open_next(calls)
        truth = "abnormal" if attempt.case.findings.exists() else "normal"
        services.save_draft(
            attempt_id=attempt.pk, version=0, answer={"looked": True, "glance": "abnormal"}
        )
        answered(attempt, glance="abnormal", free=truth)
    found = figures.of_series(calls)
    assert found.free.sensitivity.value == found.free.specificity.value == 1
    assert found.free.d_prime.value > 2, "and finite"
    assert found.glance.specificity.value == 0
    assert found.glance.criterion.value < 0, "called abnormal in doubt"
    calls.refresh_from_db()
    assert open_next(calls) is None
    assert not choosing.open_drills(trainee)


def test_normal_or_not_has_both_kinds_and_no_film_that_is_known(trainee):
    known = film()
    play(trainee, known, marks=[])
    films(8), films(8, None)
    factories.FindingFactory(case=film(None), label="nodule_mass", significance="benign")
    begun = choosing.begin(trainee, "normal")
    cases = [place.case for place in begun.places.all()]
    normal = sum(not case.findings.exists() for case in cases)
    assert known not in cases
    assert 4 <= normal <= len(cases) - 4
    assert not any(case.findings.filter(significance="benign").exists() for case in cases)


def test_films_kept_for_tests_are_in_no_drill_and_no_deck(trainee):
    kept = [*films(6), *films(6, None)]
    Case.objects.filter(pk__in=[case.pk for case in kept]).update(split=Case.Split.TEST)
    difficulties.keep_missing()
    assert choosing.begin(trainee, "normal") is None
    assert review.label_deck(trainee, "localize", "nodule_mass", timezone.now()) is None
    Case.objects.update(split=Case.Split.PRACTICE)
    assert choosing.begin(trainee, "normal") is not None


def test_a_drill_begun_twice_is_one_and_it_can_be_ended(calls, trainee, client_of):
    assert choosing.begin(trainee, "normal") == calls
    client = client_of(trainee)
    client.post(reverse("learning:end", args=[calls.public_id]))
    calls.refresh_from_db()
    assert not calls.is_open
    assert client.get(reverse("learning:series", args=[calls.public_id])).status_code == 200


def test_what_was_said_at_a_glance_stays(calls):
    attempt = open_next(calls)
    services.save_draft(
        attempt_id=attempt.pk, version=0, answer={"looked": True, "glance": "normal"}
    )
    services.save_draft(attempt_id=attempt.pk, version=1, answer={"glance": "abnormal"})
    attempt = answered(attempt, glance="abnormal", free="abnormal")
    assert (attempt.answer["glance"], attempt.answer["looked"]) == ("normal", True)


@pytest.mark.parametrize(
    ("rule", "answer"),
    [
        ("normal", {"glance": "maybe"}),
        ("normal", []),
        ("tip", {"position": "left"}),
        ("tip", {"point": [0.5]}),
        ("nodule", {"point": [2, 0.5]}),
        ("nodule", {"point": [True, 0.5]}),
        ("nodule", {"point": [0.5, 0.5], "none": True}),
        ("pair", {"film": "third"}),
        ("change", {"change": "bigger"}),
        ("machine", {"patient": "new"}),
        ("machine", {"technique": ["breath"]}),
    ],
)
def test_a_bad_answer_is_refused_with_a_sentence(rule, answer, trainee, client_of):
    attempt = services.open_attempt(
        user=trainee, case=film(), kind="drill", mode="practice", rule=rule
    )
    body = {"version": 0, **answer} if isinstance(answer, dict) else answer
    url = reverse("drill:draft", args=[attempt.public_id])
    reply = client_of(trainee).put(url, json.dumps(body), content_type="application/json")
    assert reply.status_code == 422
    assert reply.json()["error"].endswith(".")


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ({"point": [0.5, 0.3], "position": "wrong"}, 100),
        ({"point": [0.5, 0.3], "position": "right"}, 50),
        ({"point": [0.1, 0.9], "position": "wrong"}, 50),
        ({"position": "right"}, 0),
    ],
)
def test_a_tube_is_scored_by_its_tip_and_its_verdict(answer, score, trainee):
    for _ in range(3):
        tube("wrong")
    drill = choosing.begin(trainee, "tip")
    attempt = go_on(drill, **answer)
    result = attempt.results.get()
    assert result.score == score
    assert pages.told(attempt, result)["review"]["lines"]
    near, judged = (share.rate.hits for share in figures.of_series(drill).shares)
    assert 50 * (near + judged) == score


def test_nothing_of_the_truth_is_on_the_page_before_the_answer(trainee, client_of):
    for _ in range(3):
        tube("wrong")
    attempt = open_next(choosing.begin(trainee, "tip"))
    client = client_of(trainee)
    page = client.get(reverse("drill:attempt", args=[attempt.public_id])).content.decode()
    region = attempt.case.findings.get().regions.get()
    assert region.public_id not in page
    assert "0.29" not in page
    assert client.get(reverse("drill:result", args=[attempt.public_id])).status_code == 409
    answered(attempt, point=[0.5, 0.3], position="wrong")
    page = client.get(reverse("drill:attempt", args=[attempt.public_id])).content.decode()
    assert region.public_id in page


@pytest.mark.parametrize(
    ("point", "right"), [([0.65, 0.25], True), ([0.72, 0.25], True), ([0.2, 0.8], False)]
)
def test_a_nodule_is_found_by_a_tap_in_or_beside_it(point, right, trainee):
    nodules([1.0, 1.5, 2.0, 2.5, 3.0])
    attempt = go_on(choosing.begin(trainee, "nodule"), point=point)
    result = attempt.results.get()
    assert result.data["right"] == right
    assert figures.recent_trials(trainee)[0].contrast == result.data["contrast"]


def test_of_several_nodules_one_is_enough_and_none_says_a_contrast(trainee):
    for case in nodules([1.0, 2.0, 3.0, 4.0]):
        finding = factories.FindingFactory(case=case, conspicuity=9.0)
        factories.RegionFactory(finding=finding, x0=0.1, y0=0.7, x1=0.2, y1=0.8)
    drill = choosing.begin(trainee, "nodule")
    choosing.prepare(drill)
    attempt = go_on(drill, point=[0.15, 0.75])
    assert attempt.results.get().data["right"]
    assert figures.of_series(drill).shares[0].rate.hits == 1
    assert figures.recent_trials(trainee) == []


def test_the_staircase_chooses_the_next_nodule(trainee):
    nodules([0.3, 0.5, 2.0, 8.0, 12.0, 14.0])
    drill = choosing.begin(trainee, "nodule")
    first = drill.places.first().case
    choosing.prepare(drill)
    chosen = open_next(drill)
    contrast = chosen.case.findings.get().conspicuity
    assert contrast == 2.0, f"and not {first.findings.get().conspicuity}: it tells most at first"
    assert sorted(drill.places.values_list("position", flat=True)) == list(range(1, 7))
    choosing.prepare(drill)
    assert open_next(drill) == chosen, "what is being played stays"


def test_a_pair_is_told_together_and_neither_film_is_new_afterwards(trainee, client_of):
    films(2, "consolidation"), films(2, "atelectasis")
    drill = choosing.begin(trainee, "pair")
    attempt = open_next(drill)
    client = client_of(trainee)
    page = client.get(reverse("drill:attempt", args=[attempt.public_id])).content.decode()
    question = pairs.question_of(attempt)
    assert {question.label, question.mimic} == {"consolidation", "atelectasis"}
    for case in (attempt.case, question.other):
        assert case.images.get().public_id in page
        assert case.findings.get().regions.get().public_id not in page
    attempt = answered(attempt, film=question.film)
    assert attempt.results.get().data["right"]
    assert drill.attempts.count() == 2, "the other film was handed in with it"
    assert not new_to(trainee, Case.objects.filter(pk=question.other.pk)).exists()
    following = open_next(drill)
    assert following.case not in (attempt.case, question.other)


def pair_drill(trainee):
    films(2, "consolidation"), films(2, "atelectasis")
    return choosing.begin(trainee, "pair")


def test_the_film_beside_can_be_opened_from_past_cases(trainee, client_of):
    drill = pair_drill(trainee)
    attempt = go_on(drill, film="first")
    other = drill.attempts.exclude(pk=attempt.pk).get()
    tasks.score_attempt(other.pk)
    page = client_of(trainee).get(reverse("drill:attempt", args=[other.public_id]))
    assert "Shown beside another film" in page.content.decode()


def test_a_test_that_holds_one_film_of_a_pair_holds_what_is_told_of_it(trainee, client_of):
    attempt = open_next(pair_drill(trainee))
    other = pairs.question_of(attempt).other
    series.start_series(user=trainee, kind="localize", mode="test", cases=[other])
    attempt = answered(attempt, film="first")
    client = client_of(trainee)
    region = other.findings.get().regions.get().public_id
    page = client.get(reverse("drill:attempt", args=[attempt.public_id]))
    assert region not in page.content.decode()
    assert client.get(reverse("drill:result", args=[attempt.public_id])).status_code == 409


def test_figures_of_drills_tell_nothing_of_a_film_that_a_test_holds(trainee):
    nodules([1.0, 1.5, 2.0, 2.5])
    attempt = go_on(choosing.begin(trainee, "nodule"), none=True)
    assert figures.of_all(trainee)["nodule"].films == 1
    series.start_series(user=trainee, kind="localize", mode="test", cases=[attempt.case])
    assert figures.of_all(trainee)["nodule"].films == 0


def test_a_place_of_very_many_digits_is_refused(trainee):
    nodules([1.0, 1.5, 2.0, 2.5])
    attempt = open_next(choosing.begin(trainee, "nodule"))
    with pytest.raises(AnswerProblem):
        GAME.clean_answer(attempt, {"point": [10**400, 0.5]})


def test_a_pair_with_a_retired_film_is_left_out(trainee):
    films(3, "consolidation"), films(3, "atelectasis")
    drill = choosing.begin(trainee, "pair")
    gone = drill.places.get(position=2).case
    Case.objects.filter(pk=gone.pk).update(status="retired")
    choosing.prepare(drill)
    assert drill.places.first().position == 3
    assert open_next(drill).case_id == drill.places.first().case_id


def test_a_drill_enters_no_other_figure(
    calls, trainee, client_of, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        go_on(calls, glance="normal", free="normal")
    assert not Result.objects.get().counts
    assert not CaseRecord.objects.exists()
    assert points.standing_of(trainee, points.preferences_of(trainee)).points == 0
    client = client_of(trainee)
    for name in ("learning:home", "learning:history", "learning:progress", "drill:drills"):
        assert client.get(reverse(name)).status_code == 200
    assert b'value="drill"' not in client.get(reverse("learning:history")).content


def test_a_film_seen_elsewhere_meanwhile_counts_nowhere(calls, trainee):
    attempt = open_next(calls)
    play(trainee, attempt.case, marks=[mark(attempt.case)])
    answered(attempt, glance="normal", free="normal")
    assert figures.of_series(calls).films == 0


@pytest.mark.parametrize("rule", GAME.rules)
def test_too_few_films_are_told_in_a_sentence(rule, trainee, client_of):
    film()
    url = reverse("drill:begin", args=[rule])
    page = client_of(trainee).post(url, follow=True).content.decode()
    assert "too few new films" in page.lower()
    assert not Attempt.objects.exists()
    assert client_of(trainee).post(reverse("drill:begin", args=["x"])).status_code == 404


def test_queries_of_the_page_are_constant(trainee, client_of, django_assert_num_queries):
    films(12), films(12, None)
    drill, client = choosing.begin(trainee, "normal"), client_of(trainee)
    go_on(drill, glance="normal", free="normal")
    url = reverse("drill:drills")
    with CaptureQueriesContext(connection) as before:
        client.get(url)
    for _ in range(5):
        go_on(drill, glance="normal", free="abnormal")
    with django_assert_num_queries(len(before)):
        assert client.get(url).status_code == 200


def test_the_sweep_closes_a_drill_that_is_played(calls, trainee):
    size = calls.places.count()
    for _ in range(size):
        go_on(calls, glance="normal", free="normal")
    series.sweep()
    calls.refresh_from_db()
    assert not calls.is_open
    assert next_case_for(trainee, "localize") is not None


def images_ahead(drill, client) -> set[str]:
    url = reverse("learning:onward", args=[drill.public_id])
    sent = client.get(url, headers={"Accept": "application/json"}).json()["images"]
    return {address.split("/")[2] for address in sent}


def test_of_look_alikes_both_films_of_the_next_pair_are_fetched_ahead(trainee, client_of):
    drill = pair_drill(trainee)
    places = list(drill.places.order_by("position"))
    client = client_of(trainee)

    def pictures(*numbers: int) -> set[str]:
        return {places[number].case.images.get().public_id for number in numbers}

    assert images_ahead(drill, client) == pictures(0, 1)
    attempt = open_next(drill)
    assert images_ahead(drill, client) == pictures(2, 3)
    answered(attempt, film="first")
    assert images_ahead(drill, client) == pictures(2, 3)


def test_which_nodule_comes_is_not_known_before_the_answer(trainee, client_of):
    nodules([1.0, 1.5, 2.0, 2.5])
    drill = choosing.begin(trainee, "nodule")
    open_next(drill)
    assert images_ahead(drill, client_of(trainee)) == set()


def begun(trainee, rule: str):
    films(6), films(6, None), nodules([1.0, 1.5, 2.0, 2.5])
    films(2, "consolidation"), films(2, "atelectasis"), [tube() for _ in range(3)]
    for change in CHANGES:
        two_films(trainee, change)
        two_films(trainee, change if change in ("new", "gone") else "", "breath")
    return choosing.begin(trainee, rule)


def _secrets_of(case: Case) -> list[str]:
    """What the row of two films of one person says, as it would be sent."""
    film = MadeFilm.objects.filter(case=case).exclude(before=[]).first()
    if film is None:
        return []
    [before] = film.before
    box = before["regions"][0]["box"]
    return [before["sentence"], *(str(number) for number in box), film.recipe]


@pytest.mark.parametrize("rule", GAME.rules)
def test_nothing_that_is_sent_before_the_answer_tells_the_truth(trainee, client_of, rule):
    drill = begun(trainee, rule)
    client = client_of(trainee)
    attempt = open_next(drill)
    names = ("attempt", "draft", "status")
    pages = [client.get(reverse(f"drill:{name}", args=[attempt.public_id])) for name in names]
    pages.append(client.get(reverse("learning:series", args=[drill.public_id])))
    pages.append(
        client.get(
            reverse("learning:onward", args=[drill.public_id]),
            headers={"Accept": "application/json"},
        )
    )
    sent = "".join(f"{page.headers} {page.content.decode()}" for page in pages)
    for case in [place.case for place in drill.places.all()]:
        assert case.source_key not in sent
        for finding in case.findings.all():
            assert finding.public_id not in sent
            assert not finding.sentence or finding.sentence not in sent
            for region in finding.regions.all():
                assert region.public_id not in sent
        for word in _secrets_of(case):
            assert word not in sent
    assert client.get(reverse("drill:result", args=[attempt.public_id])).status_code == 409


@pytest.mark.parametrize("rule", GAME.rules)
def test_outcomes_are_of_what_was_asked(trainee, rule):
    attempt = go_on(begun(trainee, rule), **({"none": True} if rule == "nodule" else {}))
    result = attempt.results.get()
    about = set(result.outcomes.values_list("about", flat=True))
    labels = set(attempt.case.findings.values_list("label", flat=True))
    if rule == "nodule" and labels and "nodule_mass" not in labels:
        # Which film comes first is chance: of one with something else nothing was asked.
        assert about == set()
    else:
        assert about == ({"truth"} if labels and rule != "normal" else {"case"})
    if rule == "normal":
        assert {row["outcome"] for row in result.data["truths"]} <= {"shown"}
    assert not Skill.objects.filter(kind="drill").exists()


def test_figures_are_of_the_last_films_alone(trainee, monkeypatch):
    monkeypatch.setattr(figures, "LAST", 2)
    monkeypatch.setattr(figures, "RECENT", 2)
    nodules([1.0, 1.5, 2.0, 2.5])
    drill = choosing.begin(trainee, "nodule")
    played = [go_on(drill, none=True).case.findings.get().conspicuity for _ in range(4)]
    assert figures.of_all(trainee)["nodule"].films == 2
    assert [one.contrast for one in figures.recent_trials(trainee)] == played[-2:]
