"""Double reading: blind, compared, settled, and only then published."""

from __future__ import annotations

import json

import pytest

from cases import second, series, services
from cases.models import Image, SecondReading, StudySeries
from cases.truth import NotRead
from tests import factories

BOX = [0.6, 0.2, 0.7, 0.3]


@pytest.fixture
def case(nodule_case, curator):
    """A case in review whose data set asks for a second reading; the curator drew it."""
    nodule_case.dataset.needs_second_reading = True
    nodule_case.dataset.save()
    nodule_case.status, nodule_case.edited_by = "review", curator
    nodule_case.save()
    return nodule_case


@pytest.fixture
def other(db):
    return factories.UserFactory(role="curator")


def read(client, case, *findings):
    return client.post(
        f"/cases/{case.public_id}/second/",
        {"findings": list(findings)},
        content_type="application/json",
    )


def drawn(case, label="nodule_mass", box=BOX):
    image = case.images.first().public_id
    return {"label": label, "regions": [{"image": image, "frame": 0, "shape": "box", "box": box}]}


HEART = {"label": "cardiomegaly", "regions": []}


def test_the_second_reader_is_told_nothing_of_the_truth(client_of, other, case):
    page = client_of(other).get(f"/cases/{case.public_id}/second/")
    assert page.context["page"]["findings"] == []
    text = page.content.decode()
    finding = case.findings.get(label="nodule_mass")
    report = case.reports.get().findings
    for secret in (finding.sentence, finding.public_id, report, case.indication):
        assert secret not in text


def test_who_drew_it_is_not_the_second_reader(client_of, curator, case):
    client = client_of(curator)
    answer = client.get(f"/cases/{case.public_id}/second/", follow=True)
    assert "the second reader is another curator" in answer.content.decode()
    assert read(client, case, HEART).status_code == 422
    assert not SecondReading.objects.exists()


def test_it_is_not_published_before(case):
    with pytest.raises(NotRead, match="second reading"):
        services.publish_case(case=case)
    case.refresh_from_db()
    assert case.status == "review"


def test_two_that_agree_are_settled_at_once(client_of, other, case):
    answer = read(client_of(other), case, drawn(case, box=[0.6, 0.2, 0.71, 0.3]), HEART)
    assert answer.json()["next"] == f"/cases/{case.public_id}/settle/"
    services.publish_case(case=case)
    case.refresh_from_db()
    assert (case.status, case.version) == ("published", 1)


def keys(case):
    return {one.key for one in second.differences(case, case.readings.get())}


def test_what_differs_is_named(client_of, other, case):
    nodule = case.findings.get(label="nodule_mass").public_id
    heart = case.findings.get(label="cardiomegaly").public_id
    moved = [0.64, 0.2, 0.74, 0.3]
    read(
        client_of(other),
        case,
        drawn(case, box=moved),
        drawn(case, "fracture", [0.1, 0.1, 0.2, 0.2]),
    )
    assert keys(case) == {f"both-{nodule}-0", f"first-{heart}", "second-1"}


def test_what_differs_is_shown_by_number_on_the_slices_it_lies_on(client_of, other, case):
    image = case.images.get()
    Image.objects.filter(pk=image.pk).update(frames=40, frame_order=list(range(40)))
    finding = drawn(case, box=[0.1, 0.6, 0.2, 0.7])
    [place] = finding["regions"]
    finding["regions"] = [place | {"frame": frame} for frame in (5, 6, 7)]
    read(client_of(other), case, finding, HEART)
    page = client_of(other).get(f"/cases/{case.public_id}/settle/").content.decode()
    found = second.differences(case, case.readings.get())
    assert [one.sentence.split(" gives")[0] for one in found] == [
        "Only the first reader",
        "Only the second reader",
    ]
    assert second.slices_shown(found) == [(0, 0), (0, 6)]
    for number, one in enumerate(found, start=1):
        assert f"<legend>{number}. {one.sentence}" in page and f">{number}</text>" in page
    assert "slice 1 of 40" in page and "slice 7 of 40" in page and "slice 6 of 40" not in page
    address = f"/{image.public_id}/{image.token}/"
    assert page.count('class="second"') == 1 and address in page


@pytest.mark.parametrize(("frame", "agrees"), [(2, True), (3, False)])
def test_slices_that_are_next_to_each_other_are_one_place(client_of, other, case, frame, agrees):
    Image.objects.update(frames=40, frame_order=list(range(40)))
    finding = drawn(case)
    finding["regions"][0]["frame"] = frame
    read(client_of(other), case, finding, HEART)
    found = second.differences(case, case.readings.get())
    assert [one.key.split("-")[0] for one in found] == ([] if agrees else ["first", "second"])


def test_a_film_is_shown_where_what_differs_has_no_place(client_of, other, case):
    read(client_of(other), case, drawn(case))
    page = client_of(other).get(f"/cases/{case.public_id}/settle/").content.decode()
    assert "1. Only the first reader gives Cardiomegaly" in page
    assert page.count("<figure>") == 1 and "</text>" not in page


