"""Data sets' own labels: listed, mapped at the desk, and followed by imports."""

from __future__ import annotations

import pytest

from cases import tasks
from cases.importers.base import ImportedCase, ImportedFinding, ImportedRegion
from cases.mapping import follow, map_label, mapped, take_back, unmapped_labels
from cases.models import Case, CaseChange, LabelMapping
from tests import factories

ODD = {
    "label": "Lungenherd",
    "sentence": "A round shadow.",
    "regions": [
        {
            "image": 0,
            "frame": 0,
            "reader": "1",
            "alternate": False,
            "shape": "box",
            "points": [],
            "box": [0.1, 0.2, 0.3, 0.4],
        }
    ],
}
REASON = "case-1, finding 1: The label “Lungenherd” is not in the taxonomy; it is kept as unmapped."


def odd_case(**values):
    image = factories.ImageFactory(case=factories.CaseFactory(status="review", **values))
    Case.objects.filter(pk=image.case_id).update(unmapped=[ODD], review_reasons=[REASON, "More."])
    return Case.objects.get(pk=image.case_id)


@pytest.fixture
def client(client_of, curator):
    return client_of(curator)


def test_they_are_listed_with_how_many_cases_have_them(client, db):
    odd_case(), odd_case()
    [found] = unmapped_labels()
    assert (found.name, found.cases, found.sentence) == ("Lungenherd", 2, "A round shadow.")
    page = client.get("/cases/labels/").content.decode()
    assert "Lungenherd" in page and "A round shadow." in page


def test_one_that_people_call_so_is_suggested(db):
    odd_case()
    Case.objects.update(unmapped=[{**ODD, "label": "PTX"}])
    assert unmapped_labels()[0].suggestion == "pneumothorax"


def test_a_mapping_makes_findings_of_them(client, curator):
    case = odd_case()
    form = {"dataset": case.dataset.slug, "name": "Lungenherd", "label": "nodule_mass"}
    client.post("/cases/labels/", form)
    case.refresh_from_db()
    finding = case.findings.get()
    assert (finding.label, finding.source_label) == ("nodule_mass", "Lungenherd")
    assert finding.sentence == "A round shadow." and finding.significance
    assert finding.regions.get().box == (0.1, 0.2, 0.3, 0.4)
    assert case.unmapped == [] and case.review_reasons == ["More."] and case.version == 2
    assert CaseChange.objects.filter(case=case, version=2).get().by == curator
    assert "Nodule / mass" in client.get("/cases/labels/").content.decode()


def test_a_wrong_mapping_is_taken_back_and_its_cases_wait_as_before(client, curator):
    elsewhere = factories.DatasetFactory(slug="elsewhere")
    case, other = odd_case(), factories.CaseFactory(dataset=elsewhere)
    factories.FindingFactory(case=other, label="nodule_mass", source_label="Lungenherd")
    map_label(dataset=case.dataset, name="Lungenherd", label="nodule_mass", by=curator)
    Case.objects.filter(pk=case.pk).update(status="published", review_reasons=[])
    form = {"dataset": case.dataset.slug, "name": "Lungenherd", "label": "take-back"}
    page = client.post("/cases/labels/", form, follow=True).content.decode()
    assert "is not mapped any more; its cases wait in review" in page
    case.refresh_from_db()
    assert case.unmapped == [ODD] and not case.findings.exists() and case.version == 3
    assert case.status == "review" and "Lungenherd" in case.review_reasons[0]
    assert case.changes.get(what="status").by == curator
    assert other.findings.exists() and not LabelMapping.objects.exists()
    map_label(dataset=case.dataset, name="Lungenherd", label="pneumothorax", by=curator)
    case.refresh_from_db()
    assert case.findings.get().label == "pneumothorax" and case.review_reasons == []


def test_a_mapping_of_many_cases_is_taken_back_bit_by_bit(curator, monkeypatch):
    case = odd_case()
    odd_case(dataset=case.dataset)
    map_label(dataset=case.dataset, name="Lungenherd", label="nodule_mass", by=curator)
    monkeypatch.setattr("cases.mapping.AT_ONCE", 1)
    mapping = LabelMapping.objects.get()
    assert take_back(mapping, curator) == 1 and LabelMapping.objects.exists()
    assert take_back(mapping, curator) == 0 and not LabelMapping.objects.exists()


def test_what_is_no_finding_is_left_out_and_the_truth_stays(client):
    case = odd_case()
    client.post(
        "/cases/labels/", {"dataset": case.dataset.slug, "name": "Lungenherd", "label": "-"}
    )
    case.refresh_from_db()
    assert case.unmapped == [] and case.version == 1 and not case.findings.exists()


@pytest.mark.parametrize("label", ["", "no_such_label"])
def test_a_label_that_does_not_exist_is_refused(client, label):
    case = odd_case()
    form = {"dataset": case.dataset.slug, "name": "Lungenherd", "label": label}
    client.post("/cases/labels/", form)
    assert not LabelMapping.objects.exists()
    assert Case.objects.get().unmapped == [ODD]


def test_an_import_follows_it(db):
    region = ImportedRegion((0.1, 0.2, 0.3, 0.4))
    unknown = ImportedFinding("Lungenherd", regions=(region,))
    case = ImportedCase("a", (), findings=(unknown, ImportedFinding("pneumothorax")))
    after = mapped(case, {"Lungenherd": "nodule_mass"})
    assert [one.label for one in after.findings] == ["pneumothorax", "nodule_mass"]
    assert after.findings[1].source_label == "Lungenherd"
    assert mapped(case, {"Lungenherd": ""}).findings == (ImportedFinding("pneumothorax"),)
    assert mapped(case, {}) is case
    aside = ImportedCase("a", (), unmapped=(unknown, ImportedFinding("Other")))
    after = mapped(aside, {"Lungenherd": "nodule_mass"})
    assert [one.label for one in after.unmapped] == ["Other"]
    assert [one.label for one in after.findings] == ["nodule_mass"]


def test_a_label_of_the_taxonomy_is_never_mapped_away(db):
    case = ImportedCase("a", (), findings=(ImportedFinding("pneumothorax"),))
    assert mapped(case, {"pneumothorax": "nodule_mass"}).findings == case.findings


def test_more_than_a_request_does_is_left_to_the_task_and_done_once(curator, monkeypatch):
    cases = [odd_case() for _ in range(3)]
    monkeypatch.setattr("cases.mapping.AT_ONCE", 1)
    left = map_label(dataset=cases[0].dataset, name="Lungenherd", label="nodule_mass", by=curator)
    assert left == 2
    mapping = LabelMapping.objects.get()
    assert tasks.follow_mapping(mapping.pk) == 2
    assert tasks.follow_mapping(mapping.pk) == 0
    follow(cases[0].pk, "Lungenherd", "nodule_mass", curator)
    assert [case.findings.count() for case in cases] == [1, 1, 1]
