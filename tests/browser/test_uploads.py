"""What a curator is asked between an upload and its import, in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter
from playwright.sync_api import expect

from tests.browser.accessibility import grave_problems
from tests.browser.conftest import opened
from tests.browser.player import Player
from tests.browser.test_curating import picture, set_status
from tests.cases.dicom_studies import stack
from tests.cases.files import ramp, write_dicom

pytestmark = pytest.mark.browser


def write_studies(folder: Path) -> None:
    """Two films and a CT of two series, with a spreadsheet that calls its columns otherwise."""
    folder.mkdir()
    for number in (1, 2):
        film = {"StudyInstanceUID": f"1.2.3.{number}", "AccessionNumber": f"A-10{number}"}
        values = ramp(300, 240)[:, :: 1 if number == 1 else -1]
        write_dicom(folder / f"film-{number}.dcm", values, ViewPosition="PA", **film)
    same = {"StudyInstanceUID": "1.2.3.9", "AccessionNumber": "A-109"}
    slices = {"values": ramp(96, 96), "WindowCenter": 2000, "WindowWidth": 4000}
    stack(folder / "ct", range(6), SeriesDescription="Lung 2.0", **same, **slices)
    soft = {"SeriesDescription": "Soft tissue 3.0", "SeriesNumber": 2}
    stack(folder / "ct", range(4), seed=2, **same, **slices, **soft)
    with xlsxwriter.Workbook(folder / "worklist.xlsx") as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(
            (
                ("No", "Order", "What it shows", "Years", "Text", "Asked"),
                (1, "A-101", "left pleural effusion", 61, "A small effusion.", "Dyspnea"),
                (2, "A-102", "normal", "sixty", "", ""),
                (3, "A-109", "nodule; Schatten", 70, "A nodule.", "Weight loss"),
                (4, "A-999", "normal", 33, "", ""),
            )
        ):
            sheet.write_row(number, 0, row)


def test_a_sheet_is_mapped_and_a_series_chosen_before_anything_comes_in(
    game, chromium, trainee, tmp_path
):
    write_studies(tmp_path / "studies")
    with opened(chromium) as desk:
        curator = Player(game, desk)
        curator.log_in("curator")
        desk.goto(f"{game.address}/cases/uploads/")
        desk.get_by_label("Data set").fill("Studies with a sheet")
        desk.locator("[name=folder]").set_input_files(tmp_path / "studies")
        desk.get_by_role("button", name="Upload").click()
        desk.wait_for_url("**/cases/uploads/*/")
        expect(desk.get_by_text("Waiting for you")).to_be_visible(timeout=120_000)
        title = "Studies with a sheet"
        count = (
            "SELECT count(*) FROM cases_case c "
            "JOIN cases_dataset d ON d.id = c.dataset_id WHERE d.title = ?"
        )
        assert game.one(count, title) == 0

        expect(desk.locator("[name=column-0-1]")).to_have_value("accession")
        desk.get_by_label("What it shows").select_option("findings")
        desk.get_by_label("Years").select_option("age")
        desk.get_by_label("Text").select_option("report")
        desk.get_by_label("Asked").select_option("indication")
        read = desk.locator("#rows-read")
        expect(read).to_contain_text("left pleural effusion · 61 years · report: A small effusion.")
        expect(read).to_contain_text("Its age cannot be read")
        expect(read).to_contain_text("no file or study of this name")
        assert grave_problems(desk) == []
        picture(desk, "desk-columns", full=True)
        desk.reload()
        expect(desk.get_by_label("Years")).to_have_value("age")

        desk.get_by_label("Place of series 1, CT").select_option("2")
        desk.get_by_label("Place of series 2, CT").select_option("1")
        desk.get_by_role("button", name="Import").click()
        expect(desk.get_by_text("3 cases came in")).to_be_visible(timeout=120_000)
        expect(desk.locator(".refused")).to_contain_text("the table, line 5")
        assert game.one(count, title) == 3
        told = game.rows(
            "SELECT f.label, c.age, c.indication FROM cases_finding f "
            "JOIN cases_case c ON c.id = f.case_id JOIN cases_dataset d ON d.id = c.dataset_id "
            "WHERE d.title = ? ORDER BY f.label",
            title,
        )
        assert told == [("nodule_mass", 70, "Weight loss"), ("pleural_effusion", 61, "Dyspnea")]
        [case] = game.rows(
            "SELECT c.public_id FROM cases_case c JOIN cases_image i ON i.case_id = c.id "
            "WHERE c.age = 70 AND i.frames = 4 AND i.position = 0"
        )
        desk.goto(f"{game.address}/cases/{case[0]}/")
        expect(desk.locator("#series")).to_be_visible()
        assert grave_problems(desk) == []
        picture(desk, "desk-series", full=True)
        desk.get_by_label("Place of series 2, CT").select_option("2")
        desk.get_by_label("Place of series 1, CT").select_option("1")
        desk.get_by_role("button", name="Show these").click()
        expect(desk.get_by_text("Kept, for later imports too.")).to_be_visible()
        frames = (
            "SELECT frames FROM cases_image i JOIN cases_case c ON c.id = i.case_id "
            "WHERE c.public_id = ? ORDER BY position"
        )
        assert game.rows(frames, case[0]) == [(6,), (4,)]
        set_status(curator, case[0], "published")
    with opened(chromium) as room:
        learner = Player(game, room)
        learner.log_in(trainee)
        learner.open(case[0])
        expect(room.get_by_text("1 / 6")).to_be_visible()
        expect(room.locator(".patient")).to_have_text("70")
        picture(room, "two-series")
