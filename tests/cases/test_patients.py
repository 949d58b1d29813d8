"""Cases of one patient are offered together, whoever offers one of them elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from cases import patients, services
from cases.importers.studies.headers import _is_somebody
from cases.models import Case
from cases.packing import write_pack
from cases.patients import cases_of_patient, pseudonym
from tests.cases.files import ramp, write_dicom, write_png
from tests.cases.importing import run, table_row

pytestmark = pytest.mark.django_db


def studies(folder, *numbers, patient="4711", **elements):
    """A folder with a study of one film for each number, of one patient; the cases of it."""
    folder.mkdir(exist_ok=True)
    (folder / "dataset.json").write_text(f'{{"slug": "{folder.name}"}}')
    for number in numbers:
        values = np.random.default_rng(number).integers(0, 4000, (64, 64)).astype(np.uint16)
        study = {"StudyInstanceUID": f"1.2.{number}", "SeriesInstanceUID": f"1.2.{number}.1"}
        own = {"SOPInstanceUID": f"1.2.{number}.1.1", **study, **elements}
        write_dicom(folder / f"{number}.dcm", values, PatientID=patient, **own)
    run("dicom", folder)
    return list(Case.objects.filter(dataset__slug=folder.name).order_by("pk"))


def splits():
    return [*Case.objects.order_by("pk").values_list("split", flat=True)]


def test_where_one_goes_the_others_of_the_patient_follow_with_an_entry_each(tmp_path, curator):
    first, second = studies(tmp_path / "a", 1, 2)
    other = studies(tmp_path / "b", 3, patient="4712")[0]
    followed = services.set_split(case=second, split="test", by=curator, why="For the exam.")
    assert followed == [first]
    assert splits() == ["test", "test", "practice"]
    assert second.changes.first().why == "For the exam."
    entry = first.changes.first()
    assert entry.why == f"As {second.source_key}, of the same patient. For the exam."
    assert (entry.by, entry.said) == (curator, {"before": "practice", "after": "test"})
    assert not other.changes.exists()


def test_the_desk_tells_how_many_went_along(tmp_path, curator, client_of):
    first, second, _ = studies(tmp_path / "a", 1, 2, 3)
    sent = {"action": "split-test", "case": [first.public_id, second.public_id], "why": ""}
    page = client_of(curator).post("/cases/act/", sent, follow=True).content.decode()
    assert "2 cases: offer: tests only. 1 more is of the same patients, and went along." in page
    assert splits() == ["test"] * 3


def test_a_new_case_of_a_patient_is_held_back_as_the_others_are(tmp_path):
    (first,) = studies(tmp_path / "a", 1)
    services.set_split(case=first, split="held_out")
    studies(tmp_path / "a", 2)
    assert splits() == ["held_out", "held_out"]
    assert table_row(run("dicom", tmp_path / "a"), "unchanged") == 2


def test_the_same_number_in_another_data_set_is_another_patient(tmp_path):
    (first,) = studies(tmp_path / "a", 1)
    studies(tmp_path / "b", 2)
    assert services.set_split(case=first, split="test") == []


def test_a_picture_in_two_cases_links_them_without_a_number(tmp_path):
    (first,) = studies(tmp_path / "a", 1, patient="")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "1.dcm").write_bytes((tmp_path / "a" / "1.dcm").read_bytes())
    second = studies(tmp_path / "b")[0]
    assert first.patient == second.patient == ""
    assert services.set_split(case=first, split="test") == [second]


def test_cases_that_are_merged_are_of_one_patient(tmp_path, curator):
    one = studies(tmp_path / "a", 1)[0]
    other = studies(tmp_path / "b", 2)[0]
    services.set_split(case=one, split="held_out")
    services.merge_cases(case=one, into=other, by=curator)
    assert splits() == ["held_out", "held_out"]


def test_links_lead_on_from_case_to_case(tmp_path):
    a = studies(tmp_path / "a", 1, 2)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.dcm").write_bytes((tmp_path / "a" / "2.dcm").read_bytes())
    b = studies(tmp_path / "b", 3)
    assert cases_of_patient(a[0]) == {case.pk for case in (*a, *b)}


def test_a_number_that_too_many_have_is_nobodys(tmp_path, monkeypatch):
    monkeypatch.setattr(patients, "MOST_STUDIES", 2)
    first, *_ = studies(tmp_path / "a", 1, 2, 3)
    assert services.set_split(case=first, split="test") == []


def test_no_number_of_a_patient_is_stored_and_none_can_be_found_by_trying(tmp_path, settings):
    (case,) = studies(tmp_path / "a", 1, patient="4711")
    assert case.patient.startswith("~") and "4711" not in case.patient
    assert len(case.patient) == patients.LONGEST
    settings.SECRET_KEY = "another one"
    assert pseudonym("a", "4711") != pseudonym("a", "4712")
    (case,) = studies(tmp_path / "a", 1, patient="4711")
    assert Case.objects.get().patient == case.patient


@pytest.mark.pure
def test_a_pseudonym_of_a_pseudonym_is_itself():
    assert pseudonym("b", pseudonym("a", " 17 ")) == pseudonym("a", "17") != pseudonym("b", "17")
    assert pseudonym("a", "  ") == ""


@pytest.mark.pure
@pytest.mark.parametrize("word", ["~Doe^John", "~4711", f"~{'F' * 24}", f"~{'a' * 25}", "~"])
def test_what_only_begins_as_a_pseudonym_does_is_none(word):
    found = pseudonym("a", word)
    assert patients.is_pseudonym(found) and found != word
    assert not patients.is_pseudonym(word) and not patients.is_pseudonym(f"{found}\n")


def test_a_patients_name_with_the_mark_before_it_is_not_stored(tmp_path):
    (case,) = studies(tmp_path / "a", 1, patient="~Doe^John")
    assert "Doe" not in case.patient and patients.is_pseudonym(case.patient)


@pytest.mark.pure
@pytest.mark.parametrize("word", ["", " ", "0", "000", "ANONYMOUS", "Unknown", "REMOVED", "--"])
def test_placeholders_are_nobody(word):
    assert not _is_somebody(word)


@pytest.mark.pure
@pytest.mark.parametrize("word", ["4711", "LIDC-IDRI-0001", "ANON0017", "Smith"])
def test_numbers_and_names_are_somebody(word):
    assert _is_somebody(word)


def test_a_pack_carries_the_pseudonyms_and_a_split_held_back_there_holds_back_here(tmp_path):
    first, _ = studies(tmp_path / "a", 1, 2)
    pack = tmp_path / "a.zip"
    services.set_split(case=first, split="held_out")
    write_pack(pack, first.dataset, [Case.objects.get(pk=first.pk)])
    before = [*Case.objects.order_by("pk").values_list("patient", flat=True)]
    Case.objects.update(split="practice")
    Case.objects.get(pk=first.pk).images.all().delete()
    Case.objects.get(pk=first.pk).delete()
    run("pack", pack)
    assert splits() == ["held_out", "held_out"]
    assert {*Case.objects.values_list("patient", flat=True)} == {*before}


def test_nih_tells_patients_by_the_names_of_films(tmp_path):
    names = ("00000001_000.png", "00000001_001.png", "00000002_000.png")
    for number, name in enumerate(names):
        write_png(tmp_path / name, (ramp() * (number + 1) / 4).astype(np.uint8))
    header = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,"
    header += "View Position,OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],\n"
    rows = [f"{name},No Finding,0,1,50,M,PA,2000,2000,0.1,0.1,\n" for name in names]
    (tmp_path / "Data_Entry_2017.csv").write_text(header + "".join(rows))
    run("nih", tmp_path)
    one, same, other = Case.objects.order_by("source_key")
    assert one.patient == same.patient != other.patient


def test_a_second_import_brings_the_patient_that_the_first_did_not_know(tmp_path):
    (case,) = studies(tmp_path / "a", 1, patient="")
    assert case.patient == ""
    (case,) = studies(tmp_path / "a", 1, patient="4711")
    assert case.patient != ""
