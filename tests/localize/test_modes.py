"""The drawing game's modes: what each page tells, and what it does not tell yet."""

from __future__ import annotations

import json
import re
import uuid

import pytest
from django.urls import reverse

from attempts import modes, queries, services, tasks
from attempts.models import Attempt, Outcome
from attempts.series import end, open_next, start_series
from cases.models import Region
from localize.hints import score_after
from ml import localize as rules
from tests import factories

NODULE = [0.6137, 0.2071, 0.7129, 0.3053]


@pytest.fixture
def nodule_case(nodule_case):
    """With a box whose numbers stand nowhere else."""
    sides = dict(zip(("x0", "y0", "x1", "y1"), NODULE, strict=True))
    Region.objects.filter(finding__case=nodule_case).update(**sides)
    return nodule_case


@pytest.fixture
def client(client_of, trainee):
    return client_of(trainee)


@pytest.fixture
def practice(trainee, nodule_case):
    return opened(trainee, nodule_case)


@pytest.fixture
def test(trainee, nodule_case):
    other = factories.ImageFactory().case
    cases = [nodule_case, other]
    return start_series(user=trainee, kind="localize", mode="test", cases=cases, rule="radgame")


def opened(user, case, mode="practice"):
    return services.open_attempt(user=user, case=case, kind="localize", mode=mode, rule="standard")


def answer(case, *boxes, ticked=()):
    image = case.images.first().public_id
    marks = [
        {"id": f"m{n}", "label": "nodule_mass", "image": image, "frame": 0, "box": box}
        for n, box in enumerate(boxes)
    ]
    return {"marks": marks, "ticked": list(ticked)}


def scored(attempt, sent):
    services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer=sent, elapsed_ms=1)
    tasks.score_attempt(attempt.pk)
    attempt.refresh_from_db()
    return attempt


def address(attempt, name=""):
    return f"/localize/attempts/{attempt.public_id}/{name}"


def data_of(page):
    return json.loads(re.search(r'id="case-data"[^>]*>(.*?)</script>', page, re.DOTALL)[1])


def ask(client, attempt):
    return client.post(address(attempt, "hint"), "{}", content_type="application/json")


def secrets_of(case):
    """What only the truth of a case holds; labels and names are on every page."""
    words = []
    for finding in case.findings.all():
        words += [finding.public_id, finding.sentence]
        for region in finding.regions.all():
            words += [region.public_id, *(f"{side:g}" for side in region.box)]
    return [word for word in words if word]


def leaks(case, *texts):
    everything = "\n".join(re.sub(r'"labels": \[.*?\]', "", text) for text in texts)
    return [word for word in secrets_of(case) if word in everything]


# Test mode


def test_it_works(client, test, nodule_case):
    page = client.get(f"/series/{test.public_id}/onward/", follow=True).content.decode()
    assert data_of(page)["mode"] == "test"
    assert "Case 1 of 2" in page


def test_a_test_has_no_descriptions_of_labels_and_no_hints(client, test):
    page = client.get(address(open_next(test))).content.decode()
    assert not any(label["description"] for label in data_of(page)["labels"])
    assert "data-hint" not in page
    assert ask(client, open_next(test)).status_code == 422


def test_no_page_tells_of_a_test_before_it_ends(client, test, nodule_case, practice):
    attempt = scored(open_next(test), answer(nodule_case, [0.05, 0.85, 0.15, 0.95]))
    scored(practice, answer(nodule_case, [0.05, 0.85, 0.15, 0.95]))
    texts = [
        client.get(address(found, name)).content.decode()
        for found in (attempt, practice)
        for name in ("", "result", "status", "draft")
    ]
    texts += [client.get(url).content.decode() for url in ("/home/", "/progress/")]
    texts.append(client.get(f"/series/{test.public_id}/").content.decode())
    assert not leaks(nodule_case, *texts)
    assert all("review-data" not in text for text in texts)
    assert all("outcome-" not in text for text in texts)
    assert "Nothing is scored yet" in texts[-2]
    assert client.get(address(attempt, "result")).status_code == 409
    end(test)
    assert leaks(nodule_case, client.get(address(attempt)).content.decode())
    assert client.get(address(practice, "result")).status_code == 200


def test_a_held_case_opens_only_within_its_test(client, test, nodule_case):
    response = client.get(f"/localize/cases/{nodule_case.public_id}/", follow=True)
    assert response.redirect_chain[-1][0] == f"/series/{test.public_id}/"
    assert "part of what you are playing now" in response.content.decode()


def test_a_test_by_rule_radgame_asks_for_less_overlap(client, test, nodule_case):
    box = [NODULE[0], NODULE[1], NODULE[0] + 0.28 * (NODULE[2] - NODULE[0]), NODULE[3]]
    attempt = scored(open_next(test), answer(nodule_case, box, ticked=["cardiomegaly"]))
    end(test)
    assert attempt.results.get().score == 100
    assert "RadGame rule (IoU ≥ 0.25)" in client.get(address(attempt)).content.decode()
    practice = opened(attempt.user, nodule_case)
    Attempt.objects.filter(pk=practice.pk).update(rule="radgame")
    assert scored(practice, answer(nodule_case, box)).results.get().score == 0