def test_what_was_decided_becomes_the_truth(client_of, other, curator, case):
    nodule = case.findings.get(label="nodule_mass")
    heart = case.findings.get(label="cardiomegaly").public_id
    moved = [0.64, 0.2, 0.74, 0.3]
    read(
        client_of(other),
        case,
        drawn(case, box=moved),
        drawn(case, "fracture", [0.1, 0.1, 0.2, 0.2]),
    )
    client = client_of(curator)
    url = f"/cases/{case.public_id}/settle/"
    assert "Only the second reader gives Fracture" in client.get(url).content.decode()
    both = f"both-{nodule.public_id}-0"
    client.post(url, {both: "second", f"first-{heart}": "drop"})
    assert case.findings.count() == 2, "one is not decided, so nothing changes"
    client.post(url, {both: "second", f"first-{heart}": "drop", "second-1": "take"})
    labels = set(case.findings.values_list("label", flat=True))
    assert labels == {"nodule_mass", "fracture"}
    assert nodule.regions.get(alternate=False).box == tuple(moved)
    assert nodule.regions.get(alternate=True).reader == "1"
    case.refresh_from_db()
    assert case.version == 2 and second.is_settled(case)
    services.publish_case(case=case)


@pytest.mark.parametrize(
    "said", [{"side": "left"}, {"regions": 2}], ids=["another side", "a second place"]
)
def test_who_says_something_else_of_the_same_place_does_not_agree(client_of, other, case, said):
    finding = drawn(case)
    if "side" in said:
        finding["side"] = said["side"]
    else:
        finding["regions"].append({**finding["regions"][0], "box": [0.1, 0.6, 0.2, 0.7]})
    read(client_of(other), case, finding, HEART)
    (key,) = keys(case)
    assert key.startswith("both-")
    second.settle(case=case, decisions={key: "second"}, by=other)
    nodule = case.findings.get(label="nodule_mass")
    assert nodule.side == finding.get("side", "")
    assert nodule.regions.filter(alternate=False).count() == len(finding["regions"])


def test_who_drew_it_before_somebody_else_changed_the_age_is_no_second_reader(curator, other, case):
    with services.correcting(case=case, by=curator, why="Moved."):
        case.findings.filter(label="nodule_mass").update(severity="mild")
    with services.correcting(case=case, by=other, why="Asked."):
        type(case).objects.filter(pk=case.pk).update(age=41)
    case.refresh_from_db()
    assert case.edited_by == other
    assert "the second reader is another curator" in second.why_not(case, curator)


def test_a_case_that_waits_for_no_reading_is_not_read(client_of, other, case):
    case.dataset.needs_second_reading = False
    case.dataset.save()
    assert "no second reading" in read(client_of(other), case, drawn(case)).json()["error"]


def test_a_truth_that_changes_while_many_are_published_is_not_published_unread(
    client_of, curator, other, case
):
    read(client_of(other), case, drawn(case), HEART)
    stale = type(case).objects.get(pk=case.pk)
    with services.correcting(case=case, by=curator, why="Moved."):
        case.findings.filter(label="nodule_mass").update(severity="mild")
    with pytest.raises(NotRead):
        services.publish_case(case=stale)


def test_a_truth_that_changed_since_is_read_again(client_of, other, curator, case):
    read(client_of(other), case, drawn(case), HEART)
    with services.correcting(case=case, by=curator, why="Moved."):
        case.findings.filter(label="nodule_mass").update(severity="mild")
    case.refresh_from_db()
    with pytest.raises(NotRead):
        services.publish_case(case=case)


def test_it_is_read_once(client_of, other, case):
    client = client_of(other)
    read(client, case, drawn(case), HEART)
    assert "read a second time already" in read(client, case, HEART).json()["error"]
    assert SecondReading.objects.count() == 1


@pytest.fixture
def of_two_series(case):
    """The case with a second series; its findings lie on the first."""
    first = case.images.get()
    first.source_name = "s1"
    first.save()
    factories.ImageFactory(case=case, position=1, source_name="s2")
    StudySeries.objects.create(
        dataset=case.dataset, source_key=case.source_key, known=[["s1", "One"], ["s2", "Two"]]
    )
    return case


def test_what_the_second_reader_drew_stays_on_its_series_when_their_order_changes(
    client_of, other, curator, of_two_series
):
    case = of_two_series
    read(client_of(other), case, drawn(case, box=[0.1, 0.6, 0.2, 0.7]), HEART)
    series.choose(case=case, keys=["s2", "s1"], by=curator)
    page = client_of(other).get(f"/cases/{case.public_id}/settle/")
    found = page.context["differences"]
    assert {place.image for one in found for place in one.places} == {1}
    takes = {one.key: one.choices[-1][0] for one in found}
    second.settle(case=case, decisions=takes, by=other)
    [region] = case.findings.get(label="nodule_mass").regions.filter(alternate=False)
    assert (region.image.source_name, region.box) == ("s1", (0.1, 0.6, 0.2, 0.7))


def test_a_series_that_only_the_second_reader_drew_on_does_not_go(
    client_of, other, curator, of_two_series
):
    case = of_two_series
    finding = drawn(case)
    finding["regions"][0]["image"] = case.images.get(source_name="s2").public_id
    read(client_of(other), case, finding, drawn(case), HEART)
    with pytest.raises(series.CannotChoose, match="second reader has places"):
        series.choose(case=case, keys=["s1"], by=curator)
    assert case.images.count() == 2


@pytest.mark.parametrize("body", ["{", "[]", json.dumps({"findings": [{"label": "x"}]})])
def test_what_is_no_reading_is_refused(client_of, other, case, body):
    url = f"/cases/{case.public_id}/second/"
    answer = client_of(other).post(url, body, content_type="application/json")
    assert answer.status_code == 422 and answer.json()["error"]
