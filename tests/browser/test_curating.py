"""A truth is drawn, published, played, doubted and corrected, and the learner is told."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Page, expect

from tests.browser.accessibility import grave_problems
from tests.browser.conftest import opened
from tests.browser.player import Player

pytestmark = pytest.mark.browser

DRAWN = [0.62, 0.3, 0.72, 0.4]


def curate(curator: Player, case: str, query: str = "") -> None:
    curator.page.goto(f"{curator.game.address}/cases/{case}/curate/{query}")
    curator.wait_until_shown()


def save(curator: Player, why: str) -> None:
    curator.page.fill("[data-role=why]", why)
    curator.page.click("[data-role=save]")
    expect(curator.page.locator("#save-state")).to_contain_text("saved", use_inner_text=True)
    expect(curator.page.locator("#save-state")).not_to_contain_text("not")


def set_status(curator: Player, case: str, status: str) -> None:
    curator.page.goto(f"{curator.game.address}/cases/{case}/")
    curator.page.select_option("form [name=status]", status)
    curator.page.get_by_role("button", name="Set").click()
    expect(curator.page.get_by_text("The case is now")).to_be_visible()


def test_a_truth_is_drawn_played_doubted_and_corrected(game, chromium, trainee):
    with opened(chromium) as desk, opened(chromium) as room:
        curator, learner = Player(game, desk), Player(game, room)
        curator.log_in("curator")
        learner.log_in(trainee)
        case = curator.normal_case()
        set_status(curator, case, "review")

        curate(curator, case)
        expect(desk.get_by_text("None: a normal case.")).to_be_visible()
        curator.choose("nodule")
        curator.draw(DRAWN)
        desk.keyboard.press("Escape")
        expect(desk.locator(".truth-list li")).to_have_count(1)
        desk.click("[data-shape=outline]")
        curator.choose("consolidation")
        outline = [(0.2, 0.5), (0.35, 0.5), (0.35, 0.65), (0.2, 0.65)]
        desk.mouse.move(*curator.at(*outline[0]))
        desk.mouse.down()
        for corner in outline[1:]:
            desk.mouse.move(*curator.at(*corner), steps=4)
        desk.mouse.up()
        expect(desk.locator(".truth-list li")).to_have_count(2)
        expect(desk.locator(".checks")).to_contain_text("the report")
        assert grave_problems(desk) == []
        save(curator, "Two findings were overlooked")
        [region] = game.rows(
            "SELECT shape FROM cases_region r JOIN cases_finding f ON f.id = r.finding_id "
            "JOIN cases_case c ON c.id = f.case_id WHERE c.public_id = ? AND shape <> 'box'",
            case,
        )
        assert region == ("polygon",)
        set_status(curator, case, "published")

        learner.open(case)
        learner.choose("nodule")
        learner.draw(DRAWN)
        learner.submit()
        review = learner.wait_for_feedback()
        assert review
        row = room.locator(".finding.truth-row.outcome-missed", has_text="Consolidation")
        if row.get_attribute("open") is None:  # what cost most is open already
            row.locator("summary").first.click()
        row.get_by_text("Doubt this truth").click()
        row.get_by_label("Why is it doubtful?").fill("This is the breast.")
        row.get_by_role("button", name="Send to the curators").click()
        expect(room.get_by_text("Kept. Curators will read it.")).to_be_visible()

        desk.goto(f"{game.address}/cases/?problem=doubts")
        desk.locator(f"a[href$='/cases/{case}/']").first.click()
        expect(desk.get_by_text("This is the breast.")).to_be_visible()
        assert grave_problems(desk) == []
        desk.get_by_role("link", name="Change the truth, and tell them").click()
        curator.wait_until_shown()
        finding = desk.locator(".truth-list li", has_text="Consolidation").first
        finding.locator("summary").click()
        finding.get_by_role("button", name="Delete the finding").click()
        save(curator, "It is the breast indeed")
        expect(desk.locator("#save-state")).to_contain_text("the learner is told")

        room.goto(f"{game.address}/home/")
        room.get_by_role("link", name="A curator agrees with a doubt of yours").click()
        expect(room.get_by_text("It is the breast indeed")).to_be_visible()
        expect(room.get_by_text("Consolidation").first).to_be_visible()  # scored by what was true
        room.goto(f"{game.address}/home/")
        expect(room.get_by_role("link", name="A curator agrees")).to_have_count(0)


def write_films(folder: Path) -> None:
    """A folder of two films, one with a name burned into it, and a file that is none."""
    (folder / "films").mkdir()
    y, x = np.mgrid[0:900, 0:800] / 900
    gray = 120 + 60 * np.sin(5 * x) * np.cos(4 * y)
    plain = Image.fromarray(gray.astype(np.uint8))
    plain.save(folder / "films" / "plain.png")
    named = plain.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    font = ImageFont.load_default(size=28)
    ImageDraw.Draw(named).text((60, 40), "DOE^JANE 12.03.1961", fill=255, font=font)
    named.save(folder / "films" / "named.png")
    (folder / "films" / "letter.pdf").write_bytes(b"%PDF-1.7 a letter")


def ask_for_second_readings(game, slug: str) -> None:
    """As an administrator does."""
    with game.database() as connection:
        connection.execute(
            f"UPDATE cases_dataset SET needs_second_reading = true WHERE slug = '{slug}'"
        )
        connection.commit()


def read_blind(reader: Player, case: str) -> None:
    """A second reading that agrees with the first."""
    page = reader.page
    page.goto(f"{reader.game.address}/cases/{case}/second/")
    reader.wait_until_shown()
    expect(page.locator(".truth-list li")).to_have_count(0)
    reader.choose("nodule")
    reader.draw([DRAWN[0] + 0.01, *DRAWN[1:]])
    page.click("[data-role=save]")
    expect(page.get_by_text("Both readers agree.")).to_be_visible()


def test_a_folder_goes_from_upload_to_a_learners_doubt_and_its_answer(
    game, chromium, trainee, tmp_path
):
    write_films(tmp_path)
    with opened(chromium) as desk, opened(chromium) as room, opened(chromium) as beside:
        curator, learner, reader = (Player(game, page) for page in (desk, room, beside))
        curator.log_in("curator")
        learner.log_in(trainee)
        reader.log_in(game.enroll("curator"))

        desk.goto(f"{game.address}/cases/uploads/")
        desk.get_by_label("Data set").fill("Films of a browser test")
        desk.locator("[name=folder]").set_input_files(tmp_path / "films")
        expect(desk.get_by_text("3 files")).to_be_visible()
        assert grave_problems(desk) == []
        picture(desk, "desk-upload")
        desk.get_by_role("button", name="Upload").click()
        desk.wait_for_url("**/cases/uploads/*/")
        expect(desk.get_by_text("2 cases came in")).to_be_visible(timeout=120_000)
        expect(desk.locator(".refused")).to_contain_text("films/letter.pdf")
        expect(desk.locator(".refused")).to_contain_text("It is a PDF")
        assert grave_problems(desk) == []
        picture(desk, "desk-uploaded")

        query = (
            "SELECT c.public_id, c.status, i.doubt, i.token FROM cases_case c "
            "JOIN cases_dataset d ON d.id = c.dataset_id JOIN cases_image i ON i.case_id = c.id "
            "WHERE d.slug = 'own-films-of-a-browser-test' ORDER BY length(i.doubt) DESC"
        )
        (case, status, doubt, token), (_, other, nothing, _) = game.rows(query)
        assert (status, other, nothing) == ("review", "review", "")
        assert "Letters" in doubt

        curate(curator, case)
        expect(desk.get_by_role("button", name="Letters 1")).to_be_visible()
        picture(desk, "desk-letters")
        desk.get_by_role("button", name="Black out", exact=True).click()
        expect(desk.locator("details[data-role=names]")).not_to_have_attribute("open", "")
        curator.wait_until_shown()
        assert token not in [row[3] for row in game.rows(query)]
        assert game.one("SELECT count(*) FROM cases_image WHERE doubt LIKE '%Letters%'") == 0

        desk.locator("details[data-role=names] summary").click()
        desk.get_by_role("button", name="Draw a box to black out").click()
        curator.draw([0.4, 0.9, 0.6, 0.95])
        expect(desk.locator("details[data-role=names]")).not_to_have_attribute("open", "")
        curator.wait_until_shown()
        [boxes] = game.rows("SELECT boxes FROM cases_blackout")
        assert "0.9" in str(boxes)

        expect(desk.get_by_text("None known yet")).to_be_visible()
        curator.choose("nodule")
        curator.draw(DRAWN)
        save(curator, "Read at the desk")
        ask_for_second_readings(game, "own-films-of-a-browser-test")
        read_blind(reader, case)
        set_status(reader, case, "published")

        learner.open(case)
        learner.choose("nodule")
        learner.draw(DRAWN)
        learner.submit()
        assert learner.wait_for_feedback()
        row = room.locator(".finding.truth-row").first
        if row.get_attribute("open") is None:
            row.locator("summary").first.click()
        row.get_by_text("Doubt this truth").click()
        row.get_by_label("Why is it doubtful?").fill("There is a second one.")
        row.get_by_role("button", name="Send to the curators").click()
        expect(room.get_by_text("Kept. Curators will read it.")).to_be_visible()

        desk.goto(f"{game.address}/cases/{case}/")
        desk.get_by_role("link", name="Change the truth, and tell them").click()
        curator.wait_until_shown()
        curator.choose("consolidation")
        curator.draw([0.2, 0.5, 0.35, 0.65])
        save(curator, "There is one indeed")
        expect(desk.locator("#save-state")).to_contain_text("the learner is told")
        room.goto(f"{game.address}/home/")
        room.get_by_role("link", name="A curator agrees with a doubt of yours").click()
        expect(room.get_by_text("There is one indeed")).to_be_visible()


def test_an_upload_goes_on_after_a_cut_connection_and_a_reload(game, chromium, tmp_path):
    noise = np.random.default_rng(1).integers(0, 255, (2600, 2600), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "large.png")
    with opened(chromium) as desk:
        curator = Player(game, desk)
        curator.log_in("curator")
        pieces = []

        def cut(route):
            pieces.append(route.request.headers["upload-offset"])
            if len(pieces) > 2:
                route.abort()
            else:
                route.continue_()

        def begin():
            desk.goto(f"{game.address}/cases/uploads/")
            desk.get_by_label("Data set").fill("Interrupted films")
            desk.locator("[name=files]").set_input_files(tmp_path / "large.png")
            desk.get_by_role("button", name="Upload").click()

        desk.route("**/files/*", cut)
        begin()
        expect(desk.get_by_text("No connection: it goes on by itself.")).to_be_visible()
        desk.unroute("**/files/*")
        desk.complaints.clear()  # the browser itself tells of requests that were cut
        desk.on("dialog", lambda dialog: dialog.accept())
        begin()
        desk.wait_for_url("**/cases/uploads/*/")
        expect(desk.get_by_text("1 case came in")).to_be_visible(timeout=120_000)
        assert pieces[:3] == ["0", "2000000", "4000000"]
        name = "Interrupted films"
        assert game.one("SELECT count(*) FROM cases_upload WHERE title = ?", name) == 1
        desk.complaints.clear()


def picture(page: Page, name: str, *, full: bool = False) -> None:
    """Kept where SCREENSHOTS names a folder; the `full` page, or what the window shows."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=full)
