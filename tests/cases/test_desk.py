"""The curator's work list: narrowed, paged, gone through, and many cases at once."""

from __future__ import annotations

import re

import pytest
from django.contrib.messages import get_messages

from cases import queries, services
from cases.models import Case, CaseChange
from cases.queries import DeskFilters
from learning import difficulties
from learning.models import CaseDifficulty
from learning.services import next_case_for, playable
from localize.models import Flag
from tests import factories


def keys_on(page: str) -> set[str]:
    return set(re.findall(r'name="case" value="([^"]+)"', page))


def desk_of(client, **filters):
    return keys_on(client.get("/cases/", filters).content.decode())


@pytest.fixture
def client(client_of, curator):
    return client_of(curator)


def test_it_works(client, nodule_case):
    page = client.get("/cases/").content.decode()
    assert keys_on(page) == {nodule_case.public_id}
    image = nodule_case.images.get()
    assert f"/images/{image.public_id}/{image.token}/thumbnail" in page
    assert "Cardiomegaly" in page and "Nodule / mass" in page


@pytest.mark.parametrize(
    "filters",
    [
        {"label": "pneumothorax"},
        {"licence": "CC BY 4.0"},
        {"split": "held_out"},
        {"status": "review"},
        {"dataset": "another"},
        {"problem": "reasons"},
        {"problem": "unmapped"},
        {"problem": "unknown"},
        {"problem": "unplaced"},
        {"problem": "tiny"},
        {"problem": "odd"},
    ],
)
def test_each_filter_leaves_what_it_says(client, nodule_case, filters):
    other = factories.CaseFactory(
        dataset=factories.DatasetFactory(slug="another", licence="CC BY 4.0"),
        status="review",
        split="held_out",
        has_truth_boxes=False,
        review_reasons=["One thing is missing."],
        unmapped=[{"label": "Odd", "sentence": "", "regions": []}],
    )
    factories.ImageFactory(case=other)
    factories.FindingFactory(case=other, label="gone_label")
    small = factories.FindingFactory(case=other, label="pneumothorax")
    factories.RegionFactory(finding=small, x0=0.5, y0=0.5, x1=0.505, y1=0.505)
    difficulties.keep([nodule_case.pk, other.pk])
    other.difficulties.filter(kind="localize").update(is_odd=True)
    assert desk_of(client, **filters) == {other.public_id}


def test_cases_are_found_by_how_hard_their_hardest_label_is(client):
    logits = {"easy": (-2.0, -1.2), "medium": (-2.0, 0.5), "hard": (0.5, 1.5)}
    cases = {name: factories.CaseFactory() for name in (*logits, "unknown")}
    for name, (report, localize) in logits.items():
        for kind, value in (("report", report), ("localize", localize)):
            cases[name].difficulties.create(
                kind=kind, label="nodule_mass", case_version=1, prior=0, difficulty=value
            )
    for name in logits:
        assert desk_of(client, difficulty=name) == {cases[name].public_id}
    assert desk_of(client, difficulty="none of these") == set()
    assert len(desk_of(client)) == 4


def test_a_problem_that_does_not_exist_finds_nothing(client, nodule_case):
    assert desk_of(client, problem="none of these") == set()


def test_cases_with_open_doubts_are_found_and_counted(client, nodule_case, trainee):
    other = factories.CaseFactory()
    attempt = nodule_case.attempts.create(
        user=trainee, kind="localize", mode="practice", case_version=1
    )
    flag = Flag.objects.create(attempt=attempt, subject="m1", label="x", said="x", why="A scar.")
    assert desk_of(client, problem="doubts") == {nodule_case.public_id}
    assert "1 doubt<" in client.get("/cases/").content.decode()
    assert other.public_id in desk_of(client)
    flag.state = Flag.State.KEPT
    flag.save()
    assert desk_of(client, problem="doubts") == set()


@pytest.mark.parametrize("problem", ["", *queries.PROBLEMS])
def test_a_page_costs_the_same_for_many_cases(
    client, nodule_case, trainee, django_assert_max_num_queries, problem
):
    for _ in range(60):
        case = factories.CaseFactory(
            has_truth_boxes=False,
            review_reasons=["One thing is missing."],
            unmapped=[{"label": "Odd", "sentence": "", "regions": []}],
            made_for=trainee if problem == "made" else None,
        )
        image = factories.ImageFactory(case=case)
        factories.FindingFactory(case=case, label="gone_label")
        small = factories.FindingFactory(case=case, label="pneumothorax")
        factories.RegionFactory(finding=small, image=image, x0=0.5, y0=0.5, x1=0.505, y1=0.505)
        attempt = case.attempts.create(
            user=trainee, kind="localize", mode="practice", case_version=1
        )
        Flag.objects.create(attempt=attempt, subject="m1", label="x", said="x", why="A scar.")
    if problem == "odd":
        difficulties.keep(Case.objects.values_list("pk", flat=True))
        CaseDifficulty.objects.update(is_odd=True)
    with django_assert_max_num_queries(10):
        page = client.get("/cases/", {"problem": problem}).content.decode()
    assert len(keys_on(page)) == 50


