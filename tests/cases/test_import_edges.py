"""Values of sources at the limit of what can be meant, and what an import says of a case."""

from __future__ import annotations

from dataclasses import MISSING, fields

import numpy as np
import pytest
from django.db import DatabaseError

from cases import services, storing
from cases.imaging import htj2k
from cases.importers import base, tables
from cases.importers.base import (
    ImportedCase,
    ImportedFinding,
    ImportedImage,
    ImportedRegion,
    Problem,
    SourceProblem,
)
from cases.models import Case
from cases.renditions import ImagePlan, _inside, _joined, _overlap, blackened
from cases.storing import Choices, Plan, Stored, first_status

pytestmark = pytest.mark.pure


# What every importer yields


SAID = {
    ImportedRegion: {"shape": "box"},
    ImportedImage: {"study": "current"},
    ImportedFinding: {},
    ImportedCase: {"knows_findings": True},
    base.DatasetInfo: {"access": "registered"},
    base.ImportedReport: {"language": "en"},
    Problem: {"kind": "part", "count": 1},
}
"""What is taken for granted of each where its source does not say it; all else is left open."""


@pytest.mark.parametrize("what", SAID)
def test_what_a_source_does_not_say_is_left_open(what):
    taken = {one.name: one.default for one in fields(what) if one.default is not MISSING}
    assert {name: value for name, value in taken.items() if value} == SAID[what]


# Tables


@pytest.mark.parametrize("chunk", [1, 2, 7, 1000])
@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("[]", []),
        ("{}", []),
        (" [1, [2, 3], {}]", [("", 1), ("", [2, 3]), ("", {})]),
        ('{"a": 1, "b": {"c": [2]}, "d": null}', [("a", 1), ("b", {"c": [2]}), ("d", None)]),
        ('\n\n{"a":12345}', [("a", 12345)]),
        ("[-12.5e3]", [("", -12500.0)]),
    ],
)
def test_json_is_read_entry_by_entry_however_it_comes(tmp_path, monkeypatch, chunk, text, entries):
    monkeypatch.setattr(tables, "CHUNK", chunk)
    (tmp_path / "a.json").write_text(text)
    assert list(tables.json_entries(tmp_path / "a.json")) == entries


@pytest.mark.parametrize(
    ("text", "before", "said"),
    [
        ("", 0, "a.json is neither a JSON list nor an object."),
        ("5", 0, "a.json is neither a JSON list nor an object."),
        ("[1, 2", 1, "a.json is cut off or no JSON near “2”: copy it again."),
        ("[1, x]", 1, "a.json is cut off or no JSON near “x]”: copy it again."),
        ('{"a": 1, ', 1, "a.json is cut off or no JSON near “”: copy it again."),
        ("[1}", 1, "a.json is cut off or no JSON near “}”: copy it again."),
        ('["' + "y" * 90, 0, f'a.json is cut off or no JSON near “"{"y" * 39}”: copy it again.'),
    ],
)
def test_json_that_breaks_gives_what_came_before_and_says_where(tmp_path, text, before, said):
    (tmp_path / "a.json").write_text(text)
    found = []
    with pytest.raises(SourceProblem) as problem:
        for entry in tables.json_entries(tmp_path / "a.json"):
            found.append(entry)  # what came before the end is the matter
    assert (len(found), str(problem.value)) == (before, said)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"a,b", "utf-8-sig"),
        (b"", "utf-8-sig"),
        (b"\xef\xbb\xbfa,b", "utf-8-sig"),
        ("a,b".encode("utf-16"), "utf-16"),
        (b"\xfe\xff\x00a", "utf-16"),
        ("a,b;c".encode("utf-16-le"), "utf-16-le"),
        ("a,b;c".encode("utf-16-be"), "utf-16-be"),
        (b"PK\x03\x04", "a is a spreadsheet or an archive, not a text table: save it as CSV."),
        (b"\xd0\xcf\x11\xe0..", "a is a spreadsheet, not a text table: save it as CSV."),
        (b"\x1f\x8b..", "a is compressed, not a text table: save it as CSV."),
        (b"a\0\0b", "a is not a text table: save it as CSV in UTF-8."),
        (b"abcdefg\0", "a is not a text table: save it as CSV in UTF-8."),
    ],
)
def test_how_a_table_is_written_is_told_by_its_bytes(tmp_path, content, encoding):
    (tmp_path / "a").write_bytes(content)
    if " " not in encoding:
        assert tables._encoding(tmp_path / "a") == encoding
        return
    with pytest.raises(SourceProblem) as problem:
        tables._encoding(tmp_path / "a")
    assert str(problem.value) == encoding


