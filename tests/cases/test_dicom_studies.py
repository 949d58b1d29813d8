"""Own DICOM by the folder: studies, films, stacks, priors, and a table of facts."""

from __future__ import annotations

import pydicom
import pytest
from pydicom.uid import (
    EncapsulatedPDFStorage,
    generate_uid,
)

from cases.importers import SourceProblem
from cases.models import Case, Image
from tests.cases.dicom_studies import SAGITTAL, depths_of, film, read, stack, study
from tests.cases.files import dicom, ramp, write_dicom
from tests.cases.importing import run

pytestmark = pytest.mark.any_database


def test_each_study_is_a_case_with_its_frontal_film_first(tmp_path):
    one = study()
    film(tmp_path / "x", "1", **one | {"ViewPosition": "LL"})
    film(tmp_path / "y", "2", **one)
    film(tmp_path / "x", "3", PatientID="other")
    cases, _ = read(tmp_path)
    views = sorted([image.source.view for image in case.images] for case in cases)
    assert views == [["PA"], ["PA", "LATERAL"]]


@pytest.mark.parametrize("count", [6, 7])
def test_of_more_films_than_a_page_shows_the_first_are_taken_and_told(tmp_path, count):
    one = study()
    for number in range(count):
        film(tmp_path, f"{number}.dcm", **one | {"InstanceNumber": count - number})
    (case,), problems = read(tmp_path)
    names = [image.source.paths[0].stem for image in case.images]
    assert names == [str(number) for number in reversed(range(count))][:6]
    said = ["It has 7 films; the first 6 were taken."] if count > 6 else []
    assert [one.sentence for one in problems] == said


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("ab", "One of its files is no film, or is there twice; it was left out."),
        ("abc", "2 of its files are no films, or are there twice; they were left out."),
    ],
)
def test_a_film_that_is_there_twice_is_taken_once_and_told(tmp_path, names, said):
    one = study(SOPInstanceUID=generate_uid())
    for name in names:
        film(tmp_path, name, **one)
    (case,), (problem,) = read(tmp_path)
    assert len(case.images) == 1
    assert (problem.sentence, problem.kind) == (said, "part")
    assert problem.where == f"study {case.key[:8]}"


def test_slices_lie_by_their_place_from_the_head_down(tmp_path):
    stack(tmp_path, [10, 30, 20, 50, 40])
    (case,), _ = read(tmp_path)
    assert depths_of(case) == [50, 40, 30, 20, 10]


def test_a_localizer_a_sum_and_a_thin_series_are_no_stack(tmp_path):
    one = stack(tmp_path, [1, 2, 3, 4, 5])
    same = {"StudyInstanceUID": one["StudyInstanceUID"]}
    stack(tmp_path, [9], seed=2, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], **same)
    stack(tmp_path, [1, 2, 3, 4, 5, 6], seed=3, ImageType=["DERIVED", "SECONDARY", "MIP"], **same)
    (case,), problems = read(tmp_path)
    assert depths_of(case) == [5, 4, 3, 2, 1]
    assert any("7 of its images are localizers" in one.sentence for one in problems)


def test_what_was_derived_stands_behind_what_was_taken_and_the_table_may_choose_it(tmp_path):
    one = stack(tmp_path, [1, 2, 3, 4, 5])
    same = {"StudyInstanceUID": one["StudyInstanceUID"]}
    derived = ["DERIVED", "SECONDARY", "AXIAL"]
    stack(tmp_path, [1, 2, 3, 4, 5, 6, 7], seed=2, ImageType=derived, SeriesNumber=7, **same)
    (case,), problems = read(tmp_path)
    assert len(case.images[0].source.paths) == 5
    assert any("series 7, CT, axial, 7 slices" in one.sentence for one in problems)
    (tmp_path / "facts.csv").write_text("PatientID,Findings,Series\nP-17,normal,7\n")
    (case,), _ = read(tmp_path)
    assert len(case.images[0].source.paths) == 7


def test_phases_in_one_place_are_stacks_of_their_own(tmp_path):
    one = stack(tmp_path, [1, 2, 3, 4], AcquisitionNumber=1)
    same = {key: one[key] for key in ("StudyInstanceUID", "SeriesInstanceUID")}
    stack(tmp_path, [1, 2, 3, 4, 5], seed=2, AcquisitionNumber=2, **same)
    (case,), _ = read(tmp_path)
    assert depths_of(case) == [5, 4, 3, 2, 1]


def test_a_slice_that_is_there_twice_is_taken_once_and_told(tmp_path):
    one = stack(tmp_path, [1, 2, 3, 4])
    stack(tmp_path, [2, 3], seed=2, **one)
    (case,), problems = read(tmp_path)
    assert depths_of(case) == [4, 3, 2, 1]
    assert any("2 slices are there twice" in one.sentence for one in problems)


