"""Images for the viewer, the curator's desk and a case with its truth."""

from __future__ import annotations

from tests import factories


def address(image, number=0):
    return f"/images/{image.public_id}/{image.digest}/{number}.png"


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


def test_the_desk_costs_the_same_for_many_cases(
    client_of, curator, nodule_case, django_assert_max_num_queries
):
    for _ in range(30):
        factories.CaseFactory()
    client = client_of(curator)
    with django_assert_max_num_queries(10):
        client.get("/cases/")


def test_a_curator_sees_the_truth_with_its_boxes(client_of, curator, nodule_case):
    page = client_of(curator).get(f"/cases/{nodule_case.public_id}/").content.decode()
    assert "Nodule / mass" in page
    assert "<rect" in page
    assert "Nodule in the left upper lobe." in page


def test_a_status_that_does_not_exist_is_told_and_changes_nothing(client_of, curator, nodule_case):
    response = client_of(curator).post(
        f"/cases/{nodule_case.public_id}/status", {"status": "deleted"}, follow=True
    )
    assert "not a status a case can have" in response.content.decode()
    nodule_case.refresh_from_db()
    assert nodule_case.status == "published"
