"""What may tell who somebody is is found in free text, and radiology is not taken for it."""

from __future__ import annotations

import json
import tarfile
import time
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cases.checks import checks_of
from cases.curating import draft_of, read_draft
from cases.imaging import Source
from cases.importers.base import (
    ImportedCase,
    ImportedFinding,
    ImportedImage,
    ImportedRegion,
    ImportedReport,
)
from cases.importers.completeness import judged
from cases.telling import AGE, CONTACT, DAY, NAME, NUMBER, looks_like_a_persons, told_in
from tests.cases.files import REAL_DATA, needs_real_data

pytestmark = pytest.mark.any_database

TELLING = {
    DAY: (
        "Compared with 03/14/2019.",
        "Compared with 14.03.2019.",
        "Study of 2019-03-14, unchanged.",
        "Prior of 3/14/19.",
        "Voraufnahme vom 14.03.19.",
        "Comparison: March 14, 2019.",
        "Comparison: 14 Mar 2019.",
        "Comparado con el 14 de marzo de 2019.",
        "Vergleich zum 14. März 2019.",
        "Comparaison au 14 août 2019.",
        "Comparado com 1 de fevereiro de 2019.",
    ),
    NAME: (
        "Discussed with Dr. Weaver by telephone.",
        "Reported to Dr Anna Weaver.",
        "Mrs. O'Hara was informed.",
        "Herr Dr. Müller wurde informiert.",
        "Frau Schmidt wurde informiert.",
        "Informado a la Dra. García.",
        "Communiqué au Dr Lefèvre.",
        "Informado ao Sr. Pereira.",
        "Patient: Weaver, Anna",
        "Electronically signed by Anna Weaver",
        "WEAVER^ANNA",
    ),
    NUMBER: (
        "MRN: 4711023",
        "Accession no. A-2019-44713",
        "Patient ID 00471",
        "Fallnummer 471123",
        "historia clínica 471123",
        "see 10442193",
        "SSN 123-45-6789",
        "1.2.840.113619.2.55.3.604688.119",
    ),
    CONTACT: (
        "Call 555-867-5309 with questions.",
        "Pager 44713.",
        "Rückruf Tel. 089 44713",
        "Write to radiology@example.org.",
        "+49 89 4471 3000",
    ),
    AGE: (
        "94-year-old woman with cough.",
        "A 101 yo man.",
        "92-jährige Patientin.",
        "Paciente de 93 años.",
        "Femme de 95 ans.",
        "Homem de 91 anos.",
        "Age: 97",
    ),
}
PLAIN = (
    "Nodule of 12 x 14 mm, 4.5.2 cm, in segment 5/6.",
    "Fractures of the left ribs 5-6-10 and of T10-11-12; L1/2 narrowed.",
    "Fractures of ribs 4, 5, 6 and 7/8.",
    "88-year-old man; a 5 yo child; surgery 92 years ago.",
    "Comparison is made to XX/XX/XXXX. Findings discussed with Dr. XXXX.",
    "Compared with [**2134-01-05**], Dr. [**Last Name 1**] was told.",
    "Compared with ___. Dr. ___ was told at 14:35.",
    "Stable since 2014. Progression may be seen. In May.",
    "M. tuberculosis. No pneumothorax. Mr or CT is advised.",
    "The patient: rotated. Name the lesion. ID as above.",
    "Frau mit Husten seit 3/7 Tagen. Herz normal.",
    "Señora con tos. Doctor informed. Kerley B lines, Swan-Ganz catheter, Port-A-Cath.",
    "HU 120000 is none: 1,200,000 of 12 000 000.5",
    "CXR PA/LAT. Reported to have cough. Signed by the radiologist.",
    "Patient number one. The accession is pending. Case no longer seen.",
)


@pytest.mark.pure
@pytest.mark.parametrize(
    ("what", "text"), [(what, text) for what, texts in TELLING.items() for text in texts]
)
def test_what_tells_is_found_as_what_it_is(what, text):
    assert [one.what for one in told_in(text)] == [what]
    [told] = told_in(text)
    assert told.text in text