@pytest.mark.parametrize(
    ("text", "whole", "expected"),
    [
        ("a,B ,c\n1,2,3\n", False, (",", ("b", "c"), 1, 1)),
        ("a,B ,c\n1,2,3\n", True, (",", ("a", "b", "c"), 0, 1)),
        ("\nsep=;\nb;c\n", False, (";", ("b", "c"), 0, 3)),
        ("sep=;\nb;c\n", False, (";", ("b", "c"), 0, 2)),
        ("a\tb\n", False, ("\t", ("b",), 1, 1)),
        ("a|b\n", False, ("|", ("b",), 1, 1)),
    ],
)
def test_a_table_is_opened_by_the_column_it_names(tmp_path, text, whole, expected):
    (tmp_path / "a.csv").write_text(text)
    found = tables.open_table(tmp_path / "a.csv", "B", whole=whole)
    assert (found.delimiter, found.header, found.skipped, found.header_line) == expected


def test_a_line_that_names_the_delimiter_is_one_only_at_its_beginning(tmp_path):
    (tmp_path / "a.csv").write_text("\n sep=;\nb;c\n")
    with pytest.raises(SourceProblem, match=r"and is “sep=;”\.$"):
        tables.open_table(tmp_path / "a.csv", "B")


@pytest.mark.parametrize(
    ("text", "breaks", "rows"),
    [
        ("b,c\n1,2\n", False, [(2, ("1", "2"), "")]),
        ("b,c\n\n , \n1,2\n", False, [(4, ("1", "2"), "")]),
        ('b,c\n"x",y\n"z,w\n', False, [(2, ("x", "y"), ""), (3, (), "z")]),
        ('b,c\n"x\ny",z\n', True, [(2, ("x\ny", "z"), "")]),
        ('b,c\n"x\ny",z\n', False, [(2, (), "x"), (3, ('y"', "z"), "")]),
        ('b,c\n"x\n1,2\n', True, [(2, (), "x"), (3, ("1", "2"), "")]),
        ('b,c\n"x\n"y\nz",1\n', True, [(2, (), "x"), (3, ("y\nz", "1"), "")]),
        (
            'b,c\n"x\ny",z,w\n1,2\n',
            True,
            [(2, (), "x"), (3, ('y"', "z", "w"), ""), (4, ("1", "2"), "")],
        ),
        ('a,b,c\n0,"x\ny",z\n', True, [(2, ("x\ny", "z"), "")]),
        ("a,b\n1\n2,3\n", False, [(2, (), "1"), (3, ("3",), "")]),
    ],
)
def test_rows_are_read_with_their_lines_and_broken_ones_are_told(tmp_path, text, breaks, rows):
    (tmp_path / "a.csv").write_text(text)
    found = tables.open_table(tmp_path / "a.csv", "b").rows(breaks=breaks)
    assert [(row.line, row.cells, row.start) for row in found] == rows


@pytest.mark.parametrize(("most", "rows"), [(3, [2]), (2, [2, 3, 4])])
def test_a_row_may_take_so_many_lines_and_no_more(tmp_path, monkeypatch, most, rows):
    monkeypatch.setattr(tables, "LONGEST_ROW", most)
    (tmp_path / "a.csv").write_text('b,c\n"x\ny\nz",w\n')
    table = tables.open_table(tmp_path / "a.csv", "b")
    assert [row.line for row in table.rows(breaks=True)] == rows


@pytest.mark.parametrize(("most", "header"), [(2, ("a\nb\nc", "d")), (1, ('"a',))])
def test_headings_may_take_so_many_lines_and_no_more(tmp_path, monkeypatch, most, header):
    monkeypatch.setattr(tables, "LONGEST_HEADING", most + 1)
    (tmp_path / "a.csv").write_text('"a\nb\nc",d\n1,2\n')
    assert tables.whole_table(tmp_path / "a.csv").header == header


