"""Tables as people's programs save them: read, or refused with the true reason."""

from __future__ import annotations

import codecs
import json

import pytest

from cases.importers import SourceProblem
from cases.importers.tables import LONGEST_LINE, column_name, json_of, open_table, whole_table
from tests.cases.sources import (
    BOX_HEADER,
    ENTRY_HEADER,
    nih,
    padchest,
    read,
    sentence,
    simulated,
    simulated_case,
    study,
)

pytestmark = pytest.mark.pure

ROW = "a.png,Mass,0,1,57,M,PA,2048,1024,0.2,0.1\n"
MASTER = "StudyID,ImageID,PatientSex_DICOM,PatientAge\ns1,a.png,F,071Y\n"


def as_semicolons(text, comma="."):
    return text.replace(",", ";").replace(".", comma).replace(f"a{comma}png", "a.png")


SAVED = {
    "as published": lambda text: text.encode(),
    "with a byte order mark": lambda text: text.encode("utf-8-sig"),
    "as UTF-16": lambda text: text.encode("utf-16"),
    "as big-endian UTF-16": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "as UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
    "with semicolons": lambda text: as_semicolons(text).encode(),
    "with semicolons and decimal commas": lambda text: as_semicolons(text, ",").encode(),
    "with tabs": lambda text: text.replace(",", "\t").encode(),
    "as a German spreadsheet": lambda text: ("sep=;\n" + as_semicolons(text)).encode("utf-16"),
    "with Windows' line ends": lambda text: text.replace("\n", "\r\n").encode(),
    "with quotes": lambda text: text.replace("Mass", '"Mass"').encode(),
    "with a numbered first column": lambda text: "".join(
        f"{number or ''},{line}\n" for number, line in enumerate(text.splitlines())
    ).encode(),
    "after empty lines": lambda text: ("\n\n" + text).encode(),
}


@pytest.mark.parametrize("how", SAVED)
def test_the_nih_tables_are_read_however_they_were_saved(tmp_path, how):
    nih(tmp_path)
    (tmp_path / "Data_Entry_2017.csv").write_bytes(SAVED[how](ENTRY_HEADER + ROW))
    boxes = BOX_HEADER + "a.png,Mass,256.0,512.0,128.0,64.0\n"
    (tmp_path / "BBox_List_2017.csv").write_bytes(SAVED[how](boxes))
    cases, problems = read("nih", tmp_path)
    assert not problems
    case = cases["a.png"]
    assert (case.age, case.sex, case.images[0].source.view) == (57, "M", "PA")
    assert case.images[0].source.extent_mm == pytest.approx((102.4, 409.6))
    assert [r.box for f in case.findings for r in f.regions] == [(0.25, 0.5, 0.375, 0.5625)]


@pytest.mark.parametrize("how", SAVED)
def test_age_and_sex_are_read_however_the_master_table_was_saved(tmp_path, how):
    padchest(tmp_path, study(sentence()))
    (tmp_path / "master_table.csv").write_bytes(SAVED[how](MASTER))
    cases, problems = read("padchest-gr", tmp_path)
    assert not problems
    assert (cases["a.png"].age, cases["a.png"].sex) == (71, "F")


