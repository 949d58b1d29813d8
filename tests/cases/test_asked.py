"""What is asked of a table that came with films: its first rows, what fits, and how many it has."""

from __future__ import annotations

import pytest

from cases.importers.asked import Answers, answers_of, studies_asked, table_question
from cases.importers.studies.headings import digest

pytestmark = pytest.mark.pure

KNOWN = {("file", "a.png"), ("file", "b.png"), ("patient", digest("P7")), ("study", digest("P7"))}


def question(folder, text, known=KNOWN):
    (folder / "facts.csv").write_text(text)
    return table_question(folder / "facts.csv", "in/facts.csv", known)


def test_a_table_with_headings_is_shown_with_what_fits_its_films(tmp_path):
    said = question(tmp_path, "Alter,Bild\n44,A.png\n55,x.png\n66,b.png\n")
    assert said == {
        "name": "in/facts.csv",
        "rows": [["Alter", "Bild"], ["44", "A.png"], ["55", "x.png"], ["66", "b.png"]],
        "matches": [[], ["file 1"], [], ["file 1"]],
        "width": 2,
        "count": 3,
        "has_header": True,
        "columns": {"file": 1, "age": 0},
    }


def test_a_table_without_headings_counts_its_first_row_too(tmp_path):
    said = question(tmp_path, "44,a.png\n55,b.png\n")
    assert (said["has_header"], said["count"]) == (False, 2)
    assert said["columns"] == {"file": 1}
    assert said["matches"] == [["file 1"], ["file 1"]]
    assert question(tmp_path, "Age,a.png\n55,b.png\n")["columns"] == {"file": 1}


def test_one_of_headings_alone_has_no_rows(tmp_path):
    said = question(tmp_path, "File,Age\n")
    assert (said["count"], said["has_header"], said["width"]) == (0, True, 2)
    assert said["columns"] == {"file": 0, "age": 1}


def test_a_cell_may_fit_a_study_and_a_patient(tmp_path):
    said = question(tmp_path, "Nr,Wert\nP7,1\n")
    assert said["matches"] == [[], ["study 0", "patient 0"]]
    assert said["columns"] == {"study": 0}


@pytest.mark.parametrize(
    ("fitting", "others", "columns"),
    [(1, 1, {"file": 0}), (1, 2, {}), (2, 1, {"file": 0}), (0, 1, {})],
)
def test_a_column_is_taken_where_half_of_its_cells_fit(tmp_path, fitting, others, columns):
    rows = ["Nr", *["a.png"] * fitting, *["x.png"] * others]
    assert question(tmp_path, "\n".join(f"{row},1" for row in rows))["columns"] == columns


def test_as_many_rows_are_looked_at_as_columns_are_guessed_by(tmp_path):
    rows = ["x.png"] * (100) + ["a.png"] * (100)
    text = "Nr,Wert\n" + "".join(f"{row},1\n" for row in rows)
    said = question(tmp_path, text + "x.png,1\n" * 7)
    assert said["count"] == 207
    assert said["columns"] == {"file": 0}
    said = question(tmp_path, text.replace("a.png", "x.png", 1) + "a.png,1\n" * 500)
    assert said["columns"] == {}


def test_as_many_rows_and_letters_are_shown_as_a_page_holds(tmp_path):
    long = "x" * (201)
    rows = [f"{number},{long}" for number in range(10)]
    said = question(tmp_path, "Nr,Text\n" + "\n".join(rows))
    assert len(said["rows"]) == len(said["matches"]) == 9
    assert {row[1] for row in said["rows"][1:]} == {long[:-1]}
    assert said["count"] == 10


@pytest.mark.parametrize(("columns", "shown"), [(39, 39), (40, 40), (41, 40)])
def test_columns_beyond_what_a_page_holds_are_left_out(tmp_path, columns, shown):
    cells = [*("x" for _ in range(columns - 1)), "a.png"]
    text = ",".join(f"c{at}" for at in range(columns)) + "\n" + ",".join(cells) + "\n"
    said = question(tmp_path, text)
    assert (said["width"], {len(row) for row in said["rows"]}) == (shown, {shown})
    assert said["columns"] == ({"file": columns - 1} if columns == shown else {})


def test_a_row_may_be_wider_than_the_headings(tmp_path):
    said = question(tmp_path, "Age,Nr\n44,1,a.png\n45,2,b.png\n")
    assert (said["width"], said["columns"]) == (3, {"file": 2, "age": 0})


def test_a_table_whose_rows_are_all_broken_shows_none(tmp_path):
    said = question(tmp_path, '"a.png,1\n')
    assert (said["rows"], said["matches"], said["width"], said["columns"]) == ([], [], 0, {})


def test_a_table_that_cannot_be_read_says_why(tmp_path):
    said = question(tmp_path, "")
    assert said == {
        "name": "in/facts.csv",
        "problem": "facts.csv is empty: copy it again from its source.",
    }


@pytest.mark.parametrize(
    ("each", "count", "fitting"),
    [(6, 100, 100), (6, 101, 100), (7, 101, 85), (600, 2, 1), (601, 1, 0), (300, 3, 2), (2, 0, 0)],
)
def test_as_many_studies_are_asked_about_as_a_form_holds(each, count, fitting):
    studies = [{"study": str(at), "series": [{}] * each} for at in range(count)]
    assert studies_asked(studies) == studies[:fitting]


def test_answers_are_the_same_after_they_were_kept():
    answers = Answers(1, {"file": 2, "age": 0}, has_header=False, series={"s": ("b", "a")})
    kept = answers.as_json()
    assert kept == {
        "table": 1,
        "columns": {"file": 2, "age": 0},
        "has_header": False,
        "series": {"s": ["b", "a"]},
    }
    assert answers_of(kept) == Answers(1, {"file": 2, "age": 0}, False, {"s": ["b", "a"]})
    assert answers_of({}) == Answers() == Answers(None, {}, True, {})
    assert answers_of({"columns": {"file": 1, "other": 2}}).columns == {"file": 1}
    assert answers_of(None) is None
