"""What an upload holds, file by file: what each is taken for, and what is said and asked of it."""

from __future__ import annotations

import gzip
import json
import re
import zipfile

import pydicom
import pytest
from pydicom.uid import ComprehensiveSRStorage, EncapsulatedPDFStorage

from cases.importers import ImportedCase, Problem
from cases.importers.asked import Answers
from cases.importers.base import UNTOLD, ImportedReport
from cases.importers.uploaded import Uploaded
from tests.cases.dicom_studies import film as study
from tests.cases.dicom_studies import stack
from tests.cases.files import dicom, ramp
from tests.cases.pictures import film, png_of
from tests.cases.test_dicom_archives import deflated
from tests.cases.test_uploaded_sets import workbook

pytestmark = pytest.mark.pure

PICTURES = [png_of(film(seed, 32)) for seed in range(4)]
WORDS = "It is neither DICOM nor PNG or JPEG; it was left out."


class Chosen:
    """Files of one upload, laid down one by one."""

    def __init__(self, folder):
        self.folder = folder
        self.files = {}

    def add(self, name, held):
        """A file of these bytes, under the last part of its name."""
        path = self.folder / f"{len(self.files)}" / name.rpartition("/")[2]
        path.parent.mkdir()
        path.write_bytes(held if isinstance(held, bytes) else held.encode())
        self.files[path] = name
        return path

    def zipped(self, name, **members):
        path = self.add(name, b"")
        with zipfile.ZipFile(path, "w") as archive:
            for member, held in members.items():
                archive.writestr(member.replace("__at__", "/"), held)
        return path

    def upload(self, *, most=10_000_000, answers=None):
        return Uploaded(self.files, self.folder / "unpacked", most, answers)

    def read(self, **said):
        """Cases by what their files are called, and the other lines (where, sentence, kind)."""
        upload = self.upload(**said)
        items = list(upload.read())
        cases = {upload.names_of[one.key]: one for one in items if isinstance(one, ImportedCase)}
        lines = [
            (one.where, one.sentence, one.kind)
            for one in items
            if isinstance(one, Problem) and one.kind != "removed"
        ]
        return cases, lines


@pytest.fixture
def chosen(tmp_path):
    return Chosen(tmp_path)