@pytest.mark.parametrize("name", ["DATA_ENTRY_2017.CSV", "nih_Data_Entry_2017.tsv"])
def test_the_nih_tables_are_found_in_any_letters(tmp_path, name):
    nih(tmp_path)
    (tmp_path / name).write_text(ENTRY_HEADER + ROW)
    assert list(read("nih", tmp_path)[0]) == ["a.png"]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (ROW, r"has no header: its first line should name the column “Image Index” and is “a\.png"),
        ("", "is empty"),
        (b"PK\x03\x04rest", "is a spreadsheet or an archive, not a text table: save it as CSV"),
        (b"\x1f\x8b\x08rest", "is compressed"),
        (bytes(range(256)) * 4, "is not a text table"),
        (ENTRY_HEADER, "there are no rows after the header"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_the_true_reason(tmp_path, content, what):
    path = nih(tmp_path) / "Data_Entry_2017.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SourceProblem, match=rf"Data_Entry_2017\.csv:? {what}"):
        read("nih", tmp_path)


def test_two_editions_of_one_table_are_refused_by_name(tmp_path):
    nih(tmp_path, entries=[ROW.strip()])
    (tmp_path / "Data_Entry_2017.csv").write_text(ENTRY_HEADER)
    with pytest.raises(SourceProblem, match=r"Data_Entry_2017\.csv and Data_Entry_2017_v2020\.csv"):
        read("nih", tmp_path)
    assert list(read("nih", tmp_path / "Data_Entry_2017_v2020.csv", tmp_path)[0]) == ["a.png"]


@pytest.mark.parametrize("other", ["grounded_reports_20250101.json", "localize_test.json"])
def test_two_lists_of_studies_are_refused_by_name(tmp_path, other):
    padchest(tmp_path, study(sentence()))
    (tmp_path / other).write_text("[]")
    with pytest.raises(SourceProblem, match=rf"{other}.*: name the one that is meant"):
        read("padchest-gr", tmp_path)


def test_the_other_formats_files_are_found_in_any_letters_too(tmp_path):
    padchest(tmp_path, study(sentence())).joinpath("grounded_reports_20240819.json").rename(
        tmp_path / "Grounded_Reports_1.JSON"
    )
    (tmp_path / "Master_Table.CSV").write_text(MASTER)
    assert read("padchest-gr", tmp_path)[0]["a.png"].age == 71
    simulated(tmp_path, simulated_case()).joinpath("cases.json").rename(tmp_path / "Cases.json")
    assert list(read("simulated", tmp_path)[0]) == ["case-1"]


def test_a_file_that_is_neither_nih_table_is_refused(tmp_path):
    nih(tmp_path, entries=[ROW.strip()])
    (tmp_path / "mine.csv").write_text(ENTRY_HEADER)
    with pytest.raises(SourceProblem, match=r"mine\.csv is named like neither"):
        read("nih", tmp_path / "mine.csv")


def test_a_quote_that_is_never_closed_costs_its_own_line_only(tmp_path):
    rows = [f"{number}.png,Mass,1,1,9,9" for number in range(4000)]
    nih(tmp_path, boxes=["a.png,Mass,1,1,9,9", 'b.png,"Mass,1,1,9,9', *rows, "c.png,Mass,1,1,9,9"])
    for name in ("b.png", "c.png"):
        (tmp_path / name).write_bytes((tmp_path / "a.png").read_bytes())
    cases, problems = read("nih", tmp_path)
    assert list(cases) == ["a.png", "c.png"]
    told = {problem.where: problem for problem in problems}
    assert "quotes are broken" in told["BBox_List_2017.csv, line 3"].sentence
    assert told["images"].count == 4000


def test_a_cell_of_megabytes_costs_its_own_line_only(tmp_path):
    long = "x" * (LONGEST_LINE + 9)
    nih(tmp_path, boxes=[f'b.png,"{long}",1,1,9,9', "a.png,Mass,1,1,9,9"])
    cases, problems = read("nih", tmp_path)
    assert list(cases) == ["a.png"]
    assert problems and all("BBox_List" in problem.where for problem in problems)


def test_a_master_table_may_hold_line_breaks_and_broken_quotes(tmp_path):
    padchest(tmp_path, study(name="a.png"), study(name="b.png"))
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes())
    header = "ImageID,Report,PatientAge\n"
    rows = 'a.png,"two\nlines, ""quoted""",40\nx.png,"never closed,1\nb.png,"one",50\n'
    (tmp_path / "master_table.csv").write_text(header + rows)
    cases, problems = read("padchest-gr", tmp_path)
    assert [case.age for case in cases.values()] == [40, 50]
    assert [problem.where for problem in problems] == ["master_table.csv, line 4"]


def test_a_master_table_of_another_kind_is_told_and_the_cases_go_in(tmp_path):
    padchest(tmp_path, study(sentence()))
    (tmp_path / "master_table.csv").write_text("Study,Age\ns1,50\n")
    cases, problems = read("padchest-gr", tmp_path)
    assert cases["a.png"].age is None
    assert [problem.where for problem in problems] == ["master_table.csv"]
    assert "should name the column “ImageID”" in problems[0].sentence


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_json_is_read_in_every_unicode_form(tmp_path, encoding):
    (tmp_path / "cases.json").write_bytes(json.dumps({"ä": 1}, ensure_ascii=False).encode(encoding))
    assert json_of(tmp_path / "cases.json") == {"ä": 1}


def test_a_table_that_is_a_folder_is_refused(tmp_path):
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(SourceProblem, match="cannot be read"):
        open_table(tmp_path / "x.csv", "a")


def test_letters_of_windows_are_read_beside_those_of_utf8(tmp_path):
    path = tmp_path / "facts.csv"
    rows = [
        "Größe;Befund\n".encode("cp1252"),
        "1;Erguß\n".encode(),
        "2;Erguß – links\n".encode("cp1252"),
    ]
    path.write_bytes(b"".join(rows))
    table = open_table(path, "größe")
    assert [row.cells for row in table.rows()] == [("1", "Erguß"), ("2", "Erguß – links")]


def test_headings_of_several_lines_are_one_row(tmp_path):
    path = tmp_path / "wrapped.csv"
    text = 'Date;"File\nname";"Age\n(years)"\n1;a.png;44\n2;"b\nb.png";45\n'
    path.write_text(text)
    table = whole_table(path)
    assert table.header == ("date", "file\nname", "age\n(years)")
    rows = [(row.line, row.cells) for row in table.rows(breaks=True)]
    assert rows == [(4, ("1", "a.png", "44")), (5, ("2", "b\nb.png", "45"))]
    plain = list(whole_table(path, has_header=False).rows(breaks=True))
    assert [row.line for row in plain] == [1, 4, 5]
    path.write_text('"File;Age\na.png;44\n')  # a quote that is never closed
    assert [row.cells for row in whole_table(path).rows(breaks=True)] == [("a.png;44",)]


@pytest.mark.parametrize(
    ("at", "name"),
    [(0, "A"), (1, "B"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")],
)
def test_columns_are_called_as_a_spreadsheet_calls_them(at, name):
    assert column_name(at) == name


def test_a_table_without_headings_has_letters_for_them(tmp_path):
    path = tmp_path / "plain.csv"
    path.write_text("a.png,44,F\n")
    table = whole_table(path, has_header=False)
    assert table.header == ("A", "B", "C")
    assert [(row.line, row.cells) for row in table.rows()] == [(1, ("a.png", "44", "F"))]