def test_a_copy_of_a_slice_does_not_mix_the_phases(tmp_path):
    one = stack(tmp_path, [1, 2, 3, 4, 5], AcquisitionNumber=1)
    same = {key: one[key] for key in ("StudyInstanceUID", "SeriesInstanceUID")}
    stack(tmp_path, [1, 2, 3, 4], seed=2, AcquisitionNumber=2, **same)
    (tmp_path / "copy").write_bytes(next(iter(tmp_path.glob("2-*"))).read_bytes())
    (case,), _ = read(tmp_path)
    acquired = {pydicom.dcmread(path).AcquisitionNumber for path in case.images[0].source.paths}
    assert acquired == {1}


def test_a_file_name_that_two_studies_have_is_meant_for_neither(tmp_path):
    film(tmp_path / "a", "IM1.dcm")
    film(tmp_path / "b", "IM1.dcm", PatientID="other")
    (tmp_path / "facts.csv").write_text("File,Findings\nIM1.dcm,pneumothorax\n")
    cases, _ = read(tmp_path)
    assert [case.findings for case in cases] == [(), ()]


def test_another_direction_within_a_series_is_taken_apart(tmp_path):
    one = stack(tmp_path, [1, 2, 3, 4])
    for number in range(3):
        write_dicom(
            tmp_path / f"sagittal-{number}",
            ramp(16, 16),
            **one,
            Modality="CT",
            ImageOrientationPatient=SAGITTAL,
            ImagePositionPatient=[number, 0, 0],
            PixelSpacing=[1, 1],
        )
    (case,), _ = read(tmp_path)
    assert depths_of(case) == [4, 3, 2, 1]


def test_the_patients_last_film_before_is_a_prior_with_rough_words_for_when(tmp_path):
    film(tmp_path, "old", StudyDate="20240601")
    film(tmp_path, "older", StudyDate="20200101")
    film(tmp_path, "new", StudyDate="20250310")
    film(tmp_path, "stranger", StudyDate="20250101", PatientID="other")
    cases, _ = read(tmp_path)
    labels = sorted([image.study_label for image in case.images] for case in cases)
    assert labels == [[""], [""], ["", "4 years before"], ["", "9 months before"]]


@pytest.mark.parametrize(
    ("date", "words"),
    [
        ("20230310", "2 years before"),
        ("20240310", "1 year before"),
        ("20240311", "12 months before"),
        ("20250208", "1 month before"),
        ("20250209", "4 weeks before"),
        ("20250303", "1 week before"),
        ("20250304", "6 days before"),
        ("20250309", "1 day before"),
    ],
)
def test_how_long_before_a_prior_was_is_said_in_one_unit(tmp_path, date, words):
    film(tmp_path, "old", StudyDate=date)
    film(tmp_path, "new", StudyDate="20250310")
    cases, _ = read(tmp_path)
    assert sorted(len(case.images) for case in cases) == [1, 2]
    assert words in [image.study_label for case in cases for image in case.images]


def test_the_table_says_findings_report_age_and_indication(tmp_path):
    film(tmp_path, AccessionNumber="A1", PatientBirthDate="19500101")
    (tmp_path / "facts.csv").write_text(
        "Nr;Accession;Labels;Report;Indication\n"
        "1;A1;left pleural effusion;A small effusion.;Dyspnea\n"
        "2;A9;normal;;\n"
    )
    (case,), problems = read(tmp_path)
    assert [(one.label, one.side) for one in case.findings] == [("pleural_effusion", "left")]
    assert (case.reports[0].findings, case.indication, case.age) == (
        "A small effusion.",
        "Dyspnea",
        75,
    )
    assert case.problems == ()
    assert [one.sentence for one in problems] == ["1 rows are of studies that are not here."]


def test_a_row_by_patient_is_not_taken_for_one_of_several_studies(tmp_path):
    film(tmp_path, "one", StudyDate="20240601")
    film(tmp_path, "two", StudyDate="20250310")
    (tmp_path / "facts.csv").write_text("PatientID,Findings\nP-17,normal\n")
    cases, _ = read(tmp_path)
    assert all(case.problems for case in cases)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("A1,spurious thing\n", "is no label of the game"),
        ("A1,normal; fracture\n", "normal and names findings"),
        ("A1,normal\nA1,fracture\n", "has a row already"),
        (",normal\n", "names no study"),
        ('A1,"normal\n', "quotes are broken"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(tmp_path, rows, sentence):
    film(tmp_path, AccessionNumber="A1")
    (tmp_path / "facts.csv").write_text("Accession,Findings\n" + rows)
    (case,), problems = read(tmp_path)
    said = [one for one in (*problems, *case.problems) if sentence in one.sentence]
    assert said
    assert "the table, line" in said[0].where


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("a,b\n1,2\n", "has no header"), ("Findings\nnormal\n", "which study a row is of")],
)
def test_a_table_that_names_no_study_is_refused(tmp_path, text, sentence):
    film(tmp_path)
    (tmp_path / "facts.csv").write_text(text)
    with pytest.raises(SourceProblem, match=sentence):
        read(tmp_path)


