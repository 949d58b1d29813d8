"""A class from its making to a comment that was read, and all its pages for keyboard and reader."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import grave_problems
from tests.browser.conftest import opened
from tests.browser.pane import eventually
from tests.browser.player import Player
from tests.studies import FRAMES

pytestmark = pytest.mark.browser

SIMULATED = "SELECT public_id FROM classroom_cohort WHERE is_simulated ORDER BY id DESC LIMIT 1"


@pytest.fixture(scope="module")
def simulated(game) -> str:
    """Public id of a small class of simulated learners."""
    game.manage("make_demo_class", "--learners", "3", "--attempts", "6")
    return str(game.one(SIMULATED))


def set_work(page, game, cohort_page: str, case: str) -> None:
    """An assignment of one case, published."""
    page.goto(cohort_page)
    page.get_by_role("link", name="New assignment").click()
    page.locator("[name=title]").fill("A first film")
    page.get_by_role("button", name="Go on to its cases").click()
    key = game.one("SELECT source_key FROM cases_case WHERE public_id = ?", case)
    page.get_by_label("Finding", exact=True).fill(key)
    expect(page.locator(".library li")).to_have_count(1)
    page.locator(f"input[name=case][value='{case}']").check()
    page.get_by_role("button", name="Add the ticked ones").click()
    expect(page.get_by_text("; 1 chosen for the assignment")).to_be_visible()
    page.get_by_role("link", name="A first film").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("The class sees it now.")).to_be_visible()


def begin(player: Player) -> None:
    """From the start page to the first case of what is due."""
    player.page.goto(f"{player.game.address}/home/")
    player.page.get_by_role("link", name="Begin A first film").click()
    player.wait_until_shown()


def test_a_class_does_its_work_and_hears_of_it(game, chromium):
    """Made, joined by code and by link, worked for, looked at, commented on, and read."""
    name = f"Rotation {uuid.uuid4().hex[:6]}"
    able, other = game.enroll(), game.enroll()
    with opened(chromium) as office, opened(chromium) as one, opened(chromium) as two:
        teacher = Player(game, office)
        teacher.log_in("instructor")
        case = teacher.case_with(nodules=1)
        code = teacher.make_class(name)
        office.get_by_role("link", name=name).click()
        cohort_page = office.url
        first, second = Player(game, one), Player(game, two)
        first.log_in(able)
        first.join_class(code)
        second.log_in(other)
        two.goto(f"{game.address}/classes/join/{code}/")
        two.get_by_label("I agree to this").check()
        two.get_by_role("button", name="Join the class").click()
        set_work(office, game, cohort_page, case)

        begin(first)
        first.choose("nodule")
        first.draw(first.truth_boxes(case)[0])
        first.submit()
        first.wait_for_feedback()
        begin(second)
        second.submit()
        two.get_by_role("button", name="Submit as normal").click()
        second.wait_for_feedback()

        office.goto(cohort_page)
        expect(office.get_by_role("row", name="A first film")).to_contain_text("2 of 2")
        office.get_by_role("link", name="Figures").click()
        expect(office.locator("#figures .figures > div", has_text="Active")).to_contain_text("2")
        found = office.locator(
            "#figures tr", has=office.get_by_role("cell", name="Nodule / mass", exact=True)
        )
        expect(found.first).to_contain_text("50 %")
        office.get_by_role("link", name=other).first.click()
        expect(office.locator("#figures")).to_contain_text("0 %")
        office.locator(".past-name").first.click()
        teacher.wait_until_shown()
        office.get_by_text("Write a comment").click()
        office.get_by_label("Comment", exact=True).fill("Look behind the heart first.")
        office.get_by_role("button", name="Send").click()
        expect(office.locator(".comment")).to_contain_text("behind the heart")

        office.goto(f"{cohort_page}figures/")
        office.get_by_role("link", name=able).first.click()
        office.locator(".past-name").first.click()
        teacher.wait_until_shown()
        office.get_by_text("When the marks were drawn").click()
        expect(office.locator(".times")).to_contain_text("First mark after")
        drawn = office.locator(".times tbody tr")
        expect(drawn).to_have_count(1)
        expect(drawn).to_contain_text(re.compile(r"\d+\.\d s\s*Nodule / mass\s*Hit"))

        two.goto(f"{game.address}/home/")
        with two.expect_response(lambda answer: answer.url.endswith("/seen/")):
            two.get_by_role("link", name="instructor commented on a case of yours").click()
        second.wait_until_shown()
        expect(two.locator(".comments")).to_contain_text("Look behind the heart first.")
        two.goto(f"{game.address}/home/")
        expect(two.get_by_text("commented on a case")).to_have_count(0)
        two.goto(f"{game.address}/classes/seen/")
        expect(two.get_by_role("row", name="A case of yours").first).to_contain_text("instructor")


def pages_of(game, cohort: str) -> list[str]:
    """The address of every page that an instructor of the class has."""
    own = "SELECT {} FROM {} WHERE c.public_id = ?"
    code, user = game.rows(
        own.format(
            "m.code, m.user_id",
            "classroom_membership m JOIN classroom_cohort c ON c.id = m.cohort_id",
        )
        + " ORDER BY m.id",
        cohort,
    )[0]
    works = game.rows(
        own.format(
            "a.public_id", "classroom_assignment a JOIN classroom_cohort c ON c.id = a.cohort_id"
        ),
        cohort,
    )
    attempt, case = game.rows(
        "SELECT a.public_id, c.public_id FROM attempts_attempt a JOIN cases_case c "
        "ON c.id = a.case_id WHERE a.user_id = ? AND a.kind = 'localize' ORDER BY a.id",
        user,
    )[0]
    own_page, work = f"/classes/{cohort}/", f"/classes/work/{works[0][0]}/"
    learner = f"{own_page}learners/{code}/"
    return [
        own_page,
        *(f"{own_page}{part}/" for part in ("settings", "invitations", "invitations/sheet")),
        *(f"{own_page}{part}/" for part in ("members", f"members/{code}", "assignments/new")),
        *(work, f"{work}edit/", f"{work}cases/", f"{work}time/{code}/"),
        *(f"{own_page}figures/", f"{own_page}figures/?game=report", f"{own_page}figures/cases/"),
        *(f"{own_page}figures/cases/{case}/", f"{own_page}discuss/{case}/?truth"),
        *(learner, f"{learner}attempts/{uuid.UUID(str(attempt))}/"),
    ]


@pytest.mark.parametrize("look", [("dark", 1280, 720), ("light", 768, 1024)])
def test_no_page_of_a_class_has_a_serious_problem_or_runs_over(game, chromium, simulated, look):
    scheme, width, height = look
    with opened(chromium, viewport={"width": width, "height": height}, color_scheme=scheme) as page:
        teacher = Player(game, page)
        teacher.log_in("instructor")
        for path in pages_of(game, simulated):
            page.goto(f"{game.address}{path}")
            if "/attempts/" in path:
                teacher.wait_until_shown()
                page.get_by_text("Write a comment").click()
                page.get_by_text("When the marks were drawn").click()
            assert grave_problems(page) == [], path
            over = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            assert not page.evaluate(over), path


def test_no_page_of_a_learner_has_a_serious_problem(game, page, simulated):
    teacher = Player(game, page)
    teacher.log_in("instructor")
    code = teacher.make_class("For its learner")
    cohort_page = page.url.removesuffix("invitations/")
    set_work(page, game, cohort_page, teacher.case_with(nodules=1))
    name = game.enroll()
    page.context.clear_cookies()
    learner = Player(game, page)
    learner.log_in(name)
    page.goto(f"{game.address}/classes/join/{code}/")
    assert grave_problems(page) == []
    learner.join_class(code)
    assert grave_problems(page) == []
    page.get_by_role("link", name="A first film", exact=True).click()
    expect(page.get_by_role("link", name="Begin")).to_be_visible()
    assert grave_problems(page) == []
    for path in ("/home/", "/classes/", "/classes/seen/"):
        page.goto(f"{game.address}{path}")
        assert grave_problems(page) == []


def test_the_dashboard_is_used_by_keyboard_alone(game, page, simulated):
    Player(game, page).log_in("instructor")
    page.goto(f"{game.address}/classes/{simulated}/figures/")
    reach(page, page.locator("select[name=game]"))
    page.keyboard.press("r")  # “Report” by its first letter
    expect(page.locator("#figures")).to_contain_text("Report, rule")
    assert "game=report" in page.url
    reach(page, page.locator("select[name=game]"))
    page.keyboard.press("l")
    expect(page.locator("#figures")).to_contain_text("Localize, rule")
    reach(page, page.locator("figure.chart summary").first)
    page.keyboard.press("Enter")
    expect(page.locator("figure.chart table").first).to_be_visible()
    reach(page, page.locator(".heat th a").first)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/learners/"))


# What can be reached on a page by Tab: of a group of radio buttons one.
REACHABLE = """() => [...document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, [tabindex='0']")].filter((one) =>
  !one.disabled && one.tabIndex >= 0 && one.type !== "hidden" &&
  one.checkVisibility({ visibilityProperty: true }) && !one.closest("[inert]") &&
  !(one.type === "radio" && one.matches(":not(:checked)"))).length"""
FOCUSED = """() => {
  const one = document.activeElement;
  if (one === document.body || one.dataset.reached) return null;
  one.dataset.reached = "yes";
  const looks = [getComputedStyle(one), getComputedStyle(one, "::after")];
  return looks.some((look) => look.outlineStyle !== "none" || look.boxShadow !== "none");
}"""


def test_all_of_every_page_is_reached_by_keyboard_and_seen_to_be(game, page, simulated):
    """Tab leads to everything that can be pressed or filled in, once, with a mark of the focus."""
    Player(game, page).log_in("instructor")
    for path in pages_of(game, simulated):
        if "/attempts/" in path:
            continue  # a case's page, which has keys of its own
        page.goto(f"{game.address}{path}")
        there = page.evaluate(REACHABLE)
        page.evaluate("document.activeElement.blur()")
        reached: list[bool] = []
        for _ in range(8 * there):  # a field of a time has a stop for each of its parts
            page.keyboard.press("Tab")
            is_marked = page.evaluate(FOCUSED)
            if is_marked is not None:
                reached.append(is_marked)
            if len(reached) == there:
                break
        assert len(reached) == there, path
        assert all(reached), path


def mark_on(player: Player, frame: int, corner: float) -> None:
    """Draw a box of a tenth of the stack's width on a slice, counted from 0."""
    box = [corner, corner, corner + 0.1, corner + 0.1]
    there = "at => radgame.page.stage.goTo({ image: radgame.page.stage.images[0].id, ...at })"
    player.page.evaluate(there, {"frame": frame, "box": box})
    player.draw(box)


