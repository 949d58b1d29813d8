"""The writing game in a real browser, on a case imported beside the running game."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.test_truth_stays_secret import Recorder
from tests.cases.files import write_png

pytestmark = pytest.mark.browser
SENTENCES = {
    "Moderate right pleural effusion.": ("pleural effusion", [0.1, 0.6, 0.4, 0.9]),
    "Small left apical pneumothorax.": ("pneumothorax", [0.6, 0.1, 0.8, 0.3]),
    "The heart is enlarged.": ("cardiomegaly", None),
}


@pytest.fixture(scope="module")
def study(game, tmp_path_factory) -> str:
    """Public id of a published case with three findings and their report."""
    folder = tmp_path_factory.mktemp("study")
    shades = np.add.outer(np.linspace(0, 3000, 400), np.linspace(0, 1000, 500))
    write_png(folder / "frontal.png", shades.astype(np.uint16))
    findings = [
        {
            "sentence_en": sentence,
            "abnormal": True,
            "boxes": [box] if box else [],
            "extra_boxes": [],
            "labels": [label],
            "locations": [],
            "progression": None,
        }
        for sentence, (label, box) in SENTENCES.items()
    ]
    table = folder / "grounded_reports_20240819.json"
    table.write_text(json.dumps([{"ImageID": "frontal.png", "findings": findings}]))
    game.manage("import_cases", "padchest-gr", str(table), "--images", str(folder))
    query = (
        "SELECT c.public_id FROM cases_case c JOIN cases_image i ON i.case_id = c.id "
        "WHERE i.source_name = 'frontal.png'"
    )
    return str(game.rows(query)[0][0])


def write(player, case: str, text: str) -> None:
    player.page.goto(f"{player.game.address}/report/cases/{case}/")
    player.wait_until_shown()
    player.page.locator("#text").fill(text)


def submit(player) -> None:
    player.page.locator("#text").press("Control+Enter")
    player.page.wait_for_selector("#review-boxes", state="attached")


def test_a_missed_pneumothorax_and_a_wrong_side_are_told_and_highlighted(player, study):
    write(player, study, "Moderate left pleural effusion. Enlarged heart.")
    submit(player)
    page = player.page
    expect(page.locator(".note-attribute")).to_contain_text("on the right, not on the left")
    expect(page.locator(".note-missing")).to_contain_text("pneumothorax")
    reference = page.locator(".texts section").last
    expect(reference.locator(".said-missing").first).to_contain_text("pneumothorax")
    own = page.locator(".texts section").first
    expect(own.locator(".said-attribute").first).to_contain_text("effusion")
    own.locator(".said-attribute").first.hover()
    expect(reference.locator(".said-attribute").first).to_have_class(re.compile(r"\blit\b"))
    expect(page.locator(".score").first).to_have_text(re.compile(r"^\s*\d\d? / 100"))


def test_an_unread_word_is_shown_and_a_chain_of_possibilities_explained(player, study):
    write(player, study, "CM. Right effusion or nodule. Small left apical pneumothorax.")
    submit(player)
    page = player.page
    expect(page.locator(".unread")).to_contain_text("“CM” was not understood")
    expect(page.locator(".note-attribute")).to_contain_text("leaves open whether it is nodule")
    expect(page.locator(".note-missing")).to_contain_text("cardiomegaly")


def test_stepping_shows_the_box_of_a_missed_finding_on_the_image(player, study):
    write(player, study, "Small left apical pneumothorax. Enlarged heart.")
    submit(player)
    player.page.locator(".note-missing").click()
    box = player.page.locator("svg.marks g.truth.missed rect.line")
    expect(box).to_have_count(1)
    drawn, canvas = box.bounding_box(), player.page.locator("[data-role=canvas]").bounding_box()
    middle = drawn["x"] + drawn["width"] / 2
    assert middle == pytest.approx(canvas["x"] + canvas["width"] / 2, abs=3)


def test_the_text_is_kept_while_it_is_written_and_comes_back(player, study):
    write(player, study, "The lungs are clear. No pleural eff")
    expect(player.page.locator("#save-state")).to_have_text("saved")
    expect(player.page.locator("[data-region=lungs]")).to_have_class("covered")
    player.page.reload()
    player.wait_until_shown()
    expect(player.page.locator("#text")).to_have_value("The lungs are clear. No pleural eff")
    expect(player.page.locator("[data-role=words]")).to_have_text("7 words")


def test_a_macro_is_made_and_written_by_its_name(player, study):
    write(player, study, "")
    page = player.page
    page.get_by_role("button", name="Macros").click()
    dialog = page.locator("#macro-dialog")
    dialog.get_by_label("Name").fill("clear")
    dialog.get_by_label("Text").fill("Both lungs are clear.")
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog.locator("li")).to_contain_text("Both lungs are clear.")
    dialog.get_by_role("button", name="Close").click()
    page.locator("#text").press_sequentially(".clear ")
    expect(page.locator("#text")).to_have_value("Both lungs are clear. ")


def test_a_note_is_contested_from_the_feedback(player, study):
    write(player, study, "Enlarged heart.")
    submit(player)
    note = player.page.locator(".note-missing").first
    note.locator("summary").click()
    note.get_by_label("Why is it not right?").fill("It is artifact.")
    note.get_by_role("button", name="Send").click()
    expect(note).to_contain_text("Curators will read it")


def test_no_word_of_the_reference_arrives_before_the_answer(player, study):
    recorder = Recorder(player.page)
    write(player, study, "Nothing yet.")
    expect(player.page.locator("#save-state")).to_have_text("saved")
    received = "\n".join(recorder.texts().values()).casefold()
    secrets = [*SENTENCES, "0.6, 0.1, 0.8", "apical", "frontal.png"]
    assert not [word for word in secrets if word.casefold() in received]
