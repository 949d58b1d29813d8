"""What an instructor takes along: rows, their dictionary, and cells that are no formulas."""

from __future__ import annotations

import asyncio
import csv
import io
import zipfile
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from classroom import assigning, exports
from classroom.models import WorkView
from classroom.services import enroll
from learning import records
from radgame.door import Door
from tests import factories
from tests.learning.playing import go_on, mark, play


@pytest.fixture
def cohort(instructor, trainee, nodule_case):
    found = factories.CohortFactory(instructors=[instructor], learners=[trainee])
    timed = {"confidence": 4, "drawn_ms": 900}
    play(trainee, nodule_case, marks=[mark(nodule_case) | timed])
    play(trainee, nodule_case)  # known by then
    records.rebuild()
    return found


def table(cohort, name):
    lines = "".join(exports.csv_lines(cohort, name)).removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(lines)))


def test_attempts_have_a_row_for_each_rule_with_whether_it_counts(cohort, trainee):
    first, second = table(cohort, "attempts")
    assert (first["learner"], first["score"], first["counts"], first["truth_seen"]) == (
        *(trainee.username, "50.0"),
        *("1", "0"),
    )
    assert (second["counts"], second["truth_seen"]) == ("0", "1")


def test_outcomes_have_a_row_each(cohort):
    found = table(cohort, "outcomes")
    assert len(found) == 5
    hit = next(row for row in found if row["about"] == "mark")
    assert (hit["label"], hit["label_name"], hit["outcome"], hit["confidence"]) == (
        *("nodule_mass", "Nodule / mass"),
        *("hit", "4"),
    )
    assert {row["counts"] for row in found} == {"0", "1"}


def test_marks_have_a_row_each_with_when_they_were_drawn(cohort, nodule_case):
    (found,) = table(cohort, "marks")
    assert (found["label_name"], found["outcome"], found["mark"], found["confidence"]) == (
        *("Nodule / mass", "hit"),
        *("1", "4"),
    )
    assert [float(found[side]) for side in ("x0", "y0", "x1", "y1")] == [0.6, 0.2, 0.7, 0.3]
    assert (found["drawn_ms"], found["changed_ms"], found["counts"]) == ("900", "", "1")
    assert found["image"] == nodule_case.images.get().public_id


def test_every_column_is_in_the_dictionary():
    for name, columns in exports.TABLES.items():
        lines = list(csv.reader(io.StringIO("".join(exports.dictionary_lines(name)))))
        assert [line[0] for line in lines[1:]] == [column.name for column in columns]
        assert all(line[1] for line in lines)


def test_a_pseudonymous_class_is_exported_by_codes(cohort, trainee):
    cohort.is_pseudonymous = True
    cohort.save()
    code = cohort.memberships.get().code
    for name in exports.TABLES:
        text = "".join(exports.csv_lines(cohort, name))
        assert trainee.username not in text
        assert code in text


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_would_run_is_made_text(cohort, trainee, beginning):
    cohort.name = f"{beginning}HYPERLINK(1)"
    cohort.save()
    rows = list(exports.rows(cohort, "attempts"))
    assert rows[0][0] == f"'{beginning}HYPERLINK(1)"
    assert exports.harmless(-1.5) == -1.5, "a number stays a number"


@pytest.mark.parametrize("name", exports.TABLES)
def test_what_was_played_before_joining_is_left_out_wherever_it_lies(cohort, nodule_case, name):
    """Rows are asked for from the first to the last of what may be seen."""
    other = factories.UserFactory(role="trainee")
    before = play(other, nodule_case, marks=[mark(nodule_case)])
    enroll(cohort, other)
    since = play(other, nodule_case, marks=[mark(nodule_case)])
    told = {row["attempt"] for row in table(cohort, name)}
    assert str(since.public_id) in told
    assert str(before.public_id) not in told


def test_names_of_studies_and_assignments_are_made_text_too(cohort, trainee):
    case = factories.ImageFactory(case__source_key="=HYPERLINK(1)").case
    given = factories.AssignmentFactory(cohort=cohort, cases=[case], title="@SUM(1)", publish=True)
    go_on(given.runs.get().series, normal=True)
    heads = [column.name for column in exports.ATTEMPTS]
    [row] = [
        said
        for row in exports.rows(cohort, "attempts")
        if (said := dict(zip(heads, row, strict=True)))["assignment"]
    ]
    assert (row["case_key"], row["assignment"]) == ("'=HYPERLINK(1)", "'@SUM(1)")


def test_a_workbook_has_the_rows_and_the_dictionary(cohort, tmp_path):
    file = tmp_path / "class.xlsx"
    exports.write_xlsx(cohort, "outcomes", str(file))
    with zipfile.ZipFile(file) as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        assert len(sheets) == 2
        assert parts.read(sheets[0]).count(b"<row ") == 6


def test_rows_that_no_sheet_has_room_for_go_on_in_another(cohort, tmp_path, monkeypatch):
    monkeypatch.setattr(exports, "MOST_LINES", 4)
    file = tmp_path / "class.xlsx"
    exports.write_xlsx(cohort, "outcomes", str(file))
    with zipfile.ZipFile(file) as parts:
        counts = [
            parts.read(f"xl/worksheets/sheet{number}.xml").count(b"<row ") for number in (1, 2)
        ]
    assert counts == [4, 3]


