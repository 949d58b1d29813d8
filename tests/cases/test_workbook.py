"""How far a sheet of a workbook may reach, and how its cells are told."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time

import pytest

from cases.importers import SourceProblem, workbook
from cases.importers.workbook import _column, _told, as_text, is_workbook
from tests.cases.test_uploaded_sets import workbook as written

pytestmark = pytest.mark.pure

SHEET = "xl/worksheets/sheet1.xml"


def reaches_too_far(*cells, part=SHEET, before=b""):
    """Whether a sheet does that has these cells."""
    text = before + b"".join(b'<c r="%s"><v>1</v></c>' % cell.encode() for cell in cells)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(part, text)
        return workbook._reaches_too_far(archive, part)


@pytest.mark.parametrize(
    ("letters", "number"),
    [(b"A", 1), (b"Z", 26), (b"AA", 27), (b"AZ", 52), (b"BA", 53), (b"ZZ", 702), (b"AAA", 703)],
)
def test_columns_are_counted_from_1(letters, number):
    assert _column(letters) == number


@pytest.mark.parametrize(
    ("cells", "is_too_far"),
    [
        (("A5",), False),
        (("A6",), True),
        (("C1",), False),
        (("D1",), True),
        (("A4", "C1"), False),
        (("B5", "C1"), True),
        ((), False),
    ],
)
def test_a_sheet_reaches_so_far_and_no_farther(monkeypatch, cells, is_too_far):
    for name, most in {"MOST_ROWS": 5, "MOST_COLUMNS": 3, "MOST_CELLS": 12}.items():
        monkeypatch.setattr(workbook, name, most)
    assert reaches_too_far(*cells) is is_too_far
    assert not reaches_too_far(*cells, part="xl/styles.xml")
    assert not reaches_too_far(*cells, part="xl/worksheets/sheet1.rels")


@pytest.mark.parametrize("before", range(20))
def test_a_cell_that_two_pieces_of_a_sheet_share_is_seen(monkeypatch, before):
    monkeypatch.setattr(workbook, "CHUNK", 30)
    assert reaches_too_far("A999999", before=b" " * before)


def test_rows_and_columns_that_came_out_are_counted_again(monkeypatch, tmp_path):
    path = written(tmp_path / "a.xlsx", ["File", "Age"], ["a.png", 5])
    monkeypatch.setattr(workbook, "_reaches_too_far", lambda *_: False)
    for name in ("MOST_ROWS", "MOST_COLUMNS"):
        monkeypatch.setattr(workbook, name, 2)
    assert as_text(path).read_text() == "File,Age\na.png,5\n"
    for name in ("MOST_ROWS", "MOST_COLUMNS"):
        with monkeypatch.context() as patched:
            patched.setattr(workbook, name, 1)
            with pytest.raises(SourceProblem, match=r"^a\.xlsx has more rows or columns"):
                as_text(path)


def test_all_parts_together_may_be_so_large(monkeypatch, tmp_path):
    path = written(tmp_path / "a.xlsx", ["File"], ["a.png"])
    with zipfile.ZipFile(path) as archive:
        size = sum(one.file_size for one in archive.infolist())
    monkeypatch.setattr(workbook, "LARGEST", size)
    assert as_text(path).read_text() == "File\na.png\n"
    monkeypatch.setattr(workbook, "LARGEST", size - 1)
    with pytest.raises(SourceProblem, match=r"^a\.xlsx is far too large: save its sheet as CSV\.$"):
        as_text(path)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        *((5.0, "5"), (5.5, "5.5"), (5, "5"), (True, "True"), ("", ""), (None, "")),
        *((" a\0 ", "a"), (date(2025, 3, 10), "2025-03-10")),
        (datetime(2025, 3, 10), "2025-03-10"),
        (datetime(2025, 3, 10, 1), "2025-03-10T01:00:00"),
        (datetime(2025, 3, 10, 0, 1), "2025-03-10T00:01:00"),
        (datetime(2025, 3, 10, 0, 0, 1), "2025-03-10T00:00:01"),
        (time(1, 2), "01:02:00"),
    ],
)
def test_a_cell_is_told_as_one_reads_it(cell, said):
    assert _told(cell) == said


def test_a_workbook_is_known_by_its_name_and_what_it_holds(tmp_path):
    path = written(tmp_path / "a.XLSX", ["File"])
    assert is_workbook(path)
    assert not is_workbook(path.rename(tmp_path / "a.zip"))
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w"):
        pass
    assert not is_workbook(tmp_path / "b.xlsx")
    (tmp_path / "c.xlsx").write_bytes(b"none")
    assert not is_workbook(tmp_path / "c.xlsx")
