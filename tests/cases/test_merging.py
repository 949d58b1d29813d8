"""Of two cases of one film one is kept; the other is retired and points to it."""

from __future__ import annotations

import pytest

from cases.duplicates import fill_fingerprints
from cases.models import Case
from cases.services import merge_cases, restore_case
from tests import factories
from tests.cases.pictures import film, png_of

pytestmark = pytest.mark.django_db


def case_of(picture, key, status="published"):
    image = factories.ImageFactory(case__source_key=key, case__status=status)
    image.thumbnail.save("thumb.png", factories.ContentFile(picture))
    fill_fingerprints([image])
    return image.case


@pytest.fixture
def pair():
    picture = png_of(film(3))
    return case_of(picture, "one"), case_of(picture, "other", "review")


def test_one_is_kept_and_the_other_points_to_it(pair, curator, client_of):
    one, other = pair
    desk = client_of(curator)
    page = desk.get(f"/cases/{one.public_id}/").content.decode()
    assert "keep that one, retire this one" in page
    assert f'value="{other.public_id}"' in page
    url = f"/cases/{one.public_id}/merge"
    answer = desk.post(url, {"into": other.public_id, "why": "sharper"})
    assert answer.headers["Location"] == f"/cases/{other.public_id}/"
    one.refresh_from_db()
    assert (one.status, one.duplicate_of) == ("retired", other)
    assert "same film as other. sharper" in one.changes.first().why
    assert "one is the same film. sharper" in other.changes.first().why
    assert "was kept" in desk.get(f"/cases/{one.public_id}/").content.decode()
    assert "Looks like another case" not in desk.get(f"/cases/{other.public_id}/").content.decode()


def test_what_pointed_to_it_follows_and_restoring_lets_go(pair, curator):
    one, other = pair
    third = factories.CaseFactory(source_key="third")
    merge_cases(case=third, into=one, by=curator)
    merge_cases(case=one, into=other, by=curator)
    third.refresh_from_db()
    assert third.duplicate_of == other
    assert restore_case(case=one, by=curator).duplicate_of is None
    assert Case.objects.get(pk=one.pk).status == "published"


def test_itself_or_a_retired_one_is_refused_with_a_sentence(pair, curator, client_of):
    one, other = pair
    url = f"/cases/{one.public_id}/merge"
    Case.objects.filter(pk=other.pk).update(status="retired")
    for into, words in ((one, "of itself"), (other, "is retired"), (None, "Choose the case")):
        sent = {"into": into.public_id if into else "nothing"}
        answer = client_of(curator).post(url, sent, follow=True)
        assert words in answer.content.decode()
    one.refresh_from_db()
    assert one.status == "published"
