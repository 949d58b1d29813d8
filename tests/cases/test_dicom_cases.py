"""What becomes a case of a study's files: which images, in which order, and what is said of it."""

from __future__ import annotations

import zipfile
from types import SimpleNamespace

import pydicom
import pytest
from pydicom.uid import generate_uid

from cases.importers import ImportedCase, SourceProblem, importer_named
from cases.importers import dicom as importer
from cases.importers.base import UNTOLD, ImportedReport, Removed
from tests.cases.dicom_studies import film, read, stack, study
from tests.cases.files import ramp, write_dicom
from tests.cases.test_dicom_segments import segmentation

pytestmark = pytest.mark.pure


def said(problems):
    return [(one.where, one.sentence, one.kind, one.count) for one in problems]


def names(case):
    return [image.source.paths[0].name for image in case.images]


def test_films_come_by_view_then_series_then_number_then_uid(tmp_path):
    one = study()
    uids = sorted((generate_uid() for _ in range(2)), key=importer.digest)
    for name, view, series, number, uid in (
        ("7", "LL", 1, 1, None),
        ("1", "PA", 9, 9, None),
        ("2", "AP", 1, 1, None),
        ("6", None, 3, 1, None),
        ("5", None, 2, 2, uids[1]),
        ("4", None, 2, 2, uids[0]),
        ("3", None, 2, 1, None),
    ):
        same = {"ViewPosition": view} if view else {}
        place = {"SeriesNumber": series, "InstanceNumber": number}
        uid = {"SOPInstanceUID": uid} if uid else {}
        write_dicom(tmp_path / name, ramp(), **one | same | place | uid)
    (case,), _ = read(tmp_path)
    assert names(case) == list("123456")


def test_all_views_that_a_page_shows_have_their_place():
    views = ("PA", "AP", "FRONTAL", "", "LATERAL", "OTHER")
    files = [SimpleNamespace(view=view, series_number=0, number=0, uid="") for view in views]
    strange = SimpleNamespace(view="LL", series_number=0, number=0, uid="")
    assert [importer._as_read(one)[0] for one in [*files, strange]] == list(range(7))


def test_a_case_is_known_by_digests_and_its_own_header(tmp_path):
    film(tmp_path, "Doe^John.dcm", PatientAge="044Y", PatientSex="F")
    (case,), problems = read(tmp_path)
    [image] = case.images
    assert problems == []
    assert (case.age, case.sex, case.indication, case.reports) == (44, "F", "", ())
    assert (image.study, image.study_label, image.is_spare) == ("current", "", False)
    assert image.source.look_for_text
    assert case.patient == importer.digest("P-17")
    assert said(case.problems) == [(f"study {case.key[:8]}", UNTOLD, "part", 1)]
    assert (case.findings, case.knows_findings) == ((), False)
    assert image.name == importer.digest(pydicom.dcmread(tmp_path / "Doe^John.dcm").SOPInstanceUID)


def test_a_row_goes_before_the_header_and_fills_what_is_missing(tmp_path):
    film(tmp_path, "a.dcm", PatientAge="044Y", PatientSex="F")
    (tmp_path / "facts.csv").write_text("File,Age,Sex,Report,Findings\na,0,M,Clear.,Unicorn\n")
    (case,), problems = read(tmp_path)
    assert (case.age, case.sex) == (0, "M")
    assert case.reports == (ImportedReport("en", "Clear."),)
    assert [one.sentence for one in case.problems] == [
        "One of its findings is no label of the game, nor a word for one."
    ]
    assert problems == []
    (tmp_path / "facts.csv").write_text("File,Age,Sex,Report\na,,,Clear.\n")
    (case,), _ = read(tmp_path)
    assert (case.age, case.sex, case.problems, case.knows_findings) == (44, "F", (), False)


@pytest.mark.parametrize("count", [1, 2])
def test_what_headers_may_tell_is_counted_in_one_line(tmp_path, count):
    for number in range(count):
        film(tmp_path, f"{number}.dcm", InstitutionName="Clinic")
    found = list(importer_named("dicom").read(tmp_path, (tmp_path,)))
    [removed] = [one for one in found if isinstance(one, Removed)]
    assert (removed.where, removed.kind) == ("headers", "removed")
    assert removed.elements["InstitutionName"] == count
    assert removed.count == sum(removed.elements.values())
    files = "1 file" if count == 1 else "2 files"
    assert removed.sentence.startswith(f"Of the headers of {files} these were not kept: ")
    assert f"InstitutionName ({count})" in removed.sentence
    assert removed.sentence.endswith(").")