@pytest.mark.parametrize(
    ("text", "has_header", "expected"),
    [
        ("\n \nB;c\n1;2\n", True, (";", ("b", "c"), 3)),
        ("sep=|\nB|c,d\n", True, (",", ("b|c", "d"), 2)),
        ("\nsep=;\n1;2;3\n", False, (";", ("A", "B", "C"), 2)),
        ("B,c;d\n", True, (",", ("b", "c;d"), 1)),
        ("B|c;d\n", True, (";", ("b|c", "d"), 1)),
        ("B|c\td;e;f\n", True, (";", ("b|c\td", "e", "f"), 1)),
        ("B\n1\n", True, (",", ("b",), 1)),
        ('B "c\n1\n', True, (",", ('b "c',), 1)),
    ],
)
def test_a_table_of_any_columns_is_parted_by_what_parts_most(tmp_path, text, has_header, expected):
    (tmp_path / "a.csv").write_text(text)
    found = tables.whole_table(tmp_path / "a.csv", has_header=has_header)
    assert (found.delimiter, found.header, found.header_line) == expected
    assert (found.skipped, found.path, found.encoding) == (0, tmp_path / "a.csv", "utf-8-sig")


@pytest.mark.parametrize("text", ["", "\n  \n", "sep=;\n"])
@pytest.mark.parametrize("opened", [tables.whole_table, lambda path: tables.open_table(path, "b")])
def test_a_table_with_nothing_in_it_is_empty(tmp_path, text, opened):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(SourceProblem, match=r"^a\.csv is empty: copy it again from its source\.$"):
        opened(tmp_path / "a.csv")


@pytest.mark.parametrize(("delimiter", "number"), [(";", 1.5), ("\t", 1.5), ("|", 1.5)])
def test_a_comma_is_a_decimal_point_where_it_parts_no_columns(delimiter, number):
    table = tables.Table(tables.Path("a"), "utf-8", delimiter, ("b",), 0, 1)
    assert (table.number("1,5"), table.number("1.5")) == (number, number)
    with pytest.raises(ValueError, match="1,5"):
        tables.Table(tables.Path("a"), "utf-8", ",", ("b",), 0, 1).number("1,5")


def test_files_are_found_in_any_letters_and_told_where_there_are_several(tmp_path):
    for name in ("B.CSV", "a.csv", "c.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "d.csv").mkdir()
    assert [one.name for one in tables.files_like(tmp_path, "*.csv")] == ["B.CSV", "a.csv"]
    assert tables.only_file(tmp_path, "*.txt", "c.*") == tmp_path / "c.txt"
    assert tables.only_file(tmp_path, "*.png") is None
    with pytest.raises(SourceProblem) as problem:
        tables.only_file(tmp_path, "*.csv")
    said = f"{tmp_path} holds B.CSV and a.csv: name the one that is meant, or leave it alone there."
    assert str(problem.value) == said


# What an import does and says


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DatabaseError("locked"), "The database refused it (locked)."),
        (OSError(28, "No space left"), "Its files could not be written (No space left)."),
        (OSError("odd"), "Its files could not be written (odd)."),
        (ValueError("too long."), "The library cannot hold it: too long."),
        (KeyError("x"), "It could not be stored (KeyError: 'x')."),
    ],
)
def test_why_a_case_was_skipped_is_one_sentence(error, said):
    assert services._why(error) == said


@pytest.mark.parametrize(
    ("held", "asked", "status"),
    [
        (False, "published", "published"),
        (True, "published", "review"),
        (True, "draft", "draft"),
        (False, "draft", "draft"),
    ],
)
def test_a_new_case_that_its_source_held_back_waits(held, asked, status):
    assert first_status(ImportedCase("a", (), is_held=held), Choices(asked)) == status


def image_plan(**said):
    return ImagePlan(Case, {}, **{"sha256": "1"} | said)


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ({"is_new": True, "kept": "x"}, Stored.NEW),
        ({"kept": "x", "replaces_truth": True}, Stored.KEPT),
        ({"fields": {"age": 5}}, Stored.UPDATED),
        ({"replaces_truth": True}, Stored.UPDATED),
        ({"images": (image_plan(mends=True),)}, Stored.UPDATED),
        ({"images": (image_plan(sha256=""),)}, Stored.UPDATED),
        ({"images": (image_plan(),)}, Stored.UNCHANGED),
        ({"images": (ImagePlan(Case, {"doubt": "x"}, "1"),)}, Stored.UNCHANGED),
        ({"images": (ImagePlan(Case, {"doubt": "x", "view": "PA"}, "1"),)}, Stored.UPDATED),
        (
            {"fields": {"source_digest": "x", "source_truth": "y", "patient": "z"}},
            Stored.UNCHANGED,
        ),
        ({}, Stored.UNCHANGED),
    ],
)
def test_what_becomes_of_a_case_is_told_by_what_changes(said, stored):
    assert Plan(**{"is_new": False} | said).stored == stored