def test_the_clock_is_on_the_page(client, trainee, nodule_case):
    series = start_series(
        user=trainee, kind="localize", mode="sprint", cases=[nodule_case], case_seconds=60
    )
    page = client.get(address(open_next(series))).content.decode()
    assert 50 < data_of(page)["clock"]["left"] <= 60
    assert 'role="timer"' in page


def test_without_a_limit_there_is_no_clock(client, practice):
    page = client.get(address(practice)).content.decode()
    assert data_of(page)["clock"] is None
    assert 'role="timer"' not in page


@pytest.mark.parametrize("mode", ["test", "sprint", "guided"])
def test_what_is_begun_on_the_start_page_has_no_address(client, nodule_case, mode):
    assert client.get(f"/localize/cases/{nodule_case.public_id}/?mode={mode}").status_code == 404


# Second look


def test_the_second_look_tells_counts_and_regions_only(client, trainee, nodule_case):
    attempt = scored(opened(trainee, nodule_case, "second_look"), {})
    texts = [
        client.get(address(attempt, name)).content.decode()
        for name in ("", "result", "status", "draft")
    ]
    texts += [client.get(url).content.decode() for url in ("/home/", "/progress/")]
    assert "2 remain: one in the left lung, one in the heart." in texts[0]
    assert not leaks(nodule_case, *texts)
    assert "review-data" not in "".join(texts)
    assert "Nothing is scored yet" in texts[-1]


def test_both_scores_are_in_the_feedback(client, trainee, nodule_case):
    attempt = scored(opened(trainee, nodule_case, "second_look"), {})
    scored(attempt, answer(nodule_case, NODULE, ticked=["cardiomegaly"]))
    page = client.get(address(attempt, "result")).content.decode()
    assert "0 at first, 100 now." in page
    assert "2 remain: one in the left lung, one in the heart." in page


# Guided


def test_guided_shows_and_explains_every_finding(client, trainee, nodule_case):
    attempt = modes.open_guided(user=trainee, case=nodule_case, kind="localize", rule="standard")
    assert "review-data" not in client.get(address(attempt)).content.decode()
    tasks.score_attempt(attempt.pk)
    page = client.get(address(attempt, "result")).content.decode()
    for words in ("Nodule / mass", "Nodule of twelve millimeters", "Look for", "Cardiomegaly"):
        assert words in page
    assert "/ 100" not in page
    assert "outcome-missed" not in page
    assert queries.next_url(attempt) == reverse("learning:home")
    assert "Nothing is scored yet" in client.get("/progress/").content.decode()


def test_a_guided_normal_case_says_so(client, trainee):
    case = factories.ImageFactory().case
    attempt = modes.open_guided(user=trainee, case=case, kind="localize", rule="standard")
    tasks.score_attempt(attempt.pk)
    assert "This case is normal" in client.get(address(attempt, "result")).content.decode()


def test_who_has_seen_the_truth_is_told_so(client, trainee, nodule_case):
    attempt = modes.open_guided(user=trainee, case=nodule_case, kind="localize", rule="standard")
    tasks.score_attempt(attempt.pk)
    after = scored(opened(trainee, nodule_case), {})
    page = client.get(address(after, "result")).content.decode()
    assert "You had been shown the truth of this case before." in page


# Hints


def test_the_ladder_goes_from_side_to_zone_to_outline(client, practice, nodule_case):
    told = []
    for _ in range(3):
        response = ask(client, practice)
        told.append(response.json()["hint"])
        so_far = json.dumps(told[:-1]) + client.get(address(practice)).content.decode()
        if told[-1]["step"] != "outline":
            assert not leaks(nodule_case, so_far, response.content.decode())
    assert [(hint["step"], hint["cost"]) for hint in told] == [
        ("side", 0.1),
        ("zone", 0.2),
        ("outline", 0.4),
    ]
    assert told[0]["text"] == "One finding is in the left lung."
    assert told[1]["text"].endswith("in the upper third of the image (PA view).")
    assert told[2]["place"]["box"] == NODULE
    assert "nodule" not in json.dumps(told).lower()


def test_a_finding_to_tick_has_a_ladder_of_two_steps(client, practice, nodule_case):
    services.save_draft(attempt_id=practice.pk, version=0, answer=answer(nodule_case, NODULE))
    first, second = (ask(client, practice).json()["hint"] for _ in range(2))
    assert first["text"] == "One finding is in the heart, to be ticked rather than drawn."
    assert (second["text"], second["cost"]) == ("The finding in the heart is: Cardiomegaly.", 0.6)
    assert ask(client, practice).status_code == 422


def test_a_hint_costs_its_share_of_the_finding_it_led_to(client, practice, nodule_case):
    ask(client, practice)
    ask(client, practice)
    scored(practice, answer(nodule_case, NODULE, ticked=["cardiomegaly"]))
    result = practice.results.get()
    assert result.score == pytest.approx(100 * (2 - 0.3) / 2)
    page = client.get(address(practice, "result")).content.decode()
    assert "100 × (2 hit − 0.3 for hints) / (2 hit + 0 missed + 0 false) = 85" in page
    assert "−10 %" in page
    aided = Outcome.objects.filter(aided=True)
    assert [(row.label, row.outcome) for row in aided] == [("nodule_mass", "hit")]


