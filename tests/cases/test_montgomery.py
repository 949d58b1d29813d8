"""Films of Montgomery County and Shenzhen with their readings."""

from __future__ import annotations

import pytest

from cases.importers import SourceProblem, importer_named
from cases.models import Case
from tests.cases.files import write_png
from tests.cases.importing import run, table_row
from tests.cases.sources import read

pytestmark = pytest.mark.any_database

READINGS = {
    "MCUCXR_0001_0": "Patient's Sex: F\nPatient's Age: 027Y\nnormal\n\n",
    "MCUCXR_0104_1": "Patient's Sex: M\r\nPatient's Age: 093Y\r\nRUL infiltrate; scars.\r\n",
}


def films(folder, readings=READINGS):
    for name in ("CXR_png", "ClinicalReadings", "ManualMask/leftMask"):
        (folder / name).mkdir(parents=True)
    for name, text in readings.items():
        write_png(folder / "CXR_png" / f"{name}.png")
        write_png(folder / "ManualMask" / "leftMask" / f"{name}.png")
        (folder / "ClinicalReadings" / f"{name}.txt").write_text(text)
    return folder


@pytest.mark.django_db
def test_a_film_has_its_reading_age_and_sex_and_a_normal_one_is_normal(tmp_path):
    output = run("montgomery", films(tmp_path))
    assert table_row(output, "new") == 2
    normal, ill = Case.objects.order_by("source_key")
    assert (normal.knows_findings, normal.age, normal.sex) == (True, 27, "F")
    assert (ill.knows_findings, ill.age, ill.sex) == (False, 90, "M")
    assert ill.reports.get().findings == "RUL infiltrate; scars."
    assert (ill.dataset.slug, ill.images.count(), ill.status) == ("montgomery", 1, "published")


def test_shenzhens_readings_are_read_too(tmp_path):
    texts = {
        "CHNCXR_0005_0": "female 28yrs\nnormal",
        "CHNCXR_0330_1": "male 45yrs \n\nbilateral PTB",
    }
    cases, problems = read("montgomery", films(tmp_path, texts))
    assert {key: (one.age, one.sex) for key, one in cases.items()} == {
        "CHNCXR_0005_0": (28, "F"),
        "CHNCXR_0330_1": (45, "M"),
    }
    assert cases["CHNCXR_0330_1"].reports[0].findings == "bilateral PTB"
    assert importer_named("montgomery").describe(tmp_path).slug == "shenzhen"
    assert not problems


def test_a_missing_or_contradicting_reading_holds_the_case(tmp_path):
    folder = films(tmp_path, READINGS | {"MCUCXR_0002_0": "opacity on the left"})
    (folder / "ClinicalReadings" / "MCUCXR_0104_1.txt").unlink()
    _, problems = read("montgomery", folder)
    assert {(one.where, one.sentence.split()[1]) for one in problems} == {
        ("MCUCXR_0104_1", "has"),
        ("MCUCXR_0002_0", "name"),
    }


def test_what_a_reading_lacks_is_told_and_what_it_says_is_kept(tmp_path):
    texts = {
        "MCUCXR_0001_0": "Patient's Sex: M\nPatient's Age: 007Y\n\nNORMAL chest \n no scar\n",
        "MCUCXR_0002_0": "abnormally large",
        "MCUCXR_0003_1": "\n",
        "MCUCXR_0004_1": "x" * (20_009),
    }
    folder = films(tmp_path, texts)
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX" / "MCUCXR_0001_0.txt").write_text("Sex: F")
    write_png(folder / "MCUCXR_0001_0.png")
    cases, problems = read("montgomery", folder)
    first = cases["MCUCXR_0001_0"]
    assert [(one.language, one.findings) for one in first.reports] == [
        ("en", "NORMAL chest no scar")
    ]
    assert (first.sex, first.age, first.images[0].name) == ("M", 7, "MCUCXR_0001_0.png")
    assert first.images[0].source.view == "FRONTAL"
    assert first.images[0].source.paths == (folder / "CXR_png" / "MCUCXR_0001_0.png",)
    assert [(case.sex, case.age) for case in cases.values()][1:] == [("", None)] * 3
    assert cases["MCUCXR_0003_1"].reports == ()
    assert len(cases["MCUCXR_0004_1"].reports[0].findings) == 20_000
    assert [(one.where, one.sentence) for one in problems] == [
        ("MCUCXR_0002_0", "Its name says normal, and its reading does not."),
        ("MCUCXR_0003_1", "It has no reading."),
    ]
    assert [case.knows_findings for case in cases.values()] == [True, True, False, False]


def test_a_folder_without_such_films_is_told(tmp_path):
    with pytest.raises(SourceProblem, match="MCUCXR_0001_0"):
        list(importer_named("montgomery").read(tmp_path, (tmp_path,)))