@pytest.mark.parametrize(
    ("reasons", "status", "fields_", "held"),
    [
        (["x"], "review", {}, True),
        (["x"], "published", {}, False),
        ([], "review", {}, False),
        ([], "published", {"review_reasons": ["x"], "status": "review"}, True),
        (["x"], "review", {"status": "published"}, False),
        (["x"], "review", {"review_reasons": []}, False),
    ],
)
def test_a_case_is_held_where_it_then_waits_with_reasons(reasons, status, fields_, held):
    case = Case(review_reasons=reasons, status=status)
    assert Plan(is_new=False, fields=fields_).is_held(case) is held


@pytest.mark.parametrize(
    ("count", "kept", "last"),
    [(0, 0, None), (20, 20, "w: 19"), (21, 21, "… and 1 more."), (1220, 21, "… and 1,200 more.")],
)
def test_twenty_reasons_are_kept_and_the_others_counted(count, kept, last):
    problems = tuple(Problem("w", str(number)) for number in range(count))
    found = storing._reasons(ImportedCase("a", (), problems=problems))
    assert (len(found), found[-1] if found else None) == (kept, last)
    long = storing._reasons(ImportedCase("a", (), problems=(Problem("w", "x" * 400),)))
    assert long == ["w: " + "x" * 297]


@pytest.mark.parametrize(
    ("case", "imported", "said"),
    [
        (("published", False), (1, False), (["w: 0"], "review", True)),
        (("review", False), (1, False), (["w: 0"], None, None)),
        (("draft", False), (1, False), (["w: 0"], None, None)),
        (("review", True), (0, False), ([], "published", False)),
        (("review", True), (0, True), ([], None, None)),
        (("review", False), (0, False), ([], None, None)),
        (("published", False), (0, False), ([], None, None)),
    ],
)
def test_an_import_releases_what_an_import_held_back(case, imported, said):
    status, held = case
    count, is_held = imported
    problems = tuple(Problem("w", str(number)) for number in range(count))
    found = storing._review(
        Case(status=status, held_by_import=held),
        ImportedCase("a", (), problems=problems, is_held=is_held),
        "published",
    )
    names = ("review_reasons", "status", "held_by_import")
    assert tuple(found.get(name) for name in names) == said


# Boxes in pixels


@pytest.mark.parametrize(
    ("box", "rows", "columns"),
    [
        ((0, 0, 1, 1), (0, 10), (0, 20)),
        ((0.1, 0.2, 0.3, 0.4), (2, 4), (2, 6)),
        ((0.12, 0.21, 0.31, 0.42), (2, 5), (2, 7)),
        ((0.5, 0.5, 0.51, 0.51), (5, 6), (10, 11)),
    ],
)
def test_a_box_takes_every_pixel_that_it_touches(box, rows, columns):
    found = _inside(box, (10, 20))
    assert [(one.start, one.stop) for one in found] == [rows, columns]
    pixels = np.full((10, 20), 9, np.uint8)
    black = blackened(htj2k.encode(pixels), [box, (0.9, 0.9, 1, 1)])
    pixels[slice(*rows), slice(*columns)] = 0
    pixels[9:, 18:] = 0
    assert np.array_equal(black, pixels)


@pytest.mark.parametrize(
    ("other", "overlaps"),
    [
        ((0.4, 0.4, 0.6, 0.6), True),
        ((0.1, 0.1, 0.21, 0.21), True),
        ((0.1, 0.2, 0.2, 0.8), False),
        ((0.8, 0.2, 0.9, 0.8), False),
        ((0.2, 0.1, 0.8, 0.2), False),
        ((0.2, 0.8, 0.8, 0.9), False),
        ((0, 0, 1, 1), True),
    ],
)
def test_boxes_that_touch_do_not_overlap(other, overlaps):
    one = (0.2, 0.2, 0.8, 0.8)
    assert _overlap(one, other) is _overlap(other, one) is overlaps
    assert len(_joined([one, other])) == (1 if overlaps else 2)


def test_boxes_come_from_the_top_and_then_from_the_left():
    boxes = [(0.5, 0.5, 0.6, 0.6), (0.8, 0.1, 0.9, 0.2), (0.1, 0.1, 0.2, 0.2)]
    assert _joined(boxes) == [boxes[2], boxes[1], boxes[0]]
    assert _joined([(0.3, 0.3, 0.5, 0.4), (0.4, 0.1, 0.9, 0.35)]) == [(0.3, 0.1, 0.9, 0.4)]