def test_what_is_no_image_is_counted_by_kind(tmp_path):
    film(tmp_path)
    (tmp_path / "readme.txt").write_text("hello")
    report = dicom(ramp(), SOPClassUID=EncapsulatedPDFStorage)
    for name in ("Rows", "Columns", "PixelData"):
        del report[name]
    pydicom.dcmwrite(tmp_path / "report", report, enforce_file_format=True)
    _, problems = read(tmp_path)
    said = {one.sentence for one in problems}
    assert "1 files are no DICOM; they were left out." in said
    assert "1 files are Encapsulated PDF Storage; they were left out." in said


@pytest.mark.parametrize(
    ("elements", "asked"),
    [
        ({"BurnedInAnnotation": "YES"}, True),
        ({"Modality": "SC"}, True),
        ({"Modality": "SC", "BurnedInAnnotation": "NO"}, False),
        ({}, False),
    ],
)
def test_pixels_that_may_hold_text_are_for_a_curator_first(tmp_path, elements, asked):
    film(tmp_path, AccessionNumber="A1", **elements)
    (tmp_path / "facts.csv").write_text("Accession,Findings\nA1,normal\n")
    (case,), _ = read(tmp_path)
    assert any("may hold text" in one.sentence for one in case.problems) is asked


def test_a_folder_without_dicom_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(SourceProblem, match="holds no DICOM image"):
        read(tmp_path)


@pytest.mark.django_db
def test_nothing_that_names_a_person_is_stored(tmp_path, settings):
    secrets = {
        "PatientName": "Secretperson^Anna",
        "PatientID": "SECRETID77",
        "AccessionNumber": "SECRETACC1",
        "InstitutionName": "Secret Hospital",
        "ReferringPhysicianName": "Secretdoctor^Ivo",
        "PatientAddress": "Secretstreet 1",
        "StudyDescription": "Chest of Secretperson",
        "StudyDate": "20250310",
    }
    film(tmp_path / "Secretperson_Anna", "Secretperson.dcm", **secrets)
    out = run("dicom", tmp_path / "Secretperson_Anna", status="review")
    assert "secret" not in out.lower()
    case = Case.objects.get()
    stored = [
        str(getattr(row, field.attname))
        for row in (case, *Image.objects.all())
        for field in row._meta.concrete_fields
    ]
    whole = " ".join(stored) + case.dataset.title + case.dataset.slug
    for word in ("secret", "20250310", "2025-03-10"):
        assert word not in whole.lower()
    kept = [path for path in settings.DATA_DIR.rglob("*") if path.is_file()]
    assert not any(b"secret" in path.read_bytes().lower() for path in kept)
    assert "│ new" in out


@pytest.mark.django_db
def test_again_it_updates_and_doubles_nothing(tmp_path):
    film(tmp_path / "in", AccessionNumber="A1")
    stack(tmp_path / "in" / "ct", [1, 2, 3, 4, 5])
    run("dicom", tmp_path / "in")
    first = set(Case.objects.values_list("public_id", "status"))
    assert {status for _, status in first} == {"review"}, "nothing says what they show"
    run("dicom", tmp_path / "in")
    assert set(Case.objects.values_list("public_id", "status")) == first
    assert sorted(Image.objects.values_list("frames", flat=True)) == [1, 5]


NOTHING = {"StudyInstanceUID": None, "SOPInstanceUID": None, "PatientID": None, "StudyDate": None}


@pytest.mark.parametrize(
    "left",
    [
        {},
        {"AccessionNumber": "A-9"},
        {"PatientID": "P-17", "StudyDate": "20250310"},
        {"SeriesInstanceUID": "1.2.3"},
    ],
)
def test_a_study_without_a_uid_is_the_same_wherever_its_files_lie(tmp_path, left):
    one = film(tmp_path / "a", "1.dcm", **{"StudyInstanceUID": "1"})
    changed = pydicom.dcmread(one)
    for name in NOTHING:
        del changed[name]
    for name, value in left.items():
        setattr(changed, name, value)
    changed.save_as(one, enforce_file_format=False)
    (tmp_path / "b" / "deep").mkdir(parents=True)
    (tmp_path / "b" / "deep" / "other name").write_bytes(one.read_bytes())
    (first,), _ = read(tmp_path / "a")
    (again,), _ = read(tmp_path / "b")
    assert (first.key, first.images[0].name) == (again.key, again.images[0].name)
    other = pydicom.dcmread(one)
    other.PixelData = other.PixelData[::-1]
    for name in left:
        if name != "StudyDate":
            setattr(other, name, "9.9")
    other.save_as(one, enforce_file_format=False)
    (else_,), _ = read(tmp_path / "a")
    assert else_.key != first.key


def test_slices_without_any_uid_are_one_stack_a_folder(tmp_path):
    names = ("StudyInstanceUID", "SeriesInstanceUID", "PatientID", "StudyDate")
    stack(tmp_path / "a", [1, 2, 3, 4])
    for path in (tmp_path / "a").iterdir():
        one = pydicom.dcmread(path)
        for name in names:
            del one[name]
        one.save_as(path)
    (case,), _ = read(tmp_path / "a")
    assert depths_of(case) == [4, 3, 2, 1]
    (tmp_path / "a").rename(tmp_path / "b")
    assert read(tmp_path / "b")[0][0].key == case.key
