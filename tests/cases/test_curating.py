"""A case's truth worked on at the desk: drawn, described, checked, stored with a reason."""

from __future__ import annotations

import copy
import json

import pytest

from cases import curating
from cases.checks import checks_of
from cases.duplicates import fill_fingerprints, twins_of
from cases.imaging.fingerprint import bands_of, distance, fingerprint
from cases.importers.base import UNTOLD
from cases.models import CaseChange, Image
from tests import factories
from tests.cases.pictures import film, png_of, webp_of


def sent(case) -> dict:
    """What the page sends of a case that nobody changed."""
    page = curating.page_of(case, lambda image: {"id": image.public_id})
    keys = ("findings", "context", "reports", "explanation", "stamp")
    return copy.deepcopy({key: page[key] for key in keys}) | {"why": ""}


@pytest.fixture
def client(client_of, curator):
    return client_of(curator)


def save(client, case, data):
    return client.post(f"/cases/{case.public_id}/truth", data, content_type="application/json")


def nodule_of(data):
    return next(one for one in data["findings"] if one["label"] == "nodule_mass")


def test_the_page_has_all_that_is_stored(client, nodule_case):
    page = client.get(f"/cases/{nodule_case.public_id}/curate/")
    assert page.status_code == 200
    [nodule, heart] = page.context["page"]["findings"]
    assert nodule["regions"][0]["box"] == [0.6, 0.2, 0.7, 0.3]
    assert (heart["label"], heart["regions"]) == ("cardiomegaly", [])


def test_what_nobody_changed_is_stored_as_no_change(client, nodule_case):
    answer = save(client, nodule_case, sent(nodule_case) | {"why": "Nothing."})
    assert answer.status_code == 200 and answer.json()["version"] == 1
    nodule_case.refresh_from_db()
    assert not nodule_case.is_corrected and not CaseChange.objects.exists()


def test_a_moved_box_is_a_version_with_a_reason_and_keeps_its_ids(client, curator, nodule_case):
    before = nodule_case.findings.get(label="nodule_mass")
    region = before.regions.get()
    data = sent(nodule_case) | {"why": "It lies lower."}
    nodule_of(data)["regions"][0]["box"] = [0.6, 0.4, 0.7, 0.5]
    assert save(client, nodule_case, data).json()["version"] == 2
    after = nodule_case.findings.get(label="nodule_mass")
    moved = after.regions.get()
    assert after.public_id == before.public_id and moved.public_id == region.public_id
    assert moved.box == (0.6, 0.4, 0.7, 0.5) and moved.reader == "1"
    nodule_case.refresh_from_db()
    assert nodule_case.edited_by == curator and nodule_case.source_truth["findings"]
    newest = CaseChange.objects.filter(what="truth").first()
    assert (newest.version, newest.why) == (2, "It lies lower.")


def test_every_shape_is_kept(client, nodule_case):
    image = nodule_case.images.get()
    Image.objects.filter(pk=image.pk).update(frames=5)
    places = [
        {"shape": "polygon", "points": [[0.1, 0.1], [0.3, 0.1], [0.2, 0.4]], "frame": 2},
        {"shape": "point", "points": [[0.5, 0.1], [0.5, 0.4]], "frame": 0},
        {"shape": "box", "box": [0.1, 0.1, 0.2, 0.2], "frame": 4},
    ]
    data = sent(nodule_case) | {"why": "Drawn anew."}
    data["findings"] = [
        {"label": "consolidation", "regions": [{"image": image.public_id, **place}]}
        for place in places
    ]
    assert save(client, nodule_case, data).status_code == 200
    outline, tip, box = [one.regions.get() for one in nodule_case.findings.all()]
    assert outline.box == (0.1, 0.1, 0.3, 0.4) and outline.frame == 2
    assert outline.outline == [[0.1, 0.1], [0.3, 0.1], [0.2, 0.4]]
    assert tip.tip == (0.5, 0.4) and tip.path == [[0.5, 0.1], [0.5, 0.4]]
    assert box.box == (0.1, 0.1, 0.2, 0.2) and box.reader == "curator"