def test_pages_keep_the_filters(client):
    for _ in range(51):
        factories.CaseFactory(status="draft")
    page = client.get("/cases/", {"status": "draft", "page": 2}).content.decode()
    assert len(keys_on(page)) == 1
    assert "?status=draft&amp;page=1" in page


def messages_of(response) -> list[str]:
    return [str(one) for one in get_messages(response.wsgi_request)]


def test_many_cases_are_retired_with_a_reason_and_restored_to_what_they_were(client, curator):
    cases = [factories.CaseFactory(status=status) for status in ("published", "draft")]
    chosen = {"case": [case.public_id for case in cases]}
    answer = client.post(
        "/cases/act/",
        {**chosen, "action": "retired", "why": "Wrong films.", "back": "status=draft"},
    )
    assert answer.headers["Location"] == "/cases/?status=draft"
    assert messages_of(answer) == ["2 cases: retire."]
    assert set(Case.objects.values_list("status", flat=True)) == {"retired"}
    change = CaseChange.objects.filter(case=cases[0]).get()
    assert (change.what, change.why, change.by) == ("status", "Wrong films.", curator)
    client.post("/cases/act/", {**chosen, "action": "restore"})
    for case, status in zip(cases, ("published", "draft"), strict=True):
        case.refresh_from_db()
        assert case.status == status


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"action": "retired"}, "say in a word why"),
        ({"action": "deleted", "why": "x"}, "Choose what is to be done"),
        ({"action": "published", "case": []}, "Choose cases first"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(client, nodule_case, form, said):
    answer = client.post("/cases/act/", {"case": [nodule_case.public_id], **form})
    assert said in messages_of(answer)[0]
    nodule_case.refresh_from_db()
    assert nodule_case.status == "published"


def test_one_that_cannot_be_published_stops_no_other(client):
    fine, odd = factories.CaseFactory(status="draft"), factories.CaseFactory(status="draft")
    factories.FindingFactory(case=odd, label="gone_label")
    answer = client.post(
        "/cases/act/", {"case": [fine.public_id, odd.public_id], "action": "published"}
    )
    assert messages_of(answer)[0] == "1 case: publish."
    assert odd.source_key in messages_of(answer)[1] and "gone_label" in messages_of(answer)[1]
    statuses = dict(Case.objects.values_list("pk", "status"))
    assert statuses == {fine.pk: "published", odd.pk: "draft"}


def test_what_is_held_out_is_offered_to_nobody_and_tests_only_to_no_practice(
    client, nodule_case, trainee
):
    client.post("/cases/act/", {"case": [nodule_case.public_id], "action": "split-test"})
    assert next_case_for(trainee, "localize") is None
    assert nodule_case in playable(trainee, "localize")
    client.post("/cases/act/", {"case": [nodule_case.public_id], "action": "split-held_out"})
    assert nodule_case not in playable(trainee, "localize")


def test_the_case_page_tells_its_history(client, nodule_case, curator):
    services.set_status(case=nodule_case, status="review", by=curator, why="The side is unclear.")
    page = client.get(f"/cases/{nodule_case.public_id}/").content.decode()
    assert "The side is unclear." in page and curator.username in page


def test_a_changed_truth_keeps_both_versions(nodule_case, curator):
    with services.correcting(case=nodule_case, by=curator, why="It is calcified."):
        nodule_case.findings.filter(label="nodule_mass").update(severity="mild")
    newest, before = CaseChange.objects.filter(what="truth")
    assert (newest.version, newest.why, newest.by) == (2, "It is calcified.", curator)
    assert (before.version, before.by) == (1, None)
    assert before.said["findings"][0]["severity"] == ""
    assert newest.said["findings"][0]["severity"] == "mild"


def test_filters_are_empty_unless_said():
    assert DeskFilters() == DeskFilters("", "", "", "", "", "", "", "")


def test_where_a_case_is_offered_stands_in_its_history_with_the_reason(client, nodule_case):
    last = nodule_case.Split.values[-1]
    sent = {"action": f"split-{last}", "case": [nodule_case.public_id], "why": "For the exam."}
    client.post("/cases/act/", sent)
    change = nodule_case.changes.first()
    assert (change.why, change.said["before"]) == ("For the exam.", nodule_case.split)
