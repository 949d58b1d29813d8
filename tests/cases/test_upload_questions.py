"""Between an upload and its import: columns of a table and series of a study, by the curator."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.urls import reverse

from cases import asking, upload_import, uploading
from cases.importers import asked
from cases.models import Case, Dataset, Image, StudySeries, Upload
from tests.cases.dicom_studies import film as study
from tests.cases.dicom_studies import stack
from tests.cases.pictures import film, png_of
from tests.cases.test_uploaded_sets import workbook
from tests.cases.test_uploads import (  # noqa: F401
    begun,
    desk,
    imported,
    looked_through,
    place,
    refusals,
    zipped,
)

pytestmark = pytest.mark.django_db(transaction=True)

STRANGE = (
    "Fall;Bild;Was man sieht;Jahre;m/w;Frage\n"
    "1;a.png;Left pleural effusion;61;F;Dyspnea\n"
    "2;b.png;normal;x;M;\n"
    "3;c.png;pneumothorax;;;\n"
)
MAPPED = {
    "table": "0",
    "column-0-1": "file",
    "column-0-2": "findings",
    "column-0-3": "age",
    "column-0-4": "sex",
    "column-0-5": "indication",
}


@pytest.fixture
def pictures():
    return {name: png_of(film(n, 128)) for n, name in enumerate(("a.png", "b.png"), start=1)}


def page_of(desk, upload):  # noqa: F811
    return desk.get(reverse("cases:upload", args=[upload.public_id])).content.decode()


def answered(desk, upload, sent, **more):  # noqa: F811
    address = reverse("cases:upload_answer", args=[upload.public_id])
    answer = desk.post(address, sent, **more)
    upload.refresh_from_db()
    return answer


def finished(upload):
    upload_import.run(uploading.claim(upload.pk))
    upload.refresh_from_db()
    return upload


def test_a_table_of_strange_headings_is_asked_about_and_read_as_the_curator_says(
    desk,  # noqa: F811
    pictures,
):
    upload = looked_through(desk, pictures | {"liste.csv": STRANGE.encode()})
    assert (upload.state, Case.objects.count()) == ("asking", 0)
    page = page_of(desk, upload)
    assert "Was man sieht" in page and "Left pleural effusion" in page
    proposed = asking.proposed(upload)
    assert dict(proposed.columns) == {"file": 1}, "its cells name files that came with it"
    answer = answered(desk, upload, MAPPED, headers={"HX-Request": "true"})
    said = " ".join(answer.content.decode().split())
    assert "left pleural effusion · 61 years · F" in said
    assert "Its age cannot be read" in said
    assert said.count("no file or study of this name") == 1
    assert dict(asking.proposed(Upload.objects.get()).columns)["age"] == 3, "kept for a reload"
    answered(desk, upload, MAPPED)
    assert (upload.state, upload.questions) == ("waiting", {})
    finished(upload)
    one, other = Case.objects.get(age=61), Case.objects.get(age=None)
    assert [(found.label, found.side) for found in other.findings.all()] == []
    assert other.knows_findings
    assert (one.findings.get().label, one.age, one.sex, one.indication) == (
        *("pleural_effusion", 61, "F"),
        "Dyspnea",
    )
    notes = {entry["name"]: entry["sentence"] for entry in upload.refused}
    assert "not among the files" in notes["the table, line 4"]
    assert any("Its age cannot be read" in reason for reason in other.review_reasons)


def test_nothing_of_a_table_is_kept_once_it_is_answered(desk, pictures):  # noqa: F811
    table = "Patient name;File\nJane Doe;a.png\n"
    upload = looked_through(desk, pictures | {"doe.csv": table.encode()})
    assert "Jane Doe" in json.dumps(upload.questions)
    answered(desk, upload, {"table": "none"})
    finished(upload)
    kept = json.dumps([*Upload.objects.values(), *Case.objects.values()], default=str)
    assert "Doe" not in kept
    assert Case.objects.count() == 2


def test_a_table_without_headings_is_taken_by_letters(desk, pictures):  # noqa: F811
    table = b"a.png,pneumothorax\nb.png,normal\n"
    upload = looked_through(desk, pictures | {"plain.csv": table})
    assert upload.questions["tables"][0]["has_header"] is False
    answered(
        desk,
        upload,
        {"table": "0", "plain-0": "on", "column-0-0": "file", "column-0-1": "findings"},
    )
    finished(upload)
    assert Case.objects.filter(findings__label="pneumothorax").count() == 1
    assert Case.objects.filter(knows_findings=True).count() == 2


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"table": "0", "column-0-2": "findings"}, "tells the study or picture"),
        ({"table": "0", "column-0-1": "file"}, "at least one other column"),
        (MAPPED | {"column-0-0": "age"}, "Two columns are said to be “Age”"),
        (MAPPED | {"table": "1"}, "cannot be read"),
    ],
)
def test_answers_that_cannot_be_are_refused_in_a_sentence(desk, pictures, sent, said):  # noqa: F811
    files = pictures | {"1.csv": STRANGE.encode(), "2.csv": b"\xd0\xcf\x11\xe0 an old workbook"}
    upload = looked_through(desk, files)
    if "column-0-1" in sent and sent["table"] == "1":
        said = "a spreadsheet, not a text table"
    answer = answered(desk, upload, sent, follow=True)
    assert said in answer.content.decode()
    assert (upload.state, Case.objects.count()) == ("asking", 0)


@pytest.mark.parametrize("table", ["1' OR", "7", "-1", "9" * 5000, "", None])
def test_a_table_that_is_not_there_is_not_taken_for_none(desk, pictures, table):  # noqa: F811
    upload = looked_through(desk, pictures | {"liste.csv": STRANGE.encode()})
    sent = {"column-0-9999": "file"} | ({} if table is None else {"table": table})
    answer = answered(desk, upload, sent, follow=True)
    assert "Choose one of the tables" in answer.content.decode()
    assert (upload.state, Case.objects.count()) == ("asking", 0)


def test_of_several_tables_the_curator_takes_one(desk, pictures):  # noqa: F811
    files = {"other.csv": b"x,y\n1,2\n", "facts.csv": b"File,Age\na.png,44\n"}
    upload = looked_through(desk, pictures | files)
    sent = {"table": "1", "column-1-0": "file", "column-1-1": "age"}
    answered(desk, upload, sent)
    finished(upload)
    assert sorted(Case.objects.values_list("age", flat=True), key=str) == [44, None]
    case = Case.objects.get(age=44)
    page = desk.get(reverse("cases:detail", args=[case.public_id])).content.decode()
    assert "Patient: 44 years" in page


def test_a_workbook_in_a_zip_tells_studies_by_accession_number(desk, tmp_path):  # noqa: F811
    rows = (["Nr", "Auftrag", "Text"], [1, 20250017, "A nodule."], [2, 99, "Nothing."])
    book = workbook(tmp_path / "facts.xlsx", *rows).read_bytes()
    dicom = study(tmp_path / "s", AccessionNumber="20250017").read_bytes()
    upload = looked_through(desk, {"all.zip": zipped({"1.dcm": dicom, "facts.xlsx": book})})
    assert dict(asking.proposed(upload).columns) == {"accession": 1}
    sent = {"table": "0", "column-0-1": "accession", "column-0-2": "report"}
    answered(desk, upload, sent)
    finished(upload)
    assert Case.objects.get().reports.get().findings == "A nodule."
    assert "not among the files" in refusals(upload)["the table, line 3"]


def test_words_that_are_no_labels_wait_to_be_mapped_and_names_do_not(desk, pictures):  # noqa: F811
    table = "File,Findings\na.png,Schatten links\nb.png,Signed by Dr. Jane Doe\n"
    imported(desk, pictures | {"facts.csv": table.encode()})
    unmapped = [one["label"] for case in Case.objects.all() for one in case.unmapped]
    assert unmapped == ["Schatten links"]
    assert {case.status for case in Case.objects.all()} == {"review"}


def test_the_same_choice_leads_back_to_the_questions(desk, pictures):  # noqa: F811
    files = pictures | {"liste.csv": STRANGE.encode()}
    upload = looked_through(desk, files)
    again = begun(desk, files).json()
    assert again["id"] == upload.public_id
    assert all(
        one["received"] == len(held)
        for one, held in zip(again["files"], files.values(), strict=True)
    )
    assert desk.post(again["finish"]).status_code == 202
    upload.refresh_from_db()
    assert upload.state == "asking"


def test_questions_wait_a_week_and_hold_nobody_up(desk, pictures):  # noqa: F811
    first = looked_through(desk, pictures | {"liste.csv": STRANGE.encode()})
    other = imported(desk, {"c.png": png_of(film(7, 128))}, title="Others")
    assert other.state == "done"
    Upload.objects.filter(pk=first.pk).update(touched_at=Now() - timedelta(days=6))
    uploading.sweep()
    assert uploading.folder_of(first).exists()
    Upload.objects.filter(pk=first.pk).update(touched_at=Now() - timedelta(days=8))
    uploading.sweep()
    assert not Upload.objects.filter(pk=first.pk).exists()
    assert not uploading.folder_of(first).exists()


def test_an_import_that_dies_after_the_answer_goes_on_by_it(desk, pictures, monkeypatch):  # noqa: F811
    upload = looked_through(desk, pictures | {"liste.csv": STRANGE.encode()})
    answered(desk, upload, MAPPED)
    monkeypatch.setattr(upload_import, "beat", lambda *_: False)
    upload_import.run(uploading.claim(upload.pk))
    monkeypatch.undo()
    Upload.objects.update(beat_at=None)
    finished(upload)
    assert (upload.state, Case.objects.count()) == ("done", 2)
    answer = answered(desk, upload, MAPPED, follow=True)
    assert "answered already" in answer.content.decode()


def two_series(folder):
    """The files of a study of two axial series, by name."""
    one = stack(folder, [1, 2, 3, 4, 5], SeriesDescription="Lung")
    same = {"StudyInstanceUID": one["StudyInstanceUID"], "SeriesNumber": 2}
    stack(folder, [1, 2, 3], seed=2, SeriesDescription="Soft tissue", **same)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def names_shown(case):
    return list(case.images.values_list("frames", flat=True))


def test_of_a_study_with_several_series_the_curator_says_which_and_which_first(
    desk,  # noqa: F811
    tmp_path,
):
    files = two_series(tmp_path / "ct")
    upload = looked_through(desk, files)
    page = page_of(desk, upload)
    assert "Soft tissue" in page and "Series 2, CT, axial, 3 slices" in page
    answer = answered(desk, upload, {"series-0-0": "0", "series-0-1": "0"}, follow=True)
    assert "Choose at least one series" in answer.content.decode()
    answered(desk, upload, {"series-0-0": "9" * 5000})
    assert upload.state == "asking"
    answered(desk, upload, {"series-0-0": "2", "series-0-1": "1"})
    finished(upload)
    case = Case.objects.get()
    assert names_shown(case) == [3, 5]
    assert "Soft" not in json.dumps(
        [*StudySeries.objects.values(), *Image.objects.values()], default=str
    )
    again = looked_through(desk, files)
    assert again.questions["studies"][0]["taken"] == StudySeries.objects.get().chosen
    answered(desk, again, {"series-0-0": "2", "series-0-1": "1"})
    finished(again)
    assert (names_shown(case), again.result["counts"]["unchanged"]) == ([3, 5], 1)


def test_an_upload_changes_no_series_of_a_case_that_learners_have(desk, tmp_path):  # noqa: F811
    files = two_series(tmp_path / "ct")
    imported(desk, files)
    Case.objects.update(status="published")
    upload = looked_through(desk, files)
    answered(desk, upload, {"series-0-0": "2", "series-0-1": "1"})
    finished(upload)
    case = Case.objects.get()
    assert (names_shown(case), case.status, case.version) == ([5], "published", 1)
    [note] = [one for one in upload.result["notes"] if "Learners have" in one["sentence"]]
    assert note["name"].endswith("and 4 more")
    assert StudySeries.objects.get().chosen is None


def at_the_desk(desk, case, **wanted):  # noqa: F811
    sent = {f"series-{at[1:]}": number for at, number in wanted.items()}
    answer = desk.post(reverse("cases:series", args=[case.public_id]), sent, follow=True)
    return answer.content.decode()


def test_the_desk_changes_the_series_and_imports_keep_it(desk, tmp_path, trainee):  # noqa: F811
    files = two_series(tmp_path / "ct")
    imported(desk, files)
    case = Case.objects.get()
    assert names_shown(case) == [5]
    page = desk.get(reverse("cases:detail", args=[case.public_id])).content.decode()
    assert "not in the library" in page
    assert "Not here yet" in at_the_desk(desk, case, _0="2", _1="1")
    assert names_shown(case) == [5]
    finding = case.findings.create(label="nodule")
    image = case.images.get()
    finding.regions.create(image=image, frame=1, x0=0.1, y0=0.1, x1=0.2, y1=0.2)
    Case.objects.update(edited_at=Now())  # a person's, which no import changes
    imported(desk, files)
    assert names_shown(case) == [3, 5]
    region = finding.regions.get()
    assert (region.image_id, region.image.position) == (image.pk, 1), "the place went with it"
    assert "have places on a series" in at_the_desk(desk, case, _0="1", _1="0")
    at_the_desk(desk, case, _0="2", _1="1")
    assert names_shown(case) == [5, 3]
    Case.objects.update(status="published")
    assert "Learners have the case already" in at_the_desk(desk, case, _0="2", _1="1")
    assert "at least one" in at_the_desk(desk, case)
    assert "at least one" in at_the_desk(desk, case, _0="9" * 5000)
    assert names_shown(case) == [5, 3]
    assert case.changes.filter(why__startswith="Series shown").count() == 2


def test_a_series_that_is_taken_away_goes_with_its_files(desk, tmp_path):  # noqa: F811
    files = two_series(tmp_path / "ct")
    imported(desk, files)
    case = Case.objects.get()
    at_the_desk(desk, case, _0="1", _1="2")
    imported(desk, files)
    gone = case.images.get(position=1)
    names = [gone.frame_path(0), str(gone.thumbnail.name)]
    storage = gone.rendition.storage
    assert all(map(storage.exists, names))
    at_the_desk(desk, case, _0="1", _1="0")
    assert names_shown(case) == [5]
    assert not any(map(storage.exists, names))
    imported(desk, files)
    assert names_shown(case) == [5]


def test_the_table_names_several_series_in_their_order(desk, tmp_path):  # noqa: F811
    files = two_series(tmp_path / "ct") | {"facts.csv": b"PatientID,Series\nP-17,2; 1\n"}
    imported(desk, files)
    assert names_shown(Case.objects.get()) == [3, 5]
    assert not StudySeries.objects.get().chosen, "nobody chose at the desk"
    assert Dataset.objects.count() == 1


def test_no_page_asks_for_more_than_a_form_may_hold(desk, pictures):  # noqa: F811
    table = ",".join(["File", *(f"c{at}" for at in range(50))]) + "\na.png,1\n"
    upload = looked_through(desk, pictures | {f"{at}.csv": table.encode() for at in range(30)})
    tables = upload.questions["tables"]
    sent = {
        f"column-{at}-{column}": ""
        for at, one in enumerate(tables)
        for column in range(one.get("width", 0))
    }
    answer = answered(desk, upload, sent | {"table": "29"}, follow=True)
    assert "More than 8 tables came" in answer.content.decode()
    assert answered(desk, upload, sent | {"table": "none"}).status_code == 302
    assert upload.state == "waiting"
    studies = [{"study": str(at), "series": [{}] * 7} for at in range(200)]
    assert len(asked.studies_asked(studies)) == 85


def test_a_table_tells_of_films_that_were_marked_elsewhere(desk, pictures):  # noqa: F811
    box = '<box label="nodule" xtl="10" ytl="10" xbr="30" ybr="30"/>'
    size = 'width="128" height="128"'
    marks = (
        f'<annotations><image id="0" name="a.png" {size}>{box}</image>'
        f'<image id="1" name="b.png" {size}/></annotations>'
    )
    table = b"File,Age,Sex\na.png,44,F\nb.png,50,x\n"
    upload = imported(desk, pictures | {"marks.xml": marks.encode(), "facts.csv": table})
    one, other = Case.objects.get(age=44), Case.objects.get(age=50)
    assert (one.sex, one.findings.count()) == ("F", 1)
    assert any("Its sex cannot be read" in reason for reason in other.review_reasons)
    assert refusals(upload) == {}