def test_what_is_no_image_is_told_by_kind_in_order(tmp_path):
    film(tmp_path)
    for name in ("b.txt", "a.txt"):
        (tmp_path / name).write_text("words")
    for name in ("a.part", "a.unpacked", "dataset.json", "DICOMDIR"):
        (tmp_path / name).write_text("left by others")
    problems = list(importer._not_images(importer.Counter({"damaged": 3, "": 1200, "a PDF": 1})))
    assert said(problems) == [
        ("files", "1,200 files are no DICOM; they were left out.", "absent", 1200),
        ("files", "1 files are a PDF; they were left out.", "absent", 1),
        ("files", "3 files are damaged; they were left out.", "part", 3),
    ]
    _, found = read(tmp_path)
    assert said(found) == [("files", "2 files are no DICOM; they were left out.", "absent", 2)]


def test_rows_of_studies_that_are_not_here_are_counted(tmp_path):
    film(tmp_path, "a.dcm")
    rows = "".join(f"x{number},normal\n" for number in range(1001))
    (tmp_path / "facts.csv").write_text("File,Findings\na,normal\n" + rows)
    _, problems = read(tmp_path)
    sentence = "1,001 rows are of studies that are not here."
    assert said(problems) == [("facts.csv", sentence, "absent", 1001)]


def zipped(folder, *paths):
    path = folder.parent / "films.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for one in paths:
            archive.write(one, one.relative_to(folder))
    return path


@pytest.mark.parametrize("kind", [".csv", ".CSV", ".tsv"])
def test_the_one_table_of_an_archive_is_its_studies(tmp_path, kind):
    folder = tmp_path / "in"
    film(folder, "a.dcm")
    table = folder / f"facts{kind}"
    table.write_text("File\tFindings\na\tnormal\n")
    (folder / "note.txt").write_text("words")
    (case,), _ = read(zipped(folder, folder / "a.dcm", table, folder / "note.txt"))
    assert (case.findings, case.knows_findings) == ((), True)
    (folder / "b.csv").write_text("File,Findings\na,normal\n")
    path = zipped(folder, folder / "a.dcm", table, folder / "b.csv")
    message = rf"^{path.name} holds several tables: leave the one of its studies\.$"
    with pytest.raises(SourceProblem, match=message):
        read(path)
    (case,), _ = read(zipped(folder, folder / "a.dcm"))
    assert not case.knows_findings


def test_a_dicomdir_stands_for_its_folder(tmp_path):
    film(tmp_path, "a.dcm")
    (tmp_path / "dicomdir").write_text("anything")
    (case,), problems = read(tmp_path / "dicomdir")
    assert (names(case), problems) == (["a.dcm"], [])


def test_a_source_with_truth_alone_holds_no_images(tmp_path):
    segmentation(tmp_path / "seg.dcm", ["1.2.3"], (1, 1, 5, 5))
    with pytest.raises(SourceProblem, match=rf"^{tmp_path} holds no DICOM images\.$"):
        read(tmp_path)


# Priors


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        ({}, {}, 2),
        ({"StudyDate": "20250310"}, {}, 1),
        ({"StudyDate": ""}, {}, 1),
        ({}, {"StudyDate": ""}, 1),
        ({"PatientID": "other"}, {}, 1),
        ({"PatientID": ""}, {"PatientID": ""}, 1),
        ({"Modality": "XC"}, {}, 1),
        ({}, {"Modality": "XC"}, 1),
    ],
)
def test_a_prior_is_a_dated_film_of_the_same_patient_before(tmp_path, first, second, count):
    film(tmp_path / "a", "old", **{"StudyDate": "20240310"} | first)
    film(tmp_path / "b", "new", **second)
    cases, _ = read(tmp_path)
    assert max(len(case.images) for case in cases) == count