def test_other_readers_places_stay(client, nodule_case):
    finding = nodule_case.findings.get(label="nodule_mass")
    factories.RegionFactory(finding=finding, reader="2", alternate=True)
    data = sent(nodule_case) | {"why": "Moved."}
    nodule_of(data)["regions"][0]["box"] = [0.6, 0.4, 0.7, 0.5]
    save(client, nodule_case, data)
    assert finding.regions.filter(alternate=True, reader="2").count() == 1


def test_context_reports_and_explanation_are_kept(client, nodule_case):
    data = sent(nodule_case) | {"why": "More is known.", "explanation": "Compare the apices."}
    data["context"] |= {"age": "97", "sex": "M", "indication": "Fever."}
    data["reports"][0]["impression"] = "A nodule."
    assert save(client, nodule_case, data).status_code == 200
    nodule_case.refresh_from_db()
    assert (nodule_case.age, nodule_case.sex, nodule_case.indication) == (90, "M", "Fever.")
    assert nodule_case.explanation == "Compare the apices."
    assert nodule_case.reports.get().impression == "A nodule."
    nothing = sent(nodule_case) | {"why": "No report.", "reports": []}
    save(client, nodule_case, nothing)
    assert not nodule_case.reports.exists()


def test_a_published_truth_changes_for_a_reason_only(client, nodule_case):
    data = sent(nodule_case)
    nodule_of(data)["sentence"] = "Something else."
    answer = save(client, nodule_case, data)
    assert answer.status_code == 422 and "why it changes" in answer.json()["error"]
    nodule_case.status = "review"
    nodule_case.save()
    assert (
        save(client, nodule_case, data | {"stamp": curating.stamp_of(nodule_case)}).status_code
        == 200
    )


def test_who_was_slower_is_told_and_overwrites_nothing(client, nodule_case):
    first, second = sent(nodule_case) | {"why": "A."}, sent(nodule_case) | {"why": "B."}
    nodule_of(first)["sentence"] = "First."
    nodule_of(second)["sentence"] = "Second."
    assert save(client, nodule_case, first).status_code == 200
    answer = save(client, nodule_case, second)
    assert answer.status_code == 409 and "Reload" in answer.json()["error"]
    assert nodule_case.findings.get(label="nodule_mass").sentence == "First."


