"""Each room styles what is its own: no page looks broken by a rule that was written for another."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure

ROOT = Path(__file__).resolve().parents[2]
CSS = ROOT / "static" / "css"
ROOMS = sorted(CSS.glob("*.css"))
OWN = {
    "classes.css": {"classroom"},
    "desk.css": {"cases"},
    "drill.css": {"learning"},
    "report.css": {"report"},
    "viewer.css": {"templates"},
}
"""Stylesheets of one app's templates alone; the others are of what several show."""
SHARED = {"answers"}
"""What the desk's stylesheet draws on the games' feedback."""


def opening_classes(sheet: Path) -> set[str]:
    """Classes that are all that a selector begins with: `.x`, `.x .y`, not `.page.x` nor `p.x`."""
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
    selectors = (one.strip() for rule in re.findall(r"([^{}]+)\{", text) for one in rule.split(","))
    return {found[1] for one in selectors if (found := re.match(r"\.([\w-]+)(?![\w.-])", one))}


def classes_of_templates() -> dict[str, set[str]]:
    """Which apps' templates use each class."""
    used = defaultdict(set)
    for page in [*ROOT.glob("*/templates/**/*.html"), *ROOT.glob("templates/**/*.html")]:
        for value in re.findall(r'class="([^"]*)"', page.read_text()):
            for name in re.findall(r"[\w-]+", re.sub(r"\{[%{].*?[%}]\}", " ", value)):
                used[name].add(page.relative_to(ROOT).parts[0])
    return used


def test_a_class_is_styled_by_one_room():
    rooms = defaultdict(set)
    for sheet in ROOMS:
        for name in opening_classes(sheet):
            rooms[name].add(sheet.name)
    assert {name: where for name, where in rooms.items() if len(where) > 1} == {}


@pytest.mark.parametrize("sheet", [CSS / name for name in OWN], ids=lambda sheet: sheet.name)
def test_no_other_room_uses_a_class_of_this_one(sheet):
    used = classes_of_templates()
    own = opening_classes(sheet) - opening_classes(CSS / "shell" / "components.css") - SHARED
    assert len(own) > 5
    elsewhere = {name: used[name] - OWN[sheet.name] for name in own}
    assert {name: apps for name, apps in elsewhere.items() if apps} == {}


def test_print_comes_last():
    """A page on paper undoes what any room says of the screen."""
    asked = re.findall(r'@import "\./(.+?)"', (CSS / "site.css").read_text())
    assert asked[-1] == "shell/print.css"
    assert {*asked} >= {sheet.name for sheet in ROOMS} - {"site.css"}
