"""What learners doubt is answered at the desk, and they are told."""

from __future__ import annotations

import uuid

import pytest
from django.contrib.messages import get_messages

from attempts import services, tasks
from cases import curating, doubts
from cases.models import CaseChange, DoubtAnswer
from localize.models import Flag
from report.models import Contest
from tests import factories


@pytest.fixture
def attempt(trainee, nodule_case):
    """A scored attempt whose learner ticked nothing and so missed all."""
    made = services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice", rule="standard"
    )
    answer = {"marks": [], "ticked": ["cardiomegaly"], "normal": False}
    services.submit(attempt_id=made.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=1500)
    tasks.score_attempt(made.pk)
    made.refresh_from_db()
    return made


@pytest.fixture
def flag(attempt, client_of, trainee):
    nodule = attempt.case.findings.get(label="nodule_mass")
    url = f"/localize/attempts/{attempt.public_id}/flag"
    client_of(trainee).post(url, {"subject": nodule.public_id, "why": "It is a nipple."})
    return Flag.objects.get()


@pytest.fixture
def client(client_of, curator):
    return client_of(curator)


def answer(client, flag, how, sentence):
    form = {"doubt": f"localize-{flag.pk}", "answer": how, "sentence": sentence}
    return [str(one) for one in get_messages(client.post("/cases/doubts/", form).wsgi_request)]


def test_a_doubt_waits_at_the_desk_and_on_its_case(client, flag):
    for url in ("/cases/doubts/", f"/cases/{flag.attempt.case.public_id}/"):
        page = client.get(url).content.decode()
        assert "It is a nipple." in page and f"?doubt=localize-{flag.pk}" in page
        assert flag.attempt.user.username not in page


@pytest.mark.parametrize(("how", "state"), [("agree", "changed"), ("decline", "kept")])
def test_an_answer_closes_it_and_the_learner_is_told(client, client_of, trainee, flag, how, state):
    answer(client, flag, how, "Look at the lateral film.")
    flag.refresh_from_db()
    assert flag.state == state
    told = DoubtAnswer.objects.get()
    assert (told.to, told.accepted, told.why) == (trainee, how == "agree", "It is a nipple.")
    learner = client_of(trainee)
    home = learner.get("/home/").content.decode()
    assert told.address in home and "Look at the lateral film." not in home
    page = learner.get(told.address).content.decode()
    assert "Look at the lateral film." in page
    learner.post(f"/answers/{told.pk}/seen")
    assert "Answers to your doubts" not in learner.get("/home/").content.decode()
    assert CaseChange.objects.filter(what="doubt", case=flag.attempt.case).count() == 1


def test_without_a_sentence_nothing_is_answered(client, flag):
    assert "Say in a sentence why" in answer(client, flag, "decline", " ")[0]
    flag.refresh_from_db()
    assert flag.state == "open" and not DoubtAnswer.objects.exists()


@pytest.mark.parametrize(
    "name", ["localize-0", "localize-x", "other-1", "", "localize-" + "9" * 40]
)
def test_a_doubt_that_does_not_exist_is_none(db, name):
    assert doubts.doubt_called(name) is None


def test_it_is_answered_once(client, flag):
    answer(client, flag, "agree", "Yes.")
    assert "answered already" in answer(client, flag, "decline", "No.")[-1]
    assert DoubtAnswer.objects.count() == 1


def changed(case, **values):
    page = curating.page_of(case, lambda image: {"id": image.public_id})
    page["findings"] = [one for one in page["findings"] if one["label"] != "nodule_mass"]
    return {**page, "why": "It is the nipple indeed.", **values}


def test_a_truth_changed_for_a_doubt_answers_it(client, flag, client_of, trainee):
    case = flag.attempt.case
    data = changed(case, doubt=f"localize-{flag.pk}")
    url = f"/cases/{case.public_id}/truth"
    assert client.post(url, data, content_type="application/json").json()["answered"]
    flag.refresh_from_db()
    assert flag.state == "changed"
    assert DoubtAnswer.objects.get().sentence == "It is the nipple indeed."
    result = flag.attempt.results.get()
    assert "nodule_mass" in [row["label"] for row in result.data["truths"]], "attempts keep theirs"


def test_a_truth_that_did_not_change_answers_nothing(client, flag):
    case = flag.attempt.case
    page = curating.page_of(case, lambda image: {"id": image.public_id})
    data = {**page, "why": "x", "doubt": f"localize-{flag.pk}"}
    url = f"/cases/{case.public_id}/truth"
    assert not client.post(url, data, content_type="application/json").json()["answered"]
    flag.refresh_from_db()
    assert flag.state == "open"


def test_a_doubt_of_another_case_is_not_answered(client, flag):
    other = factories.ImageFactory(case=factories.CaseFactory(status="draft")).case
    page = curating.page_of(other, lambda image: {"id": image.public_id})
    image = other.images.get().public_id
    place = {"image": image, "frame": 0, "shape": "box", "box": [0.1, 0.1, 0.2, 0.2]}
    page["findings"] = [{"label": "fracture", "regions": [place]}]
    data = {**page, "doubt": f"localize-{flag.pk}"}
    url = f"/cases/{other.public_id}/truth"
    assert not client.post(url, data, content_type="application/json").json()["answered"]
    flag.refresh_from_db()
    assert flag.state == "open"


def test_a_contested_pairing_is_answered_too(client, trainee, nodule_case):
    written = services.open_attempt(
        user=trainee, case=nodule_case, kind="report", mode="practice", rule="rules"
    )
    contest = Contest.objects.create(
        attempt=written, note="n1", engine="rules", said="Missed: nodule", why="I wrote it."
    )
    [doubt] = doubts.open_doubts()
    form = {"doubt": doubt.name, "answer": "agree", "sentence": "You did."}
    client.post("/cases/doubts/", form)
    contest.refresh_from_db()
    assert contest.state == "agreed"
    assert DoubtAnswer.objects.get().address == f"/report/attempts/{written.public_id}/"


def test_nobody_notes_anothers_answer_as_seen(client, client_of, instructor, flag):
    answer(client, flag, "agree", "Yes.")
    told = DoubtAnswer.objects.get()
    assert client_of(instructor).post(f"/answers/{told.pk}/seen").status_code == 404
    told.refresh_from_db()
    assert told.seen_at is None


def test_the_page_costs_the_same_for_many(client, flag, django_assert_max_num_queries):
    for number in range(20):
        Flag.objects.create(
            attempt=flag.attempt, subject=f"m{number}", label="x", said="x", why="Scar."
        )
    with django_assert_max_num_queries(5):
        page = client.get("/cases/doubts/").content.decode()
    assert page.count("Scar.") == 20