MONTHS = """
Jan January Januar janvier janeiro enero ene Feb February Februar febrero février févr fevereiro
fev Mar March März marzo mars março Apr April abril avril avr May mayo Mai maio Jun June Juni junio
juin junho Jul July Juli julio juillet julho Aug August agosto août Sep Sept September septiembre
septembre setembro set Oct October octubre octobre Okt Oktober outubro out Nov November noviembre
novembre novembro Dec December Dez Dezember dezembro déc décembre dic diciembre
"""
TITLES = """
Dr Drs Dra Mr Mrs Ms Mme Mlle Sr Sra Srta Prof Herr Herrn Frau Monsieur Madame Señor Señora Senhor
Senhora Don Doña Doctor
"""
NUMBERED = (
    *(
        "MRN",
        "Medical record",
        "Accession",
        "Acc",
        "Patient ID",
        "Patient number",
        "Patientennummer",
    ),
    *("SSN", "ID", "Fallnummer", "Historia", "Historia clínica", "NHC", "DNI", "Dossier", "IPP"),
    *("NIP", "Prontuário", "CPF", "Case no", "Exam no", "Study no"),
)
AGO = (
    *("years ago", "years before", "years earlier", "years prior", "Jahre zuvor", "años antes"),
    *("anos atrás", "ans avant", "ans auparavant"),
)


@pytest.mark.pure
@pytest.mark.parametrize(
    ("what", "text"),
    [
        *((DAY, f"Comparison: 14 {month} 2019.") for month in MONTHS.split()),
        *((NAME, f"Told to {title} Weaver.") for title in TITLES.split()),
        *((NUMBER, f"{word}: 471123") for word in NUMBERED),
        *((None, f"Surgery 92 {words}.") for words in AGO),
        *((NUMBER, "See 1044219."), (None, "See 104421.")),
    ],
)
def test_every_word_that_announces_something_is_known(what, text):
    assert [one.what for one in told_in(text)] == ([what] if what else [])


@pytest.mark.pure
@pytest.mark.parametrize("text", PLAIN)
def test_radiology_and_what_was_taken_out_already_is_no_person(text):
    assert told_in(text) == []


@pytest.mark.pure
@needs_real_data
def test_real_reports_without_names_raise_no_alarm():
    with tarfile.open(REAL_DATA / "openi_reports_odd.tar.gz") as archive:
        files = [one for one in archive if one.name.endswith(".xml")]
        assert len(files) > 1900
        for file in files:
            root = ElementTree.parse(archive.extractfile(file)).getroot()
            text = "\n".join(one.text or "" for one in root.iter("AbstractText"))
            assert told_in(text) == [], file.name
    for line in (REAL_DATA / "report_sentences_dev.jsonl").read_text().splitlines():
        assert told_in(json.loads(line)["text"]) == []


