"""Sets that are uploaded with their truth: packs, pictures with COCO, spreadsheets."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
import xlsxwriter
from django.core.management import call_command

from cases.importers.base import SourceProblem
from cases.importers.studies.sheet import sheet_of
from cases.importers.workbook import as_text
from cases.models import Case, Dataset, Image
from tests.cases import formats
from tests.cases.dicom_studies import film as study
from tests.cases.dicom_studies import read
from tests.cases.pictures import film, png_of
from tests.cases.test_packs import emptied, library, pixels, rewritten
from tests.cases.test_uploads import desk, imported, place, refusals, zipped  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


def workbook(path, *rows):
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return path


def coco(*annotations, names=("a.png", "b.png")):
    images = [
        {"id": n, "file_name": name, "width": 128, "height": 128} for n, name in enumerate(names)
    ]
    return json.dumps(
        {
            "images": images,
            "categories": [{"id": 1, "name": "Nodule"}],
            "annotations": list(annotations),
        }
    ).encode()


NODULE = {"image_id": 0, "category_id": 1, "bbox": [12.8, 25.6, 12.8, 12.8]}


@pytest.fixture
def pack(tmp_path):
    (tmp_path / "library").mkdir()
    library(tmp_path / "library")
    path = tmp_path / "films.zip"
    call_command("export_pack", "demo", path, stdout=io.StringIO())
    return path


def test_a_pack_comes_in_for_review_under_a_title_of_the_curator_and_its_own_terms(
    desk,  # noqa: F811
    pack,
):
    before = {case.source_key: str(pixels(case)) for case in Case.objects.all()}
    Dataset.objects.update(licence="CC BY 4.0")
    call_command("export_pack", "demo", pack, stdout=io.StringIO())
    emptied()
    upload = imported(desk, {"films.zip": pack.read_bytes()}, title="From next door")
    assert not upload.refused
    dataset = Dataset.objects.get()
    assert (dataset.slug, dataset.access, dataset.licence) == (
        "own-from-next-door",
        "private",
        "CC BY 4.0",
    )
    assert {case.status for case in Case.objects.all()} == {"review"}
    assert {case.source_key: str(pixels(case)) for case in Case.objects.all()} == before
    assert {case.findings.count() for case in Case.objects.all()} == {0, 1}
    again = imported(desk, {"films.zip": pack.read_bytes()}, title="From next door")
    assert again.result["counts"]["unchanged"] == len(before)


def test_a_pack_of_a_stranger_and_one_among_other_files_are_refused(desk, pack):  # noqa: F811
    emptied()
    changed = rewritten(pack, lambda name, content: content + b" " * (name == "manifest.json"))
    upload = imported(desk, {"films.zip": changed.read_bytes()})
    assert list(refusals(upload)) == ["films.zip"] and not Case.objects.exists()
    upload = imported(desk, {"films.zip": changed.read_bytes(), "a.png": png_of(film(1, 128))})
    assert "upload it alone" in refusals(upload)["films.zip"]
    assert Case.objects.count() == 1


@pytest.mark.parametrize("is_zip", [False, True])
def test_pictures_come_with_the_places_of_their_coco_file_and_without_names(desk, is_zip):  # noqa: F811
    files = {"Doe_Jane/a.png": png_of(film(1, 128)), "Doe_Jane/b.png": png_of(film(2, 128))}
    files |= {"truth.json": coco(NODULE, names=("Doe_Jane/a.png", "Doe_Jane/b.png"))}
    files |= {"c.png": png_of(film(3, 128))}
    upload = imported(desk, {"all.zip": zipped(files)} if is_zip else files)
    assert not upload.refused
    cases = Case.objects.order_by("pk")
    assert len(cases) == 3
    (marked,) = [case for case in cases if case.findings.exists()]
    region = marked.findings.get().regions.get()
    assert region.box == pytest.approx((0.1, 0.2, 0.2, 0.3))
    assert [case.knows_findings for case in cases].count(True) == 2
    assert {case.status for case in cases} == {"review"}
    kept = [str(list(model.objects.values())) for model in (Case, Image, Dataset)]
    assert "Doe" not in "".join(kept)


@pytest.mark.parametrize("kind", ["cvat", "label-studio"])
@pytest.mark.parametrize("is_zip", [False, True])
def test_pictures_come_with_what_an_annotation_tool_exported(desk, tmp_path, kind, is_zip):  # noqa: F811
    formats.MADE[kind](tmp_path)
    files = {
        f"Doe_Jane/{path.relative_to(tmp_path)}": path.read_bytes()
        for path in sorted(tmp_path.rglob("*"))
        if path.is_file()
    }
    imported(desk, {"all.zip": zipped(files)} if is_zip else files)
    case = Case.objects.get()
    assert case.findings.get().regions.exists()
    assert (case.status, case.images.count()) == ("review", 1)
    kept = [str(list(model.objects.values())) for model in (Case, Image, Dataset)]
    assert "Doe" not in "".join(kept)


@pytest.mark.parametrize(
    ("name", "held", "said"),
    [
        ("a.xml", b"<svg/>", "neither DICOM"),
        ("a.xml", b"<annotations><image name='a.png'", "no readable XML"),
        ("a.json", b'[{"data": 1}]', "neither DICOM"),
        ("a.json", b"[]", "neither DICOM"),
    ],
)
def test_what_is_no_annotation_file_is_named(desk, name, held, said):  # noqa: F811
    upload = imported(desk, {"b.png": png_of(film(1, 128)), name: held})
    assert said in refusals(upload)[name]
    assert Case.objects.count() == 1


def test_a_name_that_two_pictures_have_is_taken_for_neither(desk):  # noqa: F811
    one, other = (zipped({"x/a.png": png_of(film(n, 128))}) for n in (1, 2))
    files = {"1.zip": one, "2.zip": other, "truth.json": coco(NODULE, names=("a.png",))}
    imported(desk, files)
    assert Case.objects.count() == 2
    assert not [case for case in Case.objects.all() if case.findings.exists()]


def test_a_workbook_says_what_studies_show(desk, tmp_path):  # noqa: F811
    rows = (["Accession Number", "Findings", "Age"], [20250017, "left pleural effusion", 58])
    book = workbook(tmp_path / "facts.xlsx", *rows).read_bytes()
    dicom = study(tmp_path / "s", AccessionNumber="20250017").read_bytes()
    upload = imported(desk, {"1.dcm": dicom, "facts.xlsx": book})
    assert not upload.refused, upload.refused
    finding = Case.objects.get().findings.get()
    assert (finding.label, finding.side, finding.case.age) == ("pleural_effusion", "left", 58)
    imported(desk, {"all.zip": zipped({"1.dcm": dicom, "facts.xlsx": book})}, title="Packed")
    assert Case.objects.get(dataset__title="Packed").findings.count() == 1


def test_a_workbook_lies_beside_a_folder_too(tmp_path):
    study(tmp_path / "s")
    workbook(tmp_path / "facts.xlsx", ["PatientID", "Findings"], ["P-17", "normal"])
    (case,), problems = read(tmp_path)
    assert case.knows_findings and not case.findings
    assert not [one for one in problems if "no DICOM" in one.sentence]


def test_a_workbook_that_is_none_is_told_and_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    broken = tmp_path / "a.xlsx"
    broken.write_bytes(b"PK\x03\x04 no")
    with pytest.raises(SourceProblem, match="cannot be read"):
        as_text(broken)
    with zipfile.ZipFile(broken, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(300 << 20))
    with pytest.raises(SourceProblem, match="far too large"):
        as_text(broken)
    workbook(tmp_path / "b.xlsx", ["Nothing", "known"], ["1", "2"])
    with pytest.raises(SourceProblem):
        sheet_of(tmp_path / "b.xlsx")
    assert not list(tmp_path.glob("radgame-sheet-*"))


def test_a_cell_at_the_far_corner_of_a_sheet_fills_no_memory(tmp_path):
    path = workbook(tmp_path / "far.xlsx", ["File", "Age"], ["a.png", 5])
    assert as_text(path).read_text() == "File,Age\na.png,5\n"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    for far in (b"XFD1048576", b"SF150000"):
        moved = parts | {sheet: parts[sheet].replace(b'"B2"', b'"%s"' % far)}
        with zipfile.ZipFile(path, "w") as archive:
            for name, held in moved.items():
                archive.writestr(name, held)
        with pytest.raises(SourceProblem, match="more rows or columns"):
            as_text(path)
