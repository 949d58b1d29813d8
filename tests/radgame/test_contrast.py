"""The colors of the themes can be read on every ground that text stands on (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure

TOKENS = Path(__file__).resolve().parents[2] / "static" / "css" / "shell" / "tokens.css"
COLOR = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
GROUNDS = ("ground", "panel", "raised")
WRITTEN = (
    *("text", "quiet", "accent"),
    *("hit", "missed", "false", "wrong-label", "poorly-located"),
)
LEAST = 4.5
THEMES = ("light", "dark", "light, more contrast", "dark, more contrast")
STRONG = 7.0
"""WCAG 2.2, 1.4.6: for who asks for more contrast."""


def themes() -> dict[str, dict[str, str]]:
    """The tokens of each theme, and of each for who asks for more contrast."""
    plain, _, more = TOKENS.read_text().partition("@media (prefers-contrast: more)")
    found = {}
    for place, name in enumerate(("light", "dark"), start=1):
        colors = {row[1]: row[place + 1] for row in COLOR.finditer(plain)}
        found[name] = colors
        stronger = {row[1]: row[place + 1] for row in COLOR.finditer(more)}
        found[f"{name}, more contrast"] = colors | stronger
    return found


def luminance(color: str) -> float:
    """Relative luminance of an sRGB color, 0 to 1 (WCAG 2.2, definitions)."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_it_works():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert {len(colors) for colors in themes().values()} == {13}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_can_be_read_on_every_ground(theme, name):
    colors = themes()[theme]
    assert min(contrast(colors[name], colors[ground]) for ground in GROUNDS) >= LEAST


@pytest.mark.parametrize("theme", THEMES)
def test_a_primary_button_can_be_read(theme):
    colors = themes()[theme]
    assert contrast(colors["on-accent"], colors["accent"]) >= LEAST


@pytest.mark.parametrize("theme", THEMES[2:])
@pytest.mark.parametrize("name", ["text", "quiet"])
def test_who_asks_for_more_contrast_gets_it(theme, name):
    colors = themes()[theme]
    assert min(contrast(colors[name], colors[ground]) for ground in GROUNDS) >= STRONG
