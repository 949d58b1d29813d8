"""Images for the viewer, the curator's desk and a case with its truth."""

from __future__ import annotations

import re
from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError

from cases import queries
from tests import factories


def address(image, number=0):
    return f"/images/{image.public_id}/{image.token}/{number}.png"


def test_an_image_may_be_kept_for_ever_by_its_reader_alone(client_of, trainee, nodule_case):
    response = client_of(trainee).get(address(nodule_case.images.get()))
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    again = client_of(trainee).get(
        address(nodule_case.images.get()), headers={"If-None-Match": response.headers["ETag"]}
    )
    assert again.status_code == 304


def test_an_address_of_other_pixels_is_not_served(client_of, trainee, nodule_case):
    image = nodule_case.images.get()
    assert client_of(trainee).get(f"/images/{image.public_id}/00000000/0.png").status_code == 404
    assert client_of(trainee).get(address(image, 1)).status_code == 404


def test_a_lost_file_is_told_in_words(client_of, trainee, nodule_case):
    image = nodule_case.images.get()
    image.rendition.storage.delete(image.rendition.name)
    response = client_of(trainee).get(address(image))
    assert response.status_code == 404
    assert "missing from the media storage" in response.content.decode()


def test_the_desk_filters_and_finds(client_of, curator, nodule_case):
    other = factories.CaseFactory(status="draft", source_key="another-study")
    client = client_of(curator)
    assert other.source_key in client.get("/cases/").content.decode()
    published = client.get("/cases/", {"status": "published"}).content.decode()
    assert nodule_case.source_key in published
    assert other.source_key not in published
    assert other.source_key in client.get("/cases/", {"text": "another"}).content.decode()


def test_going_back_to_the_desk_restores_the_whole_page(client_of, curator, nodule_case):
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    page = client_of(curator).get("/cases/?text=nodule", headers=headers).content.decode()
    assert "<html" in page


@pytest.mark.parametrize("text", ["", "nodule", "Nodule / mass"])
def test_the_desk_costs_the_same_for_many_cases(
    client_of, curator, nodule_case, django_assert_max_num_queries, text
):
    for _ in range(30):
        factories.FindingFactory(case=factories.CaseFactory(review_reasons=["One."]))
    client = client_of(curator)
    with django_assert_max_num_queries(10):
        assert client.get("/cases/", {"text": text}).status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        *("Nodule / mass", "nodule/mass", "nodule", "MASS", "nodule_mass", "nodule mass"),
        *("coin lesion", "SPN", "Lung Lesion", "enlarged h", "heart", "megaly"),
    ],
)
def test_the_desk_finds_by_what_people_call_a_label(client_of, curator, nodule_case, text):
    other = factories.CaseFactory(source_key="another-study")
    factories.FindingFactory(case=other, label="pneumothorax")
    page = client_of(curator).get("/cases/", {"text": text}).content.decode()
    assert page.count(nodule_case.source_key) == 1
    assert other.source_key not in page


@pytest.mark.parametrize("text", ["/", "___", "PTX", "%"])
def test_the_desk_finds_no_other_labels_case(client_of, curator, nodule_case, text):
    page = client_of(curator).get("/cases/", {"text": text}).content.decode()
    assert nodule_case.source_key not in page


def test_a_label_that_left_the_taxonomy_is_found_by_its_slug(client_of, curator):
    case = factories.FindingFactory(label="nodul_typo").case
    page = client_of(curator).get("/cases/", {"text": "nodul_ty"}).content.decode()
    assert case.source_key in page


def test_a_curator_sees_the_truth_with_its_boxes(client_of, curator, nodule_case):
    page = client_of(curator).get(f"/cases/{nodule_case.public_id}/").content.decode()
    assert "Nodule / mass" in page
    assert "<rect" in page
    assert "Nodule in the left upper lobe." in page


def test_pixels_higher_than_wide_are_shown_so_with_their_boxes(client_of, curator, nodule_case):
    nodule_case.images.update(width=60, height=40, pixel_aspect=2.5)
    page = client_of(curator).get(f"/cases/{nodule_case.public_id}/").content.decode()
    assert '<svg class="overlay" viewBox="0 0 60 100"' in page
    assert 'width="60" height="100" preserveAspectRatio="none"' in page
    box = [float(value) for value in re.findall(r'="([\d.]+)"', page.split("<rect")[1])[:4]]
    assert box == pytest.approx([36, 20, 6, 10])


def test_a_stack_shows_the_boxes_of_its_middle_slice_and_says_where_others_lie(
    client_of, curator, nodule_case
):
    image = nodule_case.images.get()
    nodule_case.images.update(frames=9)
    finding = nodule_case.findings.get(label="nodule_mass")
    finding.regions.update(frame=4)
    for frame in (2, 6):
        factories.RegionFactory(finding=finding, image=image, frame=frame)
    page = client_of(curator).get(f"/cases/{nodule_case.public_id}/").content.decode()
    assert page.count("<rect") == 1
    assert "slice 5 of 9, places on slices 3 to 7" in page


def test_a_status_that_does_not_exist_is_told_and_changes_nothing(client_of, curator, nodule_case):
    response = client_of(curator).post(
        f"/cases/{nodule_case.public_id}/status", {"status": "deleted"}, follow=True
    )
    assert "not a status a case can have" in response.content.decode()
    nodule_case.refresh_from_db()
    assert nodule_case.status == "published"


@pytest.mark.parametrize(
    ("orientation", "letters"),
    [
        ("LF", {"left": "R", "right": "L"}),
        ("RF", {"left": "L", "right": "R"}),
        ("LP", {"left": "R", "right": "L", "top": "A", "bottom": "P"}),
        ("", None),
    ],
)
def test_the_page_is_told_the_patients_sides_or_that_nobody_knows(db, orientation, letters):
    image = factories.ImageFactory(orientation=orientation)
    assert queries.viewer_image(image)["letters"] == letters


def test_an_age_over_89_is_shown_as_one_and_that_of_infants_in_words(
    client_of, curator, nodule_case
):
    client = client_of(curator)
    for age, shown in ((90, "90+"), (89, "89"), (1, "1"), (0, "under 1")):
        years = f"{shown} year{'s' * (age > 1)}\n"
        nodule_case.age = age
        nodule_case.save()
        assert years in client.get(f"/cases/{nodule_case.public_id}/").content.decode()
        assert f" {shown}</td>" in client.get("/cases/").content.decode()
        case = client.get(f"/localize/cases/{nodule_case.public_id}/").content.decode()
        assert f" {shown}</span>" in case and years in case


def test_no_older_age_can_be_typed_and_what_was_stored_is_capped(nodule_case):
    nodule_case.age = 97
    with pytest.raises(ValidationError, match="90"):
        nodule_case.full_clean()
    nodule_case.save()
    import_module("cases.migrations.0004_ages_over_89").cap(apps, None)
    nodule_case.refresh_from_db()
    assert nodule_case.age == 90
