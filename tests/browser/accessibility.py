"""axe-core in a page: what it finds serious, in words."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.game import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")
RUN = "async () => (await axe.run(document, { resultTypes: ['violations'] })).violations"


def grave_problems(page: Page) -> list[str]:
    """Rule, sentence and elements of every serious or critical violation on the page as it is."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    return [_sentence(found) for found in page.evaluate(RUN) if found["impact"] in GRAVE]


def _sentence(found: dict[str, Any]) -> str:
    places = "; ".join(f"{node['target']} {node['failureSummary']}" for node in found["nodes"][:5])
    return f"{found['id']} ({found['impact']}): {found['help']}: {places}"
