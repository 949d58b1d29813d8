"""The colors of the themes can be read on every ground that text stands on (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure

TOKENS = Path(__file__).resolve().parents[2] / "static" / "css" / "tokens.css"
THEME = re.compile(r"^(:root|\.light)[^{]*\{(.*?)^\}", re.MULTILINE | re.DOTALL)
COLOR = re.compile(r"--([\w-]+): (#[0-9a-f]{6});")
GROUNDS = ("ground", "panel", "raised")
WRITTEN = (
    *("text", "quiet", "accent"),
    *("hit", "missed", "false", "wrong-label", "poorly-located"),
)
LEAST = 4.5


def themes() -> dict[str, dict[str, str]]:
    return {name: dict(COLOR.findall(body)) for name, body in THEME.findall(TOKENS.read_text())}


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
    assert set(themes()) == {":root", ".light"}


@pytest.mark.parametrize("theme", [":root", ".light"])
@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_can_be_read_on_every_ground(theme, name):
    colors = themes()[theme]
    assert min(contrast(colors[name], colors[ground]) for ground in GROUNDS) >= LEAST


@pytest.mark.parametrize("theme", [":root", ".light"])
def test_a_primary_button_can_be_read(theme):
    colors = themes()[theme]
    assert contrast(colors["on-accent"], colors["accent"]) >= LEAST
