"""What has become of a finding since a prior film: asked, kept, judged and told."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from attempts.games import AnswerProblem
from attempts.services import open_attempt
from attempts.tasks import score_attempt
from cases.models import Image
from localize.answers import clean_answer
from localize.changes import asks
from localize.review import review_of
from localize.scoring import answer_in
from localize.wording import name_of
from tests.factories import CaseFactory, DatasetFactory, FindingFactory, ImageFactory, RegionFactory

pytestmark = pytest.mark.django_db
BOX = [0.2, 0.2, 0.4, 0.4]


def film(progression: str = "smaller", *, has_prior: bool = True, **values):
    case = CaseFactory(**values)
    image = ImageFactory(case=case, position=0)
    if has_prior:
        ImageFactory(case=case, position=1, study=Image.Study.PRIOR, study_label="5 days before")
    finding = FindingFactory(case=case, label="pneumonia", progression=progression)
    RegionFactory(finding=finding, image=image, x0=0.2, y0=0.2, x1=0.4, y1=0.4)
    return case


def answer_of(case, **said):
    image = case.images.get(position=0)
    mark = {"id": "m", "label": "pneumonia", "image": image.public_id, "box": BOX, **said}
    return {"marks": [mark]}


def opened(case, user, rule="clinical"):
    return open_attempt(user=user, case=case, kind="localize", mode="practice", rule=rule)


def result_of(case, user, **said):
    attempt = opened(case, user)
    attempt.answer = clean_answer(attempt, answer_of(case, **said))
    attempt.state = "submitted"
    attempt.save()
    score_attempt(attempt.pk)
    attempt.refresh_from_db()
    return attempt, attempt.results.get()


@pytest.mark.parametrize(
    ("said", "score", "words"),
    [
        ({"change": "smaller"}, 100, "You judged the change correctly: it is smaller than before."),
        ({"change": "unchanged"}, 75, "You called it unchanged; it is smaller than before."),
        ({"change": "larger"}, 60, "You called it larger; it is smaller than before."),
        ({"change": None}, 90, "You did not say how it has changed: it is smaller than before."),
        ({}, 100, "You found it"),
    ],
)
def test_the_change_is_judged_and_told_in_words(trainee, said, score, words):
    attempt, result = result_of(film(), trainee, **said)
    assert result.score == pytest.approx(score)
    [row] = review_of(attempt, result)["truths"]
    assert words in row["text"]
    assert ("right would have been: smaller" in row["right"]) == (score < 100)
    assert ("change" in row["credit"]) == (score < 100)
    assert answer_in(result.data)["marks"][0].get("change") == attempt.answer["marks"][0].get(
        "change"
    )


@pytest.mark.parametrize(
    ("progression", "score"), [("increasing", 60), ("Stable", 75), ("", 100), ("puzzling", 100)]
)
def test_words_of_data_sets_are_known_and_others_are_not_judged(trainee, progression, score):
    _, result = result_of(film(progression), trainee, change="smaller")
    assert result.score == pytest.approx(score)


@pytest.mark.parametrize(
    ("has_prior", "change", "sentence"),
    [
        (True, "gone", "The change of mark 1 must be one of new, larger, smaller, unchanged."),
        (True, 7, "The change of mark 1 must be one of"),
        (True, ["new"], "The change of mark 1 must be one of"),
        (False, "new", "Mark 1: this case has no prior film to compare with."),
    ],
)
def test_what_cannot_be_said_is_refused_in_a_sentence(trainee, has_prior, change, sentence):
    case = film(has_prior=has_prior)
    with pytest.raises(AnswerProblem, match=sentence):
        clean_answer(opened(case, trainee), answer_of(case, change=change))


def test_a_window_that_asks_of_a_case_without_a_prior_film_is_not_refused(trainee):
    case = film(has_prior=False)
    assert "change" not in clean_answer(opened(case, trainee), answer_of(case, change=None))


def test_it_is_asked_of_every_film_with_a_prior_one_of_a_data_set_that_tells_changes(trainee):
    told = film()
    same = {"dataset": told.dataset}
    normal = CaseFactory(**same)
    ImageFactory(case=normal, position=0)
    ImageFactory(case=normal, position=1, study=Image.Study.PRIOR)
    alone = film(has_prior=False, **same)
    elsewhere = film("", dataset=DatasetFactory(slug="silent"))
    asked = [asks(opened(case, trainee)) for case in (told, normal, alone, elsewhere)]
    assert asked == [True, True, False, False]
    assert not asks(opened(film(**same), trainee, rule="standard")), "boxes alone"
    gone = film(
        "",
        dataset=DatasetFactory(slug="gone"),
        before=[{"label": "edema", "change": "gone", "regions": []}],
    )
    assert asks(opened(gone, trainee))


def test_what_is_gone_is_told_after_the_answer_and_never_before(trainee, client):
    case = film(
        "",
        before=[
            {
                "label": "edema",
                "side": "bilateral",
                "size_mm": None,
                "sentence": "Perihilar haze of the earlier day.",
                "change": "gone",
                "regions": [
                    {
                        "image": 1,
                        "frame": 0,
                        "reader": "",
                        "alternate": False,
                        "shape": "box",
                        "points": [],
                        "box": [0.31, 0.32, 0.53, 0.54],
                    }
                ],
            }
        ],
    )
    client.force_login(trainee)
    page = client.get(reverse("localize:case", args=[case.public_id])).content.decode()
    for secret in ("gone", "Perihilar haze", "0.31", '"before"'):
        assert secret not in page.replace("5 days before", "")
    attempt, result = result_of(case, trainee, change="new")
    review = review_of(attempt, result)
    [gone] = review["before"]
    said = "Perihilar haze of the earlier day."
    assert gone == {"name": name_of("edema"), "sentence": said, "place": 0}
    [place] = review["page"]["before"]
    assert place["image"] == case.images.get(position=1).public_id
    assert place["box"] == [0.31, 0.32, 0.53, 0.54]
    told = client.get(reverse("localize:result", args=[attempt.public_id]))
    page = told.content.decode()
    assert "On the prior film, gone since" in page and 'data-before="0"' in page


@pytest.mark.parametrize("progression", ["new", "smaller", ""])
def test_the_page_says_the_same_whatever_has_become_of_the_finding(trainee, client, progression):
    told = film()
    case = film(progression, dataset=told.dataset)
    client.force_login(trainee)
    page = client.get(reverse("localize:case", args=[case.public_id])).content.decode()
    data = json.loads(page.split('id="case-data"')[1].split(">", 1)[1].split("</script>")[0])
    assert data["asks_change"] is True
    assert progression == "" or f'"{progression}"' not in json.dumps(data)