def test_lines_are_what_a_writer_of_csv_writes_of_the_rows(cohort, trainee):
    """With quotes, commas and line ends in cells, and numbers that are not there."""
    cohort.name = 'A "quoted", long\nname'
    cohort.save()
    for name, columns in exports.TABLES.items():
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow([column.name for column in columns])
        writer.writerows(exports.rows(cohort, name))
        assert "".join(exports.csv_lines(cohort, name)) == "\ufeff" + out.getvalue()


def test_attempts_of_others_that_lie_between_are_not_exported(cohort, trainee, nodule_case):
    """Between the first and the last of the class, by key."""
    play(factories.UserFactory(), nodule_case, marks=[mark(nodule_case)])
    play(trainee, nodule_case)
    assert {row["learner"] for row in table(cohort, "attempts")} == {trainee.username}
    assert len(table(cohort, "attempts")) == 3
    assert {row["learner"] for row in table(cohort, "outcomes")} == {trainee.username}


def test_few_attempts_are_read_at_a_time(cohort, monkeypatch):
    whole = list(exports.rows(cohort, "outcomes"))
    monkeypatch.setattr(exports, "CHUNK", 1)
    assert list(exports.rows(cohort, "outcomes")) == whole


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
@pytest.mark.parametrize(("form", "begins"), [("csv", b"\xef\xbb\xbfclass"), ("xlsx", b"PK")])
def test_the_page_gives_the_file_and_notes_it(client_of, instructor, cohort, trainee, form, begins):
    address = reverse("classroom:export", args=[cohort.public_id, "attempts", form])
    answer = client_of(instructor).get(address)
    assert b"".join(answer).startswith(begins)
    assert "attachment" in answer["Content-Disposition"]
    assert WorkView.objects.get(learner=trainee).what == "export"


def test_nobody_else_exports(client_of, trainee, curator, cohort):
    address = reverse("classroom:export", args=[cohort.public_id, "attempts", "csv"])
    for user in (trainee, curator, factories.UserFactory(role="instructor")):
        assert client_of(user).get(address).status_code == 404


def test_an_export_that_there_is_not_is_a_404(client_of, instructor, cohort):
    for parts in (("people", "csv"), ("attempts", "exe")):
        address = reverse("classroom:export", args=[cohort.public_id, *parts])
        assert client_of(instructor).get(address).status_code == 404


def test_the_command_writes_the_same(cohort, tmp_path):
    file = tmp_path / "class.csv"
    call_command("export_class", cohort.name, "outcomes", str(file), stdout=StringIO())
    assert file.read_bytes().decode() == "".join(exports.csv_lines(cohort, "outcomes"))
    assert (tmp_path / "class-dictionary.csv").exists()


@pytest.mark.parametrize(
    ("cohort_name", "file", "sentence"),
    [
        ("nothing", "a.csv", "No classes"),
        ("Chest radiographs", "a.txt", "must end in"),
        ("Chest radiographs", "nowhere/a.csv", "cannot be written"),
        ("Chest radiographs", "nowhere/a.xlsx", "cannot be written"),
    ],
)
def test_the_command_says_what_is_wrong(cohort, tmp_path, cohort_name, file, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("export_class", cohort_name, "attempts", str(tmp_path / file))


# Past the door


SCOPE = {"method": "GET", "path": "/", "headers": []}


async def nothing_more():
    return {"type": "http.request", "body": b"", "more_body": False}


def answering(headers):
    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for piece in (b"a", b"b"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            sent.append("made")
        await send({"type": "http.response.body", "body": b""})

    return application


sent: list[object] = []


def through_the_door(headers):
    sent.clear()

    async def send(message):
        sent.append(message)

    asyncio.run(Door(answering(headers), 2)(SCOPE, nothing_more, send))
    return sent


@pytest.mark.pure
def test_a_streamed_answer_passes_the_door_piece_by_piece():
    found = through_the_door([(b"x-streamed", b"yes"), (b"content-type", b"text/csv")])
    assert found[0]["headers"] == [(b"content-type", b"text/csv")]
    assert found[2] == "made", "the first piece is out before the second is made"
    assert found.count("made") == 2


@pytest.mark.pure
def test_any_other_answer_is_kept_until_it_is_whole():
    found = through_the_door([(b"content-type", b"text/html")])
    assert found[:2] == ["made", "made"]


def test_what_another_class_calls_its_work_is_not_exported(cohort, trainee):
    other = factories.CohortFactory(learners=[trainee])
    for of, title in ((cohort, "Week 1"), (other, "After the complaint")):
        case = factories.ImageFactory().case
        made = factories.AssignmentFactory(cohort=of, cases=[case], publish=True, title=title)
        go_on(assigning.current_run(made, trainee).series)
    assert [row["assignment"] for row in table(cohort, "attempts")[-2:]] == ["Week 1", ""]
    assert table(other, "attempts")[-1]["assignment"] == "After the complaint"