BAD = {
    "label": ({"label": "no_such"}, "no label"),
    "side": ({"side": "up"}, "side"),
    "size": ({"size_mm": "big"}, "size"),
    "image": ({"regions": [{"image": "x", "shape": "box", "box": [0, 0, 1, 1]}]}, "image"),
    "frame": ({"regions": [{"frame": 1, "shape": "box", "box": [0, 0, 1, 1]}]}, "slice"),
    "shape": ({"regions": [{"shape": "circle"}]}, "shape"),
    "outside": ({"regions": [{"shape": "box", "box": [0, 0, 1, 1.2]}]}, "beside the image"),
    "reversed": ({"regions": [{"shape": "box", "box": [0.5, 0, 0.4, 1]}]}, "no area"),
    "corners": ({"regions": [{"shape": "polygon", "points": [[0, 0], [1, 1]]}]}, "three corners"),
    "endless size": ({"size_mm": 10**400}, "size"),
    "endless side": (
        {"regions": [{"shape": "box", "box": [0, 0, 10**400, 1]}]},
        "beside the image",
    ),
    "number": ({"regions": [{"shape": "point", "points": [["a", 1]]}]}, "beside the image"),
    "list": ({"regions": "all"}, "not a list"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_is_refused_with_a_sentence(client, nodule_case, name):
    changes, said = BAD[name]
    data = sent(nodule_case) | {"why": "x"}
    finding = nodule_of(data) | copy.deepcopy(changes)
    if isinstance(finding["regions"], list):
        image = nodule_case.images.get().public_id
        finding["regions"] = [{"image": image, "frame": 0, **one} for one in finding["regions"]]
    data["findings"] = [finding]
    answer = save(client, nodule_case, data)
    assert answer.status_code == 422 and said in answer.json()["error"]
    assert nodule_case.findings.count() == 2


def test_an_age_of_thousands_of_digits_is_refused(client, nodule_case):
    data = sent(nodule_case) | {"why": "x"}
    data["context"]["age"] = "9" * 5000
    answer = save(client, nodule_case, data)
    assert answer.status_code == 422 and "number of years" in answer.json()["error"]


@pytest.mark.parametrize("what", ["truth", "second/"])
def test_half_letters_that_no_database_holds_cost_nothing_else(client, nodule_case, what):
    nodule_case.dataset.needs_second_reading = True
    nodule_case.dataset.save()
    nodule_case.status = "review"
    nodule_case.save()
    half = "Round\ud800."
    data = sent(nodule_case) | {"explanation": half, "why": half}
    nodule_of(data)["sentence"] = nodule_of(data)["severity"] = half
    data["context"]["indication"] = half
    data["reports"][0]["findings"] = half
    url = f"/cases/{nodule_case.public_id}/{what}"
    assert client.post(url, json.dumps(data), content_type="application/json").status_code == 200
    if what == "truth":
        assert nodule_case.findings.get(label="nodule_mass").sentence == "Round?."
        assert nodule_case.reports.get().findings == "Round?."
    else:
        assert "Round?." in str(nodule_case.readings.get().findings)


@pytest.mark.parametrize("is_normal", [False, True])
def test_what_it_waited_for_is_no_reason_any_more_once_it_is_said(client, is_normal):
    case = factories.ImageFactory(case__status="review", case__knows_findings=False).case
    case.review_reasons = [f"study 12: {UNTOLD}", "Its table names no age."]
    case.save()
    place = {"image": case.images.get().public_id, "frame": 0, "box": [0.1, 0.1, 0.2, 0.2]}
    nodule = {"label": "nodule_mass", "regions": [place | {"shape": "box"}]}
    more = {"normal": True} if is_normal else {"findings": [nodule]}
    assert save(client, case, sent(case) | more).status_code == 200
    case.refresh_from_db()
    assert case.review_reasons == ["Its table names no age."]
    assert case.status == "review", "published by a person alone"


def test_a_case_whose_source_names_what_nobody_mapped_is_not_called_normal(client):
    case = factories.ImageFactory(case__status="review").case
    pages = [f"/cases/{case.public_id}/", f"/cases/{case.public_id}/curate/"]
    normal = ["A normal case: nothing to find", "None: a normal case"]
    for page, said in zip(pages, normal, strict=True):
        assert said in client.get(page).content.decode()
    case.unmapped = [{"label": "Lungenherd", "sentence": "", "regions": []}]
    case.save()
    for page, said in zip(pages, normal, strict=True):
        shown = client.get(page).content.decode()
        assert said not in shown and "not mapped" in shown


def test_that_there_is_nothing_to_find_is_said_and_not_guessed(client, curator):
    case = factories.ImageFactory(case__status="review", case__knows_findings=False).case
    assert save(client, case, sent(case)).status_code == 200
    case.refresh_from_db()
    assert not case.knows_findings and not case.is_corrected
    page = client.get(f"/cases/{case.public_id}/curate/").content.decode()
    assert "there is nothing to find" in page
    assert save(client, case, sent(case) | {"normal": True}).json()["version"] == 2
    case.refresh_from_db()
    assert case.knows_findings and case.edited_by == curator
    assert (
        "there is nothing to find"
        not in client.get(f"/cases/{case.public_id}/curate/").content.decode()
    )


@pytest.mark.parametrize("where", ["truth", "second/", "black-out"])
def test_what_is_too_large_is_refused_with_a_sentence(client, nodule_case, where):
    body = b'{"explanation": "' + b"x" * 2_600_000 + b'"}'
    url = f"/cases/{nodule_case.public_id}/{where}"
    answer = client.post(url, body, content_type="application/json")
    assert answer.status_code == 422
    assert "too large" in answer.json()["error"]


@pytest.mark.parametrize("body", ["[]", "{", '{"findings": 3}', "null"])
def test_what_is_no_truth_is_refused(client, nodule_case, body):
    url = f"/cases/{nodule_case.public_id}/truth"
    assert client.post(url, body, content_type="application/json").status_code == 422


def kinds(case, twins=()):
    return sorted(one.kind for one in checks_of(case, curating.draft_of(case), twins))


def sentences(case):
    return " ".join(one.sentence for one in checks_of(case, curating.draft_of(case)))


@pytest.fixture
def fine(nodule_case):
    """A case of which nothing is odd."""
    nodule_case.dataset.licence = "CC BY 4.0"
    nodule_case.dataset.save()
    return nodule_case


def test_a_whole_case_has_nothing_odd(fine):
    assert kinds(fine) == []


def test_each_oddity_is_told_with_a_reason(fine):
    fine.findings.filter(label="nodule_mass").update(side="right")
    assert "the side is right, and its place lies on the left" in sentences(fine)
    fine.findings.filter(label="nodule_mass").update(side="", sentence="Nodule on the right.")
    assert "its text says right, and it lies on the left" in sentences(fine)
    fine.images.update(orientation="")
    assert "side" not in kinds(fine)


def test_report_and_truth_are_compared(fine):
    fine.reports.update(findings="Large right pneumothorax. Enlarged heart. No nodule.")
    said = sentences(fine)
    assert "The report states Pneumothorax, and the truth has none." in said
    assert "Nodule / mass: the report says there is none." in said
    assert "Cardiomegaly" not in said
    fine.reports.update(findings="Enlarged heart.")
    assert "Nodule / mass: the report does not mention it." in sentences(fine)


def test_tiny_missing_and_unknown_are_told(fine):
    region = fine.findings.get(label="nodule_mass").regions.get()
    region.x1, region.y1 = region.x0 + 0.005, region.y0 + 0.005
    region.save()
    assert kinds(fine) == ["tiny"]
    region.delete()
    assert kinds(fine) == ["place"]
    fine.findings.filter(label="nodule_mass").update(label="gone")
    assert "label" in kinds(fine)


def test_terms_that_forbid_public_serving_are_told(fine):
    fine.dataset.licence, fine.dataset.access = "PhysioNet Credentialed Health Data", "open"
    assert kinds(fine) == ["terms"]
    fine.dataset.access = "credentialed"
    assert kinds(fine) == []


def test_the_page_checks_what_it_has_and_stores_nothing(client, nodule_case):
    data = sent(nodule_case)
    nodule_of(data)["side"] = "right"
    url = f"/cases/{nodule_case.public_id}/checks"
    page = client.post(url, data, content_type="application/json").content.decode()
    assert "the side is right" in page
    assert nodule_case.findings.get(label="nodule_mass").side == ""


def test_the_same_film_again_is_found_whatever_its_size_and_compression(db):
    pictures = [png_of(film(1)), webp_of(film(1), side=300), png_of(film(2))]
    first, again, other = [factories.ImageFactory(case=factories.CaseFactory()) for _ in pictures]
    for image, picture in zip((first, again, other), pictures, strict=True):
        image.thumbnail.storage.delete(image.thumbnail.name)
        image.thumbnail.storage.save(image.thumbnail.name, factories.ContentFile(picture))
    assert fill_fingerprints([first, again, other]) == 3
    assert fill_fingerprints(Image.objects.all()) == 0
    assert [twin.image for twin in twins_of([first])] == [again]
    assert kinds(first.case, twins_of([first])) == ["terms", "twin"]


def test_fingerprints_that_differ_in_three_bits_share_a_band():
    one = fingerprint(png_of(film(1)))
    for bits in ((0, 40, 80), (1, 2, 127), (33, 66, 99)):
        other = f"{int(one, 16) ^ sum(1 << bit for bit in bits):032x}"
        assert distance(one, other) == 3
        assert set(bands_of(one)) & set(bands_of(other))


def test_the_page_costs_the_same_for_many_findings(
    client, nodule_case, django_assert_max_num_queries
):
    for _ in range(30):
        finding = factories.FindingFactory(case=nodule_case, label="fracture")
        factories.RegionFactory(finding=finding)
    place = f"/cases/{nodule_case.public_id}"
    with django_assert_max_num_queries(9):
        assert client.get(f"{place}/curate/").status_code == 200
    data = sent(nodule_case)
    with django_assert_max_num_queries(11):
        answer = client.post(f"{place}/checks", data, content_type="application/json")
    assert answer.status_code == 200