@pytest.mark.pure
def test_a_long_text_of_any_kind_is_read_in_no_time():
    start = time.process_time()
    for piece in ("1/2/", "Dr. Aa ", "a.b@", "1.2.", "A^", "123 ", "Aa-", "patient ", "\n", "[**"):
        told_in(piece * (20_000 // len(piece)))
    assert time.process_time() - start < 20


@pytest.mark.pure
def test_an_imported_text_that_may_tell_who_somebody_is_holds_the_case_and_is_not_repeated():
    case = ImportedCase(
        key="k",
        images=(),
        reports=(ImportedReport("en", "Clear lungs.", "Discussed with Dr. Weaver."),),
        indication="94-year-old man",
        findings=(ImportedFinding("pleural_effusion", sentence="As on 03/14/2019."),),
    )
    said = [one.sentence for one in judged(case, []).problems]
    assert said == [
        "In its report may stand a person's name: look before others do.",
        "In its indication may stand an age over 89: look before others do.",
        "In its findings' text may stand a date: look before others do.",
    ]


@pytest.mark.pure
@pytest.mark.parametrize(
    "said",
    [
        {"unmapped": (ImportedFinding("", sentence="As Dr. Weaver saw.", source_label="Spot"),)},
        {"unmapped": (ImportedFinding("", source_label="Spot of Dr. Weaver"),)},
        {"findings": (ImportedFinding("no_such", sentence="Told by Dr. Weaver."),)},
        {"findings": (ImportedFinding("pleural_effusion", severity="Dr. Weaver"),)},
        {"images": (ImportedImage("a.png", Source(()), "prior", "Mrs. Weaver, before"),)},
    ],
)
def test_what_nobody_mapped_yet_and_what_stands_beside_films_is_read_too(said):
    case = ImportedCase(**{"key": "k", "images": (), **said})
    found = [one.sentence for one in judged(case, [[0]]).problems]
    assert any("may stand a person's name" in one for one in found)
    assert not any("In its" in one and "Weaver" in one for one in found)


@pytest.mark.pure
def test_readers_who_are_called_by_name_or_address_are_numbers():
    names = ("Dr. Ann Weaver", "1", "ann.weaver@example.org", "R8", "")
    places = tuple(
        ImportedRegion((0.1, 0.1, 0.2, 0.2 + number / 10), reader=name, alternate=number > 0)
        for number, name in enumerate(names)
    )
    spot = ImportedFinding("", source_label="Spot", regions=places[:1])
    case = ImportedCase(
        "k", (), (ImportedFinding("nodule_mass", regions=places),), unmapped=(spot,)
    )
    found = judged(replace(case, images=(ImportedImage("a.png", Source(())),)), [[0]])
    assert [one.reader for one in found.findings[0].regions] == ["2", "1", "3", "R8", ""]
    assert [one.reader for one in found.unmapped[0].regions] == ["2"]


def test_a_name_in_what_nobody_mapped_is_told_at_the_desk(nodule_case):
    nodule_case.unmapped = [{"label": "Spot", "sentence": "As Dr. Weaver saw.", "regions": []}]
    nodule_case.save()
    found = [one.sentence for one in checks_of(nodule_case, draft_of(nodule_case), [])]
    assert any(one.startswith("A label that is not mapped may hold a person's") for one in found)


PERSONS = (
    *("Doe_John.png", "DOE^JOHN", "Mueller, Hans.dcm", "a/Anna Miller/x.png", "O'Neil_Sean.jpg"),
    *("scan_1956-04-12.png", "x/Müller-Lüdenscheidt Erika.dcm", "Chest_Doe_John_PA.png"),
)
NOBODY = (
    *("00000001_000.png", "p10/p10000032/s50414267", "patient00001/study1/view1_frontal.jpg"),
    *("CXR1_1_IM-0001-4001", "MCUCXR_0001_0", "CHNCXR_0327_1.png", "LIDC-IDRI-0001", "Chest_PA"),
    *("BACTERIA-1083680-0001.jpeg", "film-002", "1.2.826.0.1.3680043.8.498", "IMG_0001.JPG"),
    *("216840111366964012283393834152009033102258826_00-059-087.png", "Pleural_Effusion_12.png"),
    *("Left Upper Lobe Nodule.png", "Normal Chest 12", "train/Lung_Opacity-1", "", ".", "a/.png"),
)


@pytest.mark.pure
@pytest.mark.parametrize("name", PERSONS)
def test_a_file_that_may_be_called_by_a_person_is_told(name):
    assert looks_like_a_persons(name)


@pytest.mark.pure
@pytest.mark.parametrize("name", NOBODY)
def test_what_data_sets_call_their_files_is_no_person(name):
    assert not looks_like_a_persons(name)


@pytest.mark.pure
@needs_real_data
def test_no_image_of_the_real_tables_is_a_person():
    with (REAL_DATA / "nih_Data_Entry_2017_first3000.csv").open() as table:
        assert not [row for row in table if looks_like_a_persons(row.split(",")[0])]
    assert not [
        path.name for path in (REAL_DATA / "images").rglob("*") if looks_like_a_persons(path.name)
    ]


@pytest.mark.pure
def test_a_case_called_by_a_person_is_held_whether_the_key_or_a_file_is():
    image = ImportedImage("Doe_John.png", Source((Path("x.png"),)))
    for case in (
        ImportedCase("k", (image,)),
        ImportedCase("Doe_John", (replace(image, name="a"),)),
    ):
        [said] = [one.sentence for one in judged(case, [(0,)]).problems]
        assert "looks like a person's name" in said and "Doe" not in said


@pytest.mark.django_db
def test_the_desk_says_where_it_stands_while_one_works(nodule_case, curator, client_of):
    finding = {"label": "nodule_mass", "sentence": "As on 03/14/2019.", "regions": []}
    sent = {
        "findings": [finding],
        "context": {"age": 50, "sex": "F", "indication": "Call 555-867-5309", "comparison": ""},
        "reports": [{"language": "en", "findings": "A nodule. MRN: 44713", "impression": ""}],
        "explanation": "Found by Dr. Weaver.",
    }
    found = checks_of(nodule_case, read_draft(nodule_case, sent))
    persons = {one.sentence: one.finding for one in found if one.kind == "person"}
    assert persons == {
        "The report in “en” may hold the number of a patient or study: “MRN: 44713”. "
        "Take it out if it is one.": None,
        "The indication may hold an address or telephone number: “555-867-5309”. "
        "Take it out if it is one.": None,
        "The explanation may hold a person's name: “Dr. Weaver”. Take it out if it is one.": None,
        "Nodule / mass: its text may hold a date: “03/14/2019”. Take it out if it is one.": 1,
    }
    url = f"/cases/{nodule_case.public_id}/checks"
    page = client_of(curator).post(url, sent, content_type="application/json").content.decode()
    assert page.count("check-person") == 4
