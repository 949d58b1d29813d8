"""What the server takes as an answer, and the sentence for what it does not."""

from __future__ import annotations

import json
import uuid

import pytest

from attempts import services
from attempts.models import Attempt

pytestmark = pytest.mark.any_database


@pytest.fixture
def attempt(trainee, nodule_case):
    return services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice", rule="standard"
    )


@pytest.fixture
def image(attempt):
    return attempt.case.images.get().public_id


@pytest.fixture
def save(attempt, client_of):
    client = client_of(attempt.user)

    def put(answer, raw=None):
        body = raw if raw is not None else json.dumps({"version": 0, **answer})
        return client.put(
            f"/localize/attempts/{attempt.public_id}/draft", body, content_type="application/json"
        )

    return put


def test_a_body_sent_as_a_form_is_refused_in_a_sentence(attempt, client_of):
    address = f"/localize/attempts/{attempt.public_id}/submit"
    answer = client_of(attempt.user).post(address, {"marks": "[]"})
    assert answer.status_code == 422
    assert answer.json()["error"] == "The answer did not arrive as readable JSON."


def mark(on_image, **changes):
    good = {
        "id": "a",
        "label": "nodule_mass",
        "image": on_image,
        "frame": 0,
        "box": [0.1, 0.1, 0.2, 0.2],
    }
    return {**good, **changes}


def test_it_works(save, image, attempt):
    response = save({"marks": [mark(image, confidence=4)], "ticked": ["cardiomegaly"]})
    assert response.status_code == 200
    assert response.json()["version"] == 1
    attempt.refresh_from_db()
    assert attempt.answer["marks"][0]["confidence"] == 4
    assert attempt.answer["ticked"] == ["cardiomegaly"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"label": "unicorn"}, "not in the list"),
        ({"label": 7}, "not in the list"),
        ({"image": "elsewhere"}, "not on an image of this case"),
        ({"frame": 3}, "frame"),
        ({"frame": -1}, "frame"),
        ({"box": [0.5, 0.5, 1.5, 0.6]}, "outside the image"),
        ({"box": [-0.2, 0.5, 0.5, 0.6]}, "outside the image"),
        ({"box": [0.5, 0.5, 0.5, 0.6]}, "no area"),
        ({"box": [0.6, 0.5, 0.5, 0.6]}, "no area"),
        ({"box": [0.1, 0.2, 0.3]}, "four numbers"),
        ({"box": "everywhere"}, "four numbers"),
        ({"box": [0.1, 0.1, True, 0.2]}, "four numbers"),
        ({"box": [0.1, 0.1, 10**400, 0.2]}, "four numbers"),
        ({"confidence": 6}, "confidence"),
        ({"confidence": True}, "confidence"),
        ({"id": ""}, "id"),
        ({"id": "x" * 41}, "id"),
        ({"id": "nul\0"}, "id"),
        ({"id": "half \ud800"}, "id"),
    ],
)
def test_a_bad_mark_gets_a_sentence_and_nothing_is_saved(save, image, attempt, changes, sentence):
    response = save({"marks": [mark(image, **changes)], "ticked": []})
    assert response.status_code == 422
    assert sentence in response.json()["error"]
    assert "mark 1" in response.json()["error"].lower()
    attempt.refresh_from_db()
    assert attempt.answer == {}
    assert attempt.draft_version == 0


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"ticked": ["unicorn"]}, "not in the list"),
        ({"ticked": ["nodule_mass"]}, "drawn, not ticked"),
        ({"marks": {}}, "must be lists"),
        ({"marks": [3]}, "Mark 1"),
        ({"ticked": ["cardiomegaly"], "normal": True}, "No abnormality"),
        ({"normal": True, "normal_confidence": 6}, "“No abnormality” must be 1 to 5"),
        ({"normal": True, "normal_confidence": "4"}, "“No abnormality” must be 1 to 5"),
        ({"normal": True, "normal_confidence": True}, "“No abnormality” must be 1 to 5"),
        ({"normal": False, "normal_confidence": 4}, "for “No abnormality” only"),
    ],
)
def test_a_bad_answer_gets_a_sentence(save, answer, sentence):
    response = save(answer)
    assert response.status_code == 422
    assert sentence in response.json()["error"]


def test_ten_thousand_marks_are_refused(save, image):
    marks = [mark(image, id=str(number)) for number in range(10_000)]
    response = save({"marks": marks})
    assert response.status_code == 422
    assert "too many" in response.json()["error"]


def test_two_marks_with_one_id_are_refused(save, image):
    assert "same id" in save({"marks": [mark(image), mark(image)]}).json()["error"]


@pytest.mark.parametrize(
    "raw",
    [
        "{",
        "[]",
        "null",
        '{"version": 0, "marks": [{"box": [NaN, 0, 1, 1]}]}',
        '{"version": "x"}',
        '{"version": 1e999}',
        "[" * 100_000,
    ],
)
def test_unreadable_json_is_a_clear_422(save, raw):
    response = save({}, raw=raw)
    assert response.status_code == 422
    assert response.json()["error"].endswith(".")


def test_a_body_of_many_megabytes_is_refused_in_words(save):
    response = save({}, raw='{"version": 0, "x": "' + "y" * 3_000_000 + '"}')
    assert response.status_code == 422
    assert "too large" in response.json()["error"]


def test_a_stale_draft_answers_409_with_the_other_windows_draft(save, image):
    save({"marks": [mark(image)]})
    response = save({"marks": []})
    assert response.status_code == 409
    assert response.json()["version"] == 1
    assert len(response.json()["draft"]["marks"]) == 1


@pytest.fixture
def submit(attempt, client_of):
    client = client_of(attempt.user)

    def post(answer, key=None):
        body = {"submission": str(key or uuid.uuid4()), "elapsed_ms": 10, **answer}
        return client.post(
            f"/localize/attempts/{attempt.public_id}/submit", body, content_type="application/json"
        )

    return post


def test_submit_twice_with_one_key_answers_the_same(submit):
    key = uuid.uuid4()
    assert submit({"marks": []}, key).status_code == 202
    assert submit({"marks": []}, key).status_code == 202
    assert Attempt.objects.count() == 1


def test_a_second_submit_is_a_409(submit):
    submit({"marks": []})
    assert submit({"marks": []}).status_code == 409


def test_a_submit_after_the_score_is_a_409(submit, attempt):
    from attempts.tasks import score_attempt

    submit({"marks": []})
    score_attempt(attempt.pk)
    response = submit({"marks": []})
    assert response.status_code == 409
    assert response.json()["state"] == "scored"


def test_a_submission_without_a_uuid_is_refused(submit):
    response = submit({"marks": [], "submission": "1"})
    assert response.status_code == 422
    assert "UUID" in response.json()["error"]
