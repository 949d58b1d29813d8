"""Style of a learner's report: systematic coverage, and organization and language.

Each part is scored 0, 0.5 or 1, as the published game does (RadGame,
arXiv:2509.13270), but by rules that show their evidence. What the parts look for
is in ``style_*.csv`` of each language.
"""

from __future__ import annotations

from collections.abc import Sequence

from ml.style.communication import Reported, communication_part
from ml.style.coverage import ESSENTIAL, coverage, coverage_part
from ml.style.model import Evidence, Part, Style
from ml.style.organization import organization_part

__all__ = ["ESSENTIAL", "Evidence", "Part", "Reported", "Style", "coverage", "score"]


def score(
    text: str, language: str = "en", *, reference: str = "", found: Sequence[Reported] = ()
) -> Style:
    """Score the style of a report; never raises, an empty text scores 0 in both parts.

    `reference` and the learner's findings, where they are known, say what had to be communicated.
    A language without tables is read with the English ones.
    """
    return Style(
        coverage=coverage_part(text, language),
        organization=organization_part(text, language),
        communication=communication_part(text, language, reference, found),
    )
