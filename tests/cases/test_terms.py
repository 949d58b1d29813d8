"""What a data set's license forbids: it is open to everybody only once somebody confirmed it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.urls import reverse

from cases.importers.base import DatasetInfo
from cases.models import Dataset
from cases.services import upsert_dataset
from tests import factories

pytestmark = pytest.mark.django_db

TERMS = "PhysioNet Credentialed Health Data License 1.5.0"


@pytest.fixture
def administration(client_of):
    return client_of(factories.UserFactory(is_staff=True, is_superuser=True))


def opened(administration, dataset, **more):
    sent = {"slug": dataset.slug, "title": dataset.title, "licence": TERMS, "access": "open"}
    address = reverse("admin:cases_dataset_change", args=[dataset.pk])
    answer = administration.post(address, sent | more)
    dataset.refresh_from_db()
    return answer.content.decode()


def test_a_set_whose_license_forbids_it_is_opened_with_a_confirmation_only(administration):
    dataset = factories.CaseFactory().dataset
    dataset.access = "credentialed"
    dataset.save()
    assert "seems to forbid that everybody sees it" in opened(administration, dataset)
    assert (dataset.access, dataset.terms_confirmed_at) == ("credentialed", None)
    opened(administration, dataset, confirm="on")
    assert dataset.access == "open"
    assert dataset.terms_confirmed_by.is_superuser
    opened(administration, dataset, title="Another title")
    assert dataset.title == "Another title", "it is confirmed once"
    other = opened(administration, dataset, licence="Data use agreement: credentialed access")
    assert "seems to forbid" in other, "and for its license alone"


def test_no_import_opens_such_a_set_by_itself():
    info = DatasetInfo("films", "Films", licence=TERMS, access="open")
    assert upsert_dataset(info).access == "registered"
    dataset = Dataset.objects.get()
    dataset.terms_confirmed_at = dataset.created_at
    dataset.save()
    assert upsert_dataset(info).access == "open"
    other = replace(info, licence=f"{TERMS}, second edition")
    assert upsert_dataset(other).access == "registered", "another license needs another word"
    assert upsert_dataset(info).terms_confirmed_at is None
    assert upsert_dataset(DatasetInfo("own", "Own", licence="CC BY 4.0", access="open")).access == (
        "open"
    )


def test_what_a_person_changed_of_a_set_outlives_its_next_import(administration):
    info = DatasetInfo("films", "Films", licence="CC BY 4.0", attribution="A clinic", version="1")
    dataset = upsert_dataset(info)
    address = reverse("admin:cases_dataset_change", args=[dataset.pk])
    told = {"licence": "CC BY 4.0", "attribution": "A clinic", "version": "1"}
    changed = {"slug": "films", "title": "Films of our clinic", "access": "private"}
    administration.post(address, told | changed)
    for later in (info, replace(info, title="Films, 2nd edition", access="open", version="2")):
        dataset = upsert_dataset(later)
        assert (dataset.title, dataset.access) == ("Films of our clinic", "private")
    assert dataset.version == "2", "what nobody changed follows the source"
    assert upsert_dataset(replace(info, attribution="Two clinics")).attribution == "Two clinics"


def test_a_set_that_a_person_opened_stays_open_until_its_license_changes(administration):
    info = DatasetInfo("films", "Films", licence=TERMS, access="credentialed")
    dataset = upsert_dataset(info)
    opened(administration, dataset, confirm="on")
    assert upsert_dataset(info).access == "open"
    assert upsert_dataset(replace(info, licence=f"{TERMS}, 2nd edition")).access == "registered"


def test_of_a_set_from_before_that_was_kept_who_may_see_it_stays():
    dataset = upsert_dataset(DatasetInfo("films", "Films", access="open"))
    Dataset.objects.update(source_said={}, access="private")
    dataset = upsert_dataset(DatasetInfo("films", "More films", access="open"))
    assert (dataset.access, dataset.title) == ("private", "More films")


@pytest.mark.parametrize(
    ("attribution", "licence", "said"),
    [
        ("Our clinic.", "CC BY 4.0", "Our clinic. License: CC BY 4.0."),
        ("Our clinic, CC BY 4.0.", "CC BY 4.0", "Our clinic, CC BY 4.0."),
        ("", "CC BY 4.0", "CC BY 4.0."),
        ("Our clinic.", "", "Our clinic."),
    ],
)
def test_whom_to_name_and_the_license_stand_wherever_a_case_is_shown(
    client_of, trainee, curator, nodule_case, attribution, licence, said
):
    where = "https://example.org/films"
    Dataset.objects.update(attribution=attribution, licence=licence, url=where)
    own, desk = client_of(trainee), client_of(curator)
    for game in ("localize", "report"):
        page = own.get(f"/{game}/cases/{nodule_case.public_id}/").content.decode()
        assert page.count(said) == 2 and f"License: {licence}" not in page.replace(said, "")
        assert f'href="{where}"' in page
    assert said in desk.get(f"/cases/{nodule_case.public_id}/").content.decode()
    Dataset.objects.update(url="javascript:alert(1)")
    page = own.get(f"/localize/cases/{nodule_case.public_id}/").content.decode()
    assert "Where it comes from" not in page and "alert(1)" not in page
