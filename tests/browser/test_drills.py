"""Drills on a phone's screen by touch, and the daily film, each from its button to what is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import grave_problems
from tests.browser.player import PHONE, tap
from tests.browser.test_viewer_views import touch
from tests.game import Game
from tests.library import furnished

pytestmark = pytest.mark.browser

PATIENCE_MS = 90_000
DEMO = "simulated"


@pytest.fixture(scope="module")
def game() -> Iterator[Game]:
    """One of its own: drills of pairs need films that the demo set has not, and change it."""
    with furnished() as running:
        yield running


def begin(player, rule: str) -> None:
    player.page.goto(f"{player.game.address}/drills/")
    tap(player.page.locator(f"#{rule} .next-case :is(a, button)").first)
    player.page.wait_for_selector("#stage[data-ready]", timeout=PATIENCE_MS)


def test_normal_or_not_is_played_by_touch_on_a_phone(visitor):
    with visitor(**PHONE) as player:
        page = player.page
        begin(player, "normal")
        expect(page.locator("[data-phase=glance]")).to_be_visible()
        expect(page.locator(".pane").first).not_to_be_visible()
        abnormal, normal = (page.locator(f"[data-choice={one}]") for one in ("abnormal", "normal"))
        expect(abnormal).to_be_enabled()
        assert abnormal.bounding_box()["height"] >= 44, "as large as a thumb"
        with page.expect_response(lambda reply: "glance" in (reply.request.post_data or "")):
            abnormal.tap()
        expect(page.locator("[data-phase=free]")).to_be_visible()
        expect(page.locator(".pane").first).to_be_visible()
        # A page that is loaded again neither shows the glance anew nor forgets it.
        page.reload()
        expect(page.locator("[data-phase=free]")).to_be_visible()
        expect(normal).to_be_enabled()
        normal.tap()
        expect(page.locator(".drill h2")).to_contain_text("ight")
        said = player.game.one(
            "SELECT a.answer FROM attempts_attempt a JOIN accounts_user u ON u.id = a.user_id "
            "WHERE u.username = ? AND a.kind = 'drill' AND a.state = 'scored'",
            player.username,
        )
        assert '"glance": "abnormal"' in said
        assert '"free": "normal"' in said
        assert not grave_problems(page)
        tap(page.locator("a[data-onward]"))
        expect(page.locator("h1")).to_contain_text("2 of")
        page.goto(f"{player.game.address}/drills/")
        expect(page.locator("#normal")).to_contain_text("Go on")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert not grave_problems(page)


def test_a_nodule_is_tapped_on_a_phone(visitor):
    with visitor(**PHONE) as player:
        page = player.page
        begin(player, "nodule")
        touched = player.at(0.5, 0.5)
        session = page.context.new_cdp_session(page)
        touch(session, "touchStart", [touched])
        touch(session, "touchEnd", [])
        expect(page.locator(".box.mark")).to_have_count(1)
        expect(page.locator(".box.truth")).to_have_count(0)
        page.locator("[data-role=submit]").tap()
        expect(page.locator(".drill h2")).to_contain_text("ight")
        assert page.locator(".box.truth").count() == page.locator(".drill-truths li").count()


def test_two_films_hang_one_above_the_other_on_a_phone(visitor):
    with visitor(**PHONE) as player:
        page = player.page
        begin(player, "pair")
        panes = page.locator(".pane:not(.away)")
        expect(panes).to_have_count(2)
        first, second = (panes.nth(place).bounding_box() for place in (0, 1))
        assert abs(first["y"] - second["y"]) > 100
        assert first["x"] == second["x"]
        page.locator("[data-choice=first]").tap()
        expect(page.locator(".drill h2")).to_contain_text("ight")
        # A line for each place: of two findings two at least.
        expect(page.locator(".drill-truths li").nth(1)).to_be_visible()


SEEN_THROUGH = """
from itertools import combinations
from accounts.models import User
from attempts.series import Terms, assign_series
from cases.models import Case
from learning.drills import pairs
user = User.objects.get(username={username!r})
demo = Case.objects.filter(status="published", dataset__slug={dataset!r})
known = demo.filter(images__layers__kind="anatomy").distinct().order_by("pk")
known = sorted(known, key=lambda case: -case.images.first().layers.count())
pair = next(both for both in combinations(known, 2) if pairs.told_apart(*both))
assign_series(
    user=user, kind="drill", mode="practice", cases=pair, title="Look-alikes", rule="pair",
    terms=Terms(tells_at_once=True),
)
"""


def test_both_films_of_a_pair_are_seen_through_once_they_are_told(visitor):
    with visitor(has_touch=True) as player:
        page = player.page
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        set_up = SEEN_THROUGH.format(username=player.username, dataset=DEMO)
        player.game.manage("shell", "-c", set_up)
        begin(player, "pair")
        assert "See through" not in page.content()
        assert not [url for url in asked if "/behind" in url]
        tap(page.locator("[data-choice=first]"))
        expect(page.locator(".drill h2")).to_contain_text("ight")
        controls = page.locator("details[data-role=behind]")
        panes = page.locator(".pane:not(.away)")
        for place, name in enumerate(("first", "second")):
            control = controls.nth(place)
            expect(control).to_have_attribute("data-ready", "true")
            summary = control.locator("summary")
            expect(summary).to_have_text(f"See through the {name} film")
            panes.nth(place).locator("[data-role=canvas]").click()
            page.keyboard.press("u")
            expect(panes.nth(place).locator(".outlines path").first).to_be_attached()
            expect(control).to_have_attribute("open", "")
            expect(control.locator("[data-role=behind-here]")).to_contain_text(".")
            if control.locator("[data-role=behind-layers]").is_visible():
                page.keyboard.press("j")
                expect(panes.nth(place).locator("[data-role=veil]")).to_be_visible()
        assert page.locator(".outlines path").count() > 1
        assert not grave_problems(page)


MAKE_PAIRS = """
from accounts.models import User
from cases.models import Case, Image
from learning.models import MadeFilm
from django.utils import timezone
user = User.objects.get(username={username!r})
number = 0
demo = Case.objects.filter(status="published", dataset__slug={dataset!r}, images__frames=1)
for case in demo.filter(images__view="PA").distinct():
    films = list(case.images.all())
    if len(films) != 2 or case.findings.exclude(label="nodule_mass").exists():
        continue
    Image.objects.filter(pk=films[1].pk).update(study="prior", study_label="a year ago", view="PA")
    case.findings.all().delete()
    number += 1
    MadeFilm.objects.create(user=user, number=number, purpose="machine", technique="breath",
                            seed=number, case=case, made_at=timezone.now())