def test_slices_are_chosen_on_the_page_of_a_case_and_before_the_projector(game, chromium, studies):
    case, name = studies["stack"], game.enroll()
    with opened(chromium) as office, opened(chromium) as reading_room:
        teacher, learner = Player(game, office), Player(game, reading_room)
        teacher.log_in("instructor")
        code = teacher.make_class(f"Stacks {uuid.uuid4().hex[:6]}")
        own_case = office.url.replace("invitations/", f"figures/cases/{case}/")
        learner.log_in(name)
        learner.join_class(code)
        learner.open(case)
        learner.choose("nodule")  # and so are the boxes after the first
        for number, (frame, corner) in enumerate(((2, 0.3), (2, 0.6), (8, 0.4)), 1):
            mark_on(learner, frame, corner)
            eventually(reading_room, marked, learner, number)
        learner.submit()
        learner.wait_for_feedback()
        eventually(office, counted, game, name)

        office.goto(own_case)
        slices, shown = office.locator(".slices"), office.locator(".places image")
        expect(slices).to_contain_text(f"Slice 3 of {FRAMES}")  # where most marks lie
        expect(office.locator(".places-heat").first).to_be_attached()
        first = shown.get_attribute("href")
        slices.get_by_role("button", name="The slice after").click()
        expect(slices).to_contain_text(f"Slice 4 of {FRAMES}")
        assert shown.get_attribute("href") != first
        slices.locator("button[name=slice]", has_text="9, 1 mark").click()
        expect(slices).to_contain_text(f"Slice 9 of {FRAMES}")
        expect(slices.locator("[aria-current]")).to_contain_text("9")
        slices.get_by_role("button", name="The slice before").focus()
        office.keyboard.press("Enter")
        expect(slices).to_contain_text(f"Slice 8 of {FRAMES}")
        slices.locator("button[name=slice]", has_text="3, 2 marks").click()
        for number in (2, 1):
            slices.get_by_role("button", name="The slice before").click()
            expect(slices).to_contain_text(f"Slice {number} of {FRAMES}")
        expect(slices.get_by_role("button", name="The slice before")).to_be_disabled()

        office.get_by_role("link", name="Discuss this case").click()
        expect(slices).to_contain_text(f"Slice 1 of {FRAMES}")
        expect(office.locator(".places-mark")).to_have_count(2)  # those two slices away
        slices.locator("button[name=slice]", has_text="9, 1 mark").click()
        expect(office.locator(".places-mark")).to_have_count(1)
        expect(office.locator(".places-mark.false")).to_have_count(0)
        office.get_by_role("link", name="Show the truth").click()
        expect(slices).to_contain_text(f"Slice 9 of {FRAMES}")
        expect(office.locator(".places-mark.false")).to_have_count(1)
        office.get_by_role("link", name="Hide the truth").click()
        expect(slices).to_contain_text(f"Slice 9 of {FRAMES}")


def marked(player: Player, number: int) -> None:
    assert len(player.drawn()) == number


def counted(game, name: str) -> None:
    """The worker has made the record of the learner's answer."""
    found = "SELECT r.id FROM learning_caserecord r JOIN accounts_user u ON u.id = r.user_id "
    assert game.rows(f"{found} WHERE u.username = ?", name)


def reach(page, element, most: int = 200) -> None:
    """Press Tab, from the page's beginning, until the element has the focus."""
    page.evaluate("document.activeElement.blur()")
    for _ in range(most):
        page.keyboard.press("Tab")
        if element.evaluate("(one) => one === document.activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {element}")