@pytest.mark.parametrize(
    ("name", "held", "said"),
    [
        ("a.pdf", b"%PDF-1.7", "It is a PDF: export its pictures as PNG"),
        ("a.gif", b"GIF89a", "It is a GIF: save it as PNG"),
        ("a.bmp", b"BM....", "It is a BMP: save it as PNG"),
        ("a.webp", b"RIFF....WEBP", "It is a WebP picture or a film: save it as PNG"),
        ("a.rar", b"Rar!\x1a\x07", "It is a RAR archive: pack it as ZIP"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c", "It is a 7z archive: pack it as ZIP"),
        ("a.png.gz", gzip.compress(b"film", mtime=0), "It is a gzip archive: pack it as ZIP"),
        ("a.txt", b"words", "It is neither DICOM nor PNG or JPEG"),
        ("a.png", b"words", "It is neither DICOM nor PNG or JPEG"),
        ("a.png", b" BM", "It is neither DICOM nor PNG or JPEG"),
        ("a.png", b"", "It is empty"),
        ("a.json", b"{}", "It is neither DICOM nor PNG or JPEG"),
    ],
)
def test_a_file_that_is_known_and_not_taken_says_what_to_do(chosen, name, held, said):
    chosen.add(f"in/{name}", held)
    chosen.add("b.png", PICTURES[0])
    cases, lines = chosen.read()
    assert list(cases) == ["b.png"]
    assert lines == [(f"in/{name}", f"{said}; it was left out.", "case")]


def test_dicom_that_is_no_image_is_named_by_what_it_is(chosen, tmp_path):
    for name, kind in (("pdf.dcm", EncapsulatedPDFStorage), ("odd.dcm", "1.2.3")):
        dataset = dicom(ramp(), Rows=None, SOPClassUID=kind)
        dataset.file_meta.MediaStorageSOPClassUID = kind
        pydicom.dcmwrite(chosen.add(name, b""), dataset, enforce_file_format=True)
    whole = deflated(tmp_path / "whole.dcm", {}).read_bytes()
    chosen.add("broken.dcm", whole[:400] + bytes(100))
    chosen.add("DICOMDIR", b"\0" * 128 + b"DICM")
    cases, lines = chosen.read()
    assert cases == {}
    assert [line[:2] for line in lines] == [
        ("pdf.dcm", "It is Encapsulated PDF Storage, which holds no image; it was left out."),
        ("odd.dcm", "It is DICOM without an image, which holds no image; it was left out."),
        ("broken.dcm", "Its DICOM header is damaged: copy it again; it was left out."),
    ]
    assert {kind for _, _, kind in lines} == {"case"}


def test_a_picture_is_a_case_of_which_nothing_is_told(chosen):
    path = chosen.add("Doe^John/a.png", PICTURES[0])
    [case] = chosen.read()[0].values()
    [image] = case.images
    assert image.source.paths == (path,)
    assert image.source.look_for_text
    assert image.name == case.key
    assert case.key.startswith("film-")
    assert len(case.key) == len("film-") + 24
    assert [(one.where, one.sentence) for one in case.problems] == [(case.key, UNTOLD)]
    assert (case.findings, case.reports, case.knows_findings) == ((), (), False)
    assert "Doe" not in f"{case}".replace(str(path), "")


def test_the_same_picture_twice_is_one_and_the_second_is_told(chosen):
    chosen.add("a.png", PICTURES[0])
    chosen.add("b.png", PICTURES[1])
    chosen.add("c.png", PICTURES[0])
    cases, lines = chosen.read()
    assert list(cases) == ["a.png", "b.png"]
    said = "It is the same picture as a.png; one was taken."
    assert lines == [("c.png", said, "case")]


# ZIPs


def test_the_members_of_a_zip_are_called_by_it_and_their_own_names(chosen):
    chosen.zipped(
        "films.zip",
        **{
            "in__at__a.png": PICTURES[0],
            "in__at__.hidden.png": PICTURES[1],
            "__MACOSX__at__b.png": PICTURES[1],
            "inner.zip": b"PK\x03\x04",
            "empty.zip": b"PK\x05\x06" + bytes(18),
            "void.png": b"",
        },
    )
    cases, lines = chosen.read()
    assert list(cases) == ["films.zip/in/a.png"]
    nested = "It is a ZIP inside a ZIP: unpack it first; it was left out."
    assert lines == [
        ("films.zip/inner.zip", nested, "case"),
        ("films.zip/empty.zip", nested, "case"),
        ("films.zip/void.png", "It is empty; it was left out.", "case"),
    ]


def test_a_zip_of_nothing_or_of_an_office_document_is_told(chosen):
    chosen.zipped("void.zip")
    chosen.zipped("letter.docx", **{"[Content_Types].xml": b"<a/>", "a.png": PICTURES[0]})
    chosen.zipped("odd.zip", **{"..__at__a.png": PICTURES[0]})
    cases, lines = chosen.read()
    assert cases == {}
    assert lines == [
        ("void.zip", "The ZIP is empty.", "case"),
        (
            "letter.docx",
            "It is an office document: export what it holds; it was left out.",
            "case",
        ),
        (
            "odd.zip/../a.png",
            "Its path leads out of the archive; it was left out.",
            "case",
        ),
    ]


def test_all_zips_together_may_unpack_to_so_much(chosen):
    size = len(PICTURES[0]) + len(PICTURES[1])
    chosen.zipped("a.zip", a=PICTURES[0])
    chosen.zipped("b.zip", b=PICTURES[1])
    assert list(chosen.read(most=size)[0]) == ["a.zip/a", "b.zip/b"]
    for path in (chosen.folder / "unpacked").rglob("*"):
        path.unlink() if path.is_file() else None
    chosen.folder = chosen.folder / "again"
    cases, [(where, sentence, kind)] = chosen.read(most=size - 1)
    assert (list(cases), where, kind) == (["a.zip/a"], "b.zip", "case")
    assert sentence.startswith("b.zip takes 0.0 GB unpacked, and 0.0 GB are left for it")


# Tables


def test_a_row_says_what_a_picture_shows_and_a_lost_one_is_told(chosen):
    chosen.add("in/a.png", PICTURES[0])
    chosen.add("b.png", PICTURES[1])
    head = "File,Findings,Report,Age,Sex,Indication\n"
    rows = "A.PNG,Nodule,A nodule.,61,F,Cough\nb,,Clear.,,,\nc.png,Nodule,,,,\n"
    chosen.add("facts.csv", head + rows)
    cases, lines = chosen.read()
    case, other = cases["in/a.png"], cases["b.png"]
    assert [one.label for one in case.findings] == ["nodule_mass"]
    assert case.reports == (ImportedReport("en", "A nodule."),)
    assert (case.age, case.sex, case.indication) == (61, "F", "Cough")
    assert (case.knows_findings, case.problems) == (True, ())
    assert (other.knows_findings, other.problems) == (False, ())
    assert other.reports == (ImportedReport("en", "Clear."),)
    said = "Its study or picture is not among the files; the row was left out."
    assert lines == [("the table, line 4", said, "absent")]


def test_a_row_that_fits_several_pictures_is_taken_for_none(chosen):
    chosen.add("x/a.png", PICTURES[0])
    chosen.add("y/a.png", PICTURES[1])
    chosen.add("facts.csv", "File,Findings\na.png,Nodule\n")
    cases, lines = chosen.read()
    said = "A row of the table fits several pictures: it was taken for none of them."
    for case in cases.values():
        assert case.findings == ()
        assert [(one.where, one.sentence) for one in case.problems] == [
            (case.key, said),
            (case.key, UNTOLD),
        ]
    assert len(cases) == 2
    assert lines == []


def test_of_several_tables_none_is_taken_where_nobody_was_asked(chosen):
    chosen.add("a.png", PICTURES[0])
    for name in ("in/one.csv", "two.tsv", "three.csv", "four.csv"):
        chosen.add(name, "File,Findings\na.png,Nodule\n")
    said = "Several tables came at once, and none was taken: leave the one of the studies."
    cases, lines = chosen.read()
    assert lines == [("in/one.csv, two.tsv, three.csv", said, "part")]
    assert cases["a.png"].findings == ()


@pytest.mark.parametrize(
    ("answers", "labels"),
    [
        (Answers(0, {"file": 0, "findings": 1}), ["nodule_mass"]),
        (Answers(1, {"file": 0, "findings": 1}), ["edema"]),
        (Answers(1, {"file": 0}), []),
        (Answers(2, {"file": 0, "findings": 1}), []),
        (Answers(None, {"file": 0, "findings": 1}), []),
        (Answers(0, {"file": 1, "findings": 0}), []),
    ],
)
def test_the_table_that_was_chosen_is_read_by_the_columns_that_were(chosen, answers, labels):
    chosen.add("a.png", PICTURES[0])
    chosen.add("one.csv", "Bild,Befund\na.png,Nodule\n")
    chosen.add("two.csv", "Bild,Befund\na.png,Edema\n")
    cases, _ = chosen.read(answers=answers)
    assert [one.label for one in cases["a.png"].findings] == labels


def test_a_table_without_headings_has_its_first_row_read_too(chosen):
    chosen.add("a.png", PICTURES[0])
    chosen.add("one.csv", "a.png,Nodule\n")
    columns = {"file": 0, "findings": 1}
    for has_header, count in ((False, 1), (True, 0)):
        chosen.folder = chosen.folder / "again"
        cases, _ = chosen.read(answers=Answers(0, columns, has_header))
        assert len(cases["a.png"].findings) == count


@pytest.mark.parametrize("answers", [None, Answers(0, {"file": 0})])
def test_a_table_that_cannot_be_read_is_told_and_the_pictures_come_in(chosen, answers):
    chosen.add("a.png", PICTURES[0])
    chosen.add("in/facts.csv", "\n")
    cases, lines = chosen.read(answers=answers)
    said = "facts.csv is empty: copy it again from its source."
    assert (list(cases), lines) == (["a.png"], [("in/facts.csv", said, "case")])


def test_what_is_wrong_in_a_row_is_told_of_the_table(chosen):
    chosen.add("a.png", PICTURES[0])
    chosen.add("facts.csv", "File,Findings\n,Nodule\na.png,Nodule\n")
    cases, lines = chosen.read()
    assert len(cases["a.png"].findings) == 1
    said = "The row names no study; it was left out."
    assert lines == [("the table, line 2", said, "part")]


# Annotations and packs


def coco(names, **image):
    images = [{"id": at, "file_name": name, **image} for at, name in enumerate(names)]
    place = {"id": 1, "image_id": 0, "category_id": 1, "bbox": [1, 1, 9, 9]}
    categories = [{"id": 1, "name": "Nodule"}]
    return json.dumps({"images": images, "annotations": [place], "categories": categories})


def test_marked_pictures_have_what_the_table_says_beside_their_marks(chosen):
    chosen.add("in/a.png", PICTURES[0])
    chosen.add("b.png", PICTURES[1])
    chosen.add("facts.csv", "File,Age,Sex,Indication,Report\na.png,61,F,Cough,A nodule.\n")
    chosen.add("marks.json", coco(["a.png"]))
    cases, lines = chosen.read()
    assert (sorted(cases), lines) == (["b.png", "in/a.png"], [])
    case = cases["in/a.png"]
    assert [one.label for one in case.findings] == ["nodule_mass"]
    assert (case.age, case.sex, case.indication) == (61, "F", "Cough")
    assert case.reports == (ImportedReport("en", "A nodule."),)
    assert case.problems == ()
    assert cases["b.png"].findings == ()


def test_what_an_annotation_file_says_stands_before_the_table(chosen):
    chosen.add("a.png", PICTURES[0])
    chosen.add("facts.csv", "File,Age,Sex,Indication,Findings\na.png,61,F,Cough,Unicorn\n")
    chosen.add("marks.json", coco(["a.png"], age=0, sex="M", indication="Fever."))
    case = chosen.read()[0]["a.png"]
    assert (case.age, case.sex, case.indication) == (0, "M", "Fever.")
    said = "One of its findings is no label of the game, nor a word for one."
    assert [(one.where, one.sentence) for one in case.problems] == [("the table, line 2", said)]


def test_a_marked_picture_without_a_row_is_as_its_marks_say(chosen):
    chosen.add("a.png", PICTURES[0])
    chosen.add("facts.csv", "File,Age\nz.png,61\n")
    chosen.add("marks.json", coco(["a.png"], age=50))
    assert chosen.read()[0]["a.png"].age == 50


def test_what_is_wrong_in_an_annotation_file_is_told(chosen):
    chosen.add("a.png", PICTURES[0])
    chosen.add("marks.json", coco(["a.png", "gone.png"]))
    cases, lines = chosen.read()
    assert list(cases) == ["a.png"]
    assert lines == [("images", "1 images of the tables are not here.", "absent")]


def test_each_annotation_file_has_a_folder_of_its_own(chosen):
    chosen.add("a.png", PICTURES[0])
    chosen.add("b.png", PICTURES[1])
    chosen.add("one.json", coco(["a.png"]))
    chosen.add("two.json", coco(["b.png"]))
    cases, lines = chosen.read()
    assert {name: len(case.findings) for name, case in cases.items()} == {"a.png": 1, "b.png": 1}
    assert lines == []


def test_a_pack_among_others_is_told_and_alone_says_why_it_is_not_trusted(chosen):
    chosen.zipped("pack.zip", **{"manifest.json": b"{}", "signature.json": b"{}"})
    cases, [(where, sentence, kind)] = chosen.read()
    assert (cases, where, kind) == ({}, "pack.zip", "case")
    assert sentence.startswith("pack.zip")
    chosen.add("a.png", PICTURES[0])
    cases, lines = chosen.read()
    said = "It is a pack, whose terms are its own: upload it alone; it was left out."
    assert (list(cases), lines) == (["a.png"], [("pack.zip", said, "case")])


# Studies


def test_a_study_is_called_by_its_first_file_and_how_many_more(chosen, tmp_path):
    folder = tmp_path / "studies"
    stack(folder / "ct", [0, 5, 10])
    study(folder / "film", "a.dcm")
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            chosen.files[path] = f"in/{path.name}"
    cases, lines = chosen.read()
    assert lines == []
    [film_, slices] = sorted(cases, key=lambda name: "more" in name)
    assert film_ == "in/a.dcm"
    assert re.fullmatch(r"in/1-00[0-2] and 2 more", slices)


def test_objects_without_their_images_are_told_one_by_one(chosen, tmp_path):
    for name in ("a.dcm", "b.dcm"):
        dataset = dicom(ramp(), Modality="SR", SOPClassUID=ComprehensiveSRStorage, Rows=None)
        dataset.file_meta.MediaStorageSOPClassUID = ComprehensiveSRStorage
        dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
        pydicom.dcmwrite(chosen.add(name, b""), dataset, enforce_file_format=True)
    said = "It says something of images that are not among the files; it was left out."
    assert chosen.read() == ({}, [(name, said, "case") for name in ("a.dcm", "b.dcm")])


def test_lines_of_an_import_are_told_under_the_names_of_files(tmp_path):
    upload = Uploaded({}, tmp_path, 0, names_of={"0123456789ab": "a.dcm", "film-1": "b.png"})
    lines = [
        *(("0123456789ab", "one"), ("study 01234567", "two"), ("film-1, image 1", "three")),
        ("elsewhere", "four"),
    ]
    told = upload.named(lines)
    assert [(one["name"], one["sentence"]) for one in told] == [
        *(("a.dcm", "one"), ("a.dcm", "two"), ("b.png", "three"), ("elsewhere", "four"))
    ]


# Questions


def test_nothing_is_asked_of_files_that_are_clear(chosen):
    assert chosen.upload().questions() == {}
    chosen.add("facts.csv", "File,Findings\na.png,Nodule\n")
    assert chosen.upload().questions() == {}  # a table of nothing
    chosen.files.clear()
    chosen.folder = chosen.folder / "again"
    chosen.folder.mkdir()
    chosen.add("a.png", PICTURES[0])
    assert chosen.upload().questions() == {}


def test_tables_are_asked_about_with_what_fits_and_so_many_at_most(chosen):
    chosen.add("a.png", PICTURES[0])
    chosen.zipped("in.zip", **{"b.png": PICTURES[1]})
    for at in range(9):
        chosen.add(f"{at}.csv", "Nr,Bild\n1,a.png\n2,b.png\n")
    book = workbook(chosen.folder / "book.xlsx", ["Nr", "Bild"], [1, "a.png"])
    chosen.files[book] = "book.xlsx"
    asked = chosen.upload().questions()
    assert (asked["studies"], asked["studies_in_all"]) == ([], 0)
    tables = asked["tables"]
    assert [one["name"] for one in tables] == [*(f"{at}.csv" for at in range(9)), "book.xlsx"]
    assert tables[0]["columns"] == {"file": 1}
    assert tables[0]["matches"] == [[], ["file 1"], ["file 1"]]
    many = "More than 8 tables came: upload this one with its own films."
    assert [one.get("problem") for one in tables] == [None] * 8 + [many] * 2


def test_a_study_of_several_series_is_asked_about_with_the_usual_one_taken(chosen, tmp_path):
    same = stack(tmp_path / "a", [0, 5, 10, 15], SeriesDescription="Thin")
    more = {"StudyInstanceUID": same["StudyInstanceUID"], "SeriesDescription": "Thick"}
    stack(tmp_path / "b", [0, 5, 10], seed=2, **more | {"SeriesNumber": 2})
    for path in sorted([*(tmp_path / "a").iterdir(), *(tmp_path / "b").iterdir()]):
        chosen.files[path] = f"in/{path.name}"
    asked = chosen.upload().questions()
    assert (asked["tables"], asked["studies_in_all"]) == ([], 1)
    [one] = asked["studies"]
    assert [series["called"] for series in one["series"]] == ["Thin", "Thick"]
    assert one["taken"] == [one["series"][0]["key"]]
    assert one["called"].startswith("in/1-")
    assert [series["told"] for series in one["series"]] == [
        "series 1, CT, axial, 4 slices",
        "series 2, CT, axial, 3 slices",
    ]
    cases, _ = chosen.read()
    [name] = cases
    assert name.startswith("in/1-")
    assert name.endswith(" and 3 more")
    assert [one["study"]] == [case.key for case in cases.values()]