def test_the_prior_is_the_first_film_of_the_study_before_with_its_view(tmp_path):
    before = study(StudyDate="20240310")
    film(tmp_path / "a", "lateral", **before | {"ViewPosition": "LL"})
    film(tmp_path / "b", "frontal", **before | {"ViewPosition": "AP"})
    film(tmp_path / "c", "new")
    cases, _ = read(tmp_path)
    [case] = [one for one in cases if len(one.images) == 2 and names(one)[0] == "new"]
    prior = case.images[1]
    assert (names(case)[1], prior.study, prior.study_label) == ("frontal", "prior", "1 year before")
    assert (prior.source.view, prior.source.look_for_text) == ("AP", True)


# Stacks


def two_stacks(folder, **second):
    one = stack(folder / "a", [1, 2, 3, 4], SeriesDescription="Thin")
    same = {"StudyInstanceUID": one["StudyInstanceUID"], "SeriesNumber": 2}
    stack(folder / "b", [1, 2, 3], seed=2, **same | second)
    return same


def test_of_several_stacks_the_fullest_is_taken_and_the_others_are_spare(tmp_path):
    two_stacks(tmp_path)
    (case,), [problem] = read(tmp_path)
    assert [(len(one.source.paths), one.is_spare, one.source.view) for one in case.images] == [
        *((4, False, "CT"), (3, True, "CT"))
    ]
    assert [one.series.key for one in case.images] == [one.name for one in case.images]
    assert all(one.source.look_for_text for one in case.images)
    assert said([problem]) == [
        (
            f"study {case.key[:8]}",
            "Of its stacks (series 1, CT, axial, 4 slices) was taken, not (series 2, CT, axial, "
            "3 slices); the case's page at the desk, or a column “series” of the table, chooses "
            "others.",
            "part",
            1,
        )
    ]


@pytest.mark.parametrize(
    ("wanted", "counts", "spare"),
    [("2", [3, 4], 1), ("2 1", [3, 4], 0), ("1;2", [4, 3], 0), ("9, 2", [3, 4], 1)],
)
def test_the_series_that_a_row_names_are_taken_in_its_order(tmp_path, wanted, counts, spare):
    two_stacks(tmp_path)
    (tmp_path / "facts.csv").write_text(f'Patient ID,Findings,Series\nP-17,normal,"{wanted}"\n')
    (case,), problems = read(tmp_path)
    assert [len(one.source.paths) for one in case.images] == counts
    assert sum(one.is_spare for one in case.images) == spare
    assert len(problems) == spare


def test_a_series_that_a_row_names_and_the_study_has_not_costs_the_study(tmp_path):
    two_stacks(tmp_path)
    (tmp_path / "facts.csv").write_text("Patient ID,Findings,Series\nP-17,normal,9 8\n")
    cases, [problem] = read(tmp_path)
    sentence = "It has no stack in series 9, which its row names. The study was skipped."
    assert (cases, problem.sentence, problem.kind) == ([], sentence, "case")


def test_so_many_stacks_of_a_study_are_kept_to_choose_from(tmp_path, monkeypatch):
    monkeypatch.setattr(importer, "MOST_STACKS", 2)
    same = two_stacks(tmp_path)
    stack(tmp_path / "c", [1, 2, 3], seed=3, **same | {"SeriesNumber": 3})
    (case,), _ = read(tmp_path)
    assert [one.series.told for one in case.images] == [
        "series 1, CT, axial, 4 slices",
        "series 2, CT, axial, 3 slices",
    ]
    files = list(importer.files_below(tmp_path))
    ((_, named),) = importer.stacks_by_study(map(importer.instance_of, files))
    assert len(named) == 2


def test_only_studies_of_several_stacks_and_no_films_are_told_of(tmp_path):
    two_stacks(tmp_path / "two")
    stack(tmp_path / "one", [1, 2, 3], PatientID="one")
    with_film = two_stacks(tmp_path / "film")
    film(tmp_path / "film", "f", StudyInstanceUID=with_film["StudyInstanceUID"])
    files = list(importer.files_below(tmp_path))
    found = list(importer.stacks_by_study(map(importer.instance_of, files)))
    assert [len(named) for _, named in found] == [2]
    (case,), _ = read(tmp_path / "two")
    assert found[0][0] == case.key


