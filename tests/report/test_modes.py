"""The writing game's modes: tests, second look, and hints by region."""

from __future__ import annotations

import json
import uuid

import pytest

from attempts import services, tasks
from attempts.series import end, open_next, start_series
from tests import factories

REFERENCE = "Small right pleural effusion. The heart is enlarged. No pneumothorax."
SECRETS = ("Small right", "heart is enlarged", "Not in your report")


@pytest.fixture
def case(db):
    case = factories.CaseFactory(status="published")
    factories.ImageFactory(case=case)
    factories.ReportFactory(case=case, findings=REFERENCE)
    return case


@pytest.fixture
def client(client_of, trainee):
    return client_of(trainee)


def opened(user, case, mode):
    return services.open_attempt(user=user, case=case, kind="report", mode=mode, rule="rules")


def scored(attempt, text):
    services.submit(
        attempt_id=attempt.pk, submission=uuid.uuid4(), answer={"text": text}, elapsed_ms=1
    )
    tasks.score_attempt(attempt.pk)
    attempt.refresh_from_db()
    return attempt


def address(attempt, name=""):
    return f"/report/attempts/{attempt.public_id}/{name}"


def ask(client, attempt, region="pleura"):
    body = json.dumps({"region": region})
    return client.post(address(attempt, "hint"), body, content_type="application/json")


def pages(client, attempt):
    return "".join(
        client.get(url).content.decode()
        for url in (
            *(address(attempt, name) for name in ("", "result", "status", "draft")),
            "/home/",
        )
    )


def test_it_works(client, trainee, case):
    attempt = opened(trainee, case, "second_look")
    scored(attempt, "Cardiomegaly.")
    assert "1 remains: one in the right pleural space." in pages(client, attempt)
    scored(attempt, "Cardiomegaly. Small right pleural effusion.")
    page = client.get(address(attempt)).content.decode()
    assert "50 at first, 100 now." in page


def test_the_second_look_tells_counts_and_regions_only(client, trainee, case):
    attempt = scored(opened(trainee, case, "second_look"), "The bones are intact.")
    everything = pages(client, attempt)
    assert "2 remain: one in the right pleural space, one in the heart." in everything
    assert not [secret for secret in SECRETS if secret in everything]


def test_a_test_tells_nothing_before_it_ends(client, trainee, case):
    other = factories.CaseFactory(status="published")
    factories.ImageFactory(case=other)
    factories.ReportFactory(case=other)
    test = start_series(user=trainee, kind="report", mode="test", cases=[case, other], rule="rules")
    attempt = scored(open_next(test), "The bones are intact.")
    everything = pages(client, attempt)
    assert not [secret for secret in SECRETS if secret in everything]
    assert "report-feedback" not in everything
    form = {"note": "n0", "why": "x"}
    assert client.post(address(attempt, "contest"), form).status_code == 404
    end(test)
    assert "Not in your report" in client.get(address(attempt, "result")).content.decode()


def test_a_test_has_no_list_of_regions(client, trainee, case):
    test = start_series(user=trainee, kind="report", mode="test", cases=[case], rule="rules")
    attempt = open_next(test)
    assert "data-region" not in client.get(address(attempt)).content.decode()
    body = {"version": 0, "text": "The lungs are clear."}
    reply = client.put(address(attempt, "draft"), json.dumps(body), content_type="application/json")
    assert reply.json()["regions"] == []


def test_hints_go_by_region_and_tell_no_more_than_was_asked(client, trainee, case):
    attempt = opened(trainee, case, "guided")
    told = [ask(client, attempt).json()["hint"]["text"] for _ in range(2)]
    assert told == ["Pleura: one finding to describe.", "Pleura: right pleural effusion."]
    assert not [secret for secret in SECRETS if secret in pages(client, attempt)]
    assert "pleural effusion" in ask(client, attempt).json()["hint"]["text"]
    assert ask(client, attempt).status_code == 422
    assert "enlarged" not in pages(client, attempt)


def test_a_region_without_findings_says_so_once(client, trainee, case):
    attempt = opened(trainee, case, "guided")
    told = ask(client, attempt, "bones").json()["hint"]["text"]
    assert told == "Bones: the reference describes nothing abnormal."
    assert ask(client, attempt, "bones").status_code == 422


@pytest.mark.parametrize("region", ["", "knees", None, 7, ["pleura"]])
def test_an_odd_region_is_refused_in_words(client, trainee, case, region):
    response = ask(client, opened(trainee, case, "guided"), region)
    assert response.status_code == 422
    assert response.json()["error"].endswith(".")


def test_a_guided_report_counts_nowhere(client, trainee, case):
    attempt = scored(opened(trainee, case, "guided"), REFERENCE)
    assert not attempt.results.filter(counts=True).exists()
    assert "Feedback" in client.get(address(attempt)).content.decode()


def test_there_are_no_hints_in_practice(client, trainee, case):
    assert ask(client, opened(trainee, case, "practice")).status_code == 422


def test_time_running_out_on_an_empty_report_scores_nothing(client, trainee):
    normal = factories.ImageFactory().case
    factories.ReportFactory(case=normal, findings="The lungs are clear. No effusion.")
    series = start_series(user=trainee, kind="report", mode="test", cases=[normal], rule="rules")
    attempt = open_next(series)
    services.close_draft(attempt.pk, "time")
    tasks.score_attempt(attempt.pk)
    end(series)
    assert attempt.results.get().score == 0
    assert "No answer before the time was up" in client.get(address(attempt)).content.decode()


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("The lungs are cl", 0),
        ("The lungs are clear. The hea", 1 / 3),
        ("The lungs are clear. No effusion.", 2 / 3),
        ("The lungs are clear. No effusion. Heart size is normal", 1),
    ],
)
def test_time_running_out_pays_a_normal_report_only_for_what_it_describes(
    client, trainee, text, share
):
    normal = factories.ImageFactory().case
    factories.ReportFactory(case=normal, findings="The lungs are clear. No effusion.")
    series = start_series(user=trainee, kind="report", mode="test", cases=[normal], rule="rules")
    attempt = open_next(series)
    attempt.answer = {"text": text, "language": "en"}
    attempt.save(update_fields=["answer"])
    services.close_draft(attempt.pk, "time")
    tasks.score_attempt(attempt.pk)
    end(series)
    assert attempt.results.get().score == pytest.approx(100 * share)


def test_a_hint_on_a_reference_that_is_gone_is_refused_in_a_sentence(client, trainee, case):
    attempt = opened(trainee, case, "guided")
    case.reports.all().delete()
    response = ask(client, attempt)
    assert response.status_code == 422
    assert "no reference report" in response.json()["error"]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_macro_with_what_no_database_holds_is_cleaned(client, method):
    body = '{"name": "a\\ud800\\u0000b", "text": "x\\udfff"}'
    response = client.generic(method, "/report/macros/", body, content_type="application/json")
    assert response.status_code == 200