print(number, "pairs")
"""


def test_another_machine_is_told_by_touch_on_a_phone(visitor):
    with visitor(**PHONE) as player:
        page = player.page
        player.game.manage("shell", "-c", MAKE_PAIRS.format(username=player.username, dataset=DEMO))
        begin(player, "machine")
        panes = page.locator(".pane:not(.away)")
        expect(panes).to_have_count(2)
        expect(panes.nth(1)).to_contain_text("prior study, a year ago")
        page.locator("[data-role=submit]").tap()
        expect(page.locator("[data-role=problem]")).to_contain_text("patient")
        for choice in ("changed", "same", "breath"):
            button = page.locator(f"[data-choice={choice}]")
            assert button.bounding_box()["height"] >= 44, "as large as a thumb"
            button.tap()
            expect(button).to_have_attribute("aria-pressed", "true")
        expect(page.locator("[data-choice=changed]")).to_have_attribute("aria-pressed", "false")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert not grave_problems(page)
        page.locator("[data-role=submit]").tap()
        expect(page.locator(".drill h2")).to_contain_text("Right")
        expect(page.locator(".drill")).to_contain_text("breathed in less")


MARK_PAIRS = """
from cases.models import Case, Finding, Image
from django.db.models import Count
one = Finding.objects.values("case").annotate(n=Count("pk")).filter(n=1).values("case")
demo = Case.objects.filter(status="published", dataset__slug={dataset!r}, images__frames=1)
number = 0
demo.filter(images__study="prior").update(status="retired")
alone = demo.filter(pk__in=one).exclude(findings__label="nodule_mass")
for case in alone.distinct().order_by("pk"):
    films = list(case.images.all())
    if [film.view for film in films] != ["PA", "LATERAL"] or number == 4:
        continue
    Image.objects.filter(pk=films[1].pk).update(study="prior", study_label="a year ago", view="PA")
    case.findings.update(progression="increased")
    number += 1
print(number, "pairs")
"""


def test_what_has_changed_is_told_by_touch_on_a_phone(visitor):
    with visitor(**PHONE) as player:
        page = player.page
        player.game.manage("shell", "-c", MARK_PAIRS.format(dataset=DEMO))
        begin(player, "change")
        panes = page.locator(".pane:not(.away)")
        expect(panes).to_have_count(2)
        expect(panes.nth(1)).to_contain_text("prior study, a year ago")
        first, second = (panes.nth(place).bounding_box() for place in (0, 1))
        assert abs(first["y"] - second["y"]) > 100, "one above the other"
        for choice in ("new", "larger", "smaller", "gone", "unchanged"):
            button = page.locator(f"[data-choice={choice}]")
            assert button.bounding_box()["height"] >= 44, "as large as a thumb"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert not grave_problems(page)
        expect(page.locator(".box.truth")).to_have_count(0)
        page.locator("[data-choice=smaller]").tap()
        expect(page.locator(".drill h2")).to_contain_text("Not right")
        expect(page.locator(".drill")).to_contain_text("You called it smaller.")
        tap(page.locator("a[data-onward]"))
        page.wait_for_selector("#stage[data-ready]", timeout=PATIENCE_MS)
        expect(page.locator("h1")).to_contain_text("2 of")
        page.locator("[data-choice=larger]").tap()
        expect(page.locator(".drill h2")).to_contain_text("Right")
        assert not grave_problems(page)


def test_the_daily_film_is_answered_once_and_told_tomorrow(player):
    page = player.page
    page.goto(f"{player.game.address}/daily/")
    page.get_by_role("button", name="Play today’s film").click()
    page.wait_for_selector("#stage[data-ready]", timeout=PATIENCE_MS)
    page.keyboard.press("n")
    page.locator("[data-role=submit]").click()
    expect(page.get_by_text("The results are shown")).to_be_visible()
    page.goto(f"{player.game.address}/daily/")
    expect(page.get_by_text("Today is answered")).to_be_visible()
    line = page.locator("li", has_text="RadGame daily film")
    expect(line).to_contain_text("answered in")
    expect(line).not_to_contain_text("of 100")
    expect(line).to_contain_text("Told tomorrow")
    assert not grave_problems(page)