def test_images_of_no_stack_and_slices_that_are_there_twice_are_counted(tmp_path):
    one = stack(tmp_path / "a", [1, 2, 3, 4])
    stack(tmp_path / "b", [2, 3], seed=2, **one)
    stack(
        *(tmp_path / "c", [7, 8]),
        **({"seed": 3, "StudyInstanceUID": one["StudyInstanceUID"], "SeriesNumber": 2}),
    )
    (case,), problems = read(tmp_path)
    assert [one.sentence for one in problems] == [
        "2 of its images are localizers, sums or single slices; left out.",
        "2 slices are there twice; one of each was taken.",
    ]
    assert len(case.images) == 1


def test_single_images_that_are_no_radiographs_are_films_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(importer, "MOST_FILMS", 2)
    one = study()
    kinds = (["ORIGINAL", "PRIMARY", "LOCALIZER"], *[["ORIGINAL", "PRIMARY"]] * 3)
    for number, kind in enumerate(kinds):
        write_dicom(
            tmp_path / f"{number}",
            ramp(16, 16 + number),
            **one | {"Modality": "MR", "ImageType": kind, "InstanceNumber": number},
        )
    (case,), problems = read(tmp_path)
    assert names(case) == ["1", "2"]
    assert all(image.source.look_for_text and image.series is None for image in case.images)
    assert problems == []
    for number in (1, 2, 3):
        (tmp_path / f"{number}").unlink()
    cases, [problem] = read(tmp_path)
    assert (cases, problem.kind) == ([], "case")
    assert problem.sentence == (
        "1 of its images are localizers, sums or single slices; left out. The study was skipped."
    )


def test_the_view_of_a_stack_is_ct_and_else_what_its_header_says(tmp_path):
    stack(tmp_path / "ct", [1, 2, 3])
    for path in (tmp_path / "ct").iterdir():
        one = pydicom.dcmread(path)
        one.Modality, one.StudyInstanceUID, one.PatientID = "MR", "1.2.3", "other"
        one.save_as(tmp_path / path.name)
    cases, _ = read(tmp_path)
    assert sorted(case.images[0].source.view for case in cases) == ["", "CT"]


# Files without a study


def test_loose_files_of_a_folder_are_one_study_by_their_bytes(tmp_path):
    same = {"StudyInstanceUID": None, "PatientID": "", "StudyDate": None}
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        for number in (1, 2):
            write_dicom(
                tmp_path / folder / f"{number}",
                ramp() + number,
                InstanceNumber=number,
                **{name: value for name, value in same.items() if value is not None},
            )
    cases, _ = read(tmp_path)
    assert [len(case.images) for case in cases] == [2, 2]
    again = tmp_path / "other"
    again.mkdir()
    for number, name in ((1, "b"), (2, "a")):
        (tmp_path / "x" / f"{number}").rename(again / name)
    moved, _ = read(again)
    assert [case.key for case in moved] == [cases[0].key]
    assert cases[0].key != cases[1].key


def test_the_same_object_twice_says_its_truth_once(tmp_path):
    uids = [generate_uid() for _ in range(3)]
    same = study(SeriesInstanceUID="1.2.3.4.5", StudyInstanceUID="1.2.3.4")
    for number, uid in enumerate(uids):
        write_dicom(
            tmp_path / f"{number}",
            ramp(40, 40),
            **same | {"Modality": "CT", "SOPInstanceUID": uid, "InstanceNumber": number},
        )
    segmentation(tmp_path / "seg.dcm", uids[:1], (10, 10, 20, 20), meaning="Unicorn")
    (tmp_path / "copy.dcm").write_bytes((tmp_path / "seg.dcm").read_bytes())
    (case,) = [
        one
        for one in importer_named("dicom").read(tmp_path, (tmp_path,))
        if isinstance(one, ImportedCase)
    ]
    assert [one.source_label for one in case.findings] == ["Unicorn"]
    assert case.knows_findings
    assert case.problems == ()


def test_a_segment_that_says_normal_is_no_finding_and_what_went_wrong_names_no_file(tmp_path):
    uid = generate_uid()
    film(tmp_path, "a.dcm", SOPInstanceUID=uid, StudyInstanceUID="1.2.3.4")
    segmentation(tmp_path / "Doe.dcm", ["9.9"], (1, 1, 5, 5))
    (case,), _ = read(tmp_path)
    where = f"study {case.key[:8]}"
    assert said(case.problems) == [
        (where, "1 frames of the segmentation lie on no slice of the case; left out.", "part", 1),
        (where, UNTOLD, "part", 1),
    ]
    assert not case.knows_findings