def test_a_hint_on_what_is_not_found_in_the_end_costs_nothing_more(client, practice, nodule_case):
    ask(client, practice)
    scored(practice, answer(nodule_case, ticked=["cardiomegaly"]))
    assert practice.results.get().score == 50
    assert (
        "nothing, as it was not found" in client.get(address(practice, "result")).content.decode()
    )


def test_to_be_told_that_nothing_remains_costs_once(client, trainee):
    case = factories.ImageFactory().case
    attempt = opened(trainee, case)
    costs = [ask(client, attempt).json()["hint"]["cost"] for _ in range(2)]
    assert costs == [0.1, 0.0]
    scored(attempt, {"normal": True})
    assert attempt.results.get().score == pytest.approx(90)
    page = client.get(address(attempt, "result")).content.decode()
    assert "100 × (1 − 0.1 for hints) = 90" in page


def test_a_hinted_find_is_no_hit_in_the_figures(client, practice, nodule_case):
    from learning.queries import progress_of

    ask(client, practice)
    scored(practice, answer(nodule_case, NODULE, ticked=["cardiomegaly"]))
    assert progress_of(practice.user).sensitivity.hits == 1


@pytest.mark.pure
def test_hints_never_take_a_score_below_zero_nor_give_points():
    result = rules.score([], [], [])
    assert score_after(result, 3.0) == 0
    assert score_after(result, 0.0) == 100


def test_the_side_comes_from_the_box_where_the_case_does_not_say_it(client, practice, nodule_case):
    region = nodule_case.findings.get(label="nodule_mass").regions.get()
    region.x0, region.x1 = 0.1, 0.2
    region.save()
    assert ask(client, practice).json()["hint"]["text"] == "One finding is in the right lung."


def test_the_last_hint_says_that_it_is_the_last(client, practice):
    told = [ask(client, practice).json()["hint"]["last"] for _ in range(5)]
    assert told == [False] * 4 + [True], "three steps to the nodule, two to the heart"
    assert ask(client, practice).status_code == 422


def test_on_a_lateral_view_no_side_is_told(client, practice, nodule_case):
    nodule_case.images.update(view="LATERAL", orientation="PF")
    assert ask(client, practice).json()["hint"]["text"] == "One finding is in the lungs."


def test_of_a_film_that_may_be_mirrored_no_side_is_told(client, practice, nodule_case):
    nodule_case.images.update(orientation="")
    assert ask(client, practice).json()["hint"]["text"] == "One finding is in the lungs."


def test_of_a_mirrored_film_the_side_is_the_patients(client, practice, nodule_case):
    nodule_case.images.update(orientation="RF")
    assert ask(client, practice).json()["hint"]["text"] == "One finding is in the right lung."


def test_in_a_stack_the_zone_is_a_range_of_slices(client, practice, nodule_case):
    nodule_case.images.update(frames=40, view="CT")
    nodule_case.findings.get(label="nodule_mass").regions.update(frame=19)
    ask(client, practice)
    assert "between slices 16 and 24" in ask(client, practice).json()["hint"]["text"]


def test_the_page_of_a_hinted_draft_has_its_hints_again(client, practice):
    for _ in range(3):
        ask(client, practice)
    page = client.get(address(practice)).content.decode()
    assert "One finding is in the left lung." in page
    assert data_of(page)["aids"][-1]["place"]["box"] == NODULE


def test_the_page_costs_few_queries(client, test, django_assert_max_num_queries):
    attempt = open_next(test)
    with django_assert_max_num_queries(14):
        assert client.get(address(attempt)).status_code == 200


def test_every_hint_is_logged_with_the_attempt(practice, client):
    ask(client, practice)
    practice.refresh_from_db()
    assert {"kind", "about", "step", "text", "cost", "place", "at"} == set(practice.aids[0])
    assert queries.mode_page(practice, held=False)["round"] == 1


def test_a_finding_to_draw_that_nobody_boxed_is_not_said_to_be_ticked(client, trainee):
    case = factories.ImageFactory().case
    factories.FindingFactory(case=case, label="nodule_mass")
    attempt = opened(trainee, case)
    assert "any box with its name will do" in ask(client, attempt).json()["hint"]["text"]
    scored(attempt, {})
    page = client.get(address(attempt)).content.decode()
    assert "Right would have been a box labeled Nodule / mass, anywhere" in page
    assert "to tick" not in page


def test_what_was_hinted_at_in_a_draft_is_no_find_in_another_mode(trainee, nodule_case):
    modes.give_hint(attempt_id=opened(trainee, nodule_case).pk, request={})
    look = scored(opened(trainee, nodule_case, "second_look"), {"ticked": ["cardiomegaly"]})
    aided = Outcome.objects.filter(result__attempt=look, about="truth", aided=True)
    assert aided.count() == 1
